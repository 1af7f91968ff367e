"""The LAN rule: which addresses a mini-program may talk to without a server domain.

An IPv4 address in the phone's subnet, by the phone's own mask, that is not the phone itself. The
service views and `check` both ask here; `lan_verdicts` says what each platform makes of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import ip_interface
from typing import assert_never

from lanbridge.core.addresses import (
    Address,
    Interface,
    NetworkState,
    Reach,
    classify,
    parse_address,
    set_aside,
    unmapped,
    unusable,
)
from lanbridge.core.errors import InvalidAddress
from lanbridge.core.text import printable

_NAMED = 4  # addresses named in one reason
_PHONE_REMEDY = "give the phone's own address, like 192.168.1.20/24"


class Fault(Enum):
    """What is wrong with an IPv4 address, by the documented rule."""

    ITSELF = auto()
    NO_MACHINE = auto()
    OUTSIDE = auto()
    SET_ASIDE = auto()


@dataclass(frozen=True, slots=True)
class Phone:
    """Where a mini-program runs; a `core.addresses.Viewer`.

    assumed: its prefix is a guess, nobody told us. hotspot: it is itself the access point.
    """

    interface: Interface
    assumed: bool = False
    hotspot: bool = False

    @property
    def subnet(self) -> str:
        """The end of "it is in ...", with the mask and where it is from."""
        own, network = self.interface.ip, self.interface.network
        mask = f"{'assumed ' * self.assumed}mask {network.netmask}"
        return f"{network}, the subnet of {own} by its {mask}"

    def fault(self, address: Address) -> Fault | None:
        """What the documented rule has against an IPv4 address, or None."""
        network = self.interface.network
        if address == self.interface.ip:
            return Fault.ITSELF
        if never(address):
            return Fault.NO_MACHINE
        if address not in network:
            return Fault.OUTSIDE
        return Fault.SET_ASIDE if address in set_aside(network) else None

    def clause(self, fault: Fault, address: Address) -> str:
        """A fault of `address`, as what comes after it in a sentence."""
        match fault:
            case Fault.ITSELF:
                return "is the phone itself"
            case Fault.NO_MACHINE:
                return f"is {never(address)}"
            case Fault.OUTSIDE:
                return f"is outside {self.subnet}"
            case Fault.SET_ASIDE:
                return f"is the network or broadcast address of {self.interface.network}"
            case _:
                assert_never(fault)

    def reach(self, addresses: Sequence[Address], port: int) -> Reach:
        """Whether a mini-program may talk to a service, and at which address: the first that fits.

        What is said of many addresses in other subnets is said once.
        """
        if not 1 <= port <= 65535:
            return Reach(False, f"port {port} is no port that one can connect to", None)
        if self.interface.version != 4:
            own = self.interface.ip
            return Reach(False, f"the phone {own} has IPv6, and WeChat compares IPv4 only", None)
        candidates = [each for each in map(unmapped, addresses) if each.version == 4]
        faults: list[str] = []
        outside: list[str] = []
        for address in candidates:
            fault = self.fault(address)
            if fault is None:
                return Reach(True, None, address)
            if fault is Fault.OUTSIDE:
                outside.append(str(address))
            else:
                faults.append(f"{address} {self.clause(fault, address)}")
        if outside:
            verb = "is" if len(outside) == 1 else "are"
            faults.append(f"{' and '.join(outside[:_NAMED])} {verb} outside {self.subnet}")
        if not candidates:
            kind = "IPv4 address, and WeChat takes no other," if addresses else "address"
            faults.append(f"no {kind} is known")
        return Reach(False, "; ".join(faults[-_NAMED:]), None)


def phone_from(text: str, state: NetworkState, *, hotspot: bool = False) -> Phone:
    """Read `IP` or `IP/PREFIX`; raises InvalidAddress, also for what no phone can have.

    127.0.0.1 is one: that of the developer tools.
    """
    host, slash, prefix = text.partition("/")
    address = unmapped(parse_address(host))
    if not address.is_loopback and (why := unusable(address)):
        raise InvalidAddress(text, f"it is {why}, which no phone has", _PHONE_REMEDY)
    if not slash:
        return phone_at(address, state, hotspot=hotspot)
    try:
        phone = Phone(ip_interface(f"{address}/{prefix}"), hotspot=hotspot)
    except ValueError:
        rule = f"'{printable(prefix)}' is no prefix length of IPv{address.version}"
        raise InvalidAddress(text, rule, "write it like 192.168.1.20/24") from None
    if address in set_aside(phone.interface.network):
        rule = f"it {phone.clause(Fault.SET_ASIDE, address)}, which no phone has"
        raise InvalidAddress(text, rule, _PHONE_REMEDY)
    return phone


def phone_at(address: Address, state: NetworkState, *, hotspot: bool = False) -> Phone:
    """With the prefix of our own subnet that the address is in, else /24 or /64, assumed."""
    address = unmapped(address)
    home = classify(address, state).network
    length = home.prefixlen if home else 24 if address.version == 4 else 64
    return Phone(ip_interface((address, length)), assumed=home is None, hotspot=hotspot)


def never(address: Address) -> str | None:
    """What forbids `address` to every phone, or None."""
    return "a loopback address" if address.is_loopback else unusable(address)
