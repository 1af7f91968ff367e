"""Whether phones connect to the port that is configured."""

from collections.abc import Iterator

from lanbridge.doctor.finding import Finding, Severity, ok
from lanbridge.doctor.host import Host
from lanbridge.wechat.ports import is_refused_to_tcp


def check(host: Host) -> Iterator[Finding]:
    """By WeChat's list."""
    port = host.settings.port
    if not is_refused_to_tcp(port):
        yield ok(f"port {port} is one that phones connect to")
        return
    yield Finding(
        severity=Severity.WARNING,
        sentence=f"port {port} is one that phones refuse to TCP sockets",
        evidence={"port": port},
        consequence="wx.createTCPSocket of a mini-program fails before it sends anything; HTTP, "
        "WebSocket and UDP go through.",
        remedy="lanbridge serve --port 8620, or port = 8620 in the settings file",
    )
