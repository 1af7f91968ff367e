"""Print the write token of this host's daemon, or make a new one."""

import os
from pathlib import Path

import click

from lanbridge.cli.output import say
from lanbridge.config_sources import load
from lanbridge.token import WriteToken


@click.command(help=__doc__)
@click.option("--rotate", is_flag=True, help="Make a new one; the old one is refused at once.")
@click.option("--state-dir", metavar="DIR", help="The daemon's state directory.")
@click.option(
    "--config", type=click.Path(path_type=Path), help="TOML file with the daemon's settings."
)
def command(rotate: bool, state_dir: str | None, config: Path | None) -> None:
    """Where the daemon runs as another user, this is for that user or for root."""
    overrides = {} if state_dir is None else {"state_dir": state_dir}
    directory = load(config, overrides, os.environ).settings.state_dir
    token = WriteToken(directory)
    shown = token.rotate() if rotate else token.shown()
    if shown is None:
        raise token.missing()
    say(shown)
