"""`/echo/ws` against RFC 6455, with frames written by hand."""

import asyncio
import base64
import hashlib
import struct
import zlib

import pytest

from lanbridge.api.front import Receive, Scope, Send
from lanbridge.api.sockets import MAX_MESSAGE_BYTES, WebSocket
from lanbridge.echo.bodies import Memory
from tests.api.conftest import Dial, Raw
from tests.serving import Served, until

KEY = base64.b64encode(b"0123456789abcdef").decode()
HEADERS = {
    "Host": "a",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN, RSV1, RSV2 = 0x80, 0x40, 0x20


def frame(opcode: int, data: bytes = b"", flags: int = FIN, *, masked: bool = True) -> bytes:
    """A frame as RFC 6455 §5.2 draws it, as short as its length allows."""
    mask = 0x80 if masked else 0
    if len(data) < 126:
        head = struct.pack("!BB", flags | opcode, mask | len(data))
    elif len(data) < 65_536:
        head = struct.pack("!BBH", flags | opcode, mask | 126, len(data))
    else:
        head = struct.pack("!BBQ", flags | opcode, mask | 127, len(data))
    if not masked:
        return head + data
    key = b"\x37\xfa\x21\x3d" * (len(data) // 4 + 1)
    secret = int.from_bytes(data, "big") ^ int.from_bytes(key[: len(data)], "big")
    return head + key[:4] + secret.to_bytes(len(data), "big")


def the(server: Served) -> WebSocket:
    """Its one connection."""
    (connection,) = server.connections.connections
    assert isinstance(connection, WebSocket)
    return connection


async def receive(raw: Raw) -> tuple[int, bytes]:
    """The first byte of a frame, and its data; no server masks (RFC 6455 §5.1)."""
    first, length = await raw.reader.readexactly(2)
    assert length < 128
    if length > 125:
        size = 2 if length == 126 else 8
        length = int.from_bytes(await raw.reader.readexactly(size), "big")
    return first, await raw.reader.readexactly(length)


async def closing(raw: Raw) -> int:
    """The code of the close frame that comes next; then the connection ends."""
    opcode, data = await receive(raw)
    assert opcode == FIN | CLOSE
    return int.from_bytes(data[:2], "big") if data else 1005


async def shake(dial: Dial, headers: dict[str, str] | None = None, method: str = "GET") -> Raw:
    """Send a handshake."""
    raw = await dial()
    lines = [f"{method} /echo/ws HTTP/1.1", *(f"{k}: {v}" for k, v in (headers or HEADERS).items())]
    raw.send("\r\n".join([*lines, "", ""]))
    return raw


async def opened(dial: Dial, **headers: str) -> Raw:
    """A WebSocket; `raw.reader` is behind the handshake."""
    more = {key.replace("_", "-"): value for key, value in headers.items()}
    raw = await shake(dial, HEADERS | more)
    head = await raw.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    digest = hashlib.sha1(f"{KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()  # noqa: S324 - RFC 6455 §4.2.2
    assert (
        b"sec-websocket-accept: " + base64.b64encode(digest)
        in head.replace(b"S", b"s").replace(b"W", b"w").replace(b"A", b"a")
        or base64.b64encode(digest) in head
    )
    return raw


@pytest.mark.parametrize("size_bytes", [0, 1, 125, 126, 127, 65_535, 65_536, MAX_MESSAGE_BYTES])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_messages_of_every_length_form(dial: Dial, opcode: int, size_bytes: int) -> None:
    """RFC 6455 §5.2: each of the three forms of the length comes back, up to the limit."""
    raw = await opened(dial)
    raw.send(frame(opcode, b"*" * size_bytes))
    assert await receive(raw) == (FIN | opcode, b"*" * size_bytes)


async def test_bytes_that_come_one_by_one(dial: Dial) -> None:
    """A frame may arrive in any pieces."""
    raw = await opened(dial)
    for byte in frame(TEXT, "客厅".encode()):
        raw.send(bytes([byte]))
        await asyncio.sleep(0)
    assert await receive(raw) == (FIN | TEXT, "客厅".encode())


async def test_fragments(dial: Dial) -> None:
    """RFC 6455 §5.4: a message in fragments is one, with a ping answered between them."""
    raw = await opened(dial)
    raw.send(frame(TEXT, "客".encode()[:2], 0))
    raw.send(frame(PING, b"now"))
    raw.send(frame(CONT, b"", 0))
    raw.send(frame(CONT, "客厅".encode()[2:]))
    assert await receive(raw) == (FIN | PONG, b"now")
    assert await receive(raw) == (FIN | TEXT, "客厅".encode())


@pytest.mark.parametrize("data", [b"", b"a", bytes(125)], ids=len)
async def test_pings(dial: Dial, data: bytes) -> None:
    """RFC 6455 §5.5.3: a pong has the data of its ping; a pong that nobody asked for is nothing."""
    raw = await opened(dial)
    raw.send(frame(PONG, b"unasked"))
    raw.send(frame(PING, data))
    assert await receive(raw) == (FIN | PONG, data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", 1005),
        (b"\x03\xe8", 1000),
        (b"\x03\xe8" + b"r" * 123, 1000),
        (b"\x0b\xb8" + "再见".encode(), 3000),
        (b"\x13\x87", 4999),
        # RFC 6455 §7.4: what is never sent, and §5.5.1: half a code
        (b"\x03", 1002),
        (b"\x03\xe7", 1002),
        (b"\x03\xec", 1002),
        (b"\x03\xed", 1002),
        (b"\x03\xee", 1002),
        (b"\x03\xf7", 1002),
        (b"\x13\x88", 1002),
        (b"\xff\xff", 1002),
        # §8.1: a reason that is no UTF-8
        (b"\x03\xe8\xff", 1007),
    ],
)
async def test_close(dial: Dial, data: bytes, code: int) -> None:
    """A close is answered with its code and reason, or with what is wrong with it."""
    raw = await opened(dial)
    raw.send(frame(CLOSE, data))
    opcode, answered = await receive(raw)
    assert opcode == FIN | CLOSE
    assert (int.from_bytes(answered[:2], "big") if answered else 1005) == code
    if code not in (1002, 1007):
        assert answered == data
    assert await raw.rest() == b""


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (frame(TEXT, b"a", masked=False), 1002),  # §5.1
        (frame(CLOSE, b"\x03\xe8", masked=False), 1002),
        (frame(TEXT, b"a", FIN | RSV2), 1002),  # §5.2
        (frame(TEXT, b"a", FIN | RSV1), 1002),  # no extension was negotiated
        (frame(TEXT, b"a", FIN | 0x10), 1002),
        (frame(PING, b"a", FIN | RSV1), 1002),
        *((frame(opcode, b"a"), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
        (frame(CONT, b"a"), 1002),  # §5.4
        (frame(TEXT, b"a", 0) + frame(TEXT, b"b"), 1002),
        (frame(PING, b"a", 0), 1002),  # §5.5
        (frame(CLOSE, b"\x03\xe8", 0), 1002),
        (frame(PING, bytes(126)), 1002),
        (frame(PONG, bytes(126)), 1002),
        (frame(CLOSE, b"\x03\xe8" + bytes(124)), 1002),
        (frame(TEXT, b"\xff"), 1007),  # §8.1
        (frame(TEXT, b"\xed\xa0\x80"), 1007),
        (frame(TEXT, b"\xe5\xae", 0) + frame(CONT, b""), 1007),
        (frame(TEXT, b"\xf4\x90\x80\x80"), 1007),
        (frame(BINARY, bytes(MAX_MESSAGE_BYTES + 1)), 1009),  # §7.4.1
        (frame(BINARY, bytes(MAX_MESSAGE_BYTES), 0) + frame(CONT, b"a"), 1009),
        (b"\x82\xff" + struct.pack("!Q", 2**40), 1009),
        # §5.2: the first bit must be 0. No code is named for it; websockets finds it too big first.
        (b"\x82\xff" + struct.pack("!Q", 2**63), 1009),
    ],
)
async def test_bad_frames(dial: Dial, frames: bytes, code: int) -> None:
    """Each ends its connection with the code that RFC 6455 has for it, and no other one."""
    bad, good = await opened(dial), await opened(dial)
    bad.send(frames)
    assert await closing(bad) == code
    good.send(frame(TEXT, b"still here"))
    assert await receive(good) == (FIN | TEXT, b"still here")


async def test_a_message_far_too_large(server: Served, dial: Dial) -> None:
    """A client that is still sending hears 1009, which a reset by the system would swallow."""
    raw = await opened(dial)
    raw.send(frame(BINARY, bytes(8 * MAX_MESSAGE_BYTES)))
    await raw.writer.drain()
    assert await closing(raw) == 1009
    assert await raw.rest() == b""
    raw.writer.close()
    await until(lambda: not (server.connections.connections or server.connections.tasks))


async def test_a_length_longer_than_it_needs(dial: Dial) -> None:
    """RFC 6455 §5.2 wants the shortest form; to read the others too harms nobody."""
    raw = await opened(dial)
    raw.send(b"\x81\xfe\x00\x01" + b"\0\0\0\0" + b"a")
    assert await receive(raw) == (FIN | TEXT, b"a")


@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        ({"Sec-WebSocket-Version": "8"}, {426}),
        ({"Sec-WebSocket-Key": ""}, {400}),
        ({"Sec-WebSocket-Key": "c2hvcnQ="}, {400}),
        ({"Connection": "keep-alive"}, {200}),
        ({"Upgrade": "h2c"}, {200}),
    ],
    ids=str,
)
async def test_bad_handshakes(dial: Dial, headers: dict[str, str], statuses: set[int]) -> None:
    """RFC 6455 §4.2.2: what is no handshake gets an answer that says so, or a plain one."""
    raw = await shake(dial, HEADERS | headers)
    assert await raw.status() in statuses


