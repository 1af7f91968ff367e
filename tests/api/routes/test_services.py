"""What is on the network, over HTTP: filters, pages, one service, devices, types."""

import json
import unicodedata
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from starlette.testclient import TestClient

from lanbridge.core.records import Record, RecordType, Srv
from lanbridge.lookers import Lookers
from lanbridge.probe import session
from lanbridge.probe.results import Outcome
from tests.api.conftest import Home
from tests.core.lan import TYPE, address, ptr, srv, txt, whole
from tests.test_probing import Wire

SERVICES = "/api/v1/services"


def names(client: TestClient, path: str = SERVICES) -> list[str]:
    """The names of one page."""
    response = client.get(path)
    assert response.status_code == 200
    return [one["name"] for one in response.json()["items"]]


def many(home: Home, count: int) -> None:
    """Services with numbers, each on a host of its own."""
    for number in range(count):
        home.hear(*whole(f"lamp {number:03}", f"lamp-{number:03}.local"))


def pages(client: TestClient, path: str) -> list[str]:
    """The names of all pages, `next` followed to the end."""
    found: list[str] = []
    left: str | None = path
    while left:
        page = client.get(left).json()
        found += [one.get("name") or one["host"] for one in page["items"]]
        left = page["next"]
    return found


def test_nothing_heard_is_an_empty_list(client: TestClient) -> None:
    """An answer, not an error."""
    assert client.get(SERVICES).json() == {"items": [], "next": None}


def test_a_service_as_the_caller_sees_it(client: TestClient, home: Home) -> None:
    """The same in the list and by its id; reachable by the caller's own address."""
    home.hear(*whole())
    (listed,) = client.get(SERVICES).json()["items"]
    assert (listed["name"], listed["state"], listed["reachable"]) == ("lamp", "online", True)
    assert listed["url"] == "http://10.0.0.7:80/"
    assert client.get(f"{SERVICES}/{listed['id']}").json() == listed


@pytest.mark.parametrize(
    ("viewer", "reachable", "reason"),
    [
        ("10.0.0.20", True, None),
        ("10.0.0.20/24", True, None),
        ("10.0.9.20/16", True, None),
        ("::ffff:10.0.0.20", True, None),
        ("10.0.0.21/30", False, "outside 10.0.0.20/30"),
        ("192.168.7.7", False, "by its assumed mask 255.255.255.0"),
        ("10.0.0.7", False, "is the phone itself"),
        ("fe80::9", False, "has IPv6"),
    ],
)
def test_from_says_who_looks(
    client: TestClient, home: Home, viewer: str, reason: str | None, *, reachable: bool
) -> None:
    """For another phone, by the mask that it gives or that of our subnet."""
    home.hear(*whole())
    (service,) = client.get(SERVICES, params={"from": viewer}).json()["items"]
    assert service["reachable"] is reachable
    assert reason is None or reason in service["reason"]


FILTERS = {
    "": ["Printer", "lamp", "mine", "silent"],
    "type=_http._tcp": ["Printer", "lamp", "mine", "silent"],
    "type=_HTTP._tcp.": ["Printer", "lamp", "mine", "silent"],
    "type=_ipp._tcp": [],
    "state=online": ["Printer", "mine"],
    "state=found": ["silent"],
    "state=offline": ["lamp"],
    "host=lamp.local": ["lamp"],
    "host=LAMP": ["lamp"],
    "host=lamp.local.": ["lamp"],
    "name=RINT": ["Printer"],
    "name=i": ["Printer", "mine", "silent"],
    "interface=wlan0": ["Printer"],
    "interface=eth9": [],
    "own=true": ["mine"],
    "own=false": ["Printer", "lamp", "silent"],
    "own=false&state=online&name=p": ["Printer"],
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.items(), ids=FILTERS)
def test_filters(client: TestClient, home: Home, query: str, expected: list[str]) -> None:
    """Each narrows the list, and all that are given count; sorted by name without case."""
    home.hear(*whole())
    home.hear(ptr("lamp", ttl_s=0))
    home.wait(2)
    home.hear(*whole("Printer", "printer.local"), on="wlan0")
    home.hear(ptr("mine"), srv("mine", "pi.local"), txt("mine"), address("pi.local", "10.0.0.1"))
    home.hear(ptr("silent"))
    assert sorted(names(client, f"{SERVICES}?{query}")) == sorted(expected)


def test_the_list_is_sorted_by_name(client: TestClient, home: Home) -> None:
    """Without regard to case; two of one name by their id, so that pages hold."""
    for name in ("beta", "Alpha", "客厅灯", "gamma"):
        home.hear(*whole(name, f"{len(name)}.local"))
    assert names(client) == ["Alpha", "beta", "gamma", "客厅灯"]


