"""UDP: a datagram that comes back unchanged, as from RFC 862 and lanbridge's own echo."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from lanbridge.probe.echoes import DEFAULT_SIZE_BYTES, Echoes
from lanbridge.probe.failures import system_failure
from lanbridge.probe.icmp import ask_for_errors, errors
from lanbridge.probe.results import Extra, ProbeTarget, Reply
from lanbridge.probe.sockets import new_socket

_BATCH = 64  # datagrams read at one wake-up, so that a flood cannot hold the loop
_LONGEST_BYTES = 65_535


class Probe:
    """One connected socket: the system drops what comes from elsewhere, and tells of refusals."""

    window = 1_024
    silence = "a lanbridge answers UDP only from hosts of its subnet, and never its own host"

    def __init__(
        self, target: ProbeTarget, size_bytes: int | None, clock: Callable[[], float]
    ) -> None:
        self.size_bytes = size_bytes or DEFAULT_SIZE_BYTES
        self.url = f"udp://{target}"
        self._target = target
        self._clock = clock
        self._sock: socket.socket | None = None

    @asynccontextmanager
    async def running(self, extra: Callable[[Extra], None]) -> AsyncGenerator[None]:
        """The socket is opened by the first probe, for it may fail."""
        self._echoes = Echoes(self.size_bytes, self._clock, extra)
        try:
            yield
        finally:
            self._close()

    async def probe(self, sequence: int) -> Reply:
        """Send one datagram; its answer is among all that arrive."""
        return await self._echoes.exchange(sequence, self._send)

    async def _send(self, payload: bytes) -> None:
        try:
            sock = self._sock or self._open()
            self._read_errors(sock)  # or the system would raise them here
            try:
                sock.send(payload)
            except ConnectionRefusedError as error:  # not Linux: it is said of an earlier one
                self._echoes.fail(system_failure(error))
                sock.send(payload)
        except OSError:
            self._close()  # its source address may be gone; the next probe takes a new one
            raise

    def _open(self) -> socket.socket:
        self._sock, address = new_socket(self._target, socket.SOCK_DGRAM)
        ask_for_errors(self._sock)
        self._sock.connect(address)
        asyncio.get_running_loop().add_reader(self._sock, self._read, self._sock)
        return self._sock

    def _read_errors(self, sock: socket.socket) -> None:
        for head, error in errors(sock):
            self._echoes.fail(system_failure(error), head)

    def _read(self, sock: socket.socket) -> None:
        self._read_errors(sock)
        for _ in range(_BATCH):
            try:
                datagram = sock.recv(_LONGEST_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # not Linux: it does not say of which datagram
                self._echoes.fail(system_failure(error))
            else:
                self._echoes.deliver(datagram)

    def _close(self) -> None:
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
            self._sock = None
