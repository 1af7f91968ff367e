"""`lanbridge check`."""

import csv
import json
from collections.abc import Callable
from typing import Any

import pytest

from lanbridge import tls
from lanbridge.cli import plugins
from lanbridge.core.errors import NetworkUnavailable
from lanbridge.wechat import certificates
from lanbridge.wechat.rules import Verdict

Run = Callable[..., tuple[int, str, str]]
PHONE = ("--phone", "192.168.1.77/24")
API = "https://api.example.com"


def items(out: str) -> list[dict[str, Any]]:
    """The rows of a JSON document."""
    document = json.loads(out)
    assert document["version"] == 1
    rows = document["items"]
    assert isinstance(rows, list)
    return rows


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (("service-type", "_http._tcp"), 0),
        (("service-type", "_a._tcp"), 1),
        (("service-type", "_http._tcp._udp"), 1),
        (("service-type", ""), 2),
        (("address", "192.168.1.20", *PHONE), 0),
        (("address", "192.168.2.20", *PHONE), 1),
        (("address", "192.168.1.20"), 1),
        (("address", "pi.local"), 1),
        (("address", "192.168.1"), 2),
        (("address", "192.168.1.20", "--phone", "nowhere"), 2),
        (("address", "192.168.1.20", "--hotspot"), 2),
        (("address", "192.168.1.20", *PHONE, "--hotspot"), 0),
        (("address", "192.168.1.20", *PHONE, "--hotspot", "--platform", "android"), 1),
        (("address", "192.168.1.20", *PHONE, "--platform", "harmonyos"), 1),
        (("address", "192.168.1.20", *PHONE, "--platform", "symbian"), 2),
        (("url", "http://192.168.1.20:8080/", *PHONE), 0),
        (("url", "192.168.1.20:8080", *PHONE), 0),
        (("url", "192.168.1.20:8080", *PHONE, "--for", "tcp"), 1),
        (("url", "192.168.1.20:8620", *PHONE, "--for", "tcp"), 0),
        (("url", "192.168.1.20:8620", *PHONE, "--for", "udp", "--platform", "ios"), 1),
        (("url", "192.168.1.20:8620", *PHONE, "--for", "pigeon"), 2),
        (("url", "https://192.168.1.20/", *PHONE), 1),
        (("url", "nonsense:x", *PHONE), 2),
        (("domain", f"{API}/x", "--domain", API), 0),
        (("domain", f"{API}:443/x", "--domain", API), 1),
        (("domain", f"{API}/x"), 1),
        (("domain", f"{API}/x", "--domain", "a b"), 2),
        (("domain", f"{API}/x", "--domain", API, "--for", "udp"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_status(run: Run, argv: tuple[str, ...], status: int) -> None:
    """0 is yes, 1 is no, 2 is nonsense, of which nothing is printed to stdout."""
    code, out, err = run("check", *argv)
    assert code == status
    assert bool(out) == (status != 2)
    assert err.startswith("error: ") == (status == 2)


def test_a_verdict_has_all_that_it_rests_on(run: Run) -> None:
    """In JSON: the rule with its source and how sure it is, the remedy, and what the phone says."""
    out = run("check", "url", "192.168.2.20:8620", *PHONE, "--format", "json")[1]
    first, *others = items(out)
    assert first == {
        "platform": "documented",
        "answer": "no",
        "sentence": "192.168.2.20 is outside 192.168.1.0/24, the subnet of 192.168.1.77 "
        "by its mask 255.255.255.0",
        "rule": {
            "id": "lan-same-subnet",
            "sentence": "An IP:PORT in the phone's subnet that is not the phone itself needs no "
            "server domain, and may be plain http or ws.",
            "source": "developers.weixin.qq.com, guides to networking and to mDNS",
            "certainty": "documented",
        },
        "remedy": "put the device and the phone in one subnet",
        "error_text": "request:fail url not in domain list (errno 600002)",
        "warning": None,
        "decides": True,
    }
    assert [row["platform"] for row in others] == ["android", "ios", "harmonyos", "devtools"]
    assert not any(row["decides"] for row in others)


def test_the_platform_that_decides_is_marked(run: Run) -> None:
    """All are shown all the same."""
    out = run("check", "address", "192.168.1.20", *PHONE, "--platform", "ios", "--format", "json")[
        1
    ]
    assert [row["platform"] for row in items(out) if row["decides"]] == ["ios"]


def test_the_literal_is_with_every_row(run: Run) -> None:
    """So that a script finds it wherever it looks."""
    out = run("check", "service-type", "_HTTP._tcp", "--format", "jsonl")[1]
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["platform"] for row in rows] == [
        *("rfc", "apple", "android-14", "android-older", "portable")
    ]
    assert {row["literal"] for row in rows} == {"_http._tcp."}
    assert [row["platform"] for row in rows if row["decides"]] == ["portable"]


def test_what_never_matches_is_warned_of(run: Run) -> None:
    """Once, on stderr, for the phone itself says nothing."""
    _, _, err = run("check", "service-type", "_http._tcp._udp")
    assert err == (
        "warning: _http is taken for a subtype of _tcp._udp, and nothing ever matches.\n"
    )


def test_a_table(run: Run) -> None:
    """A line a verdict, with everything but the source in it."""
    lines = run("check", "url", "http://pi.local:8080/", *PHONE)[1].splitlines()
    assert lines[0].split() == ["PLATFORM", "ANSWER", "WHY"]
    assert lines[1] == (
        "documented (decides)  no       pi.local is a local name, and only an IPv4 address is "
        "allowed on the LAN (lan-address-not-name, documented); remedy: use its IPv4 address; "
        "`lanbridge discover` shows it; it shows: request:fail url not in domain list "
        "(errno 600002)"
    )
    assert len(lines) == 6


def test_nothing_of_a_verdict_is_cut_off(run: Run) -> None:
    """However long its sentence is, what the phone shows is at its end."""
    name = f"{'a' * 60}.{'b' * 60}.local"
    *_, devtools = run("check", "url", f"http://{name}:8080/", *PHONE)[1].splitlines()
    assert devtools.endswith("it shows: request:fail url not in domain list (errno 600002)")


def test_csv(run: Run) -> None:
    """A record a verdict."""
    out = run("check", "domain", f"{API}/x", "--format", "csv")[1]
    (record,) = csv.DictReader(out.splitlines())
    assert record["why"] == f"{API} is not configured"
    assert record["rule"] == "domain-listed, documented"
    assert record["remedy"] == f"configure {API}"
    assert record["decides"] == "yes"


def test_a_hostile_type_cannot_drive_the_terminal(run: Run) -> None:
    """What was typed may have been pasted."""
    out = run("check", "service-type", "_\x1b[2J._tcp")[1]
    assert "\x1b" not in out


@pytest.fixture
def certificate(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """In place of a connection: the certificate is self-signed. What was asked for."""
    asked: list[tuple[str, int]] = []

    def check(host: str, port: int) -> Verdict:
        asked.append((host, port))
        return certificates.not_trusted(host, 18, "self-signed certificate")

    monkeypatch.setattr(tls, "check_certificate", check)
    return asked


@pytest.mark.parametrize(("url", "port"), [(f"{API}/x", 443), (f"{API}:8443/x", 8443)])
def test_tls_is_a_verdict_more(
    run: Run, certificate: list[tuple[str, int]], url: str, port: int
) -> None:
    """A domain that is configured is no use with a bad certificate."""
    domain = url.removesuffix("/x")
    status, out, _ = run("check", "domain", url, "--domain", domain, "--tls", "--format", "json")
    assert status == 1
    assert certificate == [("api.example.com", port)]
    assert [(row["rule"]["id"], row["answer"]) for row in items(out)] == [
        ("domain-listed", "yes"),
        ("certificate", "no"),
    ]


def test_without_tls_nothing_is_connected(run: Run, certificate: list[tuple[str, int]]) -> None:
    """The rules need no network."""
    assert run("check", "domain", f"{API}/x", "--domain", API)[0] == 0
    assert certificate == []


def test_a_server_that_does_not_answer_is_status_3(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an answer is none."""

    def check(host: str, port: int) -> Verdict:
        raise NetworkUnavailable(f"{host}:{port}", "no TLS server answers there")

    monkeypatch.setattr(tls, "check_certificate", check)
    status, out, err = run("check", "domain", f"{API}/x", "--domain", API, "--tls")
    assert (status, out) == (3, "")
    assert err == "error: network 'api.example.com:443': no TLS server answers there.\n"


@pytest.mark.parametrize("name", ["service-type", "address", "url", "domain"])
def test_help(run: Run, name: str) -> None:
    """Each question says what it asks and when it is 0."""
    status, out, _ = run("check", name, "--help")
    assert status == 0
    assert "; 0 if " in out
    assert set(plugins.load("commands", "check").command.commands) >= {name}
