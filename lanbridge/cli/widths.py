"""How many cells of a terminal a text takes, and how it is made to take less."""

from unicodedata import combining, east_asian_width


def width(text: str) -> int:
    """Cells that a terminal gives `text`: two for 客, none for an accent on the letter before."""
    wide = sum(east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(combining(char) != 0 for char in text)


def cut(text: str, room: int) -> str:
    """The beginning of a text that is wider than `room`."""
    while text and width(text) >= room:
        text = text[:-1]
    return text + "…"


def whole_parts(text: str, room: int) -> str:
    """Of words with commas between, those that have room: half an address is a wrong one."""
    kept: list[str] = []
    for part in text.split(", "):
        if width(", ".join([*kept, part])) + 2 <= room:
            kept.append(part)
    return f"{', '.join(kept)} …".strip()


def padded(text: str, room: int) -> str:
    """Spaces behind it, until it takes that many cells."""
    return text + " " * (room - width(text))


def folded(text: str, room: int, first: int | None = None) -> list[str]:
    """Lines of at most `room` cells, the first of `first`; a word is broken if it has no room."""
    lines, left = [""], room if first is None else first
    if width(text) <= left:
        return [text]
    for word in text.split():
        gap = " " if lines[-1] else ""
        if width(gap + word) > left and (gap or left < room):
            lines.append("")
            gap, left = "", room
        while len(word) > 1 and width(word) > left:
            fits = _that_fits(word, left)
            lines[-1] += word[:fits]
            lines.append("")
            word, left = word[fits:], room
        lines[-1] += gap + word
        left -= width(gap + word)
    return lines


def _that_fits(word: str, room: int) -> int:
    """How many characters, at least one: a window may be narrower than 客."""
    used = 0
    for number, char in enumerate(word):
        used += width(char)
        if used > room:
            return max(1, number)
    return len(word)
