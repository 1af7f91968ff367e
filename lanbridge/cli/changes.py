"""How a change looks in a line: the columns of `events` and of `discover --watch`."""

from collections.abc import Callable, Mapping
from typing import Any

from lanbridge.cli.cells import addresses
from lanbridge.cli.output import Column, plain

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
    if "alarm" in row:
        return str(row["alarm"]["detail"])
    service = row.get("service")
    known = row.get("changed") or row.get("reasons")
    return plain(known or (service["reason"] if service and row["event"] == "service.lost" else ""))


CHANGES = (
    Column("at", "TIME", 24),
    Column("event", "EVENT", 22, colours=_COLOURS),
    Column("service", "NAME", 28, _service("name", str)),
    Column("service", "TYPE", 16, _service("type", str)),
    Column("service", "ADDRESSES", 15, _service("addresses", addresses)),
    Column("service", "PORT", 5, _service("port", str)),
    Column("", "DETAILS", 0, _details),
)
