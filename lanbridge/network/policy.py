"""Which interfaces mDNS runs on, and the sentence that says why. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

# What these names stand for; a name here loses against `interfaces_include`.
_LEFT_OUT = (
    ("docker*", "a container bridge"),
    ("br-????????????", "a container bridge"),
    ("podman*", "a container bridge"),
    ("cni*", "a container bridge"),
    ("flannel*", "a container bridge"),
    ("cali*", "a container's link"),
    ("lxcbr*", "a container bridge"),
    ("lxdbr*", "a container bridge"),
    ("incusbr*", "a container bridge"),
    ("veth*", "a container's link"),
    ("virbr*", "a bridge of virtual machines"),
    ("vnet*", "a virtual machine's link"),
    ("vmnet*", "a bridge of virtual machines"),
    ("tun*", "a tunnel"),
    ("tap*", "a tunnel"),
    ("utun*", "a tunnel"),
    ("wg*", "a VPN"),
    ("tailscale*", "a VPN"),
    ("zt*", "a VPN"),
    ("nordlynx*", "a VPN"),
    ("ipsec*", "a VPN"),
    ("ppp*", "a point-to-point link"),
    ("awdl*", "Apple's peer-to-peer link"),
    ("llw*", "Apple's peer-to-peer link"),
)


def decide(
    name: str,
    *,
    up: bool,
    loopback: bool,
    multicast: bool,
    point_to_point: bool,
    has_address: bool,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> tuple[bool, str]:
    """(used, why). `include` and `exclude` are shell patterns; `exclude` wins.

    With `include` given, only what it names is used.
    """
    if loopback:
        return False, "loopback reaches nobody else"
    for pattern in exclude:
        if fnmatchcase(name, pattern):
            return False, f"interfaces_exclude names it ({pattern})"
    included = next((pattern for pattern in include if fnmatchcase(name, pattern)), None)
    if include and included is None:
        return False, "interfaces_include does not name it"
    if included is None:
        for pattern, kind in _LEFT_OUT:
            if fnmatchcase(name, pattern):
                return False, f"looks like {kind}; interfaces_include = [{name!r}] takes it in"
        if point_to_point:
            return False, f"a point-to-point link; interfaces_include = [{name!r}] takes it in"
    if not up:
        return False, "it is down"
    if not multicast:
        return False, "it does not do multicast"
    if not has_address:
        return False, "it has no address yet"
    return True, f"interfaces_include names it ({included})" if included else "up, with an address"
