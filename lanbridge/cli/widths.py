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
