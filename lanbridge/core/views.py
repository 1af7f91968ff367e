"""The shapes that leave lanbridge: REST, SSE and the command line show these and nothing else.

Plain values only (text, numbers, lists), so that a view is its JSON. Times are RFC 3339 in UTC.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from lanbridge.core.addresses import (
    Address,
    AddressVerdict,
    NetworkInterface,
    NetworkState,
    Relation,
    Viewer,
    classify,
)
from lanbridge.core.alarms import Alarm, AlarmChanged
from lanbridge.core.ecosystems import common_name, friendly_name, model
from lanbridge.core.events import (
    AdvertisementFailed,
    AdvertisementRenamed,
    Event,
    NetworkChanged,
    ServiceEvent,
    name_of,
)
from lanbridge.core.json_text import json_safe
from lanbridge.core.record_faults import record_faults
from lanbridge.core.services import Device, ServiceInstance, State
from lanbridge.core.txt import TxtRecord

# Types whose address can be opened, and how. Only plain schemes: on a LAN address no public
# certificate can be had, and plain http and ws are what a mini-program may use there.
_SCHEMES = {
    "_http._tcp": "http",
    "_https._tcp": "https",
    "_ws._tcp": "ws",
    "_lanbridge._tcp": "http",
}
_PATH_SAFE = "/?#%!$&'()*+,;=:@[]-._~"  # RFC 3986 §2.2, and escapes that the device made itself


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressView:
    """`reason`: why the address has this relation to the host that lanbridge runs on."""

    address: str
    family: Literal["IPv4", "IPv6"]
    interface: str
    relation: Relation
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A service instance, judged for one viewer.

    reachable, url: for the viewer (the caller, or `from`). reason: why not; for a service that
    is offline one of `goodbye`, `ttl`, `no-answer`. own: it runs on this host. fqdn: the name
    with the escapes of RFC 6763 §4.3. txt_raw: the RDATA in base64.
    """

    id: str
    name: str
    fqdn: str
    type: str
    subtypes: list[str]
    domain: str
    host: str
    port: int
    state: State
    own: bool
    addresses: list[AddressView]
    txt: dict[str, str | None]
    txt_raw: str
    reachable: bool
    reason: str | None
    url: str | None
    first_seen: str
    last_seen: str
    ttl_s: int
    findings: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceView:
    """From `at` on, some service of the device was there, or none was."""

    at: str
    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """The services of one host, or of several that a person has merged.

    name: what to call it: its label, or what the device calls itself, or the one name of all its
    services, or its host name. reason: why it is not reachable, of its best service. label, notes:
    what a person wrote. mac, vendor: null where unknown. presence: the last changes.
    """

    id: str
    name: str
    label: str
    notes: str
    model: str | None
    mac: str | None
    vendor: str | None
    host: str
    state: State
    own: bool
    reachable: bool
    reason: str | None
    addresses: list[AddressView]
    interfaces: list[str]
    services: list[ServiceView]
    merged: list[str]
    first_seen: str
    last_seen: str
    presence: list[PresenceView]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceView:
    """`used`, `why`: whether mDNS runs on it and the reason."""

    name: str
    index: int
    addresses: list[str]
    mac: str | None
    mtu_bytes: int | None
    up: bool
    used: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """`kind`: one of `AlarmKind`; `subject`: the name, address or identity in question; `detail`:
    what is seen, or in `alarm.over` what is no longer.
    """

    kind: str
    subject: str
    detail: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One change. `service` for service events, `reasons` for `network.changed`, `old` and
    `new` for `advertisement.renamed`, `name` for `advertisement.failed`; `changed` names the
    fields of a `service.updated`.
    """

    event: str
    at: str
    service: ServiceView | None = None
    changed: list[str] | None = None
    reasons: list[str] | None = None
    old: str | None = None
    new: str | None = None
    name: str | None = None
    alarm: AlarmView | None = None


def as_json(view: Any) -> dict[str, Any]:
    """A view as a dict, views within it too; twenty times quicker than dataclasses.asdict."""
    return {name: _plain(getattr(view, name)) for name in view.__slots__}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return as_json(value) if hasattr(value, "__slots__") else value


def timestamp(unix_s: float) -> str:
    """RFC 3339, UTC, milliseconds."""
    text = datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def service_view(
    service: ServiceInstance, state: NetworkState, viewer: Viewer | None = None
) -> ServiceView:
    """`viewer` None: somebody on this host itself asks, and is where this host is."""
    verdicts = [classify(heard.address, state, heard.interface) for heard in service.addresses]
    reachable, reason, url = _reach(service, verdicts, viewer)
    return ServiceView(
        id=service.id,
        name=service.name,
        fqdn=_escaped(service),
        type=service.type,
        subtypes=list(service.subtypes),
        domain=service.domain,
        host=service.host,
        port=service.port,
        state=service.state,
        own=is_own(verdicts),
        addresses=[
            AddressView(
                address=str(verdict.address),
                family="IPv4" if verdict.address.version == 4 else "IPv6",
                interface=heard.interface,
                relation=verdict.relation,
                reason=verdict.reason,
            )
            for heard, verdict in zip(service.addresses, verdicts, strict=True)
        ],
        txt=service.txt.as_json(),
        txt_raw=b64encode(service.txt_raw).decode(),
        reachable=reachable,
        reason=reason,
        url=url,
        first_seen=timestamp(service.first_seen_s),
        last_seen=timestamp(service.last_seen_s),
        ttl_s=service.ttl_s,
        findings=[*service.findings, *record_faults(service), *service.txt.ignored],
    )


def is_own(verdicts: list[AddressVerdict]) -> bool:
    """Whether a service is this host's: all its usable addresses are.

    One shared address is not enough: every Docker host has 172.17.0.1.
    """
    usable = [one for one in verdicts if one.relation not in (Relation.UNUSABLE, Relation.LOOPBACK)]
    return bool(usable) and all(one.relation is Relation.SELF for one in usable)


def _reach(
    service: ServiceInstance, verdicts: list[AddressVerdict], viewer: Viewer | None
) -> tuple[bool, str | None, str | None]:
    if service.state is State.OFFLINE:
        return False, service.reason, None
    if service.state is State.FOUND:
        return False, f"it was found, but {_missing(service)} not known yet", None
    if viewer is not None:
        reached = viewer.reach([heard.address for heard in service.addresses], service.port)
        url = _url(service, reached.address) if reached.address else None
        return reached.reachable, reached.reason, url
    if not 1 <= service.port <= 65535:
        return False, f"port {service.port} is no port that one can connect to", None
    near = [one.address for one in verdicts if one.ok]
    if not near:
        why = "; ".join(dict.fromkeys(one.reason for one in verdicts)) or "no address is known"
        return False, why, None
    # A zone such as %eth0 means something on one host only, and no browser takes it in a URL.
    linkable = next((one for one in near if "%" not in str(one)), None)
    return True, None, _url(service, linkable) if linkable else None


def _missing(service: ServiceInstance) -> str:
    if not service.host:
        return "its address and port are"
    if not service.addresses:
        return f"the address of {service.host} is"
    return "its IPv4 address is" if service.txt_raw else "its TXT record is"


def _url(service: ServiceInstance, address: Address) -> str | None:
    scheme = _SCHEMES.get(service.type)
    if scheme is None:
        return None
    literal = str(address) if address.version == 4 else f"[{address}]"
    held = service.txt.get("path")
    # Bytes of a stranger: whatever RFC 3986 has no place for is percent-encoded.
    path = quote(held, safe=_PATH_SAFE) if isinstance(held, bytes) else ""
    slash = "" if path.startswith("/") else "/"
    return f"{scheme}://{literal}:{service.port}{slash}{path}"


def _escaped(service: ServiceInstance) -> str:
    r"""RFC 6763 §4.3: dots and backslashes of the instance are preceded by a backslash."""
    instance = service.name.replace("\\", r"\\").replace(".", r"\.")
    return f"{instance}.{service.type}.{service.domain}"


def device_view(
    device: Device,
    state: NetworkState,
    viewer: Viewer | None = None,
    vendor: str | None = None,
    whole: Device | None = None,
) -> DeviceView:
    """A device is reachable when one of its services is.

    whole: with all its services, where `device` has some alone: it goes by the same name then.
    """
    services = [service_view(one, state, viewer) for one in device.services]
    reachable = any(view.reachable for view in services)
    whole = whole or device
    addresses = {(one.address, one.interface): one for view in services for one in view.addresses}
    return DeviceView(
        id=device.id,
        name=shown_name(whole),
        label=device.label,
        notes=device.notes,
        model=_said(whole, model),
        mac=device.mac,
        vendor=vendor,
        host=device.host,
        state=device.state,
        own=bool(services) and all(view.own for view in services),
        reachable=reachable,
        reason=None if reachable else _reason(device.state, services),
        addresses=list(addresses.values()),
        interfaces=sorted({name for one in device.services for name in one.interfaces}),
        services=services,
        merged=list(device.merged),
        first_seen=timestamp(device.first_seen_s),
        last_seen=timestamp(device.last_seen_s),
        presence=[PresenceView(at=timestamp(one.at_unix_s), up=one.up) for one in device.presence],
    )


def shown_name(device: Device) -> str:
    """What to call it."""
    return (
        device.label
        or _said(device, friendly_name)
        or common_name(device.services)
        or device.host
        or device.services[0].name
    )


def _said(device: Device, what: Callable[[TxtRecord], str | None]) -> str | None:
    """The first of its services that says it, by type: not by who was heard first."""
    services = sorted(device.services, key=lambda one: (one.type, one.id))
    return next((text for one in services if (text := what(one.txt))), None)


def _reason(best: State, services: list[ServiceView]) -> str:
    """Of those in the best state, the first by type."""
    views = sorted((view for view in services if view.state is best), key=lambda one: one.type)
    reasons = [view.reason for view in views if view.reason]
    return reasons[0] if reasons else "none of its services is known any more"


def interface_view(interface: NetworkInterface) -> InterfaceView:
    """One interface as it was at the last look."""
    return InterfaceView(
        name=interface.name,
        index=interface.index,
        addresses=[str(one) for one in interface.addresses],
        mac=interface.mac,
        mtu_bytes=interface.mtu_bytes,
        up=interface.up,
        used=interface.used,
        why=interface.why,
    )


def alarm_view(alarm: Alarm) -> AlarmView:
    """An alarm that is up."""
    return AlarmView(
        kind=alarm.kind,
        subject=alarm.subject,
        detail=alarm.sentence,
        since=timestamp(alarm.since_unix_s),
    )


def event_view(event: Event, state: NetworkState, viewer: Viewer | None = None) -> EventView:
    """`event` is the name under which it travels over SSE, `service.found` and so on."""
    name, at = name_of(event), timestamp(event.at_unix_s)
    match event:
        case ServiceEvent():
            view = service_view(event.service, state, viewer)
            changed = sorted(event.changed) or None
            return EventView(event=name, at=at, service=view, changed=changed)
        case NetworkChanged():
            return EventView(event=name, at=at, reasons=list(event.reasons))
        case AdvertisementRenamed():
            return EventView(event=name, at=at, old=event.old, new=event.new)
        case AdvertisementFailed():
            return EventView(event=name, at=at, name=event.name)
        case AlarmChanged():
            told = replace(alarm_view(event.alarm), detail=event.sentence)
            return EventView(event=name, at=at, alarm=told)


def event_json(id: str, event: Event, state: NetworkState, viewer: Viewer | None = None) -> str:
    """A numbered event as the one JSON object that SSE, WebSocket and webhooks send."""
    view = as_json(event_view(event, state, viewer))
    held = {key: value for key, value in view.items() if value is not None}
    return json_safe({"id": id, **held})
