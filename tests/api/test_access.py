"""Who may do what: networks, names, origins, the token, and how much of it."""

from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from lanbridge import hub
from lanbridge.api import access
from lanbridge.api.access import BURST, MAX_BODY_BYTES, MAX_CALLERS, MAX_HOSTS, PER_S, Access
from lanbridge.api.front import Receive, Scope, Send
from lanbridge.api.server import application
from lanbridge.core.addresses import NetworkState
from tests.api.conftest import CALLER, Home
from tests.api.test_problems import assert_problem

Token = dict[str, str]
READ = "/api/v1/types"
WRITE = "/api/v1/scan"
JSON = {"Content-Type": "application/json"}


class At:
    """`at(caller)` is a client at that address, of everything that is served on the port."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._app: Any = None

    def set(self, **settings: Any) -> None:
        """Other settings than the defaults."""
        daemon = self._home.daemon
        daemon.settings = daemon.settings.model_copy(update=settings)

    @property
    def access(self) -> Access:
        """The layer, where nothing is around it."""
        self._app = self._app or application(self._home.daemon)
        assert isinstance(self._app, Access)
        return self._app

    def __call__(self, caller: str = CALLER, host: str = "10.0.0.1:8620") -> TestClient:
        served = self._app = self._app or application(self._home.daemon)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await served(scope, receive, send)

        return TestClient(
            app,
            base_url="http://testserver",
            headers={"Host": host},
            client=(caller, 50_000),
            follow_redirects=False,
        )


@pytest.fixture(name="at")
def at_fixture(home: Home) -> At:
    """The clients of a daemon at 10.0.0.1."""
    return At(home)


def refused(response: Any, status: int, code: str) -> str:
    """That it is a problem document of this code; its sentence."""
    problem = assert_problem(response.status_code, response.headers["content-type"], response.text)
    assert (problem["status"], problem["code"]) == (status, code)
    return str(problem["detail"])


def test_which_paths_are_echo(at: At) -> None:
    """`/echo` and all below it, which say who asks; and no path that only begins like it."""
    for path in ("/echo", "/echo/", "/echo/a", "/echo/ws"):
        assert at().get(path).json()["path"] == path
    for path in ("/echoes", "/Echo", "/api/v1/echo"):
        refused(at().get(path), 404, "not-found")


class TestNetworks:
    """Reads are for the host's own subnets and loopback."""

    @pytest.mark.parametrize(
        "caller",
        ["10.0.0.9", "127.0.0.1", "::1", "10.0.0.1", "fe80::9%eth0", "::ffff:10.0.0.9"],
    )
    def test_neighbours_and_this_host_read(self, at: At, caller: str) -> None:
        """On every path, the probes of monitors and phones among them."""
        for path in (READ, "/ping", "/healthz", "/docs", "/openapi.json"):
            assert at(caller).get(path).status_code == 200

    @pytest.mark.parametrize(
        ("caller", "reason"),
        [
            ("192.168.9.9", "other-subnet"),
            ("2001:db8::1", "other-subnet"),
            ("172.17.0.5", "other-subnet"),
            ("fe80::9", "unusable"),
            ("unix", "no-address"),
        ],
    )
    def test_nobody_else_does(self, at: At, home: Home, caller: str, reason: str) -> None:
        """On no path, and it is counted why."""
        for path in (READ, "/ping", "/", "/healthz", "/docs", "/nope"):
            detail = refused(at(caller).get(path), 403, "refused")
            assert "allow_networks" in detail or reason == "no-address"
            assert "10.0.0" not in detail
        assert home.daemon.http_refused == {reason: 6}
        shown = at("127.0.0.1").get("/api/v1/status").json()["http_refused"]
        assert shown == {reason: 6}

    def test_more_networks_by_configuration(self, at: At) -> None:
        """IPv4 and IPv6, with a mapped address judged as what it is; others stay outside."""
        at.set(allow_networks=("192.168.0.0/16", "2001:db8::/32"))
        for caller in ("192.168.9.9", "2001:db8::1", "::ffff:192.168.9.9"):
            assert at(caller).get(READ).status_code == 200
        assert at("193.0.0.1").get(READ).status_code == 403

    def test_the_network_of_this_moment_counts(self, at: At, home: Home) -> None:
        """Who could read before the Pi moved to another LAN can no longer."""
        assert at().get(READ).status_code == 200
        home.daemon.discovery.state = NetworkState(())
        assert at().get(READ).status_code == 403
        assert at("127.0.0.1").get(READ).status_code == 200

    def test_the_header_of_a_proxy_changes_nothing(self, at: At) -> None:
        """Anybody could send one."""
        headers = {"X-Forwarded-For": "10.0.0.9", "Forwarded": "for=10.0.0.9"}
        assert at("192.168.9.9").get(READ, headers=headers).status_code == 403


