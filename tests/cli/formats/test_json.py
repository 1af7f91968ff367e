"""One JSON document."""

import io
import json
from typing import Any

from lanbridge.cli.formats.json import Writer


def written(*rows: dict[str, Any]) -> str:
    """What the format writes for `rows`."""
    stream = io.StringIO()
    writer = Writer((), stream)
    writer.begin()
    for row in rows:
        writer.row(row)
    writer.end()
    return stream.getvalue()


def test_nothing_found_is_a_document_too() -> None:
    """So that a script can parse the answer always."""
    assert json.loads(written()) == {"version": 1, "items": []}


def test_rows_are_whole_and_the_last_of_an_id_wins() -> None:
    """In the order in which they were first found."""
    rows: list[dict[str, Any]] = [
        {"id": "a", "port": 0},
        {"id": "b", "txt": {"k": None}},
        {"id": "a", "port": 80},
    ]
    assert json.loads(written(*rows))["items"] == [rows[2], rows[1]]
    assert json.loads(written({"x": 1}, {"x": 1}))["items"] == [{"x": 1}, {"x": 1}]


def test_hostile_text_is_escaped() -> None:
    """The document is safe to look at."""
    assert r"\u001b[2J" in written({"name": "\x1b[2J"})
