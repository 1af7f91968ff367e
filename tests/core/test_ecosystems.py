"""What devices of many makes say of themselves in TXT records."""

import pytest

from lanbridge.core.ecosystems import common_name, friendly_name, identities, model
from lanbridge.core.services import ServiceInstance
from lanbridge.core.txt import TxtRecord

CAST = {"id": "a1b2c3d4e5f6", "md": "Chromecast", "fn": "Living room"}
HAP = {"md": "LWB010", "id": "AA:BB:CC:0D:0E:0F"}
IPP = {"ty": "HP LaserJet", "UUID": "1c0e-4d11"}
ESPHOME = {"mac": "a0b1c2d3e4f5", "friendly_name": "Desk", "board": "esp32dev"}
SHELLY = {"id": "shellyplus1-a8032ab12345", "app": "Plus1"}
HUE = {"bridgeid": "001788fffe123456", "modelid": "BSB002"}


@pytest.mark.parametrize(
    ("type_", "txt", "expected"),
    [
        ("_googlecast._tcp", CAST, ("id=a1b2c3d4e5f6", "Living room", "Chromecast")),
        ("_hap._tcp", HAP, ("id=aa:bb:cc:0d:0e:0f", None, "LWB010")),
        ("_ipp._tcp", IPP, ("uuid=1c0e-4d11", None, "HP LaserJet")),
        ("_esphomelib._tcp", ESPHOME, ("mac=a0b1c2d3e4f5", "Desk", "esp32dev")),
        ("_shelly._tcp", SHELLY, ("id=shellyplus1-a8032ab12345", None, "Plus1")),
        ("_hue._tcp", HUE, ("bridgeid=001788fffe123456", None, "BSB002")),
        ("_http._tcp", {"path": "/"}, (None, None, None)),
    ],
)
def test_who_it_is(type_: str, txt: dict[str, str], expected: tuple[str | None, ...]) -> None:
    """Identity, friendly name, model."""
    record = TxtRecord(tuple((key, value.encode()) for key, value in txt.items()))
    service = ServiceInstance(id="x", name="x", type=type_, domain="local", txt=record)
    identity = next(identities(service), None)
    assert identity == (f"{type_} {expected[0]}" if expected[0] else None)
    assert (friendly_name(record), model(record)) == expected[1:]


def test_what_is_no_text_says_nothing() -> None:
    """A key alone, an empty value, and novels are cut."""
    record = TxtRecord((("fn", None), ("md", b""), ("ty", b"\xff" * 500)))
    assert friendly_name(record) is None
    assert model(record) == "\ufffd" * 120


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Kitchen lamp"], "Kitchen lamp"),
        (["Brother HL-L2350DW series"] * 4, "Brother HL-L2350DW series"),
        (["客厅灯"], "客厅灯"),
        (["Decade facade"], "Decade facade"),
        (["Office printer", "pi [b8:27:eb:11:22:33]"], "Office printer"),
        (["Lamp", "Lamp (2)"], None),
        (["shellyplus1-a8032ab12345"], None),
        (["B827EB123456FFFE-0000000000000001"], None),
        (["pi [b8:27:eb:11:22:33]"], None),
        (["ESP_3F2A11"], None),
        ([], None),
    ],
)
def test_a_name_that_all_services_have(names: list[str], expected: str | None) -> None:
    """Unless it is a number that nobody says aloud."""
    services = [
        ServiceInstance(id=str(at), name=name, type="_x._tcp", domain="local")
        for at, name in enumerate(names)
    ]
    assert common_name(services) == expected
