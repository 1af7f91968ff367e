"""May a mini-program talk to this address, or open this URL: all platforms, all calls."""

from ipaddress import ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.errors import InvalidAddress, InvalidPort
from lanbridge.wechat.calls import Call
from lanbridge.wechat.check import TargetCheck, check_address, check_url
from lanbridge.wechat.lan import Phone
from lanbridge.wechat.platforms import Platform
from lanbridge.wechat.rules import Answer, Verdict

PHONE = "192.168.1.77/24"
LETTERS = {Answer.YES: "y", Answer.NO: "n", Answer.DEPENDS: "d"}


def phone(text: str | None) -> Phone | None:
    """Where it is: IP/PREFIX, after it `hotspot` if it is one."""
    if text is None:
        return None
    interface, _, hotspot = text.partition(" ")
    return Phone(ip_interface(interface), hotspot=bool(hotspot))


def answers(check: TargetCheck) -> str:
    """The worst answer of documented, Android, iOS, HarmonyOS and the developer tools."""
    worst = {one.platform: "y" for one in check.verdicts}
    for verdict in check.verdicts:
        worst[verdict.platform] = max(
            worst[verdict.platform], LETTERS[verdict.answer], key="ydn".index
        )
    return "".join(worst[platform] for platform in Platform)


def deciding(check: TargetCheck, platform: Platform = Platform.DOCUMENTED) -> Verdict:
    """The one verdict of a platform."""
    (verdict,) = (one for one in check.verdicts if one.platform == platform)
    return verdict


# What is asked, where the phone is, for which call; the answers as `answers` gives them.
ADDRESSES: dict[str, tuple[str, str | None, str, str]] = {
    "neighbour": ("192.168.1.20", PHONE, "request", "yyydy"),
    "neighbour, socket": ("192.168.1.20", PHONE, "socket", "yyydy"),
    "neighbour, upload": ("192.168.1.20", PHONE, "upload", "yyydy"),
    "neighbour, download": ("192.168.1.20", PHONE, "download", "yyydy"),
    "neighbour, tcp": ("192.168.1.20", PHONE, "tcp", "yyyyy"),
    "neighbour, udp": ("192.168.1.20", PHONE, "udp", "yydyy"),
    "mapped": ("::ffff:192.168.1.20", PHONE, "request", "yyydy"),
    "by the phone's own mask": ("10.0.3.4", "10.0.9.9/16", "request", "yyydy"),
    "outside its mask": ("10.0.3.4", "10.18.9.9/16", "request", "nnnnd"),
    "other subnet": ("192.168.2.20", PHONE, "request", "nnnnd"),
    "other subnet, tcp": ("192.168.2.20", PHONE, "tcp", "nnnnd"),
    "other subnet, udp: the documents disagree": ("192.168.2.20", PHONE, "udp", "ddddd"),
    "phone itself": ("192.168.1.77", PHONE, "request", "nnnnd"),
    "phone itself, udp": ("192.168.1.77", PHONE, "udp", "ddddd"),
    "broadcast": ("192.168.1.255", PHONE, "request", "nnnnd"),
    "broadcast of the subnet, udp": ("192.168.1.255", PHONE, "udp", "ddddd"),
    "broadcast to all, udp": ("255.255.255.255", PHONE, "udp", "yydyy"),
    "broadcast to all, udp, phone unknown": ("255.255.255.255", None, "udp", "yydyy"),
    "broadcast to all, tcp": ("255.255.255.255", None, "tcp", "nnnnd"),
    "multicast": ("224.0.0.251", None, "request", "nnnnd"),
    "multicast, udp": ("224.0.0.251", None, "udp", "ddddd"),
    "loopback": ("127.0.0.1", PHONE, "request", "nnnnd"),
    "loopback, udp": ("127.0.0.1", PHONE, "udp", "nnnnd"),
    "loopback ipv6": ("::1", None, "request", "nnnnd"),
    "ipv6": ("fe80::20%eth0", PHONE, "request", "dnddd"),
    "ipv6, tcp": ("fe80::20", PHONE, "tcp", "ddddd"),
    "phone on ipv6": ("192.168.1.20", "2001:db8::9/64", "request", "dnddd"),
    "phone unknown": ("192.168.1.20", None, "request", "ddddd"),
    "hotspot host": ("192.168.1.20", f"{PHONE} hotspot", "request", "ynddy"),
    "hotspot host, tcp": ("192.168.1.20", f"{PHONE} hotspot", "tcp", "ydddy"),
    "hotspot host, other subnet": ("192.168.2.20", f"{PHONE} hotspot", "request", "nnnnd"),
    ".local": ("pi.local", PHONE, "request", "nnnnd"),
    ".local with a dot at the end": ("PI.Local.", PHONE, "request", "nnnnd"),
    ".local, tcp": ("pi.local", PHONE, "tcp", "nnnnd"),
    ".local, udp": ("pi.local", PHONE, "udp", "ddddd"),
    "localhost": ("localhost", PHONE, "request", "nnnnd"),
    "one label": ("pi", PHONE, "request", "nnnnd"),
    "a name": ("api.example.com", PHONE, "request", "ddddd"),
}

