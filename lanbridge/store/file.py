"""The file: opened, brought to our version, or moved aside when it cannot be used."""

import sqlite3
from pathlib import Path
from typing import NamedTuple

# Each brings a file one version on. Never change one that was released, add the next.
MIGRATIONS = (
    """
    CREATE TABLE service (id TEXT PRIMARY KEY, item TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE device (id TEXT PRIMARY KEY, item TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
)
VERSION = len(MIGRATIONS)

PAGE_BYTES = 4_096
MAX_FILE_BYTES = 64 * 1024 * 1024  # ten times what the registry's bounds let it grow to
MAX_JOURNAL_BYTES = 1024 * 1024  # what stays of the write-ahead log after a storm
MAX_ASIDE = 3  # files of one kind that are kept beside it: a card that dies must not fill itself


class Opened(NamedTuple):
    """moved: a sentence on the file that was there and could not be used, or None."""

    connection: sqlite3.Connection
    moved: str | None


def open_file(path: Path) -> Opened:
    """Raises sqlite3.Error and OSError where no file can be made there."""
    try:
        connection = _connect(path)
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        reason, name = f"it is damaged ({' '.join(str(error).split())})", "damaged"
    else:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version <= VERSION:
            _migrate(connection, version)
            return Opened(connection, None)
        connection.close()
        reason, name = f"a newer lanbridge wrote it (version {version}, not {VERSION})", "newer"
    aside = _move_aside(path, name)
    connection = _connect(path)
    _migrate(connection, 0)
    return Opened(connection, f"{path}: {reason}; it is kept as {aside.name}, and a new one begun")


def _move_aside(path: Path, name: str) -> Path:
    """Where it is then. The first of them stay: what people wrote may be in those alone."""
    numbers = ("", *(f"-{number}" for number in range(2, MAX_ASIDE + 1)))
    places = [path.with_name(f"{path.name}.{name}{number}") for number in numbers]
    aside = next((one for one in places if not one.exists()), places[-1])
    for suffix in ("", "-wal", "-shm"):
        to = aside.with_name(aside.name + suffix)
        try:
            path.with_name(path.name + suffix).replace(to)
        except FileNotFoundError:
            to.unlink(missing_ok=True)  # the log of another file would be taken for its own
    return aside


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether the file itself is at fault, and no disk or permission."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Labels and notes are the operator's; the write-ahead log takes the mode of its file.
    path.touch(mode=0o600)
    # The thread that opens it is not the one that writes it; never are there two at once.
    connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        # No second daemon writes here, and no file of shared memory is needed then.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        # A commit is on the disk when it returns: once a minute that costs nothing.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {MAX_JOURNAL_BYTES}")
        connection.execute(f"PRAGMA max_page_count = {MAX_FILE_BYTES // PAGE_BYTES}")
        (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if result != "ok":
            fault = sqlite3.DatabaseError(result)
            fault.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise fault
        _shrink(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _shrink(connection: sqlite3.Connection) -> None:
    """Give back what a storm has left empty."""
    (pages,), (free,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count")
    )
    if free > 1_000 and free > pages / 2:
        connection.execute("VACUUM")


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT")
