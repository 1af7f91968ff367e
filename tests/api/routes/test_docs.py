"""The API as a page: whole, without a script, and without anything from elsewhere."""

import re
from html.parser import HTMLParser
from importlib import import_module
from pkgutil import iter_modules

from starlette.testclient import TestClient

from lanbridge.echo import endpoints


class Page(HTMLParser):
    """What a browser would load, run and show."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.shown: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.attributes |= set(attrs)

    def handle_data(self, data: str) -> None:
        """Note it."""
        self.shown.append(data)


def test_every_operation_is_on_the_page(client: TestClient) -> None:
    """With its parameters, and whether it takes the token."""
    answer = client.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    headings = {text for text in page.shown if re.match(r"[A-Z]+ /", text)}
    paths = client.get("/openapi.json").json()["paths"]
    assert headings == {f"{method.upper()} {path}" for path in paths for method in paths[path]}
    assert {"last-event-id", "Judge reachability for this IP"} <= {
        text.partition(" or ")[0] for text in page.shown
    }
    takes = [text for text in page.shown if text == "It takes the token."]
    writes = [one for path in paths.values() for one in path.values() if "security" in one]
    assert len(takes) == len(writes) > 0


def test_every_echo_endpoint_is_on_the_page(client: TestClient) -> None:
    """What is not found at any other path is told to look here."""
    shown = " ".join(Page(client.get("/docs").text).shown)
    files = [one.name for one in iter_modules(endpoints.__path__)]
    modules = [import_module(f"{endpoints.__name__}.{name}") for name in files]
    names = {
        name for one in modules for name in getattr(one, "HTTP", getattr(one, "WEBSOCKET", {}))
    }
    assert "ws" in names
    assert [name for name in names if not re.search(rf"/echo/?{name}\b", shown)] == []
    assert "/api/v1/stream" in shown


def test_it_needs_nothing_and_runs_nothing(client: TestClient) -> None:
    """The policy forbids what is inline, and a Pi may be without the Internet."""
    page = Page(client.get("/docs").text)
    assert not page.tags & {"script", "style", "link", "img", "iframe"}
    names = {name for name, _ in page.attributes}
    assert not [name for name in names if name.startswith("on") or name in ("style", "src")]
    assert [value for name, value in page.attributes if name == "href"] == ["openapi.json"]
