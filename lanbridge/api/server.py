"""uvicorn inside the daemon's TaskGroup: our sockets, our signals, an end within seconds."""

import asyncio
import contextlib
import errno
import importlib.util
import socket
from collections.abc import Iterator

import uvicorn

from lanbridge.api.app import create_app
from lanbridge.core.errors import PortUnavailable
from lanbridge.daemon import Daemon

SHUTDOWN_S = 2  # what is still open after this is cut, so that goodbyes are sent in time
MAX_MESSAGE_BYTES = 1024 * 1024  # of a WebSocket: uvicorn would take 16 MiB from anybody

_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)  # a kernel without it


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The daemon owns the signals; uvicorn would raise them again when it ends."""
        yield


async def serve(daemon: Daemon) -> None:
    """Serve until `daemon.stopping` is set. Raises PortUnavailable."""
    sockets = listening(daemon.settings.host, daemon.settings.port)
    fast = importlib.util.find_spec("httptools") is not None
    config = uvicorn.Config(
        create_app(daemon),
        http="httptools" if fast else "h11",
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        proxy_headers=False,  # whoever sends X-Forwarded-For would choose who he is
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        lifespan="off",
    )
    server = _Server(config)

    async def end() -> None:
        await daemon.stopping.wait()
        server.should_exit = True

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
    sock = socket.socket(family, kind)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(where)
        sock.listen(256)
    except OSError:
        sock.close()
        raise
    return sock


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
