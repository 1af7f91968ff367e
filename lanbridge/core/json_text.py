"""JSON that is safe to look at: what strangers sent cannot drive the terminal it is shown on."""

import json
from functools import lru_cache
from typing import Any


def json_safe(value: Any, indent: int | None = None) -> str:
    r"""JSON of `value` as people read it: 客厅 stays 客厅, and what is not printed is `\uXXXX`.

    That is: controls, bidi marks, line separators, lone surrogates. A parser reads the same text.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isprintable():
        return text
    # A raw line feed is the indentation's: inside a string json.dumps has escaped it.
    return "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in text)


@lru_cache(maxsize=256)  # bounded: strangers' characters; a mebibyte of one of them took seconds
def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
