"""Bytes to DNS messages. zeroconf reads: compiled, and hardened against what strangers send."""

from ipaddress import IPv4Address, IPv6Address

from zeroconf import DNSIncoming  # type: ignore[attr-defined]  # exported, but not in __all__
from zeroconf._dns import DNSAddress, DNSNsec, DNSPointer, DNSService, DNSText

from lanbridge.core.records import Nsec, Question, Rdata, Record, Srv
from lanbridge.mdns.proposed import read_proposed
from lanbridge.mdns.wire import CLASS_IN, Message

CLASS_ANY = 255
OPCODE, RCODE = 0x7800, 0x000F
MAX_MESSAGE_BYTES = 9_000  # RFC 6762 §17, with IP and UDP headers


def fault(data: bytes) -> str | None:
    """Why the header alone forbids to read on, or None.

    RFC 6762 §18.3 and §18.11: messages "received with non-zero" opcodes or response codes "MUST
    be silently ignored".
    """
    if not 12 <= len(data) <= MAX_MESSAGE_BYTES:
        return "malformed"
    flags = data[2] << 8 | data[3]
    if flags & OPCODE:
        return "opcode"
    return "rcode" if flags & RCODE else None


def decode(data: bytes, scope: str = "") -> Message | None:
    """A datagram as a message, or None for one that must be ignored. Never raises.

    scope: the interface it came in by, which makes a link-local IPv6 address mean something.
    """
    if fault(data):
        return None
    incoming = DNSIncoming(data)
    if not incoming.valid:
        return None
    answers = incoming.answers()
    others = any(one.class_ not in (CLASS_IN, CLASS_ANY) for one in incoming.questions) or any(
        one.class_ != CLASS_IN for one in answers
    )
    promised = incoming.num_answers + incoming.num_authorities + incoming.num_additionals
    return Message(
        incoming.id,
        incoming.flags,
        tuple(
            Question(question.name.removesuffix("."), question.type, question.unique)
            for question in incoming.questions
            if question.class_ in (CLASS_IN, CLASS_ANY)
        ),
        tuple(
            Record(
                answer.name.removesuffix("."), answer.type, int(answer.ttl), rdata, answer.unique
            )
            for answer in answers
            if answer.class_ == CLASS_IN and (rdata := _rdata(answer, scope)) is not None
        ),
        incoming.num_authorities > 0,
        len(answers) == promised,
        others,
        read_proposed(data) if incoming.num_authorities and not incoming.flags & 0x8000 else {},
    )


def _rdata(record: object, scope: str) -> Rdata | None:
    match record:
        case DNSPointer():
            return record.alias.removesuffix(".")
        case DNSText():
            return record.text
        case DNSService():
            target = record.server.removesuffix(".")
            return Srv(record.priority, record.weight, record.port, target)
        case DNSAddress():
            if len(record.address) == 4:
                return IPv4Address(record.address)
            address = IPv6Address(record.address)
            return IPv6Address(f"{address}%{scope}") if scope and address.is_link_local else address
        case DNSNsec():
            return Nsec(record.next_name.removesuffix("."), tuple(record.rdtypes))
    return None
