"""Answers of the bare ASGI endpoints: JSON, and problem documents (RFC 9457)."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from lanbridge.core.json_text import json_safe

# What ASGI hands over is a dictionary of anything, by its specification.
Scope = Mapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def answer(
    scope: Scope,
    send: Send,
    content: Mapping[str, object],
    status: int = 200,
    media_type: str = "application/json",
) -> None:
    """Answer a request with JSON in UTF-8; to HEAD, with the headers alone.

    A WebSocket handshake is denied with it: in full where the server can, else with a bare 403.
    """
    kind = "http.response"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close"})
            return
        kind = "websocket.http.response"
    body = json_safe(content).encode()
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),  # it repeats what a stranger sent
    ]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": b"" if scope.get("method") == "HEAD" else body})


async def problem(
    scope: Scope, send: Send, status: int, code: str, title: str, detail: str, **members: object
) -> None:
    """Answer with a problem document; `members` are its extensions, as RFC 9457 §3.2 allows."""
    document: dict[str, object] = {"type": f"/errors/{code}", "title": title, "status": status}
    document |= {"detail": detail, "code": code, **members}
    await answer(scope, send, document, status, "application/problem+json")
