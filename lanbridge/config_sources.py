"""Where settings come from: the file, under the environment, under the flags."""

import json
import os
import reprlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lanbridge.config import TABLES, Settings
from lanbridge.core.errors import InvalidSetting

DEFAULT_FILE = Path("/etc/lanbridge/lanbridge.toml")
PREFIX = "LANBRIDGE_"
TOKEN_VARIABLE = "LANBRIDGE_TOKEN"  # noqa: S105 - the name of it; for commands, and no setting


@dataclass(frozen=True, slots=True)
class Loaded:
    """sources: where each setting came from, a file, a variable, a flag or `default`."""

    settings: Settings
    sources: dict[str, str]


def load(
    config_file: Path | None, overrides: Mapping[str, Any], environ: Mapping[str, str]
) -> Loaded:
    """Defaults, under the file, under the environment, under `overrides` (the flags).

    Raises InvalidSetting, the first of `examine`.
    """
    loaded = examine(config_file, overrides, environ)
    if isinstance(loaded, list):
        raise loaded[0]
    return loaded


def examine(
    config_file: Path | None, overrides: Mapping[str, Any], environ: Mapping[str, str]
) -> Loaded | list[InvalidSetting]:
    """The settings, or all that is wrong with them. Raises where the file cannot be read."""
    values: dict[str, Any] = {}
    sources = dict.fromkeys(Settings.model_fields, "default")
    for key, value, source in _layers(config_file, overrides, environ):
        values[key], sources[key] = value, source
    try:
        return Loaded(Settings.model_validate(values), sources)
    except ValidationError as error:
        return [_translate(dict(found), sources) for found in error.errors(include_url=False)]


def _layers(
    config_file: Path | None, overrides: Mapping[str, Any], environ: Mapping[str, str]
) -> Iterator[tuple[str, Any, str]]:
    """(key, value, source), later ones win."""
    if given := environ.get("STATE_DIRECTORY"):
        yield "state_dir", given.partition(":")[0], "STATE_DIRECTORY"
    elif os.geteuid() != 0:
        state_home = environ.get("XDG_STATE_HOME") or environ.get("HOME", "") + "/.local/state"
        yield "state_dir", f"{state_home}/lanbridge", "default"
    path = config_file or DEFAULT_FILE
    for key, value in _read(path, may_be_absent=config_file is None).items():
        yield key, value, str(path)
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable != TOKEN_VARIABLE:
            yield variable.removeprefix(PREFIX).lower(), environ[variable], variable
    for key, value in overrides.items():
        yield key, value, _flag(key)


def _read(path: Path, *, may_be_absent: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        if may_be_absent:
            return {}
        rule = "there is no such file"
        raise InvalidSetting(str(path), rule, "write one with 'lanbridge config init'") from None
    except OSError as error:
        raise InvalidSetting(str(path), f"it cannot be read ({error.strerror})") from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise InvalidSetting(str(path), f"it is not TOML: {error}") from error


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


def _translate(found: dict[str, Any], sources: Mapping[str, str]) -> InvalidSetting:
    """One of pydantic's findings in our words."""
    keys = found["loc"]
    source = sources[keys[0]]
    where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)[1:]
    if found["type"] == "extra_forbidden":
        known = TABLES[keys[0]] if len(keys) > 1 else Settings
        near = get_close_matches(keys[-1], known.model_fields, n=1)
        if source.startswith(PREFIX) and len(keys) == 1:
            where, near = source, [PREFIX + key.upper() for key in near]
        remedy = f"did you mean {near[0]!r}?" if near else "'lanbridge config init -' lists all"
        return InvalidSetting(where, "there is no such setting", remedy, source)
    if found["type"] == "value_error":
        rule = str(found["ctx"]["error"]).removesuffix(".")
    elif found["type"] == "missing":
        rule = "it is required"
    else:
        rule = f"{reprlib.repr(found['input'])} {found['msg'].removeprefix('Input ')}"
    return InvalidSetting(where, rule, source=source)


def sample_toml() -> str:
    """A file with every option commented out at its default: a text line has a space after #."""
    lines = ["# Settings of lanbridge, each at its default. Remove a # to change one."]
    for key, field in Settings.model_fields.items():
        if key not in TABLES:
            lines += ["", f"# {field.description}", f"#{key} = {_toml(field.default)}"]
    for name, table in TABLES.items():
        lines += ["", f"# {Settings.model_fields[name].description}", f"#[[{name}]]"]
        for key, field in table.model_fields.items():
            assert field.examples
            lines += [f"# {field.description}", f"#{key} = {_toml(field.examples[0])}"]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """Of what our defaults and examples are made of, only tables differ from JSON."""
    if isinstance(value, dict) and value:
        return "{ " + ", ".join(f"{key} = {_toml(held)}" for key, held in value.items()) + " }"
    return json.dumps(value, default=str)
