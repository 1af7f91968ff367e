"""The addresses of one host name, asked for once: for a command that goes to `lamp.local`."""

import asyncio
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

from lanbridge.core.addresses import Address, NetworkState
from lanbridge.core.names import fold
from lanbridge.core.records import Question, RecordType
from lanbridge.mdns.browse import SECOND_AFTER_S
from lanbridge.mdns.engine import Engine, Packet
from lanbridge.mdns.wire import encode_query

# Whether a unicast answer is asked for, and how long it is waited for; as in mdns/browse.py.
ASKED = ((True, SECOND_AFTER_S), (False, 1.85))
MAX_ADDRESSES = 64  # anybody may answer, and go on answering


async def resolve(name: str, state: NetworkState) -> dict[Address, str]:
    """What is answered for `lamp.local`: each address, and the interface that it came in by.

    Ends at the first IPv4 address; IPv6 ones alone wait for one until the next question is due.
    Raises MdnsUnavailable where nothing can be asked for that.
    """
    asked, found, is_enough = fold(name), dict[Address, str](), asyncio.Event()

    def receive(packet: Packet) -> None:
        for record in packet.message.records if packet.message.is_response else ():
            address = record.data
            if fold(record.name) != asked or not record.ttl_s or len(found) >= MAX_ADDRESSES:
                continue
            if isinstance(address, IPv4Address | IPv6Address):
                found.setdefault(address, packet.link.name)
                if address.version == 4:
                    is_enough.set()

    engine = Engine(receive, lambda _: None)
    try:
        engine.update(state)
        if engine.problems and not engine.links:
            raise next(iter(engine.problems.values()))
        for unicast, wait_s in ASKED if engine.links else ():
            types = (RecordType.A, RecordType.AAAA)
            for query in encode_query([(Question(name, one, unicast), ()) for one in types]):
                for link in engine.links.values():
                    link.multicast(query)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await is_enough.wait()
            if found:
                break
    finally:
        engine.close()
    return found
