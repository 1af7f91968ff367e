"""A daemon that answers as it is told, on loopback."""

import json
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

LAMP = {
    "id": "1",
    "name": "客厅灯",
    "type": "_http._tcp",
    "host": "lamp.local",
    "port": 8086,
    "addresses": [
        {"address": "192.168.1.20", "interface": "eth0"},
        {"address": "192.168.1.20", "interface": "wlan0"},
    ],
    "state": "online",
    "reachable": True,
    "reason": None,
    "txt": {"path": "/", "secure": None},
}


class Daemon:
    """`pages`: what it answers to each target; `asked`: the targets, in order.

    `told`: what came by another method than GET: that, the target, the headers, the body.
    """

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, Any]] = {}
        self.asked: list[str] = []
        self.told: list[tuple[str, str, Mapping[str, str], Any]] = []
        self.url = ""

    def serve(self, target: str, *items: Any, next: str | None = None) -> None:
        """Answer `target` with one page of a list."""
        self.pages[target] = (200, {"items": items, "next": next})


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """A real HTTP server on a free port of loopback."""
    told = Daemon()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.answer()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sent = json.loads(body) if body else None
            told.told.append((self.command, self.path, dict(self.headers), sent))
            self.answer()

        do_DELETE = do_POST

        def answer(self) -> None:
            status, answer = told.pages.get(self.path, (404, {"detail": "there is no such path."}))
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            body = b"" if status == 204 else body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        server.shutdown()
        thread.join()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run one command line in this process: status, stdout, stderr."""

    def run(*argv: str) -> tuple[int, str, str]:
        from lanbridge.cli.main import main

        status = main(argv)
        out, err = capsys.readouterr()
        return status, out, err

    return run
