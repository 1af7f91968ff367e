"""Asking whether a service is still there: RFC 6762 §10.4, §10.5."""

import pytest

from lanbridge.core import doubts, overheard
from lanbridge.core.cache import VERIFY_S
from lanbridge.core.records import Question, RecordType
from lanbridge.core.services import Reason, State
from tests.core.lan import TYPE, Lan, address, ptr, srv, txt, whole

SRV_OF_LAMP = Question(f"lamp.{TYPE}", RecordType.SRV)
A_OF_LAMP = Question("lamp.local", RecordType.A)
BOTH = {f"lamp.{TYPE} SRV", "lamp.local A"}


def test_a_device_that_does_not_answer_is_offline_after_ten_seconds() -> None:
    """§10.4: asked for more than once; a day is what its records were to live."""
    lan = Lan()
    lan.hear(*whole(ttl_s=86_400))
    lan.wait(600)
    assert lan.verify()
    assert lan.wait(0) == []
    assert set(lan.asked()) == BOTH
    assert lan.wait(5) == ["stale lamp"]
    assert set(lan.asked()) == BOTH
    assert lan.wait(VERIFY_S - 5) == ["lost lamp"]
    assert lan.only().reason is Reason.NO_ANSWER


def test_a_device_that_answers_stays_as_it_was() -> None:
    """Not a word to those who follow the events, and its records live on."""
    lan = Lan()
    lan.hear(*whole())
    lan.wait(50)
    lan.verify()
    lan.wait(0.5)
    lan.hear(srv(), address())
    assert lan.wait(90) == []
    assert lan.only().state is State.ONLINE


def test_one_lost_answer_is_nothing() -> None:
    """The third question is answered."""
    lan = Lan()
    lan.hear(*whole())
    lan.verify()
    assert lan.wait(2.9) == []
    lan.hear(srv(), address())
    assert lan.wait(20) == []


def test_a_service_that_crashed_on_a_host_that_is_there() -> None:
    """The host's addresses are answered, the SRV record is not."""
    lan = Lan()
    lan.hear(*whole())
    lan.verify()
    lan.wait(1)
    lan.hear(address())
    lan.wait(VERIFY_S)
    assert (lan.only().state, lan.only().reason) == (State.OFFLINE, Reason.NO_ANSWER)


def test_it_is_verified_once_at_a_time() -> None:
    """And no service of a made-up id is."""
    lan = Lan()
    lan.hear(*whole())
    assert lan.verify()
    assert not lan.verify()
    assert not lan.registry.verify("0" * 16, lan.moment)


def test_what_is_offline_is_asked_for_by_its_type() -> None:
    """It may be back without a word."""
    lan = Lan()
    lan.hear(*whole())
    lan.hear(ptr(ttl_s=0))
    lan.wait(2)
    assert lan.verify()
    assert lan.registry.take_silent() == [TYPE]


@pytest.mark.parametrize("heard_before_s", [0.0, 1.0, 2.9, 3.1, 60.0, 90.0])
def test_a_device_that_is_gone_is_offline_within_15_s_of_a_look(heard_before_s: float) -> None:
    """However short before it was heard; a record that lives for a day is not waited for."""
    lan = Lan()
    lan.hear(*whole(ttl_s=86_400))
    lan.wait(heard_before_s)
    assert lan.look() == 1
    lan.wait(15)
    assert lan.only().state is State.OFFLINE


def test_looks_in_a_row_are_no_storm() -> None:
    """A page that polls each second, and a lamp that answers each question: 3 s apart at least."""
    lan = Lan()
    lan.hear(*whole())
    questions = 0
    for _ in range(60):
        lan.look()
        lan.wait(1)
        if asked := lan.asked():
            questions += len(asked)
            lan.hear(srv(), address())
    assert questions <= 2 * 60 / doubts.FRESH_S


