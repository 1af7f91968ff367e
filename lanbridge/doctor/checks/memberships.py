"""Who has joined the mDNS groups on our links, and the kernel's limit of memberships."""

import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from lanbridge.doctor.finding import Evidence, Finding, Severity, ok
from lanbridge.doctor.host import Host

GROUPS: dict[int, IPv4Address | IPv6Address] = {
    4: IPv4Address("224.0.0.251"),
    6: IPv6Address("ff02::fb"),
}
LIMIT = "proc/sys/net/ipv4/igmp_max_memberships"
_DEFAULT_LIMIT = 20


def check(host: Host) -> Iterator[Finding]:
    """A daemon that runs and has not joined is deaf; without one nobody need have joined."""
    igmp, mld = host.text("proc/net/igmp"), host.text("proc/net/igmp6")
    if igmp is None:
        return  # no Linux
    joined = {(name, 4) for name in joined_v4(igmp)} | {(name, 6) for name in joined_v6(mld or "")}
    links = [
        (one.name, version)
        for one in host.used
        for version in sorted({address.version for address in one.addresses})
    ]
    missing = [
        f"{name} over IPv{version}" for name, version in links if (name, version) not in joined
    ]
    limit = int((host.text(LIMIT) or "").strip() or _DEFAULT_LIMIT)
    evidence: Evidence = {
        "joined": [f"{name} {GROUPS[version]}" for name, version in sorted(joined)],
        "limit": limit,
    }
    if missing and host.daemon_id is not None:
        yield Finding(
            severity=Severity.PROBLEM,
            sentence=f"nobody has joined the mDNS group on {', '.join(missing)}",
            evidence=evidence,
            consequence="The daemon runs, and hears nothing there.",
            remedy="sudo systemctl restart lanbridge, and report it if that helps",
        )
    elif len(host.used) > limit:
        yield Finding(
            severity=Severity.WARNING,
            sentence=f"there are {len(host.used)} interfaces, and a socket may join {limit} groups",
            evidence=evidence,
            consequence="lanbridge has a socket for each link; avahi and others have one for all, "
            "and are deaf on some of them.",
            remedy=f"sudo sysctl -w net.ipv4.igmp_max_memberships={len(host.used) * 2}",
        )
    else:
        state = "joined" if joined else "joined by nobody now"
        yield ok(f"the mDNS groups are {state}; a socket may have {limit}", **evidence)


def joined_v4(text: str) -> set[str]:
    """Interfaces of /proc/net/igmp with 224.0.0.251; the kernel prints it in its own byte order."""
    found, name = set(), ""
    for line in text.splitlines()[1:]:
        words = line.split()
        if not line[:1].isspace():
            name = words[1].rstrip(":") if len(words) > 1 else ""
        elif words and _address(words[0]) == GROUPS[4]:
            found.add(name)
    return found


def joined_v6(text: str) -> set[str]:
    """Interfaces of /proc/net/igmp6 with ff02::fb."""
    wanted = GROUPS[6].packed.hex()
    rows = (line.split() for line in text.splitlines())
    return {words[1] for words in rows if len(words) > 2 and words[2] == wanted}


def _address(word: str) -> IPv4Address:
    return IPv4Address(int(word, 16).to_bytes(4, sys.byteorder))
