"""Asks the daemon of this host over HTTP: `ready` or `services TYPE`.

`ready` says so when GET /readyz answers 200 for the first time; `services` counts, as JSON, what
all pages of GET /api/v1/services hold.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from typing import Any

HOST, PORT = "127.0.0.1", 8620
LONGEST_S = 20.0
POLL_S = 0.005


def ready() -> None:
    """Ask until the daemon is ready, and say so."""
    end_s = time.monotonic() + LONGEST_S
    sys.stdout.write("waiting\n")
    sys.stdout.flush()
    while time.monotonic() < end_s:
        try:
            status, _ = get(http.client.HTTPConnection(HOST, PORT, timeout=5), "/readyz")
        except OSError:
            status = 0
        if status == 200:
            sys.stdout.write("ready\n")
            return
        time.sleep(POLL_S)
    sys.exit("the daemon is not ready")


def services(service_type: str) -> None:
    """Count the services that are whole, over all pages."""
    begin_s = time.monotonic()
    connection = http.client.HTTPConnection(HOST, PORT, timeout=LONGEST_S)
    path: str | None = f"/api/v1/services?type={service_type}"
    pages, whole = 0, set()
    while path is not None:
        _, page = get(connection, path)
        whole |= {item["name"] for item in page["items"] if is_whole(item)}
        pages, path = pages + 1, page["next"]
    report = {"whole": len(whole), "pages": pages, "seconds": time.monotonic() - begin_s}
    sys.stdout.write(json.dumps(report) + "\n")


def is_whole(item: dict[str, Any]) -> bool:
    """Whether a service of programs/flood.py is there with all that it announced."""
    number = item["name"].removeprefix("Flood ")
    return bool(
        item["state"] == "online"
        and item["port"] == 1024 + int(number)
        and item["txt"] == {"id": str(int(number)), "model": "sensor", "fw": "1.4.2"}
        and item["host"] == f"flood-{number}.local"
        and len(item["addresses"]) == 1
    )


def get(connection: http.client.HTTPConnection, path: str) -> tuple[int, Any]:
    """Return the status, and the body as JSON if that is 200."""
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    return response.status, json.loads(body) if response.status == 200 else None


if __name__ == "__main__":
    ready() if sys.argv[1] == "ready" else services(sys.argv[2])
