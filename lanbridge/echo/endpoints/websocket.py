"""`WS /echo/ws`: text comes back as text, binary as binary; with `?session=` also numbered.

The size of a message, compression, pings and the answer to a close are the server library's.
"""

import asyncio
import base64
import json
from contextlib import suppress

from lanbridge.echo.call import Call, Message, Problem, number, whole
from lanbridge.echo.replay import MAX_MESSAGE_BYTES, Holder, Session, Sessions, TooLong

MIN_BEAT_S, MAX_BEAT_S = 0.1, 60.0
TOO_BIG = 1009  # RFC 6455 §7.4.1
TAKEN_OVER = 4409  # the code a connection is closed with whose session another one took


async def websocket(call: Call) -> None:
    """`?session=new` begins a session, `?session={id}&after={number}` goes on with it.

    `&beat_s={seconds}` adds heartbeats to a new one. The first message tells id, number and how
    many messages are lost for good; then come the missed ones, then everything in an envelope.

    A connection whose session another one takes is told at once. What it sent and was numbered by
    then is in the session, and the other one gets it; what was not is dropped, and has no echo.
    """
    if b"session=" in call.scope.get("query_string", b""):
        await _in_session(call)
    else:
        await _plain(call)


async def _plain(call: Call) -> None:
    await _accept(call)
    receive, send = call.receive, call.send
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})
        # The attack: 1 MiB, 4 as text, on each of a thousand sockets that are idle from then on.
        del message, text


async def _in_session(call: Call) -> None:
    query, sessions = call.query(), call.room.one(Sessions)
    clock = asyncio.get_running_loop().time
    after = whole(query.get("after", "0"), "after", 0, 10**12)
    beat_s = 0.0
    if given := query.get("beat_s"):
        beat_s = number(given, "beat_s", MIN_BEAT_S, MAX_BEAT_S)
    try:
        async with asyncio.timeout(None) as having:
            holder = Holder(call.address, lambda: having.reschedule(clock()))
            held = sessions.hold(query.get("session", ""), beat_s, holder, clock())
            if not held:
                detail = "too many sessions are in use; close one, or connect without a session."
                raise Problem(503, "busy", detail, [(b"retry-after", b"1")])
            session, resumed = held
            try:
                session.beats(clock())  # those of its absence are kept, and then are missed ones
                await _tell(call, session, after if resumed else None)
                await _converse(call, session, holder)
            finally:
                sessions.leave(session, holder, clock())
    except TimeoutError:
        reason = "another connection took the session"
        await call.send({"type": "websocket.close", "code": TAKEN_OVER, "reason": reason})


async def _tell(call: Call, session: Session, after: int | None) -> None:
    """Which session it is, and what was missed `after` that number; None for a new one."""
    missed = [] if after is None else session.after(after)
    lost = 0 if after is None else max(0, session.number - after - len(missed))
    about = {"id": session.id, "seq": session.number, "resumed": after is not None, "lost": lost}
    await _accept(call)
    await _say(call, json.dumps({"type": "session", **about}))
    for text in missed:
        await _say(call, text)


async def _converse(call: Call, session: Session, holder: Holder) -> None:
    clock = asyncio.get_running_loop().time
    while True:
        message = None  # the last one, which may be large, and the next may be long in coming
        with suppress(TimeoutError):
            async with asyncio.timeout_at(session.next_beat_s()):
                message = await call.receive()
        if message and message["type"] != "websocket.receive":
            return
        if session.holder is not holder:  # it came with the loss; the next wait ends at once
            continue
        if message:
            try:
                echo = session.say("echo", **_content(message))
            except TooLong:
                reason = f"its echo has more than {MAX_MESSAGE_BYTES} bytes"
                await call.send({"type": "websocket.close", "code": TOO_BIG, "reason": reason})
                return
            await _say(call, echo)
            del echo
        else:
            for text in session.beats(clock()):
                await _say(call, text)


async def _say(call: Call, text: str) -> None:
    await call.send({"type": "websocket.send", "text": text})


def _content(message: Message) -> dict[str, str]:
    text = message.get("text")
    if text is not None:
        return {"text": text}
    return {"base64": base64.b64encode(message["bytes"]).decode()}


async def _accept(call: Call) -> None:
    """With the first of the requested sub-protocols.

    RFC 6455 §4.2.2: one of those that the client offered, or none; a client that offered some
    and is given none fails the connection.
    """
    await call.receive()  # websocket.connect
    subprotocol = next(iter(call.scope.get("subprotocols", ())), None)
    await call.send({"type": "websocket.accept", "subprotocol": subprotocol})


WEBSOCKET = {"ws": websocket}
