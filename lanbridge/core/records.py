"""Resource records and questions, as RFC 1035 §3.2 and RFC 6762 §10 and §18 define them.

Names are the labels joined by "." without a trailing dot and without escapes, in the
sender's spelling; `core.names.labels` takes them apart again, `core.names.fold` makes the key
under which they are compared.
"""

from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

HOST_TTL_S = 120  # RFC 6762 §10: records that hold a host name (SRV, A, AAAA, reverse PTR)
OTHER_TTL_S = 4500  # RFC 6762 §10: every other record, 75 minutes


class RecordType(IntEnum):
    A = 1
    CNAME = 5
    PTR = 12
    TXT = 16
    AAAA = 28
    SRV = 33
    NSEC = 47
    ANY = 255


class Srv(NamedTuple):
    """SRV RDATA, RFC 2782; `target` is a joined host name."""

    priority: int
    weight: int
    port: int
    target: str


class Nsec(NamedTuple):
    """NSEC RDATA in the form RFC 6762 §6.1 restricts it to: the types that do exist."""

    next_domain: str
    types: tuple[int, ...]


Rdata = IPv4Address | IPv6Address | str | bytes | Srv | Nsec
"""A, AAAA: the address; PTR, CNAME: the target name; TXT: the raw RDATA; SRV; NSEC."""


class Record(NamedTuple):
    name: str
    type: int
    ttl_s: int
    data: Rdata
    flush: bool = False  # the cache-flush bit, RFC 6762 §10.2: "unique" records carry it


class Question(NamedTuple):
    name: str
    type: int
    unicast: bool = False  # the QU bit, RFC 6762 §5.4
