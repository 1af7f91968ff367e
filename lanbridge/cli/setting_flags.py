"""The flags of `serve`, made from the fields of Settings so that each option is written once."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from lanbridge.config import TABLES, Loaded, Settings, load

_FIELDS = {key: field for key, field in Settings.model_fields.items() if key not in TABLES}


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
        command = click.option(flag, key, default=None, help=field.description)(command)
    return click.option(
        "--config", type=click.Path(path_type=Path), help="TOML file with the settings."
    )(command)
