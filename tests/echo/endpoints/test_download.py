"""`/echo/download/{bytes}`: known bytes, whole and in ranges."""

import asyncio
import re

import httpx2
import pytest

from lanbridge.echo.call import Call, Message, Problem, Room
from lanbridge.echo.endpoints.download import MAX_DOWNLOAD_BYTES, download, span_of

SIZE = 100_000
KNOWN = bytes(number % 251 for number in range(SIZE))


async def test_the_bytes_are_known(client: httpx2.AsyncClient) -> None:
    """Byte number i is i mod 251, and the length is told before."""
    response = await client.get(f"/echo/download/{SIZE}")
    assert response.status_code == 200
    assert response.content == KNOWN
    assert response.headers["content-length"] == str(SIZE)
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-type"] == "application/octet-stream"


async def test_others_have_their_turn() -> None:
    """A client on this host may take a download as fast as it is made."""
    turns = [0]

    async def another() -> None:
        while True:
            turns[-1] += 1
            await asyncio.sleep(0)

    async def send(_message: Message) -> None:
        turns.append(0)

    async def receive() -> Message:
        raise AssertionError

    other = asyncio.create_task(another())
    scope = {"method": "GET", "headers": []}
    await download(Call(scope, receive, send, str(8 * 1024 * 1024), "", Room()))
    other.cancel()
    assert len(turns) > 100
    assert all(any(turns[at : at + 20]) for at in range(0, 100, 20))


@pytest.mark.parametrize("size", [0, 1, MAX_DOWNLOAD_BYTES])
async def test_head_tells_the_length(client: httpx2.AsyncClient, size: int) -> None:
    """HEAD has the headers of GET, and a Range is not for it."""
    response = await client.head(f"/echo/download/{size}", headers={"Range": "bytes=0-0"})
    assert response.status_code == 200
    assert response.headers["content-length"] == str(size)
    assert response.content == b""


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=250-501", 250, 502),
        ("bytes=65510-65512", 65_510, 65_513),
        ("bytes=99999-", 99_999, SIZE),
        ("bytes=5-999999999999999999", 5, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-999999", 0, SIZE),
        ("bytes=5-" + "9" * 5000, 5, SIZE),
        ("bytes=-" + "9" * 5000, 0, SIZE),
        ("bytes=" + "0" * 5000 + "5-" + "0" * 5000 + "6", 5, 7),
        ("Bytes=1-2", 1, 3),
    ],
)
async def test_a_range(client: httpx2.AsyncClient, asked: str, first: int, end: int) -> None:
    """The part that is asked for, with where it is in the whole."""
    response = await client.get(f"/echo/download/{SIZE}", headers={"Range": asked})
    assert response.status_code == 206
    assert response.content == KNOWN[first:end]
    assert response.headers["content-range"] == f"bytes {first}-{end - 1}/{SIZE}"
    assert response.headers["content-length"] == str(end - first)


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=100000-",
        "bytes=" + "9" * 5000 + "-",
        "bytes=2-1",
        "bytes=-0",
        "bytes=-",
        "bytes=x",
        "bytes=1-2-3",
    ],
)
async def test_a_range_that_cannot_be(client: httpx2.AsyncClient, asked: str) -> None:
    """416 tells how much there is."""
    response = await client.get(f"/echo/download/{SIZE}", headers={"Range": asked})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{SIZE}"
    assert response.json()["code"] == "range-not-satisfiable"


@pytest.mark.parametrize("asked", ["pages=1-2", "bytes=0-1,3-4", "nonsense"])
async def test_a_range_that_is_ignored(client: httpx2.AsyncClient, asked: str) -> None:
    """Another unit and several ranges are answered with the whole, as RFC 9110 §14.2 lets us."""
    response = await client.get("/echo/download/10", headers={"Range": asked})
    assert (response.status_code, response.content) == (200, KNOWN[:10])


async def test_if_range(client: httpx2.AsyncClient) -> None:
    """A range is kept for the entity tag that we gave, and for nothing else."""
    etag = (await client.head(f"/echo/download/{SIZE}")).headers["etag"]
    assert re.fullmatch(r'"[\w-]+"', etag)
    for value, status in ((etag, 206), ('"other"', 200), ("Mon, 01 Jan 2024 00:00:00 GMT", 200)):
        headers = {"Range": "bytes=0-9", "If-Range": value}
        response = await client.get(f"/echo/download/{SIZE}", headers=headers)
        assert response.status_code == status


@pytest.mark.parametrize("size", ["", "-1", "x", "209715201", "1e3", "9" * 5000])
async def test_a_size_that_cannot_be(client: httpx2.AsyncClient, size: str) -> None:
    """At most 200 MB, a whole number of bytes."""
    assert (await client.get(f"/echo/download/{size}")).status_code == 422


def test_no_range_of_nothing() -> None:
    """An empty file has no byte to ask for."""
    assert span_of(None, 0) is None
    with pytest.raises(Problem):
        span_of("bytes=0-", 0)
