"""What a connection may take: sizes, times and places; `sweep` is given the time."""

import asyncio
import contextlib
import gc
import json
import logging
import socket
import weakref

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from lanbridge.api import connections
from lanbridge.api.connections import (
    BODY_S,
    HEAD_S,
    MAX_DISCARDED_BYTES,
    MAX_HEAD_BYTES,
    Bounded,
)
from lanbridge.api.front import Message, Receive, Scope, Send
from lanbridge.api.h11_protocol import H11
from lanbridge.api.httptools_protocol import MAX_AHEAD, Httptools
from tests.api.conftest import Dial
from tests.serving import Served, until

GET = "GET /echo HTTP/1.1\r\nhost: a\r\n\r\n"
POST = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n"


async def heard(server: Served, *sizes_bytes: int) -> None:
    """Until the server has read so much from each of its connections."""
    of = server.connections

    def sizes() -> list[int]:
        return sorted(one.received_bytes for one in of.connections if isinstance(one, Bounded))

    await until(lambda: sizes() == sorted(sizes_bytes))


def sweep(server: Served, after_s: float) -> None:
    """The clock ticks, so many seconds from now."""
    server.connections.sweep(asyncio.get_running_loop().time() + after_s)


@pytest.mark.parametrize(
    ("request_", "statuses"),
    [
        ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
        ("GET\r\n\r\n", {400}),
        ("GET /echo HTTP/9\r\n\r\n", {400}),
        ("GET /echo HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n", {400}),
        ("GET /echo HTTP/1.1\r\nhost : a\r\n\r\n", {400}),
        (POST.format("x"), {400}),
        (POST.format("-1"), {400}),
        (POST.format("1, 2"), {400}),
        (POST.format("9" * 40), {400, 413}),
        (POST.format(10**15), {413}),
        (POST.format("5\r\ntransfer-encoding: chunked") + "0\r\n\r\n", {400}),
        ("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", {400}),
        ("CONNECT /echo HTTP/1.1\r\nhost: a\r\n\r\n", {501}),
        ("CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n", {400, 501}),
        (POST.format("9" * 5_000), {400}),
        ("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n", {400, 501}),
        ("GET /echo HTTP/1.1\r\n\r\n", {400}),
        ("GET /echo HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", {400}),
        ("GET /echo HTTP/1.0\r\n\r\n", {200}),
        ("GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n", {400}),
    ],
)
async def test_requests_that_make_no_sense(
    server: Served, dial: Dial, request_: str, statuses: set[int]
) -> None:
    """Each is answered with the right status, and others are served."""
    raw = await dial()
    raw.send(request_.encode("latin-1"))
    assert await raw.status() in statuses
    raw = await dial()
    raw.send(GET)
    assert await raw.status() == 200


async def test_what_cannot_be_parsed_is_told_as_a_problem(dial: Dial) -> None:
    """Even where there is no request, the answer is a problem document, and is read whole."""
    raw = await dial()
    raw.send("nonsense\r\n\r\n")
    head, _, body = (await raw.rest()).partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == "bad-request"


async def test_a_head_without_end(server: Served, dial: Dial) -> None:
    """431 comes when the head has passed its limit, and is not lost in a reset."""
    raw = await dial()
    raw.send("GET /echo HTTP/1.1\r\nhost: a\r\n")
    for number in range(20 * MAX_HEAD_BYTES // 1000):
        raw.send(f"x-{number}: {'a' * 1000}\r\n")
    assert await raw.status() == 431
    assert server.connections.refused == {"head-too-large": 1}


async def test_a_head_without_end_on_a_connection_that_was_used(server: Served, dial: Dial) -> None:
    """The second request of a connection has the limits of the first."""
    raw = await dial()
    raw.send(GET)
    assert await raw.status() == 200
    raw.send("GET /" + "a" * 1_000_000)
    assert await raw.status() == 431


CHUNKED = "POST /echo{} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (CHUNKED.format("") + "0\r\n", f"x: {'a' * 1_000}\r\n"),
        (CHUNKED.format("") + "0\r\nx: ", "a" * 1_000),
        (CHUNKED.format("/raw") + "1;", "a" * 1_000),
        (GET.replace("/echo", "/echo/delay/0.3") + "GET /", "a" * 1_000),
        (GET.replace("/echo", "/echo/delay/0.3") + GET[:-2], f"x: {'a' * 1_000}\r\n"),
    ],
    ids=["trailers", "a trailer", "an extension of a chunk", "a second target", "a second head"],
)
async def test_what_has_no_end_behind_a_head(
    server: Served, dial: Dial, begin: str, piece: str
) -> None:
    """What is neither head nor body of a request is bounded like a head, and nobody waits."""
    raw = await dial()
    raw.send(begin)
    await until(lambda: server.connections.tasks)
    for _ in range(1_000):
        raw.send(piece)
    other = await dial()
    other.send(GET)
    assert await other.status() == 200
    while (status := await raw.status()) == 200:  # h11 reads a second head when it has answered
        pass
    assert status == 431
    assert server.connections.refused == {"head-too-large": 1}


