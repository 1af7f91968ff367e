"""What a daemon is told while it runs, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lan.discovery import Service
from tests.lan.program import discover, http, lanbridge, serve

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

DOOR = ("Garage door", "_http._tcp")


def told(pi: Host, *arguments: str) -> str:
    """Run `lanbridge advertise --daemon` on the daemon's own host."""
    token = lanbridge(pi, "token", "--state-dir", state_dir(pi)).stdout.strip()
    file = pi.lab.directory / "token"
    file.write_text(token)
    result = lanbridge(pi, "advertise", "--daemon", "--token-file", str(file), *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def state_dir(host: Host) -> str:
    """Where `serve` of the laboratory keeps it."""
    return str(host.lab.directory / f"{host.name}-state")


def test_the_daemon_advertises_what_it_is_told(lab: Lab) -> None:
    """Neighbours find it, also after a restart, and hear a goodbye when it is told to end it."""
    pi, phone = lab.host("pi"), lab.host("phone")
    phone.avahi()
    daemon = serve(pi)
    told(pi, *DOOR, "80", "--host", "garage.local", "--address", "10.77.0.40")
    browser = phone.avahi_browse("_http._tcp")
    browser.wait_found(DOOR[0])
    assert discover(phone, "_http._tcp")[DOOR[0]]["host"] == "garage.local"

    daemon.terminate()
    browser.wait_lost(DOOR[0])
    serve(pi)
    browser.wait_found(DOOR[0])

    assert "no longer" in told(pi, "--remove", *DOOR)
    browser.wait_lost(DOOR[0])
    assert http(pi, "http://127.0.0.1:8620/readyz").status == 200


def test_the_name_that_is_told_is_the_one_that_the_service_got(lab: Lab) -> None:
    """A neighbour has the one that was wanted."""
    pi, phone = lab.host("pi"), lab.host("phone")
    phone.avahi([Service(*DOOR, 80)])
    serve(pi)
    assert told(pi, *DOOR, "80") == f"the daemon advertises {DOOR[0]} (2) from now on\n"


def test_a_neighbour_without_the_token_changes_nothing(lab: Lab) -> None:
    """He may read."""
    pi, phone = lab.host("pi"), lab.host("phone")
    serve(pi)
    advertisements = "http://10.77.0.1:8620/api/v1/advertisements"
    items = http(phone, advertisements).body["items"]
    for url, method in (
        (advertisements, "POST"),
        (f"{advertisements}/{items[0]['id']}", "DELETE"),
        ("http://10.77.0.1:8620/api/v1/scan", "POST"),
    ):
        refused = http(phone, url, method)
        assert (refused.status, refused.body["code"]) == (401, "token-required")
    assert http(phone, advertisements).body["items"] == items


def test_other_networks_read_where_the_settings_say_so(lab: Lab) -> None:
    """A phone behind a router is told what to do; the programs of this host always read."""
    pi, router = lab.host("pi"), lab.host("router")
    router.attach("guests")
    router.sysctl("net.ipv4.ip_forward", 1)
    guest = lab.host("guest", segment="guests", gateway="10.77.1.2")
    pi.ip("route add 10.77.1.0/24 via 10.77.0.2")
    daemon = serve(pi)
    status = "http://10.77.0.1:8620/api/v1/status"
    refused = http(guest, status)
    assert (refused.status, refused.body["code"]) == (403, "refused")
    assert "allow_networks" in refused.body["detail"]
    assert http(guest, "http://10.77.0.1:8620/ping").status == 403
    assert http(router, status).body["http_refused"] == {"other-subnet": 2}
    daemon.terminate()
    serve(pi, "--allow-networks", "10.77.1.0/24")
    assert http(guest, status).status == 200
    assert http(guest, "http://10.77.0.1:8620/api/v1/scan", "POST").status == 401
