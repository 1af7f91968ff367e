"""The registry, driven by lists of what was heard and a clock that is a number."""

from collections.abc import Callable

import pytest

from lanbridge.core import tables as module
from lanbridge.core.events import Moment, ServiceEvent
from lanbridge.core.known_types import MAX_TYPES
from lanbridge.core.orphans import MAX_NAMES
from lanbridge.core.records import Nsec, Record, RecordType, Srv
from lanbridge.core.services import Reason, State
from lanbridge.core.tables import MAX_SERVICES, MAX_SERVICES_PER_SOURCE
from tests.core.lan import TYPE, Lan, address, ptr, srv, txt, whole


class TestResolving:
    """RFC 6763 §4, §5."""

    def test_one_packet_with_everything_is_found_and_resolved(self) -> None:
        """PTR, SRV, TXT and address together make a service that is online."""
        lan = Lan()
        assert lan.hear(*whole()) == ["found lamp", "resolved lamp"]
        service = lan.only()
        assert (service.state, service.host, service.port) == (State.ONLINE, "lamp.local", 80)
        assert [str(one.address) for one in service.addresses] == ["10.0.0.7"]
        assert service.txt.as_json() == {"txtvers": "1"}

    @pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)])
    def test_the_order_of_records_in_a_packet_does_not_matter(self, order: tuple[int, ...]) -> None:
        """Address before SRV before PTR resolves as well."""
        lan = Lan()
        records = whole()
        assert lan.hear(*(records[at] for at in order)) == ["found lamp", "resolved lamp"]

    @pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 3, 1)])
    def test_the_order_of_packets_does_not_matter(self, order: tuple[int, ...]) -> None:
        """Records that come before what they belong to are kept for it."""
        lan = Lan()
        records = whole()
        told = [event for at in order for event in lan.hear(records[at])]
        assert told == ["found lamp", "resolved lamp"]

    def test_missing_records_are_asked_for(self) -> None:
        """A PTR alone makes us ask for SRV and TXT, and an SRV for its host's addresses."""
        lan = Lan()
        assert lan.hear(ptr()) == ["found lamp"]
        lan.wait(0.05)
        assert lan.asked() == [f"lamp.{TYPE} SRV", f"lamp.{TYPE} TXT"]
        lan.hear(srv(), txt())
        lan.wait(1.0)
        assert lan.asked() == ["lamp.local A", "lamp.local AAAA"]
        assert lan.hear(address()) == ["resolved lamp"]

    def test_an_ipv4_address_is_waited_for_a_moment(self) -> None:
        """Over IPv6 avahi gives IPv6 addresses only, and phones can use no other than IPv4."""
        lan = Lan()
        assert lan.hear(ptr(), srv(), txt(), address(text="fd00::7")) == ["found lamp"]
        lan.wait(0.05)
        assert lan.asked() == ["lamp.local A"]
        assert lan.hear(address()) == ["resolved lamp"]
        assert len(lan.only().addresses) == 2

    def test_a_service_with_ipv6_alone_is_shown_a_moment_later(self) -> None:
        """The host may have no IPv4 address at all."""
        lan = Lan()
        lan.hear(ptr(), srv(), txt(), address(text="fd00::7"))
        assert lan.wait(0.3) == ["resolved lamp"]

    def test_a_host_that_denies_having_ipv4_is_not_waited_for(self) -> None:
        """RFC 6762 §6.1: NSEC says which types exist."""
        nsec = Record("lamp.local", RecordType.NSEC, 120, Nsec("lamp.local", (28,)), flush=True)
        lan = Lan()
        told = lan.hear(ptr(), srv(), txt(), address(text="fd00::7"), nsec)
        assert told == ["found lamp", "resolved lamp"]

    def test_the_first_resolve_question_wants_a_unicast_answer_and_later_ones_do_not(self) -> None:
        """RFC 6762 §5.4: the answer may reach another process on the port, so ask differently."""
        lan = Lan()
        lan.hear(ptr())
        lan.wait(0.05)
        assert all(question.unicast for question in lan.registry.take_questions())
        lan.wait(1.0)
        assert not any(question.unicast for question in lan.registry.take_questions())

    def test_a_service_that_never_resolves_is_reported_once(self) -> None:
        """After three questions in vain: resolve-failed, and still in the list as found."""
        lan = Lan()
        lan.hear(ptr())
        assert lan.wait(30.0) == ["resolve-failed lamp"]
        assert lan.only().state is State.FOUND
        assert not lan.registry.unresolved()

    def test_what_never_comes_is_asked_for_less_and_less(self) -> None:
        """RFC 6762 §5.2: up to once an hour, for as long as the PTR lives."""
        lan = Lan()
        lan.hear(ptr(ttl_s=86_400))
        lan.wait(10)
        lan.asked()
        questions = 0
        for _ in range(3_600):
            lan.wait(1)
            questions += len(lan.asked())
        assert 4 <= questions <= 20

    def test_a_service_without_txt_is_shown_after_asking_twice(self) -> None:
        """RFC 6763 §6 wants a TXT record, but a device without one is there all the same."""
        lan = Lan()
        lan.hear(ptr(), srv(), address())
        assert lan.wait(2.0) == ["resolved lamp"]

    def test_names_compare_without_case(self) -> None:
        """RFC 6762 §16."""
        lan = Lan()
        lan.hear(ptr("Lamp", "_HTTP._tcp.local"))
        lan.hear(srv("lAMP", "LAMP.local"), txt("LAMP"), address("lamp.LOCAL"))
        assert (lan.only().name, lan.only().type) == ("Lamp", "_http._tcp")
        assert lan.only().state is State.ONLINE

    def test_a_dot_in_an_instance_name_is_part_of_it(self) -> None:
        """RFC 6763 §4.3: names may hold dots, and are never split there."""
        lan = Lan()
        lan.hear(*whole("Dr. Lamp v1.2"))
        assert lan.only().name == "Dr. Lamp v1.2"

    def test_srv_priority_decides_between_two(self) -> None:
        """RFC 2782: the target with the lowest-numbered priority."""
        lan = Lan()
        better = srv(host="b.local")._replace(flush=False)
        worse = better._replace(data=Srv(9, 0, 80, "a.local"))
        lan.hear(ptr(), worse, better, txt())
        assert lan.only().host == "b.local"

    def test_subtypes_are_noted(self) -> None:
        """RFC 6763 §7.1: the PTR of a subtype adds to the instance that it names."""
        lan = Lan()
        lan.hear(*whole())
        sub = Record(f"_printer._sub.{TYPE}", RecordType.PTR, 4500, f"lamp.{TYPE}")
        assert lan.hear(sub) == ["updated lamp"]
        assert lan.only().subtypes == ("_printer",)

    def test_browsing_a_subtype_keeps_only_its_services(self) -> None:
        """What is not asked for is not listed."""
        lan = Lan([f"_printer._sub.{TYPE}"])
        sub = Record(f"_printer._sub.{TYPE}", RecordType.PTR, 4500, f"lamp.{TYPE}")
        assert lan.hear(*whole("other", "other.local")) == []
        assert lan.hear(sub, *whole()) == ["found lamp", "resolved lamp"]


