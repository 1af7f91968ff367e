"""A machine that floods the network with services it makes up, beside honest ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lan.discovery import Service
from tests.lan.process import eventually
from tests.lan.program import http, serve, services

if TYPE_CHECKING:
    from tests.lan.lab import Lab
    from tests.lan.process import Process

TYPE = "_honest._tcp"
HONEST = [Service(f"Honest {n:02}", TYPE, 8_000 + n, {"id": str(n)}) for n in range(50)]
BOGUS, RATE, SECONDS = 12_000, 3_000, 8  # twice as many packets as names
GROWTH_MIB = 40


def rss_mib(process: Process) -> float:
    """What it holds in memory now."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def test_the_honest_stay_and_memory_is_bounded(lab: Lab) -> None:
    """All of them, with what they announced, during the flood and after it; who counts is told."""
    pi, honest, stranger = lab.host("pi"), lab.host("honest"), lab.host("stranger")
    honest.avahi(HONEST)
    daemon = serve(pi)

    def seen() -> dict[str, tuple[int, object]]:
        found = services(pi, f"?type={TYPE}&state=online")
        return {
            name: (view["port"], view["txt"])
            for name, view in found.items()
            if "10.77.0.2" in [one["address"] for one in view["addresses"]]
        }

    expected = {one.name: (one.port, dict(one.txt)) for one in HONEST}
    eventually(lambda: seen() == expected, timeout_s=30, what="all are there")
    before_mib = rss_mib(daemon)
    words = ["10.77.0.3", str(BOGUS), str(RATE), str(SECONDS)]
    flood = stranger.popen([sys.executable, "-m", "benchmarks.programs.flood", *words])
    while flood.returncode is None:
        assert seen() == expected
    assert flood.wait() == 0
    status = http(pi, "http://127.0.0.1:8620/api/v1/status").body
    assert status["records_refused"]["services-of-one-source"] > 0
    assert status["services"] < BOGUS
    assert seen() == expected
    assert rss_mib(daemon) - before_mib < GROWTH_MIB
    lamp = Service("Latecomer", TYPE, 9_999)
    lab.host("lamp").avahi([lamp])
    eventually(lambda: lamp.name in services(pi, f"?type={TYPE}&state=online"), what="a newcomer")
