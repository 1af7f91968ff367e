"""The authority section of a probe, as RFC 6762 §8.2 compares it: class, type and raw rdata.

zeroconf's decoder tells no sections apart and skips the types it does not know; two hosts that
compare less than the whole could both think that they have won.
"""

import struct

from lanbridge.core.names import fold

Proposed = tuple[int, int, bytes]
"""Class without the cache-flush bit, type, rdata with its names uncompressed."""

# RFC 6762 §18.14: the types whose rdata may hold compressed names: the bytes before them, and how
# many there are.
_NAMES = {
    **dict.fromkeys((2, 5, 12, 39, 47), (0, 1)),  # NS, CNAME, PTR, DNAME, NSEC
    **dict.fromkeys((15, 18, 21, 36), (2, 1)),  # MX, AFSDB, RT, KX
    33: (6, 1),  # SRV
    **dict.fromkeys((6, 17), (0, 2)),  # SOA, RP
    26: (2, 2),  # PX
}


def read_proposed(packet: bytes) -> dict[str, list[Proposed]]:
    """What a probe proposes, sorted, by folded name; empty for what cannot be read."""
    try:
        return _read(packet)
    except (IndexError, ValueError, struct.error):
        return {}


def _read(packet: bytes) -> dict[str, list[Proposed]]:
    questions, answers, authorities = struct.unpack_from("!3H", packet, 4)
    at = 12
    for _ in range(questions):
        at = _name(packet, at)[1] + 4
    found: dict[str, list[Proposed]] = {}
    for number in range(answers + authorities):
        labels, at = _name(packet, at)
        type_, class_, _, size = struct.unpack_from("!2HIH", packet, at)
        at += 10
        if at + size > len(packet):
            raise ValueError
        if number >= answers:
            name = fold(".".join(label.decode("utf-8", "replace") for label in labels))
            rdata = _rdata(packet, at, size, type_)
            found.setdefault(name, []).append((class_ & 0x7FFF, type_, rdata))
        at += size
    return {name: sorted(records) for name, records in found.items()}


def _rdata(packet: bytes, start: int, size: int, type_: int) -> bytes:
    before, names = _NAMES.get(type_, (0, 0))
    at = start + before
    rdata = packet[start:at]
    for _ in range(names):
        labels, at = _name(packet, at)
        rdata += b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    return rdata + packet[at : start + size]


def _name(packet: bytes, at: int) -> tuple[list[bytes], int]:
    """The labels of a name, and where it ends. Pointers lead backwards only: no loop has an end."""
    labels: list[bytes] = []
    end, limit = 0, at + 1
    while size := packet[at]:
        if size >= 0xC0:
            end = end or at + 2
            at = (size & 0x3F) << 8 | packet[at + 1]
            if at >= limit - 1:
                raise ValueError
            limit = at + 1
        elif size < 0x40 and len(labels) < 128:
            labels.append(packet[at + 1 : at + 1 + size])
            at += 1 + size
        else:
            raise ValueError
    return labels, end or at + 1