class TestTiming:
    """Which of two records counts is a matter of when they were heard."""

    def test_a_known_srv_that_is_heard_again_counts(self) -> None:
        """Even before the cache-flush second of the other is over."""
        lan = Lan()
        lan.hear(*whole(host="a.local"))
        lan.wait(0.1)
        lan.hear(*whole(host="b.local"))
        lan.wait(0.1)
        lan.hear(*whole(host="a.local"))
        assert lan.only().host == "a.local"

    def test_the_srv_that_is_left_is_followed(self) -> None:
        """Two links, two hosts; the newer SRV runs out, the older is still announced."""
        lan = Lan()
        lan.hear(*whole(host="a.local"))
        far = (srv(host="b.local", ttl_s=10), address("b.local", "10.0.0.8", 10))
        lan.hear(*far, on="wlan0")
        for _ in range(5):
            lan.wait(10)
            lan.hear(*whole(host="a.local"))
        assert (lan.only().state, lan.only().host) == (State.ONLINE, "a.local")

    def test_a_record_that_waited_for_its_ptr_is_as_old_as_it_is(self) -> None:
        """It is not newer than the one in the packet with the PTR."""
        lan = Lan()
        lan.hear(srv(host="old.local"))
        lan.wait(5)
        lan.hear(*whole(host="new.local"))
        assert (lan.only().state, lan.only().host) == (State.ONLINE, "new.local")

    def test_made_up_records_of_long_ago_do_not_refuse_a_true_one(self) -> None:
        """Sixteen TXT records for a name that nothing pointed to."""
        lan = Lan()
        for number in range(16):
            lan.hear(txt(rdata=bytes((number,))))
        lan.wait(3_600)
        lan.hear(srv())
        lan.hear(txt())
        lan.hear(ptr(), address())
        assert lan.only().state is State.ONLINE


