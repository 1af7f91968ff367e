"""Settings: where they come from, who wins, and what is said of a wrong one."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from lanbridge import config
from lanbridge.config import (
    TABLES,
    AdvertiseSettings,
    Loaded,
    Settings,
    WebhookSettings,
    examine,
    load,
    sample_toml,
)
from lanbridge.core.errors import InvalidSetting

LAMP = '[[advertise]]\nname = "Lamp"\ntype = "_http._tcp"\nport = 80\n'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file that is not written yet; the machine's own is out of the way."""
    monkeypatch.setattr(config, "DEFAULT_FILE", tmp_path / "default.toml")
    return tmp_path / "lanbridge.toml"


def faults(file: Path, text: str) -> list[str]:
    """All that is wrong with `text`, without the name of the file."""
    file.write_text(text)
    found = examine(file, {}, {})
    assert isinstance(found, list)
    assert all(fault.source == str(file) for fault in found)
    return [str(fault).removeprefix(f"{file}: ") for fault in found]


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
    config.DEFAULT_FILE.write_text("port = 9000\n")
    assert load(None, {}, {}).settings.port == 9000
    assert load(None, {}, {}).sources["port"] == str(config.DEFAULT_FILE)


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


def test_a_static_service(file: Path) -> None:
    """TXT values are text, or true for a key without a value (RFC 6763 §6.4)."""
    file.write_text(
        LAMP + 'txt = { path = "/", secure = true, empty = "" }\nsubtypes = ["_printer"]\n'
        'host = "lamp.local"\naddresses = ["192.168.1.20", "fe80::1"]\n'
    )
    (lamp,) = load(file, {}, {}).settings.advertise
    assert lamp.txt_pairs == (("path", b"/"), ("secure", None), ("empty", b""))
    assert lamp.subtypes == ("_printer",)
    assert lamp.addresses == ("192.168.1.20", "fe80::1")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("prot = 1", "setting 'prot': there is no such setting; did you mean 'port'."),
        ("x = 1", "setting 'x': there is no such setting; 'lanbridge config init -' lists all."),
        ("port = 0", "setting 'port': port '0': it is not a whole number from 1 to 65535."),
        ("port = true", "setting 'port': port 'True': it is not a whole number from 1 to 65535."),
        ("name = 5", "setting 'name': 5 should be a valid string."),
        ('udp_echo = "x"', "setting 'udp_echo': 'x' should be a valid boolean"),
        ("network_poll_s = 0.2", "setting 'network_poll_s': 0.2 should be greater than 0.2."),
        ("network_poll_s = inf", "setting 'network_poll_s': inf should be a finite number."),
        ("services_kept_days = 0", "setting 'services_kept_days': 0 should be greater than 0."),
        ("devices_kept_days = 3651", "setting 'devices_kept_days': 3651 should be less than or"),
        ('log_level = "x"', "setting 'log_level': 'x' should be 'debug', 'info', 'warning' or"),
        ('host = "pi"', "setting 'host': address 'pi': it is not an IPv4 or IPv6 address; "),
        (f'name = "{"x" * 64}"', f"setting 'name': instance name '{'x' * 64}': it has 64 octets"),
        ('types = ["http"]', "setting 'types[0]': service type 'http': "),
        ("[[advertise]]\nport = 1\ntype = '_x._tcp'", "setting 'advertise[0].name': it is requir"),
        (LAMP + "prot = 1", "setting 'advertise[0].prot': there is no such setting; did you me"),
        (LAMP + "txt = { a = 1 }", "setting 'advertise[0].txt': the value of 'a' must be text"),
        (LAMP + "txt = { a = false }", "setting 'advertise[0].txt': the value of 'a' must be "),
        (LAMP + 'txt = { "" = "x" }', "setting 'advertise[0]': TXT pair: the key is empty"),
        (LAMP + 'subtypes = [""]', "setting 'advertise[0]': service type '_http._tcp,': the su"),
        (LAMP + 'host = "lamp"', "setting 'advertise[0]': `host` and `addresses` come together"),
        (LAMP + 'addresses = ["10.0.0.1"]', "setting 'advertise[0]': `host` and `addresses` co"),
        (
            LAMP + 'host = "a b"\naddresses = ["10.0.0.1"]',
            "setting 'advertise[0]': host name 'a b': ",
        ),
        (LAMP + LAMP.replace('"Lamp"', '""'), "setting 'advertise[1]': instance name: it is empty"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(file: Path, text: str, fault: str) -> None:
    """Which file, which setting, and the validator's own words."""
    (found,) = faults(file, text)
    assert found.startswith(fault)


def test_load_raises_the_first_fault_and_examine_tells_all(file: Path) -> None:
    """A daemon stops at one, `config check` wants them all."""
    assert len(faults(file, "x = 1\nport = 0\n")) == 2
    with pytest.raises(InvalidSetting):
        load(file, {}, {})


def test_an_unknown_variable_is_named_with_its_neighbour(file: Path) -> None:
    """As a variable, not as a key."""
    with pytest.raises(InvalidSetting) as caught:
        load(None, {}, {"LANBRIDGE_PROT": "1"})
    assert str(caught.value) == (
        "LANBRIDGE_PROT: setting 'LANBRIDGE_PROT': there is no such setting; "
        "did you mean 'LANBRIDGE_PORT'."
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


@pytest.mark.parametrize(("port", "count"), [(80, 1), (8080, 1), (8888, 1), (8620, 0), (8101, 0)])
def test_ports_that_phones_refuse_are_warned_of(port: int, count: int) -> None:
    """WeChat refuses them to wx.createTCPSocket."""
    assert len(Settings(port=port).advice()) == count


def test_settings_are_frozen() -> None:
    """Nobody changes them under way."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1


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


class TestWebhooks:
    """`[[webhooks]]`."""

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ('url = "ftp://a/"', "no http:// or https:// URL"),
            ('url = "http://a/"\nevents = ["service.gone"]', "there is no such event"),
            ('url = "http://a/"\ntypes = ["http"]', "service type 'http'"),
            ('url = "http://a/"\nsecret = "whsec_?"', "not base64"),
            ('url = "http://a/"\nsecret = "whsec_"', "not base64 of a key"),
            ('url = "http://a/"\nsecrets = "a"', "did you mean 'secret'"),
            ('events = ["service.lost"]', "it is required"),
        ],
    )
    def test_what_is_wrong_is_said(self, file: Path, line: str, why: str) -> None:
        """Before the daemon starts."""
        file.write_text(f"[[webhooks]]\n{line}\n")
        with pytest.raises(InvalidSetting, match=why):
            load(file, {}, {})

    def test_the_secret_is_not_shown(self) -> None:
        """Neither by `config show` nor in a journal."""
        one = WebhookSettings.model_validate({"url": "http://a/", "secret": "sesame"})
        settings = Settings(webhooks=(one,))
        assert "sesame" not in f"{settings!r} {settings.model_dump(mode='json')}"
        assert one.secret.get_secret_value() == "sesame"


def test_every_setting_has_a_line_of_help() -> None:
    """It is the file's, the flag's and the documentation's."""
    fields = [*Settings.model_fields.values()]
    for table in TABLES.values():
        fields += table.model_fields.values()
    assert all((field.description or "").endswith(".") for field in fields)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("allow_networks", "10.0.0.1/24", "has host bits set"),
        ("allow_networks", "lan", "write it like 192.168.1.0/24"),
        ("host_names", "http://pi.example", "neither an IP address nor a host name"),
        ("cors_origins", "*", "it is no origin"),
        ("cors_origins", "http://*.example", "it is no origin"),
        ("cors_origins", "http://hub:3000/", "without a path"),
        ("cors_origins", "hub:3000", "it is no origin"),
        ("cors_origins", "http://hub:x", "port 'x': it is not a whole number"),
    ],
)
def test_who_may_do_what_is_checked(key: str, value: str, sentence: str) -> None:
    """A slip here would open or close a door in silence."""
    with pytest.raises(InvalidSetting, match=sentence):
        load(None, {key: value}, {})


def test_who_may_do_what_is_taken_as_browsers_send_it() -> None:
    """What is written otherwise would match nothing."""
    given = {"host_names": "Bücher.lan", "cors_origins": "http://Hub:80,https://bücher.lan:443"}
    settings = load(None, given, {}).settings
    assert settings.host_names == ("xn--bcher-kva.lan",)
    assert settings.cors_origins == ("http://hub", "https://xn--bcher-kva.lan")


def test_who_may_do_what_is_read() -> None:
    """Several words each; `null` is the origin of a file."""
    given = {
        "allow_networks": "10.0.0.0/8, fd00::/8 192.168.1.7",
        "host_names": "pi.fritz.box",
        "cors_origins": "http://hub:3000,null,https://[fd00::1]",
    }
    settings = load(None, given, {}).settings
    assert settings.allow_networks == ("10.0.0.0/8", "fd00::/8", "192.168.1.7")
    assert settings.host_names == ("pi.fritz.box",)
    assert settings.cors_origins == ("http://hub:3000", "null", "https://[fd00::1]")
