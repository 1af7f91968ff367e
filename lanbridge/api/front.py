"""What is answered before the framework: `/ping`, which a phone that sweeps a /24 asks.

A request through FastAPI costs several bare ones.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

STREAMS = frozenset(("/api/v1/events",))  # have no end, which who asks by HEAD would wait for


class Front:
    """ASGI: GET and HEAD `/ping` at once, the rest to `app`.

    What `app` answers to GET it answers to HEAD.

    facts: what `/ping` answers at this moment.
    """

    def __init__(self, app: App, facts: Callable[[], Mapping[str, str]]) -> None:
        self._app = app
        self._facts = facts
        self._answered: Mapping[str, str] | None = None
        self._start: Message = {}
        self._body: Message = {}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on without a step between."""
        path = scope["path"]
        if path == "/ping" and scope.get("method") in ("GET", "HEAD"):
            return self._ping(send)
        if scope.get("method") == "HEAD" and path not in STREAMS:
            # RFC 9110 §9.1: both "MUST" be supported. The server leaves the body out.
            scope = {**scope, "method": "GET"}
        return self._app(scope, receive, send)

    async def _ping(self, send: Send) -> None:
        """To HEAD the server sends no body."""
        facts = self._facts()
        if facts != self._answered:
            self._answered = facts
            body = json.dumps(facts, ensure_ascii=False).encode()
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                (b"cache-control", b"no-store"),
            ]
            self._start = {"type": "http.response.start", "status": 200, "headers": headers}
            self._body = {"type": "http.response.body", "body": body}
        await send({**self._start})  # a copy: who sends it on may add to it
        await send(self._body)
