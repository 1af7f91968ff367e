"""Service instances as devices, and the ids that stay."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.services import ServiceInstance, State, devices_of, stable_id


def service(name: str, host: str = "", state: State = State.ONLINE) -> ServiceInstance:
    """An instance of a type, on a host where it has one."""
    return ServiceInstance(
        id=stable_id(name), name=name, type="_http._tcp", domain="local", host=host, state=state
    )


def test_services_of_one_host_are_one_device() -> None:
    """However its case is spelt; the first spelling is shown."""
    devices = list(
        devices_of(
            [service("a", "Lamp.local"), service("b", "pi.local"), service("c", "lamp.LOCAL")]
        )
    )
    assert [(one.host, [each.name for each in one.services]) for one in devices] == [
        ("Lamp.local", ["a", "c"]),
        ("pi.local", ["b"]),
    ]
    assert devices[0].id == stable_id("lamp.local")


def test_what_is_not_resolved_is_a_device_of_its_own() -> None:
    """Two services without a host are not on one host."""
    devices = list(devices_of([service("a"), service("b")]))
    assert [(one.host, len(one.services)) for one in devices] == [("", 1), ("", 1)]
    assert len({one.id for one in devices}) == 2


def test_no_services_are_no_devices() -> None:
    """An empty list is an answer."""
    assert list(devices_of([])) == []


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ("online offline", "online"),
        ("stale online", "online"),
        ("offline stale found", "stale"),
        ("offline found", "found"),
        ("offline offline", "offline"),
    ],
)
def test_a_device_is_as_well_as_its_best_service(states: str, state: str) -> None:
    """One service online makes it online."""
    services = [
        service(str(number), "lamp.local", State(each))
        for number, each in enumerate(states.split())
    ]
    (device,) = devices_of(services)
    assert device.state == state


def test_an_id_is_pinned() -> None:
    """Dashboards keep it: it is the same on every machine and in every version."""
    assert stable_id("Kitchen lamp._http._tcp.local") == "65c112931523fe31"


@given(st.text(max_size=80))
def test_an_id_ignores_ascii_case_and_the_trailing_dot(name: str) -> None:
    """RFC 6762 §16; lone surrogates, which a stranger's bytes can become, are no exception."""
    id_ = stable_id(name)
    assert len(id_) == 16
    assert set(id_) <= set(string.hexdigits.lower())
    upper = "".join(each.upper() if each.isascii() else each for each in name)
    assert stable_id(upper) == stable_id(name + ".") == id_


@given(st.text(alphabet=st.characters(categories=["Cs", "Ll"]), max_size=8))
def test_an_id_of_anything(name: str) -> None:
    """No name raises."""
    assert len(stable_id(name)) == 16
