"""One JSON document, written at the end: {"version": 1, "items": [...]}."""

from collections.abc import Sequence
from typing import TextIO

from lanbridge.cli.output import Column, Row
from lanbridge.core.json_text import json_safe


class Writer:
    """Whole rows, not only the columns; of rows with one `id` the last."""

    def __init__(self, columns: Sequence[Column], stream: TextIO) -> None:
        self._stream = stream
        self._rows: dict[object, Row] = {}

    def begin(self) -> None:
        """Nothing yet."""

    def row(self, row: Row) -> None:
        """Keep it."""
        self._rows[row.get("id", len(self._rows))] = row

    def end(self) -> None:
        """The document."""
        document = {"version": 1, "items": list(self._rows.values())}
        self._stream.write(json_safe(document, indent=2) + "\n")
