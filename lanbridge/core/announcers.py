"""Who says of a host name that it is his, and whether that is one machine (docs/adr/0028)."""

from typing import NamedTuple

from lanbridge.core.addresses import Address

FOUGHT_S = 600.0  # how long two that announce one name in turn are remembered
# Per host name: one that announces it from an address of its own in each packet fills these.
MAX_SOURCES = 4
MAX_TOLD = 64
MAX_FOUGHT = 64  # alarms at a time: names are made up easily, and a second address too


class Announcer(NamedTuple):
    """Who said that a host name is his, over IPv4. since_s, at_s: when, first and last."""

    interface: str
    source: Address
    since_s: float
    at_s: float


class Announcers:
    """Of one host name, which mostly has one. lately: one for each address, the latest last."""

    __slots__ = ("_fought", "_told", "lately")

    def __init__(self) -> None:
        self.lately: tuple[Announcer, ...] = ()
        self._fought: tuple[Announcer, Announcer] | None = None
        self._told: dict[Address, set[str]] | None = None

    @property
    def last(self) -> Announcer | None:
        return self.lately[-1] if self.lately else None

    def announce(self, interface: str, source: Address, now_s: float) -> None:
        """Somebody says of himself that this is his name.

        A new address is a new lease; one that gives way to the old one again is a second host, or
        a second network card.
        """
        last = self.last
        if last is not None and last.interface != interface:
            if now_s - last.at_s < FOUGHT_S:
                return  # each link has an address of its own
            self.lately, last = (), None  # that one has left, or we have: a cable was pulled
        now = Announcer(interface, source, now_s, now_s)
        before = next((one for one in self.lately if one.source == source), None)
        if before is not None and (before is last or now_s - before.at_s < FOUGHT_S):
            now = now._replace(since_s=before.since_s)
            if last is not None and before is not last:
                self._fought = (last, now)
        else:
            self._told = None
        others = (one for one in self.lately if one is not before)
        self.lately = (*others, now)[-MAX_SOURCES:]

    def overlaps(self, other: "Announcers") -> bool:
        """Whether both had an address at one time: two names of one machine.

        A lease that moves to another machine is given up by the one before.
        """
        return any(
            one.source == their.source and one.since_s <= their.at_s and their.since_s <= one.at_s
            for one in self.lately
            for their in other.lately
        )

    def tell(self, source: Address, service_key: str) -> None:
        """A service on this host was told of by `source`; of note while there are two of them."""
        if len(self.lately) < 2:
            return
        told = self._told = self._told or {}
        if source in told or len(told) < MAX_SOURCES:
            of_source = told.setdefault(source, set())
            if len(of_source) < MAX_TOLD:
                of_source.add(service_key)

    def rivals(self, now_s: float) -> tuple[Address, Address] | None:
        """Two machines that announce this name in turn.

        Two hosts with one host name have services with names of their own, for those were probed
        for. What is told of from both addresses is on one machine with two network cards.
        """
        if self._fought is None or now_s - self._fought[1].at_s >= FOUGHT_S:
            return None
        first, second = (one.source for one in self._fought)
        told = self._told or {}
        of_first, of_second = told.get(first, set()), told.get(second, set())
        if not of_first or not of_second or of_first & of_second:
            return None
        return first, second
