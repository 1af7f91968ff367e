"""What /openapi.json says is so, whatever is sent: schemathesis makes up the requests."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)

from lanbridge import checkup
from lanbridge.api import problems
from lanbridge.api.app import create_app
from lanbridge.api.server import application
from lanbridge.config import Settings
from lanbridge.daemon import Daemon
from lanbridge.doctor.finding import Finding, ok
from tests.api.conftest import Home
from tests.core.lan import whole
from tests.serving import FAST, serving

EXAMPLES = 20  # of each operation, of each kind
ERRORS = (Path(problems.__file__).parent / "errors.md").read_text("utf-8")
CODES = set(re.findall(r"^\| `([a-z-]+)` \|", ERRORS, re.M))
CONFORMANCE = [content_type_conformance, response_headers_conformance, response_schema_conformance]
# What makes sense, for which chance is no help; the rest of each request is made up.
LAMP = {"name": "Lamp", "type": "_http._tcp", "port": 80, "txt": {"path": "/", "on": True}}
SENSE: dict[str, list[dict[str, Any]]] = {
    "advertisements-add": [
        {"body": LAMP},
        {"body": LAMP | {"name": "\ud800"}},
        {"body": LAMP | {"txt": {"a": "\ud800", "\ud800": "a"}}},
        {"body": LAMP | {"name": "x", "host": "x", "addresses": ["10.0.0.7", "fe80::1%eth0"]}},
    ],
    "check-address": [{"query": {"target": "10.0.0.7"}}, {"query": {"target": "lamp.local"}}],
    "check-url": [{"query": {"url": "http://10.0.0.7/"}}, {"query": {"url": "wss://[fe80::1]:1"}}],
    "services-list": [{"query": {"from": "10.0.0.9/24"}}],
}
KINDS = {"what fits": GenerationMode.POSITIVE, "what does not": GenerationMode.NEGATIVE}


def operations() -> Iterator[tuple[str, str]]:
    """Every one of /openapi.json by its id, twice where there is something to get wrong."""

    async def no_http(_daemon: Daemon) -> None:
        raise AssertionError

    described = create_app(Daemon(Settings(state_dir=Path("/nonexistent")), no_http)).openapi()
    for path in described["paths"].values():
        for one in path.values():
            yield one["operationId"], "what fits"
            places = {each["in"] for each in one.get("parameters", ())}
            if "query" in places or "requestBody" in one:
                yield one["operationId"], "what does not"


@dataclass
class Tried:
    """A daemon that is served on loopback, and its description."""

    url: str
    schema: Any
    token: str
    ids: list[str]
    session: requests.Session

    def ask(self, case: Case[Any], *, with_token: bool) -> requests.Response:
        """One request as it was made up; a stream is not read."""
        case.headers.pop("Authorization", None)
        headers = {"Authorization": f"Bearer {self.token}"} if with_token else {}
        sent = case.as_transport_kwargs(self.url, headers=headers)
        with self.session.request(**sent, stream=True, timeout=10) as response:
            if response.headers.get("Content-Type", "").startswith("text/event-stream"):
                return response
            assert response.content is not None  # reads it
        return response


@pytest.fixture(name="tried")
def tried_fixture(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tried]:
    """It knows one service, and is ready."""

    async def check_up(_settings: Settings) -> list[Finding]:
        return [ok("the roof holds")]

    monkeypatch.setattr(checkup, "check_up", check_up)
    home.connect()
    home.hear(*whole())
    app = application(home.daemon)
    loop, ready, end = asyncio.new_event_loop(), [], asyncio.Event()

    async def serve() -> None:
        async with serving(app, fast=FAST[-1]) as server:
            ready.append(server.port)
            loop.call_soon_threadsafe(started.set)
            await end.wait()

    started = asyncio.Event()
    thread = Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    asyncio.run_coroutine_threadsafe(started.wait(), loop).result(10)
    url = f"http://127.0.0.1:{ready[0]}"
    with requests.Session() as session:
        session.trust_env = False
        schema = schemathesis.openapi.from_dict(session.get(f"{url}/openapi.json").json())
        lists = [f"{url}/api/v1/{name}" for name in ("services", "devices", "advertisements")]
        ids = [one["id"] for each in lists for one in session.get(each).json()["items"]]
        yield Tried(url, schema, home.daemon.token.ensured(), ids, session)
    home.daemon.hub.close()
    loop.call_soon_threadsafe(end.set)
    thread.join(10)
    loop.close()


@pytest.mark.parametrize(("operation_id", "kind"), list(operations()))
def test_an_operation_keeps_its_word(tried: Tried, operation_id: str, kind: str) -> None:
    """No status from 500 on, errors as documented problems, and answers that fit their schema.

    Without the token, what changes something is refused, whatever is sent with it.
    """
    operation = tried.schema.find_operation_by_id(operation_id)
    made = operation.as_strategy(KINDS[kind])
    if kind == "what fits":
        sense = [*SENSE.get(operation_id, ())]
        if "{id}" in operation.path:
            sense += [{"path_parameters": {"id": one}} for one in tried.ids]
        made = st.one_of(made, *(operation.as_strategy(**one) for one in sense))
    changes = bool(operation.definition.raw.get("security"))

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=made, with_token=st.booleans())
    def try_it(case: Case[Any], with_token: bool) -> None:
        response = tried.ask(case, with_token=with_token)
        said = f"{response.status_code} {response.text[:500]}"
        assert response.status_code < 500, said
        if changes and not with_token and response.status_code != 404:
            assert response.status_code in (400, 401, 405), said
        if response.status_code >= 400:
            assert response.headers["Content-Type"] == "application/problem+json"
            problem = response.json()
            assert problem["code"] in CODES
            assert problem["status"] == response.status_code
        elif response.status_code != 204 and operation_id != "events-follow":
            case.validate_response(response, checks=CONFORMANCE)

    try_it()