def test_a_look_asks_those_who_were_silent_for_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not a thousand at once."""
    monkeypatch.setattr(doubts, "MAX_LOOKED_AT", 2)
    lan = Lan()
    for number in range(4):
        lan.hear(*whole(f"lamp{number}", f"lamp{number}.local", ttl_s=4500))
        lan.wait(10)
    assert lan.look() == 2
    assert {event.split()[1] for event in lan.wait(15)} == {"lamp0", "lamp1"}


def test_others_who_ask_in_vain_make_us_ask() -> None:
    """§10.5: two questions of another host, and no answer to be heard."""
    lan = Lan()
    lan.hear(*whole(ttl_s=86_400))
    lan.wait(600)
    lan.overhear(SRV_OF_LAMP)
    lan.wait(2)
    assert lan.asked() == []
    lan.overhear(SRV_OF_LAMP._replace(unicast=True))
    lan.wait(12)
    assert lan.only().state is State.OFFLINE


@pytest.mark.parametrize("question", [SRV_OF_LAMP, A_OF_LAMP])
def test_others_who_get_an_answer_make_us_do_nothing(question: Question) -> None:
    """Nor those who ask once, or for what nobody offers."""
    lan = Lan()
    lan.hear(*whole(ttl_s=86_400))
    for _ in range(5):
        lan.wait(2)
        lan.overhear(question, Question("nobody.local", RecordType.A))
        lan.wait(1)
        lan.hear(srv(ttl_s=86_400), address(ttl_s=86_400))
    lan.overhear(question)
    lan.wait(30)
    lan.overhear(question)
    lan.wait(1)
    assert lan.asked() == []
    assert lan.only().state is State.ONLINE


def test_the_questions_of_others_fill_a_table_that_has_an_end() -> None:
    """A stranger asks for each of many services, once."""
    heard = overheard.Overheard()
    for number in range(2 * overheard.MAX_QUESTIONS):
        assert not heard.hear(Question(f"{number}.local", RecordType.A), 1.0, 1_000.0 + number)
    assert len(heard) == overheard.MAX_QUESTIONS


class TestGrace:
    """Types that come and go are kept from blinking, where the settings say so."""

    def test_who_falls_silent_is_stale_for_the_grace_of_its_type(self) -> None:
        """And offline, with the reason, when it is over."""
        lan = Lan(grace_s={"_http._tcp": 300.0})
        lan.hear(*whole())
        assert lan.wait(130) == ["stale lamp"]
        assert lan.wait(200) == []
        assert lan.only().reason is None
        assert lan.wait(130) == ["lost lamp"]
        assert lan.only().reason is Reason.NO_ANSWER

    def test_who_said_goodbye_too(self) -> None:
        """A hub that restarts its services every night."""
        lan = Lan(grace_s={"_http._tcp": 300.0})
        lan.hear(*whole())
        lan.hear(ptr(ttl_s=0))
        assert lan.wait(2) == ["stale lamp"]
        lan.wait(60)
        assert lan.hear(*whole()) == ["updated lamp"]
        lan.hear(ptr(ttl_s=0))
        assert lan.wait(400) == ["stale lamp", "lost lamp"]
        assert lan.only().reason is Reason.GOODBYE

    def test_who_comes_back_with_its_ptr_alone_is_resolved(self) -> None:
        """And meanwhile is what it was."""
        lan = Lan(grace_s={"_http._tcp": 300.0})
        lan.hear(*whole())
        lan.hear(ptr(ttl_s=0))
        lan.wait(2)
        assert lan.hear(ptr()) == []
        lan.asked()
        lan.wait(0.1)
        assert f"lamp.{TYPE} SRV" in lan.asked()
        assert lan.hear(srv(), txt(), address()) == ["updated lamp"]
        assert lan.only().state is State.ONLINE

    def test_other_types_have_none(self) -> None:
        """Offline is offline."""
        lan = Lan(grace_s={"_ipp._tcp": 300.0})
        lan.hear(*whole())
        lan.hear(ptr(ttl_s=0))
        assert lan.wait(2) == ["lost lamp"]


class TestRecall:
    """What was known before a restart."""

    def known(self) -> Lan:
        """One lamp that was there and one that was not, before; now there is no link yet."""
        before, lan = Lan(), Lan()
        before.hear(*whole("off", "off.local"), *whole())
        before.hear(ptr("off", ttl_s=0), ptr("never resolved"))
        before.wait(5)
        lan.registry.recall(before.registry.services(), lan.moment)
        return lan

    def test_it_is_shown_as_it_was(self) -> None:
        """Stale until it is heard, offline for its reason; what was only found is nothing."""
        services = {one.name: one for one in self.known().registry.services()}
        assert {name: (one.state, one.reason) for name, one in services.items()} == {
            "off": (State.OFFLINE, Reason.GOODBYE),
            "lamp": (State.STALE, None),
        }
        lamp = services["lamp"]
        assert (lamp.host, lamp.port, lamp.txt.as_json()) == ("lamp.local", 80, {"txtvers": "1"})
        assert [str(one.address) for one in lamp.addresses] == ["10.0.0.7"]

    def test_it_is_asked_for_by_type(self) -> None:
        """Learned types are asked for from the start; the PTR is no known answer."""
        lan = self.known()
        assert lan.registry.take_types() == [TYPE]
        assert lan.registry.known_answers(TYPE, "eth0", lan.moment) == []

    def test_who_is_heard_goes_on_being_known_since_then(self) -> None:
        """With its first_seen."""
        lan = self.known()
        first_seen_s = next(iter(lan.registry.services())).first_seen_s
        lan.now_s += 3_600
        lan.links("eth0")
        assert lan.hear(*whole()) == ["updated lamp"]
        lamp = next(one for one in lan.registry.services() if one.name == "lamp")
        assert (lamp.state, lamp.first_seen_s) == (State.ONLINE, first_seen_s)

    def test_nobody_is_given_up_while_there_is_no_network(self) -> None:
        """Wi-Fi that comes an hour late."""
        lan = self.known()
        assert lan.wait(3_600) == []
        lan.links("eth0")
        assert lan.wait(14) == []
        assert lan.wait(2) == ["lost lamp"]

    def test_who_is_not_browsed_for_any_more_is_not_known(self) -> None:
        """The setting `types` was changed meanwhile."""
        lan = Lan(["_ipp._tcp.local"])
        lan.registry.recall(self.known().registry.services(), lan.moment)
        assert len(lan.registry) == 0


def test_those_who_were_there_for_an_hour_make_no_room_while_they_are_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A flood of names that come and go does not push out the printer that is off at night."""
    monkeypatch.setattr("lanbridge.core.tables.MAX_SERVICES", 3)
    lan = Lan()
    lan.hear(*whole("printer", "printer.local"))
    for _ in range(40):
        lan.wait(100)
        lan.hear(*whole("printer", "printer.local"))
    lan.hear(ptr("printer", ttl_s=0))
    for number in range(10):
        lan.hear(*whole(f"bogus{number}", f"bogus{number}.local"))
        lan.hear(ptr(f"bogus{number}", ttl_s=0))
        lan.wait(2)
    assert "printer" in [one.name for one in lan.registry.services()]