async def test_trailers_are_no_headers(dial: Dial) -> None:
    """RFC 9110 §6.5.1: what comes behind a body adds nothing to what came before it."""
    raw = await dial()
    raw.send(CHUNKED.format("") + "0\r\nx-late: 1\r\nhost: b\r\n\r\n" + GET)
    head = await raw.reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split()[0])
    received = json.loads(await raw.reader.readexactly(length))
    assert [name for name, _ in received["headers"]] == ["host", "transfer-encoding"]
    assert received["body"] == "a"
    assert await raw.status() == 200


async def test_a_large_head_within_the_limit(dial: Dial) -> None:
    """Cookies of 60 KB are no attack."""
    raw = await dial()
    raw.send(f"GET /echo/raw HTTP/1.1\r\nhost: a\r\ncookie: {'a' * 60_000}\r\n\r\n")
    assert await raw.status() == 200


UPGRADE = (
    "GET /echo/ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{}\r\n"
)


async def test_an_upgrade_with_a_large_head(server: Served, dial: Dial) -> None:
    """What is a WebSocket's by then is let be, and its place is given back."""
    raw = await dial()
    raw.send(UPGRADE.format(f"cookie: {'a' * 7_000}\r\n" * 10))
    assert await raw.status() == 101
    raw.writer.close()
    await until(lambda: not server.connections.connections)
    assert not server.connections.of_client
    assert not server.connections.refused


async def test_an_upgrade_ahead_of_an_answer(server: Served, dial: Dial) -> None:
    """The answer comes before the frames; httptools cannot, and refuses the upgrade."""
    raw = await dial()
    raw.send(GET.replace("/echo", "/echo/delay/0.1") + UPGRADE.format(""))
    assert await raw.status() == 200
    assert await raw.status() in (101, 400)
    await until(lambda: not server.connections.waiting)
    raw.writer.close()
    await until(lambda: not server.connections.connections)
    assert not server.connections.waiting
    assert not server.connections.of_client


async def test_a_head_that_does_not_come(server: Served, dial: Dial) -> None:
    """Who says nothing is closed in silence, who stops in the middle is told 408."""
    silent, slow = await dial(), await dial()
    slow.send("GET /echo HTTP/1.1\r\nhost:")
    await heard(server, 0, 25)
    sweep(server, HEAD_S - 1)
    assert len(server.connections.connections) == 2
    sweep(server, HEAD_S + 1)
    assert await silent.rest() == b""
    assert await slow.status() == 408
    assert server.connections.refused == {"too-slow": 2}
    assert not server.connections.waiting


async def test_a_second_head_that_does_not_come(server: Served, dial: Dial) -> None:
    """A connection that was used, and then stops in the middle of a head, has the same time."""
    raw = await dial()
    raw.send(GET)
    assert await raw.status() == 200
    raw.send("GET /ec")
    await heard(server, 7)
    sweep(server, HEAD_S + 1)
    assert await raw.status() == 408


async def test_a_connection_that_is_needed_no_more(server: Served, dial: Dial) -> None:
    """It is closed after as long as a head may take, and that is no refusal."""
    raw = await dial()
    raw.send(GET)
    assert await raw.status() == 200
    await until(lambda: server.connections.waiting)
    sweep(server, HEAD_S - 1)
    assert server.connections.waiting
    sweep(server, HEAD_S + 1)
    assert not server.connections.waiting
    await asyncio.wait_for(raw.rest(), 5)
    assert not server.connections.refused


async def test_a_body_that_does_not_come(server: Served, dial: Dial) -> None:
    """A body has its time, longer as more of it has come; then it is 408, and nothing waits."""
    raw = await dial()
    raw.send(POST.format(100_000) + "a" * 10_240)
    await heard(server, len(POST.format(100_000)) + 10_240)
    sweep(server, BODY_S + 8)
    assert server.connections.tasks
    sweep(server, BODY_S + 12)
    assert await raw.status() == 408
    await asyncio.wait_for(raw.rest(), 5)
    assert not server.connections.tasks


