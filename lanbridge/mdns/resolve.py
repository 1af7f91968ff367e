"""The addresses of one host name, asked for once: for a command that goes to `lamp.local`."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

from lanbridge.core.addresses import Address, NetworkState
from lanbridge.core.names import fold
from lanbridge.core.records import Question, RecordType
from lanbridge.mdns.browse import SECOND_AFTER_S
from lanbridge.mdns.engine import Engine, Link, Packet
from lanbridge.mdns.wire import encode_query

# Whether a unicast answer is asked for, and how long it is waited for; as in mdns/browse.py.
ASKED = ((True, SECOND_AFTER_S), (False, 1.85))
MAX_ADDRESSES = 64  # the attack: answer with all the addresses there are, and go on


async def resolve(name: str, state: NetworkState) -> dict[Address, str]:
    """What is answered for `lamp.local`: each address, and the interface that it came in by.

    Raises MdnsUnavailable where nothing can be asked for that.
    """
    lookup = Lookup(name)
    engine = Engine(lookup.receive, lambda _: None)
    try:
        engine.update(state)
        if engine.problems and not engine.links:
            raise next(iter(engine.problems.values()))
        await lookup.ask(engine.links.values())
    finally:
        engine.close()
    return lookup.found


class Lookup:
    """One name. found: each address that was told, and the interface that it came in by."""

    def __init__(self, name: str) -> None:
        self.found: dict[Address, str] = {}
        self._name = name
        self._key = fold(name)
        self._is_enough = asyncio.Event()

    def receive(self, packet: Packet) -> None:
        """Read an answer; anybody's, for a responder may answer what another host asked."""
        for record in packet.message.records if packet.message.is_response else ():
            address = record.data
            if fold(record.name) != self._key or not record.ttl_s:
                continue
            if isinstance(address, IPv4Address | IPv6Address) and len(self.found) < MAX_ADDRESSES:
                self.found.setdefault(address, packet.link.name)
                if address.version == 4:
                    self._is_enough.set()

    async def ask(self, links: Collection[Link]) -> None:
        """Until an IPv4 address is found; IPv6 alone waits for one till the next question."""
        types = (RecordType.A, RecordType.AAAA)
        for unicast, wait_s in ASKED if links else ():
            for query in encode_query([(Question(self._name, one, unicast), ()) for one in types]):
                for link in links:
                    link.multicast(query)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._is_enough.wait()
            if self.found:
                return