URLS: dict[str, tuple[str, str | None, str | None, str]] = {
    "http": ("http://192.168.1.20:8080/x", PHONE, None, "yyydy"),
    "http without a port": ("http://192.168.1.20/", PHONE, None, "yyydy"),
    "bare IP:PORT": ("192.168.1.20:8080", PHONE, None, "yyydy"),
    "bare IP:PORT with a path": ("192.168.1.20:8080/x", PHONE, "socket", "yyydy"),
    "ws": ("ws://192.168.1.20:8080/x", PHONE, None, "yyydy"),
    "ws for wx.request": ("ws://192.168.1.20:8080/x", PHONE, "request", "nnnnn"),
    "http for wx.connectSocket": ("http://192.168.1.20/x", PHONE, "socket", "nnnnn"),
    "ftp": ("ftp://192.168.1.20/x", PHONE, None, "nnnnn"),
    "https on the LAN": ("https://192.168.1.20/x", PHONE, None, "ddndd"),
    "wss on the LAN": ("wss://192.168.1.20/x", PHONE, None, "ddndd"),
    "https elsewhere": ("https://192.168.2.20/x", PHONE, None, "nnnnd"),
    "tcp": ("192.168.1.20:8620", PHONE, "tcp", "yyyyy"),
    "tcp, a refused port": ("192.168.1.20:8080", PHONE, "tcp", "nnnnn"),
    "tcp, a low port": ("192.168.1.20:80", PHONE, "tcp", "nnnnn"),
    "tcp, a URL": ("http://192.168.1.20:8620", PHONE, "tcp", "nnnnn"),
    "udp, any port": ("192.168.1.20:53", PHONE, "udp", "yydyy"),
    "udp, a URL": ("http://192.168.1.20:8620", PHONE, "udp", "nnnnn"),
    "ipv6": ("http://[fe80::20]:80/", PHONE, None, "dnddd"),
    "ipv6 with an escaped scope": ("http://[fe80::20%25eth0]:80/", PHONE, None, "dnddd"),
    "mapped": ("http://[::ffff:192.168.1.20]/", PHONE, None, "dnddd"),
    "mapped, elsewhere": ("http://[::ffff:192.168.2.20]/", PHONE, None, "nnnnd"),
    "mapped, tcp": ("[::ffff:192.168.1.20]:8620", PHONE, "tcp", "ddddd"),
    ".local": ("http://pi.local:8080/", PHONE, None, "nnnnd"),
    ".local over https": ("https://pi.local/", PHONE, None, "nnnnd"),
    "http to a name": ("http://api.example.com/", PHONE, None, "nnnnd"),
    "https to a name": ("https://api.example.com/", PHONE, None, "ddddd"),
    "tcp to a name": ("api.example.com:8620", PHONE, "tcp", "ddddd"),
    "Chinese in a ws URL": ("ws://192.168.1.20:80/灯", PHONE, None, "ynydy"),
    "Chinese in an http URL": ("http://192.168.1.20:80/灯", PHONE, None, "yyydy"),
}


