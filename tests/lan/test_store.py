"""A daemon that is killed, and one whose disk is full."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING, Any

from tests.lan.discovery import Service
from tests.lan.process import eventually
from tests.lan.program import LANBRIDGE, http, serve, services

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

LAMP = Service("Kitchen lamp", "_http._tcp", 8086, {"fn": "Lamp"})
API = "http://127.0.0.1:8620"

_PUT = """
import sys, urllib.error, urllib.request
head = {"Authorization": "Bearer " + sys.argv[2], "Content-Type": "application/json"}
request = urllib.request.Request(sys.argv[1], sys.argv[3].encode(), head, method="PUT")
try:
    print(urllib.request.urlopen(request, timeout=5).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


def label(host: Host, state_dir: str, text: str) -> int:
    """Give the lamp a label; the status of the answer."""
    device = device_of(host)
    token = host.run([LANBRIDGE, "token", "--state-dir", state_dir]).stdout.strip()
    url, body = f"{API}/api/v1/devices/{device['id']}", json.dumps({"label": text})
    return int(host.run([sys.executable, "-c", _PUT, url, token, body]).stdout)


def device_of(host: Host) -> dict[str, Any]:
    """The lamp's."""
    items = http(host, f"{API}/api/v1/devices?type=_http._tcp").body["items"]
    (device,) = (one for one in items if one["host"].startswith("lamp"))
    assert isinstance(device, dict)
    return device


def test_a_daemon_that_was_killed_knows_what_it_knew(lab: Lab) -> None:
    """The lamp and its label, while the lamp is away; and the same lamp when it is back."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    peer = lamp.avahi([LAMP])
    daemon = serve(pi)
    eventually(lambda: services(pi)[LAMP.name]["state"] == "online", what="the lamp is found")
    before = device_of(pi)
    assert before["model"] is None
    assert label(pi, str(lab.directory / "pi-state"), "Küche") == 200
    lamp.set_cable(plugged=False)
    daemon.signal(signal.SIGKILL)
    daemon.wait(5.0)
    serve(pi)
    found = services(pi)[LAMP.name]
    assert found["state"] in ("stale", "offline")
    assert found["first_seen"] == before["first_seen"]
    assert device_of(pi)["name"] == "Küche"
    eventually(
        lambda: services(pi)[LAMP.name]["reason"] == "no-answer", 25.0, what="it is given up"
    )
    lamp.set_cable(plugged=True)
    eventually(lambda: services(pi)[LAMP.name]["state"] == "online", 30.0, what="it is back")
    assert device_of(pi)["id"] == before["id"]
    assert device_of(pi)["mac"] is None or len(device_of(pi)["mac"]) == 17
    peer.terminate()


def test_a_full_disk_is_degraded_and_no_crash(lab: Lab) -> None:
    """What a person says is refused meanwhile, all else goes on, and it mends itself."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    lamp.avahi([LAMP])
    state = lab.directory / "pi-state"
    state.mkdir()
    pi.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(state)])
    daemon = serve(pi)
    eventually(lambda: services(pi)[LAMP.name]["state"] == "online", what="the lamp is found")
    assert label(pi, str(state), "Küche") == 200
    pi.run(["sh", "-c", f"cat /dev/zero >{state}/filler"], check=False)
    assert label(pi, str(state), "x" * 100) == 503
    ready = http(pi, f"{API}/readyz")
    assert ready.status == 200
    assert "nothing is kept on disk" in ready.body["degraded"][0]
    assert device_of(pi)["label"] == "Küche"
    pi.run(["rm", f"{state}/filler"])
    assert label(pi, str(state), "Flur") == 200
    assert http(pi, f"{API}/readyz").body["degraded"] == []
    assert http(pi, f"{API}/api/v1/status").body["store"]["problem"] is None
    daemon.terminate()