@pytest.mark.parametrize("version", ["8", "14", "", "13, 8", None])
async def test_another_version(dial: Dial, version: str | None) -> None:
    """RFC 6455 §4.2.2 and §4.4: the answer must name the version that is spoken here."""
    headers = {key: value for key, value in HEADERS.items() if key != "Sec-WebSocket-Version"}
    raw = await shake(
        dial, headers | ({} if version is None else {"Sec-WebSocket-Version": version})
    )
    head, _, _ = (await raw.rest()).lower().partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    assert status.startswith(b"http/1.1 426 ")
    assert {b"sec-websocket-version: 13", b"upgrade: websocket", b"connection: upgrade"} <= {*lines}


async def test_a_handshake_is_a_get(dial: Dial) -> None:
    """RFC 6455 §4.1."""
    raw = await shake(dial, HEADERS | {"Content-Length": "0"}, "POST")
    assert await raw.status() in (400, 405)


async def test_compression(dial: Dial) -> None:
    """RFC 7692: negotiated where it is asked for, in both directions."""
    raw = await opened(dial, Sec_WebSocket_Extensions="permessage-deflate")
    deflate = zlib.compressobj(wbits=-12)
    text = b"abc " * 1000
    data = (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    raw.send(frame(TEXT, data, FIN | RSV1))
    first, data = await receive(raw)
    assert first == FIN | RSV1 | TEXT
    assert len(data) < 100
    assert zlib.decompressobj(wbits=-15).decompress(data + b"\0\0\xff\xff") == text


async def test_a_bomb(server: Served, dial: Dial) -> None:
    """What inflates past the limit is 1009, and what one read held is not held inflated."""
    small = await opened(dial, Sec_WebSocket_Extensions="permessage-deflate")
    deflate = zlib.compressobj(wbits=-12)

    def zeros(size_bytes: int) -> bytes:
        data = deflate.compress(bytes(size_bytes)) + deflate.flush(zlib.Z_SYNC_FLUSH)
        return frame(BINARY, data[:-4], FIN | RSV1)

    small.send(b"".join(zeros(MAX_MESSAGE_BYTES) for _ in range(60)))
    for _ in range(60):
        first, _ = await receive(small)
        assert first == FIN | RSV1 | BINARY
        (connection,) = server.connections.connections
        assert connection.queue.qsize() <= 4  # type: ignore[union-attr]  # uvicorn's WebSocket
    small.send(zeros(MAX_MESSAGE_BYTES + 1))
    assert await closing(small) == 1009


async def test_a_message_in_a_million_fragments(server: Served, dial: Dial) -> None:
    """Each is a byte; what is kept of them is no more than the bytes."""
    raw = await opened(dial)
    one = frame(CONT, b"a", 0)
    raw.send(frame(TEXT, b"", 0) + one * 100_000)
    connection = the(server)
    await until(lambda: len(connection._joined) >= 100_000)
    assert len(connection.frames) == 1
    raw.send(frame(CONT, b"b"))
    assert await receive(raw) == (FIN | TEXT, b"a" * 100_000 + b"b")


async def test_pongs_that_nobody_reads(server: Served, dial: Dial) -> None:
    """Who does not read is not read from, and goes on where it was when it does."""
    raw = await opened(dial)
    connection = the(server)
    sent = 200_000  # 24 MiB of pongs, of which systems keep half at the most
    raw.send(frame(PING, bytes(125)) * sent)
    await until(lambda: not connection.writable.is_set())
    assert connection.transport.get_write_buffer_size() < 1024 * 1024
    assert len(connection._rest) < 1024 * 1024
    answers = await raw.reader.readexactly(sent * 127)
    assert answers == (bytes([FIN | PONG, 125]) + bytes(125)) * sent
    raw.send(frame(TEXT, b"still here"))
    assert await receive(raw) == (FIN | TEXT, b"still here")


class TestMemory:
    """What the messages of all connections take together."""

    @pytest.fixture(autouse=True)
    def little(self, server: Served) -> None:
        """100,000 bytes in all."""
        server.connections.messages = Memory(100_000)

    async def test_who_has_held_its_part_longest_gives_way(
        self, server: Served, dial: Dial
    ) -> None:
        """A message that does not come to its end stops no other one, and small ones go on."""
        stuck, good, small = [await opened(dial) for _ in range(3)]
        stuck.send(frame(BINARY, bytes(80_000))[:-1])
        await until(lambda: server.connections.holding)
        good.send(frame(BINARY, bytes(50_000)))
        assert await receive(good) == (FIN | BINARY, bytes(50_000))
        assert await closing(stuck) == 1013
        small.send(frame(TEXT, b"*" * 1_000))
        assert await receive(small) == (FIN | TEXT, b"*" * 1_000)
        assert server.connections.refused == {"busy": 1}

    @pytest.mark.parametrize("times", [1, 5])
    async def test_what_is_answered_is_given_back(
        self, server: Served, dial: Dial, times: int
    ) -> None:
        """And so is what ends with its connection."""
        raw, lost = await opened(dial), await opened(dial)
        for _ in range(times):
            raw.send(frame(BINARY, bytes(70_000)))
            assert await receive(raw) == (FIN | BINARY, bytes(70_000))
        raw.send(frame(TEXT, b"a"))
        assert await receive(raw) == (FIN | TEXT, b"a")
        lost.send(frame(BINARY, bytes(70_000))[:-1])
        await until(lambda: server.connections.holding)
        lost.writer.close()
        await until(lambda: not server.connections.holding)
        assert server.connections.messages.take(100_000)
        assert not server.connections.refused

    async def test_answers_that_nobody_reads_are_counted(self, server: Served, dial: Dial) -> None:
        """Until they are read; and so is what has come of the next messages."""
        server.connections.messages = Memory(500_000)
        raw = await opened(dial)
        connection = the(server)
        sent = 0
        while connection.writable.is_set():
            raw.send(frame(BINARY, bytes(90_000)))
            sent += 1
            await asyncio.sleep(0)
        assert list(server.connections.holding) == [connection]
        for _ in range(sent):
            assert await receive(raw) == (FIN | BINARY, bytes(90_000))
        raw.send(frame(TEXT, b"a"))
        assert await receive(raw) == (FIN | TEXT, b"a")
        assert not server.connections.holding

    async def test_a_bomb_is_counted_by_what_it_is(self, server: Served, dial: Dial) -> None:
        """Not by the bytes that came."""
        raw = await opened(dial, Sec_WebSocket_Extensions="permessage-deflate")
        deflate = zlib.compressobj(wbits=-12)
        data = deflate.compress(bytes(200_000)) + deflate.flush(zlib.Z_SYNC_FLUSH)
        raw.send(frame(BINARY, data[:-4], FIN | RSV1) * 3)
        assert await closing(raw) == 1013
        assert server.connections.messages.take(100_000)


async def test_many_messages_in_one_write(dial: Dial) -> None:
    """Nothing that one read brought is lost or turned round."""
    raw = await opened(dial)
    numbers = [str(number).encode() for number in range(20_000)]
    raw.send(b"".join(frame(TEXT, number) for number in numbers))
    assert [(await receive(raw))[1] for _ in numbers] == numbers


class Reading:
    """A transport that counts how often it is stopped."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.stops = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def pause_reading(self) -> None:
        self.stops += 1
        self._transport.pause_reading()


class Echo:
    """`await go.wait()`, then an echo; waits: whether for others, before it answers."""

    def __init__(self, server: Served, *, waits: bool = False) -> None:
        self.go = asyncio.Event()
        self.answered = 0
        self._waits = waits
        server.config.loaded_app = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await self.go.wait()
        while (message := await receive())["type"] == "websocket.receive":
            if self._waits:
                await asyncio.sleep(0)
            await send({"type": "websocket.send", "text": message["text"]})
            self.answered += 1


class Parting:
    """`await go.wait()`, then our close; it receives nothing."""

    def __init__(self, server: Served) -> None:
        self.go = asyncio.Event()
        server.config.loaded_app = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await self.go.wait()
        await send({"type": "websocket.close", "code": 4000})


async def test_a_message_at_a_time_stops_no_reading(server: Served, dial: Dial) -> None:
    """To stop and start again is two calls of the system, for each message."""
    raw = await opened(dial)
    connection = the(server)
    reading = Reading(connection.transport)
    connection.transport = reading  # type: ignore[assignment]
    for _ in range(10):
        raw.send(frame(TEXT, b"a"))
        assert await receive(raw) == (FIN | TEXT, b"a")
    assert reading.stops == 0


async def test_what_comes_before_the_answer_waits(server: Served, dial: Dial) -> None:
    """After one read more nothing is read; in the end all is answered in its order."""
    echo = Echo(server)
    raw = await opened(dial)
    connection = the(server)
    raw.send(frame(TEXT, b"0"))
    await until(lambda: connection.read_paused)
    assert connection.transport.is_reading()
    raw.send(frame(TEXT, b"1"))
    await until(lambda: not connection.transport.is_reading())
    raw.send(frame(TEXT, b"2"))
    echo.go.set()
    for number in (b"0", b"1", b"2"):
        assert await receive(raw) == (FIN | TEXT, number)


async def test_a_client_that_leaves_before_its_answer(server: Served, dial: Dial) -> None:
    """Its message waits for an application that waits for something else, and holds no place."""
    echo = Echo(server)
    raw = await opened(dial)
    connection = the(server)
    raw.send(frame(TEXT, b"0"))
    await until(lambda: connection.read_paused)
    raw.writer.close()
    await until(lambda: not server.connections.connections)
    echo.go.set()


@pytest.mark.parametrize("waits", [False, True])
async def test_many_messages_leave_others_their_turn(
    server: Served, dial: Dial, waits: bool
) -> None:
    """In a turn of the loop no more are answered than a piece holds, and what waits is bounded and
    counted, also where the application waits between two of them."""
    echo = Echo(server, waits=waits)
    echo.go.set()
    raw = await opened(dial)
    connection = the(server)
    raw.send(frame(TEXT, b"a") * 100_000)
    reading = asyncio.create_task(raw.reader.readexactly(300_000))
    before = 0
    while not reading.done():
        assert echo.answered - before <= 4_096 // 7 + 1
        assert len(connection._rest) < 1024 * 1024
        assert len(connection._rest) < connection._taken_bytes + 20_000
        before = echo.answered
        await asyncio.sleep(0)
    assert echo.answered == 100_000
    assert not server.connections.refused


async def test_pings_leave_others_their_turn(server: Served, dial: Dial) -> None:
    """Nobody receives them, and yet they are answered piece by piece."""
    raw = await opened(dial)
    connection = the(server)
    ticks = 0
    raw.send(frame(PING) * 100_000 + frame(TEXT, b"a"))
    reading = asyncio.create_task(raw.reader.readexactly(200_003))
    while not reading.done():
        ticks += bool(connection._rest)
        await asyncio.sleep(0)
    assert reading.result() == bytes([FIN | PONG, 0]) * 100_000 + bytes([FIN | TEXT, 1]) + b"a"
    assert ticks >= 100  # of 150 pieces


async def test_closes_that_cross(server: Served, dial: Dial) -> None:
    """The client's, behind a message that waits, is the answer to ours."""
    parting = Parting(server)
    raw = await opened(dial)
    connection = the(server)
    connection.close_timeout = 3_600.0
    raw.send(frame(TEXT, b"0"))
    await until(lambda: connection.read_paused)
    raw.send(frame(CLOSE, b"\x0f\xa0"))
    await until(lambda: connection._rest)
    parting.go.set()
    assert await closing(raw) == 4000
    await until(lambda: not server.connections.connections)


async def test_a_flood_behind_our_close(server: Served, dial: Dial) -> None:
    """Little of it is read: what the client says now is its close, or nothing."""
    parting = Parting(server)
    raw = await opened(dial)
    connection = the(server)
    raw.send(frame(TEXT, b"a"))
    await until(lambda: connection.read_paused)
    parting.go.set()
    raw.send(frame(TEXT, bytes(1_000)) * 20_000 + frame(CLOSE, b"\x0f\xa0"))
    while server.connections.connections:
        assert len(connection._rest) < 1024 * 1024
        await asyncio.sleep(0)
    assert await closing(raw) == 4000


async def test_a_shutdown_while_a_close_is_under_way(server: Served, dial: Dial) -> None:
    """A client that is gone reads neither our answers nor our close."""
    echo, sent = Echo(server), 0
    echo.go.set()
    raw = await opened(dial)
    connection = the(server)
    raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
    while not connection.transport.get_write_buffer_size():
        raw.send(frame(TEXT, b"a" * 30_000))
        sent += 1
        await until(lambda sent=sent: echo.answered == sent)  # type: ignore[misc]
    assert connection.writable.is_set()
    raw.send(frame(CLOSE))
    await until(connection.transport.is_closing)
    connection.shutdown()
    raw.writer.transport.abort()


async def test_a_ping_behind_what_is_wrong(dial: Dial) -> None:
    """The connection has failed; nothing is written behind its end."""
    faults: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    raw = await opened(dial)
    raw.send(frame(TEXT, b"\xff") + frame(PING))
    assert (await receive(raw))[0] == FIN | PONG
    assert await closing(raw) == 1007
    assert await raw.rest() == b""
    assert not faults


async def test_a_close_from_both_ends_while_a_message_waits(server: Served, dial: Dial) -> None:
    """A message that is discarded does not stop the close that comes after it."""
    Parting(server).go.set()
    raw = await opened(dial)
    assert await closing(raw) == 4000
    raw.send(frame(TEXT, b"late"))
    await asyncio.sleep(0)
    raw.send(frame(CLOSE, b"\x0f\xa0"))
    assert await raw.rest() == b""
