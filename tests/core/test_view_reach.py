"""Whether a service is ours, who can reach it, and by which URL."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.services import Reason, ServiceInstance, State
from lanbridge.core.views import service_view
from tests.core.lamp import HOME, lamp, phone


@pytest.mark.parametrize(
    ("addresses", "own"),
    [
        (["192.168.1.5"], True),
        (["192.168.1.5", "fd00::5", "fe80::5"], True),
        (["172.17.0.1"], True),
        (["192.168.1.5", "127.0.0.1"], True),
        (["172.17.0.1", "192.168.1.20"], False),
        (["192.168.1.20"], False),
        (["127.0.0.1"], False),
        (["0.0.0.0"], False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_own_means_that_all_usable_addresses_are_ours(addresses: list[str], *, own: bool) -> None:
    """One shared address proves nothing: every Docker host has 172.17.0.1."""
    assert service_view(lamp(*addresses), HOME).own is own


@pytest.mark.parametrize(
    ("addresses", "viewer", "reason"),
    [
        (["192.168.1.20"], None, None),
        (["192.168.1.20"], "192.168.1.7", None),
        (["10.9.9.9", "192.168.1.20"], "192.168.1.7", None),
        (["fd00::20"], None, None),
        (["fd00::20"], "192.168.1.7", "no IPv4 address, and WeChat takes no other"),
        (["192.168.1.5"], None, "this host's own address"),
        (["192.168.1.5"], "192.168.1.7", None),
        (["192.168.1.7"], "192.168.1.7", "is the phone itself"),
        (["192.168.2.20"], None, "heard on wlan0"),
        (["192.168.2.20"], "192.168.1.7", "outside 192.168.1.0/24"),
        (["192.168.1.20"], "192.168.1.200/25", "outside 192.168.1.128/25"),
        (["127.0.0.1"], None, "a loopback address"),
    ],
)
def test_reachability(addresses: list[str], viewer: str | None, reason: str | None) -> None:
    """For the viewer by its own mask; for None, somebody on this host, by our interfaces."""
    view = service_view(lamp(*addresses), HOME, phone(viewer) if viewer else None)
    assert view.reachable is (reason is None)
    assert (view.url is None) is (reason is not None)
    assert reason is None or reason in (view.reason or "")


@pytest.mark.parametrize("viewer", [None, "192.168.1.7"])
@pytest.mark.parametrize(
    ("service", "reason"),
    [
        (lamp(state=State.OFFLINE, reason=Reason.GOODBYE), "goodbye"),
        (lamp(state=State.OFFLINE, reason=Reason.TTL), "ttl"),
        (lamp(state=State.OFFLINE, reason=Reason.NO_ANSWER), "no-answer"),
        (
            replace(lamp(state=State.FOUND, port=0), host=""),
            "it was found, but its address and port are not known yet",
        ),
        (
            replace(lamp(state=State.FOUND), addresses=()),
            "it was found, but the address of lamp.local is not known yet",
        ),
        (
            replace(lamp(state=State.FOUND), txt_raw=b""),
            "it was found, but its TXT record is not known yet",
        ),
        (
            lamp("fe80::20", state=State.FOUND),
            "it was found, but its IPv4 address is not known yet",
        ),
        (lamp(port=0), "port 0 is no port that one can connect to"),
        (replace(lamp(), addresses=()), "no address is known"),
    ],
    ids=[
        "goodbye",
        "ttl",
        "no-answer",
        "found",
        "no host record",
        "no TXT",
        "no IPv4",
        "port 0",
        "no address",
    ],
)
def test_what_nobody_can_reach(service: ServiceInstance, reason: str, viewer: str | None) -> None:
    """The reason is the same for everybody, and there is no URL."""
    view = service_view(service, HOME, phone(viewer) if viewer else None)
    assert (view.reachable, view.reason, view.url) == (False, reason, None)


def test_a_stale_service_may_still_be_reached() -> None:
    """Stale is a question, not a verdict."""
    assert service_view(lamp(state=State.STALE), HOME).reachable


@pytest.mark.parametrize(
    ("type_", "scheme"),
    [
        ("_http._tcp", "http"),
        ("_https._tcp", "https"),
        ("_ws._tcp", "ws"),
        ("_lanbridge._tcp", "http"),
        ("_ipp._tcp", None),
        ("_http._udp", None),
    ],
)
def test_only_types_that_can_be_opened_have_a_url(type_: str, scheme: str | None) -> None:
    """Reachable is one thing, a link to click another."""
    view = service_view(lamp(type_=type_), HOME)
    assert view.reachable
    assert view.url == (f"{scheme}://192.168.1.20:8086/" if scheme else None)


@pytest.mark.parametrize(
    ("pair", "path"),
    [
        (("path", b"/ui"), "/ui"),
        (("Path", b"/ui"), "/ui"),
        (("path", b"ui/?a=1&b=2#top"), "/ui/?a=1&b=2#top"),
        (("path", b""), "/"),
        (("path", None), "/"),
        (("patch", b"/ui"), "/"),
        (("path", b"//evil.example/"), "//evil.example/"),
        (("path", b"@evil.example/"), "/@evil.example/"),
        (("path", b"/my page"), "/my%20page"),
        (("path", b"/a%20b"), "/a%20b"),
        (("path", "/客".encode()), "/%E5%AE%A2"),
        (("path", b"/\xff"), "/%FF"),
        (("path", b'/"><script>'), "/%22%3E%3Cscript%3E"),
        (("path", b"/\x1b[2J\r\nSet-Cookie: a"), "/%1B[2J%0D%0ASet-Cookie:%20a"),
        (("path", "/\u202e".encode()), "/%E2%80%AE"),
        (("path", b"\\evil"), "/%5Cevil"),
    ],
    ids=lambda value: repr(value) if isinstance(value, tuple) else None,
)
def test_the_path_of_a_url(pair: tuple[str, bytes | None], path: str) -> None:
    """TXT `path` in any case of letters; the address before it cannot be talked away."""
    view = service_view(lamp(txt=(pair,)), HOME)
    assert view.url == f"http://192.168.1.20:8086{path}"


@given(st.binary(max_size=200))
def test_no_path_makes_an_unsafe_url(path: bytes) -> None:
    """Printable ASCII without spaces, quotes or brackets that HTML knows, whatever was sent."""
    url = service_view(lamp(txt=(("path", path),)), HOME).url
    assert url is not None
    assert url.startswith("http://192.168.1.20:8086/")
    assert url.isascii()
    assert url.isprintable()
    assert not set(url) & set(' "<>\\`{}|^')


@pytest.mark.parametrize(
    ("addresses", "url"),
    [
        (["fd00::20"], "http://[fd00::20]:8086/"),
        (["fe80::20"], None),
        (["fe80::20", "fd00::20"], "http://[fd00::20]:8086/"),
        (["10.9.9.9", "fd00::20"], "http://[fd00::20]:8086/"),
    ],
    ids=["brackets", "link-local", "the other address", "not the first"],
)
def test_ipv6_in_urls(addresses: list[str], url: str | None) -> None:
    """In brackets; a link-local one has a zone that means nothing elsewhere, so it makes none."""
    view = service_view(lamp(*addresses), HOME)
    assert view.reachable
    assert view.url == url
