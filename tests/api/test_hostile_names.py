"""What strangers call themselves: through packets into the registry, and out of all that shows it.

A new output is one line in OUTPUTS.
"""

import asyncio
import csv
import io
import json
import logging
import re
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx2
import pytest
from websockets.asyncio.client import connect

from lanbridge.cli import logs
from lanbridge.cli.changes import CHANGES
from lanbridge.cli.commands import services
from lanbridge.cli.formats.table import Live
from lanbridge.cli.main import main
from lanbridge.cli.output import writing
from lanbridge.config import ProbeSettings
from lanbridge.core.events import ServiceEvent
from lanbridge.mdns.decode import decode
from lanbridge.probing import PeriodicProbe
from tests.api.conftest import Home, Serving
from tests.api.routes.test_events import follow

NAMES: dict[str, bytes] = {
    "markup": b"<img src=x onerror=alert(1)>",
    "script": b"</script><script>alert(1)</script>",
    "escape sequences": b"\x1b[6n\x1b[2J\x1b]0;title\x07lamp",
    "hyperlink": b"\x1b]8;;http://evil.example\x1b\\lamp\x1b]8;;\x1b\\",
    "C1": "\x9b6nlamp\x9d0;x\x9c\x85".encode(),
    "right to left": "\u202egpj.exe\u2066\u200f".encode(),
    "line feed": b"lamp\nFAKE _http._tcp\r\n<3>fake",
    "line separator": "lamp\u2028FAKE\u2029\x85FAKE".encode(),
    "server-sent event": b"x\n\nevent: service.lost\ndata: {}\n\n",
    "formula": b"=cmd|'/c calc'!A0",
    "wide formula": "＝1+1".encode(),
    "command": b"@SUM(1,1)",
    "number": b"-2+3",
    "cells": b'a","b\t=1+1\n=1+1',
    "label of a metric": b'x"} 1\nup{a="\\',
    "format": b"%s%n{0}{__class__}",
    "rich markup": b"[bold red]x[/bold red][link=http://evil.example]",
    "emoji": ("🏮" * 15 + "abc").encode(),
    "joined emoji": "👩\u200d🚒\ufe0f\u034f".encode(),
    "no UTF-8": b"\xff\xfe\xc3(lamp\x80",
    "half a surrogate": b"\xed\xa0\x80lamp",
    "zero": b"lamp\x00lamp",
    "dots": b"evil.example.local",
    "path": b"../../../etc/passwd",
    "blank": b" \t ",
    "tags": "lamp\U000e0041\U000e0042\ufeff\u3164".encode(),
}
# What may never leave as it came; a terminal answers 6n, and rich, which draws, never says it.
NEVER = re.compile(
    "[\x00-\x08\x0b-\x1a\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
    "|[\ud800-\udfff\U000e0000-\U000e007f]|\x1b\\[6n|\x1b\\]"
)


def packet(label: bytes) -> bytes:
    """A response as bytes: an instance, its host, and a TXT value, each called like this."""

    def name(*labels: bytes) -> bytes:
        return b"".join(bytes([len(one)]) + one for one in (*labels, b""))

    type_ = (b"_http", b"_tcp", b"local")
    instance, host = name(label, *type_), name(label, b"local")
    pair = b"name=" + label
    records = [
        (name(*type_), 12, 1, instance),
        (instance, 33, 0x8001, struct.pack("!HHH", 0, 0, 80) + host),
        (instance, 16, 0x8001, bytes([len(pair)]) + pair),
        (host, 1, 0x8001, bytes([10, 0, 0, 7])),
    ]
    return struct.pack("!HHHHHH", 0, 0x8400, 0, len(records), 0, 0) + b"".join(
        owner + struct.pack("!HHIH", kind, class_, 120, len(data)) + data
        for owner, kind, class_, data in records
    )


