"""Settings: what `serve` may be told, each option written once.

A field's default, unit and description are also its line in the sample file, its variable and
its flag. Imported by `serve` and `config` only: pydantic is slow to load.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from lanbridge.core import txt
from lanbridge.core.addresses import parse_address, parse_network, parse_port
from lanbridge.core.errors import InvalidInput
from lanbridge.core.events import NAMES
from lanbridge.core.names import HostName, InstanceName, ServiceType
from lanbridge.core.origins import as_sent, parse_origin
from lanbridge.core.webhooks import key_of, target
from lanbridge.wechat.ports import is_refused_to_tcp
from lanbridge.wechat.targets import parse_host


def _by(parse: Callable[[Any], object], *, made: bool = False) -> Callable[[Any], Any]:
    """A core validator as pydantic wants one, its sentence is kept.

    The value passes as written, or with `made` as it is made by `parse`.
    """

    def check(value: Any) -> Any:
        try:
            parsed = parse(value)
        except InvalidInput as error:
            raise ValueError(str(error)) from error
        return parsed if made else value

    return check


def _instance(text: str, type: str = "_http._tcp") -> InstanceName:
    return InstanceName.parse(text, ServiceType.parse(type))


def _host_name(text: str) -> str:
    return as_sent(parse_host(text)[0])


def _split(value: Any) -> Any:
    """A variable and a flag hold words with commas between, where the file has a list."""
    return re.findall(r"[^\s,]+", value) if isinstance(value, str) else value


def _tables(value: Any) -> Any:
    try:
        return json.loads(value or "[]") if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error}") from error


def _table(value: Any) -> Any:
    return _tables(value or "{}")


def _txt_values(value: Any) -> Any:
    for key, held in value.items() if isinstance(value, dict) else ():
        if held is not True and not isinstance(held, str):
            raise ValueError(f"the value of {key!r} must be text in quotes, or true for no value")
    return value


def _plain_type(text: str) -> str:
    """As a service that was heard has it: `_HTTP._tcp.` would be equal to none."""
    return str(ServiceType.parse(text))


Port = Annotated[int, BeforeValidator(_by(parse_port))]
Type = Annotated[str, AfterValidator(_by(ServiceType.parse))]
PlainType = Annotated[Type, AfterValidator(_plain_type)]
Address = Annotated[str, AfterValidator(_by(parse_address))]
Words = Annotated[tuple[str, ...], BeforeValidator(_split)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class AdvertiseSettings(_Model):
    """One `[[advertise]]` table: a service that this daemon announces."""

    name: str = Field(description="What people see, 1 to 63 bytes.", examples=["Kitchen lamp"])
    type: Type = Field(description="What it speaks.", examples=["_http._tcp"])
    port: Port = Field(description="Where it listens.", examples=[8080])
    txt: Annotated[dict[str, str | bool], BeforeValidator(_txt_values)] = Field(
        default={},
        description="TXT record; true is a key without a value.",
        examples=[{"path": "/", "secure": True}],
    )
    subtypes: Words = Field(
        default=(), description="Subtypes that it can also be found by.", examples=[["_printer"]]
    )
    host: str | None = Field(
        default=None,
        description="Host name of hardware that cannot do it itself; goes with `addresses`.",
        examples=["lamp.local"],
    )
    addresses: tuple[Address, ...] = Field(
        default=(), description="Its addresses; go with `host`.", examples=[["192.168.1.20"]]
    )

    @property
    def txt_pairs(self) -> tuple[tuple[str, bytes | None], ...]:
        """`txt` as `core.txt.encode` takes it."""
        return tuple(
            (key, value.encode() if isinstance(value, str) else None)
            for key, value in self.txt.items()
        )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _by(lambda name: _instance(name, self.type))(self.name)
        _by(txt.encode)(self.txt_pairs)
        for subtype in self.subtypes:
            _by(ServiceType.parse)(f"{self.type},{subtype}")
        if self.host is not None:
            _by(HostName.parse)(self.host)
        if (self.host is None) != (not self.addresses):
            raise ValueError("`host` and `addresses` come together or not at all")
        return self


def _event(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"there is no such event; there are {', '.join(NAMES)}")
    return name


def _target(url: str) -> str:
    target(url)
    return url


def _secret(secret: SecretStr) -> SecretStr:
    try:
        key_of(secret.get_secret_value())
    except ValueError:
        raise ValueError("what comes after whsec_ is not base64 of a key") from None
    return secret


class WebhookSettings(_Model):
    """One `[[webhooks]]` table: a URL that is told what happens."""

    url: Annotated[str, AfterValidator(_target)] = Field(
        description="Where to POST each event, http:// or https://.",
        examples=["http://192.168.1.10:8123/api/webhook/lamp"],
    )
    events: Annotated[
        tuple[Annotated[str, AfterValidator(_event)], ...], BeforeValidator(_split)
    ] = Field(
        default=(), description="Only these events; none is all.", examples=[["service.lost"]]
    )
    types: Annotated[tuple[PlainType, ...], BeforeValidator(_split)] = Field(
        default=(), description="Only services of these types.", examples=[["_hap._tcp"]]
    )
    names: tuple[str, ...] = Field(
        default=(),
        description="Only services with these instance names.",
        examples=[["Kitchen lamp"]],
    )
    secret: Annotated[SecretStr, AfterValidator(_secret)] = Field(
        default=SecretStr(""),
        description="Key to sign with: any text, or whsec_ and base64. Empty is no signature.",
        examples=["whsec_bGFuYnJpZGdlIGV4YW1wbGU="],
    )


class ProbeSettings(_Model):
    """One `[[probes]]` table: services that are pinged again and again."""

    types: Annotated[tuple[PlainType, ...], BeforeValidator(_split)] = Field(
        default=(), description="Services of these types.", examples=[["_http._tcp"]]
    )
    names: tuple[str, ...] = Field(
        default=(),
        description="Services with these instance names; with types, those that fit both.",
        examples=[["Kitchen lamp"]],
    )
    via: Literal["http", "tcp", "udp", "ws"] | None = Field(
        default=None,
        description="Transport: http, tcp, udp or ws; unset, that of the type.",
        examples=["tcp"],
    )
    interval_s: float = Field(
        default=60.0, ge=15, le=86_400, description="Seconds between rounds.", examples=[60]
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not (self.types or self.names):
            raise ValueError("a table of probes has `types` or `names`: nobody else is pinged")
        return self


class Settings(_Model):
    """Everything an operator may set."""

    host: Annotated[str, AfterValidator(_by(lambda text: text and parse_address(text)))] = Field(
        default="", description="Address to listen on; empty is every address, IPv4 and IPv6."
    )
    port: Port = Field(default=8620, description="Port of HTTP and WebSocket, and of UDP echo.")
    name: Annotated[str, AfterValidator(_by(lambda text: text and _instance(text)))] = Field(
        default="", description="Own instance name; empty is one made from the host name."
    )
    types: Annotated[tuple[Type, ...], BeforeValidator(_split)] = Field(
        default=(),
        description='Browse only these service types, as "_http._tcp"; none is every type.',
    )
    interfaces_include: Words = Field(
        default=(),
        description='Use only the interfaces of these names, as "eth*"; none is all that fit.',
    )
    interfaces_exclude: Words = Field(
        default=(), description="Never use the interfaces of these names."
    )
    udp_echo: bool = Field(default=True, description="Answer UDP echo.")
    allow_networks: Annotated[
        tuple[Annotated[str, AfterValidator(_by(parse_network))], ...], BeforeValidator(_split)
    ] = Field(
        default=(),
        description='Networks that may read beside those of this host, as "10.1.0.0/16".',
    )
    host_names: Annotated[
        tuple[Annotated[str, AfterValidator(_by(_host_name, made=True))], ...],
        BeforeValidator(_split),
    ] = Field(
        default=(),
        description="Names by which browsers may ask, beside addresses, names of one label and "
        '*.local, as "pi.fritz.box".',
    )
    cors_origins: Annotated[
        tuple[Annotated[str, AfterValidator(_by(parse_origin, made=True))], ...],
        BeforeValidator(_split),
    ] = Field(
        default=(),
        description="Origins whose web pages may read, and with the token write, as "
        '"http://192.168.1.5:3000".',
    )
    network_poll_s: float = Field(
        default=2.0,
        gt=0.2,
        description="Seconds between two looks at the interfaces, more than 0.2, where the kernel "
        "does not tell of changes, and while port 5353 is taken.",
    )
    grace_s: Annotated[
        dict[PlainType, Annotated[float, Field(ge=0, le=86_400)]], BeforeValidator(_table)
    ] = Field(
        default={},
        description="For a service type, seconds that one which fell silent or said goodbye is "
        'stale before it is offline: { "_hue._tcp" = 300 }. In a variable, a JSON object.',
    )
    services_kept_days: Annotated[float, Field(gt=0, le=365)] = Field(
        default=1.0, description="Days that a service which has left is listed as offline."
    )
    devices_kept_days: Annotated[float, Field(gt=0, le=3_650)] = Field(
        default=90.0, description="Days that a device which has left keeps its id and history."
    )
    state_dir: Path = Field(
        default=Path("/var/lib/lanbridge"),
        description="The one directory written to. Unset: $STATE_DIRECTORY of systemd, "
        "and for a user who is not root $XDG_STATE_HOME/lanbridge.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What to log: debug, info, warning or error."
    )
    advertise: Annotated[tuple[AdvertiseSettings, ...], BeforeValidator(_tables)] = Field(
        default=(), description="Services to announce, a table each; in a variable, a JSON list."
    )
    webhooks: Annotated[tuple[WebhookSettings, ...], BeforeValidator(_tables)] = Field(
        default=(),
        description="URLs to tell what happens, a table each; in a variable, a JSON list.",
    )
    probes: Annotated[tuple[ProbeSettings, ...], BeforeValidator(_tables)] = Field(
        default=(),
        description="Services to ping again and again, a table each; in a variable, a JSON list.",
    )

    def advice(self) -> list[str]:
        """Sentences on what is allowed and will be regretted."""
        if not is_refused_to_tcp(self.port):
            return []
        return [f"port {self.port} is one that phones refuse to wx.createTCPSocket; 8620 is not"]


# What has a table for each of several things, and so no flag.
TABLES: dict[str, type[_Model]] = {
    "advertise": AdvertiseSettings,
    "webhooks": WebhookSettings,
    "probes": ProbeSettings,
}
