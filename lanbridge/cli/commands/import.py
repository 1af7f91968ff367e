"""Give a backup of `GET /api/v1/export` back to a running daemon."""

import json
from pathlib import Path
from typing import Any

import click

from lanbridge.cli.client import send
from lanbridge.cli.output import complain, say
from lanbridge.cli.writing import daemon_options, find_token
from lanbridge.core.errors import InvalidInput

PIECE = 500  # items a request: the daemon goes on with its work between two of them


@click.command("import", help=__doc__)
@click.argument("file", type=click.Path(path_type=Path))
@daemon_options
def command(file: Path, url: str, token_file: Path | None) -> int:
    """Labels, notes and history come back; what is there now stays as it is."""
    backup = _read(file)
    token = find_token(url, token_file)
    head = {"format": backup["format"], "version": backup["version"]}
    taken, refused, kept = {"devices": 0, "services": 0}, 0, True
    new = dict(taken)
    for name in taken:
        # Whom others are merged into comes first.
        items = sorted(backup.get(name, []), key=_is_merged)
        for at in range(0, len(items), PIECE):
            piece = items[at : at + PIECE]
            answer = send(url, "POST", "/api/v1/import", token, {**head, name: piece})
            taken[name] += answer[name]
            new[name] += answer[f"new_{name}"]
            refused += len(piece) - answer[name]
            kept = kept and answer["kept"]
            for sentence in answer["refused"]:
                complain(sentence, "warning")
    shown = [f"{count} {name} ({new[name]} of them new)" for name, count in taken.items()]
    say(f"{' and '.join(shown)} taken in")
    if not kept:
        complain("the daemon cannot write to its disk: a restart will lose them", "warning")
    return 0 if kept and not refused else 1


def _is_merged(item: Any) -> bool:
    return isinstance(item, dict) and item.get("merged_into") is not None


def _read(file: Path) -> dict[str, Any]:
    try:
        backup = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InvalidInput(str(file), f"it cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(str(file), f"it is not JSON ({error})") from error
    rule = "it is no backup of lanbridge"
    if not isinstance(backup, dict) or backup.get("format") != "lanbridge-backup":
        raise InvalidInput(str(file), rule, "make one with 'curl …/api/v1/export'")
    if backup.get("version") != 1:
        raise InvalidInput(str(file), f"its version is {backup.get('version')}, and not 1")
    if not all(isinstance(backup.get(name, []), list) for name in ("devices", "services")):
        raise InvalidInput(str(file), rule)
    return backup
