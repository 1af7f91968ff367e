"""The services that a running daemon knows."""

from lanbridge.cli.cells import addresses, pairs, port
from lanbridge.cli.listing import list_command
from lanbridge.cli.output import Column

COLUMNS = (
    Column("name", "NAME", 28),
    Column("type", "TYPE", 16),
    Column("host", "HOST", 24),
    Column("", "PORT", 5, port),
    Column("addresses", "ADDRESSES", 42, addresses),
    Column("state", "STATE", 7),
    Column("reachable", "REACHABLE", 9),
    Column("reason", "REASON", 9),
    Column("txt", "TXT", 0, pairs),
)

command = list_command("/api/v1/services", COLUMNS, __doc__)
