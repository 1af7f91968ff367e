"""`/echo/delay/{seconds}` and `/echo/stream`: answers that take their time."""

import asyncio
import json

from lanbridge.echo.bodies import ClientLeft
from lanbridge.echo.call import Call, number, whole
from lanbridge.echo.responses import ALWAYS, answer

MAX_DELAY_S = 65.0  # wx.request gives up after 60 s unless told otherwise
MAX_PIECES = 1_000


async def delay(call: Call) -> None:
    """Answer after so many seconds; a body is read and thrown away meanwhile."""
    seconds = number(call.rest, "the delay in seconds", 0, MAX_DELAY_S)
    await _wait(call, seconds)
    await answer(call, {"delay_s": seconds})


async def stream(call: Call) -> None:
    """`?count=` lines of JSON, `?pause_s=` apart, each a chunk of its own (RFC 9112 §7.1)."""
    call.allow("GET", "HEAD")
    query = call.query()
    count = whole(query.get("count", "10"), "count", 1, MAX_PIECES)
    pause_s = number(query.get("pause_s", "0.2"), "pause_s", 0, MAX_DELAY_S / count)
    headers = [(b"content-type", b"application/x-ndjson"), *ALWAYS]
    await call.send({"type": "http.response.start", "status": 200, "headers": headers})
    async with asyncio.TaskGroup() as group:
        gone = group.create_task(_gone(call), name="echo-stream-reader")
        for index in range(1, count + 1 if call.method == "GET" else 1):
            if index > 1:
                await asyncio.wait((gone,), timeout=pause_s)
            if gone.done():
                break
            line = json.dumps({"chunk": index, "of": count, "text": "流"}, ensure_ascii=False)
            body = f"{line}\n".encode()
            await call.send({"type": "http.response.body", "body": body, "more_body": True})
        left = not gone.cancel()
    if left:
        raise ClientLeft
    await call.send({"type": "http.response.body", "body": b""})


async def _wait(call: Call, seconds: float) -> None:
    """Raises ClientLeft as soon as that is so."""
    try:
        async with asyncio.timeout(seconds):
            await _gone(call)
    except TimeoutError:
        return
    raise ClientLeft


async def _gone(call: Call) -> None:
    """Until the client has left.

    Not once a pause: each call lets the server read on, also what was sent ahead of the answer.
    """
    while (await call.receive())["type"] != "http.disconnect":
        pass


HTTP = {"delay": delay, "stream": stream}
