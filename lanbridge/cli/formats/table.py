"""A table for people: live on a terminal, plain aligned lines in a pipe."""

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import count, zip_longest
from shutil import get_terminal_size
from typing import TYPE_CHECKING, TextIO

from lanbridge.cli.output import Column, Row, can_draw
from lanbridge.cli.widths import folded, padded, width
from lanbridge.core.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

# Of the first column: names of strangers do not decide how all the others are shown.
NAME_MAX = 32
TEXT_MIN = 40  # narrower than this, running text stands below its row
GAP = 2  # between columns
INDENT = 4  # of what goes on in another line
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
        text = self._fitted(cells, room) if self._drawn else self._whole(cells)
        if self._foot:  # all in one piece: nothing is seen half drawn
            foot = self._foot()[: room - 1]
            text = f"{ERASE}{text}{foot}"
        self._stream.write(text)
        self._stream.flush()

    def _whole(self, cells: Sequence[str]) -> str:
        """Every cell as it is, in columns that stay where they are."""
        wide = [column.width for column in self._columns]
        shown = [padded(cell, each) for cell, each in zip(cells, wide, strict=True) if cell or each]
        return (" " * GAP).join(shown).rstrip() + "\n"

    def _fitted(self, cells: Sequence[str], room: int) -> str:
        """A line of the terminal; several where a sentence goes on, or the window is narrow."""
        widths, is_narrow = _narrowed(self._columns, room)
        lines: list[list[str]] = [[]]
        used = 0
        for cell, column, wanted in zip(cells, self._columns, widths, strict=True):
            line = lines[-1]
            if column.folds and width(cell) > room - used:  # it begins where nothing is before it
                while line and not line[-1].strip():
                    used -= len(line.pop()) + GAP
            if cell and is_narrow and line and used + min(width(cell), wanted or LAST_MIN) > room:
                line, used = [" " * (INDENT - GAP)], INDENT
                lines.append(line)
            shown, *more = self._shortened(cell, column, wanted, room - used)
            if shown or wanted:
                padding = " " * (wanted - width(shown))
                line.append(self._paint(shown, column.colours.get(cell)) + padding)
            if more:  # the rest of its line is free for it
                lines += [[" " * (used - GAP), each] for each in more]
                break
            used += max(wanted, width(shown)) + GAP if shown or wanted else 0
        return "".join((" " * GAP).join(line).rstrip() + "\n" for line in lines)

    @staticmethod
    def _shortened(cell: str, column: Column, wanted: int, left: int) -> list[str]:
        """What is shown of a cell in its column, of `wanted` or all that is left of the line."""
        if column.folds:
            return folded(cell, max(1, left))
        if column.shorten and cell and width(cell) > (wanted or left):
            return [column.shorten(cell, wanted or left) if wanted or left > 0 else ""]
        return [cell]

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
        """A line for each row; columns that have no room beside the others stand below it."""
        from rich.text import Text

        rows = list(self._rows.values())
        headings = [column.heading for column in self._columns]
        room = self._console.width - 1  # a terminal may wrap a line that fills it
        widths = _beside(headings, rows, room)
        drawn = Text(no_wrap=True, overflow="crop")
        if len(widths) > 1:
            drawn.append(_row(headings, widths), style="bold")
            drawn.append("─" * (sum(widths.values()) + GAP * (len(widths) - 1)) + "\n")
        for cells in rows:
            below = [index for index, cell in enumerate(cells) if cell and index not in widths]
            drawn.append(_row(cells, widths))
            indent = 2 + GAP + max((width(headings[index]) for index in below), default=0)
            for index in below:
                first = f"  {headings[index]}".ljust(indent)
                drawn.append(_below(first, cells[index], room))
            if len(widths) == 1:
                drawn.append("\n")
        drawn.right_crop(1)
        return drawn


def Writer(columns: Sequence[Column], stream: TextIO) -> Lines | Live:
    """The live one only for a terminal that can move its cursor."""
    return Live(columns, stream) if can_draw(stream) else Lines(columns, stream)


def _narrowed(columns: Sequence[Column], room: int) -> tuple[list[int], bool]:
    """The least widths of lines, and those that want least more have it first.

    Also whether not even those have room.
    """
    widths = [column.width if column.least is None else column.least for column in columns]
    wants = [column.width - least for column, least in zip(columns, widths, strict=True)]
    spare = room - sum(widths) - GAP * (len(widths) - 1) - LAST_MIN
    is_narrow = spare + GAP * widths.count(0) < GAP  # of those that want no width one is the last
    for index in sorted(range(len(wants)), key=wants.__getitem__):
        more = max(0, min(wants[index], spare))
        widths[index] += more
        spare -= more
    return widths, is_narrow


def _beside(headings: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> dict[int, int]:
    """The width of each column that has room beside the first, by its index.

    No cell takes a second line, but for one column of running text. The widest have to go first.
    """
    columns = list(zip(headings, *rows, strict=True))
    whole = [max(map(width, cells)) for cells in columns]
    kept = [index for index, cells in enumerate(columns) if index == 0 or any(cells[1:] or cells)]
    first = min(whole[0], NAME_MAX)
    while len(kept) > 1:
        widest = max(kept[1:], key=whole.__getitem__)
        others = first + sum(whole[index] for index in kept[1:] if index != widest)
        left = room - others - GAP * (len(kept) - 1)
        if whole[widest] > left >= TEXT_MIN:
            whole[widest] = max(left, _longest_word(columns[widest]))
        if whole[widest] <= left:
            return {index: whole[index] if index else first for index in kept}
        kept.remove(widest)
    return {0: room}


def _longest_word(cells: Sequence[str]) -> int:
    return max(width(word) for cell in cells for word in cell.split() or ("",))


def _row(cells: Sequence[str], widths: Mapping[int, int]) -> str:
    """The cells beside each other, in as many lines as the longest takes."""
    columns = [folded(cells[index], each) for index, each in widths.items()]
    lines = []
    for parts in zip_longest(*columns, fillvalue=""):
        line = (padded(part, each) for part, each in zip(parts, widths.values(), strict=True))
        lines.append((" " * GAP).join(line).rstrip() + "\n")
    return "".join(lines)


def _below(first: str, cell: str, room: int) -> str:
    """A cell behind its heading, and its next lines below where it begins, if there is room."""
    indent = len(first) if room - len(first) >= TEXT_MIN else INDENT
    lines = folded(cell, room - indent, room - len(first))
    return "".join(
        f"{' ' * indent if number else first}{line}\n" for number, line in enumerate(lines)
    )
