"""Questions that keep records fresh travel together."""

from lanbridge.core.asking import TOGETHER
from tests.core.lan import TYPE, Lan, address, ptr, srv, whole


def test_hosts_that_came_one_after_another_share_the_next_question() -> None:
    """The second is asked early once, and from then on with the first."""
    lan = Lan()
    lan.hear(*whole("lamp", "lamp.local"))
    lan.wait(30)
    lan.hear(*whole("fan", "fan.local"))
    lan.wait(68)
    asked = set(lan.asked())
    assert asked == {f"lamp.{TYPE} SRV", "lamp.local A", f"fan.{TYPE} SRV", "fan.local A"}
    lan.hear(srv("lamp", "lamp.local"), address("lamp.local"))
    lan.hear(srv("fan", "fan.local"), address("fan.local"))
    lan.wait(90)
    assert lan.asked() == []
    lan.wait(9)
    assert set(lan.asked()) == asked


def test_what_is_fresh_is_not_asked_for() -> None:
    """Half of its lifetime it rests, whoever else is asked."""
    lan = Lan()
    lan.hear(*whole("lamp", "lamp.local"))
    lan.wait(40)
    lan.hear(*whole("fan", "fan.local"))
    lan.wait(58)
    assert set(lan.asked()) == {f"lamp.{TYPE} SRV", "lamp.local A"}
    lan.wait(41)
    assert set(lan.asked()) >= {f"fan.{TYPE} SRV", "fan.local A"}


def test_to_be_asked_early_is_not_to_be_silent_early() -> None:
    """The second question is at 85 % of the lifetime, as without the first."""
    lan = Lan()
    lan.hear(*whole("lamp", "lamp.local"))
    lan.wait(30)
    lan.hear(*whole("fan", "fan.local"))
    assert "stale fan" not in lan.wait(107)
    assert "stale fan" in lan.wait(4)


def test_the_first_question_is_not_urgent_and_the_next_ones_are() -> None:
    """Those go out over IPv6 as well: it may be where the device is."""
    lan = Lan()
    lan.hear(*whole())
    lan.wait(99)
    assert lan.registry.take_questions() == []
    assert len(lan.registry.take_refreshes()) == 2
    lan.wait(6)
    assert len(lan.registry.take_questions()) == 2
    assert lan.registry.take_refreshes() == []
    lan.hear(*whole())
    lan.verify()
    lan.wait(0)
    assert len(lan.registry.take_questions()) == 2


def test_pointers_are_not_asked_for_early() -> None:
    """All services of the type would be told again."""
    lan = Lan()
    lan.hear(ptr("lamp", ttl_s=150), *whole("lamp", "lamp.local")[1:])
    lan.wait(98)
    assert set(lan.asked()) == {f"lamp.{TYPE} SRV", "lamp.local A"}


def test_what_says_goodbye_is_not_asked_for_early() -> None:
    """It would be told that it is wanted, and all others that it is there."""
    lan = Lan()
    lan.hear(*whole("lamp", "lamp.local"))
    lan.wait(30)
    lan.hear(*whole("fan", "fan.local"))
    lan.wait(66.5)
    lan.hear(srv("fan", "fan.local", ttl_s=0), address("fan.local", ttl_s=0))
    lan.wait(0.5)
    assert set(lan.asked()) == {f"lamp.{TYPE} SRV", "lamp.local A"}


def test_so_many_as_fill_a_packet_are_looked_for() -> None:
    """However many there are, one question does not bring all the others with it."""
    lan = Lan()
    lan.hear(*whole("first", "first.local"))
    lan.wait(30)
    for number in range(3 * TOGETHER):
        lan.hear(*whole(f"lamp-{number}", f"lamp-{number}.local"))
    lan.wait(68)
    assert 2 < len(lan.asked()) <= 2 * (1 + TOGETHER)  # SRV and A may come due one by one
