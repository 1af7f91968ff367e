"""Services and devices as JSON: a row on disk, and an item of a backup.

`read_…` takes what a file holds, which a person or a broken card may have changed: it raises
InvalidInput, and whoever reads many leaves that one out.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeVar

from lanbridge.core.device_records import MAX_KEYS, MAX_PRESENCE, DeviceRecord
from lanbridge.core.errors import InvalidInput
from lanbridge.core.intake import MAX_TXT_BYTES
from lanbridge.core.services import (
    HeardAddress,
    Presence,
    Reason,
    ServiceInstance,
    State,
    stable_id,
)
from lanbridge.core.txt import decode

VERSION = 1
MAX_NAME_CHARACTERS = 1_024
MAX_ITEMS_OF_ONE = 64  # addresses, interfaces, subtypes

Made = TypeVar("Made")


def service_item(service: ServiceInstance) -> dict[str, Any]:
    """All of it that outlives its records."""
    return {
        "name": service.name,
        "type": service.type,
        "domain": service.domain,
        "subtypes": service.subtypes,
        "host": service.host,
        "port": service.port,
        "priority": service.priority,
        "weight": service.weight,
        "addresses": [(str(one.address), one.interface) for one in service.addresses],
        "interfaces": service.interfaces,
        "txt": b64encode(service.txt_raw).decode(),
        "state": service.state,
        "reason": service.reason,
        "ttl_s": service.ttl_s,
        "first_seen": service.first_seen_s,
        "last_seen": service.last_seen_s,
    }


def read_service(item: Any) -> ServiceInstance:
    """Raises InvalidInput."""
    return _read(_service, item)


def device_item(device: DeviceRecord) -> dict[str, Any]:
    """All that is kept of it."""
    return {
        "id": device.id,
        "host": device.host,
        "keys": device.keys,
        "label": device.label,
        "notes": device.notes,
        "merged_into": device.merged_into,
        "mac": device.hardware,
        "first_seen": device.first_seen_s,
        "last_seen": device.last_seen_s,
        "presence": device.presence,
    }


def read_device(item: Any) -> DeviceRecord:
    """Raises InvalidInput."""
    return _read(_device, item)


def _read(make: Callable[[Any], Made], item: Any) -> Made:
    try:
        return make(item)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        rule = f"it is no item of a backup ({type(error).__name__}: {error})"
        raise InvalidInput(str(item)[:80], rule) from None


def _service(item: Any) -> ServiceInstance:
    name, type_, domain = (_text(item[key]) for key in ("name", "type", "domain"))
    txt = b64decode(item["txt"], validate=True)[:MAX_TXT_BYTES]
    port, priority, weight = (_number(item[key]) for key in ("port", "priority", "weight"))
    return ServiceInstance(
        id=stable_id(f"{name}.{type_}.{domain}"),
        name=name,
        type=type_,
        domain=domain,
        subtypes=_texts(item["subtypes"]),
        host=_text(item["host"]),
        port=port,
        priority=priority,
        weight=weight,
        addresses=tuple(
            HeardAddress(ip_address(_text(address)), _text(interface))
            for address, interface in item["addresses"][:MAX_ITEMS_OF_ONE]
        ),
        interfaces=_texts(item["interfaces"]),
        txt=decode(txt),
        txt_raw=txt,
        state=State(item["state"]),
        reason=Reason(item["reason"]) if item["reason"] is not None else None,
        ttl_s=int(item["ttl_s"]),
        first_seen_s=float(item["first_seen"]),
        last_seen_s=float(item["last_seen"]),
    )


def _device(item: Any) -> DeviceRecord:
    device = DeviceRecord(_text(item["id"]), _text(item["host"]), float(item["first_seen"]))
    device.keys = _texts(item["keys"])[:MAX_KEYS]
    device.label, device.notes = _text(item["label"]), _text(item["notes"], 10_000)
    device.merged_into = None if item["merged_into"] is None else _text(item["merged_into"])
    device.hardware = None if item["mac"] is None else _text(item["mac"])
    device.last_seen_s = float(item["last_seen"])
    device.presence = tuple(
        Presence(float(at_s), bool(up)) for at_s, up in item["presence"][-MAX_PRESENCE:]
    )
    return device


def _text(value: Any, most: int = MAX_NAME_CHARACTERS) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"{str(value)[:40]!r} is no text, or too long")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(_text(one) for one in values[:MAX_ITEMS_OF_ONE])


def _number(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value <= 65_535:
        raise ValueError(f"{value!r} is no number of 16 bits")
    return value
