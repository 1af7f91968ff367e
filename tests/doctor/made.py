"""A host of files and values, for checks to look at."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lanbridge.config import Settings
from lanbridge.core.port_holders import Holder
from lanbridge.doctor.examine import every_check
from lanbridge.doctor.finding import Finding, Severity
from lanbridge.doctor.host import Heard, Host
from tests.echo.home import HOME

NOW_S = 1_800_000_000.0  # January 2027


def host(root: Path, files: Mapping[str, str] | None = None, **more: Any) -> Host:
    """With these files below `root`; on eth0 and wlan0, at 192.168.1.5 and 10.0.0.5."""
    for path, text in (files or {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    values: dict[str, Any] = {
        "network": HOME,
        "settings": Settings(state_dir=root),
        "now_unix_s": NOW_S,
    }
    return Host(root=root, **(values | more))


def holder(name: str = "avahi-daemon", pid: int | None = 612, **more: Any) -> Holder:
    """A process with a socket on UDP 5353."""
    values: dict[str, Any] = {"user": "avahi", "sockets": 2, "drops": 0} | more
    return Holder(pid=pid, name=name if pid else "", **values)


def heard(interface: str = "eth0", version: int = 4, **more: Any) -> Heard:
    """A link on which our question came back, and one other answered."""
    values: dict[str, Any] = {
        "came_back_on": frozenset({interface}),
        "by_multicast": frozenset({"192.168.1.20"}),
        "by_unicast": frozenset({"192.168.1.20"}),
    }
    return Heard(interface=interface, version=version, **(values | more))


def found(check: str, host: Host) -> list[Finding]:
    """What one check finds; every finding that is wrong says what it means and what mends it."""
    findings = list(every_check()[check](host))
    for finding in findings:
        if finding.severity is not Severity.OK:
            assert finding.consequence
        if finding.severity.is_wrong:
            assert finding.remedy
    return findings


def one(check: str, host: Host) -> Finding:
    """The only finding of a check."""
    [finding] = found(check, host)
    return finding
