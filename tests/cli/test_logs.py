"""Log lines: for the journal or a terminal, and safe in both."""

import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanbridge.cli import logs

log = logging.getLogger("lanbridge.test")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """The other tests log too."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("lanbridge").setLevel(logging.NOTSET)


def test_a_terminal_gets_time_and_level() -> None:
    """One line a message, from the level on that was asked for."""
    stream = io.StringIO()
    logs.configure("info", stream)
    log.debug("packet")
    log.info("instance resolved name=%s", "lamp")
    time, level, message = stream.getvalue().split(maxsplit=2)
    assert len(time) == len("12:00:00")
    assert (level, message) == ("INFO", "instance resolved name=lamp\n")


def test_the_journal_gets_the_priority_and_has_its_own_clock(tmp_path: Path) -> None:
    """sd-daemon(3): a line that begins with <N>, a traceback's lines as well."""
    with (tmp_path / "journal").open("w+") as stream:
        status = os.fstat(stream.fileno())
        logs.configure("info", stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        log.warning("port taken")
        try:
            raise OSError("in use")
        except OSError:
            log.exception("gave up")
        stream.seek(0)
        lines = stream.read().splitlines()
    assert lines[0] == "<4>port taken"
    assert lines[1] == "<3>gave up"
    assert lines[-1] == "<3>  OSError: in use"
    assert all(line.startswith("<3>") for line in lines[1:])


def test_another_stderr_than_the_journals_is_a_terminal(tmp_path: Path) -> None:
    """systemd.exec(5): the variable is inherited even where the stream is not."""
    with (tmp_path / "file").open("w+") as stream:
        logs.configure("info", stream, {"JOURNAL_STREAM": "1:2"})
        log.info("hello")
        stream.seek(0)
        assert not stream.read().startswith("<")


def test_a_stranger_cannot_forge_a_line() -> None:
    """Nor drive the terminal of who reads the log."""
    stream = io.StringIO()
    logs.configure("debug", stream)
    log.info("name=%s", "lamp\n12:00:00 ERROR \x1b[2J")
    assert len(stream.getvalue().splitlines()) == 1
    assert r"\u{a}" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_libraries_are_heard_only_when_they_warn() -> None:
    """Their own debug messages help nobody who asks for ours."""
    stream = io.StringIO()
    logs.configure("debug", stream)
    logging.getLogger("asyncio").info("selector")
    assert stream.getvalue() == ""
    logging.getLogger("asyncio").warning("slow")
    assert stream.getvalue().endswith("slow\n")
