"""`/echo/bom` and `/echo/charset/{name}`: what comes is what was announced."""

import codecs
import json

import httpx2
import pytest

from lanbridge.echo.endpoints.text import SAMPLES


@pytest.mark.parametrize("count", [0, 1, 2])
async def test_byte_order_marks(client: httpx2.AsyncClient, count: int) -> None:
    """So many marks stand before the JSON as were asked for, one by default."""
    query = "" if count == 1 else f"?count={count}"
    response = await client.get(f"/echo/bom{query}")
    body = response.content
    assert body.startswith(codecs.BOM_UTF8 * count)
    assert json.loads(body.removeprefix(codecs.BOM_UTF8 * count))["boms"] == count


@pytest.mark.parametrize("name", SAMPLES)
async def test_text_in_other_encodings(client: httpx2.AsyncClient, name: str) -> None:
    """The bytes are in the encoding that the header names, which is taken in any case."""
    response = await client.get(f"/echo/charset/{name.upper()}")
    assert response.headers["content-type"] == f"text/plain; charset={name}"
    assert response.content.decode(name) == SAMPLES[name]


@pytest.mark.parametrize("name", ["", "zip", "rot13", "undefined", "idna", "../gbk"])
async def test_what_is_no_encoding_of_text_is_not_there(
    client: httpx2.AsyncClient, name: str
) -> None:
    """Only listed names are served: Python's other codecs inflate, and raise."""
    response = await client.get(f"/echo/charset/{name}", follow_redirects=False)
    assert response.status_code in (200, 404)
    assert (response.status_code == 404) == ("charset" in str(response.url))


async def test_other_methods_are_told_so(client: httpx2.AsyncClient) -> None:
    """A 405 names what is allowed."""
    response = await client.post("/echo/bom")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
