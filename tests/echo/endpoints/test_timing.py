"""`/echo/delay/{seconds}` and `/echo/stream`: in time, in pieces, and no longer than is needed."""

import asyncio

import httpx2
import pytest

from lanbridge.echo.bodies import ClientLeft
from lanbridge.echo.call import Call, Message, Room
from lanbridge.echo.endpoints import timing
from lanbridge.echo.endpoints.timing import delay, stream


@pytest.mark.parametrize("seconds", ["0", "0.05"])
async def test_a_delay_has_passed(client: httpx2.AsyncClient, seconds: str) -> None:
    """The answer comes after the time that was asked for, for a request with a body too."""
    begin_s = asyncio.get_running_loop().time()
    response = await client.post(f"/echo/delay/{seconds}", content=b"a" * 100_000)
    assert response.json() == {"delay_s": float(seconds)}
    assert asyncio.get_running_loop().time() - begin_s >= float(seconds)


@pytest.mark.parametrize("seconds", ["65", "65.0"])
async def test_the_longest_delay(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    """65 s are waited for, which is longer than wx.request waits unless told otherwise."""
    waited: list[float] = []

    async def wait(_call: Call, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(timing, "_wait", wait)
    response = await client.get(f"/echo/delay/{seconds}")
    assert (response.status_code, waited) == (200, [65.0])


@pytest.mark.parametrize("seconds", ["", "-1", "65.1", "nan", "inf", "1e9", "x", "٣", "1" * 99])
async def test_a_delay_that_cannot_be(client: httpx2.AsyncClient, seconds: str) -> None:
    """Anything but a number from 0 to 65 is refused in one sentence."""
    response = await client.get(f"/echo/delay/{seconds}")
    assert response.status_code == 422
    assert "must be a number from 0 to 65" in response.json()["detail"]


async def test_a_delay_ends_with_its_client() -> None:
    """Nobody waits for a client that has gone."""
    received: list[Message] = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    with pytest.raises(ClientLeft):
        await delay(Call({"method": "GET"}, receive, send, "65", "", Room()))


async def test_a_stream_comes_in_chunks(client: httpx2.AsyncClient) -> None:
    """Each line is sent when it is made, before the next one."""
    async with client.stream("GET", "/echo/stream?count=3&pause_s=0.01") as response:
        assert response.headers["transfer-encoding"] == "chunked"
        assert response.headers["content-type"] == "application/x-ndjson"
        pieces = [piece async for piece in response.aiter_raw()]
    assert len(pieces) == 3
    assert '"chunk": 3, "of": 3' in pieces[2].decode()


@pytest.mark.parametrize("query", ["count=0", "count=1001", "count=x", "count=10&pause_s=6.6"])
async def test_a_stream_that_cannot_be(client: httpx2.AsyncClient, query: str) -> None:
    """A stream has at most 1,000 pieces, and takes at most as long as a delay."""
    assert (await client.get(f"/echo/stream?{query}")).status_code == 422


async def test_a_stream_lets_the_server_read_once() -> None:
    """Each call of `receive` resumes reading of the connection, also of what was sent ahead."""
    asked: list[None] = []
    sent: list[Message] = []

    async def receive() -> Message:
        asked.append(None)
        return await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"method": "GET", "query_string": b"count=20&pause_s=0"}
    await stream(Call(scope, receive, send, "", "", Room()))
    assert (len(sent), len(asked)) == (22, 1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_stream_ends_with_its_client() -> None:
    """Nothing more is made for a client that has gone, and there is no end of its answer."""
    leaving: asyncio.Future[Message] = asyncio.Future()
    sent: list[Message] = []

    async def receive() -> Message:
        return await leaving

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) == 4:
            leaving.set_result({"type": "http.disconnect"})

    scope = {"method": "GET", "query_string": b"count=20&pause_s=0"}
    with pytest.raises(ClientLeft):
        await stream(Call(scope, receive, send, "", "", Room()))
    assert len(sent) == 4
