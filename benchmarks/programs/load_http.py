"""Asks for one path as often as it is answered: PORT SECONDS CONNECTIONS PATH [HEADER].

All answers must be as long as the first: it ends at one that is longer, for what is asked for has
changed. Reports as JSON: answers, seconds, latencies, that length.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time


def main(port: int, seconds: float, count: int, path: str, *headers: str) -> None:
    """Keep every connection busy until the time is over."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    length, status = measure(port, request)
    room = bytearray(262_144)
    missing: dict[socket.socket, int] = {}
    asked_s: dict[socket.socket, float] = {}
    latencies_s: list[float] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(count):
            sock = connect(port)
            selector.register(sock, selectors.EVENT_READ)
            missing[sock], asked_s[sock] = length, time.monotonic()
            sock.sendall(request)
        begin_s = now_s = time.monotonic()
        changed = False
        while now_s - begin_s < seconds and not changed:
            for key, _ in selector.select(1.0):
                sock = key.fileobj  # type: ignore[assignment]
                missing[sock] -= sock.recv_into(room)
                if missing[sock] > 0:
                    continue
                changed |= missing[sock] < 0
                now_s = time.monotonic()
                latencies_s.append(now_s - asked_s[sock])
                missing[sock], asked_s[sock] = length, now_s
                sock.sendall(request)
            now_s = time.monotonic()
    latencies_s.sort()
    report = {
        "answers": len(latencies_s),
        "seconds": now_s - begin_s,
        "p50_s": latencies_s[len(latencies_s) // 2],
        "p99_s": latencies_s[len(latencies_s) * 99 // 100],
        "length": length,
        "changed": changed,
        "status": status,
    }
    sys.stdout.write(json.dumps(report) + "\n")


def connect(port: int) -> socket.socket:
    """A connection; a server that was started a moment ago is waited for."""
    end_s = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.02)


def measure(port: int, request: bytes) -> tuple[int, int]:
    """Length and status of an answer, head included."""
    with connect(port) as sock, sock.makefile("rb") as answer:
        sock.sendall(request)
        head = [answer.readline()]
        while head[-1] != b"\r\n":
            head.append(answer.readline())
        body = sum(
            int(line.partition(b":")[2])
            for line in head
            if line.lower().startswith(b"content-length:")
        )
        return sum(map(len, head)) + body, int(head[0].split()[1])


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
