"""How much each client holds open at once, beside what its platform allows it."""

from typing import TypedDict

# wx.request, uploadFile and downloadFile together, and wx.connectSocket: each of one mini-program.
REQUESTS_AT_ONCE = 10
SOCKETS_AT_ONCE = 5


class Held(TypedDict):
    """Of one address: two mini-programs on one phone are counted as one."""

    requests: int
    sockets: int
    limits: dict[str, int]


class Holdings:
    """Counts requests being answered and sockets that are open, by address.

    Bounded by the connections that there are: who holds nothing is not in it.
    """

    def __init__(self) -> None:
        self.requests: dict[str, int] = {}
        self.sockets: dict[str, int] = {}

    def held(self, address: str) -> Held:
        """What this address holds now, the request that asks included."""
        return {
            "requests": self.requests.get(address, 0),
            "sockets": self.sockets.get(address, 0),
            "limits": {"requests": REQUESTS_AT_ONCE, "sockets": SOCKETS_AT_ONCE},
        }
