"""Answering on one link: who is answered, with what, how and when (RFC 6762 §6, §7)."""

import asyncio
import random
from collections.abc import Iterable
from typing import NamedTuple

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
CLOCK_S = 0.001  # what two times that should be the same may differ by
# Senders of truncated queries whose known answers are awaited, and packets kept of each: whoever
# makes up senders, or goes on for ever, would fill memory.
MAX_HELD_QUERIERS, MAX_HELD_PACKETS = 256, 64

Key = tuple[str, int, Rdata]


class _Waiting(NamedTuple):
    """An answer that goes out at `due_s`, or from `earliest_s` on if another leaves then."""

    record: Record
    earliest_s: float
    due_s: float


class _Held:
    """The packets of one querier that has more to say."""

    def __init__(self, timer: asyncio.TimerHandle) -> None:
        self.packets: list[Packet] = []
        self.timer = timer


class Responder:
    """Answers questions about the records it was given, on one link."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._by_name: dict[str, dict[Record, None]] = {}
        self._negative: dict[str, Record] = {}
        self._multicast_s: dict[Key, float] = {}
        self._waiting: dict[Key, _Waiting] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_s = 0.0
        self._held: dict[Address, _Held] = {}

    def set_records(self, groups: Iterable[RecordGroup]) -> None:
        """Answer for these and nothing else from now on."""
        self._by_name, self._negative = {}, {}
        for group in groups:
            for record in group.all:
                self._by_name.setdefault(fold(record.name), {})[record] = None
            for record in group.negative:
                self._negative[fold(record.name)] = record
        live = {_key(record) for records in self._by_name.values() for record in records}
        live |= {_key(record) for record in self._negative.values()}
        self._multicast_s = {k: at for k, at in self._multicast_s.items() if k in live}

    def announce(self, records: Iterable[Record]) -> None:
        """Multicast records unasked (RFC 6762 §8.3), or with TTL 0 as a goodbye (§10.1)."""
        self._tell(list(records), [])

    def close(self) -> None:
        for held in self._held.values():
            held.timer.cancel()
        if self._timer is not None:
            self._timer.cancel()

    # Questions

    def receive(self, packet: Packet) -> None:
        if packet.message.is_response:
            self._hear_answers(packet)
        elif packet.message.is_probe or packet.port != PORT:
            # Not the rest of a truncated query: neither names known answers, nor may it wait.
            self._answer([packet], SHARED_DELAY_S)
        elif packet.source in self._held:
            self._hold(self._held[packet.source], packet)
        elif packet.message.is_truncated and len(self._held) < MAX_HELD_QUERIERS:
            held = self._held[packet.source] = _Held(self._await_more(packet.source))
            held.packets.append(packet)
        else:
            self._answer([packet], SHARED_DELAY_S)

    def _hold(self, held: _Held, packet: Packet) -> None:
        if len(held.packets) < MAX_HELD_PACKETS:
            held.packets.append(packet)
            if packet.message.is_truncated:
                # RFC 6762 §7.2: "a pause of 400-500 ms after the last such packet".
                held.timer.cancel()
                held.timer = self._await_more(packet.source)

    def _await_more(self, querier: Address) -> asyncio.TimerHandle:
        """RFC 6762 §7.2: wait 400 to 500 ms for the known answers of a truncated query."""
        delay_s = random.uniform(*TRUNCATED_DELAY_S)  # noqa: S311  # no secret
        loop = asyncio.get_running_loop()
        return loop.call_later(
            delay_s, lambda: self._answer(self._held.pop(querier).packets, (0.0, 0.0))
        )

    def _answer(self, packets: list[Packet], delay_s: tuple[float, float]) -> None:
        known = {
            _key(record): record.ttl_s
            for packet in packets
            if not packet.message.is_probe
            for record in packet.message.records
        }
        for packet in packets:
            self._reply(packet, known, delay_s)

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

    def _reply(self, packet: Packet, known: dict[Key, int], delay_s: tuple[float, float]) -> None:
        """One reply to all questions of a packet (RFC 6762 §6.3), however often it repeats one."""
        by_unicast: dict[Record, None] = {}
        by_multicast: dict[Record, None] = {}
        for question in dict.fromkeys(packet.message.questions):
            answers = [
                record
                for record in self._records_for(question)
                # RFC 6762 §7.1: an answer is left out if the known one has "at least half the
                # correct value" of the TTL.
                if known.get(_key(record), -1) < record.ttl_s / 2
            ]
            if answers and packet.port != PORT:
                # RFC 6762 §6.7: a legacy querier gets a conventional unicast answer, at once.
                reply = encode_legacy_response(
                    packet.message.id, question, answers, self._additionals(answers)
                )
                self.link.unicast(reply, packet.source, packet.port)
                return
            wants_unicast = question.unicast or not packet.multicast
            (by_unicast if wants_unicast else by_multicast).update(dict.fromkeys(answers))
        self._send(packet, by_unicast, by_multicast, delay_s)

    def _send(
        self,
        packet: Packet,
        by_unicast: dict[Record, None],
        by_multicast: dict[Record, None],
        delay_s: tuple[float, float],
    ) -> None:
        # RFC 6762 §5.4: by unicast, unless it was not "multicast recently (within one quarter of
        # its TTL)"; then by multicast, to keep all caches up to date.
        recent = [one for one in by_unicast if self._age_s(one) < one.ttl_s / 4]
        if packet.message.is_probe:
            recent = list(by_unicast)  # whoever probes must hear of us, whatever it costs
        if recent:
            extras = self._additionals(recent)
            for reply in encode_response(recent, extras, self.link.payload_bytes):
                self.link.unicast(reply, packet.source, PORT)
        by_multicast.update((one, None) for one in by_unicast if self._age_s(one) >= one.ttl_s / 4)
        interval_s = PROBE_INTERVAL_S if packet.message.is_probe else MULTICAST_INTERVAL_S
        answers = [one for one in by_multicast if self._age_s(one) >= interval_s]
        # RFC 6762 §6: "there is no need to delay" what is ours alone.
        unique = [one for one in answers if one.flush]
        if unique:
            self._multicast(unique)
        self._schedule((one for one in answers if not one.flush), delay_s)

    def _hear_answers(self, packet: Packet) -> None:
        theirs = not self.link.has(packet.source)
        for record in packet.message.records:
            mine = self._mine(record)
            if mine is None:
                continue
            if record.ttl_s < mine.ttl_s / 2:
                # RFC 6762 §6.6: whoever says the same with a TTL "less than half the true TTL",
                # a goodbye for example, makes us announce it again.
                wait_s = MULTICAST_INTERVAL_S + CLOCK_S - self._age_s(mine)
                wait_s = max(wait_s, SHARED_DELAY_S[0])
                self._schedule([mine], (wait_s, wait_s))
            elif theirs and packet.multicast and record.ttl_s >= mine.ttl_s:
                # RFC 6762 §7.4: what another host has just answered need not be said again.
                self._waiting.pop(_key(record), None)

    def _mine(self, record: Record) -> Record | None:
        """Our own record of the same name, type and data."""
        records = self._by_name.get(fold(record.name), ())
        return next((one for one in records if one[3] == record[3] and one[1] == record[1]), None)

    # Answers that wait

    def _schedule(self, records: Iterable[Record], delay_s: tuple[float, float]) -> None:
        """Multicast them after the same random delay, with what else is due by then."""
        now_s = self._now_s()
        due_s = now_s + random.uniform(*delay_s)  # noqa: S311  # no secret
        for record in records:
            waiting = _Waiting(record, now_s + delay_s[0], due_s)
            self._waiting.setdefault(_key(record), waiting)
        self._plan()

    def _plan(self) -> None:
        due_s = min((one.due_s for one in self._waiting.values()), default=None)
        if due_s is None or (self._timer is not None and self._wakes_s <= due_s):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_s = due_s
        self._timer = asyncio.get_running_loop().call_at(due_s, self._flush)

    def _flush(self) -> None:
        self._timer = None
        now_s = self._now_s()
        ripe = [one.record for one in self._waiting.values() if one.earliest_s <= now_s]
        for record in ripe:
            del self._waiting[_key(record)]
        answers = [
            one
            for one in ripe
            if one in self._by_name.get(fold(one.name), {})
            and self._age_s(one) >= MULTICAST_INTERVAL_S
        ]
        if answers:
            self._multicast(answers)
        self._plan()

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

    def _multicast(self, answers: list[Record]) -> None:
        """Answers and what goes with them, if nobody has just heard that (RFC 6762 §6)."""
        extras = [
            one for one in self._additionals(answers) if self._age_s(one) >= MULTICAST_INTERVAL_S
        ]
        self._tell(answers, extras)

    def _tell(self, answers: list[Record], extras: list[Record]) -> None:
        now_s = self._now_s()
        self._multicast_s.update((_key(record), now_s) for record in (*answers, *extras))
        for packet in encode_response(answers, extras, self.link.payload_bytes):
            self.link.multicast(packet)

    def _age_s(self, record: Record) -> float:
        """How long ago it was multicast here."""
        return self._now_s() - self._multicast_s.get(_key(record), float("-inf"))

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()


def _key(record: Record) -> Key:
    return fold(record.name), record.type, record.data