class TestChanges:
    """RFC 6762 §8.4, §10.2."""

    def test_a_new_txt_is_an_update_of_that_field(self) -> None:
        """Not a removal and an addition."""
        lan = Lan()
        lan.hear(*whole())
        lan.wait(5)
        assert lan.hear(txt(rdata=b"\x03a=2")) == ["updated lamp"]
        event = lan.events[-1]
        assert isinstance(event, ServiceEvent)
        assert event.changed == {"txt"}
        assert lan.only().txt.as_json() == {"a": "2"}

    def test_a_new_address_replaces_the_old_one(self) -> None:
        """The cache-flush bit: what was heard more than a second ago is gone."""
        lan = Lan()
        lan.hear(*whole())
        lan.wait(5)
        assert lan.hear(address(text="10.0.0.8")) == ["updated lamp"]
        lan.wait(2)
        assert [str(one.address) for one in lan.only().addresses] == ["10.0.0.8"]

    def test_addresses_of_one_burst_stay_together(self) -> None:
        """Records of the last second are not flushed by the next packet of the same burst."""
        lan = Lan()
        lan.hear(*whole())
        lan.wait(0.5)
        lan.hear(address(text="10.0.0.8"))
        lan.wait(5)
        assert len(lan.only().addresses) == 2

    def test_flush_is_per_link(self) -> None:
        """What was heard on another link is not touched."""
        lan = Lan()
        lan.hear(*whole())
        lan.wait(5)
        lan.hear(address(text="10.1.0.7"), on="wlan0")
        lan.wait(5)
        assert {one.interface for one in lan.only().addresses} == {"eth0", "wlan0"}

    def test_another_host_is_followed(self) -> None:
        """The addresses are those of the host that the newest SRV names."""
        lan = Lan()
        lan.hear(*whole())
        lan.wait(5)
        lan.hear(srv(host="other.local"), address("other.local", "10.0.0.9"))
        lan.wait(3)
        assert [str(one.address) for one in lan.only().addresses] == ["10.0.0.9"]

    def test_hearing_the_same_again_says_nothing(self) -> None:
        """Only last_seen moves."""
        lan = Lan()
        lan.hear(*whole())
        before = lan.only().last_seen_s
        lan.wait(10)
        assert lan.hear(*whole()) == []
        assert lan.only().last_seen_s == before + 10


