"""One daemon for one state directory: two would have one identity, and write over each other."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lanbridge.core.errors import StateInUse


@contextlib.contextmanager
def claimed(state_dir: Path, port: int) -> Iterator[None]:
    """The directory is ours within. Raises StateInUse, which names the daemon that has it.

    port: what others are told of us. A directory that cannot be written is nobody's.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            state_dir.mkdir(parents=True, exist_ok=True)
            # Not truncated: it may be another's, who is told of in it. Not buffered: what a full
            # disk does not take would be written once more at the end, and fail there.
            file = stack.enter_context((state_dir / "daemon.lock").open("ab+", buffering=0))
            _lock(file, state_dir)
            file.truncate(0)
            file.write(f"{os.getpid()} {port}\n".encode())
        yield


def _lock(file: BinaryIO, state_dir: Path) -> None:
    """The kernel gives it back when the process ends, however it does."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid, _, port = file.read(100).decode("ascii", "replace").strip().partition(" ")
        who = f" (pid {pid}, port {port})" if pid.isdigit() and port.isdigit() else ""
        rule = f"another lanbridge runs with it{who}"
        remedy = "stop that one, or start this one with --state-dir and --port of its own"
        raise StateInUse(str(state_dir), rule, remedy) from None
