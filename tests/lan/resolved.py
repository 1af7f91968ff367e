"""The peer systemd-resolved: the daemon itself, with mDNS on, and its resolvectl.

It needs no systemd around it, only a D-Bus. `tools/packages` unpacks it where it is not installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.lan import avahi

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.process import Process

UNPACKED = Path(__file__).parent / "peers" / "systemd-resolved"
SETTINGS = "[Resolve]\nMulticastDNS=yes\nLLMNR=no\nDNSStubListener=no\n"


def start(host: Host) -> Process:
    """Start a bus and systemd-resolved on this host, with mDNS on each of its links."""
    directory = host.directory / "resolved"
    directory.mkdir()
    avahi.start_bus(host)
    (directory / "resolved.conf").write_text(SETTINGS)
    host.run(["mkdir", "-p", "/run/systemd/resolved.conf.d", "/run/systemd/resolve"])
    host.run(["cp", directory / "resolved.conf", "/run/systemd/resolved.conf.d/lab.conf"])
    told = {"SYSTEMD_LOG_LEVEL": "debug", "SYSTEMD_LOG_TARGET": "console"}
    daemon = host.popen([program("systemd-resolved")], env=libraries() | told)
    daemon.wait_line("Successfully acquired requested service name")
    for interface in host.interfaces:
        resolvectl(host, "mdns", interface, "yes")
    daemon.wait_line("New scope on link eth0, protocol mdns")
    return daemon


def resolvectl(host: Host, *arguments: str) -> str:
    """What it answers; fails where it fails."""
    return host.run([program("resolvectl"), *arguments], env=libraries()).stdout


def program(name: str) -> Path:
    """The unpacked one, else the machine's own."""
    folders = ("usr/lib/systemd", "lib/systemd", "usr/bin")
    paths = [root / folder / name for root in (UNPACKED, Path("/")) for folder in folders]
    return next(path for path in paths if path.exists())


def libraries() -> dict[str, str]:
    """The one library that must be of the same version."""
    shared = next(UNPACKED.rglob("libsystemd-shared-*.so"), None)
    return {"LD_LIBRARY_PATH": str(shared.parent)} if shared else {}
