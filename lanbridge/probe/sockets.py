"""Sockets towards a target, whose address is a literal: no name is looked up here."""

import asyncio
import socket
from collections.abc import Callable

from lanbridge.probe.results import ProbeTarget


def new_socket(
    target: ProbeTarget, kind: socket.SocketKind
) -> tuple[socket.socket, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]:
    """A socket that does not block, and what to connect it to. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(
        target.address, target.port, type=kind, flags=socket.AI_NUMERICHOST
    )[0]
    sock = socket.socket(family, kind)
    sock.setblocking(False)
    return sock, address


async def connect(target: ProbeTarget, clock: Callable[[], float]) -> tuple[socket.socket, float]:
    """A TCP connection, and the seconds from SYN to SYN-ACK. Raises OSError."""
    sock, address = new_socket(target, socket.SOCK_STREAM)
    try:
        began_s = clock()
        await asyncio.get_running_loop().sock_connect(sock, address)
        return sock, clock() - began_s
    except BaseException:
        sock.close()
        raise
