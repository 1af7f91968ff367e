"""Questions on their schedule (RFC 6762 §5.2, §5.4, §7.1)."""

import asyncio
import socket
from itertools import pairwise

import pytest

from lanbridge.core.names import SERVICE_META
from lanbridge.core.records import Question, Record, RecordType
from lanbridge.mdns.browse import Browser, ask
from lanbridge.mdns.engine import Link
from tests.mdns.virtual import Sent, TapLink, run

TYPE = "_http._tcp.local"


def browse(
    names: list[str] | None,
    seconds: float,
    known: tuple[Record, ...] = (),
    learned: dict[float, str] | None = None,
) -> list[Sent]:
    """Everything a browser asks in this time; `learned`: types that turn up, and when."""

    async def scene() -> list[Sent]:
        link = TapLink()
        loop = asyncio.get_running_loop()
        browser = Browser(names, lambda name, _interface: [r for r in known if r.name == name])
        browser.start(0.0)
        coming = dict(learned or {})
        while (due_s := browser.next_due()) is not None and due_s <= seconds:
            at_s = min([due_s, *coming])
            await asyncio.sleep(max(0.0, at_s - loop.time()))
            if name := coming.pop(at_s, None):
                browser.learn([name], loop.time())
            browser.send_due([link], loop.time())
        return link.sent

    return run(scene())


def asked(sent: Sent) -> set[str]:
    """The names asked for in one packet."""
    return {question.name for question in sent.message.questions}


def test_the_first_question_waits_20_to_120_ms() -> None:
    """RFC 6762 §5.2: so that hosts switched on together do not ask together."""
    delays = [browse([TYPE], 0.5)[0].at_s for _ in range(50)]
    assert 0.020 <= min(delays) < max(delays) <= 0.120


def test_intervals_begin_at_a_second_and_double_up_to_an_hour() -> None:
    """RFC 6762 §5.2."""
    times = [one.at_s for one in browse([TYPE], 20_000)]
    gaps = [round(later - earlier, 3) for earlier, later in pairwise(times)]
    assert gaps[0] >= 1.0
    assert all(later >= 2 * earlier or later == 3_600 for earlier, later in pairwise(gaps))
    assert max(gaps) == 3_600


def test_only_the_first_question_asks_for_a_unicast_answer() -> None:
    """RFC 6762 §5.4; the answer may reach another process that shares the port."""
    bits = [one.message.questions[0].unicast for one in browse([TYPE], 10)]
    assert bits == [True] + [False] * (len(bits) - 1)


def test_several_types_share_a_packet() -> None:
    """RFC 6762 §5.3."""
    sent = browse([TYPE, "_ipp._tcp.local"], 1)
    assert [asked(one) for one in sent] == [{TYPE, "_ipp._tcp.local"}]


def test_known_answers_go_with_their_question() -> None:
    """RFC 6762 §7.1."""
    known = Record(TYPE, RecordType.PTR, 4000, f"lamp.{TYPE}")
    assert browse([TYPE], 1, (known,))[0].message.records == (known,)


def test_everything_means_the_list_of_types_and_those_that_never_answer_it() -> None:
    """RFC 6763 §9, and the seed list."""
    first = asked(browse(None, 1)[0])
    assert {SERVICE_META, TYPE, "_lanbridge._tcp.local"} <= first


def test_a_type_that_turns_up_is_asked_for_twice_within_two_seconds() -> None:
    """A type nobody knew, heard of by chance."""
    sent = browse(None, 6, learned={3.0: "_new._tcp.local"})
    times = [one.at_s for one in sent if "_new._tcp.local" in asked(one)]
    assert len(times) >= 2
    assert times[1] <= 5


def test_with_types_given_no_other_is_asked_for() -> None:
    """What is not wanted is not asked."""
    sent = browse([TYPE], 6, learned={3.0: "_new._tcp.local"})
    assert {name for one in sent for name in asked(one)} == {TYPE}


def test_a_type_whose_service_fell_silent_is_asked_for_often_again() -> None:
    """It may come back without a word; the schedule has grown to an hour by then."""

    async def scene() -> list[float]:
        link = TapLink()
        loop = asyncio.get_running_loop()
        browser = Browser([TYPE], lambda _name, _interface: [])
        browser.start(0.0)

        async def go_on(until_s: float) -> None:
            while (due_s := browser.next_due()) is not None and due_s <= until_s:
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                browser.send_due([link], loop.time())

        await go_on(5_000)
        before = len(link.sent)
        browser.again([TYPE], loop.time())
        await go_on(loop.time() + 30)
        return [one.at_s for one in link.sent[before:]]

    assert len(run(scene())) >= 4


