"""An ear on the wire: prints each mDNS response heard on an interface as JSON: ear INTERFACE."""

import json
import select
import socket
import sys

from lanbridge.core.records import RecordType
from lanbridge.mdns.decode import decode
from lanbridge.mdns.sockets import Datagram, LinkSocket


def _print(datagram: Datagram) -> None:
    message = decode(datagram.data, "")
    if message is not None and message.is_response:
        records = [
            {
                "name": record.name,
                "type": RecordType(record.type).name,
                "ttl_s": record.ttl_s,
                "data": str(record.data),
            }
            for record in message.records
        ]
        print(json.dumps(records), flush=True)  # noqa: T201


def main(interface: str) -> None:
    """Listen on both families until it is ended."""
    index = socket.if_nametoindex(interface)
    families = (socket.AF_INET, socket.AF_INET6)
    ears = [LinkSocket(interface, index, family) for family in families]
    print("listening", flush=True)  # noqa: T201
    while True:
        for ear in select.select(ears, [], [])[0]:
            ear.read(_print)


if __name__ == "__main__":
    main(sys.argv[1])
