"""How a change looks in a line: the columns of `events` and of `discover --watch`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lanbridge.cli.cells import addresses, port
from lanbridge.cli.output import Column, plain
from lanbridge.cli.widths import cut, whole_parts

_GREEN, _YELLOW, _RED, _BOLD = "32", "33", "31", "1"
_COLOURS = {
    "service.found": _GREEN,
    "service.resolved": _GREEN,
    "service.stale": _YELLOW,
    "service.resolve-failed": _YELLOW,
    "service.lost": _RED,
    "alarm.raised": _RED,
    "alarm.over": _GREEN,
    "resync": _BOLD,
}


def _service(key: str, text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda service: text(service[key]) if service else ""


def _details(row: Mapping[str, Any]) -> str:
    """What changed, or why: whichever of it this event has."""
    if "old" in row:
        return f"{row['old']} is now {row['new']}"
    if row["event"] == "advertisement.failed":
        return f"every name like {row['name']} is taken"
    if "alarm" in row:
        return str(row["alarm"]["detail"])
    service = row.get("service")
    known = row.get("changed") or row.get("reasons")
    return plain(known or (service["reason"] if service and row["event"] == "service.lost" else ""))


def _clock(at: str, room: int) -> str:
    """For a person who looks on, the time of day will do."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
    except (ValueError, OverflowError):  # whatever answers at the URL has said so
        return cut(at, room)


# Who has many addresses has the rest of the line for them; the sentence of an alarm is whole.
CHANGES = (
    Column("at", "TIME", 24, least=8, shorten=_clock),
    Column("event", "EVENT", 22, colours=_COLOURS, least=16, shorten=cut),
    Column("service", "NAME", 28, _service("name", str), least=13, shorten=cut),
    Column("service", "TYPE", 16, _service("type", str), least=10, shorten=cut),
    Column("service", "PORT", 5, lambda service: port(service) if service else ""),
    Column("", "DETAILS", 12, _details, limit=1_000, least=0, folds=True),
    Column("service", "ADDRESSES", 0, _service("addresses", addresses), shorten=whole_parts),
)
