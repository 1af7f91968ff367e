"""uvicorn inside the daemon's TaskGroup: our sockets, our signals, an end within seconds."""

import asyncio
import contextlib
import errno
import importlib.util
import logging
import resource
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Iterator

import uvicorn
from starlette.middleware.cors import CORSMiddleware

from lanbridge.api.access import Access
from lanbridge.api.app import create_app
from lanbridge.api.cache import Lists
from lanbridge.api.connections import (
    HEAD_S,
    MAX_CONNECTIONS,
    Bounded,
    Connections,
    is_ours,
)
from lanbridge.api.front import App, Front, Receive, Scope, Send
from lanbridge.api.routes.health import own_facts
from lanbridge.api.sockets import MAX_MESSAGE_BYTES, WebSocket
from lanbridge.config import Settings
from lanbridge.core.addresses import parse_network
from lanbridge.core.errors import PortUnavailable
from lanbridge.daemon import Daemon
from lanbridge.echo.app import EchoApp

STALLED_S = 60  # without a sign of life, or without reading what waits for it
TICK_S = 1.0
SHUTDOWN_S = 2  # what is still open after this is cut, so that goodbyes are sent in time
# Of every answer. No script but our own files: what a device calls itself may be `<script>`.
SECURITY_HEADERS = [
    ("x-content-type-options", "nosniff"),
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
]
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)  # a kernel without it


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, where that is installed: it answers half as many requests again, for 3 MiB."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


def protocol(*, fast: bool | None = None) -> type[Bounded]:
    """That of HTTP: by httptools where it is installed."""
    if fast is None:
        fast = importlib.util.find_spec("httptools") is not None
    if fast:
        from lanbridge.api.httptools_protocol import Httptools

        return Httptools
    from lanbridge.api.h11_protocol import H11

    return H11


class Server(uvicorn.Server):
    """uvicorn with our limits. refused: counts the connections that are cut off, by code.

    fast: with httptools, or h11; by default what is installed decides.
    """

    def __init__(self, app: App, refused: Counter[str], *, fast: bool | None = None) -> None:
        state = Connections(refused)
        super().__init__(
            uvicorn.Config(
                app,
                interface="asgi3",
                http=protocol(fast=fast),
                ws=WebSocket,
                ws_max_size=MAX_MESSAGE_BYTES,
                # A pong cannot overtake the message that its client sends: 1 MiB at 18 KB/s.
                ws_ping_timeout=STALLED_S,
                # The guard judges the peer of the connection, whatever a header says.
                proxy_headers=False,
                log_config=None,
                access_log=False,
                server_header=False,
                headers=SECURITY_HEADERS,
                timeout_keep_alive=int(HEAD_S),
                timeout_graceful_shutdown=SHUTDOWN_S,
                lifespan="off",
            )
        )
        self.server_state: Connections = state

    async def main_loop(self) -> None:
        """Look at the connections once a second, and sleep while there are none.

        uvicorn's own wakes ten times a second, for ever, and stops where the wall clock jumps back.
        """
        loop = asyncio.get_running_loop()
        connections = self.server_state
        while not self.should_exit:
            await self.on_tick(0)  # for the date that is in every answer
            connections.sweep(loop.time())
            connections.stirred.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S if connections.connections else None):
                    await connections.stirred.wait()

    def stop(self) -> None:
        """Serve no longer."""
        self.should_exit = True
        self.server_state.stirred.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The daemon owns the signals; uvicorn would raise them again when it ends."""
        yield


def application(daemon: Daemon) -> App:
    """All that is served on the port, behind the rules of who may do what."""
    settings = daemon.settings
    api = create_app(daemon)
    front, echo = Front(Lists(api, daemon), lambda: own_facts(daemon)), EchoApp(daemon.guard)

    def opened(app: App) -> App:
        return _split(_cross_origin(app, settings), app) if settings.cors_origins else app

    access = Access(
        opened(front),
        opened(echo),
        api,
        lambda: daemon.discovery.state,
        daemon.token,
        daemon.http_refused,
        daemon.uptime_s,
        networks=map(parse_network, settings.allow_networks),
        host_names=settings.host_names,
        origins=settings.cors_origins,
    )
    if not settings.cors_origins:
        return access
    return _split(access, _cross_origin(access, settings))


def _split(preflight: App, other: App) -> App:
    """A preflight request is answered behind the rules of access, as all are; what those refuse
    of others is told to the page that asked.
    """

    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        asks_leave = scope.get("method") == "OPTIONS" and any(
            name == b"access-control-request-method" for name, _ in scope["headers"]
        )
        return (preflight if asks_leave else other)(scope, receive, send)

    return app


def _cross_origin(app: App, settings: Settings) -> App:
    return CORSMiddleware(
        app,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "HEAD", "POST", "PUT", "DELETE"),
        allow_headers=("Authorization", "Content-Type", "Last-Event-ID"),
        expose_headers=("Location",),
        allow_private_network=True,
    )


async def serve(daemon: Daemon) -> None:
    """Serve until `daemon.stopping` is set. Raises PortUnavailable."""
    sockets = listening(daemon.settings.host, daemon.settings.port)
    daemon.say_listening()
    allow_open_files(MAX_CONNECTIONS + 256)
    logging.getLogger("uvicorn.error").addFilter(is_ours)
    server = Server(application(daemon), daemon.http_refused)

    async def end() -> None:
        await daemon.stopping.wait()
        server.stop()

    async with asyncio.TaskGroup() as tasks:
        ending = tasks.create_task(end(), name="end http")
        await server.serve(sockets=sockets)
        ending.cancel()


def listening(host: str, port: int) -> list[socket.socket]:
    """TCP sockets on `host`, or on every IPv4 and IPv6 address where it is empty.

    port: 0 takes a free one, the same for both. Raises PortUnavailable.
    """
    found: list[socket.socket] = []
    for address in (host,) if host else ("0.0.0.0", "::"):  # noqa: S104  # asked for
        try:
            found.append(_bind(address, port))
        except OSError as error:
            if found and error.errno in _NO_IPV6:
                continue
            for other in found:
                other.close()
            raise _unavailable(error, address, port) from error
        port = found[0].getsockname()[1]
    return found


def _bind(address: str, port: int) -> socket.socket:
    """Raises OSError. getaddrinfo and not a plain tuple: fe80::1%eth0 has a scope."""
    family, kind, _, _, where = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
    )[0]
    # asyncio sends at once (TCP_NODELAY) where the protocol is named; else the body of every
    # answer waits 40 ms for the client to acknowledge its head.
    sock = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What is accepted inherits these: a phone that is gone, or does not read, is not for ever.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, STALLED_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_S * 1000)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(where)
        sock.listen(256)
    except OSError:
        sock.close()
        raise
    return sock


def allow_open_files(count: int) -> None:
    """Raise the soft limit, 1,024 under systemd, as far as the hard one lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _unavailable(error: OSError, address: str, port: int) -> PortUnavailable:
    if error.errno == errno.EADDRINUSE:
        return PortUnavailable(
            str(port),
            "another program listens there",
            f"find it with `ss -ltnp sport = {port}`, or choose another with --port",
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return PortUnavailable(
            str(port), f"{address} is no address of this host now", "correct --host, or leave it"
        )
    if error.errno == errno.EACCES:
        return PortUnavailable(str(port), "ports below 1024 need a privilege", "use --port 8620")
    return PortUnavailable(
        f"{address}:{port}", f"it cannot be bound ({error.strerror})", "check --host"
    )