class TestPages:
    """`next` followed to its end."""

    @pytest.mark.parametrize("limit", [1, 7, 24, 25, 26, 500])
    def test_none_is_missing_and_none_is_there_twice(
        self, client: TestClient, home: Home, limit: int
    ) -> None:
        """Whatever the size of a page; a last page that is full has no empty one after it."""
        many(home, 25)
        found = pages(client, f"{SERVICES}?limit={limit}")
        assert found == [f"lamp {number:03}" for number in range(25)]

    def test_next_keeps_the_filters(self, client: TestClient, home: Home) -> None:
        """Those, the viewer and the limit: the path can be followed as it is."""
        many(home, 6)
        home.hear(*whole("other", "other.local"))
        query = "?name=lamp&state=online&from=10.0.0.8/24&limit=4"
        assert pages(client, SERVICES + query) == [f"lamp {number:03}" for number in range(6)]
        next_ = client.get(SERVICES + query).json()["next"]
        assert next_.startswith(SERVICES + "?")
        assert "from=10.0.0.8%2F24" in next_

    def test_services_that_go_and_come_meanwhile(self, client: TestClient, home: Home) -> None:
        """Who was there all the time is listed once, also where the mark itself has gone."""
        many(home, 9)
        first = client.get(f"{SERVICES}?limit=3").json()
        registry = home.registry
        for gone in ("lamp 001", "lamp 002", "lamp 004"):
            registry._tables.forget(registry._tables.services[f"{gone}.{TYPE}"])
        home.hear(*whole("lamp 000a", "new.local"))
        assert pages(client, first["next"]) == [
            "lamp 003",
            "lamp 005",
            "lamp 006",
            "lamp 007",
            "lamp 008",
        ]

    def test_the_host_header_does_not_change_where_next_leads(
        self, client: TestClient, home: Home
    ) -> None:
        """It is a path of ours."""
        many(home, 2)
        for host in ("evil.example", "a/b?c=d", "[::1"):
            response = client.get(f"{SERVICES}?limit=1", headers={"Host": host})
            assert response.json()["next"].startswith(f"{SERVICES}?limit=1&after=")

    @pytest.mark.parametrize(
        "mark",
        ["x", "NQ==", "bnVsbA==", "eyJhIjoxfQ==", "客", "%00", "W" * 5_000, "[" * 40_000],
        ids=["short", "a number", "null", "an object", "wide", "zero", "long", "deep"],
    )
    def test_a_mark_that_is_none(self, client: TestClient, mark: str) -> None:
        """A sentence, never a bug."""
        if mark.startswith("["):
            mark = urlsafe_b64encode(mark.encode()).decode()
        response = client.get(SERVICES, params={"after": mark})
        assert (response.status_code, response.json()["code"]) == (422, "invalid-input")
        assert "follow `next`" in response.json()["detail"]

    def test_devices_have_pages_too(self, client: TestClient, home: Home) -> None:
        """By host name, whatever they are called."""
        many(home, 10)
        assert pages(client, "/api/v1/devices?limit=3") == [
            f"lamp {number:03}" for number in range(10)
        ]


def test_devices_group_services_by_host(client: TestClient, home: Home) -> None:
    """The same in the list and by its id."""
    home.hear(*whole("a"), *whole("b"))
    home.hear(*whole("c", "other.local"))
    listed = client.get("/api/v1/devices").json()["items"]
    assert [(one["host"], len(one["services"])) for one in listed] == [
        ("lamp.local", 2),
        ("other.local", 1),
    ]
    assert client.get(f"/api/v1/devices/{listed[0]['id']}").json() == listed[0]


@pytest.mark.parametrize("kind", ["services", "devices"])
@pytest.mark.parametrize("id_", ["0123456789abcdef", "%1b%5b2J", "a b", "..%2f..", "x" * 5_000])
def test_an_unknown_id(client: TestClient, kind: str, id_: str) -> None:
    """A problem that says where to look."""
    response = client.get(f"/api/v1/{kind}/{id_}")
    assert (response.status_code, response.json()["code"]) == (404, "not-found")


def test_types_are_counted(client: TestClient, home: Home) -> None:
    """Those that are not offline; a type that nobody offers any more stays, with 0."""
    home.hear(*whole("a", "a.local"), *whole("b", "b.local"))
    assert client.get("/api/v1/types").json()["items"] == [{"type": "_http._tcp", "services": 2}]
    home.hear(ptr("a", ttl_s=0), ptr("b", ttl_s=0))
    home.wait(2)
    assert client.get("/api/v1/types").json()["items"] == [{"type": "_http._tcp", "services": 0}]


