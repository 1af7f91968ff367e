"""One advertisement on its way to, or in possession of, its names."""

import asyncio
from collections import deque
from dataclasses import replace
from typing import Literal

from lanbridge.core.addresses import Address
from lanbridge.core.names import fold
from lanbridge.mdns.advertise import Advertisement, reverse_name
from lanbridge.mdns.memory import MAX_RENAMES, Memory

# RFC 6762 §8.3: "no more than ten updates per minute", and not within a second of each other.
MAX_UPDATES, MAX_UPDATES_S, UPDATE_INTERVAL_S = 10, 60.0, 1.0
FAILED_PAUSE_S, LONGEST_PAUSE_S = 60.0, 3_600.0

Which = Literal["instance", "host"]


class Published:
    """`ad` is `wanted` under the names it has now, which `memory` knows."""

    def __init__(self, wanted: Advertisement, memory: Memory) -> None:
        self.wanted = wanted
        self._memory = memory
        self.ad = wanted
        self.follow()
        self.established = asyncio.Event()
        self.held: frozenset[int] = frozenset()  # links where it stays so while others are probed
        self.announced: Advertisement | None = None  # what others may hold in their caches
        self.settled = asyncio.Event()  # established for the first time, or failed
        self.failed = False  # every name it tried is taken
        self.pause_s = FAILED_PAUSE_S
        self.conflict: Literal["", "instance", "host"] = ""  # which name somebody else holds
        self.tie_lost = False
        self.probing = False
        self.slow = False  # there were too many conflicts
        self.updates_s: deque[float] = deque(maxlen=MAX_UPDATES)
        self.announced_s = float("-inf")
        self.task: asyncio.Task[None] | None = None

    @property
    def names(self) -> tuple[tuple[Which, str], ...]:
        return ("instance", fold(self.ad.name.fqdn)), ("host", fold(self.ad.host.fqdn))

    def is_ours_on(self, link: int) -> bool:
        """Whether we answer for it there."""
        return self.established.is_set() or link in self.held

    def shares_host(self, other: "Published") -> bool:
        return fold(self.wanted.host.fqdn) == fold(other.wanted.host.fqdn)

    def follow(self) -> None:
        """Take the names that memory has for the wanted ones."""
        name, host = self.wanted.name, self.wanted.host
        if (number := self._memory.number(name.fqdn)) > 1:
            name = name.with_suffix(number)
        if (number := self._memory.number(host.fqdn)) > 1:
            host = host.with_suffix(number)
        self.ad = replace(self.wanted, name=name, host=host, yielded=self.ad.yielded)

    def rename(self, which: Which) -> bool:
        """Take the next name; False when it has tried enough of them."""
        wanted = self._wanted(which)
        number = self._memory.number(wanted) + 1
        if number > MAX_RENAMES:
            return False
        self._memory.keep(wanted, number)
        self.follow()
        return True

    def give_up(self, which: Which) -> None:
        """Back to the name that was wanted, to be tried again after a pause."""
        self._memory.keep(self._wanted(which), 1)
        self.follow()

    def yield_reverse(self, name: str, addresses: tuple[Address, ...]) -> None:
        """Answer for the reverse name of an address no longer: somebody else does."""
        gone = frozenset(one for one in addresses if reverse_name(one) == name)
        self.ad = replace(self.ad, yielded=self.ad.yielded | gone)
        if self.announced is not None:
            self.announced = replace(self.announced, yielded=self.ad.yielded)

    def update_delay_s(self, now_s: float) -> float:
        """How long the next announcement has to wait for those before it."""
        due_s = self.announced_s + UPDATE_INTERVAL_S
        if len(self.updates_s) == MAX_UPDATES:
            due_s = max(due_s, self.updates_s[0] + MAX_UPDATES_S)
        return max(0.0, due_s - now_s)

    def _wanted(self, which: str) -> str:
        return self.wanted.host.fqdn if which == "host" else self.wanted.name.fqdn
