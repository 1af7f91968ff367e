"""DNS messages, and how they become bytes (RFC 1035 §4, RFC 6762 §18); `mdns.decode` reads them.

zeroconf could write them too, but keeps names as text with dots between the labels and splits
them at each dot: an instance named `Dr. Lamp` would leave as two labels (docs/adr/0002).
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from lanbridge.core.names import labels
from lanbridge.core.records import Nsec, Question, Record, RecordType, Srv
from lanbridge.mdns.proposed import Proposed

CLASS_IN = 1
TOP_BIT = 0x8000  # QU in a question (RFC 6762 §5.4), cache-flush in a record (§10.2)

RESPONSE = 0x8400  # QR and AA, RFC 6762 §18.2, §18.4
TRUNCATED = 0x0200  # TC: more known answers follow, RFC 6762 §7.2

# RFC 6762 §17: a message should fit the interface MTU. 1,500 less the IPv6 and UDP headers.
MAX_PAYLOAD_BYTES = 1_452


class Message(NamedTuple):
    """`records` holds the answer, authority and additional sections in that order."""

    id: int
    flags: int
    questions: tuple[Question, ...]
    records: tuple[Record, ...]
    is_probe: bool  # it has an authority section, RFC 6762 §8.2
    is_whole: bool  # False: some record could not be read, or is of a type we do not know
    has_other_class: bool = False  # some question or record is not of class IN, and was left out
    proposed: Mapping[str, list[Proposed]] = {}  # the authority section, by folded name

    @property
    def is_response(self) -> bool:
        return bool(self.flags & 0x8000)

    @property
    def is_truncated(self) -> bool:
        return bool(self.flags & TRUNCATED)


Asked = tuple[Question, Sequence[Record]]
"""A question, and the known answers that go with it (RFC 6762 §7.1)."""


def encode_query(asked: Iterable[Asked], limit: int = MAX_PAYLOAD_BYTES) -> list[bytes]:
    """Questions in as few packets as it takes for each to have its known answers with it.

    Where those of one question fill more than a packet, the rest follows in packets without
    questions; all but the last say TC (RFC 6762 §7.2).
    """
    packets = []
    for group in _fitting(asked, limit):
        writer = _Writer()
        for question, _ in group:
            writer.question(question)
        for record in (record for _, known in group for record in known):
            if not writer.record(record, 1, limit):
                packets.append(writer.packet(0, TRUNCATED))
                writer = _Writer()
                writer.record(record, 1)
        packets.append(writer.packet(0, 0))
    return packets


def _fitting(asked: Iterable[Asked], limit: int) -> Iterator[list[Asked]]:
    """Groups that fit into a packet: of records, as far as one can say before compression."""
    group: list[Asked] = []
    written: set[tuple[str, ...]] = set()
    size_bytes = 0
    for question, known in asked:
        # A PTR record takes the label of its instance and, at the most, 15 bytes around it.
        tail = len(question.name)
        known_bytes = sum(len(str(one.data).encode()) - tail + 15 for one in known)
        more_bytes = 4 + _name_bytes(question.name, written) + known_bytes
        if group and 12 + size_bytes + more_bytes > limit:
            yield group
            group, written, size_bytes = [], set(), 0
            more_bytes = 4 + _name_bytes(question.name, written) + known_bytes
        group.append((question, known))
        size_bytes += more_bytes
    if group:
        yield group


def _name_bytes(name: str, written: set[tuple[str, ...]]) -> int:
    """What it takes behind names that are `written`, among which it is then."""
    rest, size_bytes = labels(name), 0
    while rest and rest not in written:
        written.add(rest)
        size_bytes += 1 + len(rest[0].encode("utf-8", "replace")[:63])
        rest = rest[1:]
    return size_bytes + (2 if rest else 1)


def encode_probe(questions: Iterable[Question], proposed: Iterable[Record]) -> bytes:
    """RFC 6762 §8.2: the proposed records in the authority section, always in one packet."""
    writer = _Writer()
    for question in questions:
        writer.question(question)
    for record in proposed:
        writer.record(record._replace(flush=False), 2)  # RFC 6762 §10.2: not in probes
    return writer.packet(0, 0)


def encode_response(
    answers: Sequence[Record], additionals: Sequence[Record] = (), limit: int = MAX_PAYLOAD_BYTES
) -> Iterator[bytes]:
    """Multicast or QU responses: id 0, no questions (RFC 6762 §6, §18.1).

    Additional records that find no room follow in packets of their own: whoever has to ask for
    each of them costs the network more.
    """
    writer = _Writer()
    for section, records in ((1, answers), (3, additionals)):
        for record in records:
            if not writer.record(record, section, limit):
                if any(writer.counts):
                    yield writer.packet(0, RESPONSE)
                    writer = _Writer()
                writer.record(record, section)  # alone it may be larger, RFC 6762 §17
    yield writer.packet(0, RESPONSE)


def encode_legacy_response(
    id_: int, question: Question, answers: Sequence[Record], additionals: Sequence[Record]
) -> bytes:
    """RFC 6762 §6.7: the id and the question repeated, TTL at most 10 s, no cache-flush bit."""
    writer = _Writer()
    writer.question(question._replace(unicast=False))
    for section, records in ((1, answers), (3, additionals)):
        for record in records:
            legacy = record._replace(ttl_s=min(record.ttl_s, 10), flush=False)
            writer.record(legacy, section, MAX_PAYLOAD_BYTES, compress_rdata=False)
    return writer.packet(id_, RESPONSE)


def encode_rdata(record: Record) -> bytes:
    """The RDATA without compression, as RFC 6762 §8.2 compares it."""
    writer = _Writer(compress=False)
    writer.rdata(record)
    return bytes(writer.body)


class _Writer:
    def __init__(self, compress: bool = True) -> None:
        self.body = bytearray()
        self.counts = [0, 0, 0, 0]
        self._offsets: dict[tuple[str, ...], int] = {}
        self._compress = compress

    def packet(self, id_: int, flags: int) -> bytes:
        return struct.pack("!6H", id_, flags, *self.counts) + bytes(self.body)

    def question(self, question: Question) -> None:
        self._name(question.name)
        self.body += struct.pack(
            "!2H", question.type, CLASS_IN | (TOP_BIT if question.unicast else 0)
        )
        self.counts[0] += 1

    def record(
        self, record: Record, section: int, limit: int = 65_535, *, compress_rdata: bool = True
    ) -> bool:
        """Append a record, or leave everything as it was if the packet would pass `limit`."""
        start = len(self.body)
        self._name(record.name)
        class_ = CLASS_IN | (TOP_BIT if record.flush else 0)
        self.body += struct.pack("!2HIH", record.type, class_, record.ttl_s, 0)
        rdata_at = len(self.body)
        # RFC 6762 §18.14: in a legacy unicast response an SRV target is not compressed.
        whole, self._compress = self._compress, self._compress and compress_rdata
        self.rdata(record)
        self._compress = whole
        if 12 + len(self.body) > limit:
            del self.body[start:]
            self._offsets = {k: at for k, at in self._offsets.items() if at < 12 + start}
            return False
        struct.pack_into("!H", self.body, rdata_at - 2, len(self.body) - rdata_at)
        self.counts[section] += 1
        return True

    def rdata(self, record: Record) -> None:
        match record.data:
            case IPv4Address() | IPv6Address() as address:
                self.body += address.packed
            case bytes() as text:
                self.body += text
            case Srv(priority, weight, port, target):
                self.body += struct.pack("!3H", priority, weight, port)
                self._name(target)
            case Nsec(next_domain, types):
                self._name(next_domain)
                self.body += _type_bitmap(types)
            case target:
                self._name(target)

    def _name(self, name: str) -> None:
        rest = labels(name)
        while rest:
            known = self._offsets.get(rest) if self._compress else None
            if known is not None:
                self.body += struct.pack("!H", 0xC000 | known)
                return
            at = 12 + len(self.body)
            if at < 0x4000:
                self._offsets[rest] = at
            label = rest[0].encode("utf-8", "replace")[:63]
            self.body.append(len(label))
            self.body += label
            rest = rest[1:]
        self.body.append(0)


def _type_bitmap(types: Iterable[int]) -> bytes:
    """RFC 6762 §6.1: one block, window 0, types up to 255."""
    bitmap = bytearray(32)
    for type_ in types:
        if type_ < 256 and type_ != RecordType.ANY:
            bitmap[type_ // 8] |= 0x80 >> type_ % 8
    used = bytes(bitmap).rstrip(b"\0")
    return bytes((0, len(used))) + used
