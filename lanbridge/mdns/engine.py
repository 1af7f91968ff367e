"""The links mDNS runs on, and the door every packet passes (RFC 6762 §5.5, §6, §11, §18)."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from lanbridge.core.addresses import Address, NetworkInterface, NetworkState
from lanbridge.core.errors import MdnsUnavailable
from lanbridge.mdns.sockets import PORT, Datagram, LinkSocket
from lanbridge.mdns.wire import MAX_PAYLOAD_BYTES, Message

FAMILIES = (socket.AF_INET, socket.AF_INET6)
MAX_WAS = 64  # interfaces that are gone: those of containers and VPNs have a new name each time


class Link:
    """One interface with mDNS running on it. `was`: before the last update, where it differed."""

    def __init__(self, interface: NetworkInterface, was: NetworkInterface | None = None) -> None:
        self.interface = interface
        self.was = was
        self.sockets: dict[int, LinkSocket] = {}

    @property
    def name(self) -> str:
        return self.interface.name

    @property
    def index(self) -> int:
        return self.interface.index

    def wants(self, families: Iterable[int]) -> set[int]:
        versions = {address.version for address in self.interface.addresses}
        found = {socket.AF_INET if version == 4 else socket.AF_INET6 for version in versions}
        return {int(family) for family in found} & {int(family) for family in families}

    def holds(self, address: Address) -> bool:
        """Whether an address is inside one of this link's prefixes."""
        if address.version == 6 and address.is_link_local:
            return True
        return any(address in one.network for one in self.interface.addresses)

    def has(self, address: Address) -> bool:
        """Whether an address is this host's own on this link, whatever its scope."""
        return any(address.packed == one.ip.packed for one in self.interface.addresses)

    def reaches(self, address: Address) -> bool:
        """Whether a sender is on this link (docs/adr/0015).

        RFC 6762 §11 asks for a prefix that holds the source. Link-local addresses, IPv4 ones too
        (RFC 3927 §2.6.2), are on the link by what they are.
        """
        return address.is_link_local or self.holds(address)

    @property
    def payload_bytes(self) -> int:
        """What fits into one packet here: RFC 6762 §17, and the IPv6 and UDP headers."""
        return min(MAX_PAYLOAD_BYTES, (self.interface.mtu_bytes or 1_500) - 48)

    def multicast(self, packet: bytes, family: int | None = None) -> None:
        """Over IPv4 and IPv6, or over one of them where there is that one."""
        only = self.sockets.get(family) if family else None
        for sock in (only,) if only else self.sockets.values():
            sock.send(packet)

    def unicast(self, packet: bytes, to: Address, port: int) -> None:
        sock = self.sockets.get(socket.AF_INET if to.version == 4 else socket.AF_INET6)
        if sock is not None:
            sock.send(packet, (str(to), port))


class Packet(NamedTuple):
    """A message that passed the door. `port` is 5353 unless a legacy querier asks (§6.7)."""

    message: Message
    link: Link
    source: Address
    port: int
    multicast: bool


class Engine:
    """Keeps one socket per link and family, and hands on what comes in.

    `heard` counts what came, `dropped` by reason what did not pass the door, of which `note` gets a
    sentence; `problems` holds, by interface, why mDNS cannot run there.
    """

    def __init__(
        self,
        receive: Callable[[Packet], None],
        note: Callable[[str], None],
        families: Iterable[int] = FAMILIES,
    ) -> None:
        self._receive = receive
        self._note = note
        self._families = tuple(families)
        self.links: dict[int, Link] = {}
        self.heard = 0
        self.dropped: Counter[str] = Counter()
        self.problems: dict[str, MdnsUnavailable] = {}
        # As it was when it went: at the new network nobody knows us, but it may be the old one.
        self._was: dict[str, NetworkInterface] = {}

    def update(self, state: NetworkState, renewed: Collection[str] = ()) -> bool:
        """Run on the used interfaces of `state`; returns whether links came, went or changed.

        renewed: names of links that may be another network now: they begin anew, with sockets and
        memberships of their own.
        """
        used = {one.index: one for one in state.interfaces if one.used}
        changed = False
        for index, link in list(self.links.items()):
            if index not in used or link.name != used[index].name or link.name in renewed:
                self._was.pop(link.name, None)
                if len(self._was) >= MAX_WAS:
                    del self._was[next(iter(self._was))]
                self._was[link.name] = link.interface
                self._close(self.links.pop(index))
                changed = True
        self.problems.clear()
        for index, interface in used.items():
            link = self.links.get(index) or Link(interface, self._was.get(interface.name))
            if link.sockets:
                differs = set(link.interface.addresses) != set(interface.addresses)
                link.was = link.interface if differs else None
            link.interface = interface
            changed |= self._match(link) or link.was is not None
            if link.sockets:
                self.links[index] = link
            else:
                self.links.pop(index, None)
        return changed

    def rejoin(self) -> None:
        """Join every group again, for the switches and access points that have forgotten."""
        for link in self.links.values():
            for sock in link.sockets.values():
                sock.rejoin()

    def close(self) -> None:
        for link in self.links.values():
            self._close(link)
        self.links.clear()

    def _match(self, link: Link) -> bool:
        """Open and close sockets until the link has those its addresses ask for."""
        wanted = link.wants(self._families)
        loop = asyncio.get_running_loop()
        for family in link.sockets.keys() - wanted:
            loop.remove_reader(link.sockets[family])
            link.sockets.pop(family).close()
        opened = False
        for family in sorted(wanted - link.sockets.keys()):
            try:
                sock = LinkSocket(link.name, link.index, socket.AddressFamily(family))
            except MdnsUnavailable as problem:
                self.problems[link.name] = problem
                continue
            link.sockets[family] = sock
            loop.add_reader(sock, sock.read, self._admit)
            opened = True
        return opened

    def _close(self, link: Link) -> None:
        for sock in link.sockets.values():
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()
        link.sockets.clear()

    def _admit(self, datagram: Datagram) -> None:
        self.heard += 1
        link = self.links.get(datagram.scope)
        if link is None:
            self.dropped["other-interface"] += 1  # no fault of the sender's
            return
        if not link.reaches(datagram.source):
            self._drop("off-link", datagram)
            return
        # Loading zeroconf takes as long as all the rest of `discover`. The first packet to come
        # in is our own question; the answers to it are still on their way then.
        from lanbridge.mdns.decode import decode, fault

        message = decode(datagram.data, link.name)
        if message is None:
            self._drop(fault(datagram.data) or "malformed", datagram)
            return
        if not message.is_whole:
            self._drop("unread-records", datagram)
        if message.has_other_class:
            self._drop("class", datagram)
        if message.is_response and datagram.port != PORT:
            # RFC 6762 §6: a response with another source port MUST be silently ignored.
            self._drop("wrong-port", datagram)
            return
        packet = Packet(message, link, datagram.source, datagram.port, datagram.multicast)
        self._receive(packet)

    def _drop(self, reason: str, datagram: Datagram) -> None:
        self.dropped[reason] += 1
        self._note(f"{reason}: a packet from {datagram.source} port {datagram.port}")
