"""`lanbridge doctor`: what it prints, and its exit status."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lanbridge import checkup
from lanbridge.config import Settings
from lanbridge.doctor.finding import Finding, Severity, ok

Run = Callable[..., tuple[int, str, str]]

TAKEN = Finding(
    check="port-5353",
    severity=Severity.PROBLEM,
    sentence="evil\x1b[31m (pid 7) holds it",
    evidence={"sockets": 2, "shared": False, "names": ["a", "b"]},
    consequence="Nothing is found.",
    remedy="stop it",
)
NOTE = Finding(check="clock", severity=Severity.NOTE, sentence="so so", consequence="Maybe.")


@pytest.fixture
def doctor(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run it where the checks find these."""

    def doctor(findings: list[Finding], *argv: str) -> tuple[int, str, str]:
        async def check_up(settings: Settings) -> list[Finding]:
            assert settings.state_dir == tmp_path
            return findings

        monkeypatch.setattr(checkup, "check_up", check_up)
        return run("doctor", "--state-dir", str(tmp_path), *argv)

    return doctor


def test_each_finding_with_evidence_meaning_and_remedy(doctor: Run) -> None:
    """A line each, however long; where all is well one line; a sum at the end."""
    status, out, err = doctor([TAKEN, NOTE, ok("the roof holds", nails=9)])
    assert (status, err) == (1, "")
    assert out == (
        "problem    evil\\u{1b}[31m (pid 7) holds it\n"
        "  evidence sockets: 2; shared: no; names: a, b\n"
        "  means    Nothing is found.\n"
        "  remedy   stop it\n"
        "\n"
        "note       so so\n"
        "  means    Maybe.\n"
        "\n"
        "ok         the roof holds\n"
        "\n"
        "1 problem.\n"
    )


def test_notes_are_no_fault(doctor: Run) -> None:
    """Status 0."""
    status, out, _ = doctor([NOTE, ok("the roof holds")])
    assert (status, out.splitlines()[-1]) == (0, "Nothing is wrong.")


def test_json_has_every_field(doctor: Run) -> None:
    """In the document that every list is."""
    status, out, _ = doctor([TAKEN], "--format", "json")
    document = json.loads(out)
    assert (status, document["version"]) == (1, 1)
    assert document["items"] == [
        {
            "check": "port-5353",
            "severity": "problem",
            "sentence": "evil\x1b[31m (pid 7) holds it",
            "evidence": {"sockets": 2, "shared": False, "names": ["a", "b"]},
            "consequence": "Nothing is found.",
            "remedy": "stop it",
        }
    ]
    assert "\x1b" not in out


def test_csv_is_a_row_each(doctor: Run) -> None:
    """With the evidence as JSON."""
    _, out, _ = doctor([TAKEN, NOTE], "--format", "csv")
    rows = list(csv.DictReader(out.splitlines()))
    assert [row["check"] for row in rows] == ["port-5353", "clock"]
    assert json.loads(rows[0]["evidence"])["names"] == ["a", "b"]


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": ""}, {"NO_COLOR": "1"}])
def test_a_terminal_gets_colours_and_wrapped_lines(
    doctor: Run, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    """Unless NO_COLOR is set; no line is longer than the terminal."""
    monkeypatch.setattr("lanbridge.cli.commands.doctor._is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    long = Finding(severity=Severity.WARNING, sentence="word " * 40, consequence="w", remedy="r")
    _, out, _ = doctor([long])
    assert ("\x1b[33m" in out) is not any(environ.values())
    assert max(map(len, out.replace("\x1b[33m", "").replace("\x1b[0m", "").splitlines())) <= 60
