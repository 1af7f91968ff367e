"""`python -m tests.lan.neighbour HOST`: echoes over HTTP and WebSocket on two connections until
SIGTERM, and then says how many came back; ends with a traceback at the first that does not.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from websockets.asyncio.client import connect

PORT, PAUSE_S, PATIENCE_S = 8620, 0.02, 10


async def over_http(counts: dict[str, int]) -> None:
    """One connection that is kept."""
    reader, writer = await asyncio.open_connection(sys.argv[1], PORT)
    while True:
        body = b"%d" % counts["http"]
        head = f"POST /echo/raw HTTP/1.1\r\nHost: {sys.argv[1]}\r\nContent-Length: {len(body)}"
        async with asyncio.timeout(PATIENCE_S):
            writer.write(head.encode() + b"\r\n\r\n" + body)
            answered = await reader.readuntil(b"\r\n\r\n")
            assert answered.startswith(b"HTTP/1.1 200 "), answered
            assert await reader.readexactly(len(body)) == body
        counts["http"] += 1
        await asyncio.sleep(PAUSE_S)


async def over_websocket(counts: dict[str, int]) -> None:
    """One connection that is kept."""
    async with connect(f"ws://{sys.argv[1]}:{PORT}/echo/ws", proxy=None) as socket:
        while True:
            text = str(counts["websocket"])
            async with asyncio.timeout(PATIENCE_S):
                await socket.send(text)
                assert await socket.recv() == text
            counts["websocket"] += 1
            await asyncio.sleep(PAUSE_S)


def say(text: str) -> None:
    """One line, now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main() -> None:
    """Both, until it is told to end."""
    counts, told = {"http": 0, "websocket": 0}, asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    async with asyncio.TaskGroup() as tasks:
        echoing = [tasks.create_task(over(counts)) for over in (over_http, over_websocket)]
        while not all(counts.values()):  # noqa: ASYNC110 - another task counts
            await asyncio.sleep(PAUSE_S)
        say("both come back")
        await told.wait()
        for one in echoing:
            one.cancel()
    say(json.dumps(counts))


if __name__ == "__main__":
    asyncio.run(main())
