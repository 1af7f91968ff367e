"""Alarms: raised once, over once."""

from lanbridge.core.alarms import AlarmKind, Alarms
from lanbridge.core.presence import FOUGHT_S
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


class TestTwoHostsWithOneName:
    """Each announces it with its own address, and takes the other's out of all caches."""

    def announce(self, lan: Lan, source: str, on: str = "eth0") -> None:
        lan.hear(ptr(), srv(), txt(), address(text=source), on=on, source=source)

    def test_who_announces_it_in_turn_is_two(self) -> None:
        """Until it has not happened for ten minutes."""
        lan = Lan()
        for source in ("10.0.0.7", "10.0.0.8", "10.0.0.7"):
            self.announce(lan, source)
            lan.wait(20)
        (fought,) = lan.registry.fought_hosts(lan.now_s).items()
        assert fought[0] == "lamp.local"
        assert {str(one) for one in fought[1]} == {"10.0.0.7", "10.0.0.8"}
        assert lan.registry.fought_hosts(lan.now_s + FOUGHT_S) == {}

    def test_a_new_lease_is_no_second_host(self) -> None:
        """Nor is one that comes back to the old address after an hour."""
        lan = Lan()
        for source in ("10.0.0.7", "10.0.0.8", "10.0.0.8"):
            self.announce(lan, source)
            lan.wait(60)
        lan.wait(3_600)
        self.announce(lan, "10.0.0.7")
        assert lan.registry.fought_hosts(lan.now_s) == {}

    def test_a_host_on_two_links_is_one(self) -> None:
        """With an address on each."""
        lan = Lan()
        for _ in range(3):
            self.announce(lan, "10.0.0.7")
            self.announce(lan, "10.1.0.7", on="wlan0")
            lan.wait(10)
        assert lan.registry.fought_hosts(lan.now_s) == {}
