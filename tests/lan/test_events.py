"""The events of a daemon on a network: who reads them, over which way, and over what breaks."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING, Any

from tests.lan.discovery import Service
from tests.lan.process import eventually
from tests.lan.program import LANBRIDGE, advertise, http, serve

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

LAMP = Service("Kitchen lamp", "_http._tcp", 8086)

_RECEIVE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        print(self.headers["webhook-id"], self.headers["webhook-signature"], body, flush=True)
        self.send_response(204)
        self.end_headers()
print("ready", flush=True)
http.server.HTTPServer(("", 8123), Handler).serve_forever()
"""
_WEBSOCKET = """
import sys
from websockets.sync.client import connect
with connect(sys.argv[1], proxy=None) as websocket:
    for message in websocket:
        print(message, flush=True)
"""


def lines(process: Any) -> list[dict[str, Any]]:
    """The objects that it wrote."""
    return [json.loads(line) for line in process.stdout.splitlines()]


def lamp_on(host: Host) -> Any:
    """The lamp, until it says goodbye."""
    return advertise(host, LAMP.name, LAMP.type, str(LAMP.port))


def test_tell_me_when_it_goes_offline(lab: Lab) -> None:
    """The example of the README: a webhook for one event of one device, and for nothing else."""
    pi, lamp, receiver = lab.host("pi"), lab.host("lamp"), lab.host("receiver")
    config = lab.directory / "pi.toml"
    config.write_text(
        '[[webhooks]]\nurl = "http://10.77.0.3:8123/api/webhook/lamp-is-gone"\n'
        f'events = ["service.lost"]\nnames = ["{LAMP.name}"]\nsecret = "sesame"\n'
    )
    serve(pi, "--config", str(config))
    other, process = advertise(lamp, "Other", "_http._tcp", "1"), lamp_on(lamp)
    follower = pi.popen([LANBRIDGE, "events", "--format", "jsonl", "--name", "lamp"])
    other.terminate()
    process.terminate()
    follower.wait_line("service.lost")
    # Nobody listens yet: it is tried again.
    hooked = receiver.popen([sys.executable, "-c", _RECEIVE])
    told = hooked.wait_line("service.lost", timeout_s=20)
    id_, signature, body = told.split(" ", 2)
    event = json.loads(body)
    assert (event["id"], signature[:3]) == (id_, "v1,")
    assert (event["service"]["name"], event["service"]["reason"]) == (LAMP.name, "goodbye")
    (status,) = http(pi, "http://127.0.0.1:8620/api/v1/status").body["webhooks"]
    assert status["to"] == "http://10.77.0.3:8123"
    eventually(
        lambda: http(pi, "http://127.0.0.1:8620/api/v1/status").body["webhooks"][0]["delivered"],
        what="it is counted",
    )
    assert hooked.stdout.count("\n") == 2


def test_the_state_and_its_changes_over_one_websocket(lab: Lab) -> None:
    """From another host, which has seen nothing before."""
    pi, lamp, phone = lab.host("pi"), lab.host("lamp"), lab.host("phone")
    serve(pi)
    process = lamp_on(lamp)
    found = pi.popen([LANBRIDGE, "events", "--event", "service.resolved", "--name", "kitchen"])
    eventually(
        lambda: http(pi, "http://127.0.0.1:8620/api/v1/services?name=kitchen").body["items"],
        what="the lamp is found",
    )
    url = "ws://10.77.0.1:8620/api/v1/stream?snapshot=true&name=kitchen"
    reader = phone.popen([sys.executable, "-c", _WEBSOCKET, url])
    reader.wait_line('"more": false')
    process.terminate()
    reader.wait_line("service.lost")
    events = lines(reader)
    assert [one["event"] for one in events[:2]] == ["resync", "snapshot"]
    assert [one["name"] for one in events[1]["items"]] == [LAMP.name]
    assert events[-1]["service"]["id"] == events[1]["items"][0]["id"]
    found.signal(signal.SIGINT)
    assert found.wait() == 130


def test_a_follower_goes_on_when_the_daemon_was_away(lab: Lab) -> None:
    """It says that the connection broke, and `resync`, for the numbers begin anew."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    daemon = serve(pi)
    follower = pi.popen([LANBRIDGE, "events", "--format", "jsonl"])
    process = lamp_on(lamp)
    follower.wait_line(f"service.resolved.*{LAMP.name}")
    daemon.terminate()
    follower.wait_line("trying again")
    serve(pi)
    follower.wait_line('"event": "resync"', timeout_s=20)
    process.terminate()
    follower.wait_line(f"service.lost.*{LAMP.name}")
    follower.signal(signal.SIGINT)
    assert follower.wait() == 130


def test_without_a_daemon_there_is_nothing_to_follow(lab: Lab) -> None:
    """Status 3, with the remedy."""
    result = lab.host("pi").run([LANBRIDGE, "events"], check=False)
    assert result.returncode == 3
    assert "start it with 'lanbridge serve'" in result.stderr
