"""The daemon pings known services: real ones, closed ports, hosts that are off, and lures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.lan.discovery import Service
from tests.lan.once import announce
from tests.lan.process import eventually
from tests.lan.program import LANBRIDGE, Answer, advertise, follow, http, own_name, serve, services

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

LISTEN = """
import signal, socket
held = socket.create_server(("", 8086), backlog=100)
print("listening", flush=True)
signal.pause()
"""


def token(host: Host) -> str:
    """The write token of the daemon there."""
    state_dir = str(host.lab.directory / f"{host.name}-state")
    return host.run([LANBRIDGE, "token", "--state-dir", state_dir]).stdout.strip()


def ping(host: Host, name: str, query: str = "count=1") -> Answer:
    """Have the daemon on this host ping a service, once it is found."""
    view: dict[str, Any] = eventually(lambda: services(host).get(name), what=f"{name} is found")
    url = f"http://127.0.0.1:8620/api/v1/services/{view['id']}/ping?{query}"
    return http(host, url, "POST", token=token(host))


def test_what_is_pinged_and_what_silence_starts(lab: Lab) -> None:
    """By every transport; a closed port is asked for, and its host stays online as it answers."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    serve(pi)
    serve(lamp)
    lamp_name = own_name(lamp)
    for via in ("http", "tcp", "udp", "ws"):
        answer = ping(pi, lamp_name, f"via={via}&count=3")
        assert answer.status == 200, answer
        assert [one["outcome"] for one in answer.body["results"]] == ["ok"] * 3
        assert answer.body["summary"]["loss"] == 0.0
        assert answer.body["results"][0]["target"]["address"] == "10.77.0.2"
        assert answer.body["verification"] is None
    advertise(lamp, "Closed", "_http._tcp", "8086")
    answer = ping(pi, "Closed")
    assert [one["outcome"] for one in answer.body["results"]] == ["refused"]
    assert answer.body["verification"] == {"started": True, "within_s": 10.0}
    stream = follow(pi, "127.0.0.1")
    lamp.set_link(up=False)
    answer = ping(pi, lamp_name)
    assert answer.body["summary"]["received"] == 0
    stream.wait_line("^event: service.lost$", timeout_s=30.0)
    assert ping(pi, own_name(pi)).body["code"] == "unreachable"


def test_a_guest_has_nobody_pinged_in_the_other_network(lab: Lab) -> None:
    """He announces an address there; ours to it would be a way that he has not."""
    pi = lab.host("pi")
    pi.attach("guests")
    lab.host("safe")
    guest = lab.host("guest", segment="guests")
    serve(pi)
    announce(guest, "lure.local", "Lure", "10.77.0.2")
    answer = ping(pi, "Lure")
    assert (answer.status, answer.body["code"]) == (409, "unreachable")
    assert "but it was heard on eth1" in answer.body["detail"]


@pytest.mark.timeout(240)  # two rounds of 15 s, and the alarms are looked at every 10 s
def test_a_table_of_probes_finds_what_is_silent(lab: Lab) -> None:
    """Who is off is lost though its records hold; a closed port is an alarm until it opens."""
    pi, lamp, plug = lab.host("pi"), lab.host("lamp"), lab.host("plug")
    config = lab.directory / "pi.toml"
    config.write_text('[[probes]]\ntypes = ["_http._tcp"]\ninterval_s = 15\n')
    daemon = serve(pi, "--config", str(config))
    lamp.avahi([Service("Kitchen lamp", "_http._tcp", 8086)])
    plug.avahi([Service("Plug", "_http._tcp", 80)])
    eventually(lambda: {"Kitchen lamp", "Plug"} <= services(pi).keys(), what="both are found")
    stream = follow(pi, "127.0.0.1")
    plug.set_link(up=False)
    stream.wait_line("^event: service.lost$", timeout_s=60.0)
    daemon.wait_line(
        "Kitchen lamp._http._tcp.local is announced, but does not answer: "
        "tcp://10.77.0.2:8086, nothing listens",
        timeout_s=90.0,
    )
    assert services(pi)["Kitchen lamp"]["state"] == "online"
    lamp.popen([sys.executable, "-c", LISTEN]).wait_line("^listening$")
    daemon.wait_line(
        "Kitchen lamp._http._tcp.local is no longer announced without answering", timeout_s=60.0
    )
