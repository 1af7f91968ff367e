"""What is answered before the framework."""

import json

from lanbridge.api.front import Front, Message, Receive, Scope, Send


class App:
    """Says its name for an answer."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"name": self.name})


async def ask(path: str, method: str | None = "GET", name: str = "Pi") -> list[Message]:
    """What a front sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http" if method else "websocket", "path": path, "method": method}
    await Front(App("rest"), lambda: {"name": name})(scope, receive, send)
    return sent


async def test_ping() -> None:
    """GET and HEAD are answered with the facts; other methods and WebSockets by the framework."""
    for method in ("GET", "HEAD"):
        start, body = await ask("/ping", method, "客厅")
        assert start["status"] == 200
        assert (b"content-length", b"%d" % len(body["body"])) in start["headers"]
        assert json.loads(body["body"]) == {"name": "客厅"}
    assert await ask("/ping", "POST") == [{"name": "rest"}]
    assert await ask("/ping", None) == [{"name": "rest"}]


async def test_ping_follows_a_new_name() -> None:
    """A name that a conflict changed is in the next answer."""
    names = ["Pi", "Pi (2)"]
    bodies: list[bytes] = []

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        bodies.append(message.get("body", b""))

    front = Front(App("rest"), lambda: {"name": names[0]})
    for _ in range(3):
        await front({"type": "http", "path": "/ping", "method": "GET"}, receive, send)
        del names[:-1]
    assert [json.loads(body)["name"] for body in bodies if body] == ["Pi", "Pi (2)", "Pi (2)"]
