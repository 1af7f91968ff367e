"""What makes a file a command or a format."""

import click
import pytest

from lanbridge.cli import plugins


def test_names_are_those_of_the_files() -> None:
    """Sorted, without the package's own file."""
    assert plugins.names("formats") == ["csv", "json", "jsonl", "table"]
    assert "__init__" not in plugins.names("commands")


@pytest.mark.parametrize("name", plugins.names("commands"))
def test_a_command_file_has_a_command(name: str) -> None:
    """And its summary is the first line of its docstring, as one sentence."""
    module = plugins.load("commands", name)
    assert isinstance(module.command, click.Command)
    assert (module.__doc__ or "").startswith(plugins.summary("commands", name))
    assert plugins.summary("commands", name).endswith((".", ":"))


@pytest.mark.parametrize("name", plugins.names("formats"))
def test_a_format_file_has_a_writer(name: str) -> None:
    """Which `--format` calls with the columns and the stream."""
    assert callable(plugins.load("formats", name).Writer)
