"""Commands are found by their files, and what they raise becomes an exit status."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import click
import pytest

from lanbridge.cli import main as cli
from lanbridge.cli import plugins
from lanbridge.core import errors

Run = Callable[..., tuple[int, str, str]]
SLOW_TO_IMPORT = {"asyncio", "fastapi", "pydantic", "rich", "uvicorn", "zeroconf"}


def descendants(kind: type[Exception]) -> Iterator[type[Exception]]:
    """All classes below `kind`."""
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `lanbridge services` raise something."""

    def broken(error: BaseException) -> None:
        def callback() -> None:
            raise error

        module = SimpleNamespace(command=click.Command("services", callback=callback))
        monkeypatch.setattr(plugins, "load", lambda folder, name: module)

    return broken


@pytest.mark.parametrize("kind", [*descendants(errors.LanbridgeError)])
def test_every_exception_has_an_exit_status(kind: type[Exception]) -> None:
    """No exception that lanbridge raises on purpose counts as a bug."""
    assert any(ancestor in cli.EXIT_STATUS for ancestor in kind.__mro__)


@pytest.mark.parametrize(
    ("error", "status", "complaint"),
    [
        (errors.Refused("10.0.0.1", "it is another subnet"), 1, "error: request from '10.0.0.1'"),
        (errors.NotFound("x", "there is none"), 1, "error: 'x': there is none.\n"),
        (errors.NameConflict("lamp", "it is taken"), 1, "error: name 'lamp': it is taken.\n"),
        (errors.InvalidPort("x", "it is no number"), 2, "error: port 'x': it is no number.\n"),
        (errors.MdnsUnavailable("5353", "it is taken"), 3, "error: mDNS port '5353': it is taken."),
        (
            ExceptionGroup("", [ExceptionGroup("", [errors.NameConflict("lamp", "it is taken")])]),
            1,
            "error: name 'lamp': it is taken.\n",
        ),
        (ExceptionGroup("", [errors.NotFound("x", ""), KeyError()]), 4, "error: this is a bug"),
        (BaseExceptionGroup("", [KeyboardInterrupt()]), 130, ""),
        (ZeroDivisionError("oh"), 4, "error: this is a bug in lanbridge"),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_errors_become_a_sentence_and_a_status(
    run: Run,
    broken: Callable[[BaseException], None],
    error: BaseException,
    status: int,
    complaint: str,
) -> None:
    """The sentence goes to stderr, nothing goes to stdout."""
    broken(error)
    code, out, err = run("services")
    assert (code, out) == (status, "")
    assert err.startswith(complaint)
    assert bool(err) == bool(complaint)


def test_a_bug_shows_its_traceback(run: Run, broken: Callable[[BaseException], None]) -> None:
    """Whoever reports it can report where it is."""
    broken(ZeroDivisionError("oh"))
    assert run("services")[2].endswith("ZeroDivisionError: oh\n")


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`lanbridge … | head -1` says nothing and ends like a program that SIGPIPE ended."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "lanbridge", "config", "init", "-"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_no_command_is_a_usage_error_that_helps(run: Run) -> None:
    """The help is on stderr then: it is not what was asked for."""
    status, out, err = run()
    assert (status, out) == (2, "")
    assert "Commands:\n" in err


def test_an_unknown_command_names_the_nearest(run: Run) -> None:
    """And says where the list is."""
    status, out, err = run("servces")
    assert (status, out) == (2, "")
    assert "'services'" in err
    assert err.endswith("See 'lanbridge --help'.\n")


def test_an_unknown_option_is_a_usage_error(run: Run) -> None:
    """Of the program as of a command."""
    assert run("--bogus")[0] == 2
    status, _, err = run("services", "--xyzzy")
    assert status == 2
    assert err == "error: No such option '--xyzzy'.\nSee 'lanbridge services --help'.\n"


def test_help_lists_every_command_with_its_line(run: Run) -> None:
    """The line is the first of the file; the exit statuses are there too."""
    status, out, err = run("--help")
    assert (status, err) == (0, "")
    for name in plugins.names("commands"):
        assert f"\n  {name} " in out
    assert re.search(r"services +The services that a running daemon knows\.\n", out)
    for code in (0, 1, 2, cli.BUG, *cli.EXIT_STATUS.values()):
        assert f"\n    {code} " in out


@pytest.mark.parametrize("name", plugins.names("commands"))
def test_every_file_is_a_command(run: Run, name: str) -> None:
    """With a `command` in it, a first line that fits in the list, and help of its own."""
    assert len(plugins.summary("commands", name)) > 20
    status, out, _ = run(name, "--help")
    assert status == 0
    assert out.startswith(f"Usage: lanbridge {name} ")


def test_version(run: Run) -> None:
    """Name and version, for a bug report."""
    assert run("--version") == (0, "lanbridge 0.1.0\n", "")


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_import_nothing_slow(flag: str) -> None:
    """They are typed more than any command, on a Pi Zero too."""
    program = (
        "import sys; from lanbridge.cli.main import main; main(sys.argv[1:]);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, flag]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not SLOW_TO_IMPORT & set(done.stderr.split())


def test_the_shell_can_complete_commands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Click asks for it through the environment."""
    monkeypatch.setenv("_LANBRIDGE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "lanbridge ser")
    monkeypatch.setenv("COMP_CWORD", "1")
    status, out, _ = run()
    assert status == 0
    assert "plain,services\n" in out


def test_a_terminal_without_unicode_is_no_bug(
    broken: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it cannot show is shown as escapes."""
    broken(errors.NotFound("客厅灯", "there is none"))
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(buffer, encoding="ascii"))
    assert cli.main(["services"]) == 1
    sys.stderr.flush()
    assert rb"\u5ba2\u5385\u706f" in buffer.getvalue()


@pytest.mark.parametrize("group", ["check", "config"])
def test_no_summary_is_cut_off(run: Run, monkeypatch: pytest.MonkeyPatch, group: str) -> None:
    """Of the commands of a command, on a narrow terminal."""
    monkeypatch.setenv("COLUMNS", "40")
    status, out, _ = run(group, "--help")
    assert status == 0
    assert "..." not in out.partition("Commands:")[2]
    for command in plugins.load("commands", group).command.commands.values():
        first_line = str(command.help).partition("\n")[0].removesuffix(".")
        assert first_line in " ".join(out.split())
