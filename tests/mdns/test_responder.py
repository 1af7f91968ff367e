"""Answers on one link: to whom, with what, and when (RFC 6762 §5.4, §6, §7)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise
from typing import Any

import pytest

from lanbridge.core.names import SERVICE_META, HostName, InstanceName, ServiceType
from lanbridge.core.records import Nsec, Question, Record, RecordType
from lanbridge.mdns.advertise import Advertisement, records_on
from lanbridge.mdns.responder import CLOCK_S, Responder
from tests.mdns.virtual import Sent, TapLink, run

HTTP = ServiceType("http", "tcp")
NAME, TYPE, HOST = "lamp._http._tcp.local", "_http._tcp.local", "lamp-1.local"
AD = Advertisement(
    name=InstanceName("lamp", HTTP), host=HostName("lamp-1"), port=80, subtypes=("_light",)
)
PTR = Question(TYPE, RecordType.PTR)


def answering(
    act: Callable[[TapLink, Responder], Awaitable[None]], ads: tuple[Advertisement, ...] = (AD,)
) -> list[Sent]:
    """What a responder for `ads` sends while `act` happens, in virtual time."""

    async def scene() -> list[Sent]:
        link = TapLink()
        responder = Responder(link)
        responder.set_records(records_on(link, ad) for ad in ads)
        await asyncio.sleep(100)
        await act(link, responder)
        await asyncio.sleep(5)
        responder.close()
        return [one._replace(at_s=one.at_s - 100) for one in link.sent]

    return run(scene())


def answers(*questions: Question, known: tuple[Record, ...] = (), **packet: object) -> list[Sent]:
    """What is sent when these are asked, by somebody who knows `known`."""

    async def ask(link: TapLink, responder: Responder) -> None:
        responder.receive(link.heard(*known, questions=questions, **packet))  # type: ignore[arg-type]

    return answering(ask)


def types_in(sent: Sent) -> set[int]:
    """Record types in any section."""
    return {record.type for record in sent.message.records}


class TestWhat:
    """RFC 6763 §4.1, §7.1, §9, §12."""

    @pytest.mark.parametrize(
        ("name", "type_", "expected"),
        [
            (TYPE, RecordType.PTR, NAME),
            (TYPE.upper(), RecordType.PTR, NAME),
            (f"_light._sub.{TYPE}", RecordType.PTR, NAME),
            (SERVICE_META, RecordType.PTR, TYPE),
        ],
        ids=["type", "upper-case", "subtype", "meta-query"],
    )
    def test_pointers(self, name: str, type_: int, expected: str) -> None:
        """The type, the subtype and the list of types all lead here."""
        (sent,) = answers(Question(name, type_))
        assert expected in {record.data for record in sent.message.records}

    def test_a_pointer_brings_everything_needed_to_connect(self) -> None:
        """RFC 6763 §12.1: SRV, TXT and all addresses, so that nobody has to ask again."""
        (sent,) = answers(PTR)
        assert types_in(sent) >= {RecordType.SRV, RecordType.TXT, RecordType.A, RecordType.AAAA}

    def test_any_brings_every_record_of_the_name(self) -> None:
        """RFC 6762 §6.5."""
        (sent,) = answers(Question(NAME, RecordType.ANY))
        assert types_in(sent) >= {RecordType.SRV, RecordType.TXT}

    def test_a_type_that_our_name_lacks_is_denied(self) -> None:
        """RFC 6762 §6.1: NSEC with the types that do exist."""
        (sent,) = answers(Question(NAME, RecordType.A))
        assert sent.message.records[0].data == Nsec(NAME, (RecordType.TXT, RecordType.SRV))

    def test_names_of_others_get_no_answer(self) -> None:
        """Silence is how mDNS says that it is somebody else's."""
        assert answers(Question("other.local", RecordType.A)) == []

    def test_unique_records_carry_the_cache_flush_bit_and_pointers_do_not(self) -> None:
        """RFC 6762 §10.2."""
        (sent,) = answers(PTR)
        assert all(r.flush == (r.type != RecordType.PTR) for r in sent.message.records)

    def test_txtvers_comes_first(self) -> None:
        """RFC 6763 §6.7."""
        (sent,) = answers(Question(NAME, RecordType.TXT))
        assert sent.message.records[0].data == b"\x09txtvers=1"


