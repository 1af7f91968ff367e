"""TXT records of DNS-SD, RFC 6763 §6: from strangers' bytes, and to ours.

`decode` reads strangers' data and never raises; `encode` and `parse_pair` read ours and do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from lanbridge.core.errors import InvalidTxtRecord
from lanbridge.core.text import printable

MAX_PAIR_BYTES = 255  # RFC 6763 §6.1: one length byte
RECOMMENDED_BYTES = 1300  # RFC 6763 §6.2: one Ethernet packet; `encode` lets more through
MAX_TXT_BYTES = 8900  # RFC 6762 §17: a packet has 9000 bytes at most, headers included

# A record of 64 KiB holds 32,767 strings "=": without these, one packet costs megabytes of reasons.
MAX_PAIRS = 256
MAX_IGNORED = 16


class Absent(Enum):
    """The one value `ABSENT`, told apart from None and b"" by `is`."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class TxtRecord:
    """Key and value pairs in wire order, keys unique without regard to case.

    A value is opaque bytes (RFC 6763 §6.5), b"" for `key=`, None for `key` alone.
    ignored: one safe sentence for each string that was dropped.
    """

    pairs: tuple[tuple[str, bytes | None], ...] = ()
    ignored: tuple[str, ...] = ()

    def get(self, key: str) -> bytes | Absent | None:
        """The four states of RFC 6763 §6.4: ABSENT, None, b"" or the value; case is ignored."""
        wanted = key.lower()
        for name, value in self.pairs:
            if name.lower() == wanted:
                return value
        return ABSENT

    def as_json(self) -> dict[str, str | None]:
        r"""Values as text; bytes that are not UTF-8 are written `\xff` (`txt_raw` is exact)."""
        return {
            key: None if value is None else value.decode("utf-8", "backslashreplace")
            for key, value in self.pairs
        }


@lru_cache(maxsize=1_024)  # bounded: strangers' words; a few of them make up the records of a LAN
def _key(name: bytes) -> tuple[str | None, str]:
    """A key as it was sent, and for comparison; None for one that must be ignored.

    RFC 6763 §6.4: "MUST be printable US-ASCII values (0x20-0x7E) ..., excluding '='".
    """
    key = name.decode("latin-1")
    return (key if key.isascii() and key.isprintable() else None), key.lower()


def decode(rdata: bytes) -> TxtRecord:
    """The record in a stranger's RDATA, whatever it is."""
    pairs: list[tuple[str, bytes | None]] = []
    ignored: list[str] = []
    seen: set[str] = set()
    at, end = 0, len(rdata)
    while at < end:
        start = at + 1
        at = start + rdata[at]
        if at > end:
            ignored.append(f"the last string has {end - start} of {rdata[start - 1]} bytes")
            break
        if at == start:
            continue  # RFC 6763 §6.1: a single zero byte stands for "no attributes"
        if len(pairs) == MAX_PAIRS or len(ignored) == MAX_IGNORED:
            ignored.append(f"{end - start + 1} further bytes are not read: too many strings")
            break
        name, equals, value = rdata[start:at].partition(b"=")
        key, folded = _key(name)
        if key is None:
            ignored.append(f"key '{_shown(name)}' is not printable ASCII")
        elif not key:
            # RFC 6763 §6.4: strings "beginning with an '=' character ... MUST be silently ignored".
            ignored.append(f"'={_shown(value)}' has no key")
        elif folded in seen:
            # RFC 6763 §6.4: "If a client receives a TXT record containing the same key more than
            # once, then the client MUST silently ignore all but the first occurrence".
            ignored.append(f"key '{_shown(name)}' is repeated")
        else:
            seen.add(folded)
            pairs.append((key, value if equals else None))
    return TxtRecord(tuple(pairs), tuple(ignored))


def encode(pairs: Iterable[tuple[str, bytes | None]]) -> bytes:
    """The RDATA of our own pairs, in order; raises InvalidTxtRecord."""
    strings: list[bytes] = []
    seen: set[str] = set()
    for key, value in pairs:
        string = _string(key, value)
        if key.lower() in seen:
            rule = "the key is there already, and case is ignored (RFC 6763 §6.4)"
            raise InvalidTxtRecord(key, rule, "give each key once")
        seen.add(key.lower())
        strings.append(bytes((len(string),)) + string)
    rdata = b"".join(strings)
    if len(rdata) > MAX_TXT_BYTES:
        rule = f"the record has {len(rdata)} bytes, an mDNS packet holds {MAX_TXT_BYTES}"
        raise InvalidTxtRecord("", rule, f"keep it below {RECOMMENDED_BYTES} (RFC 6763 §6.2)")
    # RFC 6763 §6.1: "An empty TXT record containing zero strings is not allowed".
    return rdata or b"\x00"


def parse_pair(text: str) -> tuple[str, bytes | None]:
    """`key=value`, `key=` or `key` from a command line or a file; raises InvalidTxtRecord.

    Bytes of an argument that were no UTF-8 pass unchanged (PEP 383).
    """
    key, equals, rest = text.partition("=")
    try:
        value = rest.encode("utf-8", "surrogateescape") if equals else None
    except UnicodeEncodeError:
        raise InvalidTxtRecord(text, "the value is not valid Unicode", "type it anew") from None
    _string(key, value)
    return key, value


def _shown(raw: bytes) -> str:
    return printable(raw.decode("utf-8", "backslashreplace"), 40)


def _string(key: str, value: bytes | None) -> bytes:
    """One string of the record, RFC 6763 §6.4, without its length byte."""
    if not key:
        raise InvalidTxtRecord("", "the key is empty (RFC 6763 §6.4)", "write it as key=value")
    if "=" in key or not (key.isascii() and key.isprintable()):
        rule = "a key is printable ASCII without '=' (RFC 6763 §6.4)"
        raise InvalidTxtRecord(key, rule, "put other characters in the value")
    string = key.encode() if value is None else key.encode() + b"=" + value
    if len(string) > MAX_PAIR_BYTES:
        rule = f"key, '=' and value have {len(string)} bytes, at most 255 fit (RFC 6763 §6.1)"
        raise InvalidTxtRecord(key, rule, "shorten the value or serve it over HTTP")
    return string
