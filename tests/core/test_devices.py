"""Which services are one device, and the id that it keeps."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address

import pytest

from lanbridge.core import devices as module
from lanbridge.core.device_records import MAX_KEYS, MAX_PRESENCE
from lanbridge.core.devices import RIVALS_AFTER_S, Devices
from lanbridge.core.errors import InvalidInput, NotFound
from lanbridge.core.services import Device, HeardAddress, ServiceInstance, State, stable_id
from lanbridge.core.txt import decode, encode

DAY_S = 86_400.0


def service(
    name: str,
    host: str = "",
    *,
    state: State = State.ONLINE,
    type_: str = "_http._tcp",
    address: str = "10.0.0.7",
    **txt: str,
) -> ServiceInstance:
    """An instance on a host, with what its TXT record says."""
    pairs = encode([(key, value.encode()) for key, value in txt.items()])
    return ServiceInstance(
        id=stable_id(f"{name}.{type_}"),
        name=name,
        type=type_,
        domain="local",
        host=host,
        state=state,
        addresses=(HeardAddress(ip_address(address), "eth0"),),
        txt=decode(pairs),
        first_seen_s=1_000.0,
        last_seen_s=1_000.0,
    )


class Home:
    """Devices, and the time."""

    def __init__(self) -> None:
        self.devices = Devices(kept_s=90 * DAY_S)
        self.now_s = 1_000.0
        self.services: dict[str, ServiceInstance] = {}

    def hear(self, *services: ServiceInstance) -> None:
        for one in services:
            one = replace(one, last_seen_s=self.now_s)
            self.services[one.id] = one
            self.devices.take(one, self.now_s)

    def lose(self, *services: ServiceInstance) -> None:
        for one in services:
            gone = replace(self.services[one.id], state=State.OFFLINE)
            self.services[one.id] = gone
            self.devices.take(gone, self.now_s)

    def restart(self) -> None:
        """All that is kept is in the records."""
        before, self.devices = self.devices, Devices(kept_s=90 * DAY_S)
        for one in before.records():
            one.seats = {}
        self.devices.recall(before.records())
        self.services = {}

    def shown(self) -> list[Device]:
        return self.devices.group(self.services.values())

    def ids(self) -> list[str]:
        return [one.id for one in self.shown()]


def names(devices: Iterable[Device]) -> list[list[str]]:
    """The services of each."""
    return [[one.name for one in device.services] for device in devices]


class TestGroups:
    """Services of one host."""

    def test_services_of_one_host_are_one_device(self) -> None:
        """However its case is spelt."""
        home = Home()
        home.hear(service("a", "Lamp.local"), service("b", "pi.local"), service("c", "lamp.LOCAL"))
        assert names(home.shown()) == [["a", "c"], ["b"]]

    def test_what_is_not_resolved_is_a_device_of_its_own(self) -> None:
        """Two services without a host are not on one host."""
        home = Home()
        home.hear(service("a", state=State.FOUND), service("b", state=State.FOUND))
        assert len(set(home.ids())) == 2
        assert len(home.devices) == 0

    def test_no_services_are_no_devices(self) -> None:
        """An empty list is an answer."""
        assert Home().shown() == []

    @pytest.mark.parametrize(
        ("states", "state"),
        [
            ("online offline", "online"),
            ("stale online", "online"),
            ("offline stale found", "stale"),
            ("offline offline", "offline"),
        ],
    )
    def test_a_device_is_as_well_as_its_best_service(self, states: str, state: str) -> None:
        """One service online makes it online."""
        home = Home()
        home.hear(
            *(
                service(str(at), "a.local", state=State(one))
                for at, one in enumerate(states.split())
            )
        )
        assert [one.state for one in home.shown()] == [state]


class TestIds:
    """An id outlives restarts, renames of one service, and addresses."""

    def test_a_service_that_is_renamed(self) -> None:
        """The others stay, and so does the device."""
        home = Home()
        home.hear(service("a", "lamp.local"), service("b", "lamp.local"))
        before = home.ids()
        home.lose(service("a"))
        home.hear(service("a (2)", "lamp.local"))
        assert home.ids() == before

    def test_another_address(self) -> None:
        """A new lease."""
        home = Home()
        home.hear(service("a", "lamp.local"))
        before = home.ids()
        home.hear(service("a", "lamp.local", address="10.0.0.99"))
        assert home.ids() == before

    def test_a_restart_of_ours(self) -> None:
        """Also after the host name by which it got its id is not its name any more."""
        home = Home()
        home.hear(service("a", "lamp.local"))
        before = home.ids()
        home.hear(service("a", "lamp-2.local"))
        home.restart()
        home.hear(service("a", "lamp-2.local"))
        assert home.ids() == before

    def test_a_new_host_name_and_the_same_identity(self) -> None:
        """It was off, and comes back renamed in every way but its uuid."""
        home = Home()
        home.hear(service("a", "lamp.local", uuid="0f0f-1234"))
        before = home.ids()
        home.lose(service("a"))
        home.restart()
        home.hear(service("z", "desk.local", uuid="0F0F-1234", address="10.0.0.9"))
        assert home.ids() == before

    def test_a_new_host_name_and_the_same_hardware(self) -> None:
        """It says no identity, but the neighbour table knows it."""
        home = Home()
        home.devices.learn_hardware({ip_address("10.0.0.7"): "b8:27:eb:00:00:01"})
        home.hear(service("a", "lamp.local"))
        before = home.ids()
        home.lose(service("a"))
        home.hear(service("z", "desk.local"))
        assert set(home.ids()) == set(before)
        assert home.shown()[0].mac == "b8:27:eb:00:00:01"

    def test_two_host_names_of_one_machine_are_not_merged(self) -> None:
        """avahi and lanbridge on one Pi: merging is for a person to do."""
        home = Home()
        home.devices.learn_hardware({ip_address("10.0.0.7"): "b8:27:eb:00:00:01"})
        home.hear(service("a", "pi.local"), service("b", "lanbridge-1234.local"))
        assert names(home.shown()) == [["a"], ["b"]]
        assert home.devices.settle(home.now_s + 60) == {}

    def test_another_device_takes_the_name_of_one_that_is_gone(self) -> None:
        """The lamp was replaced; the new one is no lamp of ten years."""
        home = Home()
        home.hear(service("a", "lamp.local", uuid="0f0f-1234"))
        before = home.ids()
        home.lose(service("a"))
        home.now_s += DAY_S
        home.restart()
        home.hear(service("a", "lamp.local", uuid="9999-5678"))
        assert home.ids() != before

    @pytest.mark.parametrize("value", ["1", "00000000", "unknown", "lamp kitchen", "x" * 65])
    def test_a_value_that_many_devices_have_is_no_identity(self, value: str) -> None:
        """It would make one device of two."""
        home = Home()
        home.hear(service("a", "lamp.local", id=value))
        home.lose(service("a"))
        home.hear(service("b", "desk.local", id=value))
        assert len(set(home.ids())) == 2


class TestRivals:
    """One identity on two hosts."""

    def test_a_copied_sd_card_is_told_of(self) -> None:
        """Two devices, each with an id of its own, for as long as both are there."""
        home = Home()
        home.hear(service("a", "one.local", uuid="0f0f-1234"))
        home.hear(service("b", "two.local", uuid="0f0f-1234", address="10.0.0.8"))
        assert home.devices.settle(home.now_s) == {}
        home.now_s += 3_600
        told = home.devices.settle(home.now_s)
        assert told == {"uuid=0f0f-1234": ("one.local", "two.local")}
        assert len(set(home.ids())) == 2
        home.lose(service("b"))
        assert home.devices.settle(home.now_s) == {}

    def test_the_copy_does_not_become_the_original_when_that_is_off(self) -> None:
        """Nor after a restart: its host name is known."""
        home = Home()
        home.hear(service("a", "one.local", uuid="0f0f-1234"))
        home.hear(service("b", "two.local", uuid="0f0f-1234", address="10.0.0.8"))
        before = dict(zip("ab", home.ids(), strict=True))
        home.now_s += 3_600
        home.lose(service("a"))
        home.devices.settle(home.now_s)
        home.restart()
        home.hear(service("b", "two.local", uuid="0f0f-1234", address="10.0.0.8"))
        assert home.ids() == [before["b"]]

    def test_a_device_that_restarted_under_another_name_is_one(self) -> None:
        """Its old services were not gone yet when it came back."""
        home = Home()
        home.hear(service("a", "lamp.local", uuid="0f0f-1234"))
        (before,) = home.ids()
        home.hear(service("b", "lamp-2.local", uuid="0f0f-1234"))
        assert len(set(home.ids())) == 2
        home.now_s += 10
        home.lose(service("a"))
        assert home.devices.settle(home.now_s) == {}
        assert set(home.ids()) == {before}
        assert home.shown()[0].host == "lamp-2.local"
        home.now_s += RIVALS_AFTER_S
        assert home.devices.settle(home.now_s) == {}


class TestPeople:
    """What a person says of a device."""

    def test_no_packet_overwrites_it(self) -> None:
        """Whatever the device says of itself later."""
        home = Home()
        home.hear(service("a", "lamp.local"))
        (id_,) = home.ids()
        home.devices.edit(id_, label="Küche", notes="behind the fridge", merged_into=None)
        home.hear(service("a", "lamp.local", fn="Pwned", label="x", notes="y"))
        (device,) = home.shown()
        assert (device.label, device.notes) == ("Küche", "behind the fridge")

    def test_a_merge_can_be_undone(self) -> None:
        """Two host names of one machine, and apart again."""
        home = Home()
        home.hear(service("a", "pi.local"), service("b", "lanbridge-1234.local"))
        pi, own = home.ids()
        home.devices.edit(own, label="", notes="", merged_into=pi)
        assert names(home.shown()) == [["a", "b"]]
        assert home.shown()[0].merged == (own,)
        assert len(home.devices.services_of(pi)) == 2
        home.devices.edit(own, label="", notes="", merged_into=None)
        assert names(home.shown()) == [["a"], ["b"]]

    def test_what_cannot_be(self) -> None:
        """Unknown ids, circles, chains and novels."""
        home = Home()
        home.hear(service("a", "a.local"), service("b", "b.local"), service("c", "c.local"))
        a, b, c = home.ids()
        home.devices.edit(b, label="", notes="", merged_into=a)
        for id_, into in ((a, b), (c, b), (a, a), (a, c)):
            with pytest.raises(InvalidInput):
                home.devices.edit(id_, label="", notes="", merged_into=into)
        unknown: tuple[tuple[str, str | None], ...] = (("x", None), (a, "x"))
        for id_, to in unknown:
            with pytest.raises(NotFound):
                home.devices.edit(id_, label="", notes="", merged_into=to)
        with pytest.raises(InvalidInput, match="into itself"):
            home.devices.edit(a, label="", notes="", merged_into=a)
        with pytest.raises(InvalidInput, match="120 characters"):
            home.devices.edit(a, label="x" * 121, notes="", merged_into=None)


class TestTime:
    """First and last seen, and when it was there."""

    def test_presence_is_a_list_of_changes(self) -> None:
        """One service of two is enough to be there."""
        home = Home()
        home.hear(service("a", "lamp.local"), service("b", "lamp.local"))
        home.now_s += 60
        home.lose(service("a"))
        home.now_s += 60
        home.lose(service("b"))
        (device,) = home.shown()
        assert device.presence == ((1_000.0, True), (1_120.0, False))
        assert (device.first_seen_s, device.last_seen_s) == (1_000.0, 1_000.0)

    def test_it_goes_on_after_a_restart(self) -> None:
        """And is bounded: a device that comes and goes each minute."""
        home = Home()
        for _ in range(40):
            home.hear(service("a", "lamp.local"))
            home.lose(service("a"))
            home.now_s += 60
        home.restart()
        home.hear(service("a", "lamp.local"))
        (device,) = home.shown()
        assert len(device.presence) == MAX_PRESENCE
        assert device.presence[-1] == (home.now_s, True)

    def test_a_device_without_services_is_kept_for_a_while(self) -> None:
        """For ever, if somebody has written of it."""
        home = Home()
        home.hear(service("a", "a.local"), service("b", "b.local"))
        a, b = home.ids()
        home.devices.edit(b, label="B", notes="", merged_into=None)
        for one in list(home.services):
            home.devices.forget(one, home.now_s)
        home.devices.expire(home.now_s + 89 * DAY_S)
        assert home.devices.record(a)
        home.devices.take_changed()
        home.devices.expire(home.now_s + 91 * DAY_S)
        assert home.devices.record(a) is None
        assert home.devices.record(b)
        assert home.devices.take_changed() == [a]


class TestBounds:
    """What a stranger can fill."""

    def test_those_who_were_first_stay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The newcomer is shown under its host name, and not remembered."""
        monkeypatch.setattr(module, "MAX_DEVICES", 2)
        home = Home()
        home.hear(*(service(name, f"{name}.local") for name in "abc"))
        assert names(home.shown()) == [["a"], ["b"], ["c"]]
        assert [one.host for one in home.shown()][2] == "c.local"
        assert (len(home.devices), home.devices.refused["devices"]) == (2, 1)

    def test_one_that_is_gone_makes_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Unless somebody has written of it."""
        monkeypatch.setattr(module, "MAX_DEVICES", 2)
        home = Home()
        home.hear(*(service(name, f"{name}.local") for name in "ab"))
        home.devices.edit(home.ids()[0], label="A", notes="", merged_into=None)
        for one in list(home.services):
            home.devices.forget(one, home.now_s)
        home.hear(*(service(name, f"{name}.local") for name in "cd"))
        assert [one.host for one in home.devices.records()] == ["a.local", "c.local"]

    def test_a_device_that_renames_itself_for_ever(self) -> None:
        """The last names count; what it was called before is anybody's."""
        home = Home()
        for number in range(200):
            home.hear(service("a", f"lamp-{number}.local", uuid="0f0f-1234"))
        (device,) = home.devices.records()
        assert len(device.keys) == MAX_KEYS
        assert len(home.devices._by_key) == MAX_KEYS
