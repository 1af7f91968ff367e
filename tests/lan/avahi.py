"""The peer avahi: the daemon with a D-Bus of its own, and avahi-browse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from tests.lan.discovery import Browser, Found, Lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lan.discovery import Service
    from tests.lan.host import Host
    from tests.lan.process import Process

# Everybody on the host may use the bus: a host of the laboratory has only one user.
BUS_CONFIG = """\
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>
"""

DAEMON_CONFIG = """\
[server]
host-name={host_name}
use-ipv4=yes
use-ipv6=yes
enable-dbus=yes
{server}
[publish]
publish-hinfo=no
publish-workstation=no
"""

# What is mounted over the machine's files: the daemon reads its services from that directory and no
# other, and the doctor its settings from that file.
MOUNTS = {"services": "/etc/avahi/services", "daemon.conf": "/etc/avahi/avahi-daemon.conf"}
# avahi gives its runtime directory to the user avahi, even when it is told to stay root, and
# systemd-resolved becomes its own user: in a user namespace nobody but root exists, so there each
# is another name of root.
USERS = """\
root:x:0:0:root:/root:/bin/sh
avahi:x:0:0:avahi:/:/bin/false
systemd-resolve:x:0:0:resolved:/:/bin/false
"""
GROUPS = "root:x:0:\navahi:x:0:\nsystemd-resolve:x:0:\n"


def start(
    host: Host,
    services: Sequence[Service],
    host_name: str,
    *,
    server: str = "",
    starts: bool = True,
) -> Process:
    """Start a bus and avahi-daemon on this host, and wait until every service is established.

    server: more lines of that section of its settings. starts: False: do not wait for it.
    """
    directory = host.directory / "avahi"
    (directory / "services").mkdir(parents=True, exist_ok=True)
    settings = DAEMON_CONFIG.format(host_name=host_name, server=server)
    (directory / "daemon.conf").write_text(settings)
    for number, service in enumerate(services):
        (directory / f"services/{number}.service").write_text(service_file(service))

    start_bus(host)
    if not any(process.name == "avahi-daemon" for process in host.processes):
        for ours, theirs in MOUNTS.items():
            host.run(["mount", "--bind", directory / ours, theirs])

    # It has no user to become and no directory to lock itself into: the host is its cage.
    as_is = ["--no-drop-root", "--no-chroot", "--no-rlimits"]
    daemon = host.popen(["avahi-daemon", *as_is, "-f", directory / "daemon.conf"])
    if not starts:
        return daemon
    daemon.wait_line("Server startup complete")
    for number, _ in enumerate(services):
        daemon.wait_line(rf"/{number}\.service\) successfully established")
    return daemon


def start_bus(host: Host) -> None:
    """Start a D-Bus on this host, and give it the users that daemons want, unless it has them."""
    if any(process.name == "dbus-daemon" for process in host.processes):
        return
    directory = host.directory / "bus"
    directory.mkdir()
    for name, text in (("bus.conf", BUS_CONFIG), ("passwd", USERS), ("group", GROUPS)):
        (directory / name).write_text(text)
    config = f"--config-file={directory}/bus.conf"
    bus = host.popen(["dbus-daemon", config, "--nofork", "--nopidfile", "--print-address"])
    bus.wait_line("^unix:")
    for name in ("passwd", "group"):
        host.run(["mount", "--bind", directory / name, f"/etc/{name}"])


def service_file(service: Service) -> str:
    """Return the XML of a static service."""
    txt = "".join(
        f"<txt-record>{escape(f'{key}={value}')}</txt-record>" for key, value in service.txt.items()
    )
    subtypes = "".join(
        f"<subtype>{escape(f'{subtype}._sub.{service.type}')}</subtype>"
        for subtype in service.subtypes
    )
    return (
        f"<service-group><name replace-wildcards={quoteattr('no')}>{escape(service.name)}</name>"
        f"<service><type>{escape(service.type)}</type>{subtypes}"
        f"<port>{service.port}</port>{txt}</service></service-group>\n"
    )


def browse(host: Host, service_type: str) -> Browser:
    """Browse and resolve with avahi-browse until the laboratory closes."""
    options = ["--resolve", "--parsable", "--no-db-lookup"]
    return Browser(host.popen(["avahi-browse", *options, service_type]), parse)


def parse(line: str) -> Found | Lost | None:
    """Read one line of avahi-browse --parsable."""
    kind, _, rest = line.partition(";")
    fields = rest.split(";", 8)
    via = fields[1] if len(fields) > 1 else ""
    if via not in ("IPv4", "IPv6"):
        return None
    name = unescape(fields[2])
    if kind == "-":
        return Lost(name, via)
    if kind != "=" or len(fields) < 9:
        return None
    host, address, port = fields[5:8]
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', fields[8])
    txt = dict(unescape(string).partition("=")[::2] for string in strings)
    return Found(name, fields[3], host, int(port), (address,), txt, via)


def unescape(label: str) -> str:
    r"""Undo the \DDD (decimal, a byte) and \C escapes of a label or a TXT string."""
    raw = re.sub(
        rb"\\(\d{3}|.)",
        lambda match: bytes([int(match[1])]) if len(match[1]) == 3 else match[1],
        label.encode(),
    )
    return raw.decode("utf-8", "backslashreplace")
