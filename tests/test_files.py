"""Small files that are whole or not there."""

import os
import stat
from pathlib import Path

import pytest

from lanbridge import files


def test_a_file_is_replaced(tmp_path: Path) -> None:
    """Its directories are made, and nothing else is left there."""
    path = tmp_path / "a" / "b" / "token"
    files.replace(path, b"one")
    files.replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask, from its first byte on."""
    before = os.umask(0)
    try:
        files.replace(tmp_path / "token", b"secret")
        files.create(tmp_path / "other", b"secret")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}


def test_what_is_there_is_not_created_again(tmp_path: Path) -> None:
    """The first one stays."""
    files.create(tmp_path / "token", b"one")
    with pytest.raises(FileExistsError):
        files.create(tmp_path / "token", b"two")
    assert (tmp_path / "token").read_bytes() == b"one"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of what was to come."""
    files.replace(tmp_path / "token", b"one")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.replace(tmp_path / "token", b"two")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"one"]


def test_what_root_writes_is_the_daemons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`lanbridge token --rotate` runs as root, and the daemon has to read what it wrote."""
    owner, given = tmp_path.stat(), []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _file, *ids: given.append(ids))
    files.replace(tmp_path / "token", b"secret")
    assert given == [(owner.st_uid, owner.st_gid)]