class TestLeaving:
    """RFC 6762 §10.1, §10.4, §5.2."""

    @pytest.mark.parametrize("record", [ptr(ttl_s=0), srv(ttl_s=0), address(ttl_s=0)])
    def test_goodbye_takes_a_second(self, record: Record) -> None:
        """A record with TTL 0 lives for one second more."""
        lan = Lan()
        lan.hear(*whole())
        lan.wait(10)
        assert lan.hear(record) == []
        assert lan.wait(0.9) == []
        assert lan.wait(0.2) == ["lost lamp"]
        assert (lan.only().state, lan.only().reason) == (State.OFFLINE, Reason.GOODBYE)

    def test_a_goodbye_taken_back_within_the_second_never_happened(self) -> None:
        """A device that restarts says goodbye and hello."""
        lan = Lan()
        lan.hear(*whole())
        lan.hear(ptr(ttl_s=0))
        lan.wait(0.5)
        assert lan.hear(*whole()) == []
        assert lan.wait(10) == []

    def test_what_a_lost_service_was_stays_on_show(self) -> None:
        """Address, port and TXT of the last time it was there."""
        lan = Lan()
        lan.hear(*whole())
        lan.hear(ptr(ttl_s=0))
        lan.wait(2)
        service = lan.only()
        assert (service.port, len(service.addresses), service.txt_raw) == (80, 1, b"\x09txtvers=1")

    def test_records_are_asked_for_again_before_they_end(self) -> None:
        """RFC 6762 §5.2: at 80, 85, 90 and 95 % of the lifetime."""
        lan = Lan()
        lan.hear(*whole())
        assert lan.wait(95) == []
        assert lan.asked() == []
        lan.wait(4)
        assert set(lan.asked()) == {f"lamp.{TYPE} SRV", "lamp.local A"}
        lan.hear(srv(), address())
        assert lan.wait(60) == []
        assert lan.asked() == []

    def test_silence_is_stale_and_then_offline(self) -> None:
        """An unplugged device is not online for the 75 minutes of its PTR record."""
        lan = Lan()
        lan.hear(*whole())
        assert lan.wait(112) == ["stale lamp"]
        assert lan.wait(10) == ["lost lamp"]
        assert lan.only().reason is Reason.NO_ANSWER

    def test_an_answer_ends_staleness(self) -> None:
        """Stale is a question, not a verdict."""
        lan = Lan()
        lan.hear(*whole())
        lan.wait(112)
        assert lan.hear(*whole()) == ["updated lamp"]
        assert lan.only().state is State.ONLINE

    def test_a_lost_service_is_not_a_known_answer(self) -> None:
        """Otherwise the device that comes back would think it need not answer."""
        lan = Lan()
        lan.hear(*whole())
        lan.wait(130)
        now = Moment(lan.now_s, 0.0)
        assert lan.registry.known_answers(TYPE, "eth0", now) == []

    def test_a_service_that_comes_back_is_found_again(self) -> None:
        """With the same id and its first_seen."""
        lan = Lan()
        lan.hear(*whole())
        first = lan.only()
        lan.hear(ptr(ttl_s=0))
        lan.wait(60)
        assert lan.hear(*whole()) == ["found lamp", "resolved lamp"]
        assert (lan.only().id, lan.only().first_seen_s) == (first.id, first.first_seen_s)

    def test_an_offline_service_is_forgotten_after_a_day(self) -> None:
        """And asks nothing of the network meanwhile."""
        lan = Lan()
        lan.hear(*whole())
        lan.hear(ptr(ttl_s=0))
        lan.wait(2)
        lan.asked()
        lan.wait(86_500)
        assert (len(lan.registry), lan.asked()) == (0, [])

    def test_what_was_heard_only_on_a_lost_link_goes(self) -> None:
        """Stale at once, offline a little later."""
        lan = Lan()
        lan.hear(*whole())
        assert lan.links("wlan0") == ["stale lamp"]
        assert lan.wait(11) == ["lost lamp"]

    def test_a_link_that_comes_back_is_asked_before_its_records_are_given_up(self) -> None:
        """A flap of three seconds loses nothing, also where only the PTR comes by itself."""
        lan = Lan()
        lan.hear(*whole())
        lan.links("wlan0")
        lan.wait(3)
        lan.links("eth0")
        assert f"lamp.{TYPE} SRV" in lan.asked()
        lan.hear(ptr())
        lan.hear(srv(), txt(), address())
        assert lan.wait(60) == []
        assert lan.only().state is State.ONLINE

    def test_what_was_heard_on_a_link_that_began_anew_is_verified(self) -> None:
        """It may be another network now: who does not answer is stale, then offline."""
        lan = Lan()
        lan.hear(*whole())
        lan.hear(*whole("clock", "clock.local"))
        lan.wait(30)
        lan.asked()
        assert lan.links("eth0", renewed=["eth0"]) == []
        assert {f"{TYPE} PTR", f"lamp.{TYPE} SRV", "lamp.local A"} <= set(lan.asked())
        lan.hear(*whole())
        assert lan.wait(11) == ["stale clock", "lost clock"]
        assert next(one for one in lan.registry.services() if one.name == "lamp").state is (
            State.ONLINE
        )

    def test_what_ran_out_while_this_host_slept_is_asked_for_first(self) -> None:
        """A device that is still there does not blink."""
        lan = Lan()
        lan.hear(*whole())
        lan.now_s += 3_600
        assert lan.links("eth0", renewed=["eth0"]) == []
        lan.wait(0.1)
        lan.hear(*whole())
        assert lan.wait(60) == []
        assert lan.only().state is State.ONLINE

    def test_a_type_whose_service_fell_silent_is_to_be_asked_for(self) -> None:
        """Silence is no goodbye: the device may come back without announcing itself."""
        lan = Lan()
        lan.hear(*whole())
        lan.wait(130)
        assert lan.registry.take_silent() == [TYPE]
        assert lan.registry.take_silent() == []

    def test_what_was_heard_on_two_links_stays_when_one_goes(self) -> None:
        """With the address of the link that is left."""
        lan = Lan()
        lan.hear(*whole())
        lan.hear(*whole(), on="wlan0")
        lan.links("wlan0")
        lan.wait(11)
        assert [one.interface for one in lan.only().addresses] == ["wlan0"]
        assert lan.only().state is State.ONLINE


