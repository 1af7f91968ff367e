"""A wire between two TAP devices that holds each frame for a while: slow_wire ONE OTHER SECONDS."""

import fcntl
import os
import select
import struct
import sys
import time
from collections import deque

_TUNSETIFF = 0x400454CA
_TAP_WITHOUT_HEADER = 0x0002 | 0x1000  # IFF_TAP, IFF_NO_PI
_LONGEST_FRAME_BYTES = 65_536


def _open(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", name.encode(), _TAP_WITHOUT_HEADER))
    return device


def main(one: str, other: str, delay_s: float) -> None:
    """Carry frames both ways until it is ended."""
    ends = [_open(one), _open(other)]
    across = dict(zip(ends, reversed(ends), strict=True))
    held: deque[tuple[float, int, bytes]] = deque()
    print("carrying", flush=True)  # noqa: T201
    while True:
        wait_s = max(0.0, held[0][0] - time.monotonic()) if held else None
        for end in select.select(ends, [], [], wait_s)[0]:
            due_s = time.monotonic() + delay_s
            held.append((due_s, across[end], os.read(end, _LONGEST_FRAME_BYTES)))
        while held and held[0][0] <= time.monotonic():
            _, to, frame = held.popleft()
            os.write(to, frame)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
