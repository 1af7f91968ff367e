"""A container behind a bridge of its own, which no multicast of the LAN crosses."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from lanbridge.doctor.finding import Evidence, Finding, Severity, ok
from lanbridge.doctor.host import Host

# What Docker and Podman give their bridges unless told otherwise.
_BRIDGES = (IPv4Network("172.16.0.0/12"), IPv4Network("10.88.0.0/16"))
_ON_THE_LAN = ("macvlan", "ipvlan")


def check(host: Host) -> Iterator[Finding]:
    """Nothing outside of a container."""
    signs = [path for path in (".dockerenv", "run/.containerenv") if host.exists(path)]
    runtime = re.search(r"docker|kubepods|containerd|libpod|lxc", host.text("proc/1/cgroup") or "")
    if runtime:
        signs.append(f"cgroup {runtime[0]}")
    if not signs:
        return
    bridged = [one.name for one in host.used if _is_bridged(host, one.name)]
    evidence: Evidence = {
        "signs": signs,
        **{one.name: [str(each) for each in one.addresses] for one in host.used},
    }
    others = any(one.by_multicast for one in host.heard)
    if not bridged or len(bridged) < len(host.used) or others:
        yield ok("this is a container, and no bridge keeps it from the LAN", **evidence)
        return
    yield Finding(
        severity=Severity.PROBLEM,
        sentence=f"this container is behind a bridge of its own ({', '.join(bridged)})",
        evidence=evidence,
        consequence="Multicast does not cross it: no device of the LAN is found, and every phone "
        "is in another subnet.",
        remedy="docker run --network host lanbridge, or network_mode: host in compose.yaml",
    )


def _is_bridged(host: Host, name: str) -> bool:
    """One end of a cable whose other end is elsewhere (eth0@if7), in a range of such bridges."""
    directory = f"sys/class/net/{name}"
    index, other = host.text(f"{directory}/ifindex"), host.text(f"{directory}/iflink")
    kind = host.text(f"{directory}/uevent") or ""
    interface = host.network.by_name(name)
    return (
        index != other
        and not any(f"DEVTYPE={each}" in kind for each in _ON_THE_LAN)
        and interface is not None
        and any(
            own.version == 4 and any(own.ip in bridge for bridge in _BRIDGES)
            for own in interface.addresses
        )
    )
