"""The kernel's word that something changed."""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lanbridge.network.wakeups import Wakeups

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")


def uvloop_or_asyncio() -> list[Callable[[], asyncio.AbstractEventLoop]]:
    """The loops of the daemon: uvloop is not there on every machine."""
    try:
        import uvloop
    except ImportError:
        return [asyncio.new_event_loop]
    return [asyncio.new_event_loop, uvloop.new_event_loop]


def told(sock: socket.socket) -> None:
    """Have the kernel's part played: a message to the socket, from this process."""
    sender = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    with sender:
        sender.sendto(b"\0" * 16, (sock.getsockname()[0], 0))


def open_files() -> set[Path]:
    """What this process has open."""
    return set(Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("new_loop", uvloop_or_asyncio())
def test_a_message_wakes_and_a_burst_is_one_call(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """Whatever it says, on either loop; after close() nothing is left of it."""

    async def listen() -> int:
        woken = asyncio.Event()
        calls = 0

        def wake() -> None:
            nonlocal calls
            calls += 1
            woken.set()

        before = open_files()
        wakeups = Wakeups(wake)
        for _ in range(5):
            told(wakeups._sock)
        await asyncio.wait_for(woken.wait(), 5)
        wakeups.close()
        wakeups.close()
        assert wakeups.closed
        assert open_files() == before
        return calls

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(listen()) == 1


class Failing:
    """A socket of which the next read fails."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self._sock, self._number = sock, number

    def recv(self, _size: int) -> bytes:
        raise OSError(self._number, os.strerror(self._number))

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()


@pytest.mark.parametrize(("number", "ends"), [(errno.ENOBUFS, False), (errno.EIO, True)])
async def test_messages_that_were_lost_are_a_wake_up_too(number: int, *, ends: bool) -> None:
    """ENOBUFS says no more than that there were many; any other error ends the listening."""
    calls: list[None] = []
    wakeups = Wakeups(lambda: calls.append(None))
    try:
        wakeups._sock = Failing(wakeups._sock, number)  # type: ignore[assignment]
        wakeups._drain()
        assert (len(calls), wakeups.closed) == (1, ends)
    finally:
        wakeups.close()


async def test_where_there_is_no_netlink_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another system, and in a sandbox that takes the family away."""
    monkeypatch.delattr(socket, "AF_NETLINK")
    with pytest.raises(OSError, match="no netlink"):
        Wakeups(lambda: None)
