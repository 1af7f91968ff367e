"""What takes a while and little CPU: one large upload or download, or many idle WebSockets.

`hold.py upload|download ADDRESS PORT PATH BYTES` prints the seconds from the first byte to the
last; `hold.py idle ADDRESS PORT PATH COUNT` opens so many, says `ready`, and holds them.
"""

from __future__ import annotations

import socket
import sys
import time

PIECE = bytes(1024 * 1024)
BEFORE = (
    b'--1700000000000\r\nContent-Disposition: form-data; name="file"; filename="all.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)
AFTER = b"\r\n--1700000000000--\r\n"


def upload(sock: socket.socket, path: str, size_bytes: int) -> None:
    """As wx.uploadFile sends a file."""
    length = len(BEFORE) + size_bytes + len(AFTER)
    head = (
        f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n"
        "content-type: multipart/form-data; boundary=1700000000000\r\n\r\n"
    )
    sock.sendall(head.encode() + BEFORE)
    for _ in range(size_bytes // len(PIECE)):
        sock.sendall(PIECE)
    sock.sendall(AFTER)
    answer = sock.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 200 "), answer


def download(sock: socket.socket, path: str, size_bytes: int) -> None:
    """Read all, and keep nothing."""
    sock.sendall(f"GET {path} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
    buffer = bytearray(PIECE)
    size = sock.recv_into(buffer)
    head, _, body = bytes(buffer[:size]).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    missing = size_bytes - len(body)
    while missing > 0:
        size = sock.recv_into(buffer)
        assert size, f"{missing} bytes are missing"
        missing -= size


def idle(address: str, port: int, path: str, count: int) -> None:
    """Open, and say nothing more."""
    request = (
        f"GET {path} HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        "sec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nsec-websocket-version: 13\r\n\r\n"
    )
    held = []
    for _ in range(count):
        sock = socket.create_connection((address, port))
        sock.sendall(request.encode())
        answer = sock.recv(4_096)
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        held.append(sock)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(60)


def main(what: str, address: str, port: int, path: str, number: int) -> None:
    """Do it once."""
    if what == "idle":
        idle(address, port, path, number)
        return
    with socket.create_connection((address, port)) as sock:
        began_s = time.monotonic()
        (upload if what == "upload" else download)(sock, path, number)
        sys.stdout.write(f"{time.monotonic() - began_s}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
