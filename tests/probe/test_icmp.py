"""What the system hands over of an ICMP error, on Linux."""

import select
import socket

from lanbridge.probe.icmp import ask_for_errors, errors
from tests.probe.runs import deaf_port


def test_a_refusal_comes_with_the_head_of_its_datagram() -> None:
    """Each once, in order; what is read is not raised by the next call any more."""
    with (
        deaf_port(socket.SOCK_DGRAM) as port,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
    ):
        sock.setblocking(False)
        ask_for_errors(sock)
        assert list(errors(sock)) == []
        sock.connect(("127.0.0.1", port))
        for payload in (b"one" * 30, b"two"):
            sock.send(payload)
            # The socket is readable for an error as it is for a datagram.
            assert select.select([sock], [], [], 10) == ([sock], [], [])
            ((head, error),) = errors(sock)
            assert payload.startswith(head)
            assert len(head) == min(len(payload), 16)
            assert isinstance(error, ConnectionRefusedError)
        assert list(errors(sock)) == []
