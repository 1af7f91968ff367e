"""The kernel's word that something about interfaces, addresses or routes has changed.

What it says is not read: whoever is woken looks at everything again. So a message that is lost,
repeated or new to us costs nothing.
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable

log = logging.getLogger(__name__)

# RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE (linux/rtnetlink.h)
_GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
_READ_BYTES = 65_536
_BATCH = 64  # messages read per wake-up, so that a storm cannot hold the loop


class Wakeups:
    """Calls `woken` from within the loop. Raises OSError where the kernel refuses to tell."""

    def __init__(self, woken: Callable[[], None]) -> None:
        self._woken = woken
        family = getattr(socket, "AF_NETLINK", None)
        if family is None:
            raise OSError(errno.EAFNOSUPPORT, "this system has no netlink")
        self._sock = socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        try:
            self._sock.bind((0, _GROUPS))
        except OSError:
            self._sock.close()
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock, self._drain)

    def close(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock)
            self._sock.close()

    @property
    def closed(self) -> bool:
        return self._sock.fileno() < 0

    def _drain(self) -> None:
        try:
            with contextlib.suppress(BlockingIOError, InterruptedError):
                for _ in range(_BATCH):
                    self._sock.recv(_READ_BYTES)
        except OSError as error:
            # ENOBUFS: more was told than we read. That something changed is all we want to know.
            if error.errno != errno.ENOBUFS:
                log.warning("the kernel no longer tells of changes (%s)", error.strerror)
                self.close()
        self._woken()
