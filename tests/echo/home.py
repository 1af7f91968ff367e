"""The host that the tests of the guard live on, and datagrams that it answers."""

from ipaddress import ip_address, ip_interface

from lanbridge.core.addresses import NetworkInterface, NetworkState
from lanbridge.echo.guard import Flow


def interface(name: str, index: int, *addresses: str, used: bool = True) -> NetworkInterface:
    """An interface that is up; `lo` is the loopback one, and never used."""
    return NetworkInterface(
        name=name,
        index=index,
        addresses=tuple(map(ip_interface, addresses)),
        mac=None,
        mtu_bytes=1500,
        up=True,
        loopback=name == "lo",
        multicast=name != "lo",
        point_to_point=False,
        used=used and name != "lo",
        why="for the test",
    )


HOME = NetworkState(
    (
        interface("lo", 1, "127.0.0.1/8", "::1/128"),
        interface("eth0", 2, "192.168.1.5/24", "fe80::5/64", "fd00::5/64"),
        interface("docker0", 3, "172.17.0.1/16", used=False),
        interface("wlan0", 4, "10.0.0.5/24"),
    )
)


def flow(
    source: str = "192.168.1.20",
    port: int = 50_000,
    destination: str | None = "192.168.1.5",
    *,
    own_port: int = 8620,
    link: int = 2,
    hops: int | None = 64,
) -> Flow:
    """Datagrams of a phone at 192.168.1.20 to eth0, but for what is given."""
    to = ip_address(destination) if destination else None
    return Flow(ip_address(source), port, to, own_port, link, hops)
