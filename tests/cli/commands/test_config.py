"""`lanbridge config`."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lanbridge import config_sources
from lanbridge.config import Settings
from lanbridge.config_sources import sample_toml

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever the machine that tests has set."""
    monkeypatch.setattr(config_sources, "DEFAULT_FILE", tmp_path / "none.toml")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


def test_init_writes_the_sample(run: Run, tmp_path: Path) -> None:
    """And says where."""
    path = tmp_path / "lanbridge.toml"
    assert run("config", "init", str(path)) == (0, f"wrote {path}\n", "")
    assert path.read_text() == sample_toml()
    assert run("config", "check", str(path)) == (0, "ok\n", "")


def test_init_prints_the_sample(run: Run) -> None:
    """For a pipe."""
    assert run("config", "init", "-") == (0, sample_toml(), "")


def test_init_overwrites_only_by_force(run: Run, tmp_path: Path) -> None:
    """Somebody's settings are in it."""
    path = tmp_path / "lanbridge.toml"
    path.write_text("port = 9000\n")
    status, out, err = run("config", "init", str(path))
    assert (status, out) == (2, "")
    assert "--force overwrites it" in err
    assert path.read_text() == "port = 9000\n"
    assert run("config", "init", str(path), "--force")[0] == 0
    assert path.read_text() == sample_toml()


def test_init_makes_the_directory(run: Run, tmp_path: Path) -> None:
    """/etc/lanbridge is not there before somebody has settings; a longer path is a slip."""
    path = tmp_path / "lanbridge" / "lanbridge.toml"
    assert run("config", "init", str(path)) == (0, f"wrote {path}\n", "")
    assert path.read_text() == sample_toml()


def test_init_where_it_cannot_write(run: Run, tmp_path: Path) -> None:
    """An environment problem, with the reason."""
    status, _, err = run("config", "init", str(tmp_path / "no" / "such" / "file.toml"))
    assert status == 3
    assert "cannot be written (No such file or directory)" in err


def test_show_says_where_each_setting_is_from(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Default, file, variable or flag."""
    path = tmp_path / "mine.toml"
    path.write_text('types = ["_http._tcp"]\nport = 1\nname = "a"\n')
    monkeypatch.setenv("LANBRIDGE_PORT", "9001")
    monkeypatch.setenv("LANBRIDGE_NAME", "b")
    status, out, _ = run(
        *("config", "show", "--config", str(path), "--name", "c", "--no-udp-echo"),
        *("--format", "json"),
    )
    assert status == 0
    shown = {row["setting"]: row for row in json.loads(out)["items"]}
    assert list(shown) == list(Settings.model_fields)
    assert shown["host"] == {"setting": "host", "value": "", "source": "default"}
    assert shown["types"] == {"setting": "types", "value": ["_http._tcp"], "source": str(path)}
    assert shown["port"] == {"setting": "port", "value": 9001, "source": "LANBRIDGE_PORT"}
    assert shown["name"] == {"setting": "name", "value": "c", "source": "--name"}
    assert shown["udp_echo"] == {"setting": "udp_echo", "value": False, "source": "--udp-echo"}


def test_show_as_a_table(run: Run) -> None:
    """Values as JSON, so that empty text can be seen."""
    lines = run("config", "show")[1].splitlines()
    assert lines[0].split() == ["SETTING", "VALUE", "FROM"]
    assert lines[1].split() == ["host", '""', "default"]


def test_a_wrong_flag_is_named(run: Run) -> None:
    """As it was typed."""
    status, out, err = run("config", "show", "--network-poll-s", "0")
    assert (status, out) == (2, "")
    assert err == (
        "error: --network-poll-s: setting 'network_poll_s': '0' should be greater than 0.2.\n"
    )


def test_check_tells_every_fault(run: Run, tmp_path: Path) -> None:
    """Not only the first."""
    path = tmp_path / "wrong.toml"
    path.write_text('prot = 1\ntypes = ["http"]\n')
    status, out, err = run("config", "check", str(path))
    assert (status, out) == (2, "")
    first, second = sorted(err.splitlines())
    assert first == (
        f"error: {path}: setting 'prot': there is no such setting; did you mean 'port'?"
    )
    assert second.startswith(f"error: {path}: setting 'types[0]': service type 'http': ")


def test_check_of_a_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    """It is the user's own word that is wrong."""
    status, _, err = run("config", "check", str(tmp_path / "none.toml"))
    assert status == 2
    assert "there is no such file" in err


def test_check_without_a_file_reads_what_serve_reads(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables too."""
    assert run("config", "check") == (0, "ok\n", "")
    monkeypatch.setenv("LANBRIDGE_PROT", "1")
    assert run("config", "check")[0] == 2


def test_check_warns_of_ports_that_phones_refuse(run: Run, tmp_path: Path) -> None:
    """It is allowed all the same."""
    path = tmp_path / "port.toml"
    path.write_text("port = 8080\n")
    status, out, err = run("config", "check", str(path))
    assert (status, out) == (0, "ok\n")
    assert err.startswith("warning: port 8080 ")


def test_help_says_what_each_flag_takes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of `show`, whose flags are those of `serve`: TEXT is for text alone."""
    monkeypatch.setenv("COLUMNS", "200")
    told = dict(re.findall(r"^  --([a-z-]+) (\S+)\s", run("config", "show", "--help")[1], re.M))
    assert told == {
        "config": "PATH",
        "host": "TEXT",
        "port": "INTEGER",
        "name": "TEXT",
        "types": "WORD[,WORD]",
        "interfaces-include": "WORD[,WORD]",
        "interfaces-exclude": "WORD[,WORD]",
        "udp-echo": "/",
        "allow-networks": "WORD[,WORD]",
        "host-names": "WORD[,WORD]",
        "cors-origins": "WORD[,WORD]",
        "network-poll-s": "NUMBER",
        "grace-s": "JSON",
        "services-kept-days": "NUMBER",
        "devices-kept-days": "NUMBER",
        "state-dir": "DIR",
        "log-level": "WORD",
        "format": "[csv|json|jsonl|table]",
    }
