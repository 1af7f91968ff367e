"""What `services`, `devices` and `events` have in common: the filters, the question, the answer."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from lanbridge.cli.client import DEFAULT_URL, ask
from lanbridge.cli.output import Column, format_option, hint, writing
from lanbridge.core.services import State

_STATES = click.Choice([state.value for state in State])
_OPTIONS = (
    click.option("--type", metavar="TYPE", help="Only this service type, as _http._tcp."),
    click.option("--state", type=_STATES, help="Only in this state."),
    click.option("--host", metavar="HOST", help="Only on this host, as lamp.local."),
    click.option("--name", metavar="NAME", help="Only with this in its name."),
    click.option("--interface", metavar="NAME", help="Only heard on this interface."),
    click.option("--own/--no-own", default=None, help="Only on the daemon's host, or only not."),
    click.option(
        "--from",
        "from",
        metavar="IP[/PREFIX]",
        help="Say what a phone at this address can reach.  [default: this host]",
    ),
    click.option("--url", default=DEFAULT_URL, show_default=True, help="Where the daemon is."),
    format_option,
)


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filters, `--url` and `--format` for a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def list_command(path: str, columns: Sequence[Column], help: str | None) -> click.Command:
    """A command that prints the list at `path` of a daemon; status 1 if it is empty."""

    @filters
    def run(url: str, format: str, **given: str | bool | None) -> int:
        query = {key: None if value is None else word(value) for key, value in given.items()}
        # All pages first: half an answer must not look like a whole one.
        rows = list(ask(url, path, query))
        with writing(format, columns) as write:
            for row in rows:
                write(row)
        if not rows:
            asked = any(value is not None for value in query.values())
            known = "the daemon knows none that is so" if asked else "the daemon knows none"
            hint(f"{known}; 'lanbridge doctor' on its host says what stops discovery there")
        return 0 if rows else 1

    return click.command(help=help)(run)


def word(value: str | bool) -> str:
    """A filter as a query has it."""
    return str(value).lower() if isinstance(value, bool) else value
