"""JSON lines."""

import io
import json

from lanbridge.cli.formats.jsonl import Writer


def test_each_row_is_a_line_as_it_comes() -> None:
    """Every object carries the version; hostile text is escaped, and a line stays a line."""
    stream = io.StringIO()
    writer = Writer((), stream)
    writer.begin()
    assert stream.getvalue() == ""
    writer.row({"id": "a", "name": "客\x1b\n"})
    assert stream.getvalue() == '{"version": 1, "id": "a", "name": "客\\u001b\\n"}\n'
    writer.row({"id": "a", "port": 80})
    writer.end()
    second = stream.getvalue().splitlines()[1]
    assert json.loads(second) == {"version": 1, "id": "a", "port": 80}