def test_resolve_questions_go_out_on_every_link() -> None:
    """Whichever link the service is on."""

    async def scene() -> tuple[list[Sent], list[Sent]]:
        eth, wlan = TapLink(), TapLink(name="wlan0", index=3)
        ask([eth, wlan], [Question("lamp.local", RecordType.A)], lambda _name, _interface: [])
        return eth.sent, wlan.sent

    on_eth, on_wlan = run(scene())
    assert len(on_eth) == len(on_wlan) == 1


def test_refresh_questions_are_sent_over_ipv4_where_there_is_any() -> None:
    """Who has both hears it once; a link without IPv4 is asked over what it has."""

    class Socket:
        def __init__(self) -> None:
            self.sent: list[bytes] = []

        def send(self, data: bytes) -> None:
            self.sent.append(data)

    both, only_6 = Link(TapLink().interface), Link(TapLink("fd00::1/64").interface)
    sockets = {name: Socket() for name in ("4", "6", "only 6")}
    both.sockets = {socket.AF_INET: sockets["4"], socket.AF_INET6: sockets["6"]}  # type: ignore[dict-item]
    only_6.sockets = {socket.AF_INET6: sockets["only 6"]}  # type: ignore[dict-item]
    question = [Question("lamp.local", RecordType.A)]
    ask([both, only_6], question, lambda _name, _interface: [], socket.AF_INET)
    assert {name: len(one.sent) for name, one in sockets.items()} == {"4": 1, "6": 0, "only 6": 1}
    ask([both], question, lambda _name, _interface: [])
    assert {name: len(one.sent) for name, one in sockets.items()} == {"4": 2, "6": 1, "only 6": 1}


def test_a_refresh_question_for_pointers_names_the_others_as_known() -> None:
    """RFC 6762 §7.1: or all instances of the type would answer for the sake of one."""
    known = Record(TYPE, RecordType.PTR, 4000, f"lamp.{TYPE}")

    async def scene() -> list[Sent]:
        link = TapLink()
        ask([link], [Question(TYPE, RecordType.PTR)], lambda _name, _interface: [known])
        return link.sent

    assert run(scene())[0].message.records == (known,)


ASKED = Question(TYPE, RecordType.PTR)
LAMP = Record(TYPE, RecordType.PTR, 4000, f"lamp.{TYPE}")


class TestOthersAsk:
    """RFC 6762 §7.3: duplicate question suppression."""

    def gap_s(
        self, *known: Record, questions: tuple[Question, ...] = (ASKED,), **packet: object
    ) -> float:
        """From our second question to our third, if another host asks 300 ms before each.

        We know of a lamp; the other host says that it knows `known`.
        """

        async def scene() -> list[float]:
            link = TapLink()
            loop = asyncio.get_running_loop()
            browser = Browser([TYPE], lambda _name, _interface: [LAMP])
            browser.start(0.0)
            while len(link.sent) < 3:
                due_s = browser.next_due() or 0.0
                await asyncio.sleep(max(0.0, due_s - loop.time() - 0.3))
                if len(link.sent) == 2:
                    heard = link.heard(*known, questions=questions, **packet)  # type: ignore[arg-type]
                    browser.hear(heard, loop.time())
                await asyncio.sleep(due_s - loop.time())
                browser.send_due([link], loop.time())
            return [one.at_s for one in link.sent]

        times = run(scene())
        return round(times[2] - times[1], 2)

    OURS_S, AFTER_THEIRS_S = 2.30, 6.90

    def test_the_same_question_of_another_host_is_as_good_as_ours(self) -> None:
        """The next is ours again, even if the other host goes on: it may ask nobody but us."""
        assert self.gap_s() == self.gap_s(LAMP) == self.AFTER_THEIRS_S

    @pytest.mark.parametrize(
        "packet",
        [
            {"questions": (ASKED._replace(unicast=True),)},
            {"questions": (ASKED._replace(type=RecordType.ANY),)},
            {"port": 40_000},
            {"multicast": False},
            {"source": "10.0.0.1"},
            {"flags": 0x0200},
        ],
        ids=["QU", "another type", "legacy", "unicast", "our own", "more known answers follow"],
    )
    def test_a_question_that_brings_us_no_answer_is_not(self, packet: dict[str, object]) -> None:
        """Its answers go elsewhere, or are fewer than ours would be."""
        assert self.gap_s(**packet) == self.OURS_S  # type: ignore[arg-type]

    def test_nor_one_that_knows_what_we_do_not(self) -> None:
        """That answer is held back for the other host's sake."""
        assert self.gap_s(LAMP._replace(data=f"other.{TYPE}")) == self.OURS_S
