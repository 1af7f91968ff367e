"""The three names of DNS-SD: service types, service instances, hosts.

`parse` is for what a user of ours wrote and raises; `split_instance`, `labels`, `fold` and
`is_valid_type` are for what strangers sent and never do. Names are held unescaped, labels joined
by dots, without a trailing dot: an instance may hold dots itself, so never split one at a dot.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from lanbridge.core.errors import InvalidHostName, InvalidInstanceName, InvalidServiceType
from lanbridge.core.name_faults import (
    FORBIDDEN,
    FORBIDDEN_RULE,
    MAX_LABEL_BYTES,
    cleaned,
    cut,
    host_fault,
    nearest_type,
    subtype_fault,
    type_fault,
)
from lanbridge.core.text import printable

SERVICE_META = "_services._dns-sd._udp.local"  # RFC 6763 §9

_TYPE = re.compile(
    r"_(?=[a-z0-9-]{1,15}\.)(?=[0-9-]*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*\._(?:tcp|udp)", re.I | re.A
)
# Greedy from the left, so the rightmost _service._protocol counts: an instance may hold another.
_JOINED = re.compile(r"(?:(.*)\.)?(_[^.]+\.(?:_tcp|_udp))\.(.+?)\.?", re.I | re.A | re.S)
_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.I | re.A)


@lru_cache(maxsize=4_096)  # bounded: the keys are strangers' words; one packet repeats its names
def fold(name: str) -> str:
    """The key two names are compared by: a-z for A-Z and nothing else, no trailing dot.

    RFC 6762 §16: ASCII letters match their other case; no other equivalence exists.
    """
    name = name.rstrip(".")
    if name.isascii():
        return name.lower()
    return name.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def labels(name: str) -> tuple[str, ...]:
    """The wire labels of a joined name: all before `_service._protocol` is one label.

    The subtype form `_printer._sub._http._tcp.local` has two labels there. So an instance whose
    own name ends in "._sub" is read as a subtype; joined names cannot tell the two apart.
    """
    match = _JOINED.fullmatch(name)
    if match is None:
        name = name.removesuffix(".")
        return tuple(name.split(".")) if name else ()
    head, service, domain = match.groups()
    tail = (*service.split("."), *domain.split("."))
    if not head:
        return tail
    if _is_subtype(head):
        return (head[:-5], head[-4:], *tail)
    return (head, *tail)


def split_instance(fqdn: str) -> tuple[str, str, str] | None:
    """(instance as sent, "_http._tcp", "local") of a stranger's joined name, or None.

    None too for names that are no instance: a type, a subtype, the meta-query of RFC 6763 §9.
    """
    match = _JOINED.fullmatch(fqdn)
    if match is None:
        return None
    instance, service, domain = match.groups()
    if not instance or _is_subtype(instance) or fold(fqdn) == SERVICE_META:
        return None
    return instance, fold(service), fold(domain)


@lru_cache(maxsize=512)  # bounded: the keys are strangers' words
def is_valid_type(text: str) -> bool:
    """Whether `text` is `_name._tcp` or `_name._udp` by RFC 6335 §5.1 and RFC 6763 §7."""
    return _TYPE.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class ServiceType:
    """What an instance speaks: RFC 6763 §7, and RFC 6335 §5.1 for `name`.

    name: lower case, without its underscore; protocol: "tcp" or "udp"; subtype: RFC 6763 §7.1,
    kept as written, underscore and case included.
    """

    name: str
    protocol: str
    subtype: str | None = None

    @classmethod
    def parse(cls, text: str) -> "ServiceType":
        """Read `_http._tcp`, `_http._tcp,_printer` or `_printer._sub._http._tcp`.

        Lenient where platforms are: ASCII case, one dot at either end (Android reports a found
        `._http._tcp` and a lost `_http._tcp.`), a dot before the comma. The meta-query
        `_services._dns-sd._udp` is read as a type one can browse. Raises InvalidServiceType.
        """
        bare, subtype = _split_subtype(text.removeprefix(".").removesuffix("."))
        if subtype is None and fold(bare) + ".local" == SERVICE_META and bare[-1] != ".":
            return cls("services._dns-sd", "udp")
        if is_valid_type(bare) and (subtype is None or subtype_fault(subtype) is None):
            name, protocol = bare.lower()[1:].split("._")
            return cls(name, protocol, subtype)
        raise InvalidServiceType(text, type_fault(text, bare, subtype), nearest_type(bare, subtype))

    def __str__(self) -> str:
        return f"_{self.name}._{self.protocol}"

    @property
    def fqdn(self) -> str:
        """`_http._tcp.local`, without the subtype."""
        return f"{self}.local"

    @property
    def browse_name(self) -> str:
        """The name to ask PTR records for, RFC 6763 §7.1."""
        return f"{self.subtype}._sub.{self.fqdn}" if self.subtype else self.fqdn


@dataclass(frozen=True, slots=True)
class InstanceName:
    """One advertised instance. `instance` is a name for people: RFC 6763 §4.1.1."""

    instance: str
    type: ServiceType

    @classmethod
    def parse(cls, text: str, type: ServiceType) -> "InstanceName":
        """Check and normalise our own instance name; raises InvalidInstanceName."""
        name = unicodedata.normalize("NFC", text)  # RFC 6763 §4.1.1: Net-Unicode, RFC 5198
        if not name:
            raise InvalidInstanceName("", "it is empty", "give it 1 to 63 octets of UTF-8")
        if FORBIDDEN.search(name):
            better = cut(FORBIDDEN.sub(" ", name).strip(), MAX_LABEL_BYTES)
            remedy = f"use '{better}'" if better else None
            raise InvalidInstanceName(text, f"it {FORBIDDEN_RULE}", remedy)
        size_bytes = len(name.encode())
        if size_bytes > MAX_LABEL_BYTES:
            rule = f"it has {size_bytes} octets of UTF-8, a label has at most 63 (RFC 6763 §4.1.1)"
            raise InvalidInstanceName(text, rule, f"use '{cut(name, MAX_LABEL_BYTES)}'")
        if _is_subtype(name):
            rule = "an end in '._sub' reads as a subtype (RFC 6763 §7.1)"
            raise InvalidInstanceName(text, rule, f"use '{name[:-5]}'")
        if type.fqdn == SERVICE_META:
            rule = "_services._dns-sd._udp lists types and has no instances (RFC 6763 §9)"
            raise InvalidInstanceName(text, rule, "advertise it under a type of its own")
        return cls(name, type)

    @property
    def fqdn(self) -> str:
        """Joined and unescaped, the registry's spelling: `Dr. Lamp._http._tcp.local`."""
        return f"{self.instance}.{self.type.fqdn}"

    @property
    def escaped(self) -> str:
        r"""The whole name with RFC 6763 §4.3 escapes: `Dr\. Lamp._http._tcp.local`."""
        instance = self.instance.replace("\\", r"\\").replace(".", r"\.")
        return f"{instance}.{self.type.fqdn}"

    @property
    def display(self) -> str:
        """The instance alone, unescaped as RFC 6763 §4.2 has it, safe to print."""
        return printable(self.instance)

    def with_suffix(self, number: int) -> "InstanceName":
        """`name (2)`, for a name that is taken: RFC 6763 Appendix D. Never over 63 octets."""
        suffix = f" ({number})"
        return InstanceName(cut(self.instance, MAX_LABEL_BYTES - len(suffix)) + suffix, self.type)