async def test_an_answer_that_takes_long_is_not_cut_off(server: Served, dial: Dial) -> None:
    """Time is the client's while it sends, and ours while we answer."""
    raw = await dial()
    raw.send("GET /echo/delay/0.2 HTTP/1.1\r\nhost: a\r\n\r\n")
    await until(lambda: server.connections.tasks)
    sweep(server, 1000)
    assert await raw.status() == 200


async def test_a_body_that_stops_while_it_is_answered(server: Served, dial: Dial) -> None:
    """Where the answer has begun there is no status left to send, and the connection ends."""
    raw = await dial()
    raw.send(f"POST /echo/raw HTTP/1.1\r\nhost: a\r\ncontent-length: {2**21}\r\n\r\n")
    raw.send(b"a" * (2**20 + 2**19))
    await raw.reader.readexactly(2**20)
    sweep(server, 10_000)
    assert len(await raw.rest()) < 2**20


async def test_an_answer_before_the_end_of_a_body(server: Served, dial: Dial) -> None:
    """The rest of the body is thrown away, and the connection goes on."""
    raw = await dial()
    raw.send(POST.format(3_000_000))
    assert await raw.status() == 413
    raw.send(b"a" * 3_000_000 + GET.encode())
    assert await raw.status() == 200
    sweep(server, 1)
    assert server.connections.connections


