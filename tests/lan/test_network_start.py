"""It starts before there is a network, says what it waits for, and goes on by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.lan.process import eventually
from tests.lan.program import LANBRIDGE, http
from tests.lan.scene import NAME, Scene, ipv4_only

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

# Begins what takes minutes, to run beside these.
pytestmark = pytest.mark.usefixtures("long_waits")

LATE_S = 10.0  # how long a DHCP server takes


def waits_for(pi: Host) -> str:
    """What /readyz says is missing."""
    (sentence,) = http(pi, "http://127.0.0.1:8620/readyz").body["waiting_for"]
    return str(sentence)


def test_no_interface_is_up_at_start(lab: Lab) -> None:
    """Not even loopback."""
    pi = lab.host("pi", segment=None)
    pi.ip("link set lo down")
    state_dir = str(lab.directory / "state")
    daemon = pi.popen([LANBRIDGE, "serve", "--name", NAME, "--state-dir", state_dir])
    daemon.wait_line("waiting: .*no usable interface")
    pi.ip("link set lo up")
    eventually(lambda: "loopback" in waits_for(pi), what="it sees loopback")
    scene = Scene(lab, pi, daemon=daemon)
    with scene.recovery("10.77.0.1", "fd77::1", lines=3, new_links=1):
        pi.attach("lan")


def test_only_loopback_is_there_at_start(lab: Lab) -> None:
    """It is not ready with that, for nobody else is there."""
    pi = lab.host("pi", segment=None)
    scene = Scene(lab, pi, ready=False)
    assert "lo: loopback reaches nobody else" in waits_for(pi)
    with scene.recovery("10.77.0.1", "fd77::1", lines=3, new_links=1):
        pi.attach("lan")


def test_the_interface_is_up_without_an_address(lab: Lab) -> None:
    """That is said, and one is enough."""
    pi = ipv4_only(lab, "pi", ipv4=None)
    scene = Scene(lab, pi, ready=False)
    assert "eth0: it has no address yet" in waits_for(pi)
    with scene.recovery("10.77.0.1", new_links=1):
        pi.add_address("10.77.0.1/24")


def test_the_address_comes_ten_seconds_late(lab: Lab) -> None:
    """The cable is plugged in, and then nothing for a while; there is one line about it."""
    pi = ipv4_only(lab, "pi", segment=None)
    scene = Scene(lab, pi, ready=False)
    with scene.recovery("10.77.0.1", new_links=1):
        pi.attach("lan", ipv4=None, ipv6=None)
        eventually(lambda: "eth0: it has no address yet" in waits_for(pi), what="it sees eth0")
        time.sleep(LATE_S)
        pi.add_address("10.77.0.1/24")
