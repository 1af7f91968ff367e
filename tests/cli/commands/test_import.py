"""`lanbridge import` against a daemon."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Daemon

Run = Callable[..., tuple[int, str, str]]
PATH = "/api/v1/import"
HEAD = {"format": "lanbridge-backup", "version": 1}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], str]:
    """Write a backup; the path of it."""

    def write(content: Any) -> str:
        path = tmp_path / "backup.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one of the daemon."""
    monkeypatch.setenv("LANBRIDGE_TOKEN", "secret")


def test_a_backup_is_given_in_pieces_and_whom_others_are_merged_into_comes_first(
    run: Run, daemon: Daemon, write: Callable[[Any], str]
) -> None:
    """So that the daemon goes on with its work in between."""
    devices: list[dict[str, str | None]] = [
        {"id": str(number), "merged_into": "600"} for number in range(600)
    ]
    devices.append({"id": "600", "merged_into": None})
    answer = {"devices": 500, "services": 0, "refused": ["one was bad"], "kept": True}
    answer |= {"new_devices": 2, "new_services": 0}
    daemon.pages[PATH] = (200, answer)
    backup = write({**HEAD, "made": "x", "devices": devices, "services": []})
    status, out, err = run("import", backup, "--url", daemon.url)
    assert (status, out) == (
        1,
        "1000 devices (4 of them new) and 0 services (0 of them new) taken in\n",
    )
    assert err == "warning: one was bad\n" * 2
    sent = [body for _, _, _, body in daemon.told]
    assert [len(one["devices"]) for one in sent] == [500, 101]
    assert sent[0]["devices"][0]["id"] == "600"
    assert sent[0] == {**HEAD, "devices": sent[0]["devices"]}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is not JSON"),
        ("[]", "no backup of lanbridge"),
        ({"format": "x"}, "no backup of lanbridge"),
        ({**HEAD, "version": 2}, "version is 2"),
        ({**HEAD, "devices": 7}, "no backup of lanbridge"),
    ],
)
def test_what_is_no_backup_is_said_before_anybody_is_asked(
    run: Run, daemon: Daemon, write: Callable[[Any], str], content: Any, why: str
) -> None:
    """Exit 2."""
    status, _, err = run("import", write(content), "--url", daemon.url)
    assert (status, daemon.told) == (2, [])
    assert why in err


def test_a_file_that_is_not_there(run: Run, daemon: Daemon) -> None:
    """Exit 2, with its name."""
    status, _, err = run("import", "/nowhere/backup.json", "--url", daemon.url)
    assert status == 2
    assert "/nowhere/backup.json" in err