@pytest.fixture(name="known")
def known_fixture(home: Home) -> list[str]:
    """The names as the registry has them, in the order of the table."""
    for label in NAMES.values():
        message = decode(packet(label), "eth0")
        assert message is not None
        home.hear(*message.records)
    found = [one.name for one in home.registry.services()]
    assert len(found) == len(set(found)) == len(NAMES)
    return found


@dataclass
class Shown:
    """Text that went out, and what its lines or records should be."""

    text: str
    records: int | None = None  # as many lines, or cells' rows, as there should be
    names: list[str] | None = None  # where a program reads it: what it reads
    drawn: bool = False  # by rich, for a terminal


@dataclass
class Scene:
    """A daemon that has heard them all, on a loopback port."""

    home: Home
    port: int
    names: list[str]
    capture: Callable[[], str]

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


Output = Callable[[Scene], Awaitable[Shown]]


def http(path: str, names: Callable[[object], list[str]] | None = None) -> Output:
    """What is answered there; names: those in the JSON."""

    async def show(scene: Scene) -> Shown:
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(scene.url + path)
        assert answer.status_code == 200
        kind = answer.headers["content-type"]
        assert not kind.startswith("text/html")
        assert answer.headers["x-content-type-options"] == "nosniff"
        return Shown(answer.text, names=names(answer.json()) if names else None)

    return show


def command(name: str, format: str) -> Output:
    """What `lanbridge NAME --format FORMAT` prints of it."""

    async def show(scene: Scene) -> Shown:
        argv = (name, "--url", scene.url, "--format", format)
        assert await asyncio.to_thread(main, argv) == 0
        text = scene.capture()
        if format in ("csv", "table"):
            return Shown(text, 1 + len(scene.names))
        if format == "jsonl":
            read, lines = [json.loads(line) for line in text.splitlines()], len(scene.names)
        else:
            read, lines = json.loads(text)["items"], None
        assert len(read) == len(scene.names)
        return Shown(text, lines, [one["name"] for one in read] if name == "services" else None)

    return show


def changes(format: str) -> Output:
    """What `lanbridge events` prints: a line a change."""

    async def show(scene: Scene) -> Shown:
        told = (await stream(scene)).text.splitlines()
        rows = [json.loads(line.removeprefix("data: ")) for line in told if line[:5] == "data:"]
        with writing(format, CHANGES, history=True) as write:
            for row in rows:
                write(row)
        heading = 0 if format == "jsonl" else 1
        return Shown(scene.capture(), heading + len(rows))

    return show


