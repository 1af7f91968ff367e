"""Logging is set up here and nowhere else: for the journal, or for a person at a terminal.

Only what a command asks for is shown of lanbridge, and only warnings of the libraries.
"""

import logging
import os
import sys
from collections.abc import Mapping
from typing import TextIO

from lanbridge.core.text import printable

_LINE_MAX = 2000  # characters of one message: what is in it may be a stranger's
_PRIORITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}  # sd-daemon(3)


class _Formatter(logging.Formatter):
    """One safe line for a message, and one for each line of a traceback."""

    def __init__(self, in_journal: bool) -> None:
        super().__init__()
        self._in_journal = in_journal

    def format(self, record: logging.LogRecord) -> str:
        lines = [record.getMessage()]
        if record.exc_info:
            lines += [f"  {line}" for line in self.formatException(record.exc_info).splitlines()]
        if self._in_journal:
            head = f"<{_PRIORITY[record.levelname]}>"
        else:
            head = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname:7} "
        return "\n".join(head + printable(line, _LINE_MAX) for line in lines)


def configure(
    level: str, stream: TextIO | None = None, environ: Mapping[str, str] = os.environ
) -> None:
    """Log from `level` on: debug, info, warning or error."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(_is_journal(stream, environ)))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("lanbridge").setLevel(level.upper())


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """systemd.exec(5): compare, as a child may have been given another stderr."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
