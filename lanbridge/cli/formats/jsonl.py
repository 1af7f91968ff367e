"""JSON lines: a whole row each, as it comes, with "version": 1 in every object."""

from collections.abc import Sequence
from typing import TextIO

from lanbridge.cli.output import Column, Row
from lanbridge.core.json_text import json_safe


class Writer:
    """One line for every row, also for one that stands for an earlier row."""

    def __init__(self, columns: Sequence[Column], stream: TextIO) -> None:
        self._stream = stream

    def begin(self) -> None:
        """No heading."""

    def row(self, row: Row) -> None:
        """One line."""
        self._stream.write(json_safe({"version": 1, **row}) + "\n")
        self._stream.flush()

    def end(self) -> None:
        """Nothing left."""
