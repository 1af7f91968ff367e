"""Settings: what each may be, and what is said of a wrong one."""

from pathlib import Path

import pytest

from lanbridge.config import TABLES, Settings, WebhookSettings
from lanbridge.config_sources import examine, load
from lanbridge.core.errors import InvalidSetting

LAMP = '[[advertise]]\nname = "Lamp"\ntype = "_http._tcp"\nport = 80\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file that is not written yet."""
    return tmp_path / "lanbridge.toml"


def faults(file: Path, text: str) -> list[str]:
    """All that is wrong with `text`, without the name of the file."""
    file.write_text(text)
    found = examine(file, {}, {})
    assert isinstance(found, list)
    assert all(fault.source == str(file) for fault in found)
    return [str(fault).removeprefix(f"{file}: ") for fault in found]


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
        ("prot = 1", "setting 'prot': there is no such setting; did you mean 'port'?"),
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


@pytest.mark.parametrize(("port", "count"), [(80, 1), (8080, 1), (8888, 1), (8620, 0), (8101, 0)])
def test_ports_that_phones_refuse_are_warned_of(port: int, count: int) -> None:
    """WeChat refuses them to wx.createTCPSocket."""
    assert len(Settings(port=port).advice()) == count


def test_settings_are_frozen() -> None:
    """Nobody changes them under way."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1


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
