"""`GET /echo/download/{bytes}`: so many known bytes, whole or by Range (RFC 9110 §14).

Byte number i of every download is i mod 251: cheap to make, and to check on a phone; 251 is prime,
so that a piece that is lost, doubled or moved by a round number of bytes shows.
"""

import asyncio
import re
from typing import NamedTuple

from lanbridge.echo.call import Call, Header, Problem, whole
from lanbridge.echo.responses import ALWAYS

MAX_DOWNLOAD_BYTES = 200 * 1024 * 1024  # wx.downloadFile takes 200 MB
PERIOD = 251
_PIECE = bytes(range(PERIOD)) * 261  # the largest below 64 KiB that can be sent again and again
_TURN_PIECES = 16  # then others have their turn
_RANGE = re.compile(r"(\d*)-(\d*)", re.ASCII)


class Span(NamedTuple):
    """From the byte number `first` to before the byte number `end`."""

    first: int
    end: int


async def download(call: Call) -> None:
    """Answer with all of it, or with the range that is asked for."""
    call.allow("GET", "HEAD")
    size_bytes = whole(call.rest, "the number of bytes", 0, MAX_DOWNLOAD_BYTES)
    etag = f'"mod{PERIOD}-{size_bytes}"'
    headers: list[Header] = [
        (b"content-type", b"application/octet-stream"),
        (b"accept-ranges", b"bytes"),
        (b"etag", etag.encode()),
        *ALWAYS,
    ]
    # RFC 9110 §14.2: Range is defined for GET alone. §13.1.5: an If-Range that names another
    # state of the file, or a date, which this one does not have, makes the whole file be sent.
    wanted = call.header(b"range") if call.method == "GET" else None
    span = span_of(wanted, size_bytes) if call.header(b"if-range") in (None, etag) else None
    if span:
        at = f"bytes {span.first}-{span.end - 1}/{size_bytes}"
        headers.append((b"content-range", at.encode()))
    first, end = span or Span(0, size_bytes)
    headers.append((b"content-length", str(end - first).encode()))
    status = 206 if span else 200
    await call.send({"type": "http.response.start", "status": status, "headers": headers})
    pieces = 0
    while first < end and call.method == "GET":
        if (pieces := pieces + 1) % _TURN_PIECES == 0:
            await asyncio.sleep(0)  # a client on this host may take all at once
        piece = _PIECE[first % PERIOD :][: end - first]
        await call.send({"type": "http.response.body", "body": piece, "more_body": True})
        first += len(piece)
    await call.send({"type": "http.response.body", "body": b""})


def span_of(header: str | None, size_bytes: int) -> Span | None:
    """What a Range header asks for; None for the whole: no header, another unit, several ranges.

    Raises Problem 416, for a range that is none as for one that begins behind the end.
    """
    unit, _, ranges = (header or "").partition("=")
    if unit.strip().lower() != "bytes" or "," in ranges:
        return None
    found = _RANGE.fullmatch(ranges.strip())
    # RFC 9110 §14.1.2 has numbers of any length; of 18 digits they are all behind the end.
    first, last = (one.lstrip("0")[:18] or one[:1] for one in found.groups()) if found else ("", "")
    if first:
        span = Span(int(first), min(int(last or size_bytes) + 1, size_bytes))
    elif last:
        span = Span(max(0, size_bytes - int(last)), size_bytes)
    else:
        span = Span(0, 0)
    if span.first >= span.end:
        detail = f"there are {size_bytes} bytes, and the range asks for none of them."
        headers = [(b"content-range", f"bytes */{size_bytes}".encode())]
        raise Problem(416, "range-not-satisfiable", detail, headers)
    return span


HTTP = {"download": download}
