"""`POST /echo/upload`: as real clients send it, measured part by part."""

import asyncio
from collections.abc import AsyncGenerator
from hashlib import sha256

import httpx2
import pytest

from lanbridge.echo.bodies import MAX_UPLOAD_BYTES
from lanbridge.echo.multipart import MAX_PARTS
from tests.echo.conftest import Serve


async def test_what_a_library_sends(client: httpx2.AsyncClient) -> None:
    """Fields and files are told apart, each with its size and hash."""
    photo = bytes(range(256)) * 1000
    response = await client.post(
        "/echo/upload", data={"note": "客厅"}, files={"file": ("灯.png", photo, "image/png")}
    )
    content = response.json()
    assert content["framing"] == "multipart"
    assert content["complete"]
    assert not content["over_platform_limit"]
    note, file = content["parts"]
    assert (note["name"], note["filename"], note["size_bytes"]) == ("note", None, 6)
    assert (file["name"], file["content_type"]) == ("file", "image/png")
    assert file["size_bytes"] == len(photo)
    assert file["sha256"] == sha256(photo).hexdigest()


async def test_a_body_without_framing(client: httpx2.AsyncClient) -> None:
    """What is no multipart is one part without a name, also when its header says otherwise."""
    for content_type in ("application/octet-stream", "multipart/form-data; boundary=1500000000000"):
        headers = {"Content-Type": content_type}
        content = (await client.post("/echo/upload", content=b"raw", headers=headers)).json()
        assert (content["framing"], content["complete"]) == ("raw", True)
        assert content["content_type"] == content_type
        assert content["parts"][0]["sha256"] == sha256(b"raw").hexdigest()


PART = b'--1\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
FORM = "multipart/form-data; boundary=1"


@pytest.mark.parametrize(
    ("content_type", "body", "note"),
    [
        (FORM, PART + b"--1--\r\n", None),
        (FORM, b"--1--\r\n", None),
        ("multipart/form-data", PART + b"--1--", None),
        ("application/octet-stream", b"raw", None),
        (FORM, (PART + b"--1--\r\n").replace(b"\r\n", b"\n"), "end with CRLF, not LF alone"),
        (FORM, b"--1\r\na: b\r\n", "an empty line ends the headers"),
        (FORM, PART, "The last delimiter"),
        (FORM, PART + b"--1\r\na: b\r\n", "The last delimiter"),
        (FORM, PART.replace(b"1", b"2"), "not begin with the boundary that its Content-Type names"),
        (FORM, b"", "not begin with the boundary that its Content-Type names"),
        (
            "Multipart/form-data",
            b"raw",
            "names no boundary, and the first line of the body is none",
        ),
    ],
    ids=[
        *("whole", "no parts", "no boundary named", "raw", "bare LF", "head without end"),
        *("no end", "no end of a head", "another boundary", "nothing", "no boundary at all"),
    ],
)
async def test_what_was_not_found_is_said(
    client: httpx2.AsyncClient, content_type: str, body: bytes, note: str | None
) -> None:
    """One sentence on why the parts are not those that were sent."""
    headers = {"Content-Type": content_type}
    content = (await client.post("/echo/upload", content=body, headers=headers)).json()
    assert content["note"] is None if note is None else note in content["note"]


async def test_more_than_the_platform_sends(client: httpx2.AsyncClient) -> None:
    """What wx.uploadFile would not send is taken, and told to be too much for it."""

    async def chunks() -> AsyncGenerator[bytes]:
        for _ in range(11):
            yield b"a" * 1024 * 1024

    content = (await client.post("/echo/upload", content=chunks())).json()
    assert content["size_bytes"] == 11 * 1024 * 1024
    assert content["over_platform_limit"]


async def test_a_length_too_large_is_refused_at_once(serve: Serve) -> None:
    """A body is not waited for that would be refused anyway."""
    async with serve() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        length = MAX_UPLOAD_BYTES + 1
        writer.write(
            f"POST /echo/upload HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n".encode()
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()


@pytest.mark.parametrize(
    "body",
    [
        b"--1\r\n" + b"a: " + b"b" * 9000,
        b"--1\r\n\r\n\r\n" * (MAX_PARTS + 2) + b"--1--",
    ],
    ids=["head", "parts"],
)
async def test_what_cannot_be_read(client: httpx2.AsyncClient, body: bytes) -> None:
    """Parts without end, and heads without end, are a 400 with the reason."""
    headers = {"Content-Type": "multipart/form-data; boundary=1"}
    response = await client.post("/echo/upload", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["code"] == "malformed-multipart"


async def test_get_is_not_an_upload(client: httpx2.AsyncClient) -> None:
    """The method that the platform uses is named."""
    response = await client.get("/echo/upload")
    assert (response.status_code, response.headers["allow"]) == (405, "POST, PUT")
