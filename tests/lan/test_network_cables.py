"""Cables are pulled and plugged in, once and again and again, and packets are lost and late."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.lan.process import eventually
from tests.lan.program import follow, services
from tests.lan.scene import LAMP, WITHIN_LOSS_S, Scene

if TYPE_CHECKING:
    from tests.lan.lab import Lab

# Begins what takes minutes, to run beside these.
pytestmark = pytest.mark.usefixtures("long_waits")

PULLED_S = 5.0
FLAPS, FLAP_S = 20, 0.5


def test_a_cable_is_pulled_for_five_seconds(lab: Lab) -> None:
    """What was heard on it only is stale meanwhile; nothing is lost and found."""
    scene = Scene(lab)
    scene.finds_lamp()
    events = follow(scene.pi, "127.0.0.1")
    with scene.recovery("10.77.0.1", "fd77::1", lines=3):
        scene.pi.set_cable(plugged=False)
        pulled_s = time.monotonic()
        eventually(lambda: not scene.ready(), what="it notices")
        events.wait_line("^event: network.changed$")
        assert services(scene.pi)[LAMP.name]["state"] == "stale"
        time.sleep(max(0.0, PULLED_S - (time.monotonic() - pulled_s)))
        scene.pi.set_cable(plugged=True)
    assert "event: service.stale" in events.stdout
    assert "event: service.lost" not in events.stdout


def test_twenty_flaps_in_ten_seconds(lab: Lab) -> None:
    """A plug that is loose: few looks and lines, and then it is found as after one."""
    scene = Scene(lab)
    port = scene.pi.interfaces["eth0"].switch_port
    with scene.recovery("10.77.0.1", "fd77::1", lines=7):
        begin_s = time.monotonic()
        for number in range(2 * FLAPS):
            scene.pi.lab.switch.ip(f"link set {port} {'up' if number % 2 else 'down'}")
            time.sleep(max(0.0, begin_s + (number + 1) * FLAP_S / 2 - time.monotonic()))


def test_a_lossy_and_slow_network(lab: Lab) -> None:
    """A fifth of the packets is lost each way, the others take 0.2 s; within 15 s."""
    lab.slow_segment("far", 0.2)
    lamp = lab.host("lamp", segment="far", ipv4="10.77.0.100/24", ipv6="fd77::100/64")
    scene = Scene(lab, lab.host("pi"), lamp)
    scene.finds_lamp()
    scene.pi.lose_packets(0.2)
    with scene.recovery("10.77.0.2", lines=3, within_s=WITHIN_LOSS_S):
        scene.pi.set_cable(plugged=False)
        eventually(lambda: not scene.ready(), what="it notices")
        scene.pi.set_cable(plugged=True)