def test_verifying_a_service_asks_the_network(
    client: TestClient, home: Home, token: dict[str, str]
) -> None:
    """Once at a time; who does not answer is offline ten seconds later."""
    home.hear(*whole())
    path = f"{SERVICES}/{home.only().id}/verify"
    assert client.post(path).status_code == 401
    answer = client.post(path, headers=token)
    assert (answer.status_code, answer.json()) == (202, {"started": True, "within_s": 10.0})
    assert client.post(path, headers=token).json()["started"] is False
    assert client.post(f"{SERVICES}/none/verify", headers=token).json()["code"] == "not-found"


class TestPing:
    """POST …/ping, on a network that is not there: the laboratory has one."""

    def test_what_became_of_it_is_as_the_command_line_says(
        self,
        client: TestClient,
        home: Home,
        token: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Results, sum, and that the network is asked where all was silence."""
        wire = Wire()
        wire.outcome = Outcome.TIMEOUT
        monkeypatch.setattr(session, "load", wire.load)
        home.hear(*whole())
        path = f"{SERVICES}/{home.only().id}/ping"
        assert client.post(path).status_code == 401
        answer = client.post(path, headers=token, params={"via": "ws", "count": 1})
        assert answer.status_code == 200
        ping = answer.json()
        assert (ping["via"], ping["url"], ping["instance"]) == ("ws", "ws://it", "lamp._http._tcp")
        assert ping["verification"] == {"started": True, "within_s": 10.0}
        (result,) = ping["results"]
        assert (result["probe"], result["outcome"], result["sequence"]) == ("ws", "timeout", 1)
        assert result["target"]["address"] == "10.0.0.7"
        assert result["started_at"].endswith("Z")
        assert (ping["summary"]["sent"], ping["summary"]["loss"]) == (1, 1.0)

    @pytest.mark.parametrize(
        ("params", "status", "code"),
        [
            ({"count": 11}, 422, "invalid-input"),
            ({"count": 0}, 422, "invalid-input"),
            ({"via": "icmp"}, 422, "invalid-input"),
            ({"address": "10.0.0.99"}, 422, "invalid-input"),
            ({}, 409, "unreachable"),
        ],
    )
    def test_nothing_else_can_be_had(
        self,
        client: TestClient,
        home: Home,
        token: dict[str, str],
        params: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        """No address of the caller's, and no run without end."""
        home.hear(ptr(), srv(), txt(), address(text="10.9.0.7"))
        answer = client.post(f"{SERVICES}/{home.only().id}/ping", headers=token, params=params)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        answer = client.post(f"{SERVICES}/none/ping", headers=token)
        assert answer.json()["code"] == "not-found"


def test_reading_the_list_is_a_look_once_in_a_while(client: TestClient, home: Home) -> None:
    """A page that polls does not make the daemon ask each time."""
    looks = []
    home.daemon.lookers = Lookers(lambda: looks.append(1))
    for path in (SERVICES, "/api/v1/devices", SERVICES):
        assert client.get(path).status_code == 200
    assert client.get("/api/v1/types").status_code == 200
    assert looks == [1]


HOSTILE = "a\x1b[2J\x9b0m\u202e\u2028\x00\r\n</script>\ud800\U000e0041客厅"


def test_hostile_text_is_safe_to_look_at_and_reads_back_the_same(
    client: TestClient, home: Home
) -> None:
    """No control, bidi mark or escape is in the bytes, and a parser gets what was sent."""
    name, host = HOSTILE, f"{HOSTILE}.local"
    rdata = b"\x06k=\xff\x1b[m"
    home.hear(
        ptr(name),
        Record(f"{name}.{TYPE}", RecordType.SRV, 120, Srv(0, 0, 80, host), flush=True),
        txt(name, rdata),
        address(host),
    )
    for path in (SERVICES, "/api/v1/devices", "/api/v1/status"):
        response = client.get(path)
        assert response.status_code == 200
        text = response.content.decode()
        bad = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
        assert not [one for one in text if unicodedata.category(one) in bad]
        assert "客厅" in text or path.endswith("status")
    (service,) = client.get(SERVICES).json()["items"]
    assert service["name"] == name
    assert json.loads(json.dumps(service))["host"] == host
    by_id: dict[str, Any] = client.get(f"{SERVICES}/{service['id']}").json()
    assert by_id == service
