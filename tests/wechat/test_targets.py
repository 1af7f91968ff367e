"""What somebody wants to talk to, read from text."""

from ipaddress import ip_address

import pytest

from lanbridge.core.errors import InvalidAddress, InvalidPort
from lanbridge.wechat.targets import Target, parse_host, parse_target

IP = ip_address("192.168.1.20")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("192.168.1.20:8620", Target(None, "192.168.1.20", IP, 8620)),
        ("192.168.1.20", Target(None, "192.168.1.20", IP, None)),
        ("HTTP://192.168.1.20/a?b#c", Target("http", "192.168.1.20", IP, None)),
        ("ws://192.168.1.20:/", Target("ws", "192.168.1.20", IP, None)),
        ("[fe80::1]:80", Target(None, "fe80::1", ip_address("fe80::1"), 80)),
        (
            "http://[fe80::1%25eth0]/",
            Target("http", "fe80::1%eth0", ip_address("fe80::1%eth0"), None),
        ),
        ("https://API.example.com./", Target("https", "api.example.com.", None, None)),
        ("http://灯.example/", Target("http", "灯.example", None, None)),
        ("http:80", Target(None, "http", None, 80)),
        ("pi_1.local:65535", Target(None, "pi_1.local", None, 65535)),
    ],
)
def test_targets(text: str, target: Target) -> None:
    """Scheme and host are in lower case, as a URL parser gives them."""
    assert parse_target(text) == target


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "it names no host"),
        ("http:///x", "it names no host"),
        (":80", "it names no host"),
        ("http://192.168.1.20/a b", "it holds a space"),
        ("http:\\\\192.168.1.20", "it holds a space, a backslash"),
        ("http://192.168.1.20/\x1b", "a character that is not printed"),
        ("http://192.168.1.20\n", "a character that is not printed"),
        ("http://[fe80::1/", "it is no URL"),
        ("http://192.168.1.20:x/", "'x', is no port"),
        ("javascript:alert(1)", "'alert(1)', is no port"),
        ("http:/192.168.1.20", "after http: come no two slashes"),
        ("WS:192.168.1.20", "after WS: come no two slashes"),
        ("http://192.168.1.20@example.com/", "it holds a user name"),
        ("http://192.168.1/", "it ends in a number"),
        ("http://3232235796/", "it ends in a number"),
        ("http://192.168.01.20/", "begins with 0, which some read as octal"),
        ("http://0x7f.1/", "it ends in a number"),
        ("http://0x7F000001/", "it ends in a number"),
        ("http://192.168.1.0x14/", "it ends in a number"),
        ("http://-a.example/", "it is neither an IP address nor a host name"),
        ("http://a..b/", "it is neither an IP address nor a host name"),
        (f"http://{'a.' * 127}a/", "it is neither an IP address nor a host name"),
    ],
)
def test_nonsense(text: str, rule: str) -> None:
    """What is no target is refused with the reason, and an example."""
    with pytest.raises(InvalidAddress) as caught:
        parse_target(text)
    assert rule in caught.value.rule
    assert caught.value.remedy is not None
    assert "192.168.1.20" in caught.value.remedy


def test_port_0_is_no_port() -> None:
    """Though a URL may hold it."""
    with pytest.raises(InvalidPort):
        parse_target("192.168.1.20:0")


def test_hosts() -> None:
    """With an address where it is one."""
    assert parse_host("192.168.1.20") == ("192.168.1.20", IP)
    assert parse_host("lamp.local.") == ("lamp.local.", None)


@pytest.mark.parametrize("text", ["192.168.1.20:80", "http://192.168.1.20", "192.168.1.20/24"])
def test_what_is_more_than_a_host_is_for_another_question(text: str) -> None:
    """The remedy names it."""
    with pytest.raises(InvalidAddress) as caught:
        parse_host(text)
    assert "ask `lanbridge check url`" in (caught.value.remedy or "")
