"""What leaves a command: rows to stdout in the format that was asked for, words to stderr."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, TextIO

import click

from lanbridge.cli import plugins

Row = Mapping[str, Any]


def plain(value: Any) -> str:
    """A cell's text: nothing for None, yes or no for a boolean, items with commas between."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(plain, value))
    return str(value)


class Column(NamedTuple):
    """One column of a table or CSV file. `width` is what it is padded to in a pipe.

    key: of the value that `text` gets; "" is the whole row. colours: of cells, as SGR codes. limit:
    of characters in a cell; what strangers say is cut.

    Of lines on a terminal: least: the width that it gives way to; shorten: what a cell that is
    wider than its column, or for the last one than the rest of the line, becomes in that many;
    folds: it goes on in lines below instead.
    """

    key: str
    heading: str
    width: int
    text: Callable[[Any], str] = plain
    colours: Mapping[str, str] = MappingProxyType({})
    limit: int = 255
    least: int | None = None
    shorten: Callable[[str, int], str] | None = None
    folds: bool = False

    def cell(self, row: Row) -> str:
        """The raw text of this column: the format makes it safe for where it goes."""
        return self.text(row.get(self.key) if self.key else row)


class Format(Protocol):
    """How rows are written; a row with the `id` of an earlier one stands for it from then on."""

    def __init__(self, columns: Sequence[Column], stream: TextIO) -> None: ...
    def begin(self) -> None:
        """Once, before all rows."""

    def row(self, row: Row) -> None:
        """One row, at once where the format can."""

    def end(self) -> None:
        """Once, after the last row, and also when the command fails or is interrupted."""


def format_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--format`, given to the command as `format`, for `writing`."""
    return click.option(
        "--format",
        type=click.Choice(plugins.names("formats")),
        default="table",
        show_default=True,
        help="How to print what was found.",
    )(function)


@contextmanager
def writing(
    format: str,
    columns: Sequence[Column],
    *,
    history: bool = False,
    foot: Callable[[], str] | None = None,
) -> Iterator[Callable[[Row], None]]:
    """Begin, hand out the function that takes each row, and end.

    history: the rows are a story, of which nothing is drawn over, on a terminal neither. foot: the
    line that stays below such a story while it goes on, on a terminal only.
    """
    module = plugins.load("formats", format)
    lines = getattr(module, "Lines", None) if history else None
    writer: Format = (
        lines(columns, sys.stdout, foot) if lines else module.Writer(columns, sys.stdout)
    )
    writer.begin()
    try:
        yield writer.row
    finally:
        writer.end()


def can_draw(stream: TextIO) -> bool:
    """Whether it is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def say(text: str) -> None:
    """One line, or several, of the answer itself."""
    print(text)


def complain(text: str, level: Literal["error", "warning"] = "error") -> None:
    """Why there is no answer, or what is wrong with it."""
    print(f"{level}: {text}", file=sys.stderr)


def hint(text: str) -> None:
    """What a person may try next; a script is not told."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr)


def discard_stdout() -> None:
    """After a broken pipe: what is still in the buffer goes nowhere, and says nothing of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
