"""A host that says something once and keeps no rule: nothing is probed for, nothing defended."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lan.host import Host

_ANNOUNCE = """
import socket, sys
from ipaddress import ip_address
from lanbridge.core.records import Record, RecordType, Srv
from lanbridge.mdns.wire import encode_response
host, service, *addresses = sys.argv[1:]
name = f"{service}._http._tcp.local"
records = [
    Record("_http._tcp.local", RecordType.PTR, 120, name),
    Record(name, RecordType.SRV, 120, Srv(0, 0, 80, host), True),
    Record(name, RecordType.TXT, 120, b"\\0", True),
    *(Record(host, RecordType.A, 120, ip_address(one), True) for one in addresses),
]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", 5353))
for packet in encode_response(records):
    sock.sendto(packet, ("224.0.0.251", 5353))
"""


def announce(host: Host, name: str, service: str, *addresses: str) -> None:
    """What a host says that defends no name: one packet."""
    host.run([sys.executable, "-c", _ANNOUNCE, name, service, *addresses])