class TestHost:
    """DNS rebinding: what somebody else's DNS can point here is refused."""

    @pytest.mark.parametrize(
        "host",
        [
            "10.0.0.1:8620",
            "10.0.0.1",
            "[fe80::1]:8620",
            "[::1]",
            "[fe80::1%25eth0]:8620",
            "localhost:8620",
            "lede:9091",
            "Raspberry-Pi",
            "lanbridge-ab12cd.local:8620",
            "PI.LOCAL.",
            "a.b.local",
            "my_pi",
            "",
        ],
    )
    def test_what_may_be(self, at: At, host: str) -> None:
        """An address, a single label, `.local`, with any port."""
        for _ in range(2):
            assert at(host=host).get(READ).status_code == 200

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "evil.example:8620",
            "10.0.0.1.evil.example",
            "local.evil.example",
            "evil.example.local.com",
            "10.0.0.1:8620:80",
            "10.0.0.1@evil.example",
            "pi.local/",
            ".local",
            "[::1",
            "a b",
            "-.\x1b[2J",
        ],
    )
    def test_what_may_not(self, at: At, home: Home, host: str) -> None:
        """On no path, the echo room's included, and with no caller; the answer is safe to read."""
        for path in (READ, "/ping", "/echo", "/"):
            response = at("127.0.0.1", host=host).get(path)
            detail = refused(response, 421, "host-refused")
            assert "host_names" in detail
            assert response.text.isprintable()
        assert home.daemon.http_refused == {"host-refused": 4}

    def test_a_second_one_does_not_hide(self, at: At) -> None:
        """Whichever of two a later layer reads."""
        client = at()
        headers = [("Host", "10.0.0.1"), ("Host", "evil.example")]
        for order in (headers, headers[::-1]):
            assert client.get(READ, headers=order).status_code == 421

    @pytest.mark.parametrize("name", ["pi.example.com", "PI.example.com."])
    def test_names_by_configuration(self, at: At, name: str) -> None:
        """In any case, with the dot of the root or without, and no name below or above."""
        at.set(host_names=(name,))
        for host in ("Pi.Example.com:8620", "pi.example.com.:8620"):
            assert at(host=host).get(READ).status_code == 200
        for host in ("example.com", "x.pi.example.com", "pi.example.com.evil.example"):
            assert at(host=host).get(READ).status_code == 421

    def test_a_websocket_is_refused_too(self, at: At) -> None:
        """A page can rebind and then open one."""
        with pytest.raises(WebSocketDenialResponse) as denied:
            at(host="evil.example").websocket_connect("/echo/ws").__enter__()
        assert denied.value.status_code == 421


