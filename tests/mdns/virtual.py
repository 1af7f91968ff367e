"""An event loop in which waiting takes no time, and a link that writes down what is sent."""

import asyncio
import selectors
from collections.abc import Coroutine
from ipaddress import ip_address, ip_interface
from typing import Any, NamedTuple, TypeVar

from lanbridge.core.addresses import Address, NetworkInterface
from lanbridge.core.records import Question, Record
from lanbridge.mdns.decode import decode
from lanbridge.mdns.engine import Link, Packet
from lanbridge.mdns.proposed import read_proposed
from lanbridge.mdns.sockets import PORT
from lanbridge.mdns.wire import RESPONSE, Message, encode_probe

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Instead of waiting for a timeout, tells the loop that the time has passed."""

    skipped_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        events = super().select(0)
        if not events and timeout:
            self.skipped_s += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._own = _Selector()
        super().__init__(self._own)

    def time(self) -> float:
        return self._own.skipped_s


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run with virtual time: a test that waits for an hour ends at once."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


class Sent(NamedTuple):
    """`to` is None for multicast; `at_s` is virtual."""

    at_s: float
    message: Message
    to: tuple[str, int] | None
    family: int | None = None  # None: over IPv4 and IPv6


class TapLink(Link):
    """eth0, 10.0.0.1/24 and fe80::1."""

    def __init__(self, *addresses: str, name: str = "eth0", index: int = 2) -> None:
        chosen = addresses or ("10.0.0.1/24", f"fe80::1%{name}/64")
        super().__init__(
            NetworkInterface(
                name=name,
                index=index,
                addresses=tuple(ip_interface(one) for one in chosen),
                mac=None,
                mtu_bytes=1500,
                up=True,
                loopback=False,
                multicast=True,
                point_to_point=False,
                used=True,
                why="test",
            )
        )
        self.sent: list[Sent] = []

    def multicast(self, packet: bytes, family: int | None = None) -> None:
        self._note(packet, None, family)

    def unicast(self, packet: bytes, to: Address, port: int) -> None:
        self._note(packet, (str(to), port))

    def _note(self, packet: bytes, to: tuple[str, int] | None, family: int | None = None) -> None:
        message = decode(packet, self.name)
        assert message is not None
        self.sent.append(Sent(asyncio.get_running_loop().time(), message, to, family))

    @property
    def responses(self) -> list[Sent]:
        return [one for one in self.sent if one.message.is_response]

    def heard(
        self,
        *records: Record,
        questions: tuple[Question, ...] = (),
        source: str = "10.0.0.9",
        port: int = PORT,
        multicast: bool = True,
        flags: int | None = None,
        probe: bool = False,
    ) -> Packet:
        """A packet from somebody else on this link: a query if it has questions."""
        if flags is None:
            flags = 0 if questions else RESPONSE
        proposed = read_proposed(encode_probe((), records)) if probe else {}
        message = Message(7, flags, questions, records, probe, True, proposed=proposed)
        return Packet(message, self, ip_address(source), port, multicast)