class TestWhen:
    """RFC 6762 §6, §7."""

    def test_a_unique_record_is_answered_at_once(self) -> None:
        """ "There is no need to delay"."""
        (sent,) = answers(Question(NAME, RecordType.SRV))
        assert sent.at_s == 0

    def test_a_shared_record_waits_for_20_to_120_ms(self) -> None:
        """So that the answers of many hosts do not collide."""
        delays = [answers(PTR)[0].at_s for _ in range(40)]
        assert 0.020 <= min(delays) < max(delays) <= 0.1201
        assert len(set(delays)) > 30

    def test_a_known_answer_is_not_given_again(self) -> None:
        """RFC 6762 §7.1."""
        known = Record(TYPE, RecordType.PTR, 2250, NAME)
        assert answers(PTR, known=(known,)) == []

    def test_a_known_answer_past_half_its_life_is(self) -> None:
        """RFC 6762 §7.1: "less than half", then the querier needs a fresh one."""
        known = Record(TYPE, RecordType.PTR, 2249, NAME)
        assert len(answers(PTR, known=(known,))) == 1

    def test_known_answers_of_a_truncated_query_are_waited_for(self) -> None:
        """RFC 6762 §7.2: they come in the next packets of the same sender."""

        async def ask(link: TapLink, responder: Responder) -> None:
            responder.receive(link.heard(questions=(PTR,), flags=0x0200))
            known = Record(TYPE, RecordType.PTR, 4500, NAME)
            responder.receive(link.heard(known, flags=0))

        assert answering(ask) == []

    def test_a_truncated_query_is_answered_after_400_to_500_ms(self) -> None:
        """RFC 6762 §6: "instead of" the shared answer's own delay."""
        (sent,) = answers(PTR, flags=0x0200)
        assert 0.400 <= sent.at_s <= 0.5001

    def test_the_wait_begins_anew_with_each_truncated_packet(self) -> None:
        """RFC 6762 §7.2: "to ensure a pause of 400-500 ms after the last such packet"."""

        async def ask(link: TapLink, responder: Responder) -> None:
            for _ in range(4):
                responder.receive(link.heard(questions=(PTR,), flags=0x0200))
                await asyncio.sleep(0.3)

        (sent,) = answering(ask)
        assert 1.300 <= sent.at_s <= 1.4001

    def test_what_went_along_with_an_answer_is_not_multicast_again_within_a_second(self) -> None:
        """RFC 6762 §6 speaks of a record, in whichever section it went."""

        async def ask(link: TapLink, responder: Responder) -> None:
            responder.receive(link.heard(questions=(PTR,)))
            await asyncio.sleep(0.5)
            responder.receive(link.heard(questions=(Question(NAME, RecordType.SRV),)))

        (sent,) = answering(ask)
        assert RecordType.SRV in types_in(sent)

    def test_an_answer_leaves_with_an_earlier_one_but_never_before_20_ms(self) -> None:
        """RFC 6762 §6.4 aggregates; §6 still has each shared answer wait."""
        meta = Question(SERVICE_META, RecordType.PTR)
        seen = []

        async def ask(link: TapLink, responder: Responder) -> None:
            responder.receive(link.heard(questions=(PTR,)))
            await asyncio.sleep(0.050)
            responder.receive(link.heard(questions=(meta,)))

        for _ in range(40):
            sent = answering(ask)
            (at_s,) = (s.at_s for s in sent if SERVICE_META in {r.name for r in s.message.records})
            seen.append((len(sent), at_s))
        assert min(at_s for _, at_s in seen) >= 0.070 - CLOCK_S
        assert {count for count, _ in seen} == {1, 2}

    def test_the_delays_of_shared_answers_are_uniform(self) -> None:
        """RFC 6762 §6: four quarters of 20 to 120 ms, equally often: chi squared, p = 0.0001."""

        async def ask(link: TapLink, responder: Responder) -> None:
            for _ in range(400):
                await asyncio.sleep(2)
                responder.receive(link.heard(questions=(PTR,)))

        delays = [(one.at_s % 2) - 0.020 for one in answering(ask)]
        assert len(delays) == 400
        quarters = Counter(min(int(delay_s / 0.025), 3) for delay_s in delays)
        assert sum((quarters[n] - 100) ** 2 / 100 for n in range(4)) < 21.1

    @pytest.mark.parametrize("name", [NAME, TYPE], ids=["unique", "shared"])
    @pytest.mark.parametrize(("ttl_s", "again"), [(0, 1), (59, 1), (2250, 0)])
    def test_a_peer_that_says_ours_with_too_short_a_life_is_corrected(
        self, name: str, ttl_s: int, again: int
    ) -> None:
        """RFC 6762 §6.6: goodbyes of a cooperating responder too; once a second at most."""

        async def hear(link: TapLink, responder: Responder) -> None:
            ours = records_on(link, AD)
            responder.announce(ours.all)
            await asyncio.sleep(0.2)
            (mine,) = (r for r in ours.all if r.name == name and r.type in (16, 12))
            responder.receive(link.heard(mine._replace(ttl_s=ttl_s), source="10.0.0.1"))

        first, *later = answering(hear)
        assert len(later) == again
        assert all(one.at_s >= first.at_s + 1 for one in later)

    def test_a_record_is_multicast_once_a_second_at_most(self) -> None:
        """RFC 6762 §6."""

        async def ask(link: TapLink, responder: Responder) -> None:
            for _ in range(10):
                responder.receive(link.heard(questions=(Question(NAME, RecordType.SRV),)))
                await asyncio.sleep(0.3)

        times = [one.at_s for one in answering(ask)]
        assert len(times) >= 3
        assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))

    def test_a_probe_is_answered_again_after_250_ms(self) -> None:
        """RFC 6762 §6: the exception, to defend a name."""

        async def ask(link: TapLink, responder: Responder) -> None:
            for _ in range(3):
                question = Question(NAME, RecordType.ANY)
                responder.receive(link.heard(questions=(question,), probe=True))
                await asyncio.sleep(0.25)

        assert len(answering(ask)) == 3

    def test_what_another_host_has_just_said_is_not_repeated(self) -> None:
        """RFC 6762 §7.4: duplicate answer suppression."""

        async def ask(link: TapLink, responder: Responder) -> None:
            responder.receive(link.heard(questions=(PTR,)))
            responder.receive(link.heard(Record(TYPE, RecordType.PTR, 4500, NAME)))

        assert answering(ask) == []

    def test_what_another_host_has_said_to_us_alone_is(self) -> None:
        """Whoever asked by multicast has not heard it."""

        async def ask(link: TapLink, responder: Responder) -> None:
            responder.receive(link.heard(questions=(PTR,)))
            told = Record(TYPE, RecordType.PTR, 4500, NAME)
            responder.receive(link.heard(told, multicast=False))

        assert len(answering(ask)) == 1

    @pytest.mark.parametrize(
        "other", [{"probe": True}, {"port": 50_000}], ids=["a probe", "a legacy query"]
    )
    def test_who_has_more_known_answers_to_send_is_answered_other_questions(
        self, other: dict[str, Any]
    ) -> None:
        """A probe of that host, or another program there, does not wait for them."""

        async def ask(link: TapLink, responder: Responder) -> None:
            responder.receive(link.heard(questions=(PTR,), flags=0x0200))
            question = Question(NAME, RecordType.ANY)
            responder.receive(link.heard(questions=(question,), **other))

        assert answering(ask)[0].at_s == 0

    def test_a_record_withdrawn_while_its_answer_waits_is_not_sent(self) -> None:
        """The service may have gone in those 120 ms."""

        async def ask(link: TapLink, responder: Responder) -> None:
            responder.receive(link.heard(questions=(PTR,)))
            responder.set_records([])

        assert answering(ask) == []