class TestOrigin:
    """No page of somebody else changes anything, or opens a socket."""

    @pytest.mark.parametrize(
        "origin",
        [
            *("http://evil.example", "null", "http://10.0.0.1:8621", "http://10.0.0.9", "", "x"),
            "http://weapp://wechat-game-runtime",
        ],
    )
    def test_others_change_nothing(self, at: At, home: Home, token: Token, origin: str) -> None:
        """Though they have the token."""
        response = at().post(WRITE, headers=token | {"Origin": origin})
        refused(response, 403, "origin-refused")
        assert "access-control-allow-origin" not in response.headers
        assert home.daemon.http_refused == {"origin-refused": 1}

    @pytest.mark.parametrize("origin", ["http://10.0.0.1:8620", "https://10.0.0.1:8620", None])
    def test_our_own_page_and_a_program_do(self, at: At, token: Token, origin: str | None) -> None:
        """https: a proxy on the Pi ends TLS. A program and a mini-program send none."""
        headers = token | ({"Origin": origin} if origin else {})
        assert at().post(WRITE, headers=headers).status_code == 202

    def test_a_read_has_no_origin_to_check(self, at: At) -> None:
        """The browser keeps the answer from the page that asked."""
        response = at().get(READ, headers={"Origin": "http://evil.example"})
        assert response.status_code == 200
        assert not [name for name in response.headers if name.startswith("access-control")]

    def test_a_preflight_is_not_answered(self, at: At) -> None:
        """So the browser sends nothing after it."""
        headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        response = at().options(WRITE, headers=headers)
        assert response.status_code == 405
        assert not [name for name in response.headers if name.startswith("access-control")]

    def test_sockets_of_others_are_denied(self, at: At) -> None:
        """The browser asks no leave before it opens one."""
        with pytest.raises(WebSocketDenialResponse) as denied:
            at().websocket_connect(
                "/api/v1/stream", headers={"Origin": "http://evil.example"}
            ).__enter__()
        assert denied.value.status_code == 403
        assert denied.value.json()["code"] == "origin-refused"

    @pytest.mark.parametrize(
        "origin", ["http://10.0.0.1:8620", None, "weapp://wechat-game-runtime"]
    )
    def test_our_own_are_not(self, at: At, origin: str | None) -> None:
        """The dashboard, programs, and what runs in WeChat on an iPhone."""
        headers = {"Origin": origin} if origin else {}
        with at().websocket_connect("/api/v1/stream", headers=headers):
            pass

    def test_the_echo_room_takes_any(self, at: At) -> None:
        """It changes nothing and gives back what came: a page under test is what it is for."""
        headers = {"Origin": "https://servicewechat.com"}
        assert at().post("/echo", headers=headers).status_code == 200
        with at().websocket_connect("/echo/ws", headers=headers) as socket:
            socket.send_text("hello")
            assert socket.receive_text() == "hello"

    def test_origins_by_configuration(self, at: At, token: Token) -> None:
        """They read, ask leave, change with the token, and are told what was refused."""
        at.set(cors_origins=("http://hub:3000",))
        hub = {"Origin": "http://hub:3000"}
        read = at().get(READ, headers=hub)
        assert read.headers["access-control-allow-origin"] == "http://hub:3000"
        asked = {
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "authorization",
        }
        leave = at().options(WRITE, headers=hub | asked)
        assert leave.status_code == 200
        assert "DELETE" in leave.headers["access-control-allow-methods"]
        assert at().post(WRITE, headers=hub | token).status_code == 202
        without = at().post(WRITE, headers=hub)
        assert without.status_code == 401
        assert without.headers["access-control-allow-origin"] == "http://hub:3000"
        with at().websocket_connect("/api/v1/stream", headers=hub):
            pass
        other = at().get(READ, headers={"Origin": "http://evil.example"})
        assert "access-control-allow-origin" not in other.headers
        assert at().post(WRITE, headers=token | {"Origin": "null"}).status_code == 403

    def test_leave_is_given_to_those_who_may_ask(self, at: At, home: Home) -> None:
        """A preflight request is no way around the rules for Host and for networks."""
        at.set(cors_origins=("http://hub:3000",))
        asked = {"Origin": "http://hub:3000", "Access-Control-Request-Method": "POST"}
        refused(at(host="evil.example").options(WRITE, headers=asked), 421, "host-refused")
        refused(at("203.0.113.9").options(WRITE, headers=asked), 403, "refused")
        assert home.daemon.http_refused == {"host-refused": 1, "other-subnet": 1}
        others = at().options(WRITE, headers=asked | {"Origin": "http://evil.example"})
        assert others.status_code == 400
        assert "access-control-allow-origin" not in others.headers

    def test_what_one_origin_is_told_is_not_told_to_the_next(self, at: At) -> None:
        """An answer that is kept, as that of `/ping`, is sent as it was made each time."""
        at.set(cors_origins=("http://hub:3000",))
        before = at().get("/ping").headers
        first, second = (at().get("/ping", headers={"Origin": "http://hub:3000"}) for _ in range(2))
        assert first.headers["vary"] == second.headers["vary"] == "Origin"
        assert at().get("/ping").headers == before