def test_a_service_that_was_never_resolved_is_forgotten_when_it_goes() -> None:
    """There is nothing to remember of it."""
    lan = Lan()
    lan.hear(ptr())
    lan.hear(ptr(ttl_s=0))
    assert lan.wait(2) == ["lost lamp"]
    assert len(lan.registry) == 0


@pytest.mark.parametrize(("length", "kept"), [(2_048, True), (2_049, False)])
def test_a_txt_record_that_is_too_long_is_refused(length: int, kept: bool) -> None:
    """RFC 6763 §6.2 recommends 1,300 bytes; 10,000 made-up services could have 8,900 each."""
    lan = Lan()
    lan.hear(ptr(), srv(), address(), txt(rdata=bytes(length)))
    lan.wait(3)
    assert lan.only().state is State.ONLINE
    assert (len(lan.only().txt_raw) == length) == kept
    assert lan.registry.refused["txt"] == (not kept)


@pytest.mark.parametrize("doubted_before", [False, True])
def test_a_link_that_came_back_is_asked_on_more_than_once(doubted_before: bool) -> None:
    """§10.4: "two or more queries". The first is lost where a switch port is not open yet."""
    lan = Lan()
    lan.links("eth0")
    lan.hear(*whole())
    if doubted_before:
        lan.verify()
    lan.links()
    lan.wait(3)
    lan.asked()
    lan.links("eth0")
    rounds = 0
    for _ in range(9):
        rounds += set(lan.asked()) >= BOTH
        lan.wait(1)
    assert rounds == 4
    lan.hear(*whole())
    lan.wait(30)
    assert lan.only().state is State.ONLINE
