"""Measure round trips to a service, over HTTP, WebSocket, UDP or TCP."""

import asyncio
import signal
import sys
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import click

from lanbridge.cli import plugins
from lanbridge.cli.output import Column, Row, complain, say, writing
from lanbridge.cli.ping_target import locate
from lanbridge.core.text import printable
from lanbridge.core.views import as_json
from lanbridge.probe import session
from lanbridge.probe.echoes import MAX_SIZE_BYTES, MIN_SIZE_BYTES
from lanbridge.probe.results import Extra, Outcome, ProbeSummary, ProbeTarget, Tally, as_row

SHORTEST_INTERVAL_S = 0.01  # lanbridge's UDP echo answers one host 100 times a second, no more


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


COLUMNS = (
    Column("sequence", "SEQUENCE", 8),
    Column("outcome", "OUTCOME", 16, colours={one: "31" for one in Outcome if one != Outcome.OK}),
    Column("rtt_ms", "RTT_MS", 9, _ms),
    Column("connect_ms", "CONNECT_MS", 10, _ms),
    Column("received_bytes", "BYTES", 5),
    Column("detail", "DETAIL", 0, folds=True),
)

HELP = f"""{__doc__}

TARGET is IP:PORT, a URL (http://, ws://, tcp://, udp://), or the name of a service instance on
the network, as "Kitchen lamp" or "Kitchen lamp._http._tcp"; a host name that ends in .local is
asked for by mDNS, whatever the system knows of it. An http:// URL with a path is asked
with GET; without one, and for a name, lanbridge's own echo endpoint is asked. Whatever status a
device answers, it is an answer.

Goes on until ^C unless --count is given. Status 0 if at least one probe was answered, 1 if none
was.
"""


@click.command(help=HELP)
@click.argument("target")
@click.option(
    "--via",
    type=click.Choice(session.names()),
    help="The transport.  [default: the URL's; to a lanbridge found by name http; else tcp]",
)
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End after N probes.")
@click.option(
    "--interval",
    type=click.FloatRange(min=SHORTEST_INTERVAL_S),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="From one probe to the next.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long each probe waits for its answer.",
)
@click.option(
    "--size",
    type=click.IntRange(MIN_SIZE_BYTES, MAX_SIZE_BYTES),
    metavar="BYTES",
    help="What each probe carries.  [default: 64; none over tcp]",
)
@click.option(
    "--format",
    type=click.Choice(plugins.names("formats")),
    help="How to print it.  [default: table on a terminal, jsonl in a pipe]",
)
def command(
    target: str, via: str | None, size: int | None, format: str | None, **options: Any
) -> int:
    """Find the target, probe it, sum up; 1 if nothing was answered."""
    schedule = session.Schedule(
        count=options["count"], interval_s=options["interval"], timeout_s=options["timeout"]
    )
    format = format or ("table" if sys.stdout.isatty() else "jsonl")
    return asyncio.run(_ping(target, via, size, schedule, format))


async def _ping(
    text: str, via: str | None, size: int | None, schedule: session.Schedule, format: str
) -> int:
    via, target = await locate(text, via, session.names())
    probe = session.load(via)(target, size, time.perf_counter)
    tally = Tally()
    if format == "table":
        _announce(probe, target)
    try:
        with writing(format, COLUMNS, history=True, foot=lambda: _so_far(tally)) as write:

            def tell(event: session.Event) -> None:
                tally.add(event)
                write(_row(event))

            try:
                running = session.run(via, probe, target, schedule, _now, tell)
                await _until_told(running, endless=schedule.count is None)
            finally:  # also after ^C
                if format not in ("table", "csv"):  # a CSV file has rows of one kind only
                    write(_sum(tally.summary(), probe, target))
    finally:
        if format == "table":
            say("\n".join(_lines(tally.summary())))
    if set(tally.summary().outcomes) == {Outcome.TIMEOUT} and probe.silence:
        complain(f"nothing was answered; {probe.silence}.", "warning")
    return 0 if tally.received else 1


async def _until_told(running: Coroutine[Any, Any, None], *, endless: bool) -> None:
    """Run to the end, or to SIGTERM, as `timeout 10 lanbridge ping` sends it.

    ^C is the end of what has no other, and an interruption of all else: KeyboardInterrupt.
    """
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(running, name="ping")
        for number in (signal.SIGTERM, signal.SIGINT) if endless else (signal.SIGTERM,):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _now() -> datetime:
    return datetime.now(UTC)


def _row(event: session.Event) -> Row:
    return {"event": "extra" if isinstance(event, Extra) else "probe", **as_row(event)}


def _announce(probe: session.Probe, target: ProbeTarget) -> None:
    size = f", {probe.size_bytes} bytes each" if probe.size_bytes else ""
    name = f" ({printable(target.instance)})" if target.instance else ""
    say(f"probing {printable(probe.url)}{name}{size}")


def _sum(summary: ProbeSummary, probe: session.Probe, target: ProbeTarget) -> Row:
    return {
        "event": "summary",
        "url": probe.url,
        "instance": target.instance,
        **as_json(summary),
    }


def _so_far(tally: Tally) -> str:
    """What stays below the lines of the probes while they go on."""
    if (last := tally.last) is None:
        return ""
    median = "" if tally.median_ms is None else f", median {_ms(tally.median_ms)} ms"
    latest = f"{_ms(last.rtt_ms)} ms" if last.outcome is Outcome.OK else last.outcome
    return f"{tally.loss:.1%} of {tally.sent} lost{median}, last {latest}"


def _lines(summary: ProbeSummary) -> list[str]:
    lost = f"{summary.sent} sent, {summary.received} answered, {summary.loss:.1%} lost"
    extras = {"late": summary.late, "twice": summary.duplicates, "stray": summary.strays}
    lines = [lost + "".join(f", {count} {what}" for what, count in extras.items() if count)]
    if summary.received:
        rtts = (
            summary.rtt_min_ms,
            summary.rtt_median_ms,
            summary.rtt_p95_ms,
            summary.rtt_p99_ms,
            summary.rtt_max_ms,
        )
        jitter = "" if summary.jitter_ms is None else f", jitter {_ms(summary.jitter_ms)} ms"
        lines.append(f"min/median/p95/p99/max {'/'.join(map(_ms, rtts))} ms{jitter}")
    if summary.connections:
        took = f"{_ms(summary.connect_median_ms)} ms to connect"
        lines.append(
            f"1 connection, {took}"
            if summary.connections == 1
            else f"{summary.connections} connections, median {took}"
        )
    return lines