@pytest.mark.parametrize(("text", "where", "call", "row"), ADDRESSES.values(), ids=ADDRESSES)
def test_addresses(text: str, where: str | None, call: str, row: str) -> None:
    """The documented rule, and each platform where it is known to differ."""
    check = check_address(text, phone(where), Call(call))
    assert answers(check) == row
    assert LETTERS[check.answer] == row[0]


@pytest.mark.parametrize(("text", "where", "call", "row"), URLS.values(), ids=URLS)
def test_urls(text: str, where: str | None, call: str | None, row: str) -> None:
    """Scheme, port and host together: the worst counts."""
    check = check_url(text, phone(where), Call(call) if call else None)
    assert answers(check) == row
    assert LETTERS[check.answer] == row[0]


@pytest.mark.parametrize("text", ["", " ", "pi local", "192.168.1", "192.168.01.1", "1.2.3.4:80"])
def test_what_is_no_address(text: str) -> None:
    """Nonsense gets no verdict."""
    with pytest.raises(InvalidAddress):
        check_address(text, None)


@pytest.mark.parametrize(
    ("text", "call", "error"),
    [
        ("", None, InvalidAddress),
        ("http://", None, InvalidAddress),
        ("nonsense:x", None, InvalidAddress),
        ("http://192.168.1.20:99999/", None, InvalidPort),
        ("http://192.168.1.20:0/", None, InvalidPort),
        ("192.168.1.20", Call.TCP, InvalidPort),
        ("192.168.1.20", Call.UDP, InvalidPort),
    ],
)
def test_what_is_no_url(text: str, call: Call | None, error: type[Exception]) -> None:
    """Nor what lacks the port that the call needs."""
    with pytest.raises(error):
        check_url(text, None, call)


def test_a_platform_may_decide() -> None:
    """The answer is then that of its verdicts, which are among all."""
    where = phone(f"{PHONE} hotspot")
    documented = check_address("192.168.1.20", where)
    android = check_address("192.168.1.20", where, platform=Platform.ANDROID)
    assert (documented.answer, android.answer) == (Answer.YES, Answer.NO)
    assert documented.verdicts == android.verdicts


def test_the_verdict_of_another_subnet() -> None:
    """What, which value, which rule, what to do, and what the phone says."""
    verdict = deciding(check_url("http://10.0.0.20:8080/", phone(PHONE)))
    assert verdict.sentence == (
        "10.0.0.20 is outside 192.168.1.0/24, the subnet of 192.168.1.77 by its mask 255.255.255.0"
    )
    assert verdict.rule.id == "lan-same-subnet"
    assert verdict.remedy == "put the device and the phone in one subnet"
    assert verdict.error_text == "request:fail url not in domain list (errno 600002)"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (Call.REQUEST, "request:fail url not in domain list (errno 600002)"),
        (Call.SOCKET, "connectSocket:fail url not in domain list (errno 600002)"),
        (Call.UPLOAD, "uploadFile:fail url not in domain list (errno 600002)"),
        (Call.DOWNLOAD, "downloadFile:fail url not in domain list (errno 600002)"),
        (Call.TCP, "TCPSocket.connect connect fail: invalid address (code -4)"),
        (Call.UDP, None),
    ],
)
def test_what_a_refusal_looks_like(call: Call, text: str | None) -> None:
    """Each call begins the message with its own name."""
    assert deciding(check_address("127.0.0.1", None, call)).error_text == text


def test_an_assumed_mask_asks_for_the_real_one() -> None:
    """A no that rests on a guess says how to know."""
    guess = Phone(ip_interface("10.0.9.9/24"), assumed=True)
    verdict = deciding(check_address("10.0.8.8", guess))
    assert "by its assumed mask 255.255.255.0" in verdict.sentence
    assert verdict.remedy is not None
    assert "wx.getLocalIPAddress" in verdict.remedy


def test_all_faults_are_told() -> None:
    """Mending one must not uncover the next."""
    check = check_url("192.168.2.20:8080", phone(PHONE), Call.TCP)
    documented = [one.rule.id for one in check.verdicts if one.platform == Platform.DOCUMENTED]
    assert documented == ["tcp-ports", "lan-same-subnet"]


