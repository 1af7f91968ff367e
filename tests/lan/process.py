"""Processes of the laboratory: their output line by line, and waits that end at a deadline."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from typing import IO, TYPE_CHECKING, Literal, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

POLL_S = 0.05
OUTPUT_LINES_IN_ERRORS = 60


def eventually(condition: Callable[[], T | None], timeout_s: float = 10.0, what: str = "") -> T:
    """Poll `condition` until it is true and return its value; fail at the deadline.

    An AssertionError raised by the condition counts as "not yet", so that it may hold asserts;
    and so does looking up what is not there yet.
    """
    deadline = time.monotonic() + timeout_s
    last: object = None
    while True:
        try:
            value = condition()
        except (AssertionError, LookupError) as error:
            last = error
        else:
            if value:
                return value
            last = value
        if time.monotonic() >= deadline:
            name = what or getattr(condition, "__name__", "condition")
            raise AssertionError(f"not within {timeout_s:g} s: {name} (last: {last!r})")
        time.sleep(POLL_S)


class Line(NamedTuple):
    """One line that a process wrote."""

    stream: Literal["stdout", "stderr"]
    text: str


class Process:
    """A running program whose output is kept and can be waited for."""

    def __init__(
        self, argv: Sequence[str], *, name: str, env: Mapping[str, str], enter: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.argv = list(argv)
        # A group of its own: ^C at the terminal is for the laboratory, which then ends it in order.
        self._popen = subprocess.Popen(
            [*enter, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
            env=dict(env),
            start_new_session=True,
        )
        assert self._popen.stdout is not None
        assert self._popen.stderr is not None
        self._lines: list[Line] = []
        self._changed = threading.Condition()
        self._open_streams = 2
        self._readers = [
            self._start_reader("stdout", self._popen.stdout),
            self._start_reader("stderr", self._popen.stderr),
        ]

    @property
    def pid(self) -> int:
        """The process id, which is also its process group."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._popen.poll()

    @property
    def lines(self) -> list[Line]:
        """Every line so far, in the order of arrival."""
        with self._changed:
            return list(self._lines)

    @property
    def stdout(self) -> str:
        """What it wrote to its output so far."""
        return "".join(f"{line.text}\n" for line in self.lines if line.stream == "stdout")

    @property
    def stderr(self) -> str:
        """What it wrote to its error output so far."""
        return "".join(f"{line.text}\n" for line in self.lines if line.stream == "stderr")

    def describe(self) -> str:
        """Name, state and the last lines, for the message of a failed test."""
        state = "running" if self.returncode is None else f"ended with {self.returncode}"
        tail = [f"  {line.text}" for line in self.lines[-OUTPUT_LINES_IN_ERRORS:]]
        return "\n".join([f"{self.name} ({state}): {' '.join(self.argv)}", *tail])

    def wait_line(
        self, wanted: str | Callable[[str], object], timeout_s: float = 10.0, *, after: int = 0
    ) -> str:
        """Return the first line, from the `after`-th on, that the pattern or predicate accepts."""
        accepts = re.compile(wanted).search if isinstance(wanted, str) else wanted
        deadline = time.monotonic() + timeout_s
        position = after
        with self._changed:
            while True:
                for line in self._lines[position:]:
                    if accepts(line.text):
                        return line.text
                position = max(position, len(self._lines))
                remaining_s = deadline - time.monotonic()
                if self._open_streams == 0 or remaining_s <= 0:
                    break
                self._changed.wait(remaining_s)
        why = "it ended" if self._open_streams == 0 else f"not within {timeout_s:g} s"
        raise AssertionError(f"no line {wanted!r}: {why}\n{self.describe()}")

    def wait(self, timeout_s: float = 10.0) -> int:
        """Wait for the end and return the exit status."""
        try:
            status = self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {timeout_s:g} s\n{self.describe()}") from None
        for reader in self._readers:
            # A grandchild may hold the pipe open: what it writes is not waited for.
            reader.join(1.0)
        return status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it started."""
        if self._popen.poll() is None:
            os.killpg(self.pid, number)

    def terminate(self, timeout_s: float = 5.0) -> int:
        """End it as a service manager does: SIGTERM, and SIGKILL at the deadline."""
        self.signal(signal.SIGTERM)
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
        return self.wait()

    def kill(self) -> int:
        """End it without a goodbye, as a power cut does."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def _start_reader(self, stream: Literal["stdout", "stderr"], pipe: IO[str]) -> threading.Thread:
        def read() -> None:
            with pipe:
                for text in pipe:
                    with self._changed:
                        self._lines.append(Line(stream, text.rstrip("\n")))
                        self._changed.notify_all()
            with self._changed:
                self._open_streams -= 1
                self._changed.notify_all()

        reader = threading.Thread(target=read, name=f"{self.name} {stream}", daemon=True)
        reader.start()
        return reader
