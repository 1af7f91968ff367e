"""The devices that a running daemon knows: its services, grouped by host."""

from collections.abc import Mapping, Sequence

from lanbridge.cli.cells import addresses
from lanbridge.cli.listing import list_command
from lanbridge.cli.output import Column, plain


def _services(services: Sequence[Mapping[str, str]]) -> str:
    return plain([f"{service['name']} ({service['type']})" for service in services])


COLUMNS = (
    Column("name", "NAME", 24),
    Column("host", "HOST", 24),
    Column("addresses", "ADDRESSES", 15, addresses),
    Column("state", "STATE", 7),
    Column("reachable", "REACHABLE", 9),
    Column("reason", "REASON", 9),
    Column("model", "MODEL", 16),
    Column("vendor", "VENDOR", 16),
    Column("mac", "MAC", 17),
    Column("services", "SERVICES", 0, _services),
)

command = list_command("/api/v1/devices", COLUMNS, __doc__)
