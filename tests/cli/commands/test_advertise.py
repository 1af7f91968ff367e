"""`lanbridge advertise --daemon`; what it does itself is tried in the laboratory."""

from collections.abc import Callable

import pytest

from lanbridge.cli.commands import advertise
from lanbridge.core.services import stable_id
from tests.cli.conftest import Daemon

Run = Callable[..., tuple[int, str, str]]
PATH = "/api/v1/advertisements"
DOOR = ("advertise", "Garage door", "_http._tcp")


@pytest.fixture(name="there", autouse=True)
def there_fixture(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The options that say where the daemon is."""
    monkeypatch.setenv("LANBRIDGE_TOKEN", "secret")
    return ("--url", daemon.url)


def answers(daemon: Daemon, name: str, state: str) -> None:
    """It takes the garage door, probes for it, and this is what becomes of it."""
    daemon.pages[PATH] = (201, {"id": "a", "name": "Garage door", "state": "probing"})
    daemon.pages[f"{PATH}/a"] = (200, {"id": "a", "name": name, "state": state})


def test_the_daemon_is_told_all_of_it(run: Run, daemon: Daemon, there: tuple[str, str]) -> None:
    """As an `[[advertise]]` table, with the token."""
    answers(daemon, "Garage door", "advertised")
    status, out, err = run(
        *(*DOOR, "80", "--daemon", *there, "--txt", "path=/", "--txt", "secure"),
        *("--subtype", "_printer", "--host", "garage.local", "--address", "192.168.1.40"),
    )
    assert (status, err) == (0, "")
    assert out == "the daemon advertises Garage door from now on\n"
    ((method, target, headers, table),) = daemon.told
    assert (method, target, headers["Authorization"]) == ("POST", PATH, "Bearer secret")
    assert table == {
        "name": "Garage door",
        "type": "_http._tcp",
        "port": 80,
        "txt": {"path": "/", "secure": True},
        "subtypes": ["_printer"],
        "host": "garage.local",
        "addresses": ["192.168.1.40"],
    }


def test_the_name_that_it_has_now_is_told(run: Run, daemon: Daemon, there: tuple[str, str]) -> None:
    """Not the one that was wanted, where somebody on the network has that."""
    answers(daemon, "Garage\x1b door (2)", "advertised")
    status, out, err = run(*DOOR, "80", "--daemon", *there)
    assert status == 0
    assert out == "the daemon advertises Garage\\u{1b} door (2) from now on\n"
    assert err == "warning: the name 'Garage door' is taken, now it is 'Garage\\u{1b} door (2)'\n"


def test_a_name_that_is_still_probed_for_is_not_said_to_be_advertised(
    run: Run, daemon: Daemon, there: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as the daemon has no network, for example."""
    monkeypatch.setattr(advertise, "ASK_S", 0.0)
    answers(daemon, "Garage door", "probing")
    status, out, err = run(*DOOR, "80", "--daemon", *there)
    assert (status, out, len(daemon.asked)) == (0, "", advertise.ASK_TIMES)
    assert err == (
        "warning: the daemon still probes for Garage door, and advertises it when the name is its "
        "own; 'lanbridge events' shows it then\n"
    )


def test_where_every_name_like_it_is_taken(
    run: Run, daemon: Daemon, there: tuple[str, str]
) -> None:
    """What else can be done is said: the daemon goes on trying."""
    answers(daemon, "Garage door (21)", "failed")
    status, out, err = run(*DOOR, "80", "--daemon", *there)
    assert (status, out) == (1, "")
    assert "'Garage door': every name like it is taken" in err


def test_the_daemon_is_told_to_end_it(run: Run, daemon: Daemon, there: tuple[str, str]) -> None:
    """By name and type, from which the id is made."""
    target = f"{PATH}/{stable_id('Garage door._http._tcp.local')}"
    daemon.pages[target] = (204, None)
    status, out, err = run(*DOOR, "--daemon", "--remove", *there)
    assert (status, err) == (0, "")
    assert out.endswith(" no longer\n")
    assert [(method, told) for method, told, _, _ in daemon.told] == [("DELETE", target)]


def test_removed_twice(run: Run, daemon: Daemon, there: tuple[str, str]) -> None:
    """Said of the name that was given, for its user knows no id."""
    daemon.pages[f"{PATH}/{stable_id('Garage door._http._tcp.local')}"] = (404, {"detail": "no."})
    daemon.pages[PATH] = (200, {"items": [], "next": None})
    status, out, err = run(*DOOR, "--daemon", "--remove", *there)
    assert (status, out) == (1, "")
    assert "'Garage door._http._tcp.local': the daemon does not advertise it" in err


def test_one_that_had_to_give_way_is_removed_by_the_name_that_it_has(
    run: Run, daemon: Daemon, there: tuple[str, str]
) -> None:
    """It is what lists show; the id is that of the name which was wanted."""
    given = stable_id("Garage door (2)._http._tcp.local")
    daemon.pages[f"{PATH}/{given}"] = (404, {"detail": "no."})
    items = [
        {"id": "a", "name": "Garage door (2)", "type": "_ipp._tcp"},
        {"id": "b", "name": "Garage door (2)", "type": "_http._tcp"},
    ]
    daemon.pages[PATH] = (200, {"items": items, "next": None})
    daemon.pages[f"{PATH}/b"] = (204, None)
    words = ("advertise", "Garage door (2)", "_http._tcp", "--daemon", "--remove", *there)
    assert run(*words)[0] == 0
    assert (daemon.told[-1][0], daemon.told[-1][1]) == ("DELETE", f"{PATH}/b")


def test_what_the_daemon_refuses_is_told(run: Run, daemon: Daemon, there: tuple[str, str]) -> None:
    """Status 1: the answer is no."""
    daemon.pages[PATH] = (409, {"detail": "name 'x': it is advertised already."})
    status, out, err = run(*DOOR, "80", "--daemon", *there)
    assert (status, out) == (1, "")
    assert "it is advertised already" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--remove",), "--remove goes with --daemon"),
        (("--daemon",), "PORT is missing"),
        ((), "PORT is missing"),
        (("80", "--daemon", "--interface", "eth0"), "a setting of the daemon"),
        (("80", "--daemon", "--host", "x"), "come together or not at all"),
        (("80", "--daemon", "--txt", "a=\udcff"), "no UTF-8"),
        (("99999", "--daemon"), "whole number from 1 to 65535"),
    ],
)
def test_what_makes_no_sense_is_usage(
    run: Run, daemon: Daemon, words: tuple[str, ...], sentence: str
) -> None:
    """Nothing is sent."""
    status, out, err = run(*DOOR, *words)
    assert (status, out) == (2, "")
    assert sentence in err
    assert daemon.told == []
