"""A WebSocket echo in Cython, for comparison: picows, which is not among our dependencies."""

from __future__ import annotations

import sys
from typing import Any

import picows
import uvloop


class Echo(picows.WSListener):
    """Every message back."""

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        """Called for each."""
        if frame.msg_type == picows.WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        else:
            transport.send(frame.msg_type, frame.get_payload_as_bytes())


async def main(port: int) -> None:
    """Serve for ever."""
    server = await picows.ws_create_server(lambda _request: Echo(), "0.0.0.0", port)  # noqa: S104
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
