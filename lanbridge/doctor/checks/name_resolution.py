"""Whether other programs of this host resolve names in .local."""

import re
from collections.abc import Iterator

from lanbridge.doctor.finding import Finding, Severity, ok
from lanbridge.doctor.host import Host

_MDNS = re.compile(r"mdns[46]?(_minimal)?")


def check(host: Host) -> Iterator[Finding]:
    """Never more than a note: lanbridge asks the network itself."""
    text = host.text("etc/nsswitch.conf")
    order = re.search(r"^hosts:\s*(.*?)\s*(?:#.*)?$", text or "", re.MULTILINE)
    if order is None:
        return
    sources = re.sub(r"\[[^\]]*\]", "", order[1]).split()
    places = [at for at, source in enumerate(sources) if _MDNS.fullmatch(source)]
    by_resolved = "resolve" in sources and any(
        one.may_be("systemd-resolve") for one in host.holders
    )
    evidence = {"hosts": order[1]}
    if not places and not by_resolved:
        yield Finding(
            severity=Severity.NOTE,
            sentence="names that end in .local are not resolved for other programs of this host",
            evidence=evidence,
            consequence="`ping lamp.local` fails here, although lanbridge finds the lamp.",
            remedy="sudo apt-get install libnss-mdns avahi-daemon",
        )
    elif places and "dns" in sources and sources.index("dns") < places[0]:
        yield Finding(
            severity=Severity.NOTE,
            sentence="names that end in .local are asked of the DNS server first",
            evidence=evidence,
            consequence="They resolve late, or to something else; lanbridge is not affected.",
            remedy="sudo sed -i 's/^hosts:.*/hosts: files mdns4_minimal [NOTFOUND=return] dns/' "
            "/etc/nsswitch.conf",
        )
    else:
        yield ok("names that end in .local are resolved for other programs too", **evidence)
