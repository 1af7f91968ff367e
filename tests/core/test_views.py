"""The shapes of DESIGN §4.2, judged for whoever asks."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.alarms import Alarm, AlarmChanged, AlarmKind
from lanbridge.core.devices import Devices
from lanbridge.core.events import (
    AdvertisementFailed,
    AdvertisementRenamed,
    Event,
    EventKind,
    NetworkChanged,
    ServiceEvent,
)
from lanbridge.core.json_text import json_safe
from lanbridge.core.services import Device, Reason, ServiceInstance, State
from lanbridge.core.txt import decode, encode
from lanbridge.core.views import (
    DeviceView,
    ServiceView,
    alarm_view,
    as_json,
    device_view,
    event_view,
    interface_view,
    service_view,
    timestamp,
)
from tests.core.lamp import HOME, lamp, phone


def test_a_service_is_the_json_of_the_design() -> None:
    """Every field by name, in plain values."""
    service = lamp(txt=(("path", b"/"), ("key-without-value", None), ("empty", b"")))
    view = as_json(service_view(service, HOME, phone("192.168.1.7/24")))
    assert json.loads(json.dumps(view)) == {
        "id": "0123456789abcdef",
        "name": "Kitchen lamp",
        "fqdn": "Kitchen lamp._http._tcp.local",
        "type": "_http._tcp",
        "subtypes": [],
        "domain": "local",
        "host": "lamp.local",
        "port": 8086,
        "state": "online",
        "own": False,
        "addresses": [
            {
                "address": "192.168.1.20",
                "family": "IPv4",
                "interface": "wlan0",
                "relation": "same-subnet",
                "reason": "192.168.1.20 is in 192.168.1.0/24, the subnet of wlan0",
            }
        ],
        "txt": {"path": "/", "key-without-value": None, "empty": ""},
        "txt_raw": "BnBhdGg9LxFrZXktd2l0aG91dC12YWx1ZQZlbXB0eT0=",
        "reachable": True,
        "reason": None,
        "url": "http://192.168.1.20:8086/",
        "first_seen": "2023-11-14T22:13:20.000Z",
        "last_seen": "2023-11-14T22:13:21.500Z",
        "ttl_s": 120,
        "findings": [],
    }


def test_a_link_local_address_is_shown_with_its_link() -> None:
    """RFC 4007 §6: without its zone it means nothing."""
    (address,) = service_view(lamp("fe80::20"), HOME).addresses
    assert (address.address, address.family, address.relation) == (
        "fe80::20%wlan0",
        "IPv6",
        "same-subnet",
    )


def test_findings_of_the_service_and_of_its_txt_record() -> None:
    """All that is wrong with it, in one list."""
    rdata = b"\x02=x\x03a=1\x03A=2"
    service = replace(lamp(), findings=("its type is too long",), txt=decode(rdata), txt_raw=rdata)
    assert service_view(service, HOME).findings == [
        "its type is too long",
        "'=x' has no key",
        "key 'A' is repeated",
    ]


def test_dots_of_a_name_are_escaped_in_its_fqdn_only() -> None:
    """RFC 6763 §4.3."""
    view = service_view(replace(lamp(), name=r"Dr. Lamp\1"), HOME)
    assert (view.name, view.fqdn) == (r"Dr. Lamp\1", r"Dr\. Lamp\\1._http._tcp.local")


@pytest.mark.parametrize(
    ("unix_s", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_700_000_000.9999, "2023-11-14T22:13:20.999Z"),
        (4_102_444_800.25, "2100-01-01T00:00:00.250Z"),
    ],
)
def test_timestamps(unix_s: float, text: str) -> None:
    """RFC 3339 in UTC, with milliseconds even where they are zero."""
    assert timestamp(unix_s) == text


class TestDevices:
    """Services of one host, as one."""

    def device(self, *services: ServiceInstance) -> Device:
        devices = Devices(kept_s=1.0)
        for one in services:
            devices.take(one, one.last_seen_s)
        (device,) = devices.group(services)
        return device

    def test_a_device_is_what_its_services_are_together(self) -> None:
        """First and last seen of all, the best state, each address once."""
        early = replace(lamp(state=State.STALE), first_seen_s=5.0, last_seen_s=6.0)
        view = device_view(self.device(lamp(), early), HOME)
        assert set(as_json(view)) == {one.name for one in fields(DeviceView)}
        assert (view.host, view.state, view.own, view.reachable) == (
            "lamp.local",
            "online",
            False,
            True,
        )
        assert (view.first_seen, view.last_seen) == (timestamp(5.0), timestamp(1_700_000_001.5))
        assert [one.address for one in view.addresses] == ["192.168.1.20"]
        assert [set(as_json(one)) for one in view.services] == [
            {one.name for one in fields(ServiceView)}
        ] * 2

    def test_one_reachable_service_makes_it_reachable(self) -> None:
        """The other one listens on a port that is none."""
        both = device_view(self.device(lamp(port=0), lamp()), HOME)
        assert (both.reachable, both.reason) == (True, None)
        assert not device_view(self.device(lamp(port=0)), HOME).reachable

    def test_what_is_not_reachable_says_why(self) -> None:
        """In the words of the best of its services, whichever was heard first."""
        far = lamp("10.9.9.9")
        gone = replace(lamp(state=State.OFFLINE, reason=Reason.GOODBYE, type_="_a._tcp"), id="a")
        for services in ((far, gone), (gone, far)):
            view = device_view(self.device(*services), HOME)
            assert (view.reachable, view.reason) == (False, service_view(far, HOME).reason)
        assert device_view(self.device(gone), HOME).reason == "goodbye"
        silent = replace(self.device(gone), services=())
        assert device_view(silent, HOME).reason == "none of its services is known any more"

    def test_a_device_goes_by_a_name_that_a_person_knows(self) -> None:
        """What it says of itself, else the one name of its services, else its host."""
        web = lamp(host="ESP_3F2A11.local")
        control = replace(web, id="b", name="kitchen lamp", type="_hap._tcp")
        other = replace(web, id="c", name="Setup", type="_setup._tcp")
        named = replace(web, id="d", txt=decode(encode((("fn", b"Lamp of Anna"),))))
        for services, name in (
            ((web,), "Kitchen lamp"),
            ((control, web), "Kitchen lamp"),
            ((web, other), "ESP_3F2A11.local"),
            ((web, other, named), "Lamp of Anna"),
        ):
            assert device_view(self.device(*services), HOME).name == name
        device, whole = self.device(web), self.device(web, other)
        assert device_view(device, HOME, whole=whole).name == "ESP_3F2A11.local"


class TestEvents:
    """`event` is the name under which it travels."""

    def test_a_service_event_has_the_service_and_what_changed(self) -> None:
        """The names of the fields in order, and null where nothing is told."""
        event = ServiceEvent(EventKind.UPDATED, lamp(), 1.0, frozenset({"txt", "port"}))
        view = event_view(event, HOME)
        assert (view.event, view.at) == ("service.updated", "1970-01-01T00:00:01.000Z")
        assert view.changed == ["port", "txt"]
        assert view.service == service_view(lamp(), HOME)
        assert event_view(event._replace(changed=frozenset()), HOME).changed is None

    def test_an_alarm_that_is_over_says_so(self) -> None:
        """What identifies it stays, and since when it was up."""
        alarm = Alarm(AlarmKind.DUPLICATE_HOST, "lamp.local", "it is two", 1.0)
        raised, over = (
            event_view(AlarmChanged(alarm, raised, 2.0), HOME).alarm for raised in (True, False)
        )
        assert raised == alarm_view(alarm)
        assert over == replace(raised, detail="lamp.local is no longer the name of two hosts")

    @pytest.mark.parametrize(
        ("event", "told"),
        [
            (
                NetworkChanged(("eth0 is gone",), 1.0),
                {"event": "network.changed", "reasons": ["eth0 is gone"]},
            ),
            (
                AdvertisementRenamed("pi", "pi (2)", 1.0),
                {"event": "advertisement.renamed", "old": "pi", "new": "pi (2)"},
            ),
            (
                AdvertisementFailed("pi", 1.0),
                {"event": "advertisement.failed", "name": "pi"},
            ),
        ],
        ids=["network", "renamed", "failed"],
    )
    def test_the_others(self, event: Event, told: dict[str, object]) -> None:
        """Only what belongs to the event is set."""
        view = {key: value for key, value in as_json(event_view(event, HOME)).items() if value}
        assert view == told | {"at": "1970-01-01T00:00:01.000Z"}


def test_an_interface_says_why_it_is_used() -> None:
    """In the words of the policy."""
    view = interface_view(HOME.interfaces[1])
    assert as_json(view) == {
        "name": "wlan0",
        "index": 2,
        "addresses": ["192.168.1.5/24", "fd00::5/64", "fe80::5/64"],
        "mac": None,
        "mtu_bytes": 1500,
        "up": True,
        "used": True,
        "why": "for the test",
    }


@given(st.text(max_size=63), st.text(min_size=1, max_size=63), st.binary(max_size=300))
def test_every_view_is_json(name: str, host: str, rdata: bytes) -> None:
    """Whatever a stranger put in: it is printable, and reads back the same."""
    service = replace(lamp(host=host), name=name, txt=decode(rdata), txt_raw=rdata)
    view = as_json(service_view(service, HOME))
    text = json_safe(view)
    assert text.isprintable()
    assert json.loads(text) == view
