"""The flags of `serve`, made from the fields of Settings so that each option is written once."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Literal, get_origin

import click

from lanbridge.config import TABLES, Settings
from lanbridge.config_sources import Loaded, load

_FIELDS = {key: field for key, field in Settings.model_fields.items() if key not in TABLES}
_METAVARS: dict[Any, str | None] = {
    bool: None,
    int: "INTEGER",
    float: "NUMBER",
    Literal: "WORD",
    tuple: "WORD[,WORD]",
    dict: "JSON",
    Path: "DIR",
}


def with_settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config` and a flag for each setting; the command gets them as `loaded`."""

    @wraps(function)
    def command(config: Path | None, **given: Any) -> Any:
        flags = {key: value for key in _FIELDS if (value := given.pop(key)) is not None}
        loaded: Loaded = load(config, flags, os.environ)
        return function(loaded=loaded, **given)

    for key, field in reversed(_FIELDS.items()):
        name = key.replace("_", "-")
        flag = f"--{name}/--no-{name}" if field.annotation is bool else f"--{name}"
        command = click.option(
            flag, key, default=None, metavar=_metavar(field.annotation), help=field.description
        )(command)
    return click.option(
        "--config", type=click.Path(path_type=Path), help="TOML file with the settings."
    )(command)


def _metavar(annotation: Any) -> str | None:
    """What `--help` says that a flag takes; None where it takes nothing."""
    return _METAVARS.get(get_origin(annotation) or annotation, "TEXT")
