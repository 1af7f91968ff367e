"""Looks at this host's interfaces: when there is something to see, and after a sleep."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_interface

import pytest

from lanbridge.core.addresses import NetworkInterface, NetworkState
from lanbridge.network.watch import SLEPT_S, Watch

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
KNOWN = NetworkState((ETH0,))


def reading(*states: list[NetworkInterface]) -> Callable[[], NetworkState]:
    """A read that gives one state after the other, and never from within the loop."""
    left = iter(states)

    def read() -> NetworkState:
        assert threading.current_thread() is not threading.main_thread()
        return NetworkState(tuple(next(left)))

    return read


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox without AF_NETLINK."""
    monkeypatch.delattr(socket, "AF_NETLINK", raising=False)


@pytest.mark.usefixtures("deaf")
async def test_every_look_is_told_with_what_differs_from_the_last() -> None:
    """A change is told once, also while port 5353 makes the daemon look again and again."""
    told = []
    read = reading([ETH0], [ETH0, WLAN0], [ETH0, WLAN0], [WLAN0])
    async for state, change in Watch(read, 0.001).looks(KNOWN):
        told.append((len(state.interfaces), change.reasons))
        if len(told) == 4:
            break
    assert told == [
        (1, ()),
        (2, ("wlan0 came: 192.168.1.5/24",)),
        (2, ()),
        (1, ("eth0 is gone",)),
    ]


@pytest.mark.usefixtures("deaf")
async def test_where_the_kernel_does_not_tell_it_polls_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once, with the reason."""
    caplog.set_level(logging.INFO)
    looked = 0
    async for _ in Watch(reading(*[[ETH0]] * 3), 0.001).looks(KNOWN):
        looked += 1
        if looked == 3:
            break
    assert caplog.messages == [
        "looking at the interfaces every 0.001 s: this system has no netlink"
    ]


async def test_a_wake_up_is_a_look_long_before_the_next_poll() -> None:
    """Many wake-ups at once are one."""
    watch = Watch(reading([ETH0, WLAN0]), 3_600.0)
    looks = watch.looks(KNOWN)
    first = asyncio.ensure_future(anext(looks))
    await asyncio.sleep(0)
    for _ in range(100):
        watch._wake()
    _, change = await asyncio.wait_for(first, 10)
    assert change.reasons == ("wlan0 came: 192.168.1.5/24",)
    await looks.aclose()


async def test_it_is_restless_while_it_waits_for_a_port() -> None:
    """Of which no kernel tells."""
    watch = Watch(reading([ETH0]), 0.001, restless=lambda: True)
    looks = watch.looks(KNOWN)
    _, change = await asyncio.wait_for(anext(looks), 10)
    assert not change.matters
    await looks.aclose()


async def test_after_a_suspension_every_link_begins_anew() -> None:
    """The boot clock went on, the other one did not; nothing else tells of it."""
    suspended_s = 100.0
    watch = Watch(reading([ETH0, WLAN0]), 3_600.0, suspended_s=lambda: suspended_s)
    looks = watch.looks(KNOWN)
    first = asyncio.ensure_future(anext(looks))
    await asyncio.sleep(0)
    suspended_s += 3_600.0
    watch._wake()
    _, change = await asyncio.wait_for(first, 10)
    assert change.renewed == {"eth0", "wlan0"}
    assert change.reasons == ("wlan0 came: 192.168.1.5/24", "this host slept for 3600 s")
    await looks.aclose()


async def test_a_process_that_was_stopped_has_slept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGSTOP, or a virtual machine that was paused: a timer rings far too late."""
    watch = Watch(reading([ETH0]), 3_600.0)
    looks = watch.looks(KNOWN)
    first = asyncio.ensure_future(anext(looks))
    await asyncio.sleep(0)
    now_s = asyncio.get_running_loop().time()
    monkeypatch.setattr(watch, "_now_s", lambda: now_s + SLEPT_S + 60)
    watch._woken.set()
    _, change = await asyncio.wait_for(first, 10)
    assert change.renewed == {"eth0"}
    assert change.reasons[0].startswith("this host slept for 6")
    await looks.aclose()


@pytest.mark.usefixtures("deaf")
async def test_it_ends_with_its_task() -> None:
    """A daemon that stops does not wait for the next look."""

    async def follow() -> None:
        async for _ in Watch(reading(), 3_600.0).looks(NetworkState(())):
            raise AssertionError

    task = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.usefixtures("deaf")
async def test_a_look_that_fails_is_tried_again() -> None:
    """No descriptor left, say: the daemon goes on with what it knows."""
    looked = 0

    def read() -> NetworkState:
        nonlocal looked
        looked += 1
        if looked == 1:
            raise OSError(24, "Too many open files")
        return NetworkState(())

    async for state, change in Watch(read, 0.001).looks(NetworkState(())):
        assert (state, change.matters) == (NetworkState(()), False)
        break
    assert looked == 2
