"""Services and devices as JSON, and back."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lanbridge.core.backup import device_item, read_device, read_service, service_item
from lanbridge.core.device_records import DeviceRecord
from lanbridge.core.errors import InvalidInput
from lanbridge.core.intake import MAX_TXT_BYTES
from lanbridge.core.services import Presence, Reason, State, stable_id
from tests.core.lamp import lamp

LAMP = replace(
    lamp("192.168.1.20", "fe80::7%wlan0", txt=(("path", b"/"), ("alone", None))),
    id=stable_id("Kitchen lamp._http._tcp.local"),
    subtypes=("_printer",),
)


def test_a_service_comes_back_as_it_was() -> None:
    """Through JSON, with every field; findings are found anew."""
    for one in (LAMP, replace(LAMP, state=State.OFFLINE, reason=Reason.GOODBYE)):
        assert read_service(json.loads(json.dumps(service_item(one)))) == one


def test_a_name_of_bytes_that_are_no_text_comes_back() -> None:
    """What a stranger sent as a lone surrogate, an escape or emoji."""
    name = "a\ud800\x1b[2J\u202e客厅\U0001f4a1"
    one = replace(LAMP, name=name, id=stable_id(f"{name}._http._tcp.local"))
    assert read_service(json.loads(json.dumps(service_item(one)))) == one


def test_a_device_comes_back_as_it_was() -> None:
    """With what a person wrote of it."""
    device = DeviceRecord("0123456789abcdef", "lamp.local", 1_000.0)
    device.keys = ("_hap._tcp id=aa:bb", "host lamp.local")
    device.label, device.notes, device.merged_into = "Küche", "behind\nthe fridge", "f" * 16
    device.hardware = "b8:27:eb:00:00:01"
    device.last_seen_s = 2_000.5
    device.presence = (Presence(1_000.0, True), Presence(2_000.5, False))
    item = json.loads(json.dumps(device_item(device)))
    again = read_device(item)
    for slot in DeviceRecord.__slots__:
        assert getattr(again, slot) == getattr(device, slot), slot


BROKEN: list[Any] = [
    None, 7, "text", [], {}, {"name": "x"},
    {**service_item(LAMP), "port": 70_000},
    {**service_item(LAMP), "port": True is None},
    {**service_item(LAMP), "state": "asleep"},
    {**service_item(LAMP), "name": 7},
    {**service_item(LAMP), "name": "x" * 2_000},
    {**service_item(LAMP), "txt": "no base64!"},
    {**service_item(LAMP), "addresses": [["10.0.0.999", "eth0"]]},
    {**service_item(LAMP), "addresses": [["10.0.0.9"]]},
    {**service_item(LAMP), "first_seen": "yesterday"},
    {**service_item(LAMP), "ttl_s": float("inf")},
]  # fmt: skip


@pytest.mark.parametrize("item", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_item_is_said_so(item: Any) -> None:
    """A file that somebody edited, or a card that lost bits."""
    if isinstance(item, dict) and item.get("port") is False:
        assert read_service(item).port == 0
        return
    with pytest.raises(InvalidInput, match="no item of a backup"):
        read_service(item)
    with pytest.raises(InvalidInput, match="no item of a backup"):
        read_device(item)


def test_what_is_too_much_is_cut() -> None:
    """A backup is no way around the bounds."""
    item = {**service_item(LAMP), "txt": "AAAA" * 10_000, "subtypes": ["_x"] * 10_000}
    service = read_service(item)
    assert (len(service.txt_raw), len(service.subtypes)) == (MAX_TXT_BYTES, 64)
