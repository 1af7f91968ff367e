"""What the network answered instead of the peer: ICMP errors, for the datagram each is about.

Linux tells a UDP socket of a refusal without being asked; of a host or network that cannot be
reached only with IP_RECVERR, and then with the head of the datagram: ip(7). Other systems tell of
refusals alone, and not of which datagram.
"""

import os
import socket
import sys
from collections.abc import Iterator

_IS_LINUX = sys.platform == "linux"
# <linux/in.h>, <linux/in6.h>; the socket module has them from Python 3.14 on.
_OPTIONS = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),  # IP_RECVERR
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),  # IPV6_RECVERR
}
_HEAD_BYTES = 16
_ANCILLARY_BYTES = 512
_MOST = 64  # at one time, so that a flood cannot hold the loop


def ask_for_errors(sock: socket.socket) -> None:
    """Of a UDP socket; then `errors` must be read whenever it is readable."""
    if _IS_LINUX:
        sock.setsockopt(*_OPTIONS[sock.family], 1)


def errors(sock: socket.socket) -> Iterator[tuple[bytes, OSError]]:
    """(head of the datagram as far as it came back, perhaps none of it; what became of it)."""
    for _ in range(_MOST if _IS_LINUX else 0):
        try:
            head, ancillary, _, _ = sock.recvmsg(_HEAD_BYTES, _ANCILLARY_BYTES, socket.MSG_ERRQUEUE)
        except OSError:  # there is no more
            return
        for level, kind, data in ancillary:
            if (level, kind) == _OPTIONS[sock.family]:
                number = int.from_bytes(data[:4], sys.byteorder)  # sock_extended_err.ee_errno
                yield head, OSError(number, os.strerror(number))
