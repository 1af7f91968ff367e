"""Who may do what: asked of every request before anything else looks at it.

Reads are for the networks of this host, changes for who has the token; and no web page of somebody
else makes a browser on this network ask for him. The echo room has a rule of its own, its guard.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Match

from lanbridge.api.front import App, Message, Receive, Scope, Send
from lanbridge.api.problems import response_to
from lanbridge.core.addresses import (
    Network,
    NetworkState,
    Relation,
    classify,
    parse_address,
    unmapped,
)
from lanbridge.core.errors import (
    BodyRefused,
    BodyTooLarge,
    HostRefused,
    InvalidAddress,
    LanbridgeError,
    OriginRefused,
    Refused,
    TooManyRequests,
)
from lanbridge.core.names import fold
from lanbridge.token import WriteToken

MAX_BODY_BYTES = 16 * 1024 * 1024  # of what has the token: a backup of 10,000 services fits in
PER_S, BURST = 50, 500  # requests of one address; who asks from this host itself is not counted
# What is remembered of callers and of names. The attack: come from every address of a /64, and ask
# for every name there is; then all is forgotten, and is judged anew.
MAX_CALLERS, MAX_HOSTS = 1_024, 256

_READS = frozenset(("GET", "HEAD", "OPTIONS"))
_LOCAL_NAME = re.compile(r"[a-z0-9_-]{1,63}|(?:[a-z0-9_-]{1,63}\.)+local\.?", re.I | re.A)
_PORT = re.compile(r":[0-9]{0,5}$")
# What WeChat for iOS was seen to send, as weapp://wechat-game-runtime: no web page's (ADR 0029).
_WECHAT = "weapp://"
_HOST_RULE = "it is no IP address, no single label, and no name under .local"


class Access:
    """ASGI. refused: counts refusals by reason; now_s: reads any steady clock.

    echo: answers `/echo` and all below it, behind a guard of its own; others are measured with it,
    so it comes first. api: where `app` answers what is no read; asked directly for what none of its
    routes takes.
    """

    def __init__(
        self,
        app: App,
        echo: App,
        api: Starlette,
        state: Callable[[], NetworkState],
        token: WriteToken,
        refused: Counter[str],
        now_s: Callable[[], float],
        *,
        networks: Iterable[Network] = (),
        host_names: Iterable[str] = (),
        origins: Iterable[str] = (),
    ) -> None:
        self._app = app
        self._echo = echo
        self._api = api
        self._state = state
        self._token = token
        self._now_s = now_s
        self.refused = refused
        self._networks = tuple(networks)
        self._host_names = frozenset(map(fold, host_names))
        self._origins = frozenset(origin.lower() for origin in origins)
        self._hosts: set[bytes] = set()  # values of Host that may be
        self._judged_in: NetworkState | None = None
        self._at_home: set[str] = set()  # callers on this host, in that state
        self._full_at_s: dict[str, float] = {}  # others that may read: when their bucket is full

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on without a step between, or refuse with a problem document."""
        try:
            for name, value in scope["headers"]:
                if name == b"host" and value not in self._hosts:
                    self._check_host(value)
            path = scope["path"]
            if path.startswith("/echo/") or path == "/echo":
                return self._echo(scope, receive, send)
            self._check_caller(scope["client"][0] if scope["client"] else "", path)
            if scope["type"] == "websocket":
                self._check_origin(dict(scope["headers"]))
            elif scope["method"] not in _READS:
                headers = dict(scope["headers"])
                self._check_origin(headers)
                if not self._is_routed(scope):  # 404 or 405 (docs/adr/0034)
                    return self._api(scope, receive, send)
                self._check_write(headers)
        except LanbridgeError as error:
            return response_to(error)(scope, receive, send)
        if scope.get("method", "GET") in _READS:
            return self._app(scope, receive, send)
        return self._app(scope, _bounded(receive), send)

    def _is_routed(self, scope: Scope) -> bool:
        """By the router itself: what is added to it one day takes the token too."""
        return any(route.matches(scope)[0] is Match.FULL for route in self._api.routes)

    # DNS rebinding: a page of evil.example, whose name then points here, is of our origin for the
    # browser. What cannot point here by somebody else's DNS is let pass. transmission,
    # CVE-2018-5702, and openwrt: names of one label have to go on working.

    def _check_host(self, value: bytes) -> None:
        text = value.decode("latin-1")
        if not _is_ours(text, self._host_names):
            self.refused[HostRefused.code] += 1
            raise HostRefused(text, _HOST_RULE, "ask by one of them, or add it to host_names")
        if len(self._hosts) < MAX_HOSTS:
            self._hosts.add(value)

    def _check_caller(self, host: str, path: str) -> None:
        state = self._state()
        if state is not self._judged_in:
            if state != self._judged_in:
                self._at_home.clear()
                self._full_at_s.clear()
            self._judged_in = state
        if host in self._at_home:
            return
        if host not in self._full_at_s:
            self._judge(host, state)
        if path == "/ping" or host in self._at_home:
            return  # a ping costs less than to count it
        now_s = self._now_s()
        full_at_s = max(self._full_at_s[host], now_s) + 1 / PER_S
        if full_at_s - now_s > BURST / PER_S:
            self.refused[TooManyRequests.code] += 1
            raise TooManyRequests(host, f"more than {PER_S} requests a second", "ask less often")
        self._full_at_s[host] = full_at_s

    def _judge(self, host: str, state: NetworkState) -> None:
        """Remember what a new caller may. Raises Refused for one that may not read."""
        if len(self._at_home) + len(self._full_at_s) >= MAX_CALLERS:
            self._at_home.clear()
            self._full_at_s.clear()
        try:
            verdict = classify(parse_address(host), state)
        except InvalidAddress:
            self.refused["no-address"] += 1
            raise Refused(host, "the caller has no IP address", "connect over the LAN") from None
        if verdict.relation in (Relation.SELF, Relation.LOOPBACK):
            self._at_home.add(host)
            return
        address = unmapped(verdict.address)
        if verdict.ok or any(address in network for network in self._networks):
            self._full_at_s[host] = 0.0
            return
        self.refused[str(verdict.relation)] += 1
        rule = "the caller is in no network that may read"
        raise Refused(host, rule, "connect it to this LAN, or add its network to allow_networks")

    def _check_origin(self, headers: dict[bytes, bytes]) -> None:
        """A browser says which page asks; programs say nothing, and mini-programs little more."""
        origin = headers.get(b"origin")
        if origin is None:
            return
        text = origin.decode("latin-1").lower()
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if text in (f"http://{host}", f"https://{host}") or text in self._origins:
            return
        if text.startswith(_WECHAT):
            return
        self.refused[OriginRefused.code] += 1
        raise OriginRefused(text, "a page of another origin asks", "add it to cors_origins")

    def _check_write(self, headers: dict[bytes, bytes]) -> None:
        """Before a byte of the body is read. The route asks for the token once more."""
        scheme, _, offered = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        try:
            self._token.check(offered if scheme.lower() == "bearer" and offered else None)
        except LanbridgeError as error:
            self.refused[error.code] += 1
            raise
        length = headers.get(b"content-length", b"0")
        if length == b"0" and b"transfer-encoding" not in headers:
            return
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if media_type != b"application/json":
            self.refused[BodyRefused.code] += 1
            what = media_type.decode("latin-1")
            raise BodyRefused(what, "a body is application/json here", "say so in Content-Type")
        if not length.isdigit() or len(length) > 12 or int(length) > MAX_BODY_BYTES:
            self.refused[BodyTooLarge.code] += 1
            raise BodyTooLarge("", f"it has more than {MAX_BODY_BYTES} bytes")


def _is_ours(text: str, names: frozenset[str]) -> bool:
    """Whether the value of a Host header may be; an empty one is none."""
    host = _PORT.sub("", text)
    if not host or fold(host) in names or _LOCAL_NAME.fullmatch(host):
        return True
    try:
        parse_address(host.removeprefix("[").removesuffix("]"))
    except InvalidAddress:
        return False
    return True


def _bounded(receive: Receive) -> Receive:
    """For a body whose length is not told before."""
    received_bytes = 0

    async def bounded() -> Message:
        nonlocal received_bytes
        message = await receive()
        received_bytes += len(message.get("body", b""))
        if received_bytes > MAX_BODY_BYTES:
            raise HTTPException(413)  # the framework swallows every other one
        return message

    return bounded
