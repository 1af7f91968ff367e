"""The peer of a list: a bare ASGI application on uvicorn, which answers every request with FILE."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]
Call = Callable[[Message], Awaitable[None]]


def main(port: int, file: str) -> None:
    """Serve until SIGTERM."""
    body = Path(file).read_bytes()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    async def app(_scope: Message, _receive: object, send: Call) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
