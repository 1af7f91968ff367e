"""lanbridge itself as a program on a host: its commands, its daemon, and HTTP to it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.lan.process import eventually

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

    from tests.lan.host import Host
    from tests.lan.process import Process

LANBRIDGE = str(Path(sys.executable).with_name("lanbridge"))

FOLLOW = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=600) as stream:
    for line in stream:
        print(line.decode().rstrip(), flush=True)
"""
_GET = """
import sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[2], method=sys.argv[1])
if len(sys.argv) > 3 and sys.argv[3]:
    request.add_header("Authorization", f"Bearer {sys.argv[3]}")
try:
    with urllib.request.urlopen(request, timeout=5) as answer:
        print(answer.status); print(answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code); print(error.read().decode())
"""


class Answer(NamedTuple):
    """One HTTP answer whose body is JSON."""

    status: int
    body: Any


def lanbridge(host: Host, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of lanbridge to its end, whatever its status."""
    return host.run([LANBRIDGE, *arguments], check=False)


def discover(host: Host, *arguments: str) -> dict[str, Any]:
    """Service views by instance name, from `lanbridge discover --format jsonl`."""
    result = lanbridge(host, "discover", "--format", "jsonl", *arguments)
    assert result.returncode in (0, 1), result.stderr
    views = [json.loads(line) for line in result.stdout.splitlines()]
    return {view["name"]: view for view in views}


def advertise(host: Host, *arguments: str) -> Process:
    """Run `lanbridge advertise` and wait until the name is its own."""
    process = host.popen([LANBRIDGE, "advertise", *arguments])
    process.wait_line("^advertising ")
    return process


def serve(
    host: Host, *arguments: str, ready: bool = True, env: Mapping[str, str] | None = None
) -> Process:
    """Start the daemon and wait until it is ready, or until it answers at all."""
    state_dir = str(host.lab.directory / f"{host.name}-state")
    process = host.popen([LANBRIDGE, "serve", "--state-dir", state_dir, *arguments], env=env)
    path, status = ("/readyz", 200) if ready else ("/healthz", 200)
    eventually(lambda: http(host, f"http://127.0.0.1:8620{path}").status == status, what=path)
    return process


def http(host: Host, url: str, method: str = "GET", *, token: str = "") -> Answer:
    """One request from this host."""
    result = host.run([sys.executable, "-c", _GET, method, url, token], check=False)
    assert result.returncode == 0, result.stderr
    status, _, body = result.stdout.partition("\n")
    return Answer(int(status), json.loads(body) if body.strip() else None)


def services(host: Host, query: str = "", of: str = "127.0.0.1") -> dict[str, Any]:
    """Service views by instance name, from a daemon's REST."""
    answer = http(host, f"http://{of}:8620/api/v1/services{query}")
    assert answer.status == 200, answer
    return {view["name"]: view for view in answer.body["items"]}


def follow(host: Host, of: str) -> Process:
    """Read the event stream of a daemon."""
    process = host.popen([sys.executable, "-c", FOLLOW, f"http://{of}:8620/api/v1/events"])
    process.wait_line("^: lanbridge$")
    return process


def own_name(host: Host) -> str:
    """The name that the daemon on this host goes by."""
    return str(http(host, "http://127.0.0.1:8620/ping").body["name"])
