"""What commands that have a daemon change something share: where it is, and the token for it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lanbridge.cli.client import DEFAULT_URL, endpoint
from lanbridge.core.errors import InvalidInput, TokenRequired
from lanbridge.token import WriteToken

_HERE = ("127.0.0.1", "localhost", "::1")


def daemon_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--url` and `--token-file`, given to the command as `url` and `token_file`."""
    function = click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        help="Where the write token is; else $LANBRIDGE_TOKEN, else that of this host's daemon.",
    )(function)
    return click.option(
        "--url", default=DEFAULT_URL, show_default=True, help="Where the daemon is."
    )(function)


def find_token(url: str, token_file: Path | None) -> str:
    """The one that was given, else that of this host's own daemon, if it is the one asked.

    Raises InvalidAddress, InvalidInput, TokenRequired, TokenUnavailable.
    """
    from lanbridge.config_sources import TOKEN_VARIABLE, load  # pydantic is slow to load

    if token_file is not None:
        try:
            return token_file.read_text("ascii").strip()
        except (OSError, UnicodeError) as error:
            raise InvalidInput(str(token_file), f"it cannot be read ({error})") from error
    if given := os.environ.get(TOKEN_VARIABLE):
        return given
    # What is secret here is not sent to whoever answers at another address.
    if endpoint(url)[0] not in _HERE:
        rule = "the daemon of another host has a token of its own"
        remedy = f"give it with --token-file or {TOKEN_VARIABLE}; 'lanbridge token' there shows it"
        raise TokenRequired(url, rule, remedy)
    state_dir = load(None, {}, os.environ).settings.state_dir
    if token := WriteToken(state_dir).shown():
        return token
    rule = f"there is no token in {state_dir}"
    remedy = f"ask as the daemon's user or root, or give it with --token-file or {TOKEN_VARIABLE}"
    raise TokenRequired(url, rule, remedy)
