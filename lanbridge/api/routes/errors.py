"""What the `type` of a problem document leads to: its row of errors.md, without the Internet."""

import re
from functools import cache
from html import escape
from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from lanbridge.core.errors import NotFound

router = APIRouter()

_ROW = re.compile(r"^\| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \|$", re.M)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>lanbridge: {code}</title>
<h1>{code}</h1>
<p>HTTP status {status}: {meaning}.</p>
<p>The <code>detail</code> of the answer says what it was this time, and what to do.
<a href="../docs">The API</a></p>
</html>
"""


@router.get("/errors/{code}", include_in_schema=False)
async def error(code: str) -> HTMLResponse:
    """One kind of error."""
    if (row := _rows().get(code)) is None:
        raise NotFound(code, "there is no such error", "each is in errors.md of the documentation")
    status, meaning = row
    shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(meaning))
    return HTMLResponse(_PAGE.format(code=code, status=status, meaning=shown))


@cache
def _rows() -> dict[str, tuple[str, str]]:
    """Status and meaning by code, as the documentation has them."""
    text = (files("lanbridge.api") / "errors.md").read_text("utf-8")
    return {code: (status, meaning) for code, status, meaning in _ROW.findall(text)}
