"""`ANY /echo/raw`: the body comes back, byte for byte, with the content type it came with."""

from lanbridge.echo.bodies import (
    MAX_BODY_BYTES,
    MAX_UPLOAD_BYTES,
    SMALL_BYTES,
    Memory,
    Share,
    check_length,
    piece,
)
from lanbridge.echo.call import Call
from lanbridge.echo.responses import ALWAYS, PIECE_BYTES, answer_bytes, hand_over


async def raw(call: Call) -> None:
    """Answer when the body is complete, or one of more than MAX_BODY_BYTES while it arrives.

    Most clients, and the phone's, read nothing until they have sent all. So what is larger is for
    those that read while they send; the others wait for us, and we for them, until one gives up.

    MAX_UPLOAD_BYTES is the most of any: a length beyond it is told 413, and one that is not told
    ends where it is passed, without the last chunk. RFC 9112 §8: that is an incomplete message.
    """
    headers = dict(call.scope["headers"])
    check_length(headers.get(b"content-length"), MAX_UPLOAD_BYTES)
    media_type = headers.get(b"content-type") or b"application/octet-stream"
    data, more = piece(await call.receive())
    if more or len(data) > SMALL_BYTES:
        await _gather(call, data, media_type, more=more)
    else:
        await answer_bytes(call, data, media_type)


async def _gather(call: Call, data: bytes, media_type: bytes, *, more: bool) -> None:
    body = bytearray(data)
    with Share(call.room.one(Memory)) as share:
        while (room := share.hold(len(data))) and more and len(body) <= MAX_BODY_BYTES:
            data, more = piece(await call.receive())
            body += data
        if room and not more:
            await answer_bytes(call, body, media_type)
            return
        headers = [(b"content-type", media_type), *ALWAYS]
        if length := call.header(b"content-length"):
            headers.append((b"content-length", length.encode("latin-1")))
        await call.send({"type": "http.response.start", "status": 200, "headers": headers})
        size_bytes = len(body)
        for at in range(0, size_bytes, PIECE_BYTES):
            await _send(call, bytes(body[at : at + PIECE_BYTES]))
        body.clear()
    while more:
        data, more = piece(await call.receive())
        size_bytes += len(data)
        if size_bytes > MAX_UPLOAD_BYTES:
            return  # the server closes what is not complete
        await _send(call, data)
    await call.send({"type": "http.response.body", "body": b""})


async def _send(call: Call, piece: bytes) -> None:
    await hand_over(call, {"type": "http.response.body", "body": piece})


HTTP = {"raw": raw}
