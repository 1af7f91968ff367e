"""The calls by which a mini-program talks to a device, and what they say when they fail.

Messages begin with the name of the call, so match them by a part, never as a whole.
"""

from enum import StrEnum


class Call(StrEnum):
    """`--for` on the command line, `for=` over HTTP."""

    REQUEST = "request"
    SOCKET = "socket"
    UDP = "udp"
    TCP = "tcp"
    UPLOAD = "upload"
    DOWNLOAD = "download"

    @property
    def function(self) -> str:
        """`wx.request`."""
        return f"wx.{_NAMES[self]}"

    @property
    def takes_url(self) -> bool:
        """Sockets of UDP and TCP take an address and a port."""
        return self not in (Call.UDP, Call.TCP)

    @property
    def schemes(self) -> tuple[str, ...]:
        """The plain one first."""
        if not self.takes_url:
            return ()
        return ("ws", "wss") if self is Call.SOCKET else ("http", "https")


_NAMES = {
    Call.REQUEST: "request",
    Call.SOCKET: "connectSocket",
    Call.UDP: "createUDPSocket",
    Call.TCP: "createTCPSocket",
    Call.UPLOAD: "uploadFile",
    Call.DOWNLOAD: "downloadFile",
}

TLS_SCHEMES = ("https", "wss")


def call_for(scheme: str | None) -> Call:
    """The call that somebody who wrote a URL of this scheme most likely means."""
    return Call.SOCKET if scheme in ("ws", "wss") else Call.REQUEST


def refused_text(call: Call) -> str | None:
    """What a target outside the LAN rule and the domain list gives; for UDP nobody knows."""
    if call is Call.TCP:
        return "TCPSocket.connect connect fail: invalid address (code -4)"
    return f"{_NAMES[call]}:fail url not in domain list (errno 600002)" if call.takes_url else None


def invalid_url_text(call: Call) -> str | None:
    """What a malformed URL gives; for a WebSocket it differs from one version to the next."""
    if call.takes_url and call is not Call.SOCKET:
        return f"{_NAMES[call]}:fail invalid URL (errno 600009)"
    return None
