"""`ANY /echo` and `/echo/{path}`: what the server received, as JSON."""

import asyncio
import base64
import re
from codecs import getincrementaldecoder
from typing import TypedDict

from lanbridge.core.json_text import json_safe
from lanbridge.echo.bodies import MAX_BODY_BYTES, Memory, Share, busy, pieces
from lanbridge.echo.call import Call
from lanbridge.echo.holdings import Holdings
from lanbridge.echo.responses import answer_bytes

_STEP_BYTES = 4_095  # of a body, at once; a multiple of three, so that base64 can be joined
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
    with Share(call.room.one(Memory)) as share:
        body = bytearray()
        async for piece in pieces(call, MAX_BODY_BYTES):
            _hold(share, len(piece))
            body += piece
        await answer_bytes(call, await _answer(call, body, share), b"application/json")


async def _answer(call: Call, body: bytearray, share: Share) -> bytearray:
    """JSON, in which the body is written step by step while it goes away.

    The attack: what of a mebibyte is one control character after the other is six there, in
    memory that Python would take four times, and a second or two of work.
    """
    encoding, size_bytes = _encoding(body), len(body)
    answer = bytearray(json_safe(_before(call))[:-1].encode() + b', "body": "')
    behind = b'", ' + json_safe(_behind(call, encoding, size_bytes))[1:].encode()
    _hold(share, len(answer) + len(behind))
    decoder = getincrementaldecoder("utf-8")()
    while body:
        piece = bytes(body[:_STEP_BYTES])
        del body[:_STEP_BYTES]
        if encoding == "base64":
            written = base64.b64encode(piece)
        else:
            written = json_safe(decoder.decode(piece))[1:-1].encode()
        _hold(share, len(written) - len(piece))
        answer += written
        if body:
            await asyncio.sleep(0)
    answer += behind  # and no sum, which would be a copy
    return answer


def _hold(share: Share, size_bytes: int) -> None:
    if not share.hold(size_bytes):
        raise busy()


def _encoding(body: bytearray) -> str:
    try:
        body.decode()
    except UnicodeDecodeError:
        return "base64"
    return "utf-8"


def _before(call: Call) -> dict[str, object]:
    """What comes before the body. The query and the headers are pairs, in order as sent."""
    scope = call.scope
    query = scope["query_string"].decode(errors="replace")
    target = (scope.get("raw_path") or scope["path"].encode()).decode(errors="replace")
    origin = f"{scope['scheme']}://{call.header(b'host') or ''}"
    return {
        "method": call.method,
        "url": f"{origin}{target}{'?' * bool(query)}{query}",
        "path": scope["path"],
        "query": call.pairs(),
        "headers": [(name.decode("latin-1"), _text(value)) for name, value in scope["headers"]],
    }


def _behind(call: Call, encoding: str, size_bytes: int) -> dict[str, object]:
    return {
        "body_encoding": encoding,
        "size_bytes": size_bytes,
        "client": {
            "address": call.address.removeprefix("::ffff:"),
            "port": call.scope["client"][1],
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
