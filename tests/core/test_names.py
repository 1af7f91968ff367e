"""Service types, instance names and host names: ours refused with the rule, theirs never raising.

The numbered rows are those of the serviceType table in docs on WeChat (§5.2), RFC column.
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lanbridge.core.errors import InvalidHostName, InvalidInstanceName, InvalidServiceType
from lanbridge.core.names import (
    SERVICE_META,
    HostName,
    InstanceName,
    ServiceType,
    fold,
    is_valid_type,
    labels,
    split_instance,
)

HTTP = ServiceType("http", "tcp")

ACCEPTED = {
    "1 official sample": ("_http._tcp.", HTTP),
    "2 no dot": ("_http._tcp", HTTP),
    "8 udp": ("_http._udp.", ServiceType("http", "udp")),
    "9 esp8266": ("_biubiu._udp.", ServiceType("biubiu", "udp")),
    "10 two characters": ("_hf._tcp.", ServiceType("hf", "tcp")),
    "11 one letter": ("_a._tcp", ServiceType("a", "tcp")),
    "13 digit first": ("_9p._tcp", ServiceType("9p", "tcp")),
    "16 inner hyphen": ("_lan-bridge._tcp", ServiceType("lan-bridge", "tcp")),
    "22 exactly 15": ("_lanbridge-wecha._tcp", ServiceType("lanbridge-wecha", "tcp")),
    "27 upper-case name": ("_HTTP._tcp", HTTP),
    "28 upper-case protocol": ("_http._TCP", HTTP),
    "two hyphens apart": ("_a-b-c._tcp", ServiceType("a-b-c", "tcp")),
}

# Rows that RFC 6763 §7 does not call a service type, and that parse reads all the same: Android's
# own spelling, subtypes, and the name of the meta-query.
LENIENT = {
    "32 android found event": ("._http._tcp", HTTP),
    "32 with both dots": ("._http._tcp.", HTTP),
    "34 comma subtype": ("_http._tcp,_printer", ServiceType("http", "tcp", "_printer")),
    "35 dot before comma": ("_http._tcp.,_printer", ServiceType("http", "tcp", "_printer")),
    "35 dot at the end": ("_http._tcp,_printer.", ServiceType("http", "tcp", "_printer")),
    "38 wire subtype": ("_printer._sub._http._tcp", ServiceType("http", "tcp", "_printer")),
    "38 upper case": ("_Printer._SUB._HTTP._tcp.", ServiceType("http", "tcp", "_Printer")),
    "subtype without underscore": ("_http._tcp,printer", ServiceType("http", "tcp", "printer")),
    "subtype with a dot": ("v1.2._sub._http._tcp", ServiceType("http", "tcp", "v1.2")),
    "subtype in Chinese": ("_http._tcp,打印机", ServiceType("http", "tcp", "打印机")),
    "39 meta-query": ("_services._dns-sd._udp", ServiceType("services._dns-sd", "udp")),
    "39 meta-query, dot": ("_Services._dns-sd._udp.", ServiceType("services._dns-sd", "udp")),
}

REFUSED = {
    "3 domain": ("_http._tcp.local", "the domain is not part", "_http._tcp"),
    "4 domain and dot": ("_http._tcp.local.", "the domain is not part", "_http._tcp"),
    "5 no underscore": ("http._tcp.", "the first label must start", "_http._tcp"),
    "6 no underscore, protocol": ("_http.tcp", "the protocol label must start", "_http._tcp"),
    "6 no underscore at all": ("http.udp", "the protocol label must start", "_http._udp"),
    "7 one label": ("_http", "it lacks the protocol", "_http._tcp"),
    "7 one word": ("http", "it lacks the protocol", "_http._tcp"),
    "7 protocol only": ("_tcp", "it lacks the protocol", None),
    "12 no letter, short": ("_1._tcp", "at least one letter", None),
    "14 no letter": ("_123._udp", "at least one letter", None),
    "15 digits and hyphen": ("_6000-6063._tcp", "at least one letter", None),
    "17 two hyphens": ("_lan--bridge._tcp", "two hyphens in a row", "_lan-bridge._tcp"),
    "18 leading hyphen": ("_-lan._tcp", "begin or end with a hyphen", "_lan._tcp"),
    "19 trailing hyphen": ("_lan-._tcp", "begin or end with a hyphen", "_lan._tcp"),
    "20 inner underscore": ("_lan_bridge._tcp", "only letters", "_lan-bridge._tcp"),
    "21 two underscores": ("__http._tcp", "only letters", "_http._tcp"),
    "23 16 characters": ("_lanbridge-wechat._tcp", "16 characters", "_lanbridge-wecha._tcp"),
    "24 17 characters": ("_lanbridge-wechat1._tcp", "17 characters", "_lanbridge-wecha._tcp"),
    "24 cut at a hyphen": ("_fourteen-chars-x._tcp", "16 characters", "_fourteen-chars._tcp"),
    "25 62 characters": (f"_{'a' * 62}._tcp", "62 characters", f"_{'a' * 15}._tcp"),
    "26 63 characters": (f"_{'a' * 63}._tcp", "63 characters", f"_{'a' * 15}._tcp"),
    "29 sctp": ("_http._sctp", "or _udp for any other", "_http._udp"),
    "30 quic": ("_http._quic", "or _udp for any other", "_http._udp"),
    "31 two dots": ("_http._tcp..", "empty label", "_http._tcp"),
    "32 two leading dots": ("..http._tcp", "empty label", "_http._tcp"),
    "33 dangling comma": ("_http._tcp,", "the subtype is empty", "_http._tcp"),
    "36 two subtypes": ("_http._tcp,_a,_b", "two subtypes", "_a._sub._http._tcp"),
    "37 dotted subtype": ("_printer._http._tcp", "two labels", "_printer._sub._http._tcp"),
    "39 meta-query, domain": (SERVICE_META, "domain", "_services._sub._dns-sd._udp"),
    "40 two protocols": ("_http._tcp._udp", "two labels", "_http._tcp"),
    "41 dot in the name": ("_ht.tp._tcp", "two labels", "_ht-tp._tcp"),
    "42 inner space": ("_http ._tcp", "only letters", "_http._tcp"),
    "42 leading space": (" _http._tcp", "begins or ends with a space", "_http._tcp"),
    "42 trailing space": ("_http._tcp ", "begins or ends with a space", "_http._tcp"),
    "42 newline": ("_http._tcp\n", "begins or ends with a space", "_http._tcp"),
    "43 not ASCII": ("_局域网._tcp", "only letters", None),
    "43 kelvin sign": ("_\u212a._tcp", "only letters", "_k._tcp"),
    "44 empty name": ("_._tcp", "the name after the underscore is empty", None),
    "45 wildcard": ("*", "it lacks the protocol", None),
    "46 root": (".", "empty label", None),
    "47 empty": ("", "it is empty", None),
    "subtype with control": ("_http._tcp,a\x1bb", "control", "ab._sub._http._tcp"),
    "subtype with surrogate": ("_http._tcp,a\ud800", "surrogate", "a._sub._http._tcp"),
    "subtype with a dot first": ("_http._tcp,.a", "with a dot", "a._sub._http._tcp"),
    "subtype of 64 octets": (
        "_http._tcp," + "é" * 32,
        "more than 63 octets",
        "é" * 31 + "._sub._http._tcp",
    ),
    "wire subtype with domain": (
        "_p._sub._http._tcp.local",
        "the domain is not part",
        "_p._sub._http._tcp",
    ),
    "wire subtype without one": ("._sub._http._tcp", "two labels", "_sub._sub._http._tcp"),
}

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text("_.-,aZ1 é\ud800tcpudslob\n")
WIRE_LABEL = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=15)
PLAIN_LABEL = st.text("abcXYZ019-", min_size=1, max_size=12)


class TestServiceType:
    """RFC 6763 §7, RFC 6335 §5.1."""

    @pytest.mark.parametrize(("text", "type_"), ACCEPTED.values(), ids=ACCEPTED)
    def test_valid(self, text: str, type_: ServiceType) -> None:
        """A valid type is read, whatever its case and with or without the last dot."""
        assert ServiceType.parse(text) == type_

    @pytest.mark.parametrize(("text", "type_"), LENIENT.values(), ids=LENIENT)
    def test_lenient(self, text: str, type_: ServiceType) -> None:
        """What platforms write for a type is read as the type they mean."""
        assert ServiceType.parse(text) == type_

    @pytest.mark.parametrize(("text", "rule", "suggestion"), REFUSED.values(), ids=REFUSED)
    def test_refused(self, text: str, rule: str, suggestion: str | None) -> None:
        """A wrong type is refused with the rule it breaks and the nearest that breaks none."""
        with pytest.raises(InvalidServiceType) as caught:
            ServiceType.parse(text)
        assert caught.value.value == text
        assert rule in caught.value.rule
        assert caught.value.suggestion == suggestion
        if suggestion:
            ServiceType.parse(suggestion)

    def test_all_47_rows_are_here(self) -> None:
        """No row of the table was left out."""
        rows = {int(name.split()[0]) for name in (*ACCEPTED, *LENIENT, *REFUSED) if name[0] < "a"}
        assert rows == set(range(1, 48))

    @pytest.mark.parametrize(
        ("type_", "text", "fqdn", "browse_name"),
        [
            (HTTP, "_http._tcp", "_http._tcp.local", "_http._tcp.local"),
            (
                ServiceType("http", "tcp", "_printer"),
                "_http._tcp",
                "_http._tcp.local",
                "_printer._sub._http._tcp.local",
            ),
            (
                ServiceType.parse("_services._dns-sd._udp"),
                "_services._dns-sd._udp",
                SERVICE_META,
                SERVICE_META,
            ),
        ],
        ids=["plain", "subtype", "meta"],
    )
    def test_spellings(self, type_: ServiceType, text: str, fqdn: str, browse_name: str) -> None:
        """One type has a short name, a full name, and the name that is asked for."""
        assert (str(type_), type_.fqdn, type_.browse_name) == (text, fqdn, browse_name)

    @given(ANY_TEXT)
    def test_parse_is_total(self, text: str) -> None:
        """Any text is read or refused; what is suggested, and what is printed, can be read."""
        try:
            type_ = ServiceType.parse(text)
        except InvalidServiceType as error:
            if error.suggestion:
                ServiceType.parse(error.suggestion)
        else:
            assert ServiceType.parse(str(type_)) == ServiceType(type_.name, type_.protocol)
            assert ServiceType.parse(type_.browse_name.removesuffix(".local")) == type_

    @pytest.mark.parametrize("text", [text for text, _ in ACCEPTED.values() if text[-1] != "."])
    def test_valid_type(self, text: str) -> None:
        """The cheap check agrees where there is no leniency."""
        assert is_valid_type(text)

    @pytest.mark.parametrize(
        "text",
        [text for text, *_ in (*LENIENT.values(), *REFUSED.values())],
        ids=[*LENIENT, *REFUSED],
    )
    def test_not_valid_type(self, text: str) -> None:
        """The cheap check is strict: no dot at an end, no subtype, no domain."""
        assert not is_valid_type(text)


class TestInstanceName:
    """RFC 6763 §4.1.1 and §4.3."""

    @pytest.mark.parametrize(
        ("text", "instance"),
        [
            ("Dr. Lamp", "Dr. Lamp"),
            (" spaces ", " spaces "),
            ("客厅的灯 💡", "客厅的灯 💡"),
            ("cafe\u0301", "caf\u00e9"),
            ("e\u0301" * 31 + "x", "\u00e9" * 31 + "x"),
            ("x" * 63, "x" * 63),
            ("\u0085", "\u0085"),
        ],
        ids=["dot", "spaces", "unicode", "nfc", "63 octets after nfc", "63 octets", "c1 is legal"],
    )
    def test_valid(self, text: str, instance: str) -> None:
        """Any UTF-8 of 1 to 63 octets without ASCII controls is a name, in normal form C."""
        assert InstanceName.parse(text, HTTP) == InstanceName(instance, HTTP)

    @pytest.mark.parametrize(
        ("text", "type_", "rule", "remedy"),
        [
            ("", HTTP, "it is empty", "give it 1 to 63 octets of UTF-8"),
            ("a\tb\x7f", HTTP, "control character", "use 'a b'"),
            ("灯" * 22, HTTP, "66 octets", f"use '{'灯' * 21}'"),
            ("x" * 64, HTTP, "64 octets", f"use '{'x' * 63}'"),
            ("\ud800", HTTP, "surrogate", ""),
            ("\n" + "x" * 64, HTTP, "control character", f"use '{'x' * 63}'"),
            ("Lamp", ServiceType.parse("_services._dns-sd._udp"), "lists types", "own"),
        ],
        ids=["empty", "control", "too long, wide", "too long", "surrogate", "both", "meta"],
    )
    def test_refused(self, text: str, type_: ServiceType, rule: str, remedy: str) -> None:
        """A wrong name is refused with the rule and a name that would do."""
        with pytest.raises(InvalidInstanceName) as caught:
            InstanceName.parse(text, type_)
        assert rule in caught.value.rule
        assert remedy in (caught.value.remedy or "")

    def test_spellings(self) -> None:
        """The registry joins labels as they are; others get dots and backslashes escaped."""
        name = InstanceName.parse("Dr. L\\mp", ServiceType("http", "tcp", "_sub"))
        assert name.fqdn == "Dr. L\\mp._http._tcp.local"
        assert name.escaped == "Dr\\. L\\\\mp._http._tcp.local"
        assert name.display == "Dr. L\\mp"

    def test_display_is_safe(self) -> None:
        """What is legal on the wire may still drive a terminal."""
        assert InstanceName.parse("a\x9b2J", HTTP).display == r"a\u{9b}2J"

    @pytest.mark.parametrize(
        ("instance", "number", "renamed"),
        [
            ("Lamp", 2, "Lamp (2)"),
            ("x" * 63, 2, "x" * 59 + " (2)"),
            ("x" * 63, 10, "x" * 58 + " (10)"),
            ("灯" * 21, 2, "灯" * 19 + " (2)"),
        ],
        ids=["short", "long", "two digits", "no half character"],
    )
    def test_with_suffix(self, instance: str, number: int, renamed: str) -> None:
        """A taken name gets a number and stays a label."""
        assert InstanceName(instance, HTTP).with_suffix(number) == InstanceName(renamed, HTTP)


class TestHostName:
    """RFC 1035 §2.3.1, RFC 6762 §3."""

    @pytest.mark.parametrize("text", ["lamp", "lamp.local", "lamp.local.", "LAMP.Local", "lamp."])
    def test_valid(self, text: str) -> None:
        """All spellings of a host are one name."""
        assert HostName.parse(text) == HostName("lamp")
        assert HostName.parse(text).fqdn == "lamp.local"

    @pytest.mark.parametrize("label", ["a", "0", "x" * 63, "a--b", "3d-printer"])
    def test_valid_label(self, label: str) -> None:
        """Letters, digits and inner hyphens, 1 to 63 of them, make a label."""
        assert HostName.parse(label).label == label

    @pytest.mark.parametrize(
        ("text", "rule", "remedy"),
        [
            ("", "empty", None),
            (".local", "empty", None),
            ("lamp.lan", "one label under .local", "use 'lamp-lan.local'"),
            ("a.b.local", "one label under .local", "use 'a-b.local'"),
            ("192.168.1.20", "one label under .local", "use '192-168-1-20.local'"),
            ("living_room", "only letters", "use 'living-room.local'"),
            ("灯", "only letters", None),
            ("lamp\n", "only letters", "use 'lamp.local'"),
            ("x" * 64, "64 characters", f"use '{'x' * 63}.local'"),
            ("-lamp", "hyphen", "use 'lamp.local'"),
            ("lamp-.local", "hyphen", "use 'lamp.local'"),
        ],
    )
    def test_refused(self, text: str, rule: str, remedy: str | None) -> None:
        """A wrong host is refused with the rule and a host that would do, if one is near."""
        with pytest.raises(InvalidHostName) as caught:
            HostName.parse(text)
        assert rule in caught.value.rule
        assert caught.value.remedy == remedy

    @pytest.mark.parametrize(
        ("label", "number", "renamed"),
        [
            ("lamp", 2, "lamp-2"),
            ("x" * 63, 12, "x" * 60 + "-12"),
            ("x" * 60 + "-yz", 2, "x" * 60 + "-2"),
        ],
        ids=["short", "long", "no hyphen pair"],
    )
    def test_with_suffix(self, label: str, number: int, renamed: str) -> None:
        """A taken host gets a number and stays a label."""
        assert HostName(label).with_suffix(number) == HostName.parse(renamed)


SPLIT = {
    "plain": ("Lamp._http._tcp.local", ("Lamp", "_http._tcp", "local")),
    "trailing dot": ("Lamp._http._tcp.local.", ("Lamp", "_http._tcp", "local")),
    "dot in the name": ("Dr. Lamp._http._tcp.local", ("Dr. Lamp", "_http._tcp", "local")),
    "case": ("LAMP._HTTP._Tcp.LOCAL", ("LAMP", "_http._tcp", "local")),
    "a type in the name": (
        "x._ftp._tcp.y._ipp._tcp.local",
        ("x._ftp._tcp.y", "_ipp._tcp", "local"),
    ),
    "wide area": ("Lamp._http._udp.example.com", ("Lamp", "_http._udp", "example.com")),
    "wrong service label": ("Lamp._no_such-._tcp.local", ("Lamp", "_no_such-._tcp", "local")),
    "newline": ("La\nmp._http._tcp.local", ("La\nmp", "_http._tcp", "local")),
    "no underscores": ("esp32.http.tcp.local", None),
    "type": ("_http._tcp.local", None),
    "empty instance": ("._http._tcp.local", None),
    "subtype": ("_printer._sub._http._tcp.local", None),
    "meta": (SERVICE_META, None),
    "no domain": ("Lamp._http._tcp", None),
    "root domain": ("Lamp._http._tcp.", None),
    "host": ("lamp.local", None),
    "empty": ("", None),
    "empty service": ("Lamp._._tcp.local", None),
    "turkish dotless i": ("Lamp._http._tcp\u0131.local", None),
}

LABELS = {
    "instance": ("Dr. Lamp._http._tcp.local", ("Dr. Lamp", "_http", "_tcp", "local")),
    "trailing dot": ("Dr. Lamp._http._tcp.local.", ("Dr. Lamp", "_http", "_tcp", "local")),
    "type": ("_http._tcp.local", ("_http", "_tcp", "local")),
    "subtype": ("_printer._sub._http._tcp.local", ("_printer", "_sub", "_http", "_tcp", "local")),
    "subtype with a dot": (
        "v1.2._SUB._http._tcp.local",
        ("v1.2", "_SUB", "_http", "_tcp", "local"),
    ),
    "meta": (SERVICE_META, ("_services", "_dns-sd", "_udp", "local")),
    "host": ("lamp.local", ("lamp", "local")),
    "reverse": ("5.1.168.192.in-addr.arpa.", ("5", "1", "168", "192", "in-addr", "arpa")),
    "wide area": ("a.b._http._tcp.example.com", ("a.b", "_http", "_tcp", "example", "com")),
    "root": (".", ()),
    "empty": ("", ()),
}


class TestStrangersNames:
    """Joined names from the network: data, never an exception."""

    @pytest.mark.parametrize(("fqdn", "parts"), SPLIT.values(), ids=SPLIT)
    def test_split_instance(self, fqdn: str, parts: tuple[str, str, str] | None) -> None:
        """An instance name comes apart before its service label, and nothing else does."""
        assert split_instance(fqdn) == parts

    @pytest.mark.parametrize(("name", "parts"), LABELS.values(), ids=LABELS)
    def test_labels(self, name: str, parts: tuple[str, ...]) -> None:
        """A joined name gets its wire labels back."""
        assert labels(name) == parts

    @given(st.lists(PLAIN_LABEL, max_size=6).map(tuple))
    def test_labels_of_a_host(self, parts: tuple[str, ...]) -> None:
        """labels undoes join for names without a service."""
        assert labels(".".join(parts)) == parts

    @given(WIRE_LABEL | st.just("x._ipp._tcp.y"), PLAIN_LABEL, st.sampled_from(["_tcp", "_UDP"]))
    @example("a.", "http", "_tcp")
    @example(".", "http", "_tcp")
    @example("_sub", "http", "_tcp")
    def test_labels_of_an_instance(self, instance: str, service: str, protocol: str) -> None:
        """labels undoes join for any instance, whatever dots it holds, and split agrees."""
        parts = (instance, f"_{service}", protocol, "local")
        assert labels(".".join(parts)) == parts
        split = (instance, fold(f"_{service}.{protocol}"), "local")
        assert split_instance(".".join(parts)) == split

    @given(ANY_TEXT)
    @example("." * 5000)
    @example("._a._tcp" * 5000)
    @example("_a" * 5000 + "._tcp")
    def test_never_raises(self, text: str) -> None:
        """No text a stranger can make up is too odd."""
        labels(text)
        split_instance(text)
        split_instance(f"{text}._http._tcp.local")
        is_valid_type(text)

    @pytest.mark.parametrize(
        ("name", "key"),
        [
            ("LAMP.Local.", "lamp.local"),
            ("ÄÖ Lamp", "ÄÖ lamp"),
            ("\u212aELVIN", "\u212aelvin"),
            ("İ", "İ"),
            ("\ud800A", "\ud800a"),
            ("a..", "a"),
            ("", ""),
        ],
    )
    def test_fold(self, name: str, key: str) -> None:
        """Only A to Z have another case: RFC 6762 §16."""
        assert fold(name) == key

    @given(ANY_TEXT)
    def test_fold_is_idempotent(self, text: str) -> None:
        """The key of a key is the key, and it has as many characters but for the last dots."""
        assert fold(fold(text)) == fold(text)
        assert len(fold(text)) == len(text.rstrip("."))


def test_an_instance_name_that_reads_as_a_subtype_is_refused() -> None:
    """On the wire it would be two labels, as `Desk._sub._http._tcp.local` is."""
    with pytest.raises(InvalidInstanceName, match=r"use 'Desk'"):
        InstanceName.parse("Desk._sub", ServiceType("http", "tcp"))
