"""What the commands say of a daemon that answers, refuses, is absent, or is something else."""

import socket
from collections.abc import Callable

import pytest

from lanbridge.cli import client
from lanbridge.cli.client import ask, send
from lanbridge.core.errors import (
    DaemonUnreachable,
    InvalidAddress,
    InvalidInput,
    LanbridgeError,
    NameConflict,
    NotFound,
    Refused,
)
from tests.cli.conftest import Daemon


def test_pages_are_followed(daemon: Daemon) -> None:
    """`next` is relative to the page it stands on; its host counts for nothing."""
    daemon.serve("/api/v1/services?type=_http._tcp", {"id": 1}, next="?cursor=2")
    daemon.serve("/api/v1/services?cursor=2", {"id": 2}, next="http://192.0.2.1/api/v1/x?c=3")
    daemon.serve("/api/v1/x?c=3", {"id": 3})
    items = ask(daemon.url, "/api/v1/services", {"type": "_http._tcp", "state": None})
    assert [item["id"] for item in items] == [1, 2, 3]


def test_pages_end(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that goes in a circle is no list of ours."""
    monkeypatch.setattr(client, "PAGES_MAX", 3)
    daemon.serve("/list", {"id": 1}, next="/list?again=1")
    daemon.serve("/list?again=1", next="/list?again=1")
    with pytest.raises(DaemonUnreachable, match="no lanbridge daemon"):
        list(ask(daemon.url, "/list", {}))
    assert len(daemon.asked) == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, Refused), (404, NotFound), (422, InvalidInput), (503, DaemonUnreachable)],
)
def test_a_problem_is_told_in_the_words_of_the_daemon(
    daemon: Daemon, status: int, kind: type[LanbridgeError]
) -> None:
    """RFC 9457: `detail` explains it."""
    daemon.pages["/list"] = (status, {"detail": "the moon is in the way."})
    with pytest.raises(kind, match=f"it answers {status}, the moon is in the way"):
        list(ask(daemon.url, "/list", {}))


def test_what_is_sent_has_the_token(daemon: Daemon) -> None:
    """And JSON; the answer is what the daemon made of it."""
    daemon.pages["/things"] = (201, {"id": 1})
    daemon.pages["/things/1"] = (204, None)
    assert send(daemon.url, "POST", "/things", "secret", {"a": "客"}) == {"id": 1}
    assert send(daemon.url, "DELETE", "/things/1", "secret") is None
    (method, target, headers, body), (_, _, _, nothing) = daemon.told
    assert (method, target, body, nothing) == ("POST", "/things", {"a": "客"}, None)
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Refused),
        (409, NameConflict),
        (413, InvalidInput),
        (415, InvalidInput),
        (421, Refused),
        (429, Refused),
        (503, DaemonUnreachable),
    ],
)
def test_what_is_refused_is_told_too(
    daemon: Daemon, status: int, kind: type[LanbridgeError]
) -> None:
    """In the words of the daemon."""
    daemon.pages["/things"] = (status, {"detail": "the moon is in the way."})
    with pytest.raises(kind, match=f"^daemon .* it answers {status}, the moon is in the way"):
        send(daemon.url, "POST", "/things", "secret", {})


@pytest.mark.parametrize(
    "answer",
    [b"<html>", b"\xff", b"[]", b"{}", b'{"items": [1], "next": null}', b"[" * 100_000],
    ids=["html", "bytes", "list", "object", "numbers", "deep"],
)
def test_a_stranger_at_the_url_is_told_apart(daemon: Daemon, answer: bytes) -> None:
    """Another program may listen there."""
    daemon.pages["/list"] = (200, answer)
    with pytest.raises(DaemonUnreachable, match="no lanbridge daemon; say where"):
        list(ask(daemon.url, "/list", {}))


def test_no_daemon_names_the_remedy() -> None:
    """It is not running, or elsewhere."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # held, and nobody listens
        with pytest.raises(DaemonUnreachable, match=r"refused\); start it with 'lanbridge serve'"):
            list(ask(f"http://127.0.0.1:{held.getsockname()[1]}", "/list", {}))


def test_a_name_that_nobody_has_is_no_daemon_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """To start one would not help: `--url foo` is a slip."""

    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(
        DaemonUnreachable, match="no address of 'foo' is known; say where"
    ) as caught:
        list(ask("foo", "/list", {}))
    assert "serve" not in str(caught.value)


@pytest.mark.parametrize("shorten", [str, lambda url: url.removeprefix("http://")])
def test_the_scheme_may_be_left_out(daemon: Daemon, shorten: Callable[[str], str]) -> None:
    """`--url 192.168.1.5:8620` is what people type."""
    daemon.serve("/list", {"id": 1})
    assert list(ask(shorten(daemon.url), "/list", {})) == [{"id": 1}]


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://x:y", "https://x", "http://[::"])
def test_what_is_no_url_is_refused(url: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidAddress, match="write it like http://127"):
        list(ask(url, "/list", {}))
