"""Reading at the start, and writing batches in a thread of its own."""

import asyncio
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from lanbridge.store.file import is_corrupt, open_file

TABLES = ("service", "device")
ROWS = 100  # of one statement: more take memory that the daemon then keeps


class Change(NamedTuple):
    """An item as it is now, or None where it is gone. `table`: one of TABLES."""

    table: str
    id: str
    item: dict[str, Any] | None


class Store:
    """`problem`: why nothing can be written now, or None. `moved`: see `file.Opened`.

    Nothing here raises for what a disk does: the daemon goes on without one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self.problem: str | None = None
        self.moved: str | None = None
        self.writes = 0

    def open(self) -> None:
        """Open the file, or say why not; to be called again after a problem."""
        try:
            self._connection, moved = open_file(self._path)
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
        else:
            self.moved = moved or self.moved
            self.problem = None

    def items(self, table: str) -> Iterator[Any]:
        """What is kept; a row that is no JSON is left out."""
        assert table in TABLES
        for (text,) in self._rows(f"SELECT item FROM {table}"):  # noqa: S608  # one of ours
            try:
                yield json.loads(text)
            except (ValueError, RecursionError):
                continue

    @property
    def saved_s(self) -> float:
        """Unix time of the last write."""
        for (text,) in self._rows("SELECT value FROM fact WHERE name = 'saved'"):
            return float(text)
        return 0.0

    async def write(self, changes: Iterable[Change], now_s: float) -> bool:
        """One transaction, on the disk when this returns True; all of it or nothing."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, self._write, tuple(changes), now_s)

    def close(self) -> None:
        """After the last write."""
        self._writer.shutdown()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # In the thread

    def _write(self, changes: Sequence[Change], now_s: float) -> bool:
        if self._connection is None:
            self.open()
        if self._connection is None:
            return False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for table in TABLES:
                mine = [one for one in changes if one.table == table]
                for at in range(0, len(mine), ROWS):
                    self._put(table, mine[at : at + ROWS])
            saved = "INSERT OR REPLACE INTO fact VALUES ('saved', ?)"
            self._connection.execute(saved, (repr(now_s),))
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._fail(error)
            return False
        self.problem = None
        self.writes += 1
        return True

    def _put(self, table: str, changes: Iterable[Change]) -> None:
        """In two statements: each takes the interpreter's lock from the packets and back."""
        assert self._connection is not None
        items = {one.id: one.item for one in changes}
        gone = json.dumps([id_ for id_, item in items.items() if item is None])
        kept = ",".join(
            f"{json.dumps(id_)}:{json.dumps(item)}"
            for id_, item in items.items()
            if item is not None
        )
        delete = f"DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
        self._connection.execute(delete, (gone,))
        insert = f"INSERT OR REPLACE INTO {table} SELECT key, value FROM json_each(?)"  # noqa: S608
        self._connection.execute(insert, (f"{{{kept}}}",))

    def _fail(self, error: Exception) -> None:
        self.problem = f"{self._path}: nothing is kept on disk now ({error})"
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            pass
        if isinstance(error, sqlite3.Error) and is_corrupt(error):
            # Opened again at the next write, which moves it aside.
            self._connection.close()
            self._connection = None

    def _rows(self, query: str) -> Iterator[tuple[str]]:
        if self._connection is None:
            return
        try:
            yield from self._connection.execute(query)
        except sqlite3.Error as error:
            self._fail(error)