async def live(scene: Scene) -> Shown:
    """The table as it is drawn on a terminal."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        rows = (await client.get(f"{scene.url}/api/v1/services")).json()["items"]
    terminal = io.StringIO()
    table = Live(services.COLUMNS, terminal)
    table.begin()
    for row in rows:
        table.row(row)
    table.end()
    return Shown(terminal.getvalue(), drawn=True)


async def stream(scene: Scene) -> Shown:
    """Server-sent events, from the first on."""
    count, blocks = len(scene.home.events), []
    async with follow(scene.port, f"{scene.home.daemon.hub.boot_id}-0") as reader:
        for _ in range(count):
            lines = await reader.block()
            assert [line.partition(":")[0] for line in lines] == ["id", "event", "data"]
            blocks.append("\n".join(lines))
    data = [json.loads(block.partition("\ndata: ")[2]) for block in blocks]
    names = list(dict.fromkeys(one["service"]["name"] for one in data))
    return Shown("\n".join(blocks), 3 * count, names)


async def websocket(scene: Scene) -> Shown:
    """The same over WebSocket, with all there is at the beginning."""
    url = f"ws://127.0.0.1:{scene.port}/api/v1/stream?snapshot=true"
    async with connect(url, proxy=None, max_size=None) as socket:
        assert json.loads(await socket.recv())["event"] == "resync"
        text = str(await socket.recv())
    return Shown(text, 1, [one["name"] for one in json.loads(text)["items"]])


async def journal(scene: Scene) -> Shown:
    """A line an event, and each begins with its time."""
    before, level = logging.getLogger().handlers[:], logging.getLogger().level
    text = io.StringIO()
    logs.configure("debug", text, {})
    events = [one for one in scene.home.events if isinstance(one, ServiceEvent)]
    try:
        for event in events:
            scene.home.daemon._tell(event)
    finally:
        logging.getLogger().handlers[:] = before
        logging.getLogger().setLevel(level)
        logging.getLogger("lanbridge").setLevel(logging.NOTSET)
    lines = text.getvalue().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d DEBUG   service\.", line) for line in lines)
    return Shown(text.getvalue(), len(events))


async def metrics(scene: Scene) -> Shown:
    """A sample a line, and no label that ends early."""
    shown = await http("/metrics")(scene)
    label = r'[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"'
    sample = re.compile(rf"[a-z_:]+(?:{{{label}(?:,{label})*}})? \S+")
    lines = [line for line in shown.text.splitlines() if not line.startswith("# ")]
    assert [line for line in lines if not sample.fullmatch(line)] == []
    return shown


def of_items(key: str) -> Callable[[object], list[str]]:
    """The values of one key in a list."""
    return lambda page: [one[key] for one in page["items"]]  # type: ignore[index]


async def alarms(scene: Scene) -> Shown:
    """Each service answers no probe: its name is the subject of an alarm, and in the sentence."""
    daemon = scene.home.daemon
    table = PeriodicProbe(ProbeSettings(types=("_http._tcp",)), daemon.prober)
    table._silent = {one.id: (2, "refused") for one in scene.home.registry.services()}
    daemon.probes.append(table)
    daemon.census.look()

    def names(body: object) -> list[str]:
        found = body["alarms"]  # type: ignore[index]
        subjects = [one["subject"] for one in found if one["kind"] == "not-answering"]
        return [one.removesuffix("._http._tcp.local") for one in subjects]

    return await http("/api/v1/status", names)(scene)


OUTPUTS: dict[str, Output] = {
    "JSON of services": http("/api/v1/services", of_items("name")),
    "JSON of devices": http("/api/v1/devices"),
    "JSON of the status": http("/api/v1/status"),
    "JSON of alarms": alarms,
    "JSON of types": http("/api/v1/types"),
    "server-sent events": stream,
    "WebSocket": websocket,
    "metrics": metrics,
    "journal": journal,
    "live table": live,
    **{
        f"{name} as {format}": command(name, format)
        for name in ("services", "devices")
        for format in ("table", "jsonl", "csv", "json")
    },
    **{f"events as {format}": changes(format) for format in ("table", "jsonl", "csv")},
}


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
async def test_an_output_survives_every_name(
    home: Home,
    known: list[str],
    serving: Serving,
    output: Output,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No control or bidi character leaves, no name makes a line or a cell of its own.

    And a program that parses it has the name as it was heard.
    """
    async with serving() as port:
        shown = await output(Scene(home, port, known, lambda: capsys.readouterr().out))
    assert NEVER.findall(shown.text) == []
    if not shown.drawn:
        assert all(char.isprintable() or char == "\n" for char in shown.text)
    if shown.records is not None:
        assert len(shown.text.splitlines()) == shown.records
    if shown.names is not None:
        assert sorted(shown.names) == sorted(known)


@pytest.mark.parametrize("output", ["services as csv", "devices as csv", "events as csv"])
async def test_no_cell_is_a_formula(
    home: Home,
    known: list[str],
    serving: Serving,
    output: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """OWASP, CSV injection: none begins with = + - @, or with their wide forms."""
    async with serving() as port:
        scene = Scene(home, port, known, lambda: capsys.readouterr().out)
        shown = await OUTPUTS[output](scene)
    cells = [cell for row in csv.reader(io.StringIO(shown.text)) for cell in row]
    assert len(cells) > len(known)
    assert [cell for cell in cells if cell[:1] in tuple("=+-@＝＋－＠\t\r")] == []
