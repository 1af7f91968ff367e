"""What a stranger sent, made safe for a terminal, a log line, a table and a spreadsheet.

For people only: the escapes are not meant to be undone, JSON keeps the raw form beside them.
"""

# Zs: str.isprintable() refuses all spaces but U+0020, and a name like 客厅　灯 holds U+3000.
_SPACES = frozenset("\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))))

# Characters that isprintable() accepts although nothing is drawn: Hangul and Khmer fillers, the
# grapheme joiner, and the variation selectors, in whose runs whole messages are hidden.
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)

_PRESENTATION = "\ufe0e\ufe0f"  # text or emoji style of the symbol before it, as in ❤️ and ☎︎

_FORMULA = tuple("=+-@＝＋－＠")  # OWASP, CSV injection; spreadsheets fold the wide forms


def printable(text: str, limit: int = 255) -> str:
    r"""`text` with all that could deceive a reader or drive a terminal written as `\u{hex}`.

    Escaped: C0, DEL, C1, bidi controls, everything of no width (so a ZWJ inside an emoji too: its
    parts are then drawn side by side), line separators, tags, lone surrogates, private and
    unassigned code points, and variation selectors that select nothing. Kept: every other letter,
    space and symbol, and the backslash, which makes the function its own fixed point.

    limit: characters of the result, at least 1; a longer one ends in an ellipsis, and no escape
    is cut in two.
    """
    if text.isascii() and text.isprintable():
        return text if len(text) <= limit else text[: limit - 1] + "…"
    pieces: list[str] = []
    before, room = "", limit
    for char in text:
        piece = char if _is_safe(char, before) else f"\\u{{{ord(char):x}}}"
        pieces.append(piece)
        before, room = char, room - len(piece)
        if room < 0:
            while room < 1:
                room += len(pieces.pop())
            return "".join(pieces) + "…"
    return "".join(pieces)


def exact(text: str) -> str:
    """`printable(text)` for a word that a machine reads: of all spaces only U+0020 is kept.

    `192.168.1.20` with a no-break space behind it, as it is copied from a chat, looks right.
    """
    return "".join(f"\\u{{{ord(char):x}}}" if char in _SPACES else char for char in printable(text))


def csv_safe(text: str) -> str:
    """`printable(text)` as a cell that no spreadsheet takes for a formula.

    OWASP asks for an apostrophe before = + - @ TAB CR; the last two are already escapes here.
    """
    shown = printable(text)
    return "'" + shown if shown.startswith(_FORMULA) else shown


def _is_safe(char: str, before: str) -> bool:
    if char in _INVISIBLE:
        # One presentation selector after a symbol is ordinary writing, all others are smuggling.
        return char in _PRESENTATION and ("\u203c" <= before <= "\u3299" or before >= "\U0001f000")
    return char.isprintable() or char in _SPACES
