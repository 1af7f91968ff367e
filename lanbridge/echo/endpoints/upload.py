"""`POST /echo/upload`: what arrived of wx.uploadFile, part by part; nothing is kept."""

from lanbridge.echo.bodies import MAX_UPLOAD_BYTES, pieces
from lanbridge.echo.call import Call, Problem
from lanbridge.echo.multipart import MalformedMultipart, Multipart, boundary_of
from lanbridge.echo.responses import answer

# Tencent's miniprogram-file-uploader names it as the most that wx.uploadFile sends.
PLATFORM_LIMIT_BYTES = 10 * 1024 * 1024


async def upload(call: Call) -> None:
    """Size and SHA-256 of each part, or of the body where it is no multipart."""
    call.allow("POST", "PUT")
    content_type = call.header(b"content-type") or ""
    boundary = boundary_of(content_type)
    form = Multipart(boundary)
    size_bytes = 0
    try:
        async for piece in pieces(call, MAX_UPLOAD_BYTES):
            size_bytes += len(piece)
            form.feed(piece)
    except MalformedMultipart as error:
        detail = f"the multipart body cannot be read: {error}."
        raise Problem(400, "malformed-multipart", detail) from error
    form.end()
    content = {
        "framing": form.framing,
        "content_type": content_type or None,
        "complete": form.complete,
        "size_bytes": size_bytes,
        "platform_limit_bytes": PLATFORM_LIMIT_BYTES,
        "over_platform_limit": size_bytes > PLATFORM_LIMIT_BYTES,
        "parts": form.parts,
        "note": _missing(content_type, form, named=boundary is not None),
    }
    await answer(call, content)


def _missing(content_type: str, form: Multipart, *, named: bool) -> str | None:
    """What was looked for and not found, in a sentence. named: the header has a boundary."""
    if form.framing == "raw" and content_type.lower().startswith("multipart/"):
        if named:
            return "The body does not begin with the boundary that its Content-Type names."
        return "Its Content-Type names no boundary, and the first line of the body is none."
    if form.complete:
        return None
    if form.parts:
        return "The last delimiter, the boundary with -- at either end, was not found."
    return (
        "No part was found: the boundary and each header end with CRLF, not LF alone, and an "
        "empty line ends the headers (RFC 2046 §5.1.1)."
    )


HTTP = {"upload": upload}
