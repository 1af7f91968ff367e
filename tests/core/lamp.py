"""The lamp of DESIGN §4.2 and the host that looks at it, for tests of the views."""

from ipaddress import ip_address

from lanbridge.core.addresses import NetworkState, Viewer
from lanbridge.core.services import HeardAddress, Reason, ServiceInstance, State
from lanbridge.core.txt import decode, encode
from lanbridge.wechat.lan import phone_from
from tests.echo.home import interface

HOME = NetworkState(
    (
        interface("lo", 1, "127.0.0.1/8", "::1/128", used=False),
        interface("wlan0", 2, "192.168.1.5/24", "fd00::5/64", "fe80::5/64"),
        interface("docker0", 3, "172.17.0.1/16", used=False),
    )
)


def lamp(
    *addresses: str,
    type_: str = "_http._tcp",
    txt: tuple[tuple[str, bytes | None], ...] = (),
    state: State = State.ONLINE,
    reason: Reason | None = None,
    port: int = 8086,
    host: str = "lamp.local",
) -> ServiceInstance:
    """The lamp of DESIGN §4.2, but for what is given."""
    rdata = encode(txt)
    return ServiceInstance(
        id="0123456789abcdef",
        name="Kitchen lamp",
        type=type_,
        domain="local",
        host=host,
        port=port,
        addresses=tuple(
            HeardAddress(ip_address(one), "wlan0") for one in addresses or ("192.168.1.20",)
        ),
        interfaces=("wlan0",),
        txt=decode(rdata),
        txt_raw=rdata,
        state=state,
        reason=reason,
        ttl_s=120,
        first_seen_s=1_700_000_000.0,
        last_seen_s=1_700_000_001.5,
    )


def phone(text: str) -> Viewer:
    """A viewer at an address, with its prefix."""
    return phone_from(text, HOME)
