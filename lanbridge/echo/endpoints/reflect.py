"""`ANY /echo` and `/echo/{path}`: what the server received, as JSON."""

import base64
import re
from typing import TypedDict
from urllib.parse import parse_qsl

from lanbridge.echo.bodies import MAX_BODY_BYTES, Memory, busy, pieces
from lanbridge.echo.call import Call
from lanbridge.echo.holdings import Holdings
from lanbridge.echo.responses import answer

_REFERER = re.compile(
    r"https://servicewechat\.com/(?P<appid>[\w-]{1,64})/(?P<version>\d{1,9}|devtools)"
    r"/page-frame\.html",
    re.ASCII,
)


class Referer(TypedDict):
    """Which mini-program calls. kind: `released`, `unreleased` (being developed, on trial or under
    review) or `devtools`. A hint and no proof: any client can send it."""

    appid: str
    version: str
    kind: str


def decode_referer(text: str) -> Referer | None:
    """The Referer that wx.request sends, taken apart; None for any other."""
    match = _REFERER.fullmatch(text)
    if not match:
        return None
    appid, version = match.group("appid", "version")
    kind = {"devtools": "devtools", "0": "unreleased"}.get(version, "released")
    return {"appid": appid, "version": version, "kind": kind}


async def reflect(call: Call) -> None:
    """Everything that no other endpoint answers."""
    memory = call.room.one(Memory)
    body, kept_bytes = bytearray(), 0
    try:
        async for piece in pieces(call, MAX_BODY_BYTES):
            if not memory.take(len(piece)):
                raise busy()
            kept_bytes += len(piece)
            body += piece
        await answer(call, _received(call, body))
    finally:
        memory.give(kept_bytes)


def _received(call: Call, body: bytearray) -> dict[str, object]:
    """The query and the headers are pairs, in order as sent."""
    try:
        text, encoding = body.decode(), "utf-8"
    except UnicodeDecodeError:
        text, encoding = base64.b64encode(body).decode(), "base64"
    scope = call.scope
    headers = [(name.decode("latin-1"), _text(value)) for name, value in scope["headers"]]
    query = scope["query_string"].decode(errors="replace")
    target = (scope.get("raw_path") or scope["path"].encode()).decode(errors="replace")
    origin = f"{scope['scheme']}://{call.header(b'host') or ''}"
    return {
        "method": call.method,
        "url": f"{origin}{target}{'?' * bool(query)}{query}",
        "path": scope["path"],
        "query": parse_qsl(query, keep_blank_values=True),
        "headers": headers,
        "body": text,
        "body_encoding": encoding,
        "size_bytes": len(body),
        "client": {
            "address": call.address.removeprefix("::ffff:"),
            "port": scope["client"][1],
        },
        "referer": decode_referer(call.header(b"referer") or ""),
        "holds": call.room.one(Holdings).held(call.address),
    }


def _text(value: bytes) -> str:
    """RFC 9110 §5.5 leaves open which encoding it is; who writes more than ASCII writes UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


HTTP = {"": reflect}
