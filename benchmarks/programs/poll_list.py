"""Asks the daemon of this host for the list, as a dashboard does: SECONDS PAUSE_S [TYPE COUNT].

Reports as JSON how long each answer took; with TYPE also the fewest services of that type that were
listed online with an address, of COUNT.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from typing import Any


def main(seconds: float, pause_s: float, type_: str = "", count: str = "0") -> None:
    """The first page each time, on a new connection: one idle for 5 s the server closes."""
    connection = http.client.HTTPConnection("127.0.0.1", 8620, timeout=20)
    latencies_s: list[float] = []
    fewest = int(count)
    end_s = time.monotonic() + seconds
    while (begin_s := time.monotonic()) < end_s:
        get(connection, "/api/v1/services")
        latencies_s.append(time.monotonic() - begin_s)
        if type_:
            items = get(connection, f"/api/v1/services?type={type_}&state=online")["items"]
            fewest = min(fewest, sum(bool(item["addresses"]) for item in items))
        connection.close()
        time.sleep(max(0.0, pause_s - (time.monotonic() - begin_s)))
    latencies_s.sort()
    report = {
        "answers": len(latencies_s),
        "p50_s": latencies_s[len(latencies_s) // 2],
        "p99_s": latencies_s[len(latencies_s) * 99 // 100],
        "longest_s": latencies_s[-1],
        "fewest": fewest,
    }
    sys.stdout.write(json.dumps(report) + "\n")


def get(connection: http.client.HTTPConnection, path: str) -> Any:
    """The body, which has to be a list."""
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, (response.status, body)
    return json.loads(body)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:])
