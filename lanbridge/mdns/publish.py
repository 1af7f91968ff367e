"""Keeping our names: probe, announce, rename, goodbye (RFC 6762 §8, §9, §10.1)."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any, Literal

from lanbridge.core.errors import NameConflict
from lanbridge.core.names import fold
from lanbridge.core.records import Question, Rdata, Record, RecordType
from lanbridge.mdns.advertise import Advertisement, records_on
from lanbridge.mdns.engine import Link, Packet
from lanbridge.mdns.responder import Responder
from lanbridge.mdns.wire import encode_probe, encode_rdata

PROBE_COUNT, PROBE_INTERVAL_S = 3, 0.250  # RFC 6762 §8.1
FIRST_PROBE_DELAY_S = (0.0, 0.250)
ANNOUNCE_COUNT, ANNOUNCE_INTERVAL_S = 2, 1.0  # RFC 6762 §8.3: "at least two", a second apart
TIEBREAK_LOST_S = 1.0  # RFC 6762 §8.2: "defers to the winning host by waiting one second"
# RFC 6762 §8.1: after 15 conflicts within ten seconds, at least 5 s between tries.
MANY_CONFLICTS, MANY_CONFLICTS_S, SLOW_DOWN_S = 15, 10.0, 5.0
MAX_RENAMES = 20  # then it pauses, says so, and begins again with the name that was wanted
FAILED_PAUSE_S = 60.0


class Published:
    """One advertisement on its way to, or in possession of, its names."""

    def __init__(self, wanted: Advertisement) -> None:
        self.wanted = wanted
        self.ad = wanted  # under the names it has now
        self.established = asyncio.Event()
        self.announced: Advertisement | None = None  # what others may hold in their caches
        self.settled = asyncio.Event()  # established for the first time, or failed
        self.failed = False  # every name it tried is taken
        self.numbers = {"instance": 1, "host": 1}
        self.conflict: Literal["", "instance", "host"] = ""  # which name somebody else holds
        self.tie_lost = False
        self.probing = False
        self.conflicts_s: deque[float] = deque(maxlen=MANY_CONFLICTS)
        self.task: asyncio.Task[None] | None = None

    def reset(self) -> None:
        """Back to the names that were wanted."""
        self.ad = self.wanted
        self.numbers = {"instance": 1, "host": 1}

    def rename(self) -> tuple[str, str]:
        """Take the next name for the one in conflict; returns the old and the new."""
        before, which = self.ad, self.conflict
        assert which
        self.numbers[which] += 1
        if which == "host":
            host = self.wanted.host.with_suffix(self.numbers["host"])
            self.ad = replace(before, host=host)
            return before.host.fqdn, host.fqdn
        name = self.wanted.name.with_suffix(self.numbers["instance"])
        self.ad = replace(before, name=name)
        return before.name.instance, name.instance


Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]
"""Start a task, with its name, that somebody watches."""


class Publisher:
    """Advertises on every link. `renamed(old, new)` is told when a name had to give way."""

    def __init__(self, renamed: Callable[[str, str], None], spawn: Spawn) -> None:
        self._renamed = renamed
        self._spawn = spawn
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
        published = self.published[key] = Published(ad)
        self._start(published)
        return published

    def withdraw(self, published: Published) -> None:
        """Advertise it no longer: TTL 0 for what none of the others says too."""
        del self.published[fold(published.wanted.name.fqdn)]
        if published.task is not None:
            published.task.cancel()
        self._refresh_records()
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
        fresh = by_index.keys() - self._responders.keys()
        for index in fresh:
            self._responders[index] = Responder(by_index[index])
        self._take_back()
        for published in self.published.values():
            if fresh or not published.established.is_set():
                self._start(published)
            elif any(link.was for link in by_index.values()):
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
                    gone |= {one._replace(ttl_s=0): None for one in said if one not in kept}
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
        if self.published and (packet.message.is_response or packet.message.is_probe):
            self._watch_for_conflicts(packet)
        responder.receive(packet)

    def _watch_for_conflicts(self, packet: Packet) -> None:
        theirs: dict[str, list[Record]] = {}
        for record in packet.message.records:
            theirs.setdefault(fold(record.name), []).append(record)
        for published in self.published.values():
            ad = published.ad
            names: tuple[tuple[Literal["instance", "host"], str], ...] = (
                ("instance", ad.name.fqdn),
                ("host", ad.host.fqdn),
            )
            for which, name in names:
                rival = theirs.get(fold(name))
                if rival is None:
                    continue
                # Two interfaces on one network hear each other: that is no rival.
                foreign = [one for one in rival if not self._is_ours(one)]
                if not foreign:
                    continue
                mine = [r for r in records_on(packet.link, ad).unique if fold(r.name) == fold(name)]
                if packet.message.is_probe:
                    if published.probing and mine and _sorted(rival) > _sorted(mine):
                        published.tie_lost = True
                elif self._contradicts(mine, foreign):
                    self._on_conflict(published, which)

    @staticmethod
    def _contradicts(mine: list[Record], theirs: list[Record]) -> bool:
        """RFC 6762 §9: a record with our name, type and class, and other rdata.

        Whether it carries the cache-flush bit is no matter: bonjour-service never sets it.
        """
        return any(
            one.ttl_s > 0 and one.type == ours.type and not _same_data(one, ours)
            for one in theirs
            for ours in mine
        )

    def _is_ours(self, record: Record) -> bool:
        """Whether we say the same ourselves, on this link or on another."""
        return any(
            _same_data(one, record)
            for responder in self._responders.values()
            for published in self.published.values()
            for one in records_on(responder.link, published.ad).unique
            if fold(one.name) == fold(record.name) and one.type == record.type
        )

    def _on_conflict(self, published: Published, which: Literal["instance", "host"]) -> None:
        published.conflict = which
        if not published.probing:
            # RFC 6762 §9: "return to probing state"; the defence is the probe's own answer.
            self._start(published)

    # Names

    def _start(self, published: Published) -> None:
        published.probing = published.failed = False
        published.established.clear()
        self._refresh_records()
        if self._responders:
            self._run(published, self._establish(published))

    def _run(self, published: Published, work: Coroutine[Any, Any, None]) -> None:
        if published.task is not None:
            published.task.cancel()
        published.task = self._spawn(work, f"advertise {published.ad.name.fqdn}")

    async def _establish(self, published: Published) -> None:
        """Probe until the names are ours, then announce them."""
        await asyncio.sleep(random.uniform(*FIRST_PROBE_DELAY_S))  # noqa: S311  # no secret
        published.conflict, published.tie_lost = "", False
        published.probing = True
        while not await self._probe(published):
            if published.conflict:
                await self._give_way(published)
            elif published.tie_lost:
                await asyncio.sleep(TIEBREAK_LOST_S)
            published.conflict, published.tie_lost = "", False
        published.probing = published.failed = False
        published.established.set()
        published.settled.set()
        self._refresh_records()
        await self._announce(published)

    async def _give_way(self, published: Published) -> None:
        """Take the next name; wait where many conflicts say that something is wrong."""
        now_s = asyncio.get_running_loop().time()
        published.conflicts_s.append(now_s)
        if published.numbers[published.conflict or "instance"] >= MAX_RENAMES:
            # A network that denies every name is broken, or hostile for a while.
            published.failed = True
            published.settled.set()
            await asyncio.sleep(FAILED_PAUSE_S)
            published.reset()
            return
        self._renamed(*published.rename())
        if now_s - published.conflicts_s[0] <= MANY_CONFLICTS_S and (
            len(published.conflicts_s) == MANY_CONFLICTS
        ):
            await asyncio.sleep(SLOW_DOWN_S)

    async def _announce(self, published: Published) -> None:
        published.announced = published.ad
        for count in range(ANNOUNCE_COUNT):
            if count:
                await asyncio.sleep(ANNOUNCE_INTERVAL_S)
            for responder in self._responders.values():
                records = records_on(responder.link, published.ad).all
                if records:
                    self._refresh_records()
                    responder.announce(records)

    async def _probe(self, published: Published) -> bool:
        """RFC 6762 §8.1: three questions 250 ms apart, and 250 ms to hear of the last."""
        for _ in range(PROBE_COUNT):
            for responder in self._responders.values():
                proposed = records_on(responder.link, published.ad).unique
                names = dict.fromkeys(record.name for record in proposed)
                questions = [Question(name, RecordType.ANY, unicast=True) for name in names]
                if questions:
                    responder.link.multicast(encode_probe(questions, proposed))
            await asyncio.sleep(PROBE_INTERVAL_S)
            if published.conflict or published.tie_lost:
                return False
        return True

    def _refresh_records(self) -> None:
        """Answer for what is established, and for nothing that is still being probed for."""
        for responder in self._responders.values():
            responder.set_records(
                records_on(responder.link, published.ad)
                for published in self.published.values()
                if published.established.is_set()
            )


def _same_data(one: Record, other: Record) -> bool:
    return encode_rdata(one) == encode_rdata(other)


def _sorted(records: list[Record]) -> list[tuple[int, bytes]]:
    """RFC 6762 §8.2: compared in order of type, then of the uncompressed rdata as bytes."""
    return sorted((record.type, encode_rdata(record)) for record in records)
