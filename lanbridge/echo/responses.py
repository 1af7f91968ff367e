"""Answers of the bare ASGI endpoints: JSON, bytes, and problem documents (RFC 9457)."""

import asyncio
from collections.abc import Iterable, Mapping

from lanbridge.core.json_text import json_safe
from lanbridge.echo.bodies import ClientLeft, Memory, Share, busy
from lanbridge.echo.call import Call, Header, Message, Problem

# It repeats what a stranger sent, and is never the same twice.
ALWAYS: tuple[Header, ...] = ((b"cache-control", b"no-store"),)
# More than this is handed over piece by piece: the server holds one piece for a client that does
# not read, and the rest counts as ours (see `bodies.Memory`) until it is gone.
PIECE_BYTES = 65_536
UNREAD_S = 60.0  # for a piece: as slow as a body may come


async def answer(
    call: Call,
    content: Mapping[str, object],
    status: int = 200,
    media_type: bytes = b"application/json",
    headers: Iterable[Header] = (),
) -> None:
    """Answer with JSON in UTF-8."""
    body = json_safe(content).encode()
    with Share(call.room.one(Memory)) as share:
        if not share.hold(len(body)):
            raise busy()
        await answer_bytes(call, body, media_type, status, headers)


async def answer_bytes(
    call: Call,
    body: bytes | bytearray,
    media_type: bytes,
    status: int = 200,
    headers: Iterable[Header] = (),
) -> None:
    """Answer with a body that the caller holds; to HEAD, with its headers alone.

    A WebSocket handshake is denied with it: in full where the server can, else with a bare 403.
    """
    length = len(body)
    scope, start, data = call.scope, "http.response.start", "http.response.body"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await call.send({"type": "websocket.close"})
            return
        start, data = f"websocket.{start}", f"websocket.{data}"
    elif scope["method"] == "HEAD":
        body = b""
    about = [
        (b"content-type", media_type),
        (b"content-length", b"%d" % length),
        *headers,
    ]
    if scope.get("method") in ("GET", "HEAD"):
        about += ALWAYS  # nobody may store the answer to another (RFC 9110 §9.3.3 to §9.3.8)
    send = call.send
    await send({"type": start, "status": status, "headers": about})
    at = 0
    while len(body) - at > PIECE_BYTES:
        await hand_over(call, {"type": data, "body": bytes(body[at : at + PIECE_BYTES])})
        at += PIECE_BYTES
    await send({"type": data, "body": bytes(body[at:])})


async def hand_over(call: Call, message: Message) -> None:
    """Send a piece that is not the last one. Raises ClientLeft where nobody reads what is sent.

    The attack, or phones that fell asleep: eight who do not read would have all the memory.
    """
    try:
        async with asyncio.timeout(UNREAD_S):
            await call.send({**message, "more_body": True})
    except TimeoutError:
        raise ClientLeft from None


async def refuse(call: Call, problem: Problem) -> None:
    """Answer with a problem document."""
    media_type = b"application/problem+json"
    await answer(call, problem.document(), problem.status, media_type, problem.headers)
