"""Reads the events of the daemon of this host until SIGTERM.

Writes "ready" when it reads, and at the end as JSON: how many events of each name, how many numbers
were left out, and when each service was resolved.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
from collections import Counter

PORT = 8620


class Ended(Exception):
    """SIGTERM."""


def main() -> None:
    """One stream, without a library between."""
    counts: Counter[str] = Counter()
    resolved: list[tuple[float, bytes]] = []
    gaps, last = 0, None
    with socket.create_connection(("127.0.0.1", PORT)) as sock, sock.makefile("rb") as lines:
        sock.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while b": lanbridge" not in lines.readline():
            pass
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, end)
        try:
            name = b""
            for line in lines:
                field, _, value = line.rstrip(b"\n").partition(b": ")
                if field == b"id":
                    number = int(value.rpartition(b"-")[2])
                    gaps += last is not None and number not in (last, last + 1)
                    last = number
                elif field == b"event":
                    name = value
                elif field == b"data":
                    counts[name.decode()] += 1
                    if name == b"service.resolved":
                        # Parsed at the end: it is not the reader that is measured.
                        resolved.append((time.monotonic(), value))
        except Ended:
            pass
    resolved_s: dict[str, float] = {}
    for at_s, data in resolved:
        resolved_s.setdefault(json.loads(data)["service"]["name"], at_s)
    report = {"counts": counts, "gaps": gaps, "resolved_s": resolved_s}
    sys.stdout.write(json.dumps(report) + "\n")


def end(_number: int, _frame: object) -> None:
    """Break off the reading."""
    raise Ended


if __name__ == "__main__":
    main()