@dataclass(frozen=True, slots=True)
class HostName:
    """A host name of ours: one lower-case label under `.local`, RFC 1035 §2.3.1, RFC 6762 §3."""

    label: str

    @classmethod
    def parse(cls, text: str) -> "HostName":
        """Read `lamp`, `lamp.local` or `lamp.local.`; raises InvalidHostName."""
        label = text.removesuffix(".")
        if label[-6:].lower() == ".local":
            label = label[:-6]
        if _HOST_LABEL.fullmatch(label):
            return cls(label.lower())
        better = cleaned(label, MAX_LABEL_BYTES)
        remedy = f"use '{better}.local'" if better else None
        raise InvalidHostName(text, host_fault(label), remedy)

    @property
    def fqdn(self) -> str:
        """`lamp.local`."""
        return f"{self.label}.local"

    def with_suffix(self, number: int) -> "HostName":
        """`lamp-2`, for a name that is taken: RFC 6762 §9. Never over 63 octets."""
        suffix = f"-{number}"
        return HostName(self.label[: MAX_LABEL_BYTES - len(suffix)].rstrip("-") + suffix)


def _is_subtype(head: str) -> bool:
    return len(head) > 5 and head[-5:].lower() == "._sub"


def _split_subtype(text: str) -> tuple[str, str | None]:
    at = fold(text).rfind("._sub._")
    if at > 0:
        return text[at + 6 :], text[:at]
    bare, comma, subtype = text.partition(",")
    return (bare.removesuffix("."), subtype) if comma else (bare, None)
