"""What the documents say is so: commands, endpoints, settings, statuses, links."""

import ast
import json
import re
import shlex
import string
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import click
import pytest
from pydantic import BaseModel
from starlette.routing import Route
from starlette.testclient import TestClient

from lanbridge.api import connections, problems, routes
from lanbridge.api.app import create_app
from lanbridge.cli import plugins
from lanbridge.cli.main import BUG, EPILOG, EXIT_STATUS, lanbridge
from lanbridge.config import TABLES, Settings
from lanbridge.config_sources import sample_toml
from lanbridge.core import errors
from lanbridge.daemon import Daemon
from lanbridge.echo.app import EchoApp
from lanbridge.echo.guard import Guard
from tests.echo.home import HOME

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
ERRORS = ROOT / "lanbridge" / "api" / "errors.md"
DOCUMENTS = [*map(ROOT.joinpath, ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")), ERRORS, *ADRS]


@cache
def rows(first_heading: str) -> list[list[str]]:
    """The cells of the README's table that begins with this heading, without back-quotes."""
    lines = README.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def first_cells(first_heading: str) -> list[str]:
    """What the table is about."""
    return [row[0] for row in rows(first_heading)]


# Commands


def test_every_command_is_in_the_table() -> None:
    """And nothing else: `make ...` is in a table of its own, which comes first."""
    cells = re.findall(r"^\| `([a-z]+)(?: [^`]*)?` \|", section("Commands"), re.MULTILINE)
    documented = set(cells) - set(plugins.names("formats"))
    assert documented == set(plugins.names("commands"))
    config = plugins.load("commands", "config").command
    listed = set(re.findall(r"^\| `config (\w+)` \|", section("Commands"), re.MULTILINE))
    assert listed == set(config.commands)


def test_every_format_is_in_the_table() -> None:
    """One file each."""
    assert sorted(first_cells("format")) == plugins.names("formats")


def test_every_exit_status_is_in_the_table() -> None:
    """In the words of `--help`."""
    told = dict(re.findall(r"^  (\d+) +(.+)$", EPILOG, re.MULTILINE))
    assert dict(rows("exit status")) == told
    assert {int(status) for status in told} == {0, BUG, *EXIT_STATUS.values()}


def examples() -> list[str]:
    """The command lines of `lanbridge` in the sessions of all documents."""
    text = "\n".join(document.read_text() for document in DOCUMENTS)
    return sorted(set(re.findall(r"^\$ (?:on \w+ )?(lanbridge .+)$", text, re.MULTILINE)))


@pytest.mark.parametrize("line", examples())
def test_an_example_is_a_command_line_that_is_understood(line: str) -> None:
    """Its options exist and its values parse; it is not run."""
    words = shlex.split(re.split(r" [|>&]", line)[0])[1:]
    with lanbridge.make_context("lanbridge", list(words), resilient_parsing=True) as context:
        command: click.Command | None = lanbridge
        while isinstance(command, click.Group):
            command = command.get_command(context, words.pop(0))
        assert command is not None
        command.make_context(command.name or "", words, parent=None).close()


def test_the_commands_of_make_exist() -> None:
    """Those of all documents, and what CI runs is in the README with its session."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        assert set(re.findall(r"`make ([a-z]+)", document.read_text())) <= targets
    ci = set(re.findall(r"\bmake ([a-z]+)", (ROOT / ".ci" / "run").read_text()))
    assert ci == {"test"}
    assert [cell.removeprefix("make ") for cell in first_cells("command")[:2]] == ["run", "test"]
    assert {"run", *ci} <= set(re.findall(r"^\$ make ([a-z]+)", README, re.MULTILINE))


# Endpoints


def test_every_endpoint_is_in_the_table(tmp_path: Path) -> None:
    """And every row is served."""

    async def no_http(_daemon: Daemon) -> None:
        raise AssertionError

    app = create_app(Daemon(Settings(state_dir=tmp_path), no_http))
    served = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    for module in iter_modules(routes.__path__):
        for route in import_module(f"{routes.__name__}.{module.name}").router.routes:
            methods = getattr(route, "methods", {"WS"})  # of a WebSocket there are none
            served |= {f"{method} {route.path}" for method in methods - {"HEAD"}}
    own = [route for route in app.routes if isinstance(route, Route)]
    assert {"/openapi.json"} == {route.path for route in own}
    served |= {"GET /openapi.json"}
    cells = first_cells("endpoint")
    assert {cell for cell in cells if not is_echo(cell)} == served
    assert len(cells) == len(set(cells))


def is_echo(cell: str) -> bool:
    """Whether it is not FastAPI but `echo` that answers."""
    return bool(re.fullmatch(r"[A-Z]+ /echo(/.*)?", cell))


def test_every_echo_endpoint_is_in_the_table() -> None:
    """And every row is served, to the methods that it names; "" is what no other one answers."""
    echo = EchoApp(Guard(lambda: HOME))
    documented: dict[str, set[str]] = {"HTTP": set(), "WS": set()}
    client = TestClient(echo, client=("127.0.0.1", 50_000), follow_redirects=False)
    for method, path in (cell.split() for cell in first_cells("endpoint") if is_echo(cell)):
        name = path.removeprefix("/echo").split("/")[1:2]
        documented["WS" if method == "WS" else "HTTP"] |= {*name} - {"{path}"} or {""}
        if method == "WS":
            continue
        asked = re.sub(r"{\w+}", "0", path) + "?identifier=a"
        answer = client.delete(asked)
        if method == "ANY":
            assert answer.status_code in (200, 422), path
        else:
            assert answer.status_code == 405, path
            assert method in answer.headers["allow"].split(", "), path
    assert documented == {"HTTP": set(echo._http), "WS": set(echo._websocket)}
    steps = import_module("lanbridge.echo.endpoints.chunks")._STEPS
    chunks = [cell for cell in first_cells("endpoint") if " /echo/chunks/" in cell]
    assert [cell.rpartition("/")[2] for cell in chunks] == list(steps)


def test_the_ports_are_the_default_one() -> None:
    """Every port in an address, and those in the tables."""
    port = str(Settings.model_fields["port"].default)
    assert set(re.findall(r"(?:PI|10\.77\.0\.1):(\d+)", README)) == {port}
    assert {f"TCP {port}, in", f"UDP {port}, in and out"} <= set(first_cells("way"))
    assert f"EXPOSE {port}/tcp {port}/udp" in (ROOT / "Dockerfile").read_text()


# Errors


def test_every_code_is_in_the_table_of_errors() -> None:
    """With its status: of the tree, of the server, of the framework, and of the echo room."""
    known: dict[str, set[str]] = {"http-error": {"4xx, 5xx"}}

    def add(code: str, status: int) -> None:
        known.setdefault(code, set()).add(str(status))

    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.LanbridgeError):
            add(kind.code, problems.status_of(kind("", "")))
    for status, code in connections._CODES.items():
        add(code, status)
    for status, (code, _) in problems._FRAMEWORK.items():
        add(code, status)
    for file in (ROOT / "lanbridge" / "echo").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            match call:
                case ast.Call(
                    ast.Name("Problem"), [ast.Constant(int(status)), ast.Constant(str(code)), *_]
                ):
                    add(code, status)
    table = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \| [^|]+ \|$", ERRORS.read_text(), re.M)
    assert [{code: {status}} for code, status in table] == [
        {code: known.get(code)} for code, _ in table
    ]
    assert sorted(code for code, _ in table) == sorted(known)


# Settings


def test_every_setting_is_in_the_table() -> None:
    """With the default of the sample file."""
    sample = sample_toml()
    assert first_cells("setting") == list(Settings.model_fields)
    for name, default, _ in rows("setting"):
        assert name in TABLES or f"\n#{name} = {default}\n" in sample


@pytest.mark.parametrize(("name", "table"), TABLES.items())
def test_every_key_of_a_table_of_settings_is_in_the_table(
    name: str, table: type[BaseModel]
) -> None:
    """In the order of the sample file."""
    assert first_cells(f"key of `[[{name}]]`") == list(table.model_fields)


# The documents themselves


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_resolves(document: Path) -> None:
    """To a file, and to a heading in it."""
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text()), link


def test_the_changelog_begins_with_what_is_not_released() -> None:
    """Where the next line goes."""
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"


@pytest.mark.parametrize("adr", ADRS, ids=lambda path: path.stem)
def test_an_adr_is_short_and_whole(adr: Path) -> None:
    """Four sections, 40 lines, and the number of its file."""
    text = adr.read_text()
    assert text.startswith(f"# {adr.name[:4]}. ")
    assert len(text.splitlines()) <= 40
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "What would change our mind",
    ]


def test_the_adrs_that_are_named_exist() -> None:
    """In code, tests and documents; and no number is left out or given twice."""
    numbers = [adr.name[:4] for adr in ADRS]
    assert numbers == [f"{number:04}" for number in range(1, len(ADRS) + 1)]
    in_code = dict.fromkeys((ROOT / "lanbridge").rglob("*.py"), r"docs/adr/(\d{4})")
    in_prose = dict.fromkeys(DOCUMENTS, r"(?:adr/|ADR |\()(0\d{3})\b")
    for file, pattern in (in_code | in_prose).items():
        assert set(re.findall(pattern, file.read_text())) <= set(numbers), file


def test_the_health_check_of_the_image_is_well_formed() -> None:
    """Its array goes over several lines, which Docker joins before it reads it as JSON."""
    joined = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    [line] = re.findall(r"^HEALTHCHECK .*?CMD (.+)$", joined, re.MULTILINE)
    program, option, code = json.loads(line)
    assert (program, option) == ("python", "-c")
    compile(code, "HEALTHCHECK", "exec")


def section(heading: str) -> str:
    """The README's text from this heading to the next one."""
    return re.split(r"^#+ ", README.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[
        0
    ]


def anchors(text: str) -> set[str]:
    """What headings are called in links."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    kept = {*string.ascii_lowercase, *string.digits, " ", "-", "_"}
    return {
        "".join(char for char in heading.lower() if char in kept).replace(" ", "-")
        for heading in headings
    }
