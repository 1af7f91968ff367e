"""What we advertise, and the resource records it becomes on one link (RFC 6763 §4, §5, §7)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address

from lanbridge.core.addresses import Address
from lanbridge.core.names import SERVICE_META, HostName, InstanceName, ServiceType
from lanbridge.core.records import (
    HOST_TTL_S,
    OTHER_TTL_S,
    Nsec,
    Record,
    RecordType,
    Srv,
)
from lanbridge.core.txt import TxtRecord, decode, encode
from lanbridge.mdns.engine import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertisement:
    """One service instance to advertise.

    addresses: those of hardware that cannot advertise itself; None means this host, with on
    each link the addresses it has there. reverse: answer for the names of those addresses too
    (`1.0.0.10.in-addr.arpa`), except `yielded`, for which somebody else does.
    """

    name: InstanceName
    host: HostName
    port: int
    txt: tuple[tuple[str, bytes | None], ...] = ()
    subtypes: tuple[str, ...] = ()
    addresses: tuple[Address, ...] | None = None
    reverse: bool = False
    yielded: frozenset[Address] = frozenset()

    @property
    def type(self) -> ServiceType:
        return self.name.type

    @property
    def browse_names(self) -> tuple[str, ...]:
        """Whoever asks for one of these is told of it, RFC 6763 §4.1, §7.1."""
        return self.type.fqdn, *(f"{one}._sub.{self.type.fqdn}" for one in self.subtypes)

    @property
    def txt_rdata(self) -> bytes:
        """RFC 6763 §6.7: `txtvers` is "the first key in the TXT record"; ours says 1."""
        if any(key.lower() == "txtvers" for key, _ in self.txt):
            return encode(self.txt)
        return encode((("txtvers", b"1"), *self.txt))

    @property
    def txt_record(self) -> TxtRecord:
        """What others will read, `txtvers` included."""
        return decode(self.txt_rdata)

    def addresses_on(self, link: Link) -> tuple[Address, ...]:
        """RFC 6762 §6.2: only addresses "valid on the interface" are put into a response."""
        if self.addresses is None:
            return tuple(one.ip for one in link.interface.addresses)
        return tuple(one for one in self.addresses if link.holds(one))


@dataclass(frozen=True, slots=True)
class RecordGroup:
    """The records of one advertisement on one link; empty where it has no valid address.

    unique: those with one owner on the link, which are probed for, carry the cache-flush bit
    and are defended; shared: the PTR records; reverse: the names of our addresses, which are
    asked for and carry the bit, but are never defended (docs/adr/0020).
    """

    unique: tuple[Record, ...] = ()
    shared: tuple[Record, ...] = ()
    reverse: tuple[Record, ...] = ()
    negative: tuple[Record, ...] = field(default=(), compare=False)

    @property
    def all(self) -> tuple[Record, ...]:
        return self.shared + self.unique + self.reverse


def records_on(link: Link, ad: Advertisement) -> RecordGroup:
    """The whole of it; nothing on a link where none of its addresses is valid."""
    addresses = ad.addresses_on(link)
    if not addresses:
        return RecordGroup()
    instance, host = ad.name.fqdn, ad.host.fqdn
    hosts = tuple(_address(host, address) for address in addresses)
    srv = Srv(0, 0, ad.port, host)
    service = (
        Record(instance, RecordType.SRV, HOST_TTL_S, srv, flush=True),
        Record(instance, RecordType.TXT, OTHER_TTL_S, ad.txt_rdata, flush=True),
    )
    shared = [Record(name, RecordType.PTR, OTHER_TTL_S, instance) for name in ad.browse_names]
    shared.insert(1, Record(SERVICE_META, RecordType.PTR, OTHER_TTL_S, ad.type.fqdn))
    reverse = tuple(
        Record(reverse_name(address), RecordType.PTR, HOST_TTL_S, host, flush=True)
        for address in addresses
        if ad.reverse and address not in ad.yielded
    )
    negative = (
        _nsec(instance, (RecordType.TXT, RecordType.SRV), HOST_TTL_S),
        _nsec(host, sorted({record.type for record in hosts}), HOST_TTL_S),
        *(_nsec(record.name, (RecordType.PTR,), HOST_TTL_S) for record in reverse),
    )
    return RecordGroup((*service, *hosts), tuple(shared), reverse, negative)


def reverse_name(address: Address) -> str:
    """`1.0.0.10.in-addr.arpa`; the scope of a link-local address is no part of it."""
    return ip_address(address.packed).reverse_pointer


def _address(host: str, address: Address) -> Record:
    type_ = RecordType.A if address.version == 4 else RecordType.AAAA
    return Record(host, type_, HOST_TTL_S, address, flush=True)


def _nsec(name: str, types: Iterable[int], ttl_s: int) -> Record:
    """RFC 6762 §6.1: the name itself as the next domain; the types that do exist."""
    return Record(name, RecordType.NSEC, ttl_s, Nsec(name, tuple(types)), flush=True)