def test_what_it_depends_on_is_not_told_beside_a_no() -> None:
    """HarmonyOS may refuse what is allowed, and this is not."""
    check = check_url("ws://192.168.1.20:80/", phone(PHONE), Call.REQUEST)
    assert [one.platform for one in check.verdicts] == list(Platform)
    assert {one.rule.id for one in check.verdicts} == {"scheme"}


@pytest.mark.parametrize("call", [Call.REQUEST, Call.UPLOAD, Call.DOWNLOAD])
def test_chinese_in_a_url_is_warned_of(call: Call) -> None:
    """It is allowed, and the same URL fails in a socket on Android."""
    check = check_url("http://192.168.1.20:80/灯", phone(PHONE), call)
    (warning,) = {one.warning for one in check.verdicts}
    assert warning is not None
    assert "wx.connectSocket fails on Android" in warning
    assert warning.endswith("; pass encodeURI(url)")


@pytest.mark.parametrize(
    ("url", "call"),
    [
        ("http://192.168.1.20:80/%E7%81%AF", Call.REQUEST),
        ("ws://192.168.1.20:80/灯", Call.SOCKET),
        ("192.168.1.20:8620/灯", Call.TCP),
    ],
)
def test_of_what_is_escaped_refused_or_not_sent_there_is_no_warning(url: str, call: Call) -> None:
    """A socket has a verdict on it, and one of TCP takes no URL."""
    assert {one.warning for one in check_url(url, phone(PHONE), call).verdicts} == {None}


def test_the_developer_tools_prove_nothing() -> None:
    """A no of the domain check can be switched off there, a wrong scheme cannot."""
    verdict = deciding(check_address("192.168.2.20", phone(PHONE)), Platform.DEVTOOLS)
    assert verdict.sentence.endswith("it passes here, and on no phone")
    assert verdict.rule.id == "devtools-skip-check"


HOSTS = st.ip_addresses().map(lambda one: str(one) if one.version == 4 else f"[{one}]")
TEXTS = st.text() | st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "http://", "wss://", "x://", "//"]),
    HOSTS | st.sampled_from(["pi.local", "a.b", "灯.com", "[", "", "user@h"]),
    st.integers(-1, 70_000).map(lambda port: f":{port}") | st.just(""),
    st.text(max_size=3),
)
PHONES = st.none() | st.builds(
    lambda address, length, hotspot: Phone(ip_interface((address, length)), hotspot=hotspot),
    st.ip_addresses(),
    st.integers(0, 32),
    st.booleans(),
)


@given(TEXTS, PHONES, st.none() | st.sampled_from(Call), st.sampled_from(Platform))
def test_check_url_is_total(
    text: str, where: Phone | None, call: Call | None, platform: Platform
) -> None:
    """Any text is refused as nonsense, or gets a verdict of every platform."""
    try:
        check = check_url(text, where, call, platform)
    except (InvalidAddress, InvalidPort):
        return
    assert {one.platform for one in check.verdicts} == set(Platform)
    for verdict in check.verdicts:
        assert verdict.sentence.isprintable()
        if verdict.answer is Answer.NO:
            assert verdict.remedy


@given(st.ip_addresses(), PHONES, st.sampled_from([one for one in Call if one is not Call.UDP]))
def test_what_a_service_view_says(address: object, where: Phone | None, call: Call) -> None:
    """A documented yes is what makes a service reachable, and nothing else is."""
    answer = check_address(str(address), where, call).answer
    if where is None:
        assert answer is not Answer.YES
    else:
        reach = where.reach([address], 80)  # type: ignore[list-item]
        assert (answer is Answer.YES) == reach.reachable


@pytest.mark.parametrize("url", ["ftp://pi.local/", "mqtt://192.168.9.9:1883", "udp://10.0.0.1:1"])
def test_a_scheme_of_no_call_is_all_that_is_said(url: str) -> None:
    """The rules of its host are for a URL that a mini-program could open."""
    verdict = deciding(check_url(url, phone(PHONE)))
    scheme = url.partition(":")[0]
    assert (verdict.answer, verdict.rule.id) == (Answer.NO, "scheme")
    assert verdict.sentence == f"{scheme} is no scheme of wx.request"
    assert (verdict.remedy or "").startswith(
        "pass wx.createUDPSocket the address and the port" if scheme == "udp" else "write http://"
    )
