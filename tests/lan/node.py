"""The peers that run on Node.js: @homebridge/ciao and bonjour-service."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lan.discovery import Browser, Found, Lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lan.discovery import Service
    from tests.lan.host import Host
    from tests.lan.process import Process

SCRIPTS = Path(__file__).parent / "peers"


def ciao(host: Host, services: Sequence[Service]) -> Process:
    """Publish services with ciao, and wait until they are announced."""
    require_bridged(host)
    if not all(service.txt for service in services):
        # It sends no strings, hears one empty string (RFC 6763 §6.1), and probes again for ever.
        raise AssertionError("ciao takes its own empty TXT record for a conflict: give it a key")
    return publish(host, "ciao.js", services)


def ciao_browse(host: Host, service_type: str) -> Browser:
    """Ask for a service type with ciao's socket and packet code.

    ciao only publishes: it has no browser and no cache. What it can show is that its decoder
    accepts our packets and that they hold everything needed to resolve the instance.
    """
    require_bridged(host)
    return Browser(start(host, "ciao-browse.js", [service_type]), parse)


def bonjour_service(host: Host, services: Sequence[Service]) -> Process:
    """Publish services with bonjour-service, and wait until they are announced."""
    return publish(host, "bonjour-service.js", services)


def bonjour_service_browse(host: Host, service_type: str) -> Browser:
    """Browse a service type with bonjour-service."""
    return Browser(start(host, "bonjour-service-browse.js", [service_type]), parse)


def publish(host: Host, script: str, services: Sequence[Service]) -> Process:
    """Run a script that publishes services and says when each is up."""
    process = start(host, script, [json.dumps([asdict(service) for service in services])])
    process.wait_line(r"^ready$", timeout_s=15.0)
    return process


def start(host: Host, script: str, arguments: Sequence[str]) -> Process:
    """Run one of the scripts of the peers directory."""
    if not (SCRIPTS / "node_modules").is_dir():
        raise AssertionError("the Node.js peers are not installed: run `make setup`")
    return host.popen(["node", SCRIPTS / script, *arguments], name=script)


def require_bridged(host: Host) -> None:
    """Refuse a host on which ciao would publish on lo only, and say that all is well."""
    if any(interface.cable == name for name, interface in host.interfaces.items()):
        raise AssertionError(
            f"ciao ignores eth0@...: make the host {host.name!r} with bridged=True"
        )


def parse(line: str) -> Found | Lost | None:
    """Read one line of a browsing script."""
    event = json.loads(line)
    if event["event"] == "lost":
        return Lost(event["name"])
    return Found(
        event["name"],
        event["type"],
        event["host"].rstrip("."),
        event["port"],
        tuple(event["addresses"]),
        event["txt"],
    )
