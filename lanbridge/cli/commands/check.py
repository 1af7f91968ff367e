"""Say whether a mini-program may use a service type, an address, a URL or a server domain."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from lanbridge.cli.group import Group
from lanbridge.cli.output import Column, Row, complain, format_option, writing
from lanbridge.core.addresses import NetworkState
from lanbridge.core.views import as_json
from lanbridge.wechat.calls import Call
from lanbridge.wechat.check import TargetCheck, check_address, check_url
from lanbridge.wechat.domains import check_domain
from lanbridge.wechat.lan import Phone, phone_from
from lanbridge.wechat.platforms import Platform
from lanbridge.wechat.rules import Answer, Verdict, worst
from lanbridge.wechat.service_types import check_service_type
from lanbridge.wechat.targets import parse_target


def _rule(rule: Mapping[str, str]) -> str:
    return f"{rule['id']}, {rule['certainty']}"


def _platform(row: Row) -> str:
    return f"{row['platform']}{' (decides)' * row['decides']}"


def _why(row: Row) -> str:
    """All of a verdict but its answer: the sentence, its rule, the remedy, what the phone says."""
    parts = [f"{row['sentence']} ({_rule(row['rule'])})"]
    if row["remedy"]:
        parts.append(f"remedy: {row['remedy']}")
    if row["error_text"]:
        parts.append(f"it shows: {row['error_text']}")
    return "; ".join(parts)


COLUMNS = (
    Column("platform", "PLATFORM", 0),
    Column("answer", "ANSWER", 0),
    Column("sentence", "WHY", 0),
    Column("remedy", "REMEDY", 0),
    Column("error_text", "ERROR", 0),
    Column("rule", "RULE", 0, _rule),
    Column("decides", "DECIDES", 0),
)
# Six columns of words fit no terminal.
TABLE = (
    Column("", "PLATFORM", 20, _platform),
    Column("answer", "ANSWER", 7),
    Column("", "WHY", 0, _why, limit=2_000),  # of ours but for a name, and the end counts
)

_URL_CALLS = [call.value for call in Call if call.takes_url]


def _for(calls: Sequence[str]) -> Callable[..., Any]:
    return click.option(
        "--for",
        "call",
        type=click.Choice(calls),
        help="The wx call that it is for.  [default: socket for ws and wss, else request]",
    )


def _target_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        format_option,
        click.option(
            "--platform",
            type=click.Choice([platform.value for platform in Platform]),
            default=Platform.DOCUMENTED.value,
            show_default=True,
            help="Who decides over the exit status.",
        ),
        _for([call.value for call in Call]),
        click.option("--hotspot", is_flag=True, help="The phone is itself the hotspot."),
        click.option(
            "--phone",
            metavar="IP[/PREFIX]",
            help="Where the phone is; without a prefix /24 is assumed.",
        ),
    ):
        function = option(function)
    return function


@click.group(cls=Group, help=__doc__)
def command() -> None:
    """Four questions, one form of answer."""


@command.command()
@click.argument("value")
@format_option
def service_type(value: str, format: str) -> int:
    """Say who can search for a service type; 0 if every phone can."""
    check = check_service_type(value)
    return _tell(
        check.verdicts, format, check.answer, decided_by=check.decided_by, literal=check.literal
    )


@command.command()
@click.argument("target")
@_target_options
def address(target: str, format: str, **options: Any) -> int:
    """Say whether an address or host name is allowed; 0 if it is."""
    return _tell_target(check_address(target, **_asked(**options)), format)


@command.command()
@click.argument("url", metavar="URL|IP:PORT")
@_target_options
def url(url: str, format: str, **options: Any) -> int:
    """Say whether a URL or IP:PORT is allowed; 0 if it is."""
    return _tell_target(check_url(url, **_asked(**options)), format)


@command.command()
@click.argument("url")
@click.option(
    "--domain",
    "domains",
    metavar="DOMAIN",
    multiple=True,
    help="A server domain that is configured, as https://api.example.com; repeatable.",
)
@click.option("--tls", is_flag=True, help="Connect, and check the certificate.")
@_for(_URL_CALLS)
@format_option
def domain(url: str, domains: tuple[str, ...], tls: bool, call: str | None, format: str) -> int:
    """Say whether the configured server domains allow a URL; 0 if they do."""
    verdicts = check_domain(url, domains, Call(call) if call else None).verdicts
    if tls:
        from lanbridge.tls import check_certificate

        target = parse_target(url)
        port = 443 if target.port is None else target.port
        verdicts = [*verdicts, check_certificate(target.host, port)]
    return _tell(verdicts, format, worst(verdicts), decided_by=Platform.DOCUMENTED)


def _asked(phone: str | None, hotspot: bool, call: str | None, platform: str) -> dict[str, Any]:
    return {
        "phone": _phone(phone, hotspot=hotspot),
        "call": Call(call) if call else None,
        "platform": Platform(platform),
    }


def _phone(text: str | None, *, hotspot: bool) -> Phone | None:
    if text is None:
        if hotspot:
            raise click.UsageError("--hotspot says something of --phone, which is missing")
        return None
    # Of no interface: the answer is the same wherever it is asked.
    return phone_from(text, NetworkState(()), hotspot=hotspot)


def _tell_target(check: TargetCheck, format: str) -> int:
    return _tell(check.verdicts, format, check.answer, decided_by=check.decided_by)


def _tell(
    verdicts: Sequence[Verdict], format: str, answer: Answer, *, decided_by: str, **more: Any
) -> int:
    """A row a verdict; `decides` marks those that the exit status is from."""
    with writing(format, TABLE if format == "table" else COLUMNS) as write:
        for verdict in verdicts:
            write(as_json(verdict) | {"decides": verdict.platform == decided_by} | more)
    for warning in {verdict.warning: None for verdict in verdicts if verdict.warning}:
        complain(f"{warning}.", "warning")
    return 0 if answer is Answer.YES else 1
