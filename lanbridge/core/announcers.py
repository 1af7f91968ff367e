"""Who says of a host name that it is his, and whether that is one machine (docs/adr/0028)."""

from typing import NamedTuple

from lanbridge.core.addresses import Address

FOUGHT_S = 600.0  # how long two that announce one name in turn are remembered
# Per host name: one that announces it from an address of its own in each packet fills these.
MAX_SOURCES = 4
MAX_TOLD = 64


class Announcer(NamedTuple):
    """Who said that a host name is his, over IPv4."""

    interface: str
    source: Address
    at_s: float


class Announcers:
    """Of one host name, which mostly has one.

    last: the latest; spans: of each address from which it was said lately, first and last when.
    """

    __slots__ = ("_before", "_fought", "_told", "last", "spans")

    def __init__(self) -> None:
        self.last: Announcer | None = None
        self.spans: dict[Address, tuple[float, float]] = {}
        self._before: Announcer | None = None
        self._fought: tuple[Announcer, Announcer] | None = None
        self._told: dict[Address, set[str]] = {}

    def announce(self, now: Announcer) -> None:
        """Somebody says of himself that this is his name.

        A new address is a new lease; one that gives way to the old one again is a second host, or
        a second network card.
        """
        last, before = self.last, self._before
        if last is not None and last.interface != now.interface:
            return  # each link has an address of its own
        first_s, _ = self.spans.pop(now.source, (now.at_s, now.at_s))
        self.spans[now.source] = (first_s, now.at_s)
        if len(self.spans) > MAX_SOURCES:
            del self.spans[next(iter(self.spans))]
        if last is not None and last.source != now.source:
            if before is None or now.at_s - before.at_s >= FOUGHT_S:
                self._told.clear()
            elif before.source == now.source:
                self._fought = (last, now)
            self._before = last
        self.last = now

    def overlaps(self, other: "Announcers") -> bool:
        """Whether both had an address at one time: two names of one machine.

        A lease that moves to another machine is given up by the one before.
        """
        return any(
            first_s <= other.spans[source][1] and other.spans[source][0] <= last_s
            for source, (first_s, last_s) in self.spans.items()
            if source in other.spans
        )

    def tell(self, source: Address, service_key: str) -> None:
        """A service on this host was told of by `source`; of note while there are two of them."""
        if self._before is None or (source not in self._told and len(self._told) >= MAX_SOURCES):
            return
        told = self._told.setdefault(source, set())
        if len(told) < MAX_TOLD:
            told.add(service_key)

    def rivals(self, now_s: float) -> tuple[Address, Address] | None:
        """Two machines that announce this name in turn.

        Two hosts with one host name have services with names of their own, for those were probed
        for. What is told of from both addresses is on one machine with two network cards.
        """
        if self._fought is None or now_s - self._fought[1].at_s >= FOUGHT_S:
            return None
        first, second = (one.source for one in self._fought)
        of_first, of_second = self._told.get(first, set()), self._told.get(second, set())
        if not of_first or not of_second or of_first & of_second:
            return None
        return first, second
