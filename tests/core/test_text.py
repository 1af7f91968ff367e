"""What may reach a terminal, and what a reader gets to see instead."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lanbridge.core.text import csv_safe, exact, printable

KEPT = {
    "empty": "",
    "ascii": "Kitchen lamp (2)",
    "backslash": r"C:\lamp \u{1b}",
    "chinese": "客厅的灯",
    "ideographic space": "客厅\u3000灯",
    "no-break space": "la\u00a0lampe\u202f!",
    "combining accent": "cafe\u0301",
    "arabic": "مصباح",
    "emoji": "Lamp 💡🏽",
    "emoji presentation": "❤\ufe0f ☎\ufe0e ‼\ufe0f ㊙\ufe0f 🅰\ufe0f",
    "flag": "🇨🇳",
    "replacement character": "\ufffd",
}

ESCAPED = {
    "escape sequence": ("\x1b[2J", r"\u{1b}[2J"),
    "newline and tab": ("a\nb\tc\r", r"a\u{a}b\u{9}c\u{d}"),
    "del": ("\x7f", r"\u{7f}"),
    "c1 csi": ("\x9b2J", r"\u{9b}2J"),
    "next line": ("\x85", r"\u{85}"),
    "arabic letter mark": ("\u061c", r"\u{61c}"),
    "left-to-right mark": ("\u200e\u200f", r"\u{200e}\u{200f}"),
    "right-to-left override": ("lamp\u202egpj", r"lamp\u{202e}gpj"),
    "isolates": ("\u2066\u2069", r"\u{2066}\u{2069}"),
    "zero-width space": ("la\u200bmp", r"la\u{200b}mp"),
    "zero-width joiner in an emoji": ("👨\u200d👧", r"👨\u{200d}👧"),
    "byte order mark": ("\ufefflamp", r"\u{feff}lamp"),
    "soft hyphen": ("la\u00admp", r"la\u{ad}mp"),
    "word joiner": ("\u2060", r"\u{2060}"),
    "hangul fillers": ("\u115f\u1160\u3164\uffa0", r"\u{115f}\u{1160}\u{3164}\u{ffa0}"),
    "line separator": ("\u2028\u2029", r"\u{2028}\u{2029}"),
    "lone surrogate": ("\ud800", r"\u{d800}"),
    "private use": ("\ue000\U000f0000", r"\u{e000}\u{f0000}"),
    "unassigned": ("\u0378", r"\u{378}"),
    "noncharacter": ("\ufffe\U0010ffff", r"\u{fffe}\u{10ffff}"),
    "tag characters": ("🏴\U000e0067", r"🏴\u{e0067}"),
    "variation selector on a letter": ("a\ufe0f", r"a\u{fe0f}"),
    "second variation selector": ("❤\ufe0f\ufe0f", "❤\ufe0f" + r"\u{fe0f}"),
    "leading variation selector": ("\ufe0f", r"\u{fe0f}"),
    "text hidden in selectors": ("😀\ufe00\U000e0100", r"😀\u{fe00}\u{e0100}"),
}

CUT = {
    "ascii at the limit": ("abcd", 4, "abcd"),
    "ascii beyond": ("abcde", 4, "abc…"),
    "wide at the limit": ("灯灯灯灯", 4, "灯灯灯灯"),
    "wide beyond": ("灯灯灯灯灯", 4, "灯灯灯…"),
    "escape at the limit": ("\x1b", 6, r"\u{1b}"),
    "no half escape": ("ab\x1b", 7, "ab…"),
    "no room for the ellipsis after an escape": ("\x1bab", 7, r"\u{1b}…"),
    "nothing fits": ("\x1b", 1, "…"),
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_ordinary_text_is_kept(text: str) -> None:
    """Letters, marks, spaces and symbols of every script pass unchanged."""
    assert printable(text) == text


@pytest.mark.parametrize(("text", "shown"), ESCAPED.values(), ids=ESCAPED)
def test_deceptive_text_is_escaped(text: str, shown: str) -> None:
    """What drives a terminal, hides, or turns the line around is shown as its code point."""
    assert printable(text) == shown


@pytest.mark.parametrize(("text", "limit", "shown"), CUT.values(), ids=CUT)
def test_long_text_is_cut(text: str, limit: int, shown: str) -> None:
    """The result, escapes and ellipsis included, has at most `limit` characters."""
    assert printable(text, limit) == shown


ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text("a灯\x1b\u202e\ufe0f❤\u200d\\")


@given(ANY_TEXT, st.integers(1, 40))
@example("\x00\ufe0f", 40)
def test_output_is_safe(text: str, limit: int) -> None:
    """Whatever comes in, no control, format, surrogate or unassigned character comes out."""
    shown = printable(text, limit)
    assert len(shown) <= limit
    bad = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert [char for char in shown if unicodedata.category(char) in bad] == []
    shown.encode()


@given(ANY_TEXT, st.integers(1, 40))
def test_printable_is_idempotent(text: str, limit: int) -> None:
    """Making safe text safe changes nothing, so no caller need know whether it was done."""
    shown = printable(text, limit)
    assert printable(shown, limit) == shown


@given(ANY_TEXT)
@example("客厅\u3000灯\u00a0")
def test_the_exact_form_has_no_space_but_one(text: str) -> None:
    """What looks like a space and is another one is an escape, all else is as printable has it."""
    shown = exact(text)
    assert not any(char.isspace() and char != " " for char in shown)
    assert exact(printable(text)) == shown


@pytest.mark.parametrize("lead", list("=+-@＝＋－＠"))
def test_formulas_are_defused(lead: str) -> None:
    """A cell that a spreadsheet would compute begins with an apostrophe."""
    assert csv_safe(f"{lead}cmd|' /C calc'!A0") == f"'{lead}cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    ("text", "cell"),
    [("lamp", "lamp"), ("", ""), ("a=b", "a=b"), ("\t=1", r"\u{9}=1"), ("\r=1", r"\u{d}=1")],
)
def test_other_cells_are_printable(text: str, cell: str) -> None:
    """Any other cell is just printable; TAB and CR, which OWASP names too, are escapes by then."""
    assert csv_safe(text) == cell


@given(ANY_TEXT)
def test_csv_cells_never_start_a_formula(text: str) -> None:
    """No text makes a cell that starts with a character of OWASP's list."""
    assert not csv_safe(text).startswith(("=", "+", "-", "@", "\t", "\r"))
