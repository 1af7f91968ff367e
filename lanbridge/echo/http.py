"""`ANY /echo` and `/echo/{path}`: what the server received, as JSON."""

import base64
import re
from typing import TypedDict
from urllib.parse import parse_qsl

from lanbridge.echo.responses import Receive, Scope, Send, answer, problem

MAX_BODY_BYTES = 1024 * 1024
# A sender that is told "too large" while it still sends sees a reset connection, and not the
# answer; so that much more is read, and thrown away.
_DISCARDED_BYTES = 16 * MAX_BODY_BYTES

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


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with itself. The query and the headers are pairs, in order as sent."""
    received = await _read_body(receive)
    if received is None:
        return
    body, size_bytes = received
    if size_bytes > MAX_BODY_BYTES:
        detail = f"the body has more than {MAX_BODY_BYTES} bytes; send a smaller one."
        await problem(scope, send, 413, "body-too-large", "Body too large", detail)
        return
    try:
        text, encoding = body.decode(), "utf-8"
    except UnicodeDecodeError:
        text, encoding = base64.b64encode(body).decode(), "base64"
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    first = dict(reversed(headers))
    query = scope["query_string"].decode(errors="replace")
    target = (scope.get("raw_path") or scope["path"].encode()).decode(errors="replace")
    host, port = scope["client"]
    content = {
        "method": scope["method"],
        "url": f"{scope['scheme']}://{first.get('host', '')}{target}{'?' if query else ''}{query}",
        "path": scope["path"],
        "query": parse_qsl(query, keep_blank_values=True),
        "headers": headers,
        "body": text,
        "body_encoding": encoding,
        "size_bytes": size_bytes,
        "client": {"address": host.removeprefix("::ffff:"), "port": port},
        "referer": decode_referer(first.get("referer", "")),
    }
    await answer(scope, send, content)


async def _read_body(receive: Receive) -> tuple[bytearray, int] | None:
    """(body, size in bytes), of a body past the limit without its end; None if the client left."""
    body, size_bytes = bytearray(), 0
    while size_bytes <= _DISCARDED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        size_bytes += len(chunk)
        if size_bytes <= MAX_BODY_BYTES:
            body += chunk
        if not message.get("more_body", False):
            break
    return body, size_bytes
