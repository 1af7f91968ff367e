"""Lists that did not change since they were last asked for, answered before the framework.

A dashboard polls, and most of the time nothing has happened. A list is made once for all who ask
for the same from the same place, and who has it already is told so (RFC 9110 §13.1.2).
"""

from collections.abc import Awaitable, Hashable
from zlib import crc32

from lanbridge.api.front import App, Message, Receive, Scope, Send
from lanbridge.daemon import Daemon

PATHS = frozenset(f"/api/v1/{name}" for name in ("services", "devices", "types"))

# The attack: every query is another answer. The oldest give way, and memory stays what it is.
MAX_ENTRIES = 64
MAX_BYTES = 4 * 1024 * 1024

# `last_seen` changes with every packet, and for a reader who has the rest it is not worth the
# whole list anew: alone it counts as a change when it may be off by so much.
LAST_SEEN_S = 60.0


class Lists:
    """ASGI: `app` behind a cache."""

    def __init__(self, app: App, daemon: Daemon) -> None:
        self._app = app
        self._daemon = daemon
        self._run = daemon.hub.boot_id.encode()
        self._known: Hashable = None
        self._generation = 0
        self._held: dict[tuple[str, bytes, str], tuple[list[tuple[bytes, bytes]], bytes]] = {}
        self._held_bytes = 0

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on what is no list without a step between."""
        method = scope.get("method", "GET")
        if method == "GET" and scope["path"] in PATHS:
            return self._list(scope, receive, send)
        if method in ("GET", "HEAD"):
            return self._app(scope, receive, send)
        return self._write(scope, receive, send)

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whoever changes something, a label for example, sees it in the next list."""
        await self._app(scope, receive, send)
        self._known = None

    async def _list(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Whether a service is reachable depends on the address of who asks.
        caller = scope["client"][0] if scope.get("client") else ""
        key = (scope["path"], scope["query_string"], caller)
        generation = self._renewed()
        opaque = b'"%s-%d-%08x"' % (self._run, generation, crc32(repr(key).encode()))
        validators = [(b"etag", b"W/" + opaque), (b"cache-control", b"no-cache")]
        for name, value in scope["headers"]:
            if name == b"if-none-match" and opaque in value:
                self._daemon.lookers.looked(caller)
                await send({"type": "http.response.start", "status": 304, "headers": validators})
                await send({"type": "http.response.body", "body": b""})
                return
        held = self._held.get(key)
        if held is not None:
            self._daemon.lookers.looked(caller)
            headers, body = held
            # A copy: who sends it on may add to it.
            await send({"type": "http.response.start", "status": 200, "headers": [*headers]})
            await send({"type": "http.response.body", "body": body})
            return
        start: Message = {}

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                start.update(message, headers=[*message["headers"], *validators])
                message = {**start, "headers": [*start["headers"]]}
            elif start and not message.get("more_body") and generation == self._renewed():
                self._keep(key, start["headers"], message.get("body", b""))
            else:
                start.clear()  # a body in several messages is not kept
            await send(message)

        await self._app(scope, receive, kept)

    def _renewed(self) -> int:
        """The generation of the lists, a new one whenever something has changed."""
        daemon, discovery = self._daemon, self._daemon.discovery
        revision = (
            discovery.registry.revision,
            daemon.census.devices.revision,
            discovery.state,
            daemon.uptime_s() // LAST_SEEN_S,
        )
        if revision != self._known:
            self._known = revision
            self._generation += 1
            self._held.clear()
            self._held_bytes = 0
        return self._generation

    def _keep(
        self, key: tuple[str, bytes, str], headers: list[tuple[bytes, bytes]], body: bytes
    ) -> None:
        if key in self._held:  # two asked at once
            return
        self._held[key] = (headers, body)
        self._held_bytes += len(body)
        while len(self._held) > MAX_ENTRIES or self._held_bytes > MAX_BYTES:
            oldest = self._held.pop(next(iter(self._held)))
            self._held_bytes -= len(oldest[1])
