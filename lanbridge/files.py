"""Small files of the state directory, written whole or not at all, and readable by their owner."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Write it over what is there. Raises OSError, and what was there stays."""
    _write(path, data, os.replace)


def create(path: Path, data: bytes) -> None:
    """Write it where nothing is. Raises OSError, FileExistsError where another was first."""
    _write(path, data, os.link)  # which fails where the name exists, unlike every rename


def _write(path: Path, data: bytes, give_name: Callable[[str, Path], None]) -> None:
    """Under another name first: a power cut leaves the old file or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(  # 0600
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            if os.geteuid() == 0:
                # Root writes for the daemon, which runs as the owner of the directory.
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            give_name(file.name, path)
        finally:
            Path(file.name).unlink(missing_ok=True)
    _sync(path.parent)


def _sync(directory: Path) -> None:
    """The name is on the disk too."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
