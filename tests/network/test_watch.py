"""What is said when this host's interfaces change."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_interface

import pytest

from lanbridge.core.addresses import NetworkInterface, NetworkState
from lanbridge.network.watch import difference, looks

ETH0 = NetworkInterface(
    name="eth0",
    index=2,
    addresses=(ip_interface("192.168.1.5/24"),),
    mac="02:00:00:00:00:01",
    mtu_bytes=1500,
    up=True,
    loopback=False,
    multicast=True,
    point_to_point=False,
    used=True,
    why="up, with an address",
)
WLAN0 = replace(ETH0, name="wlan0", index=3)
BARE = replace(ETH0, addresses=(), used=False, why="it has no address yet")
MOVED = replace(ETH0, addresses=(ip_interface("192.168.1.9/24"), ip_interface("fd00::9/64")))

TABLE: dict[str, tuple[list[NetworkInterface], list[NetworkInterface], list[str]]] = {
    "nothing": ([ETH0], [ETH0], []),
    "in another order": ([ETH0, WLAN0], [WLAN0, ETH0], []),
    "gone": ([ETH0, WLAN0], [ETH0], ["wlan0 is gone"]),
    "came": ([], [ETH0], ["eth0 came: up, with an address"]),
    "came without an address": ([], [BARE], ["eth0 came: it has no address yet"]),
    "lease": ([BARE], [ETH0], ["eth0 changed: up, with an address; 192.168.1.5/24"]),
    "lease lost": ([ETH0], [BARE], ["eth0 changed: it has no address yet; no address"]),
    "another address": (
        [ETH0],
        [MOVED],
        ["eth0 changed: up, with an address; 192.168.1.9/24, fd00::9/64"],
    ),
    "cable pulled": (
        [ETH0],
        [replace(ETH0, up=False, used=False, why="it is down")],
        ["eth0 changed: it is down; 192.168.1.5/24"],
    ),
    "another one of the same name": (
        [ETH0],
        [replace(ETH0, index=9)],
        ["eth0 changed: up, with an address; 192.168.1.5/24"],
    ),
    "all at once, in order of name": (
        [WLAN0],
        [ETH0],
        ["eth0 came: up, with an address", "wlan0 is gone"],
    ),
}


@pytest.mark.parametrize(("before", "after", "told"), TABLE.values(), ids=TABLE)
def test_difference(
    before: list[NetworkInterface], after: list[NetworkInterface], told: list[str]
) -> None:
    """One sentence for each interface that differs."""
    assert difference(NetworkState(tuple(before)), NetworkState(tuple(after))) == tuple(told)


def reading(*states: list[NetworkInterface]) -> Callable[[], NetworkState]:
    """A read that gives one state after the other, and never from within the loop."""
    left = iter(states)

    def read() -> NetworkState:
        assert threading.current_thread() is not threading.main_thread()
        return NetworkState(tuple(next(left)))

    return read


async def test_every_look_is_told_with_what_differs_from_the_last() -> None:
    """A change is told once, also while port 5353 makes the daemon look again and again."""
    told = []
    read = reading([ETH0], [ETH0, WLAN0], [ETH0, WLAN0], [WLAN0])
    async for state, reasons in looks(read, NetworkState((ETH0,)), 0.0):
        told.append((len(state.interfaces), reasons))
        if len(told) == 4:
            break
    assert told == [
        (1, ()),
        (2, ("wlan0 came: up, with an address",)),
        (2, ()),
        (1, ("eth0 is gone",)),
    ]


async def test_it_ends_with_its_task() -> None:
    """A daemon that stops does not wait for the next look."""

    async def follow() -> None:
        async for _ in looks(reading(), NetworkState(()), 3_600.0):
            raise AssertionError

    task = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_look_that_fails_is_tried_again() -> None:
    """No descriptor left, say: the daemon goes on with what it knows."""
    looked = 0

    def read() -> NetworkState:
        nonlocal looked
        looked += 1
        if looked == 1:
            raise OSError(24, "Too many open files")
        return NetworkState(())

    known = NetworkState(())
    async for state, reasons in looks(read, known, 0.001):
        assert (state, reasons) == (known, ())
        break
    assert looked == 2
