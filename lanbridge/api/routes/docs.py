"""The API as a page for people: /openapi.json drawn without a script, and without the Internet."""

from collections.abc import Iterator
from html import escape
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from lanbridge.echo import endpoints

router = APIRouter()

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>lanbridge: the API</title>
<h1>lanbridge {version}: the API</h1>
<p>Generators read <a href="openapi.json">openapi.json</a>. Errors are problem documents (RFC 9457)
with a stable <code>code</code>. What takes the token wants it as <code>Authorization: Bearer
TOKEN</code>; <code>lanbridge token</code> on this host shows it. <code>/api/v1/stream</code> is
<code>/api/v1/events</code> over WebSocket.</p>
{operations}
<h2 id="echo">Echo</h2>
<ul>
{echoes}
</ul>
</html>
"""


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """One section an operation."""
    described = request.app.openapi()
    operations = "\n".join(
        _operation(method.upper(), path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    )
    version = escape(described["info"]["version"])
    page = _PAGE.format(version=version, operations=operations, echoes="\n".join(_echoes()))
    return HTMLResponse(page)


def _echoes() -> Iterator[str]:
    """What each file of echo endpoints says of itself in its first line."""
    for module in iter_modules(endpoints.__path__):
        said = import_module(f"{endpoints.__name__}.{module.name}").__doc__ or ""
        yield f"<li>{escape(said.partition(chr(10))[0])}</li>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    token = " <strong>It takes the token.</strong>" if operation.get("security") else ""
    return (
        f'<h2 id="{escape(operation["operationId"])}">{method} {escape(path)}</h2>\n'
        f"<p>{escape(operation['description'])}{token}</p>\n"
        f"<table>\n{''.join((*_parameters(operation), *_answers(operation)))}</table>"
    )


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    for one in operation.get("parameters", ()):
        where = f"{one['in']}{', required' if one.get('required') else ''}"
        yield _row(one["name"], where, one.get("description", ""))
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield _row("body", media_type, content["schema"].get("$ref", "").rpartition("/")[2])


def _answers(operation: dict[str, Any]) -> Iterator[str]:
    for status, response in operation["responses"].items():
        yield _row(status, ", ".join(response.get("content", ())), response["description"])


def _row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>\n"
