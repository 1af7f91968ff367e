"""A command with commands of its own, as `check` is."""

import click

_WHOLE = 1_000  # characters; click would cut each summary after one line


class Group(click.Group):
    """Its `--help` has the whole first sentence of each command, over several lines if need be."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`."""
        rows = [(name, one.get_short_help_str(_WHOLE)) for name, one in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
