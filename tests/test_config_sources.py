"""Where settings come from, and who wins."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from lanbridge import config_sources
from lanbridge.config import TABLES, AdvertiseSettings, Settings
from lanbridge.config_sources import Loaded, examine, load, sample_toml
from lanbridge.core.errors import InvalidSetting

LAMP = '[[advertise]]\nname = "Lamp"\ntype = "_http._tcp"\nport = 80\n'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file that is not written yet; the machine's own is out of the way."""
    monkeypatch.setattr(config_sources, "DEFAULT_FILE", tmp_path / "default.toml")
    return tmp_path / "lanbridge.toml"


def test_defaults(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has to be set."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    loaded = load(None, {}, {})
    assert loaded.settings == Settings()
    assert set(loaded.sources.values()) == {"default"}
    assert loaded.settings.port == 8620
    assert loaded.settings.advice() == []


def test_the_default_file_is_read_if_it_is_there(file: Path) -> None:
    """No flag is needed for the usual place."""
    config_sources.DEFAULT_FILE.write_text("port = 9000\n")
    assert load(None, {}, {}).settings.port == 9000
    assert load(None, {}, {}).sources["port"] == str(config_sources.DEFAULT_FILE)


def test_flags_win_over_variables_over_the_file(file: Path) -> None:
    """And each setting knows where it comes from."""
    file.write_text('port = 1\nname = "file"\nlog_level = "debug"\n')
    environ = {"LANBRIDGE_PORT": "2", "LANBRIDGE_NAME": "variable", "LAN": "", "HOME": "/home/x"}
    loaded = load(file, {"port": "3"}, environ)
    assert (loaded.settings.port, loaded.sources["port"]) == (3, "--port")
    assert (loaded.settings.name, loaded.sources["name"]) == ("variable", "LANBRIDGE_NAME")
    assert (loaded.settings.log_level, loaded.sources["log_level"]) == ("debug", str(file))
    assert loaded.sources["udp_echo"] == "default"


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("udp_echo", "false", False),
        ("udp_echo", "1", True),
        ("types", "_http._tcp, _ipp._tcp", ("_http._tcp", "_ipp._tcp")),
        ("types", "", ()),
        ("interfaces_exclude", "eth*,wlan0", ("eth*", "wlan0")),
        ("network_poll_s", "0.5", 0.5),
        ("grace_s", '{"_HUE._tcp.": 300}', {"_hue._tcp": 300.0}),
        ("host", "::", "::"),
        ("state_dir", "/srv/x", Path("/srv/x")),
        ("advertise", "", ()),
        (
            "advertise",
            '[{"name": "a", "type": "_x._udp", "port": 1}]',
            (AdvertiseSettings(name="a", type="_x._udp", port=1),),
        ),
    ],
)
def test_a_variable_is_text(file: Path, key: str, text: str, value: Any) -> None:
    """Several words have commas between, tables are JSON."""
    loaded = load(None, {}, {f"LANBRIDGE_{key.upper()}": text})
    assert getattr(loaded.settings, key) == value


def test_the_token_of_commands_is_no_setting(file: Path) -> None:
    """It begins like one."""
    load(None, {}, {"LANBRIDGE_TOKEN": "x"})


@pytest.mark.parametrize(
    ("uid", "environ", "expected", "source"),
    [
        (0, {}, "/var/lib/lanbridge", "default"),
        (1, {"HOME": "/home/x"}, "/home/x/.local/state/lanbridge", "default"),
        (1, {"HOME": "/home/x", "XDG_STATE_HOME": "/s"}, "/s/lanbridge", "default"),
        (0, {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, "/var/lib/a", "STATE_DIRECTORY"),
        (1, {"STATE_DIRECTORY": "/a", "LANBRIDGE_STATE_DIR": "/b"}, "/b", "LANBRIDGE_STATE_DIR"),
    ],
    ids=["root", "user", "xdg", "systemd", "variable"],
)
def test_the_state_directory_fits_who_runs_it(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    uid: int,
    environ: dict[str, str],
    expected: str,
    source: str,
) -> None:
    """Nobody has to be root to try it."""
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    loaded = load(None, {}, environ)
    assert loaded.settings.state_dir == Path(expected)
    assert loaded.sources["state_dir"] == source


def test_load_raises_the_first_fault_and_examine_tells_all(file: Path) -> None:
    """A daemon stops at one, `config check` wants them all."""
    file.write_text("x = 1\nport = 0\n")
    found = examine(file, {}, {})
    assert isinstance(found, list)
    assert len(found) == 2
    with pytest.raises(InvalidSetting):
        load(file, {}, {})


def test_an_unknown_variable_is_named_with_its_neighbour(file: Path) -> None:
    """As a variable, not as a key."""
    with pytest.raises(InvalidSetting) as caught:
        load(None, {}, {"LANBRIDGE_PROT": "1"})
    assert str(caught.value) == (
        "setting 'LANBRIDGE_PROT': there is no such setting; did you mean 'LANBRIDGE_PORT'?"
    )


def test_a_variable_that_is_not_json(file: Path) -> None:
    """Tables in a variable are JSON, and this is none."""
    with pytest.raises(InvalidSetting, match=r"LANBRIDGE_ADVERTISE: .* it is not JSON: Expecting"):
        load(None, {}, {"LANBRIDGE_ADVERTISE": "x"})


@pytest.mark.parametrize("text", [b"port =", b"\xff"], ids=["not-toml", "not-utf-8"])
def test_a_file_that_is_not_toml(file: Path, text: bytes) -> None:
    """Named, with the place where the parser stopped."""
    file.write_bytes(text)
    with pytest.raises(InvalidSetting, match="it is not TOML: "):
        load(file, {}, {})


def test_a_byte_order_mark_is_no_fault(file: Path) -> None:
    """Editors on Windows write one."""
    file.write_text("\ufeffport = 9000\n")
    assert load(file, {}, {}).settings.port == 9000


def test_a_file_that_is_named_must_be_there(file: Path) -> None:
    """Silently running with the defaults would hide a typing slip."""
    with pytest.raises(InvalidSetting, match="there is no such file; write one with"):
        load(file, {}, {})


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A directory, or somebody else's."""
    with pytest.raises(InvalidSetting, match=r"it cannot be read \(Is a directory\)"):
        load(tmp_path, {}, {})


def test_the_sample_changes_nothing(file: Path) -> None:
    """All of it is commented out."""
    file.write_text(sample_toml())
    loaded = load(file, {}, {})
    assert isinstance(loaded, Loaded)
    assert set(loaded.sources.values()) == {"default"}


def test_the_sample_uncommented_is_the_defaults_and_one_of_each_table(file: Path) -> None:
    """Every option is in it, and every line is right."""
    file.write_text(re.sub(r"(?m)^#(?=\S)", "", sample_toml()))
    loaded = load(file, {}, {})
    assert set(loaded.sources.values()) == {str(file)}
    assert loaded.settings.model_copy(update=dict.fromkeys(TABLES, ())) == Settings()
    for name, table in TABLES.items():
        (one,) = getattr(loaded.settings, name)
        assert one.model_fields_set == set(table.model_fields)