class TestWrites:
    """What changes something: the token first, then a body of JSON within its limit."""

    def test_everything_but_a_read_takes_the_token(self, at: At) -> None:
        """Whatever the API has: what is added one day is not open by accident."""
        client = at("127.0.0.1")
        paths = client.get("/openapi.json").json()["paths"].items()
        writes = [
            (method, path.replace("{id}", "x"))
            for path, methods in paths
            for method in methods
            if method != "get" and not path.startswith("/echo")
        ]
        assert ("post", WRITE) in writes
        assert ("delete", "/api/v1/advertisements/x") in writes
        for method, path in writes:
            response = client.request(method.upper(), path)
            refused(response, 401, "token-required")
            assert response.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
    @pytest.mark.parametrize(
        "path", ["/nope", "/api/v1/nope", "/", "/ping", READ, "/api/v1/events"]
    )
    def test_where_nothing_takes_it_no_token_is_asked_for(
        self, at: At, method: str, path: str
    ) -> None:
        """Who mistyped looks for the fault there. Nothing is read of a body."""

        def endless() -> Any:
            raise AssertionError
            yield b""

        response = at().request(method, path, content=endless())
        if "nope" in path:
            refused(response, 404, "not-found")
        else:
            refused(response, 405, "method-not-allowed")
            assert response.headers["allow"] == "GET"

    def test_a_method_that_a_writing_path_does_not_take(self, at: At) -> None:
        """The one that it takes is named."""
        response = at().delete(WRITE)
        refused(response, 405, "method-not-allowed")
        assert response.headers["allow"] == "POST"

    def test_strangers_make_no_list_be_made_anew(self, at: At) -> None:
        """By asking for what is not there."""
        tag = at().get(READ).headers["etag"]
        at().post("/nope")
        at().post(READ)
        assert at().get(READ).headers["etag"] == tag

    def test_refusals_are_counted(self, at: At, home: Home, token: Token) -> None:
        """By code, in the status."""
        at().post(WRITE)
        at().post(WRITE, headers={"Authorization": "Bearer x"})
        at().post(WRITE, headers=token, content=b"{}")
        counted = at().get("/api/v1/status").json()["http_refused"]
        assert counted == {"token-required": 1, "token-wrong": 1, "body-refused": 1}

    def test_no_body_is_read_without_the_token(self, at: At) -> None:
        """Whoever has none could send a great deal."""

        def endless() -> Any:
            raise AssertionError
            yield b""

        response = at().post("/api/v1/advertisements", content=endless(), headers=JSON)
        refused(response, 401, "token-required")

    @pytest.mark.parametrize(
        "media_type",
        [
            None,
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonx",
            "text/plain; application/json",
        ],
    )
    def test_a_body_is_json(self, at: At, token: Token, media_type: str | None) -> None:
        """A form of another page can send the first four without asking leave."""
        headers = token | ({"Content-Type": media_type} if media_type else {})
        for path in (WRITE, "/api/v1/advertisements"):
            response = at().post(path, content=b"{}", headers=headers)
            refused(response, 415, "body-refused")

    @pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=utf-8"])
    def test_json_is_json(self, at: At, token: Token, media_type: str) -> None:
        """In any case, with parameters."""
        table = b'{"name": "a", "type": "_x._tcp", "port": 1}'
        headers = token | {"Content-Type": media_type}
        answer = at().post("/api/v1/advertisements", content=table, headers=headers)
        assert answer.status_code == 201

    def test_a_body_has_an_end(self, at: At, token: Token) -> None:
        """Told before it comes, or found while it does."""
        headers = token | JSON
        told = at().post(
            "/api/v1/advertisements",
            content=b"{}",
            headers=headers | {"Content-Length": str(MAX_BODY_BYTES + 1)},
        )
        refused(told, 413, "body-too-large")

        def pieces() -> Any:
            for _ in range(MAX_BODY_BYTES // 2**20 + 1):
                yield b" " * 2**20

        found = at().post("/api/v1/advertisements", content=pieces(), headers=headers)
        refused(found, 413, "body-too-large")

    @pytest.mark.parametrize("length", ["-1", "x", "1e3", "9" * 5_000])
    def test_a_length_that_is_none(self, at: At, token: Token, length: str) -> None:
        """uvicorn lets none pass; nothing here rests on that."""
        headers = token | JSON | {"Content-Length": length}
        response = at().post("/api/v1/advertisements", content=b"{}", headers=headers)
        assert response.status_code == 413

    def test_a_body_that_is_no_json(self, at: At, token: Token) -> None:
        """A problem document, whatever it is; and short."""
        for content in (b"", b"{", b"\xff", b"[" * 100_000, b"NaN", b'"\\ud800"', b"1" * 5_000):
            response = at().post("/api/v1/advertisements", content=content, headers=token | JSON)
            assert response.status_code in (400, 422), content[:20]
            assert response.json()["code"] in ("bad-request", "invalid-input")
            assert len(response.text) < 1_000


class Clock:
    """Stands until it is moved."""

    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(name="clock")
def clock_fixture(home: Home, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """That of the daemon."""
    clock = Clock()
    monkeypatch.setattr(home.daemon, "uptime_s", clock)
    return clock


class TestRate:
    """One host cannot have all of the daemon's time."""

    def test_a_neighbour_has_a_rate(self, at: At, home: Home, clock: Clock) -> None:
        """A burst, then so many a second; another one has his own."""
        client = at()
        assert {client.get("/healthz").status_code for _ in range(BURST)} == {200}
        over = client.get(READ)
        refused(over, 429, "too-many-requests")
        assert over.headers["retry-after"] == "1"
        assert at("10.0.0.8").get("/healthz").status_code == 200
        clock.now_s += 1
        answers = [client.get("/healthz").status_code for _ in range(PER_S + 1)]
        assert answers == [200] * PER_S + [429]
        assert home.daemon.http_refused == {"too-many-requests": 2}

    def test_a_look_that_finds_nothing_new_forgives_nothing(
        self, at: At, home: Home, clock: Clock
    ) -> None:
        """The interfaces are read every few seconds, where the kernel does not tell of changes."""
        client = at()
        assert {client.get("/healthz").status_code for _ in range(BURST)} == {200}
        home.daemon.discovery.state = NetworkState(home.daemon.discovery.state.interfaces)
        assert client.get("/healthz").status_code == 429

    def test_what_is_cheap_and_what_is_here_is_not_counted(self, at: At, clock: Clock) -> None:
        """A sweep of phones, the echo room with its own limits, and programs on this host."""
        for caller, path in (
            (CALLER, "/ping"),
            ("127.0.0.1", "/healthz"),
            ("10.0.0.1", "/healthz"),
        ):
            client = at(caller)
            assert {client.get(path).status_code for _ in range(BURST + 5)} == {200}
        assert at().get(READ).status_code == 200

    def test_a_neighbour_has_a_share_of_the_readers(
        self, at: At, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Programs on this host have none: a proxy may be there."""
        monkeypatch.setattr(hub, "MAX_OF_ONE_HOST", 1)
        with at().websocket_connect("/api/v1/stream"):
            with pytest.raises(WebSocketDenialResponse) as denied:
                at().websocket_connect("/api/v1/stream").__enter__()
            assert (denied.value.status_code, denied.value.json()["code"]) == (503, "limit-reached")
            for caller in ("10.0.0.8", "127.0.0.1", "127.0.0.1"):
                with at(caller).websocket_connect("/api/v1/stream"):
                    pass

    def test_what_is_remembered_is_bounded(
        self, at: At, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The attack: come from every address of a /64, and ask for every name there is."""
        monkeypatch.setattr(access, "MAX_CALLERS", 8)
        monkeypatch.setattr(access, "MAX_HOSTS", 8)
        for number in range(20):
            host = f"name-{number}"
            assert at(f"fe80::{number + 2:x}%eth0", host).get("/ping").status_code == 200
        layer = at.access
        assert len(layer._full_at_s) + len(layer._at_home) <= 8
        assert len(layer._hosts) <= 8
        assert (MAX_CALLERS, MAX_HOSTS) == (1_024, 256)
