"""Ports that wx.createTCPSocket refuses; no list is documented for the other calls."""

from lanbridge.wechat.calls import Call
from lanbridge.wechat.platforms import documented, everywhere
from lanbridge.wechat.rules import Answer, Certainty, Rule, Verdict

TCP_PORTS = Rule(
    "tcp-ports",
    "wx.createTCPSocket refuses ports below 1024 and a list of well-known ones.",
    "developers.weixin.qq.com, TCPSocket; miniprogram-api-typings 5.2.3",
    Certainty.DOCUMENTED,
)

_LOWEST = 1024
_REFUSED = frozenset({
    1099, 1433, 1521, 1719, 1720, 1723, 2049, 2375, 3128, 3306, 3389, 3659, 4045, 5060, 5061, 5432,
    5984, 6000, 6379, 6566, 7001, 7002, *range(8000, 8101), 8443, 8888, 9200, 9300, 10051, 10080,
    11211, 27017, 27018, 27019,
})  # fmt: skip


def is_refused_to_tcp(port: int) -> bool:
    """Whether wx.createTCPSocket refuses to connect to it."""
    return port < _LOWEST or port in _REFUSED


def port_verdicts(port: int, call: Call) -> list[Verdict]:
    """None but for TCP, where the answer is the same everywhere."""
    if call is not Call.TCP:
        return []
    if not is_refused_to_tcp(port):
        sentence = f"port {port} is not on the list that {call.function} refuses"
        return everywhere(documented(Answer.YES, sentence, TCP_PORTS))
    why = f"is below {_LOWEST}" if port < _LOWEST else "is on its list of refused ports"
    sentence = f"{call.function} does not connect to port {port}, which {why}"
    remedy = "listen on another port, such as 8620, or use HTTP or WebSocket"
    return everywhere(documented(Answer.NO, sentence, TCP_PORTS, remedy))
