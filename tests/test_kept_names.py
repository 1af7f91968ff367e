"""names.json: read at the start, written when something changes."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from lanbridge.kept_names import KeptNames
from lanbridge.mdns.memory import Memory


async def keep(state_dir: Path) -> None:
    """Give way once more."""
    memory = Memory()
    kept = KeptNames(state_dir, memory)
    kept.read()
    memory.keep("lamp.local", memory.number("lamp.local") + 1)
    await kept.write()
    await kept.write()


def number(state_dir: Path) -> int:
    """The number of `lamp.local` that a daemon starts with."""

    async def read() -> int:
        memory = Memory()
        KeptNames(state_dir, memory).read()
        return memory.number("lamp.local")

    return asyncio.run(read())


def test_a_name_that_gave_way_is_kept(tmp_path: Path) -> None:
    """And counted on from."""
    asyncio.run(keep(tmp_path))
    asyncio.run(keep(tmp_path))
    assert number(tmp_path) == 3
    assert json.loads((tmp_path / "names.json").read_text())["numbers"] == {"lamp.local": 3}


@pytest.mark.parametrize("content", ["", "[1]", '{"version": 1}', "\x00", "[" * 100_000])
def test_a_damaged_file_is_said_and_counts_for_nothing(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A power cut, or a hand that slipped."""
    (tmp_path / "names.json").write_text(content)
    assert number(tmp_path) == 1
    assert "names.json is damaged" in caplog.text


def test_a_disk_that_refuses_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The names stay chosen for this run."""
    (tmp_path / "state").write_text("a file where the directory should be")
    with caplog.at_level(logging.WARNING):
        asyncio.run(keep(tmp_path / "state"))
    assert caplog.text.count("cannot be written") == 1
