"""`WS /echo/ws`: text comes back as text, binary as binary; with `?session=` also numbered.

The size of a message, compression, pings and the answer to a close are the server library's.
"""

import asyncio
import base64
import json

from lanbridge.echo.call import Call, Message, number, whole
from lanbridge.echo.replay import Sessions

MIN_BEAT_S, MAX_BEAT_S = 0.1, 60.0
TAKEN_OVER = 4409  # the code a connection is closed with whose session another one took


async def websocket(call: Call) -> None:
    """`?session=new` begins a session, `?session={id}&after={number}` goes on with it.

    `&beat_s={seconds}` adds heartbeats to a new one. The first message tells id, number and how
    many messages are lost for good; then come the missed ones, then everything in an envelope.
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


async def _in_session(call: Call) -> None:
    query, sessions = call.query(), call.room.one(Sessions)
    clock = asyncio.get_running_loop().time
    after = whole(query.get("after", "0"), "after", 0, 10**12)
    beat_s = 0.0
    if given := query.get("beat_s"):
        beat_s = number(given, "beat_s", MIN_BEAT_S, MAX_BEAT_S)
    found = sessions.find(query.get("session", ""), clock())
    session = found or sessions.begin(beat_s, clock())
    session.holder += 1
    mine = session.holder
    session.beats(clock())  # those of its absence are kept, and then are missed ones
    missed = session.after(after) if found else []
    await _accept(call)
    lost = session.number - after - len(missed) if found else 0
    about = {"id": session.id, "seq": session.number, "resumed": bool(found), "lost": max(0, lost)}
    await _say(call, json.dumps({"type": "session", **about}))
    for text in missed:
        await _say(call, text)
    try:
        while session.holder == mine:
            try:
                async with asyncio.timeout_at(session.next_beat_s()):
                    message = await call.receive()
            except TimeoutError:
                beats = session.beats(clock()) if session.holder == mine else []
                for text in beats:
                    await _say(call, text)
                continue
            if message["type"] != "websocket.receive":
                return
            if session.holder == mine:
                await _say(call, session.say("echo", **_content(message)))
    finally:
        session.touched_s = clock()
    reason = "another connection took the session"
    await call.send({"type": "websocket.close", "code": TAKEN_OVER, "reason": reason})


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
