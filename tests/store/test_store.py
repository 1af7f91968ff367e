"""Batches that are written whole, and a disk that does not take them."""

import os
from pathlib import Path

import pytest

from lanbridge.store import file
from lanbridge.store.store import Change, Store


def opened(path: Path) -> Store:
    """A store on a file."""
    store = Store(path)
    store.open()
    return store


async def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """With the time of the last write; what is gone is gone."""
    path = tmp_path / "registry.sqlite"
    store = opened(path)
    a, b = Change("service", "a", {"name": "客厅\ud800"}), Change("service", "b", {})
    assert await store.write([a, b, Change("device", "a", {"label": "x"})], 1_000.0)
    assert await store.write([Change("service", "b", None)], 1_000.5)
    store.close()
    store = opened(path)
    assert list(store.items("service")) == [{"name": "客厅\ud800"}]
    assert list(store.items("device")) == [{"label": "x"}]
    assert (store.saved_s, store.problem, store.moved) == (1_000.5, None, None)
    store.close()


async def test_one_bad_row_is_left_out(tmp_path: Path) -> None:
    """And the others are read."""
    path = tmp_path / "registry.sqlite"
    connection, _ = file.open_file(path)
    rows = [("a", "{"), ("b", "[" * 100_000), ("c", '{"c": 1}')]
    connection.executemany("INSERT INTO service VALUES (?, ?)", rows)
    connection.close()
    store = opened(path)
    assert list(store.items("service")) == [{"c": 1}]
    store.close()


async def test_a_full_disk_is_a_problem_and_then_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the batch is written; when there is room, the next one is."""
    path = tmp_path / "registry.sqlite"
    monkeypatch.setattr(file, "MAX_FILE_BYTES", 40 * file.PAGE_BYTES)
    store = opened(path)
    assert await store.write([Change("service", "small", {})], 1.0)
    big = [Change("service", str(number), {"x": "x" * 3_000}) for number in range(100)]
    assert not await store.write(big, 2.0)
    assert "full" in (store.problem or "")
    assert await store.write([Change("service", "other", {})], 3.0)
    assert store.problem is None
    assert len(list(store.items("service"))) == 2
    store.close()


async def test_every_text_comes_back_as_it_was(tmp_path: Path) -> None:
    """Whatever strangers put into names: half a character, NUL, the quotes of JSON and of SQL."""
    store = opened(tmp_path / "registry.sqlite")
    odd = {"name": "客厅 \ud800 \x00 \"'\\ \n \U0001f4a1", "ttl_s": 120, "seen": 1764059604.123456}
    assert await store.write([Change("device", "a\"'b \ud800", odd)], 1.0)
    assert list(store.items("device")) == [odd]
    assert await store.write([Change("device", "a\"'b \ud800", None)], 2.0)
    assert list(store.items("device")) == []
    store.close()


async def test_a_directory_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    """The daemon goes on without; when it can be made, it is."""
    place = tmp_path / "state"
    place.write_text("a file where the directory should be")
    store = opened(place / "registry.sqlite")
    assert store.problem is not None
    assert list(store.items("service")) == []
    assert store.saved_s == 0.0
    assert not await store.write([Change("service", "a", {})], 1.0)
    place.unlink()
    assert await store.write([Change("service", "a", {})], 2.0)
    assert store.problem is None
    store.close()


async def test_a_file_that_breaks_while_it_is_used_is_moved_aside(tmp_path: Path) -> None:
    """A card that dies: the next write begins a new one."""
    path = tmp_path / "registry.sqlite"
    store = opened(path)
    big = [Change("service", str(number), {"x": "x" * 3_000}) for number in range(2_000)]
    assert await store.write(big, 1.0)
    store.close()
    store = opened(path)
    with path.open("r+b") as broken:
        os.pwrite(broken.fileno(), b"\xa5" * (path.stat().st_size - 4_096), 4_096)
    assert not await store.write(big, 2.0)  # more than SQLite keeps in memory
    assert "malformed" in (store.problem or "")
    assert await store.write([Change("service", "a", {})], 3.0)
    assert "damaged" in (store.moved or "")
    assert list(store.items("service")) == [{}]
    store.close()


async def test_a_second_daemon_does_not_write_into_the_file_of_the_first(tmp_path: Path) -> None:
    """It says so, and goes on without a disk."""
    first = opened(tmp_path / "registry.sqlite")
    assert await first.write([Change("service", "a", {})], 1.0)
    second = opened(tmp_path / "registry.sqlite")
    assert "locked" in (second.problem or "")
    second.close()
    first.close()
