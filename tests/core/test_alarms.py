"""Alarms: raised once, over once."""

import pytest

from lanbridge.core import announcers
from lanbridge.core.alarms import AlarmKind, Alarms
from lanbridge.core.announcers import FOUGHT_S
from tests.core.lan import Lan, address, ptr, srv, txt

HOST = AlarmKind.DUPLICATE_HOST


def test_what_goes_on_is_told_once_and_since_when() -> None:
    """And that it is over."""
    alarms = Alarms()
    assert [one.raised for one in alarms.settle([(HOST, "a.local", "it is so")], 10.0)] == [True]
    assert alarms.settle([(HOST, "a.local", "it is still so")], 20.0) == []
    (alarm,) = alarms
    assert (alarm.sentence, alarm.since_unix_s) == ("it is still so", 10.0)
    (change,) = alarms.settle([], 30.0)
    assert (change.raised, change.alarm, len(alarms)) == (False, alarm, 0)


@pytest.mark.parametrize("kind", AlarmKind)
def test_what_is_over_does_not_read_like_the_alarm(kind: AlarmKind) -> None:
    """It says of what, and that it is so no longer; braces of a stranger's name are his."""
    alarms = Alarms()
    (raised,) = alarms.settle([(kind, "{0}.local", "it is so")], 10.0)
    (over,) = alarms.settle([], 20.0)
    assert raised.sentence == "it is so"
    assert over.sentence.startswith("{0}.local is no longer ")


class TestTwoHostsWithOneName:
    """Each announces it with its own address, and takes the other's out of all caches."""

    def announce(self, lan: Lan, source: str, *services: str, on: str = "eth0") -> None:
        said = [record for one in services for record in (ptr(one), srv(one), txt(one))]
        lan.hear(*said, address(text=source), on=on, source=source)

    def rivals(self, lan: Lan) -> dict[str, set[str]]:
        fought = lan.registry.fought_hosts(lan.moment)
        return {name: {str(one) for one in both} for name, both in fought.items()}

    def test_who_announces_it_in_turn_is_two(self) -> None:
        """Each with a service of its own; until it has not happened for ten minutes."""
        lan = Lan()
        for name, source in (("lamp", "10.0.0.7"), ("plug", "10.0.0.8")) * 2:
            self.announce(lan, source, name)
            lan.wait(20)
        assert self.rivals(lan) == {"lamp.local": {"10.0.0.7", "10.0.0.8"}}
        lan.wait(FOUGHT_S)
        assert self.rivals(lan) == {}

    def test_a_new_lease_is_no_second_host(self) -> None:
        """Nor is one that comes back to the old address after an hour."""
        lan = Lan()
        for source in ("10.0.0.7", "10.0.0.8", "10.0.0.8"):
            self.announce(lan, source, "lamp")
            lan.wait(60)
        lan.wait(3_600)
        self.announce(lan, "10.0.0.7", "lamp")
        assert self.rivals(lan) == {}

    def test_a_host_on_two_links_is_one(self) -> None:
        """With an address on each."""
        lan = Lan()
        for _ in range(3):
            self.announce(lan, "10.0.0.7", "lamp")
            self.announce(lan, "10.1.0.7", "lamp", on="wlan0")
            lan.wait(10)
        assert self.rivals(lan) == {}

    def test_a_link_that_is_gone_hides_nothing(self) -> None:
        """They were heard over a cable that was pulled, and now are over Wi-Fi."""
        lan = Lan()
        self.announce(lan, "10.0.0.7", "lamp", on="eth0")
        for _ in range(10):
            self.announce(lan, "10.0.0.7", "lamp", on="wlan0")
            lan.wait(FOUGHT_S / 10)
        for name, source in (("lamp", "10.0.0.7"), ("plug", "10.0.0.8")) * 2:
            self.announce(lan, source, name, on="wlan0")
            lan.wait(20)
        assert self.rivals(lan) == {"lamp.local": {"10.0.0.7", "10.0.0.8"}}

    def test_a_host_with_two_network_cards_in_one_network_is_one(self) -> None:
        """As avahi does: each card tells of all services, with the address of its own."""
        lan = Lan()
        for _ in range(5):
            for source in ("10.0.0.7", "10.0.0.8", "10.0.0.8", "10.0.0.7"):
                self.announce(lan, source, "lamp", "plug")
            lan.wait(20)
            assert self.rivals(lan) == {}

    def test_a_second_card_that_was_taken_out_hides_no_second_host(self) -> None:
        """What both cards told of is of the past when the address is another machine's."""
        lan = Lan()
        for source in ("10.0.0.7", "10.0.0.8"):
            self.announce(lan, source, "lamp", "plug")
        for _ in range(13):
            self.announce(lan, "10.0.0.7", "lamp")
            lan.wait(FOUGHT_S / 12)
        for name, source in (("plug", "10.0.0.8"), ("lamp", "10.0.0.7")) * 2:
            self.announce(lan, source, name)
            lan.wait(20)
        assert self.rivals(lan) == {"lamp.local": {"10.0.0.7", "10.0.0.8"}}

    def test_one_answer_that_was_lost_makes_no_second_host(self) -> None:
        """Nor do answers that tell of an address alone."""
        lan = Lan()
        self.announce(lan, "10.0.0.7", "lamp")
        for source in ("10.0.0.8", "10.0.0.7") * 3:
            self.announce(lan, source)
        self.announce(lan, "10.0.0.7", "lamp")
        assert self.rivals(lan) == {}

    def test_who_makes_up_addresses_and_services_fills_tables_that_have_an_end(self) -> None:
        """One source after the other, and a hundred services of each."""
        lan = Lan()
        for number in range(20):
            names = [f"lamp{one}" for one in range(100)]
            self.announce(lan, f"10.0.0.{number % 10 + 1}", *names)
        (host,) = lan.registry._tables.hosts.values()
        assert len(host.announcers.lately) == announcers.MAX_SOURCES
        told = host.announcers._told or {}
        assert len(told) <= announcers.MAX_SOURCES
        assert max(map(len, told.values())) <= announcers.MAX_TOLD

    def test_who_makes_up_names_makes_no_list_without_end(self) -> None:
        """He has two addresses, and announces each name from both."""
        lan = Lan()
        for number in range(announcers.MAX_FOUGHT + 1):
            host = f"bogus{number}.local"
            for end in (7, 8) * 2:
                name, source = f"bogus{number}-{end}", f"10.0.0.{end}"
                lan.hear(ptr(name), srv(name, host), address(host, source), source=source)
        assert len(lan.registry.fought_hosts(lan.moment)) == announcers.MAX_FOUGHT
