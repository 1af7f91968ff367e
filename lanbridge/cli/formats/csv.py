"""CSV for spreadsheets: the headings in small letters, then a record for every row as it comes."""

import csv
from collections.abc import Sequence
from typing import TextIO

from lanbridge.cli.output import Column, Row
from lanbridge.core.text import csv_safe


class Writer:
    """Cells that no spreadsheet takes for a formula."""

    def __init__(self, columns: Sequence[Column], stream: TextIO) -> None:
        self._columns = columns
        self._stream = stream
        self._csv = csv.writer(stream, lineterminator="\n")

    def begin(self) -> None:
        """The header."""
        self._csv.writerow([column.heading.lower() for column in self._columns])
        self._stream.flush()

    def row(self, row: Row) -> None:
        """One record."""
        self._csv.writerow([csv_safe(column.cell(row)) for column in self._columns])
        self._stream.flush()

    def end(self) -> None:
        """Nothing left."""
