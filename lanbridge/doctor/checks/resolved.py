"""Whether systemd-resolved does mDNS here, and whether it has a rival in avahi."""

import re
from collections.abc import Iterator

from lanbridge.doctor.finding import Finding, Severity, ok
from lanbridge.doctor.host import Host

NAME = "systemd-resolve"  # the kernel keeps fifteen letters of a name
# resolved.conf(5): drop-ins of all directories in the order of their names, after the file.
DIRECTORIES = ("usr/lib/systemd", "run/systemd", "etc/systemd")
DROP_IN = "/etc/systemd/resolved.conf.d/no-mdns.conf"


def check(host: Host) -> Iterator[Finding]:
    """Nothing where it does not hold the port."""
    if not any(one.may_be(NAME) for one in host.holders):
        return
    setting, source = multicast_dns(host)
    evidence = {"MulticastDNS": setting, "from": source}
    if not any(one.may_be("avahi-daemon") for one in host.holders):
        yield ok("systemd-resolved does mDNS beside lanbridge", **evidence)
        return
    yield Finding(
        severity=Severity.WARNING,
        sentence="systemd-resolved and avahi-daemon both claim this host's name",
        evidence=evidence,
        consequence="Each takes the other for another machine, and one renames this host to "
        "something like pi-2.local. lanbridge has a host name of its own and is not affected.",
        remedy="printf '[Resolve]\\nMulticastDNS=no\\n' | sudo install -D -m 644 /dev/stdin "
        f"{DROP_IN} && sudo systemctl restart systemd-resolved",
    )


def multicast_dns(host: Host) -> tuple[str, str]:
    """(value, where it is set); links may have one of their own."""
    files = [f"{directory}/resolved.conf" for directory in DIRECTORIES]
    drop_ins = {
        path.name: str(path.relative_to(host.root))
        for directory in DIRECTORIES
        for path in (host.root / directory / "resolved.conf.d").glob("*.conf")
    }
    found = ("as it was built", "default")
    for path in (*files, *(drop_ins[name] for name in sorted(drop_ins))):
        for value in re.findall(r"^\s*MulticastDNS\s*=\s*(\S+)", host.text(path) or "", re.M):
            found = (value, f"/{path}")
    return found
