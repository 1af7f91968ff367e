"""A table for people: live on a terminal, plain aligned lines in a pipe."""

import os
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, TextIO
from unicodedata import combining, east_asian_width

from lanbridge.cli.output import Column, Row
from lanbridge.core.text import printable

if TYPE_CHECKING:
    from rich.table import Table


class Lines:
    """The same widths whatever the rows are, so that the output is stable and needs no waiting.

    Coloured on a terminal only, and not where NO_COLOR is set (no-color.org).
    """

    def __init__(self, columns: Sequence[Column], stream: TextIO) -> None:
        self._columns = columns
        self._stream = stream
        self._coloured = _can_draw(stream) and not os.environ.get("NO_COLOR")

    def begin(self) -> None:
        """The headings."""
        self._write([column.heading for column in self._columns])

    def row(self, row: Row) -> None:
        """One line."""
        self._write([printable(column.cell(row)) for column in self._columns])

    def end(self) -> None:
        """Nothing left."""

    def _write(self, cells: Sequence[str]) -> None:
        padded = (
            self._paint(cell, column) + " " * (column.width - _width(cell))
            for cell, column in zip(cells, self._columns, strict=True)
        )
        self._stream.write("  ".join(padded).rstrip() + "\n")
        self._stream.flush()

    def _paint(self, cell: str, column: Column) -> str:
        code = column.colours.get(cell) if self._coloured else None
        return cell if code is None else f"\x1b[{code}m{cell}\x1b[0m"


class Live:
    """A table that grows and changes in place, drawn by rich."""

    def __init__(self, columns: Sequence[Column], stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live as Screen

        self._columns = columns
        self._rows: dict[object, list[str]] = {}
        self._unnamed = count()
        self._screen = Screen(console=Console(file=stream), get_renderable=self._table)

    def begin(self) -> None:
        """The empty table."""
        self._screen.start()

    def row(self, row: Row) -> None:
        """Put it in its place; the screen follows a few times a second."""
        cells = [printable(column.cell(row)) for column in self._columns]
        self._rows[row.get("id", next(self._unnamed))] = cells

    def end(self) -> None:
        """The whole table once more, and the cursor back."""
        self._screen.stop()

    def _table(self) -> "Table":
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in self._columns:
            table.add_column(column.heading, overflow="fold")
        # Text, not str: rich reads [brackets] in a str as its own markup.
        for cells in list(self._rows.values()):
            table.add_row(*map(Text, cells))
        return table


def Writer(columns: Sequence[Column], stream: TextIO) -> Lines | Live:
    """The live one only for a terminal that can move its cursor."""
    return Live(columns, stream) if _can_draw(stream) else Lines(columns, stream)


def _can_draw(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def _width(text: str) -> int:
    """Cells that a terminal gives `text`: two for 客, none for an accent on the letter before."""
    wide = sum(east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(combining(char) != 0 for char in text)
