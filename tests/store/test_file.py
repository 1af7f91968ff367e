"""The SQLite file: begun, taken over, or moved aside."""

import sqlite3
from pathlib import Path

import pytest

from lanbridge.store import file as module
from lanbridge.store.file import MAX_ASIDE, VERSION, open_file


def put(path: Path, id_: str) -> None:
    """One service, as an earlier run left it."""
    connection, moved = open_file(path)
    assert moved is None
    connection.execute("INSERT INTO service VALUES (?, '{}')", (id_,))
    connection.close()


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    """Nor its write-ahead log."""
    connection, _ = open_file(tmp_path / "registry.sqlite")
    connection.execute("INSERT INTO service VALUES ('a', '{}')")
    modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
    connection.close()
    assert modes == {"registry.sqlite": 0o600, "registry.sqlite-wal": 0o600}


def ids(path: Path) -> tuple[list[str], str | None]:
    """What is in it, and what was said of an older one."""
    connection, moved = open_file(path)
    found = [id_ for (id_,) in connection.execute("SELECT id FROM service")]
    connection.close()
    return found, moved


def test_a_file_is_begun_with_its_directory_and_taken_over(tmp_path: Path) -> None:
    """And has the version of its schema."""
    path = tmp_path / "state" / "registry.sqlite"
    put(path, "a")
    assert ids(path) == (["a"], None)
    (version,) = sqlite3.connect(path).execute("PRAGMA user_version").fetchone()
    assert version == VERSION


@pytest.mark.parametrize("damage", ["text", "head", "middle", "empty pages"])
def test_a_damaged_file_is_moved_aside_with_its_reason(tmp_path: Path, damage: str) -> None:
    """What is left of it is kept for who can read it, and a new one is begun."""
    path = tmp_path / "registry.sqlite"
    for number in range(200):
        put(path, f"{number:0100}")
    data = bytearray(path.read_bytes())
    if damage == "text":
        data[:] = b"this is no database, but it is long enough to be one" * 100
    elif damage == "head":
        data[0:100] = bytes(100)
    elif damage == "middle":
        data[4_096:] = b"\xa5" * (len(data) - 4_096)
    else:
        data[8_192:] = bytes(len(data) - 8_192)
    path.write_bytes(data)
    found, moved = ids(path)
    assert found == []
    assert moved is not None
    assert "damaged" in moved
    assert moved.isprintable()  # SQLite speaks in several lines
    assert (tmp_path / "registry.sqlite.damaged").read_bytes() == bytes(data)
    assert ids(path) == ([], None)


def test_the_first_damaged_files_are_kept(tmp_path: Path) -> None:
    """What people wrote may be in the first alone; the last gives way to the next."""
    path = tmp_path / "registry.sqlite"
    for number in range(MAX_ASIDE + 2):
        path.write_text(f"no database {number}" * 100)
        (tmp_path / "registry.sqlite-wal").unlink(missing_ok=True)
        if number == MAX_ASIDE:
            (tmp_path / "registry.sqlite-wal").write_text("of number 3")
        assert ids(path)[0] == []
    kept = {one.name: one.read_text()[:13] for one in tmp_path.glob("registry.sqlite.*")}
    assert kept == {
        "registry.sqlite.damaged": "no database 0",
        "registry.sqlite.damaged-2": "no database 1",
        "registry.sqlite.damaged-3": "no database 4",
    }


def test_a_file_of_a_newer_lanbridge_is_moved_aside(tmp_path: Path) -> None:
    """After a downgrade; it is whole, and can be put back."""
    path = tmp_path / "registry.sqlite"
    put(path, "a")
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    found, moved = ids(path)
    assert found == []
    assert moved is not None
    assert "newer lanbridge" in moved
    assert sqlite3.connect(tmp_path / "registry.sqlite.newer").execute(
        "SELECT id FROM service"
    ).fetchall() == [("a",)]


def test_an_older_file_is_brought_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the migrations it has not had, and by no other."""
    path = tmp_path / "registry.sqlite"
    put(path, "a")
    later = "ALTER TABLE service ADD COLUMN colour TEXT DEFAULT 'red'"
    monkeypatch.setattr(module, "MIGRATIONS", (*module.MIGRATIONS, later))
    monkeypatch.setattr(module, "VERSION", VERSION + 1)
    connection, moved = open_file(path)
    assert moved is None
    assert connection.execute("SELECT id, colour FROM service").fetchall() == [("a", "red")]
    connection.close()


def test_what_a_storm_left_empty_is_given_back(tmp_path: Path) -> None:
    """At the next start."""
    path = tmp_path / "registry.sqlite"
    connection, _ = open_file(path)
    rows = [(str(number), "x" * 4_000) for number in range(3_000)]
    connection.executemany("INSERT INTO service VALUES (?, ?)", rows)
    connection.execute("DELETE FROM service")
    connection.close()
    full = path.stat().st_size
    put(path, "a")
    assert path.stat().st_size < full / 100
