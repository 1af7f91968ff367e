"""What the TXT records of the ecosystems say of a device: who it is, its name, its model.

One row a key. Sources: what Google Cast, Apple's HomeKit Accessory Protocol (§6.4), AirPlay and
Bonjour printing (§9.2) document, and what the firmware of ESPHome, Shelly, Hue, Home Assistant,
Matter (§4.3) and Android TV sends.
"""

import re
from collections.abc import Iterable, Iterator

from lanbridge.core.services import ServiceInstance
from lanbridge.core.txt import Absent, TxtRecord

# In this order: the first that is there counts.
_NAMES = (
    "fn",  # Google Cast: friendly name
    "friendly_name",  # ESPHome
    "location_name",  # Home Assistant
    "dn",  # Matter: DN, device name
)
_MODELS = (
    "md",  # Google Cast and HomeKit: model
    "ty",  # Bonjour printing: make and model
    "modelid",  # Hue
    "model",  # Apple's _device-info, AirPlay, OctoPrint
    "am",  # AirPlay audio, _raop
    "app",  # Shelly, second generation
    "board",  # ESPHome
)
_IDS = (
    "uuid",  # Bonjour printing, Home Assistant, OctoPrint
    "deviceid",  # AirPlay
    "bridgeid",  # Hue
    "serial",  # cameras and printers
    "serialnumber",
    "sn",
    "mac",  # ESPHome, WLED
    "id",  # Google Cast, HomeKit, Shelly, lanbridge
)
# `id=1`, `uuid=unknown` and `serial=00000000` are no identity; they would make one of two devices.
_IS_ID = re.compile(r"(?=.*[0-9])(?!(.)\1*$)[\w:.{}-]{6,64}", re.A)
# What nobody says aloud: `shellyplus1-a8032ab12345`, `pi [b8:27:eb:11:22:33]`, the names of Matter.
_CODE = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{6}|([0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.I)
_SHOWN_CHARACTERS = 120


def identities(service: ServiceInstance) -> Iterator[str]:
    """What says whose service this is, the strongest first, as `_hap._tcp id=AA:BB:CC:DD:EE:FF`."""
    said = {key.lower(): value for key, value in service.txt.pairs}
    for key in _IDS:
        value = _text(said.get(key))
        if value and _IS_ID.fullmatch(value):
            yield f"{service.type} {key}={value.lower()}"


def friendly_name(txt: TxtRecord) -> str | None:
    """What its owner calls it, as far as the device knows."""
    return _first(txt, _NAMES)


def model(txt: TxtRecord) -> str | None:
    """What it is."""
    return _first(txt, _MODELS)


def common_name(services: Iterable[ServiceInstance]) -> str | None:
    """The instance name that all services of a device have, if a person has given it.

    A printer says who it is in each of its services, and its host name is `BRW3C2AF4.local`.
    """
    names = sorted({one.name for one in services if not _CODE.search(one.name)})
    return names[0] if len({name.casefold() for name in names}) == 1 else None


def _first(txt: TxtRecord, keys: tuple[str, ...]) -> str | None:
    return next((value for key in keys if (value := _text(txt.get(key)))), None)


def _text(value: bytes | Absent | None) -> str | None:
    if not isinstance(value, bytes):
        return None
    return value.decode("utf-8", "replace")[:_SHOWN_CHARACTERS].strip() or None
