"""`/echo/ws` of a real daemon, as node `ws` sees it: a client of another make than ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.lan import node
from tests.lan.lab import Lab
from tests.lan.program import serve

if TYPE_CHECKING:
    from collections.abc import Generator

EXPECTED: dict[str, Any] = {
    "text": [True, True, True, True],
    "binary": {"size": 4, "hex": "000102ff"},
    "fragments": ["one two three", "between"],
    "subprotocol": "b",
    "deflate": [True, [True, True, True]],
    "close": [[1000, "done"], [3000, "再见"], [4999, "r" * 123]],
    "tooLarge": 1009,
    "many": ["to 0", "to 1", "to 2", "to 3", "to 4"],
}


@pytest.fixture(scope="module")
def seen() -> Generator[dict[str, Any]]:
    """What the client saw, by case."""
    with Lab() as lab:
        serve(lab.host("pi"))
        client = node.start(lab.host("phone"), "ws-client.js", ["ws://10.77.0.1:8620/echo/ws"])
        assert client.wait(30) == 0, client.describe()
        cases: dict[str, Any] = {}
        for line in client.stdout.splitlines():
            cases |= json.loads(line)
        yield cases


@pytest.mark.parametrize("case", EXPECTED)
def test_as_node_sees_it(seen: dict[str, Any], case: str) -> None:
    """Messages, fragments, pings, sub-protocols, compression, close codes, sizes."""
    assert seen[case] == EXPECTED[case]
