"""`lanbridge`: finds the command, runs it, and turns what it raises into an exit status.

Whatever a command needs is imported when that command runs, so that `--help` stays quick.
"""

import gc
import io
import os
import sys
from collections.abc import Sequence

import click

from lanbridge import __version__
from lanbridge.cli import output, plugins
from lanbridge.core import errors

# Total over the tree in core/errors.py: every exception has itself or an ancestor here.
EXIT_STATUS: dict[type[BaseException], int] = {
    errors.Refused: 1,
    errors.NotFound: 1,
    errors.NameConflict: 1,
    errors.FixedBySettings: 1,
    errors.Unreachable: 1,
    errors.InvalidInput: 2,
    click.ClickException: 2,
    errors.EnvironmentProblem: 3,
    KeyboardInterrupt: 130,
    BrokenPipeError: 141,
}
BUG = 4

EPILOG = """\b
Exit status:
  0    yes, or found
  1    the answer is no, or nothing was found
  2    usage: an option, an argument or a setting is wrong
  3    environment: no network, a port is taken, the daemon does not run
  4    a bug in lanbridge
  130  interrupted
  141  the reader of the output went away
"""


class Commands(click.Group):
    """Every file in `cli/commands` is a command, and is imported only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """What there is, by name."""
        return plugins.names("commands")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, if there is one."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = plugins.load("commands", cmd_name).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` begin with, or the nearest names there are."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            known = self.list_commands(ctx)
            raise click.exceptions.NoSuchCommand(error.command_name, None, known, ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, from the first lines of the files."""
        rows = [(name, plugins.summary("commands", name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="lanbridge", message="%(prog)s %(version)s")
def lanbridge() -> None:
    """Find, advertise and prove services on a LAN."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and give back its exit status."""
    # Imports and the registry make many objects that stay; to look through them for garbage every
    # 700 costs a tenth of the start of `discover` and of the daemon's work in a storm of packets.
    gc.set_threshold(50_000)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what the terminal cannot show is no bug of ours
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:  # noqa: BLE001 - the last
        return _fail(_unwrapped(error))
    return status


def _run(argv: list[str]) -> int:
    if instruction := os.environ.get("_LANBRIDGE_COMPLETE"):
        from click.shell_completion import shell_complete

        return shell_complete(lanbridge, {}, "lanbridge", "_LANBRIDGE_COMPLETE", instruction)
    with lanbridge.make_context("lanbridge", argv) as context:
        return lanbridge.invoke(context) or 0


def _status(error: BaseException) -> int:
    return next((EXIT_STATUS[kind] for kind in type(error).__mro__ if kind in EXIT_STATUS), BUG)


def _unwrapped(error: BaseException) -> BaseException:
    """What a TaskGroup raises is a group: the first of it, unless a bug is among it."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    inner = [_unwrapped(each) for each in error.exceptions]
    return error if BUG in map(_status, inner) else inner[0]


def _fail(error: BaseException) -> int:
    """Say what happened, as far as there is somebody to say it to."""
    status = _status(error)
    if isinstance(error, BrokenPipeError):
        output.discard_stdout()
    elif isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    elif isinstance(error, click.ClickException):
        output.complain(_usage(error))
    elif status == BUG:
        import traceback

        output.complain(f"this is a bug in lanbridge {__version__}, please report all of this:")
        traceback.print_exception(error)
    elif not isinstance(error, KeyboardInterrupt):
        output.complain(str(error))
    return status


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"\nSee '{context.command_path} --help'." if context else ""
    return error.format_message() + hint
