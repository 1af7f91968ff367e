"""Probes over HTTP, against servers that close, deny, delay and lie."""

import json
import socket

import pytest

from lanbridge.core.errors import InvalidInput
from lanbridge.probe.results import Outcome
from tests.probe.runs import HttpPeer, deaf_port, echoed, http_peer, outcomes, ping, results

OK = [(1, "ok"), (2, "ok"), (3, "ok")]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_an_echo_answers(address: str) -> None:
    """On one connection for all, whose opening is no part of a round trip."""
    peer = HttpPeer(echoed, echoed, echoed)
    async with http_peer(peer, address) as port:
        told = results(await ping("http", port, count=3, address=address, size_bytes=100))
    assert outcomes(told) == OK
    assert [(one.rtt_ms, one.connect_ms) for one in told] == [
        (1000, 1000),
        (1000, None),
        (1000, None),
    ]
    assert [one.received_bytes for one in told] == [100] * 3
    assert peer.connections == 1
    assert [body[:4] for _, body in peer.requests] == [b"\0\0\0\1", b"\0\0\0\2", b"\0\0\0\3"]
    host = f"[{address}]" if ":" in address else address
    head = peer.requests[0][0]
    assert head.startswith(f"POST /echo/raw HTTP/1.1\r\nHost: {host}:{port}\r\n")


async def test_a_path_is_asked_with_get() -> None:
    """As it is, but for what no URL may hold."""
    peer = HttpPeer(
        b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    )
    async with http_peer(peer) as port:
        told = results(await ping("http", port, count=2, path="/a b/客?c=%20"))
    assert outcomes(told) == [(1, "ok"), (2, "ok")]
    assert [(one.sent_bytes, one.received_bytes) for one in told] == [(0, 0), (0, 5)]
    assert peer.requests[0][0].startswith("GET /a%20b/%E5%AE%A2?c=%20 HTTP/1.1\r\n")
    assert peer.requests[0][1] == b""


async def test_a_size_for_a_path_that_is_sent_no_body_is_refused() -> None:
    """Rather than not sent."""
    with pytest.raises(InvalidInput, match="only /echo/raw is sent a body"):
        await ping("http", 9, path="/", size_bytes=64)


async def test_a_connection_that_the_server_ends_is_opened_again() -> None:
    """HTTP/1.0, or `Connection: close`; each probe has its connect time then."""
    peer = HttpPeer(*[lambda body: echoed(body).replace(b"HTTP/1.1", b"HTTP/1.0")] * 3)
    async with http_peer(peer) as port:
        told = results(await ping("http", port, count=3))
    assert outcomes(told) == OK
    assert [one.connect_ms for one in told] == [1000] * 3
    assert peer.connections == 3


async def test_an_idle_connection_that_was_closed_costs_no_probe() -> None:
    """RFC 9112 §9.3.1: the request is sent again on a new one."""
    peer = HttpPeer(echoed, b"", echoed)
    async with http_peer(peer) as port:
        told = results(await ping("http", port, count=2))
    assert outcomes(told) == [(1, "ok"), (2, "ok")]
    assert peer.connections == 2


async def test_a_new_connection_that_is_closed_is_a_bad_reply() -> None:
    """There is no third try."""
    async with http_peer(HttpPeer(b"")) as port:
        (result,) = results(await ping("http", port))
    assert (result.outcome, result.detail) == (
        Outcome.BAD_REPLY,
        "the connection was closed before the answer",
    )


async def test_the_guard_is_told_apart() -> None:
    """A 403 with lanbridge's reason."""
    body = json.dumps({"code": "refused", "detail": "not your subnet."}).encode()
    raw = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with http_peer(HttpPeer(raw)) as port:
        (result,) = results(await ping("http", port))
    assert (result.outcome, result.detail) == (Outcome.REFUSED_BY_GUARD, "not your subnet.")


@pytest.mark.parametrize("path", ["/lamp", ""], ids=["a path", "no echo"])
@pytest.mark.parametrize(
    ("status", "detail"),
    [
        ("307 Temporary Redirect", "it answers 307 Temporary Redirect"),
        ("403 Forbidden", "it answers 403 Forbidden"),
        ("404 Not Found", "it answers 404 Not Found"),
        ("500 Internal Server Error", "it answers 500 Internal Server Error"),
        ("501 Not Implemented", "it answers 501 Not Implemented"),
    ],
)
async def test_an_answer_of_any_status_is_one(path: str, status: str, detail: str) -> None:
    """wx.request gives each to `success`: the device is reached, and says what it says."""
    raw = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nno".encode()
    async with http_peer(HttpPeer(raw)) as port:
        (result,) = results(await ping("http", port, path=path))
    assert (result.outcome, result.detail) == (Outcome.OK, detail)
    assert (result.rtt_ms, result.received_bytes) == (1000, 2)


async def test_a_device_that_answers_everything_with_its_page_is_reached() -> None:
    """It knows no echo, and what it says is not mistaken for one."""
    async with http_peer(HttpPeer(echoed(b"<html>"))) as port:
        (result,) = results(await ping("http", port))
    assert result.outcome is Outcome.OK
    assert result.detail == "it answers 200, but what came back is not what was sent"


async def test_a_body_that_was_left_unread_is_not_answered_as_the_next_probe() -> None:
    """Who refuses a path may take the body for another request; of GET there is none."""
    refused = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    mistaken = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    echo, page = HttpPeer(refused + mistaken, refused), HttpPeer(refused, refused)
    async with http_peer(echo) as port:
        told = results(await ping("http", port, count=2))
    assert [one.detail for one in told] == ["it answers 404 Not Found"] * 2
    async with http_peer(page) as port:
        await ping("http", port, count=2, path="/lamp")
    assert (echo.connections, page.connections) == (2, 1)


async def test_another_body_is_a_bad_reply_and_the_next_probe_gets_its_own() -> None:
    """An answer that was sent twice is not taken for that of the next probe."""
    peer = HttpPeer(lambda body: echoed(body) * 2, echoed, echoed)
    async with http_peer(peer) as port:
        told = results(await ping("http", port, count=3))
    assert outcomes(told) == [(1, "ok"), (2, "bad-reply"), (3, "ok")]
    assert "what came back is not what was sent" in told[1].detail
    assert peer.connections == 2


async def test_what_is_no_http_is_a_bad_reply() -> None:
    """Whatever it says instead."""
    async with http_peer(HttpPeer(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")) as port:
        (result,) = results(await ping("http", port))
    assert result.outcome is Outcome.BAD_REPLY
    assert result.detail == "it speaks no HTTP: its first line is no status line"


async def test_an_answer_that_does_not_come_is_a_timeout_and_never_the_next_ones() -> None:
    """The connection is given up, for the answer may still come."""
    peer = HttpPeer(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n", echoed)
    async with http_peer(peer) as port:
        told = await ping("http", port, count=2, timeout_s=0.3)
    assert outcomes(told) == [(1, "timeout"), (2, "ok")]
    assert peer.connections == 2


async def test_a_port_where_nobody_listens_refuses() -> None:
    """As over TCP."""
    with deaf_port(socket.SOCK_STREAM) as port:
        assert outcomes(await ping("http", port)) == [(1, "refused")]
