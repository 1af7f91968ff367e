"""JSON that is safe to look at, and still the same JSON."""

import json

import pytest

from lanbridge.core.json_text import json_safe


def test_what_people_read_stays() -> None:
    """Names are shown in their own script, emoji included."""
    assert json_safe({"name": "客厅 é 💡"}) == '{"name": "客厅 é 💡"}'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\x1b[2J", r"\u001b[2J"),
        ("\x7f", r"\u007f"),
        ("\x9b", r"\u009b"),
        ("\u202e", r"\u202e"),
        ("\u2028", r"\u2028"),
        ("\u200b", r"\u200b"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\udb40\udc41"),
    ],
    ids=["escape", "delete", "csi", "bidi", "line", "zero-width", "surrogate", "tag"],
)
def test_what_could_deceive_is_escaped_and_parses_back(text: str, written: str) -> None:
    """A terminal gets nothing that it would act on; a parser gets the text."""
    assert json_safe([text]) == f'["{written}"]'
    assert json.loads(json_safe([text])) == [text]


def test_indentation_is_kept() -> None:
    """The line feeds of a document are its own, those of a value are escapes."""
    assert json_safe({"a": "x\ny\u202e"}, indent=2) == '{\n  "a": "x\\ny\\u202e"\n}'
