"""Fetches PATH from PORT of this host into FILE; reports status and ETag as JSON."""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path


def main(port: int, path: str, file: str) -> None:
    """One request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    response = connection.getresponse()
    Path(file).write_bytes(response.read())
    report = {"status": response.status, "etag": response.headers["ETag"]}
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
