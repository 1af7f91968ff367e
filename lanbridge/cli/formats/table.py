"""A table for people: live on a terminal, plain aligned lines in a pipe."""

import os
from collections.abc import Callable, Sequence
from itertools import count
from shutil import get_terminal_size
from typing import TYPE_CHECKING, TextIO

from lanbridge.cli.output import Column, Row, can_draw
from lanbridge.cli.widths import width
from lanbridge.core.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

# A word that is longer is broken: names of strangers do not decide how all the others are shown.
WORD_MAX = 12
LAST_MIN = 18  # of a line on a terminal, for the last column: an IPv4 address and a mark of more
ERASE = "\r\x1b[K"


class Lines:
    """The same widths whatever the rows are, so that the output is stable and needs no waiting.

    On a terminal they give way, so that a row is a line there too; they are coloured there only,
    and not where NO_COLOR is set (no-color.org). foot: asked after each row for a line that stays
    below them, on a terminal only.
    """

    def __init__(
        self, columns: Sequence[Column], stream: TextIO, foot: Callable[[], str] | None = None
    ) -> None:
        self._columns = columns
        self._stream = stream
        self._drawn = can_draw(stream)
        self._coloured = self._drawn and not os.environ.get("NO_COLOR")
        self._foot = foot if self._drawn else None

    def begin(self) -> None:
        """The headings."""
        self._write([column.heading for column in self._columns])

    def row(self, row: Row) -> None:
        """One line."""
        self._write([printable(column.cell(row), column.limit) for column in self._columns])

    def end(self) -> None:
        """The foot gives way to what comes after it."""
        if self._foot:
            self._stream.write(ERASE)
            self._stream.flush()

    def _write(self, cells: Sequence[str]) -> None:
        room = get_terminal_size().columns  # at this moment: windows are dragged
        widths = [column.width for column in self._columns]
        if self._drawn:
            widths = _narrowed(self._columns, room)
        pieces: list[str] = []
        used = 0
        for cell, column, wanted in zip(cells, self._columns, widths, strict=True):
            most, shown = wanted or room - used, cell
            if self._drawn and column.shorten and cell and width(cell) > most:
                shown = column.shorten(cell, most)
            if shown or wanted:
                padding = " " * (wanted - width(shown))
                pieces.append(self._paint(shown, column.colours.get(cell)) + padding)
                used += width(shown) + len(padding) + 2
        line = "  ".join(pieces).rstrip() + "\n"
        if self._foot:  # all in one piece: nothing is seen half drawn
            foot = self._foot()[: room - 1]
            line = f"{ERASE}{line}{foot}"
        self._stream.write(line)
        self._stream.flush()

    def _paint(self, text: str, code: str | None) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if code and self._coloured else text


class Live:
    """A table that grows and changes in place, drawn by rich."""

    def __init__(self, columns: Sequence[Column], stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live as Screen

        self._columns = columns
        self._rows: dict[object, list[str]] = {}
        self._unnamed = count()
        self._console = Console(file=stream)
        self._screen = Screen(console=self._console, get_renderable=self._drawing)

    def begin(self) -> None:
        """The empty table."""
        self._screen.start()

    def row(self, row: Row) -> None:
        """Put it in its place; the screen follows a few times a second."""
        cells = [printable(column.cell(row), column.limit) for column in self._columns]
        self._rows[row.get("id", next(self._unnamed))] = cells

    def end(self) -> None:
        """The whole table once more, and the cursor back."""
        self._screen.stop()

    def _drawing(self) -> "RenderableType":
        """A table; where one would have to break words, what is known of each below its name."""
        rows = list(self._rows.values())
        headings = [column.heading for column in self._columns]
        room = self._console.width - 2 - 3 * (len(headings) - 1)  # what rich puts between them
        widths = _fit([headings, *rows], room)
        return self._records(rows) if widths is None else self._table(rows, widths)

    def _table(self, rows: Sequence[Sequence[str]], widths: Sequence[int]) -> "RenderableType":
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column, wanted in zip(self._columns, widths, strict=True):
            table.add_column(column.heading, overflow="fold", width=wanted)
        # Text, not str: rich reads [brackets] in a str as its own markup.
        for cells in rows:
            table.add_row(*map(Text, cells))
        return table

    def _records(self, rows: Sequence[Sequence[str]]) -> "RenderableType":
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        parts: list[RenderableType] = []
        for name, *cells in rows:
            record = Table.grid(padding=(0, 2, 0, 0))
            for column, cell in zip(self._columns[1:], cells, strict=True):
                if cell:
                    record.add_row(Text("  " + column.heading), Text(cell, overflow="fold"))
            parts += [Text(name, overflow="fold"), record, Text()]
        return Group(*parts)


def Writer(columns: Sequence[Column], stream: TextIO) -> Lines | Live:
    """The live one only for a terminal that can move its cursor."""
    return Live(columns, stream) if can_draw(stream) else Lines(columns, stream)


def _narrowed(columns: Sequence[Column], room: int) -> list[int]:
    """The least widths of lines, and those that want least more have it first."""
    widths = [column.width if column.least is None else column.least for column in columns]
    wants = [column.width - least for column, least in zip(columns, widths, strict=True)]
    spare = room - sum(widths) - 2 * (len(widths) - 1) - LAST_MIN
    for index in sorted(range(len(wants)), key=wants.__getitem__):
        more = max(0, min(wants[index], spare))
        widths[index] += more
        spare -= more
    return widths


def _fit(rows: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """A width for each column, all together within `room`; None where words would be broken."""
    columns = list(zip(*rows, strict=True))
    whole = [max(map(width, cells)) for cells in columns]
    widths = [
        min(WORD_MAX, max(width(word) for cell in cells for word in cell.split() or ("",)))
        for cells in columns
    ]
    spare = room - sum(widths)
    if spare < 0:
        return None
    wanting = sorted(range(len(widths)), key=lambda index: whole[index] - widths[index])
    for place, index in enumerate(wanting):  # who wants least first: what is left is for others
        more = min(whole[index] - widths[index], spare // (len(wanting) - place))
        widths[index] += more
        spare -= more
    return widths
