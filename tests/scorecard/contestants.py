"""Who is tested: how each publishes `box`, an `_http._tcp`, also `_printer`, and browses."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lan.discovery import Browser, Found, Lost, Service
from tests.lan.program import LANBRIDGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lan.host import Host
    from tests.lan.process import Process

NAME, TYPE = "box", "_http._tcp"
SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True)
class Contestant:
    """publish(host, port) returns when it says that it has published, or fails at a deadline."""

    name: str
    version: Callable[[Host], str]
    publish: Callable[[Host, int], Process]
    browse: Callable[[Host], Browser] | None
    bridged: bool = False  # ciao sees no other interface


def _service(port: int) -> Service:
    return Service(NAME, TYPE, port, {"path": "/"}, ("_printer",))


def _publish_lanbridge(host: Host, port: int) -> Process:
    config = host.directory / "lanbridge.toml"
    config.write_text(
        f'[[advertise]]\nname = "{NAME}"\ntype = "{TYPE}"\nport = {port}\n'
        'subtypes = ["_printer"]\ntxt = { path = "/" }\n'
    )
    state = str(host.directory / "state")
    return host.popen([LANBRIDGE, "serve", "--config", config, "--state-dir", state])


def _browse_lanbridge(host: Host) -> Browser:
    command = [LANBRIDGE, "discover", TYPE, "--watch", "--format", "jsonl"]
    return Browser(host.popen(command), _parse_lanbridge)


def _parse_lanbridge(line: str) -> Found | Lost | None:
    event = json.loads(line)
    service = event["service"]
    if event["event"] == "service.lost":
        return Lost(service["name"])
    addresses = tuple(one["address"] for one in service["addresses"])
    return Found(service["name"], TYPE, service["host"] or "", service["port"] or 0, addresses, {})


def _publish_zeroconf(host: Host, port: int) -> Process:
    addresses = [one.partition("/")[0] for i in host.interfaces.values() for one in i.addresses]
    process = host.python([SCRIPTS / "zeroconf_publish.py", str(port), *addresses])
    process.wait_line("^ready$")
    return process


def _parse_zeroconf(line: str) -> Found | Lost | None:
    kind, _, name = line.partition(" ")
    return Found(name, TYPE, "", 0, (), {}) if kind == "+" else Lost(name)


CONTESTANTS = (
    Contestant(
        "lanbridge",
        lambda host: host.run([LANBRIDGE, "--version"]).stdout.split()[-1],
        _publish_lanbridge,
        _browse_lanbridge,
    ),
    Contestant(
        "avahi",
        lambda host: host.run(["avahi-daemon", "--version"]).stdout.split()[-1],
        lambda host, port: host.avahi([_service(port)], host_name="box-host"),
        lambda host: (host.avahi(host_name="browser"), host.avahi_browse(TYPE))[1],
    ),
    Contestant(
        "ciao",
        lambda _: _npm_version("@homebridge/ciao"),
        lambda host, port: host.ciao(_service(port)),
        None,  # it only publishes
        bridged=True,
    ),
    Contestant(
        "bonjour-service",
        lambda _: _npm_version("bonjour-service"),
        lambda host, port: host.bonjour_service(_service(port)),
        lambda host: host.bonjour_service_browse(TYPE),
    ),
    Contestant(
        "zeroconf",
        lambda host: host.run([sys.executable, "-c", _ZEROCONF_VERSION]).stdout.strip(),
        _publish_zeroconf,
        lambda host: Browser(host.python([SCRIPTS / "zeroconf_browse.py"]), _parse_zeroconf),
    ),
)

_ZEROCONF_VERSION = "import zeroconf; print(zeroconf.__version__)"


def _npm_version(package: str) -> str:
    file = Path(__file__).parents[1] / "lan/peers/node_modules" / package / "package.json"
    return str(json.loads(file.read_text())["version"])
