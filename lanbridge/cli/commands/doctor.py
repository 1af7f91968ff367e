"""Say what stops discovery on this host, and the command that mends it."""

import asyncio
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import click

from lanbridge.cli.output import Column, format_option, say, writing
from lanbridge.cli.setting_flags import with_settings
from lanbridge.config_sources import Loaded
from lanbridge.core.json_text import json_safe
from lanbridge.core.text import printable

COLUMNS = (
    Column("severity", "SEVERITY", 0),
    Column("check", "CHECK", 0),
    Column("sentence", "FINDING", 0),
    Column("consequence", "CONSEQUENCE", 0),
    Column("remedy", "REMEDY", 0),
    Column("evidence", "EVIDENCE", 0, json_safe),
)
_COLOURS = {"problem": "red", "warning": "yellow", "note": "cyan", "ok": "green"}
_LABEL_WIDTH = 9
_LONGEST = 2_000  # characters of one line: evidence of a host with many interfaces


@click.command(help=__doc__)
@with_settings
@format_option
def command(loaded: Loaded, format: str) -> int:
    """1 if something is wrong. The settings are those that `serve` would use."""
    from lanbridge import checkup
    from lanbridge.core.views import as_json

    findings = asyncio.run(checkup.check_up(loaded.settings))
    rows = [as_json(finding) for finding in findings]
    if format == "table":
        for row in rows:
            _show(row)
        _sum_up([row["severity"] for row in rows])
    else:
        with writing(format, COLUMNS) as write:
            for row in rows:
                write(row)
    return 1 if any(finding.severity.is_wrong for finding in findings) else 0


def _show(row: Mapping[str, Any]) -> None:
    """Sentences fit no table: a block of lines for each finding, one line where all is well."""
    head = f"{row['severity']:{_LABEL_WIDTH}}"
    _say(head, row["sentence"], _COLOURS[row["severity"]])
    if row["severity"] == "ok":
        return
    evidence = "; ".join(f"{key}: {_value(value)}" for key, value in row["evidence"].items())
    for label, text in (
        ("evidence", evidence),
        ("means", row["consequence"]),
        ("remedy", row["remedy"]),
    ):
        if text:
            _say(f"  {label}", text)
    say("")


def _sum_up(severities: Sequence[str]) -> None:
    counts = {name: severities.count(name) for name in ("problem", "warning")}
    wrong = [f"{count} {name}{'s' * (count > 1)}" for name, count in counts.items() if count]
    say("")
    say(f"{' and '.join(wrong)}." if wrong else "Nothing is wrong.")


def _say(label: str, text: str, colour: str | None = None) -> None:
    """Wrapped on a terminal; in a pipe a line is a line, however long."""
    label, text = f"{label:{_LABEL_WIDTH + 2}}", printable(text, _LONGEST)
    if _is_terminal():
        width = max(shutil.get_terminal_size().columns - 1, 40)
        lines = textwrap.wrap(
            text, width - len(label), break_long_words=False, break_on_hyphens=False
        )
        text = f"\n{' ' * len(label)}".join(lines)
        if colour and not os.environ.get("NO_COLOR"):
            label = click.style(label, fg=colour)
    say(label + text)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if value is None or isinstance(value, bool):
        return {True: "yes", False: "no", None: "unknown"}[value]
    return str(value)
