"""Addresses cross-wired: a host that names the address of another one."""

import pytest

from lanbridge.core import cross_wiring
from tests.core.lan import Lan, address, ptr, srv, txt


def says(
    lan: Lan, host: str, *addresses: str, source: str = "", on: str = "eth0", ttl_s: int = 120
) -> None:
    """A host announces itself and one service of its own."""
    name = f"{host} service"
    records = [ptr(name), srv(name, f"{host}.local"), txt(name)]
    records += [address(f"{host}.local", one, ttl_s) for one in addresses]
    lan.hear(*records, source=source or addresses[0], on=on)


def found(lan: Lan) -> list[tuple[str, str, str]]:
    """Address, owner and claimant."""
    return [(str(one.address), one.owner, one.claimant) for one in lan.registry.crossed()]


ROUNDS = 15  # of 50 s: what is told of a lease that was lost long ago is told by then
CROSSED = [("10.0.0.8", "plug.local", "lamp.local")]


@pytest.mark.parametrize("owner_first", [True, False])
def test_a_host_that_names_the_address_of_another_one(owner_first: bool) -> None:
    """Beside its own, from which it announces itself: whoever opens the lamp may get the plug."""
    lan = Lan()
    steps = [("plug", "10.0.0.8"), ("lamp", "10.0.0.7", "10.0.0.8")]
    for step in steps if owner_first else reversed(steps):
        says(lan, *step)
        lan.wait(5)
    assert found(lan) == CROSSED
    (one,) = lan.registry.crossed()
    assert str(one.source) == "10.0.0.7"


def test_it_is_over_when_the_host_names_it_no_more() -> None:
    """The cache-flush bit takes the address away within a second; so does the end of its life."""
    lan = Lan()
    says(lan, "plug", "10.0.0.8")
    says(lan, "lamp", "10.0.0.7", "10.0.0.8")
    lan.wait(10)
    assert found(lan) == CROSSED
    says(lan, "lamp", "10.0.0.7")
    assert found(lan) == []


def test_it_is_over_at_once_when_the_host_takes_the_address_back() -> None:
    """A goodbye, RFC 6762 §10.1, though its record lives on for a second."""
    lan = Lan()
    says(lan, "plug", "10.0.0.8")
    says(lan, "lamp", "10.0.0.7", "10.0.0.8")
    lan.wait(10)
    assert found(lan) == CROSSED
    lan.hear(address("lamp.local", "10.0.0.8", 0), source="10.0.0.7")
    assert found(lan) == []


def test_a_host_that_goes_on_naming_a_lease_it_lost() -> None:
    """It has another one now, and the old one was given to somebody else."""
    lan = Lan()
    says(lan, "lamp", "10.0.0.8")
    lan.wait(60)
    says(lan, "lamp", "10.0.0.7", "10.0.0.8")
    lan.wait(10)
    assert found(lan) == []
    says(lan, "plug", "10.0.0.8")
    lan.wait(1)
    assert found(lan) == CROSSED


def test_a_host_that_names_nothing_but_a_lease_it_lost() -> None:
    """python-zeroconf does not follow its interface: it is told after ten minutes of that."""
    lan = Lan()
    says(lan, "lamp", "10.0.0.8")
    told_s = []
    for _ in range(20):
        lan.wait(50)
        says(lan, "lamp", "10.0.0.8", source="10.0.0.7")
        says(lan, "plug", "10.0.0.8")
        if found(lan):
            told_s.append(lan.now_s - 1_000)
    assert told_s[0] == 600
    assert len(told_s) == 9
    assert found(lan) == CROSSED
    lan.wait(121)
    says(lan, "plug", "10.0.0.8")
    assert found(lan) == []