class TestToWhom:
    """RFC 6762 §5.4, §6.7."""

    def test_a_qu_question_is_multicast_if_the_record_was_not_lately(self) -> None:
        """RFC 6762 §5.4: "so as to keep all the peer caches up to date"."""
        (sent,) = answers(Question(NAME, RecordType.SRV, unicast=True))
        assert sent.to is None

    def test_a_qu_question_is_answered_by_unicast_if_it_was(self) -> None:
        """To the sender's port 5353."""

        async def ask(link: TapLink, responder: Responder) -> None:
            responder.announce(records_on(link, AD).all)
            await asyncio.sleep(2)
            question = Question(NAME, RecordType.SRV, unicast=True)
            responder.receive(link.heard(questions=(question,)))

        assert [one.to for one in answering(ask)] == [None, ("10.0.0.9", 5353)]

    def test_a_legacy_querier_is_answered_by_unicast_at_its_port(self) -> None:
        """With its id and question, at once."""
        (sent,) = answers(PTR, port=40_000)
        assert (sent.to, sent.at_s) == (("10.0.0.9", 40_000), 0)
        assert (sent.message.id, sent.message.questions) == (7, (PTR,))
        assert max(record.ttl_s for record in sent.message.records) <= 10


class TestAbuse:
    """What one packet can make us send."""

    @pytest.mark.parametrize(("port", "unicast"), [(40_000, False), (5353, True), (5353, False)])
    def test_a_question_asked_a_thousand_times_is_answered_once(
        self, port: int, unicast: bool
    ) -> None:
        """Whoever forges a source would have it flooded."""
        question = Question(NAME, RecordType.SRV, unicast)
        assert len(answers(*[question] * 1_000, port=port)) == 1

    def test_several_questions_share_an_answer(self) -> None:
        """RFC 6762 §6.3."""
        (sent,) = answers(Question(NAME, RecordType.SRV), Question(NAME, RecordType.TXT))
        assert {r.type for r in sent.message.records} >= {RecordType.SRV, RecordType.TXT}

    def test_a_querier_that_never_ends_is_answered_all_the_same(self) -> None:
        """And no more of it is kept than a querier with thousands of services has to say."""

        async def ask(link: TapLink, responder: Responder) -> None:
            for _ in range(500):
                responder.receive(link.heard(questions=(PTR,), flags=0x0200))
                await asyncio.sleep(0.05)

        assert len(answering(ask)) >= 5


class TestLinks:
    """RFC 6762 §6.2, §14: only what is valid on the link."""

    @pytest.mark.parametrize(
        ("addresses", "expected"),
        [
            (("10.0.0.1/24",), {"10.0.0.1"}),
            (("10.0.0.1/24", "10.0.0.2/24"), {"10.0.0.1", "10.0.0.2"}),
            (("192.168.7.1/24", "fd00::1/64"), {"192.168.7.1", "fd00::1"}),
        ],
    )
    def test_each_link_hears_the_addresses_it_has(
        self, addresses: tuple[str, ...], expected: set[str]
    ) -> None:
        """All of them, and none of another link's."""
        group = records_on(TapLink(*addresses), AD)
        hosts = {str(r.data) for r in group.unique if r.type in (RecordType.A, RecordType.AAAA)}
        assert hosts == expected

    def test_other_hardware_is_advertised_where_its_address_is(self) -> None:
        """A lamp on 192.168.7.0/24 is nothing that 10.0.0.0/24 should hear of."""
        ad = replace(AD, addresses=(ip_address("192.168.7.9"),))
        assert records_on(TapLink("10.0.0.1/24"), ad).all == ()
        assert records_on(TapLink("192.168.7.1/24"), ad).all != ()
