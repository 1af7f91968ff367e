"""What an answer is written as: one piece, where that can be."""

import asyncio

import pytest

from lanbridge.api.answers import MAX_JOINED_BYTES, Answers
from lanbridge.api.connections import Bounded
from tests.api.conftest import Dial
from tests.serving import Served

HEAD, BODY = b"HTTP/1.1 200 OK\r\n\r\n", b"hello"


class Written(asyncio.Transport):
    """A transport that keeps the pieces, and hands them on if there is somebody."""

    def __init__(self, to: asyncio.Transport | None = None) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.closed_after: int | None = None
        self._to = to

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.pieces += [bytes(data)] if data else []  # nothing is no call of the system
        if self._to:
            self._to.write(data)

    def is_closing(self) -> bool:
        return self.closed_after is not None

    def close(self) -> None:
        self.closed_after = len(self.pieces)


@pytest.fixture
def written() -> Written:
    """Nothing yet."""
    return Written()


@pytest.fixture
async def answers(written: Written) -> Answers:
    """Of a connection whose request has come."""
    found = Answers(written, asyncio.get_running_loop())
    found.begin()
    return found


async def test_a_head_leaves_with_its_body(answers: Answers, written: Written) -> None:
    """And what follows leaves as it is written."""
    for piece in (HEAD, BODY, b"more"):
        answers.write(piece)
    await asyncio.sleep(0)
    assert written.pieces == [HEAD + BODY, b"more"]


async def test_a_head_waits_for_one_turn_of_the_loop(answers: Answers, written: Written) -> None:
    """A stream in which nothing happens yet has begun."""
    answers.write(HEAD)
    assert not written.pieces
    await asyncio.sleep(0)
    assert written.pieces == [HEAD]
    answers.write(BODY)
    assert written.pieces == [HEAD, BODY]


async def test_a_large_body_is_not_copied(answers: Answers, written: Written) -> None:
    """It leaves behind its head."""
    body = bytes(MAX_JOINED_BYTES + 1)
    answers.write(HEAD)
    answers.write(body)
    assert written.pieces == [HEAD, body]


async def test_a_request_sent_ahead_takes_nothing_from_the_answer_before(
    answers: Answers, written: Written
) -> None:
    """Its head comes between the head and the body of another one."""
    answers.write(HEAD)
    answers.begin()
    answers.write(BODY)
    answers.write(HEAD)
    answers.write(BODY)
    await asyncio.sleep(0)
    assert b"".join(written.pieces) == (HEAD + BODY) * 2


async def test_what_is_written_leaves_before_the_end(answers: Answers, written: Written) -> None:
    """A head alone, and the connection is closed."""
    answers.write(HEAD)
    answers.close()
    assert (written.pieces, written.closed_after) == ([HEAD], 1)
    assert answers.is_closing()


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        ("POST /echo/raw HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello", b"hello"),
        ("HEAD /echo HTTP/1.1\r\nhost: a\r\n\r\n", b""),
        ("GET /echo/status/404 HTTP/1.1\r\nhost: a\r\n\r\n", None),
    ],
)
async def test_the_server_writes_an_answer_at_once(
    server: Served, dial: Dial, request_: str, body: bytes | None
) -> None:
    """Also the next one of a connection; h11 and httptools write head and body apart."""
    raw = await dial()
    raw.send(request_)
    await raw.reader.readuntil(b"\r\n\r\n")
    (connection,) = server.connections.connections
    assert isinstance(connection, Bounded)
    written = Written(connection.transport)
    connection.answers = Answers(written, connection.loop)
    await asyncio.sleep(0)
    raw.send(request_)
    await raw.reader.readuntil(b"HTTP/1.1 ")
    await raw.reader.readuntil(b"\r\n\r\n")
    (piece,) = written.pieces
    assert piece.startswith(b"HTTP/1.1 ")
    if body is not None:
        assert piece.partition(b"\r\n\r\n")[2] == body