class TestWhatIsLegitimate:
    """No alarm, ever."""

    def test_a_lease_that_moves(self) -> None:
        """The new owner announces it while the record of the old one still lives."""
        lan = Lan()
        says(lan, "lamp", "10.0.0.8")
        lan.wait(5)
        says(lan, "lamp", "10.0.0.7")
        says(lan, "plug", "10.0.0.8")
        assert found(lan) == []
        lan.wait(300)
        says(lan, "lamp", "10.0.0.7")
        says(lan, "plug", "10.0.0.8")
        assert found(lan) == []

    def test_a_lease_that_moves_from_one_who_went_without_a_word(self) -> None:
        """It was switched off; its records live on for a while."""
        lan = Lan()
        says(lan, "lamp", "10.0.0.8", ttl_s=4500)
        lan.wait(60)
        says(lan, "plug", "10.0.0.8")
        lan.wait(5)
        assert found(lan) == []

    def test_two_that_swap_their_leases(self) -> None:
        """Each announces the address that it has now."""
        lan = Lan()
        for lamp, plug in (("10.0.0.7", "10.0.0.8"), ("10.0.0.8", "10.0.0.7")):
            says(lan, "lamp", lamp)
            says(lan, "plug", plug)
            assert found(lan) == []
            lan.wait(30)

    def test_two_names_of_one_machine(self) -> None:
        """avahi's and ours, with both of its addresses, from one of them."""
        lan = Lan()
        for _ in range(ROUNDS):
            says(lan, "pi", "10.0.0.7", "10.0.0.8")
            says(lan, "lanbridge-1", "10.0.0.7", "10.0.0.8")
            lan.wait(50)
            assert found(lan) == []

    def test_two_names_of_one_machine_that_are_heard_over_ipv6_too(self) -> None:
        """The younger one is no new owner, though the other is heard from another address."""
        lan = Lan()
        for number in range(ROUNDS):
            for name in ("pi", "lanbridge-1")[: 1 + (number > 2)]:
                says(lan, name, "10.0.0.7")
                says(lan, name, "10.0.0.7", source="fe80::7")
            lan.wait(50)
            assert found(lan) == []

    def test_a_second_name_of_one_machine_that_is_heard_over_ipv6_alone_later(self) -> None:
        """Who had the address before the other was last heard from there has not got it after."""
        lan = Lan()
        for name in ("lanbridge-1", "pi", "lanbridge-1"):
            says(lan, name, "10.0.0.7")
            lan.wait(5)
        for _ in range(ROUNDS):
            says(lan, "pi", "10.0.0.7")
            says(lan, "lanbridge-1", "10.0.0.7", source="fe80::7")
            lan.wait(50)
            assert found(lan) == []

    def test_two_stacks_of_one_machine_that_choose_another_source(self) -> None:
        """Each names both addresses."""
        lan = Lan()
        for _ in range(ROUNDS):
            says(lan, "pi", "10.0.0.7", "10.0.0.8")
            says(lan, "lanbridge-1", "10.0.0.7", "10.0.0.8", source="10.0.0.8")
            lan.wait(50)
            assert found(lan) == []

    def test_two_network_cards_in_one_network(self) -> None:
        """avahi says on each the address of that one; others say both on one, or on each."""
        lan = Lan()
        for _ in range(ROUNDS):
            says(lan, "pi", "10.0.0.7")
            says(lan, "pi", "10.0.0.8")
            says(lan, "one", "10.0.0.7", "10.0.0.8")
            says(lan, "each", "10.0.0.7", "10.0.0.8")
            says(lan, "each", "10.0.0.7", "10.0.0.8", source="10.0.0.8")
            lan.wait(50)
            assert found(lan) == []

    def test_two_stacks_on_two_network_cards_of_one_machine(self) -> None:
        """avahi names on each the address of that one, which takes back the other one's.

        Both stacks have announced themselves from both, and that is what tells.
        """
        lan = Lan()
        for number in range(ROUNDS):
            says(lan, "pi", "10.0.0.7")
            lan.wait(2 if number else 0)  # RFC 6762 §10.2: what is older than a second is flushed
            says(lan, "pi", "10.0.0.8")
            says(lan, "lanbridge-1", "10.0.0.7", "10.0.0.8", source="10.0.0.8")
            says(lan, "lanbridge-1", "10.0.0.7", "10.0.0.8")
            lan.wait(50)
            assert found(lan) == []

    def test_a_second_name_for_hardware_that_has_one(self) -> None:
        """`avahi-publish -a` and `lanbridge advertise --address`, from another machine."""
        lan = Lan()
        for _ in range(ROUNDS):
            says(lan, "esp-1234", "10.0.0.50")
            says(lan, "old-lamp", "10.0.0.50", source="10.0.0.7")
            says(lan, "pi", "10.0.0.7")
            lan.wait(50)
            assert found(lan) == []

    def test_one_address_in_two_networks(self) -> None:
        """Both links have a 10.0.0.8, and one host is on both."""
        lan = Lan()
        for _ in range(ROUNDS):
            says(lan, "plug", "10.0.0.8", on="wlan0")
            says(lan, "lamp", "10.0.0.7", "10.0.0.8")
            lan.wait(50)
            assert found(lan) == []

    def test_addresses_that_every_docker_host_has(self) -> None:
        """Nobody announces himself from there."""
        lan = Lan()
        for number in (7, 8):
            says(lan, f"docker-{number}", f"10.0.0.{number}", "172.17.0.1")
        assert found(lan) == []


def test_who_makes_up_names_makes_no_list_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says that the address of the plug is its own."""
    monkeypatch.setattr(cross_wiring, "MAX_CROSSED", 3)
    lan = Lan()
    says(lan, "plug", "10.0.0.8")
    for number in range(10, 20):
        says(lan, f"bogus{number}", f"10.0.0.{number}", "10.0.0.8")
    assert len(lan.registry.crossed()) == 3
