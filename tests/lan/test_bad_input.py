"""A daemon under bad input: others are served, and its memory is bounded."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.lan.program import http, serve
from tests.lan.test_flood import rss_mib

if TYPE_CHECKING:
    from tests.lan.lab import Lab

HALF_OPEN, GROWTH_MIB = 1_000, 16
# Half-open connections, and beside them five things that have no end, 32 MiB of each.
_ATTACK = """
import resource, signal, socket, sys
where, count = (sys.argv[1], 8620), int(sys.argv[2])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4_096), hard))
held = []
for number in range(count):
    one = socket.create_connection(where, timeout=10)
    one.sendall(b"GET /ping HTTP/1.1\\r\\nho" if number % 2 else b"")
    held.append(one)
host = b"host: %b\\r\\n" % sys.argv[1].encode()
chunked = b"POST /echo HTTP/1.1\\r\\n" + host + b"transfer-encoding: chunked\\r\\n\\r\\n"
for begin in (
    b"GET /echo HTTP/1.1\\r\\nx: ",
    b"GET /",
    chunked + b"1\\r\\na\\r\\n0\\r\\nx: ",
    chunked + b"1;",
    b"GET /echo/delay/20 HTTP/1.1\\r\\n" + host + b"\\r\\nGET /",
):
    with socket.create_connection(where, timeout=10) as one:
        try:
            one.sendall(begin)
            for _ in range(32 * 16):
                one.sendall(bytes([97]) * 65_536)
        except ConnectionError:
            pass
print("holding", flush=True)
signal.pause()
"""


def test_half_open_connections_and_heads_without_end(lab: Lab) -> None:
    """A thousand of the first and 160 MiB of the second; a neighbour is answered meanwhile."""
    pi, phone = lab.host("pi"), lab.host("phone")
    daemon = serve(pi)
    before_mib = rss_mib(daemon)
    attack = pi.popen([sys.executable, "-c", _ATTACK, "127.0.0.1", str(HALF_OPEN)])
    attack.wait_line("^holding$")
    assert http(phone, "http://10.77.0.1:8620/echo").status == 200
    assert rss_mib(daemon) - before_mib < GROWTH_MIB
    refused = http(pi, "http://127.0.0.1:8620/api/v1/status").body["http_refused"]
    assert refused["head-too-large"] == 5
