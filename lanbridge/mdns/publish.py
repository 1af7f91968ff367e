"""Keeping our names: probe, announce, rename, goodbye (RFC 6762 §8, §9, §10.1)."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from lanbridge.core.errors import NameConflict
from lanbridge.core.names import fold
from lanbridge.core.records import Question, Rdata, Record, RecordType
from lanbridge.mdns.advertise import Advertisement, records_on
from lanbridge.mdns.claims import Claims
from lanbridge.mdns.engine import Link, Packet
from lanbridge.mdns.memory import Memory
from lanbridge.mdns.published import FAILED_PAUSE_S, LONGEST_PAUSE_S, Published, Which
from lanbridge.mdns.responder import Responder
from lanbridge.mdns.wire import encode_probe

PROBE_COUNT, PROBE_INTERVAL_S = 3, 0.250  # RFC 6762 §8.1
FIRST_PROBE_DELAY_S = (0.0, 0.250)
ANNOUNCE_COUNT, ANNOUNCE_INTERVAL_S = 2, 1.0  # RFC 6762 §8.3: "at least two", a second apart
TIEBREAK_LOST_S = 1.0  # RFC 6762 §8.2: "defers to the winning host by waiting one second"
# RFC 6762 §8.1: after 15 conflicts within ten seconds, at least 5 s between tries.
MANY_CONFLICTS, MANY_CONFLICTS_S, SLOW_DOWN_S = 15, 10.0, 5.0

Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]
"""Start a task, with its name, that somebody watches."""


class Publisher:
    """Advertises on every link. `renamed(old, new)` is told when a name had to give way,
    `failed(name)` when every name like it is taken.
    """

    def __init__(
        self,
        renamed: Callable[[str, str], None],
        spawn: Spawn,
        failed: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._renamed = renamed
        self._spawn = spawn
        self._failed = failed
        self.memory = Memory()
        self._claims = Claims(self.memory)
        self._conflicts_s: deque[float] = deque(maxlen=MANY_CONFLICTS)
        self._responders: dict[int, Responder] = {}
        self.published: dict[str, Published] = {}

    # Commands

    def advertise(self, ad: Advertisement) -> Published:
        """Start to probe for the names of `ad`; `established` is set when they are ours.

        Raises NameConflict for a name that is advertised already.
        """
        key = fold(ad.name.fqdn)
        if key in self.published:
            raise NameConflict(ad.name.fqdn, "it is advertised already", "choose another name")
        published = self.published[key] = Published(ad, self.memory)
        if self._is_double(published):  # another that gave way has this name now
            self._take_next(published, "instance")
        self._start(published)
        return published

    def withdraw(self, published: Published) -> None:
        """Advertise it no longer: TTL 0 for what none of the others says too."""
        del self.published[fold(published.wanted.name.fqdn)]
        if published.task is not None:
            published.task.cancel()
        self._refresh()
        for responder in self._responders.values():
            self._say_goodbye(responder, [published], self.published.values())

    def use(self, links: Iterable[Link]) -> None:
        """Run on these links from now on.

        RFC 6762 §8: probe again when a link is new. §8.4: announce again when only what is said
        has changed, an address for example; what is no longer said is taken back.
        """
        by_index = {link.index: link for link in links}
        for index, responder in list(self._responders.items()):
            if by_index.get(index) is not responder.link:
                self._responders.pop(index).close()
        known = frozenset(self._responders)
        fresh = by_index.keys() - known
        for index in fresh:
            self._responders[index] = Responder(by_index[index])
        self._take_back()
        self._refresh()
        for published in self.published.values():
            if fresh:
                # One link that flaps must not mute the others, nor make our names on them free.
                self._start(published, {one for one in known if published.is_ours_on(one)})
            elif published.established.is_set() and any(link.was for link in by_index.values()):
                self._run(published, self._announce(published))

    def _take_back(self) -> None:
        """RFC 6762 §10.1: TTL 0 for what was said on a link, of an address it had, for example."""
        for responder in self._responders.values():
            link = responder.link
            if link.was is None:
                continue
            gone: dict[Record, None] = {}
            for published in self.published.values():
                if published.announced is not None:
                    said = records_on(Link(link.was), published.announced).all
                    kept = records_on(link, published.announced).all
                    # RFC 6762 §10.2: the bit would flush the addresses that stay.
                    gone |= {
                        one._replace(ttl_s=0, flush=False): None for one in said if one not in kept
                    }
            if gone:
                responder.announce(one for one in gone if not self._is_meta(one))

    def close(self) -> None:
        """RFC 6762 §10.1: TTL 0 for everything that was announced."""
        for published in self.published.values():
            if published.task is not None:
                published.task.cancel()
        for responder in self._responders.values():
            self._say_goodbye(responder, self.published.values(), ())
            responder.close()
        self._responders.clear()

    def _say_goodbye(
        self, responder: Responder, going: Iterable[Published], staying: Iterable[Published]
    ) -> None:
        """For what `going` announced, except what `staying` announced too: its host for example."""

        def announced(by: Iterable[Published]) -> dict[tuple[str, int, Rdata], Record]:
            ads = (one.announced for one in by if one.announced is not None)
            records = (record for ad in ads for record in records_on(responder.link, ad).all)
            return {(fold(one.name), one.type, one.data): one for one in records}

        kept = announced(staying)
        goodbyes = [
            record._replace(ttl_s=0)
            for key, record in announced(going).items()
            if key not in kept and not self._is_meta(record)
        ]
        if goodbyes:
            responder.announce(goodbyes)

    @staticmethod
    def _is_meta(record: Record) -> bool:
        # The PTR that lists our service type is shared by every host that offers the type: its
        # goodbye would make the type vanish from other people's lists.
        return record.name.startswith("_services._dns-sd.")

    # Packets

    def receive(self, packet: Packet) -> None:
        responder = self._responders.get(packet.link.index)
        if responder is None:
            return
        if heard := self._claims.spoken_of(packet):
            self._watch_for_conflicts(packet, heard)
        responder.receive(packet)

    def _watch_for_conflicts(self, packet: Packet, heard: set[str]) -> None:
        now_s = self._now_s()
        for published in tuple(self.published.values()):
            for which, name in published.names:
                if name not in heard:
                    continue
                probing = published.probing and packet.link.index not in published.held
                if not packet.message.is_response:
                    if probing and self._claims.outranked(packet, name, now_s):
                        published.tie_lost = True
                elif self._claims.contradicted(packet, name, probing=probing, now_s=now_s):
                    self._on_conflict(published, which, packet.link)
            self._yield_reverse(published, packet, heard, now_s)

    def _yield_reverse(
        self, published: Published, packet: Packet, heard: set[str], now_s: float
    ) -> None:
        """The reverse name of our address belongs to whoever else on this host wants it."""
        for record in records_on(packet.link, published.ad).reverse:
            if record.name in heard and self._claims.foreign(packet, record.name, now_s):
                published.yield_reverse(record.name, published.ad.addresses_on(packet.link))
                self._refresh()

    def _on_conflict(self, published: Published, which: Which, link: Link) -> None:
        published.conflict = which
        if published.is_ours_on(link.index):
            # RFC 6762 §9: "return to probing state"; the defence is the probe's own answer. Once
            # is enough: who goes on contradicting must not keep us from our first probe.
            self._start(published)

    # Names

    def _start(self, published: Published, held: Iterable[int] = ()) -> None:
        published.held = frozenset(held)
        published.probing = False
        published.established.clear()
        self._refresh()
        if self._responders:
            self._run(published, self._establish(published))

    def _run(self, published: Published, work: Coroutine[Any, Any, None]) -> None:
        if published.task is not None:
            published.task.cancel()
        published.task = self._spawn(work, f"advertise {published.ad.name.fqdn}")

    async def _establish(self, published: Published) -> None:
        """Probe until the names are ours, then announce them."""
        await asyncio.sleep(random.uniform(*FIRST_PROBE_DELAY_S))  # noqa: S311  # no secret
        # RFC 6762 §8.1: what was heard before the first probe is no answer to it.
        published.conflict, published.tie_lost = "", False
        published.probing = True
        while not await self._probe(published):
            if published.conflict:
                await self._give_way(published, published.conflict)
            elif published.tie_lost:
                await asyncio.sleep(TIEBREAK_LOST_S)
            published.conflict, published.tie_lost = "", False
        published.probing = published.failed = published.slow = False
        published.pause_s = FAILED_PAUSE_S
        published.established.set()
        published.settled.set()
        await self._announce(published)

    async def _give_way(self, published: Published, which: Which) -> None:
        """Take the next name; wait where many conflicts say that something is wrong."""
        now_s = self._now_s()
        self._conflicts_s.append(now_s)
        held, published.held = published.held, frozenset()
        before = published.ad
        if published.failed or not self._take_next(published, which):
            await self._give_up(published, which)
            return
        ad = published.ad
        if which == "instance":
            for index in held & self._responders.keys():  # where nobody else has the name
                others = [one for one in self.published.values() if one is not published]
                self._say_goodbye(self._responders[index], [published], others)
            self._renamed(before.name.instance, ad.name.instance)
        else:
            self._renamed(before.host.fqdn, ad.host.fqdn)
        self._refresh()
        for other in self.published.values():
            if which == "host" and other is not published and other.shares_host(published):
                other.follow()
                self._start(other)
        many = len(self._conflicts_s) == MANY_CONFLICTS
        published.slow |= many and now_s - self._conflicts_s[0] <= MANY_CONFLICTS_S
        if published.slow:
            await asyncio.sleep(SLOW_DOWN_S)

    def _take_next(self, published: Published, which: Which) -> bool:
        """A name that none of ours has; False when it has tried enough of them."""
        while published.rename(which):
            if not self._is_double(published):
                return True
        return False

    def _is_double(self, published: Published) -> bool:
        name = fold(published.ad.name.fqdn)
        return any(
            fold(one.ad.name.fqdn) == name
            for one in self.published.values()
            if one is not published
        )

    async def _give_up(self, published: Published, which: Which) -> None:
        """A network that denies every name is broken, or hostile for a while: stop, and say so.

        The name that was wanted is tried again later, each time after a longer pause.
        """
        if not published.failed:
            published.failed = True
            published.settled.set()
            self._failed(published.wanted.name.instance)
            published.give_up(which)
            self._refresh()
        await asyncio.sleep(published.pause_s)
        published.pause_s = min(2 * published.pause_s, LONGEST_PAUSE_S)

    async def _announce(self, published: Published) -> None:
        published.announced = published.ad
        self._refresh()
        if (delay_s := published.update_delay_s(self._now_s())) > 0:
            await asyncio.sleep(delay_s)
        published.updates_s.append(self._now_s())
        for count in range(ANNOUNCE_COUNT):
            if count:
                await asyncio.sleep(ANNOUNCE_INTERVAL_S)
            published.announced_s = self._now_s()
            for responder in self._responders.values():
                group = records_on(responder.link, published.ad)
                # Not the reverse names: avahi, which starts on this host at the same time, takes
                # what it hears before its first probe for a conflict, and renames the host.
                if records := group.shared + group.unique:
                    responder.announce(records)

    async def _probe(self, published: Published) -> bool:
        """RFC 6762 §8.1: three questions 250 ms apart, and 250 ms to hear of the last."""
        for _ in range(PROBE_COUNT):
            for index, responder in self._responders.items():
                if index in published.held:
                    continue
                group = records_on(responder.link, published.ad)
                names = dict.fromkeys(record.name for record in group.unique)
                questions = [Question(name, RecordType.ANY, unicast=True) for name in names]
                # Only asked for, and by multicast: avahi on this host would take a proposal for a
                # rival and rename the host; its unicast answer might reach another process.
                questions += [Question(one.name, RecordType.ANY) for one in group.reverse]
                if questions:
                    responder.link.multicast(encode_probe(questions, group.unique))
            await asyncio.sleep(PROBE_INTERVAL_S)
            if published.conflict or published.tie_lost:
                return False
        return True

    def _refresh(self) -> None:
        """Claim every name that is wanted; answer for what is established, and for nothing else."""
        links = [responder.link for responder in self._responders.values()]
        self._claims.refresh(links, (one.ad for one in self.published.values()))
        announced = [one.announced for one in self.published.values() if one.announced is not None]
        if announced and links:
            said = (
                one for link in links for ad in announced for one in records_on(link, ad).unique
            )
            self.memory.say(said, self._now_s())
        for index, responder in self._responders.items():
            responder.set_records(
                records_on(responder.link, published.ad)
                for published in self.published.values()
                if published.is_ours_on(index)
            )

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
