"""The `type` of a problem is a page that explains it, also without the Internet."""

import re
from importlib.resources import files

import pytest
from starlette.testclient import TestClient

from tests.api.routes.test_docs import Page

TABLE = (files("lanbridge.api") / "errors.md").read_text("utf-8")
CODES = re.findall(r"^\| `([a-z-]+)`", TABLE, re.M)


def test_the_type_of_a_problem_leads_to_what_it_means(client: TestClient) -> None:
    """With the sentence of the documentation, and its code set as code."""
    problem = client.get("/api/v1/nope").json()
    answer = client.get(problem["type"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>not-found</h1>" in answer.text
    assert "no such path, or nothing with this id" in answer.text
    assert "<code>Allow</code> says which" in client.get("/errors/method-not-allowed").text


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_page(client: TestClient, code: str) -> None:
    """That loads and runs nothing, as the policy wants it, and leads to the API."""
    page = Page(client.get(f"/errors/{code}").text)
    assert code in page.shown
    assert not page.tags & {"script", "style", "link", "img", "iframe"}
    assert [value for name, value in page.attributes if name == "href"] == ["../docs"]
    assert "`" not in "".join(page.shown)


def test_a_code_that_there_is_not_is_not_found(client: TestClient) -> None:
    """Whatever it is made of."""
    for code in ("nope", "Not-Found", "code", "<script>", "%0d%0a"):
        answer = client.get(f"/errors/{code}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
