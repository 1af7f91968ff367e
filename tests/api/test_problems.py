"""Every error is a problem document with a code that stays and a sentence to act on."""

import json
import logging
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from lanbridge.api import problems
from lanbridge.core import errors
from lanbridge.core.errors import LanbridgeError
from tests.api.conftest import Home, Serving

CLASSES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, LanbridgeError)
]
# Codes that the faces add to those of the tree.
CODES = {kind.code for kind in CLASSES} | {
    "bad-request",
    "method-not-allowed",
    "http-error",
}

TABLE: dict[str, tuple[str, str, int, str, str]] = {
    "unknown route": ("GET", "/nope", 404, "not-found", "/docs lists"),
    "unknown API route": ("GET", "/api/v1/nope", 404, "not-found", "/docs lists"),
    "unknown id": ("GET", "/api/v1/services/x", 404, "not-found", "'x': no service has"),
    "unknown device": (
        "GET",
        "/api/v1/devices/x",
        404,
        "not-found",
        "list them at /api/v1/devices",
    ),
    "wrong method": ("POST", "/ping", 405, "method-not-allowed", "Allow header"),
    "bad state": ("GET", "/api/v1/services?state=gone", 422, "invalid-input", "state 'gone': "),
    "bad flag": ("GET", "/api/v1/services?own=maybe", 422, "invalid-input", "own 'maybe': "),
    "limit 0": ("GET", "/api/v1/services?limit=0", 422, "invalid-input", "limit '0': "),
    "limit 501": ("GET", "/api/v1/devices?limit=501", 422, "invalid-input", "limit '501': "),
    "limit nan": ("GET", "/api/v1/services?limit=nan", 422, "invalid-input", "limit 'nan': "),
    "bad mark": ("GET", "/api/v1/services?after=x", 422, "invalid-input", "follow `next`"),
    "bad type": (
        "GET",
        "/api/v1/services?type=http",
        422,
        "invalid-service-type",
        "use '_http._tcp'",
    ),
    "bad viewer": (
        "GET",
        "/api/v1/services?from=phone",
        422,
        "invalid-address",
        "address 'phone': it is not an IPv4 or IPv6 address",
    ),
    "empty viewer": ("GET", "/api/v1/devices?from=", 422, "invalid-address", "write it like"),
    "bad prefix": (
        "GET",
        "/api/v1/services?from=10.0.0.1/33",
        422,
        "invalid-address",
        "'33' is no prefix length of IPv4",
    ),
    "viewer of the stream": ("GET", "/api/v1/events?from=x", 422, "invalid-address", "'x'"),
    "two faults": (
        "GET",
        "/api/v1/services?limit=0&own=2",
        422,
        "invalid-input",
        "; limit '0': ",
    ),
}


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "sentence"), TABLE.values(), ids=TABLE
)
def test_problems(
    client: TestClient, method: str, path: str, status: int, code: str, sentence: str
) -> None:
    """Status, code and sentence of each."""
    response = client.request(method, path)
    problem = assert_problem(response.status_code, response.headers["content-type"], response.text)
    assert (problem["status"], problem["code"]) == (status, code)
    assert sentence in str(problem["detail"])


def assert_problem(status: int, content_type: str, text: str) -> dict[str, object]:
    """RFC 9457 §3, with the code in three places and one documented sentence."""
    assert content_type == "application/problem+json"
    problem: dict[str, object] = json.loads(text)
    assert set(problem) == {"type", "title", "status", "code", "detail"}
    assert problem["status"] == status
    assert problem["code"] in CODES
    assert problem["type"] == f"/errors/{problem['code']}"
    assert str(problem["title"]).lower() == str(problem["code"]).replace("-", " ")
    assert str(problem["detail"]).endswith(".")
    return problem


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{oops", "body: it is no JSON (Expecting property name enclosed in double quotes)."),
        ('{"name": "x"}', "type: it is missing; port: it is missing."),
        ("", "body: it is missing."),
        (
            '{"name": "x", "type": "_a._tcp", "port": 1, "prt": 2}',
            "prt: there is no such key here.",
        ),
    ],
)
def test_a_body_that_is_not_right_is_told_by_its_parts(
    client: TestClient, token: dict[str, str], body: str, sentence: str
) -> None:
    """Which part, and no more of it than that."""
    headers = {"Content-Type": "application/json", **token}
    response = client.post("/api/v1/advertisements", content=body, headers=headers)
    problem = assert_problem(response.status_code, response.headers["content-type"], response.text)
    assert (problem["status"], problem["detail"]) == (422, sentence)


def test_a_websocket_to_nowhere_is_not_found(client: TestClient) -> None:
    """And not refused, which its developer would look for in the rules of access."""
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect("/nope"):
        pass
    answer = denied.value
    assert_problem(answer.status_code, answer.headers["content-type"], answer.text)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_a_websocket_that_is_refused_leaves_no_line_in_the_journal(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody could fill it."""
    async with serving() as port:
        with pytest.raises(InvalidStatus, match="404"):
            async with connect(f"ws://127.0.0.1:{port}/nope", proxy=None):
                pass
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_a_wrong_method_is_told_the_right_one(client: TestClient) -> None:
    """RFC 9110 §15.5.6: the Allow header MUST be there."""
    assert client.delete("/api/v1/services").headers["allow"] == "GET"


def test_hostile_input_comes_back_safe_and_short(client: TestClient) -> None:
    """In a terminal, whatever was asked for; and not at any length."""
    for query in ("limit", "state", "from", "type", "after"):
        value = "\x1b[2J\u202e\x9b" + "a" * 20_000
        response = client.get("/api/v1/services", params={query: value})
        assert response.status_code == 422
        assert "\x1b" not in response.text
        assert response.text.isprintable()
        assert len(response.text) < 1_000


def test_a_bug_is_answered_too(
    client: TestClient, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its traceback, which is in the journal."""

    def broken() -> Iterator[None]:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(home.registry, "services", broken)
    response = client.get("/api/v1/services")
    problem = assert_problem(response.status_code, response.headers["content-type"], response.text)
    assert (problem["status"], problem["code"]) == (500, "internal")
    assert "secret" not in response.text


def test_every_exception_has_a_status() -> None:
    """The table is total over the tree, and says what the tree's docstring says."""
    status = {kind: problems.STATUS.get(kind) or _inherited(kind) for kind in CLASSES}
    assert all(400 <= one <= 599 for one in status.values())
    for kind in CLASSES:
        error = kind("value", "rule")
        assert problems.status_of(error) == status[kind]
        expected = {
            errors.TokenRequired: 401,
            errors.TokenWrong: 401,
            errors.BodyRefused: 415,
            errors.BodyTooLarge: 413,
            errors.InvalidInput: 422,
            errors.HostRefused: 421,
            errors.TooManyRequests: 429,
            errors.EnvironmentProblem: 503,
            errors.NameConflict: 409,
            errors.FixedBySettings: 409,
            errors.Refused: 403,
            errors.NotFound: 404,
        }
        for ancestor, number in expected.items():
            if isinstance(error, ancestor):
                assert status[kind] == number
                break


def _inherited(kind: type[LanbridgeError]) -> int:
    return next(problems.STATUS[one] for one in kind.__mro__ if one in problems.STATUS)