class TestKnownAnswers:
    """RFC 6762 §7.1."""

    def test_only_the_first_half_of_a_life_is_known(self) -> None:
        """A record with less than half its TTL left must be answered anew."""
        lan = Lan()
        lan.hear(ptr())

        def known() -> int:
            moment = Moment(lan.now_s, 0.0)
            return len(lan.registry.known_answers(TYPE, "eth0", moment))

        assert known() == 1
        lan.wait(2_300)
        assert known() == 0

    def test_a_known_answer_is_no_goodbye(self) -> None:
        """Less than a second left is not TTL 0."""
        lan = Lan()
        lan.hear(ptr(ttl_s=1))
        lan.wait(0.1)
        (known,) = lan.registry.known_answers(TYPE, "eth0", Moment(lan.now_s, 0.0))
        assert known.ttl_s == 1

    def test_another_link_has_its_own(self) -> None:
        """What is known from eth0 is not known on wlan0."""
        lan = Lan()
        lan.hear(ptr())
        moment = Moment(lan.now_s, 0.0)
        assert lan.registry.known_answers(TYPE, "wlan0", moment) == []


class TestStrangers:
    """Whatever they send: bounded, counted, and never in the way of the honest."""

    def test_a_malformed_type_among_good_ones_is_a_finding(self) -> None:
        """`esp32.http.tcp.local` ends no listing (avahi #212)."""
        lan = Lan()
        meta = "_services._dns-sd._udp.local"
        lan.hear(
            Record(meta, RecordType.PTR, 4500, "_http._tcp.local"),
            Record(meta, RecordType.PTR, 4500, "esp32.http.tcp.local"),
            Record("esp32.http.tcp.local", RecordType.PTR, 4500, "x.esp32.http.tcp.local"),
            *whole(),
        )
        assert lan.registry.types() == {"_http._tcp": 1}
        assert any("esp32.http.tcp" in finding for finding in lan.registry.findings)
        assert lan.registry.refused["records"] == 2

    def test_a_type_with_a_bad_name_is_listed_with_a_finding(self) -> None:
        """RFC 6335 §5.1 allows 15 characters; the device is there all the same."""
        lan = Lan()
        long = "_a-very-long-service-name._tcp.local"
        lan.hear(Record(long, RecordType.PTR, 4500, f"lamp.{long}"))
        assert "RFC 6335" in lan.only().findings[0]

    def test_a_full_registry_keeps_those_who_were_first(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The newcomer is refused and counted."""
        monkeypatch.setattr(module, "MAX_SERVICES", 3)
        lan = Lan()
        for number in range(5):
            lan.hear(*whole(f"lamp{number}", f"lamp{number}.local"))
        assert [one.name for one in lan.registry.services()] == ["lamp0", "lamp1", "lamp2"]
        assert lan.registry.refused["services"] == 2

    def test_one_source_fills_no_more_than_its_share(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever makes names up at one address leaves room for who comes from another."""
        monkeypatch.setattr(module, "MAX_SERVICES", 4)
        monkeypatch.setattr(module, "MAX_SERVICES_PER_SOURCE", 2)
        lan = Lan()
        for number in range(5):
            lan.hear(ptr(f"bogus{number}"), source="10.0.0.66")
        lan.hear(*whole(), source="10.0.0.7")
        names = [one.name for one in lan.registry.services()]
        assert names == ["bogus0", "bogus1", "lamp"]
        assert lan.registry.refused["services-of-one-source"] == 3

    def test_what_is_forgotten_counts_no_more_for_its_source(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Else a host that lives long enough could have nothing new."""
        monkeypatch.setattr(module, "MAX_SERVICES", 2)
        monkeypatch.setattr(module, "MAX_SERVICES_PER_SOURCE", 1)
        lan = Lan()
        lan.hear(*whole("a", "a.local"))
        lan.hear(ptr("a", ttl_s=0))
        lan.wait(2 * 86_400)
        assert list(lan.registry.services()) == []
        lan.hear(*whole("b", "b.local"))
        assert lan.only().name == "b"

    def test_in_a_full_registry_the_longest_offline_makes_room(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is gone counts less than what is there."""
        monkeypatch.setattr(module, "MAX_SERVICES", 2)
        lan = Lan()
        lan.hear(*whole("a", "a.local"), *whole("b", "b.local"))
        lan.hear(ptr("b", ttl_s=0))
        lan.wait(2)
        lan.hear(*whole("c", "c.local"))
        assert [one.name for one in lan.registry.services()] == ["a", "c"]

    @pytest.mark.parametrize(
        ("flood", "count"),
        [
            (lambda n: ptr(f"bogus{n}"), MAX_SERVICES_PER_SOURCE + 100),
            (lambda n: srv(f"bogus{n}"), MAX_NAMES + 100),
            (lambda n: address(text=f"10.{n >> 8}.{n & 255}.1"), 1_000),
            (lambda n: txt(rdata=n.to_bytes(4, "big")), 1_000),
            (lambda n: ptr(ttl_s=0 if n % 2 else 4500), 20_000),
            (
                lambda n: Record(
                    "_services._dns-sd._udp.local", RecordType.PTR, 9, f"_x{n}._tcp.local"
                ),
                MAX_TYPES + 100,
            ),
        ],
        ids=["services", "orphans", "addresses", "txt", "goodbyes", "types"],
    )
    def test_a_flood_fills_no_table_beyond_its_bound(
        self, flood: Callable[[int], Record], count: int
    ) -> None:
        """And the honest service stays online through it."""
        lan = Lan()
        lan.hear(*whole("honest", "honest.local"))
        lan.hear(ptr(), srv(), txt())
        for number in range(count):
            lan.hear(flood(number))
        inner = lan.registry
        assert len(inner) <= MAX_SERVICES
        assert len(inner._intake.orphans) <= MAX_NAMES
        assert len(inner.types()) <= MAX_TYPES
        assert len(inner._deadlines) <= 40 * MAX_SERVICES
        assert all(len(one.addresses) <= 64 for one in inner.services())
        honest = next(one for one in inner.services() if one.name == "honest")
        assert honest.state is State.ONLINE

    def test_an_instance_name_longer_than_a_label_is_refused(self) -> None:
        """It is two labels, which a joined name cannot tell from one."""
        lan = Lan()
        lan.hear(ptr("a" * 40 + "." + "b" * 40), *whole())
        assert lan.only().name == "lamp"
        assert lan.registry.refused["records"] == 1

    def test_services_of_one_host_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each new address of a host is work for every service on it."""
        monkeypatch.setattr(module, "MAX_SERVICES_PER_HOST", 2)
        lan = Lan()
        for number in range(4):
            lan.hear(*whole(f"lamp{number}"))
        assert [one.state for one in lan.registry.services()].count(State.ONLINE) == 2
        assert lan.registry.refused["services-of-one-host"] > 0

    @pytest.mark.parametrize("ttl_s", [1, 2**31, 2**32 - 1])
    def test_no_record_is_believed_for_more_than_a_day(self, ttl_s: int) -> None:
        """136 years is what a stranger may claim."""
        lan = Lan()
        lan.hear(ptr(ttl_s=ttl_s), srv(ttl_s=ttl_s), txt(ttl_s=ttl_s), address(ttl_s=ttl_s))
        lan.wait(2 * 86_400)
        assert all(one.state is State.OFFLINE for one in lan.registry.services())
