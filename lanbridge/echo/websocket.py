"""`WS /echo/ws`: text comes back as text, binary as binary.

The size of a message, compression, pings and the answer to a close are the server library's.
"""

from lanbridge.echo.responses import Receive, Scope, Send


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept, with the first of the requested sub-protocols, and echo until the client leaves."""
    await receive()  # websocket.connect
    # RFC 6455 §4.2.2: one of those that the client offered, or none; a client that offered some
    # and is given none fails the connection.
    subprotocol = next(iter(scope.get("subprotocols", ())), None)
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})
