"""Answering on one link: who is answered, with what, how and when (RFC 6762 §6, §7)."""

import asyncio
import random
from collections.abc import Callable, Iterable

from lanbridge.core.addresses import Address
from lanbridge.core.names import fold
from lanbridge.core.records import Question, Rdata, Record, RecordType, Srv
from lanbridge.mdns.advertise import RecordGroup
from lanbridge.mdns.engine import Link, Packet
from lanbridge.mdns.sockets import PORT
from lanbridge.mdns.wire import encode_legacy_response, encode_response

SHARED_DELAY_S = (0.020, 0.120)  # RFC 6762 §6: for answers that others may give too
TRUNCATED_DELAY_S = (0.400, 0.500)  # RFC 6762 §7.2: more known answers are on their way
MULTICAST_INTERVAL_S = 1.0  # RFC 6762 §6: one multicast of a record per second and link
PROBE_INTERVAL_S = 0.250  # RFC 6762 §6: the exception, for answers to probes
MAX_WAITING_QUERIERS = 256  # senders of truncated queries whose known answers are awaited

Key = tuple[str, int, Rdata]


class Responder:
    """Answers questions about the records it was given, on one link."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._by_name: dict[str, dict[Record, None]] = {}
        self._negative: dict[str, Record] = {}
        self._multicast_s: dict[Key, float] = {}
        self._pending: dict[Key, Record] = {}
        self._pending_timer: asyncio.TimerHandle | None = None
        self._truncated: dict[Address, list[Packet]] = {}
        self._timers: set[asyncio.TimerHandle] = set()

    def set_records(self, groups: Iterable[RecordGroup]) -> None:
        """Answer for these and nothing else from now on."""
        self._by_name, self._negative = {}, {}
        for group in groups:
            for record in group.all:
                self._by_name.setdefault(fold(record.name), {})[record] = None
            for record in group.negative:
                self._negative[fold(record.name)] = record
        live = {_key(record) for records in self._by_name.values() for record in records}
        self._multicast_s = {k: at for k, at in self._multicast_s.items() if k in live}

    def announce(self, records: Iterable[Record]) -> None:
        """Multicast records unasked (RFC 6762 §8.3), or with TTL 0 as a goodbye (§10.1)."""
        self._multicast(list(records), [])

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        if self._pending_timer is not None:
            self._pending_timer.cancel()

    # Questions

    def receive(self, packet: Packet) -> None:
        if packet.message.is_response:
            self._hear_answers(packet)
            return
        if packet.message.is_truncated or packet.source in self._truncated:
            self._hold(packet)
            return
        self._answer([packet])

    def _hold(self, packet: Packet) -> None:
        """RFC 6762 §7.2: wait 400 to 500 ms for the known answers of a truncated query."""
        held = self._truncated.get(packet.source)
        if held is not None:
            if len(held) < MAX_WAITING_QUERIERS:
                held.append(packet)
            return
        if len(self._truncated) >= MAX_WAITING_QUERIERS:
            self._answer([packet])
            return
        self._truncated[packet.source] = [packet]
        self._later(
            random.uniform(*TRUNCATED_DELAY_S),  # noqa: S311  # no secret
            lambda: self._answer(self._truncated.pop(packet.source, [])),
        )

    def _answer(self, packets: list[Packet]) -> None:
        known = {
            _key(record): record.ttl_s
            for packet in packets
            if not packet.message.is_probe
            for record in packet.message.records
        }
        for packet in packets:
            self._reply(packet, known)

    def _records_for(self, question: Question) -> list[Record]:
        name = fold(question.name)
        records = self._by_name.get(name)
        if records is None:
            return []
        if question.type == RecordType.ANY:
            return list(records)
        found = [record for record in records if record.type == question.type]
        if not found and (negative := self._negative.get(name)):
            # RFC 6762 §6.1: for a name that is ours alone, say that the type does not exist.
            return [negative]
        return found

    def _reply(self, packet: Packet, known: dict[Key, int]) -> None:
        """One reply to all questions of a packet (RFC 6762 §6.3), however often it repeats one."""
        by_unicast: dict[Record, None] = {}
        by_multicast: dict[Record, None] = {}
        near = self.link.holds(packet.source)
        for question in dict.fromkeys(packet.message.questions):
            answers = [
                record
                for record in self._records_for(question)
                # RFC 6762 §7.1: an answer is left out if the known one has "at least half the
                # correct value" of the TTL.
                if known.get(_key(record), -1) < record.ttl_s / 2
            ]
            if answers and packet.port != PORT:
                # RFC 6762 §6.7: a legacy querier gets a conventional unicast answer, at once; and
                # §5.5: only one on this link, or a forged source would have it sent anywhere.
                if near:
                    reply = encode_legacy_response(
                        packet.message.id, question, answers, self._additionals(answers)
                    )
                    self.link.unicast(reply, packet.source, packet.port)
                return
            wants_unicast = near and (question.unicast or not packet.multicast)
            (by_unicast if wants_unicast else by_multicast).update(dict.fromkeys(answers))
        self._send(packet, by_unicast, by_multicast)

    def _send(
        self, packet: Packet, by_unicast: dict[Record, None], by_multicast: dict[Record, None]
    ) -> None:
        now_s = self._now_s()

        def age_s(record: Record) -> float:
            return now_s - self._multicast_s.get(_key(record), float("-inf"))

        # RFC 6762 §5.4: by unicast, unless it was not "multicast recently (within one quarter of
        # its TTL)"; then by multicast, to keep all caches up to date.
        recent = [one for one in by_unicast if age_s(one) < one.ttl_s / 4]
        if packet.message.is_probe:
            recent = list(by_unicast)  # whoever probes must hear of us, whatever it costs
        if recent:
            for reply in encode_response(recent, self._additionals(recent)):
                self.link.unicast(reply, packet.source, PORT)
        by_multicast.update((one, None) for one in by_unicast if age_s(one) >= one.ttl_s / 4)
        interval_s = PROBE_INTERVAL_S if packet.message.is_probe else MULTICAST_INTERVAL_S
        answers = [one for one in by_multicast if age_s(one) >= interval_s]
        # RFC 6762 §6: "there is no need to delay" what is ours alone.
        unique = [one for one in answers if one.flush]
        if unique:
            self._multicast(unique, self._additionals(unique))
        shared = [one for one in answers if not one.flush]
        if shared:
            self._pending.update((_key(one), one) for one in shared)
            if self._pending_timer is None:
                delay_s = random.uniform(*SHARED_DELAY_S)  # noqa: S311  # no secret
                self._pending_timer = asyncio.get_running_loop().call_later(delay_s, self._flush)

    def _hear_answers(self, packet: Packet) -> None:
        """RFC 6762 §7.4: what another host has just answered need not be said again."""
        if self._pending and not self._is_ours(packet.source):
            for record in packet.message.records:
                mine = self._pending.get(_key(record))
                if mine is not None and record.ttl_s >= mine.ttl_s:
                    del self._pending[_key(record)]

    def _is_ours(self, source: Address) -> bool:
        return any(source.packed == one.ip.packed for one in self.link.interface.addresses)

    def _flush(self) -> None:
        self._pending_timer = None
        answers, self._pending = list(self._pending.values()), {}
        current = [one for one in answers if one in self._by_name.get(fold(one.name), {})]
        if current:
            self._multicast(current, self._additionals(current))

    # Answers

    def _additionals(self, answers: list[Record]) -> list[Record]:
        """RFC 6763 §12: PTR brings SRV, TXT and addresses; SRV brings addresses.

        RFC 6762 §6.2: an address record brings those of the other family, or the NSEC that
        says there are none.
        """
        extras: dict[Record, None] = {}
        for answer in answers:
            if answer.type == RecordType.PTR and isinstance(answer.data, str):
                # Not what the list of types (RFC 6763 §9) points to: those are PTR records again.
                named = self._by_name.get(fold(answer.data), {})
                extras.update((one, None) for one in named if one.type != RecordType.PTR)
        for record in [*answers, *extras]:
            if isinstance(record.data, Srv):
                target = fold(record.data.target)
                extras.update(self._by_name.get(target, {}))
                if target in self._negative:
                    extras[self._negative[target]] = None
            elif record.type in (RecordType.A, RecordType.AAAA):
                name = fold(record.name)
                extras.update(self._by_name.get(name, {}))
                extras[self._negative[name]] = None
        return [one for one in extras if one not in answers]

    def _multicast(self, answers: list[Record], extras: list[Record]) -> None:
        now_s = self._now_s()
        for record in answers:
            self._multicast_s[_key(record)] = now_s
        for packet in encode_response(answers, extras):
            self.link.multicast(packet)

    def _later(self, delay_s: float, act: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._timers = {timer for timer in self._timers if timer.when() > loop.time()}
        self._timers.add(loop.call_later(delay_s, act))

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()


def _key(record: Record) -> Key:
    return fold(record.name), record.type, record.data
