"""Write a settings file, check one, or show the settings in force."""

import os
from pathlib import Path

import click

from lanbridge.cli.group import Group
from lanbridge.cli.output import Column, complain, format_option, say, writing
from lanbridge.cli.setting_flags import with_settings
from lanbridge.config_sources import DEFAULT_FILE, Loaded, examine, sample_toml
from lanbridge.core.errors import EnvironmentProblem
from lanbridge.core.json_text import json_safe

COLUMNS = (
    Column("setting", "SETTING", 18),
    Column("value", "VALUE", 28, json_safe),
    Column("source", "FROM", 0),
)


@click.group(cls=Group, help=__doc__)
def command() -> None:
    """One file, three things to do with it."""


@command.command()
@click.argument("path", type=click.Path(allow_dash=True), default=str(DEFAULT_FILE))
@click.option("--force", is_flag=True, help="Overwrite what is there.")
def init(path: str, force: bool) -> None:
    """Write a file of all options, commented out; - is stdout."""
    if path == "-":
        say(sample_toml().removesuffix("\n"))
        return
    try:
        if not (directory := Path(path).parent).exists():
            directory.mkdir()  # /etc/lanbridge, when these are the first settings
        with Path(path).open("w" if force else "x", encoding="utf-8") as file:
            file.write(sample_toml())
    except FileExistsError:
        raise click.UsageError(f"{path} exists already; --force overwrites it") from None
    except OSError as error:
        rule = f"{path} cannot be written ({error.strerror})"
        raise EnvironmentProblem("", rule, "name another path, or ask as root") from error
    say(f"wrote {path}")


@command.command()
@with_settings
@format_option
def show(loaded: Loaded, format: str) -> None:
    """Print the settings in force and where each is from.

    The flags are those of `serve`.
    """
    values = loaded.settings.model_dump(mode="json")
    with writing(format, COLUMNS) as write:
        for key, source in loaded.sources.items():
            write({"setting": key, "value": values[key], "source": source})


@command.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
def check(file: Path | None) -> int:
    """Say what is wrong with the settings, if anything is.

    Without FILE: with the file and the variables that `serve` would read.
    """
    loaded = examine(file, {}, {} if file else os.environ)
    if isinstance(loaded, list):
        for problem in loaded:
            complain(str(problem))
        return 2
    for sentence in loaded.settings.advice():
        complain(sentence, "warning")
    say("ok")
    return 0
