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
    """TCP sockets on `host`, or on every IPv4 and IPv6 address where it is empty."""
    found: list[socket.socket] = []
    for family, address in _addresses(host):
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError:  # a kernel without IPv6
            continue
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            sock.bind((address, port))
            sock.listen(256)
        except OSError as error:
            sock.close()
            for other in found:
                other.close()
            raise _unavailable(error, address, port) from error
        found.append(sock)
    return found


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    if not host:
        return [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104  # asked for
    return [(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]


def _unavailable(error: OSError, address: str, port: int) -> PortUnavailable:
    if error.errno == errno.EADDRINUSE:
        return PortUnavailable(
            str(port),
            "another program listens there",
            f"find it with `ss -ltnp sport = {port}`, or choose another with --port",
        )
    if error.errno == errno.EACCES:
        return PortUnavailable(str(port), "ports below 1024 need a privilege", "use --port 8620")
    return PortUnavailable(
        f"{address}:{port}", f"it cannot be bound ({error.strerror})", "check --host"
    )
