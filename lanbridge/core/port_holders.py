"""Who holds a UDP port, from what Linux says of its sockets. Pure: `network.holders` reads.

Multicast reaches every socket on a port, unicast only one: whoever blames the first process that
he finds blames the wrong one, so all of them are named, and what could not be seen is said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_NAMED = 4  # of many, in one sentence


class UdpSocket(NamedTuple):
    """One line of /proc/net/udp or udp6. drops: datagrams for which its buffer had no room."""

    version: int
    port: int
    uid: int
    inode: int
    drops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process with sockets on a port.

    pid None: of sockets whose process is not shown to us; suspects are then the mDNS stacks that
    run and do not show theirs.
    """

    pid: int | None
    name: str
    user: str
    sockets: int
    drops: int
    is_lanbridge: bool = False
    suspects: tuple[tuple[str, int], ...] = ()  # name and pid

    def __str__(self) -> str:
        if self.pid is not None:
            return f"{self.name} (pid {self.pid})"
        perhaps = " or ".join(f"{name}, pid {pid}" for name, pid in self.suspects)
        hidden = f"a process of user {self.user} that only root can see"
        return f"{hidden} (perhaps {perhaps})" if perhaps else hidden

    def may_be(self, name: str) -> bool:
        """Whether it is, or is suspected to be, a program of this name."""
        return name in (self.name, *(suspect for suspect, _ in self.suspects))


def parse_udp(text: str, version: int) -> list[UdpSocket]:
    """The sockets of /proc/net/udp (version 4) or /proc/net/udp6 (6)."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 13:
            continue
        port = words[1].rpartition(":")[2]
        found.append(
            UdpSocket(version, int(port, 16), int(words[7]), int(words[9]), int(words[12]))
        )
    return found


def named(holders: Iterable[Holder]) -> str:
    """`avahi-daemon (pid 612) and python3 (pid 70)`."""
    words = [str(holder) for holder in holders]
    if len(words) > _NAMED:
        words[_NAMED:] = [f"{len(words) - _NAMED} more"]
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def blame(holders: Sequence[Holder]) -> tuple[str, str]:
    """(rule, remedy) of a port 5353 that cannot be bound, for an error's sentence."""
    if not holders:
        rule = "another mDNS stack holds it for itself alone"
        return rule, "find it with `sudo ss -ulpn sport = 5353`; for avahi set " + _AVAHI
    verb = "holds it for itself alone"
    if len(holders) > 1:
        verb = "hold it, and at least one of them for itself alone"
    rule = f"{named(holders)} {verb}"
    if any(holder.may_be("avahi-daemon") for holder in holders):
        return rule, f"set {_AVAHI} and run `sudo systemctl restart avahi-daemon`"
    if any(holder.pid is None for holder in holders):
        return rule, "see its name with `sudo ss -ulpn sport = 5353`, and stop it"
    return rule, "stop it, or let it share the port (SO_REUSEADDR)"


_AVAHI = "disallow-other-stacks=no in /etc/avahi/avahi-daemon.conf"
