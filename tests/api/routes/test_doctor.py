"""POST /api/v1/doctor: the findings of the daemon's own host, for who has the token."""

import asyncio

import pytest
from starlette.testclient import TestClient

from lanbridge import checkup
from lanbridge.config import Settings
from lanbridge.doctor.finding import Finding, Severity, ok
from tests.api.conftest import Home

PATH = "/api/v1/doctor"
WET = Finding(
    check="weather",
    severity=Severity.WARNING,
    sentence="it rains",
    evidence={"drops": 3},
    consequence="All is wet.",
    remedy="take a hat",
)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings of every run; none asks a network."""
    made: list[Settings] = []

    async def check_up(settings: Settings) -> list[Finding]:
        made.append(settings)
        await asyncio.sleep(0)
        return [WET, ok("the roof holds")]

    monkeypatch.setattr(checkup, "check_up", check_up)
    return made


def test_findings_are_a_list_with_all_their_fields(
    client: TestClient, home: Home, token: dict[str, str], runs: list[Settings]
) -> None:
    """With the daemon's settings."""
    answer = client.post(PATH, headers=token)
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [
            {
                "check": "weather",
                "severity": "warning",
                "sentence": "it rains",
                "evidence": {"drops": 3},
                "consequence": "All is wet.",
                "remedy": "take a hat",
            },
            {
                "check": "",
                "severity": "ok",
                "sentence": "the roof holds",
                "evidence": {},
                "consequence": "",
                "remedy": None,
            },
        ],
        "next": None,
    }
    assert runs == [home.daemon.settings]


def test_it_takes_the_token(client: TestClient, runs: list[Settings]) -> None:
    """It multicasts, and tells what runs on the host."""
    assert client.post(PATH).status_code == 401
    assert client.get(PATH).status_code == 405
    assert runs == []


async def test_who_asks_at_once_or_soon_after_gets_the_same_answer(
    home: Home, runs: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run for many; another when its findings are old."""
    many = await asyncio.gather(*(home.daemon.doctor.check_up() for _ in range(5)))
    assert [len(one) for one in many] == [2] * 5
    assert len(runs) == 1
    monkeypatch.setattr(checkup, "INTERVAL_S", 0.0)
    await home.daemon.doctor.check_up()
    assert len(runs) == 2
