"""The peers of HTTP and WebSocket echo: the least that an application on this uvicorn can do."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

HELLO = b"Hello, world"
PIECE = bytes(65_536)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """`/upload` and `/download/{bytes}` stream, `/echo/raw` and a WebSocket echo, else hello."""
    if scope["type"] == "websocket":
        await echo(receive, send)
    elif scope["path"] == "/upload":
        await upload(receive, send)
    elif scope["path"].startswith("/download/"):
        await download(int(scope["path"].rpartition("/")[2]), send)
    elif scope["path"] == "/echo/raw":
        await answer((await receive())["body"], send)
    else:
        await answer(HELLO, send)


async def answer(body: bytes, send: Any) -> None:
    """A small answer."""
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def upload(receive: Any, send: Any) -> None:
    """Count the body."""
    size_bytes, more = 0, True
    while more:
        message = await receive()
        size_bytes += len(message.get("body", b""))
        more = message.get("more_body", False)
    await answer(b"%d" % size_bytes, send)


async def download(size_bytes: int, send: Any) -> None:
    """So many zeros."""
    headers = [(b"content-length", b"%d" % size_bytes)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while size_bytes > 0:
        piece = PIECE[:size_bytes]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        size_bytes -= len(piece)
    await send({"type": "http.response.body", "body": b""})


async def echo(receive: Any, send: Any) -> None:
    """Every message back."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if (text := message.get("text")) is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})


if __name__ == "__main__":
    # As lanbridge has it, but for lanbridge's own limits.
    uvicorn.run(
        app,
        host="0.0.0.0",  # noqa: S104 - the laboratory's
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
    )
