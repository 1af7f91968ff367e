"""Whether our own multicasts come back, and whether anybody else's arrive."""

from collections.abc import Iterator

from lanbridge.doctor.finding import Finding, Severity, ok, unknown
from lanbridge.doctor.host import Heard, Host


def check(host: Host) -> Iterator[Finding]:
    """One finding a link and IP version; of IPv6 only what is wrong."""
    if host.silent is not None:
        yield unknown(f"nothing could be asked: {host.silent}", "Whether multicast works is open.")
    for heard in host.heard:
        if heard.problem is None:  # else UDP 5353 has a finding of its own
            yield judge(heard, firewall(host))


def judge(heard: Heard, remedy: str) -> Finding:
    """What the answers, and where they came in, say of this link."""
    evidence = {
        "came_back": heard.interface in heard.came_back_on,
        "by_multicast": sorted(heard.by_multicast),
        "by_unicast": sorted(heard.by_unicast),
    }
    if heard.interface not in heard.came_back_on:
        return Finding(
            severity=Severity.PROBLEM,
            sentence=f"our own multicast on {heard.where} did not come back",
            evidence=evidence,
            consequence="A firewall of this host drops UDP 5353, or the interface sends nothing: "
            "devices are not heard, and we are not found.",
            remedy=remedy,
        )
    only_unicast = heard.by_unicast - heard.by_multicast
    if only_unicast and not heard.by_multicast:
        return Finding(
            severity=Severity.PROBLEM,
            sentence=f"answers to us arrive on {heard.where}, but no multicast of others does",
            evidence=evidence,
            consequence="Between here and the devices multicast is lost: by an access point or "
            "switch that filters it (IGMP or multicast snooping), or by Wi-Fi power save.",
            remedy="switch off IGMP snooping and client isolation on the access point, or give the "
            "network an IGMP querier",
        )
    if not heard.by_multicast:
        return Finding(
            severity=Severity.NOTE,
            sentence=f"nobody else answered on {heard.where}",
            evidence=evidence,
            consequence="Either no other mDNS device is there, or multicast does not pass: guest "
            "Wi-Fi and client isolation keep devices apart.",
            remedy="look from a second machine: `lanbridge discover` there and here",
        )
    count = len(heard.by_multicast)
    others = f"{count} other{'s' * (count > 1)} answered"
    return ok(f"multicast works on {heard.where}: ours came back, and {others}", **evidence)


def firewall(host: Host) -> str:
    """The command for the firewall that this host has."""
    if host.exists("run/firewalld"):
        return "sudo firewall-cmd --permanent --add-service=mdns && sudo firewall-cmd --reload"
    if "ENABLED=yes" in (host.text("etc/ufw/ufw.conf") or ""):
        return "sudo ufw allow in proto udp to any port 5353"
    return "allow UDP 5353 in; `sudo nft list ruleset` shows what drops it"
