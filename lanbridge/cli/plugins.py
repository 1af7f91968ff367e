"""Commands and output formats are found by their files: to add one is to add one file."""

import os
from importlib import import_module
from types import ModuleType

HERE = os.path.dirname(__file__)  # noqa: PTH120 - pathlib costs a tenth of `lanbridge --help`


def names(folder: str) -> list[str]:
    """What the files in `folder` are called on the command line: `foo_bar.py` is `foo-bar`."""
    return sorted(
        name.removesuffix(".py").replace("_", "-")
        for name in os.listdir(f"{HERE}/{folder}")  # noqa: PTH208
        if name.endswith(".py") and not name.startswith("_")
    )


def load(folder: str, name: str) -> ModuleType:
    """The module of one name that `names` gave."""
    return import_module(f"lanbridge.cli.{folder}.{name.replace('-', '_')}")


def summary(folder: str, name: str) -> str:
    """The first line of a module's docstring, read without running the module."""
    with open(f"{HERE}/{folder}/{name.replace('-', '_')}.py", encoding="utf-8") as source:  # noqa: PTH123
        return source.readline().strip().strip('"')
