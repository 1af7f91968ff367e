"""Whether somebody else speaks for our names (RFC 6762 §8.2, §9)."""

from collections.abc import Iterable

from lanbridge.core.names import fold
from lanbridge.core.records import RecordType
from lanbridge.mdns.advertise import Advertisement, records_on
from lanbridge.mdns.engine import Link, Packet
from lanbridge.mdns.memory import Memory, Said, said_of
from lanbridge.mdns.proposed import Proposed
from lanbridge.mdns.wire import CLASS_IN, encode_rdata

ADDRESSES = frozenset((int(RecordType.A), int(RecordType.AAAA)))


class Claims:
    """What we say on our links, to compare with. `memory`: what we said before."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._ours: set[Said] = set()
        self._own: set[bytes] = set()  # our addresses
        self._on: dict[int, dict[str, list[Proposed]]] = {}  # by link and folded name, sorted

    def refresh(self, links: Iterable[Link], ads: Iterable[Advertisement]) -> None:
        self._ours, self._on, self._own = set(), {}, set()
        ads = tuple(ads)
        for link in links:
            here = self._on[link.index] = {}
            for ad in ads:
                group = records_on(link, ad)
                for record in group.unique + group.reverse:
                    name, type_, rdata = said = said_of(record)
                    here.setdefault(name, []).append((CLASS_IN, type_, rdata))
                    self._ours.add(said)
            for records in here.values():
                records[:] = sorted(set(records))  # several services have one host
            self._own |= {one.ip.packed for one in link.interface.addresses}

    def spoken_of(self, packet: Packet) -> set[str]:
        """The folded names of ours that a response or a probe says something about."""
        here = self._on.get(packet.link.index)
        if not here:
            return set()
        if packet.message.is_response:
            return here.keys() & {fold(record.name) for record in packet.message.records}
        return here.keys() & packet.message.proposed.keys()

    def contradicted(self, packet: Packet, name: str, *, probing: bool, now_s: float) -> bool:
        """RFC 6762 §9: a record with our name, type and class, and other rdata.

        Whether it carries the cache-flush bit is no matter: bonjour-service never sets it. While
        we probe, any record of the name will do, for it is the name that is asked for (§8.1).
        The two kinds of address are one matter: nobody should reach one host by way of another.
        """
        types = {type_ for _, type_, _ in self._on[packet.link.index].get(name, ())}
        if types & ADDRESSES:
            types |= ADDRESSES
        return any(probing or type_ in types for _, type_, _ in self.foreign(packet, name, now_s))

    def outranked(self, packet: Packet, name: str, now_s: float) -> bool:
        """RFC 6762 §8.2: "lexicographically later" wins; the same records are no rival."""
        mine = self._on[packet.link.index].get(name, [])
        return bool(self.foreign(packet, name, now_s)) and packet.message.proposed[name] > mine

    def foreign(self, packet: Packet, name: str, now_s: float) -> list[Proposed]:
        """What a packet says of a name that we do not say ourselves.

        Nor have said: two interfaces on one network hear each other, reflectors send us back what
        we sent, and caches hold what we said before a crash. Whoever sends from an address that
        was ours is none of these: it is somebody else, on a copy of our disk perhaps.
        """
        source = packet.source
        stranger = source.packed not in self._own and self._memory.had(source, now_s)
        return [
            (class_, type_, rdata)
            for class_, type_, rdata in _said_of(packet, name)
            if (said := (name, type_, rdata)) not in self._ours
            and (stranger or not self._memory.knows(said, now_s))
        ]


def _said_of(packet: Packet, name: str) -> list[Proposed]:
    if not packet.message.is_response:
        return packet.message.proposed[name]
    return [
        (CLASS_IN, record.type, encode_rdata(record))
        for record in packet.message.records
        if record.ttl_s > 0 and record.type != RecordType.NSEC and fold(record.name) == name
    ]
