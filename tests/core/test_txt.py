"""TXT records: strangers' bytes decode to something, ours encode or are refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lanbridge.core.errors import InvalidTxtRecord
from lanbridge.core.text import printable
from lanbridge.core.txt import (
    ABSENT,
    MAX_IGNORED,
    MAX_PAIRS,
    MAX_TXT_BYTES,
    TxtRecord,
    decode,
    encode,
    parse_pair,
)

Pairs = tuple[tuple[str, bytes | None], ...]


def strings(*parts: bytes) -> bytes:
    """The RDATA that holds these strings."""
    return b"".join(bytes((len(part),)) + part for part in parts)


DECODED: dict[str, tuple[bytes, Pairs, tuple[str, ...]]] = {
    "key and value": (strings(b"path=/"), (("path", b"/"),), ()),
    "key without value": (strings(b"key"), (("key", None),), ()),
    "key with empty value": (strings(b"key="), (("key", b""),), ()),
    "equals in the value": (strings(b"q=a=b"), (("q", b"a=b"),), ()),
    "value of any bytes": (strings(b"mac=\x00\xff\x1b"), (("mac", b"\x00\xff\x1b"),), ()),
    "space in the key": (strings(b" a b =1"), ((" a b ", b"1"),), ()),
    "order is kept": (strings(b"b=1", b"a=2"), (("b", b"1"), ("a", b"2")), ()),
    "255 bytes": (strings(b"k=" + b"v" * 253), (("k", b"v" * 253),), ()),
    "no key": (strings(b"=v", b"a=1"), (("a", b"1"),), ("'=v' has no key",)),
    "only an equals sign": (strings(b"="), (), ("'=' has no key",)),
    "first of repeated keys": (
        strings(b"Key=1", b"kEY", b"key=2"),
        (("Key", b"1"),),
        ("key 'kEY' is repeated", "key 'key' is repeated"),
    ),
    "control in the key": (
        strings(b"a\x1bb=1", b"c"),
        (("c", None),),
        (r"key 'a\u{1b}b' is not printable ASCII",),
    ),
    "del in the key": (strings(b"\x7f"), (), (r"key '\u{7f}' is not printable ASCII",)),
    "utf-8 key": (strings("é=1".encode()), (), ("key 'é' is not printable ASCII",)),
    "key of other bytes": (strings(b"\xff\xa0=1"), (), (r"key '\xff\xa0' is not printable ASCII",)),
    "long bad key is cut": (
        strings("é".encode() * 99),
        (),
        (f"key '{'é' * 39}…' is not printable ASCII",),
    ),
    "single zero byte": (b"\x00", (), ()),
    "no rdata at all": (b"", (), ()),
    "empty string between": (b"\x00\x01a\x00", (("a", None),), ()),
    "length past the end": (
        b"\x03a=1\x09b=2",
        (("a", b"1"),),
        ("the last string has 3 of 9 bytes",),
    ),
    "length and nothing else": (b"\x01", (), ("the last string has 0 of 1 bytes",)),
}

REFUSED: dict[str, tuple[Pairs, str]] = {
    "empty key": ((("", b"v"),), "the key is empty"),
    "equals in the key": ((("a=b", None),), "printable ASCII without '='"),
    "control in the key": ((("a\x00", None),), "printable ASCII without '='"),
    "key not ASCII": ((("é", None),), "printable ASCII without '='"),
    "256 bytes": ((("k", b"v" * 254),), "have 256 bytes"),
    "long key": ((("k" * 256, None),), "have 256 bytes"),
    "repeated key": ((("Key", None), ("kEY", b"1")), "the key is there already"),
    "too long a record": (
        tuple((f"k{number:02}", b"v" * 250) for number in range(36)),
        f"an mDNS packet holds {MAX_TXT_BYTES}",
    ),
}

KEY = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="="))
PAIR = st.tuples(KEY.filter(bool), st.none() | st.binary(max_size=120))
PAIRS = st.lists(PAIR, max_size=20, unique_by=lambda pair: pair[0].lower()).map(tuple)


class TestDecode:
    """RFC 6763 §6: what is not understood is dropped, the rest is kept."""

    @pytest.mark.parametrize(("rdata", "pairs", "ignored"), DECODED.values(), ids=DECODED)
    def test_decode(self, rdata: bytes, pairs: Pairs, ignored: tuple[str, ...]) -> None:
        """Pairs come in wire order; each dropped string leaves its reason."""
        assert decode(rdata) == TxtRecord(pairs, ignored)

    def test_pairs_are_bounded(self) -> None:
        """A record of thousands of keys costs no more than the first of them."""
        rdata = strings(*(f"k{number}".encode() for number in range(MAX_PAIRS + 9)))
        record = decode(rdata)
        assert len(record.pairs) == MAX_PAIRS
        assert record.ignored == ("45 further bytes are not read: too many strings",)

    def test_exactly_as_many_pairs_as_allowed(self) -> None:
        """The limit itself is no reason to complain."""
        record = decode(strings(*(f"k{number}".encode() for number in range(MAX_PAIRS))))
        assert (len(record.pairs), record.ignored) == (MAX_PAIRS, ())

    def test_reasons_are_bounded(self) -> None:
        """64 KiB of "=" do not become 32,767 sentences."""
        record = decode(b"\x01=" * 32_767)
        assert record.pairs == ()
        assert len(record.ignored) == MAX_IGNORED + 1
        assert record.ignored[-1] == "65502 further bytes are not read: too many strings"

    @given(st.binary(max_size=600) | st.lists(st.binary(max_size=20)).map(lambda x: strings(*x)))
    @example(b"\xff" * 65_535)
    @example(b"\x00" * 65_535)
    def test_decode_is_total(self, rdata: bytes) -> None:
        """Any bytes decode; what was kept survives a round trip, what was dropped is printable."""
        record = decode(rdata)
        assert decode(encode(record.pairs)) == TxtRecord(record.pairs)
        assert [reason for reason in record.ignored if reason != printable(reason)] == []
        assert list(record.as_json()) == [key for key, _ in record.pairs]


class TestRecord:
    """RFC 6763 §6.4: a key is in one of four states."""

    record = TxtRecord((("Path", b"/"), ("empty", b""), ("alone", None), ("mac", b"\xb8\x27")))

    @pytest.mark.parametrize(
        ("key", "state"),
        [("path", b"/"), ("EMPTY", b""), ("alone", None), ("other", ABSENT)],
        ids=["value", "empty value", "no value", "absent"],
    )
    def test_get(self, key: str, state: object) -> None:
        """The four states are told apart, whatever the case of the key."""
        assert self.record.get(key) == state

    def test_as_json(self) -> None:
        """Text is text, a missing value is null, other bytes are shown escaped."""
        assert self.record.as_json() == {"Path": "/", "empty": "", "alone": None, "mac": "\\xb8'"}


class TestEncode:
    """Ours: in order, or refused with the rule."""

    def test_no_pairs(self) -> None:
        """RFC 6763 §6.1: a record without attributes is one zero byte, never nothing."""
        assert encode(()) == b"\x00"

    def test_order_and_states(self) -> None:
        """Pairs are written as given, `key` and `key=` apart."""
        assert encode([("b", b"1"), ("a", None), ("c", b"")]) == b"\x03b=1\x01a\x02c="

    @pytest.mark.parametrize(("pairs", "rule"), REFUSED.values(), ids=REFUSED)
    def test_refused(self, pairs: Pairs, rule: str) -> None:
        """A pair that the wire cannot carry is refused with the rule it breaks."""
        with pytest.raises(InvalidTxtRecord) as caught:
            encode(pairs)
        assert rule in caught.value.rule
        assert caught.value.remedy

    @given(PAIRS)
    def test_decode_undoes_encode(self, pairs: Pairs) -> None:
        """What we advertise, we read back, and nothing is ignored."""
        assert decode(encode(pairs)) == TxtRecord(pairs)


class TestParsePair:
    """What a user writes behind --txt."""

    @pytest.mark.parametrize(
        ("text", "pair"),
        [
            ("path=/", ("path", b"/")),
            ("key=", ("key", b"")),
            ("key", ("key", None)),
            ("q=a=b", ("q", b"a=b")),
            ("name=灯", ("name", "灯".encode())),
            ("mac=\udcff", ("mac", b"\xff")),
        ],
        ids=["value", "empty", "alone", "equals in the value", "utf-8", "argument bytes"],
    )
    def test_parse_pair(self, text: str, pair: tuple[str, bytes | None]) -> None:
        """The three spellings mean value, empty value and no value."""
        assert parse_pair(text) == pair

    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            ("", "the key is empty"),
            ("=v", "the key is empty"),
            ("é=v", "printable ASCII"),
            ("k=\ud800", "not valid Unicode"),
            ("k=" + "灯" * 85, "have 257 bytes"),
        ],
        ids=["nothing", "no key", "key not ASCII", "surrogate", "too long"],
    )
    def test_refused(self, text: str, rule: str) -> None:
        """A pair that cannot be sent is refused with the rule it breaks."""
        with pytest.raises(InvalidTxtRecord) as caught:
            parse_pair(text)
        assert rule in caught.value.rule

    @given(st.text(st.characters(exclude_categories=())))
    def test_parse_pair_is_total(self, text: str) -> None:
        """Any text is a pair that can be sent, or is refused."""
        try:
            pair = parse_pair(text)
        except InvalidTxtRecord:
            return
        assert decode(encode([pair])).pairs == (pair,)
