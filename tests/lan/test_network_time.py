"""The host sleeps, a cable is away for minutes, the clock jumps."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lan.program import follow, services
from tests.lan.scene import LAMP, Scene

if TYPE_CHECKING:
    from tests.lan.lab import Lab
    from tests.lan.waits import LongWaits

(FAKETIME,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")

JUMPED_S = 3.0  # what depends on the wall clock would have come by then


@pytest.mark.timeout(300)
def test_a_cable_is_pulled_for_150_seconds(long_waits: LongWaits) -> None:
    """The lamp is offline then; avahi has forgotten our addresses."""
    scene, end = long_waits.cable()
    assert services(scene.pi)[LAMP.name]["state"] == "offline"
    scene.pi.set_cable(plugged=True)
    end()


@pytest.mark.timeout(300)
def test_the_host_sleeps_for_three_minutes(long_waits: LongWaits) -> None:
    """Every record has run out; all is asked for, and the lamp was never away."""
    scene, end = long_waits.sleep()
    scene.daemon.signal(signal.SIGCONT)
    end()
    scene.daemon.wait_line(r"network changed: this host slept for \d+ s")
    assert "event: service.lost" not in long_waits.events.stdout


@pytest.mark.parametrize("jump", ["+3d", "-30d"])
def test_the_clock_jumps(lab: Lab, jump: str) -> None:
    """NTP gives a Pi the time: nothing is forgotten or found anew; events have the new one."""
    clock = lab.directory / "clock"
    clock.write_text("+0d")
    env = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    scene = Scene(lab, env=env)
    scene.finds_lamp()
    events = follow(scene.pi, "127.0.0.1")
    with scene.recovery(lines=0):
        clock.write_text(jump)
        time.sleep(JUMPED_S)
    assert not any(line.text.startswith("event: ") for line in events.lines)
    with scene.recovery("10.77.0.99"):
        scene.pi.add_address("10.77.0.99/24")
    events.wait_line("^event: network.changed$")
    days = int(jump.removesuffix("d"))
    there = time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * 86_400))
    events.wait_line(f'^data: .*"at": "{there}')
