"""The calls, and how they go with URLs."""

import pytest

from lanbridge.wechat.calls import Call, call_for, invalid_url_text


@pytest.mark.parametrize(
    ("call", "function", "schemes"),
    [
        (Call.REQUEST, "wx.request", ("http", "https")),
        (Call.SOCKET, "wx.connectSocket", ("ws", "wss")),
        (Call.UDP, "wx.createUDPSocket", ()),
        (Call.TCP, "wx.createTCPSocket", ()),
        (Call.UPLOAD, "wx.uploadFile", ("http", "https")),
        (Call.DOWNLOAD, "wx.downloadFile", ("http", "https")),
    ],
)
def test_calls(call: Call, function: str, schemes: tuple[str, ...]) -> None:
    """Those that take a URL have a plain scheme and one over TLS."""
    assert call.function == function
    assert call.schemes == schemes
    assert call.takes_url == bool(schemes)


@pytest.mark.parametrize(
    ("scheme", "call"),
    [("ws", Call.SOCKET), ("wss", Call.SOCKET), ("http", Call.REQUEST), (None, Call.REQUEST)],
)
def test_the_call_that_is_meant(scheme: str | None, call: Call) -> None:
    """By the scheme."""
    assert call_for(scheme) is call


def test_a_malformed_url() -> None:
    """The text is known for HTTP only."""
    assert invalid_url_text(Call.UPLOAD) == "uploadFile:fail invalid URL (errno 600009)"
    assert invalid_url_text(Call.SOCKET) is None
