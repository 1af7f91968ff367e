"""Datagrams that the kernel threw away because nobody read them in time."""

from collections.abc import Iterator

from lanbridge.doctor.finding import Finding, Severity, ok
from lanbridge.doctor.host import Host

RMEM_MAX = "proc/sys/net/core/rmem_max"
WANTED_BYTES = 4 * 1024 * 1024  # what our mDNS sockets ask for


def check(host: Host) -> Iterator[Finding]:
    """Ours are a warning; those of another stack that does not read are its own trouble."""
    text = host.text(RMEM_MAX)
    if text is None:
        return
    limit_bytes = int(text)
    holders = (*host.holders, *host.echo_holders)
    evidence = {str(one): one.drops for one in holders} | {"rmem_max": limit_bytes}
    ours = sum(one.drops for one in holders if one.is_lanbridge)
    others = [str(one) for one in holders if one.drops and not one.is_lanbridge]
    if ours:
        yield Finding(
            severity=Severity.WARNING,
            sentence=f"{ours} datagrams to lanbridge were dropped for want of room",
            evidence=evidence,
            consequence="Answers of devices, or echoes, got lost while many came at once.",
            remedy=f"sudo sysctl -w net.core.rmem_max={WANTED_BYTES} && "
            "sudo systemctl restart lanbridge"
            if limit_bytes < WANTED_BYTES
            else "look for what floods the network: lanbridge discover --watch",
        )
    if others:
        yield Finding(
            severity=Severity.NOTE,
            sentence=f"datagrams to {', '.join(others)} were dropped for want of room",
            evidence=evidence,
            consequence="It does not read fast enough; lanbridge is not affected.",
        )
    if not ours and not others:
        yield ok("no datagram was dropped", **evidence)