async def test_the_rest_of_a_body_has_an_end_too(server: Served, dial: Dial) -> None:
    """Neither its bytes nor its time are without limit."""
    endless, slow = await dial(), await dial()
    for raw in (endless, slow):
        raw.send(POST.format(10**12))
        assert await raw.status() == 413
    sweep(server, BODY_S + 1)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await slow.status()
    with pytest.raises(ConnectionError):  # noqa: PT012 - each write may be the one that fails
        for _ in range(3 * MAX_DISCARDED_BYTES // 65_536):
            endless.send(b"a" * 65_536)
            await endless.writer.drain()


async def test_a_thousand_half_open_connections(server: Served, dial: Dial) -> None:
    """Who connects and says nothing stops nobody."""
    for _ in range(1_000):
        await dial()
    raw = await dial()
    raw.send(GET)
    assert await raw.status() == 200
    await until(lambda: len(server.connections.connections) == 1_001)
    sweep(server, HEAD_S + 1)
    assert len(server.connections.waiting) <= 1


async def test_the_longest_waiting_makes_room(
    server: Served, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit a newcomer takes the place of who said nothing for longest."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    busy = await dial()
    busy.send("GET /echo/delay/60 HTTP/1.1\r\nhost: a\r\n\r\n")
    await until(lambda: server.connections.tasks)
    first, second, third = await dial(), await dial(), await dial()
    assert await first.status() == 503
    third.send(GET)
    assert await third.status() == 200
    assert server.connections.refused == {"crowded": 1}
    assert second.reader.at_eof() is False


async def test_no_room_among_those_that_are_served(
    server: Served, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody waits, the newcomer is refused."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 1)
    busy = await dial()
    busy.send("GET /echo/delay/60 HTTP/1.1\r\nhost: a\r\n\r\n")
    await until(lambda: server.connections.tasks)
    assert await (await dial()).status() == 503


async def test_requests_in_a_row(dial: Dial) -> None:
    """Pipelined requests, RFC 9112 §9.3.2, are answered in order."""
    raw = await dial()
    raw.send("".join(f"GET /echo/status/{code} HTTP/1.1\r\nhost: a\r\n\r\n" for code in (200, 404)))
    assert [await raw.status(), await raw.status()] == [200, 404]


async def test_more_requests_than_are_read_ahead(server: Served, dial: Dial) -> None:
    """h11 keeps them as bytes; httptools as requests, and of those few: the rest is refused."""
    raw = await dial()
    raw.send("".join([GET.replace("/echo", "/echo/delay/0.2"), *[GET] * 1_000]))
    await until(lambda: server.connections.tasks)
    (connection,) = server.connections.connections
    if isinstance(connection, Httptools):
        assert len(connection.pipeline) <= MAX_AHEAD
        statuses = [await raw.status() for _ in range(MAX_AHEAD + 2)]
        assert statuses == [200] * (MAX_AHEAD + 1) + [503]
        assert await raw.rest() == b""
        assert server.connections.refused == {"crowded": 1}
    else:
        assert {await raw.status() for _ in range(1_001)} == {200}
    raw = await dial()
    raw.send(GET * MAX_AHEAD)
    assert [await raw.status() for _ in range(MAX_AHEAD)] == [200] * MAX_AHEAD


async def test_answers_do_not_wait_for_acknowledgements(server: Served, dial: Dial) -> None:
    """Without TCP_NODELAY the body of every answer is 40 ms behind its head."""
    await dial()
    await until(lambda: server.connections.waiting)
    (connection,) = server.connections.waiting
    sock = connection.transport.get_extra_info("socket")
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_one_host_does_not_take_all_the_places(
    server: Served, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond its share it is told so, keeps no place, and has one again when another ends."""
    monkeypatch.setattr(connections, "MAX_OF_ONE_CLIENT", 3)
    monkeypatch.setattr(connections, "_LOOPBACK", ())
    held = [await dial() for _ in range(3)]
    for raw in held:
        raw.send(GET)
        assert await raw.status() == 200
    refused = await dial()
    assert await refused.status() == 503
    assert await refused.rest() == b""
    assert server.connections.refused == {"crowded": 1}
    assert server.connections.of_client == {"127.0.0.1": 3}
    held[0].writer.close()
    await until(lambda: server.connections.of_client == {"127.0.0.1": 2})
    again = await dial()
    again.send(GET)
    assert await again.status() == 200


async def test_a_place_is_given_back_however_a_connection_ends(server: Served, dial: Dial) -> None:
    """As a WebSocket that closes or is denied, as a request that is refused, or cut off."""
    async with connect(f"ws://127.0.0.1:{server.port}/echo/ws", proxy=None):
        assert server.connections.of_client == {"127.0.0.1": 1}
    with pytest.raises(InvalidStatus):
        await connect(f"ws://127.0.0.1:{server.port}/echo/nope", proxy=None)
    (await dial()).send("nonsense\r\n\r\n")
    (await dial()).send(GET.replace("GET", "POST").replace("host", "content-length: 9\r\nhost"))
    (await dial()).writer.close()
    await until(lambda: len(server.connections.connections) == 2)
    sweep(server, BODY_S + HEAD_S)
    await until(lambda: not server.connections.of_client)


async def test_proxies_on_this_host_have_no_share(
    server: Served, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody may be behind one."""
    monkeypatch.setattr(connections, "MAX_OF_ONE_CLIENT", 1)
    for _ in range(3):
        raw = await dial()
        raw.send(GET)
        assert await raw.status() == 200


async def test_an_address_in_the_request_line(dial: Dial) -> None:
    """RFC 9112 §3.2.2: "a server MUST accept the absolute-form"."""
    raw = await dial()
    raw.send("GET http://a/echo/status/201?x=1 HTTP/1.1\r\nhost: a\r\n\r\n")
    assert await raw.status() == 201
    raw.send("GET http://[a/echo HTTP/1.1\r\nhost: a\r\n\r\n")
    assert await raw.status() == 400


async def test_what_is_sent_ahead_is_not_read_while_somebody_is_answered(
    server: Served, dial: Dial
) -> None:
    """However often an answer asks whether its client is still there; in the end it is."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(50 if scope["method"] == "GET" else 0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    await receive()
        size_bytes, more = 0, scope["method"] == "POST"
        while more:
            message = await receive()
            size_bytes, more = size_bytes + len(message["body"]), message["more_body"]
        body = b"ok" if size_bytes in (0, 16 * 1024 * 1024) else b"no"
        await send({"type": "http.response.body", "body": body})

    server.config.loaded_app = app
    raw = await dial()
    raw.send(GET + POST.format(16 * 1024 * 1024))
    raw.send(bytes(16 * 1024 * 1024))
    await raw.reader.readuntil(b"\r\n\r\n")
    (connection,) = server.connections.connections
    assert isinstance(connection, Bounded)
    await until(connection.has_ahead)
    while connection.has_ahead():
        assert held_bytes(connection) < 1024 * 1024
        await asyncio.sleep(0)
    assert await raw.reader.readexactly(2) == b"ok"
    await raw.reader.readuntil(b"\r\n\r\n")
    assert await raw.reader.readexactly(2) == b"ok"


def held_bytes(connection: Bounded) -> int:
    """Of requests that wait for their turn."""
    if isinstance(connection, Httptools):
        return sum(len(cycle.body) for cycle, _ in connection.pipeline)
    assert isinstance(connection, H11)
    return len(connection.conn.trailing_data[0])


async def test_a_body_is_waited_for_from_when_it_is_read(server: Served, dial: Dial) -> None:
    """Behind an answer that took long, it is given as much time as any."""
    raw = await dial()
    raw.send(GET.replace("/echo", "/echo/delay/0.05") + POST.format(2) + "a")
    (connection,) = await accepted(server)
    connection.since_s = asyncio.get_running_loop().time() - 1_000.0
    assert await raw.status() == 200
    await until(lambda: not connection.has_ahead())
    sweep(server, BODY_S / 2)
    raw.send("b")
    assert await raw.status() == 200


async def accepted(server: Served) -> list[Bounded]:
    """Its connections, when there are some that have a request."""
    of = server.connections
    await until(lambda: any(isinstance(one, Bounded) and one.cycle for one in of.connections))
    return [one for one in of.connections if isinstance(one, Bounded)]


async def test_a_body_that_was_thrown_away_leaves_a_connection_as_any(
    server: Served, dial: Dial
) -> None:
    """It waits for the next request, and not for ever."""
    raw = await dial()
    raw.send(POST.format(2 * 1024 * 1024))
    assert await raw.status() == 413
    (connection,) = await accepted(server)
    assert connection not in server.connections.waiting
    raw.send(bytes(2 * 1024 * 1024))
    await until(lambda: connection in server.connections.waiting)
    raw.send(GET)
    assert await raw.status() == 200
    await until(lambda: connection in server.connections.waiting)
    sweep(server, HEAD_S + 1)
    assert await raw.rest() == b""


async def test_nothing_leaves_behind_a_refusal(
    dial: Dial, caplog: pytest.LogCaptureFixture
) -> None:
    """An application that has not heard of it may still ask for the body: 100 comes too late."""
    faults: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    raw = await dial()
    raw.send(
        "POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n"
        "transfer-encoding: chunked\r\n\r\nzz\r\n"
    )
    assert await raw.status() == 400
    assert await raw.rest() == b""
    assert not faults
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_who_leaves_is_missed_behind_what_it_sent_ahead(server: Served, dial: Dial) -> None:
    """The answer that is being given hears of it, and not only the latest request."""
    left = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        message: Message = {}
        while message.get("type") != "http.disconnect":
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    message = await receive()
        left.set()

    server.config.loaded_app = app
    raw = await dial()
    raw.send(GET * 2)
    await raw.reader.readuntil(b"\r\n\r\n")
    raw.writer.transport.abort()
    await left.wait()
    await until(lambda: not server.connections.tasks)


async def test_a_connection_that_has_ended_is_out_of_memory(server: Served, dial: Dial) -> None:
    """At once: the daemon lets the collector of cycles look seldom."""
    gc.collect()
    gc.disable()
    try:
        raw = await dial()
        raw.send(GET)
        assert await raw.status() == 200
        (connection,) = await accepted(server)
        gone = weakref.ref(connection)
        del connection
        raw.writer.close()
        await until(lambda: not server.connections.connections)
        for _ in range(10):
            await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("good", "bad", "status"),
    [
        (1, "nonsense\r\n\r\n", 400),
        (3, "nonsense\r\n\r\n", 400),
        (1, "GET /echo HTTP/1.1\r\n\r\n", 400),
        (2, "GET /echo HTTP/1.1\r\nx: " + "a" * 200_000, 431),
        (2, CHUNKED.format("") + "zz\r\n", 400),
        (1, "abc", 400),
    ],
    ids=["garbage", "later garbage", "no host", "no end", "bad body", "a body too long"],
)
async def test_a_good_request_is_answered_whatever_follows(
    dial: Dial, good: int, bad: str, status: int
) -> None:
    """What cannot be read is refused behind the answers, and not in their place."""
    raw = await dial()
    raw.send((POST.format(2) + "ok") * good + bad)
    assert [await raw.status() for _ in range(good)] == [200] * good
    raw.send("\r\n\r\n")  # what the last one is the beginning of
    assert await raw.status() == status
    assert await raw.rest() == b""


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ("GET /echo HTTP/1.1\r\n\r\n", "Host"),
        ("\x16\x03\x01\x02\x00\x01\r\n\r\n", "TLS"),
        ("GET /echo HTTP/1.1\r\nhost: a\r\nx: " + "a" * 400_000, "65536 bytes"),
    ],
)
async def test_a_refusal_says_what_to_do(dial: Dial, request_: str, told: str) -> None:
    """There is no request to look at, and yet a sentence."""
    raw = await dial()
    raw.send(request_)
    document = json.loads((await raw.rest()).partition(b"\r\n\r\n")[2])
    assert told in document["detail"]
