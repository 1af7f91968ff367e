"""Known services pinged by the daemon: where, how many at once, and what silence means."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import get_args

import pytest

from lanbridge import probing
from lanbridge.api.routes.services import Transport
from lanbridge.config import ProbeSettings
from lanbridge.core.addresses import NetworkState
from lanbridge.core.errors import LimitReached, Unreachable
from lanbridge.core.records import Record, RecordType, Srv
from lanbridge.probe import session
from lanbridge.probe.results import Outcome, ProbeTarget, Reply
from lanbridge.probing import AT_ONCE, MAX_PROBED, PeriodicProbe, Prober
from tests.core.lan import Lan, address, ptr, srv, txt, whole
from tests.echo.home import interface
from tests.mdns.virtual import run

STATE = NetworkState(
    (
        interface("lo", 1, "127.0.0.1/8", "::1/128"),
        interface("eth0", 2, "10.0.0.1/24", "fe80::1/64"),
        interface("guests", 3, "10.1.0.1/24"),
    )
)
NOON = datetime(2026, 8, 31, 12, tzinfo=UTC)


class Wire:
    """What stands where the transports are: each probe has this outcome, after a second."""

    def __init__(self) -> None:
        self.outcome = Outcome.OK
        self.targets: list[tuple[str, ProbeTarget]] = []
        self.flying = self.most = 0

    def load(self, via: str) -> Callable[..., session.Probe]:
        wire = self

        class Probe:
            size_bytes, window, url, silence = 0, 1, f"{via}://it", ""

            def __init__(self, target: ProbeTarget, *_: object) -> None:
                wire.targets.append((via, target))

            @asynccontextmanager
            async def running(self, _extra: object) -> AsyncGenerator[None]:
                wire.flying += 1
                wire.most = max(wire.most, wire.flying)
                yield
                wire.flying -= 1

            async def probe(self, sequence: int) -> Reply:
                await asyncio.sleep(1)
                return Reply(wire.outcome, 0.001 if wire.outcome is Outcome.OK else None)

        return Probe


class House(Lan):
    """A LAN with somebody who pings."""

    def __init__(self) -> None:
        super().__init__()
        self.verified: list[str] = []
        self.prober = Prober(self.registry, lambda: STATE, self._verify, lambda: NOON)

    def _verify(self, id_: str) -> bool:
        self.verified.append(id_)
        return self.registry.verify(id_, self.moment)

    def ping(self, via: str | None = None, count: int = 1) -> probing.Pinged:
        return run(self.prober.ask(self.only(), via, count))

    def table(self, **settings: object) -> PeriodicProbe:
        return PeriodicProbe(ProbeSettings.model_validate(settings), self.prober)


@pytest.fixture(name="wire")
def wire_fixture(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """In place of every transport."""
    wire = Wire()
    monkeypatch.setattr(session, "load", wire.load)
    return wire


@pytest.mark.parametrize(
    ("type_", "via", "path"),
    [
        ("_http._tcp", "tcp", ""),
        ("_ipp._tcp", "tcp", ""),
        ("_osc._udp", "udp", ""),
        ("_lanbridge._tcp", "http", ""),
    ],
)
def test_the_transport_is_that_of_the_type(wire: Wire, type_: str, via: str, path: str) -> None:
    """And an HTTP service that is asked over HTTP is asked for its path."""
    house = House()
    name = f"lamp.{type_}.local"
    house.hear(
        ptr(type_=f"{type_}.local"),
        Record(name, RecordType.SRV, 120, Srv(0, 0, 80, "lamp.local"), flush=True),
        Record(name, RecordType.TXT, 120, b"\x08path=/on", flush=True),
        address(),
    )
    house.ping()
    assert [(via, one.address, one.port, one.path) for via, one in wire.targets] == [
        (via, "10.0.0.7", 80, path)
    ]
    if type_ == "_http._tcp":
        house.ping("http")
        assert wire.targets[-1][1].path == "/on"


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize(
    ("text", "on", "why"),
    [
        ("10.0.0.1", "eth0", "is this host's own address on eth0"),
        ("10.9.0.7", "eth0", "heard on eth0, but 10.9.0.7 is in none of its prefixes"),
        ("127.0.0.1", "eth0", "a loopback address"),
        ("224.0.0.251", "eth0", "a multicast address"),
        ("10.0.0.255", "eth0", "the broadcast address"),
        ("10.0.0.7", "guests", "the subnet of eth0, but it was heard on guests"),
        ("fe80::7%eth1", "eth0", "not used"),
    ],
)
def test_only_what_is_in_the_subnet_of_the_link_it_was_heard_on(
    text: str, on: str, why: str
) -> None:
    """A guest announces an address of the other network: we do not go there for him."""
    house = House()
    house.hear(ptr(), srv(), txt(), address(text=text), on=on)
    house.wait(10)
    with pytest.raises(Unreachable, match="lamp") as refused:
        house.ping()
    assert why in str(refused.value)


@pytest.mark.usefixtures("wire")
@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([ptr()], "no address of it is known"),
        ([ptr(), srv(port=0), txt(), address()], "port 0 is no port"),
    ],
)
def test_what_has_no_address_or_port_is_not_pinged(records: list[Record], why: str) -> None:
    """RFC 6763 §8: a placeholder is never dialled."""
    house = House()
    house.hear(*records)
    with pytest.raises(Unreachable, match=why):
        house.ping()


def test_of_several_addresses_the_ipv4_one_that_is_near(wire: Wire) -> None:
    """A phone can use no other; a link-local one has the scope of its link."""
    house = House()
    for text in ("fe80::7", "172.17.0.1", "10.0.0.7"):
        house.hear(ptr(), srv(), txt(), address(text=text)._replace(flush=False))
    house.ping()
    assert wire.targets[-1][1].address == "10.0.0.7"
    other = House()
    other.hear(ptr(), srv(), txt(), address(text="fe80::7"))
    other.wait(10)
    other.ping()
    assert wire.targets[-1][1].address == "fe80::7%eth0"


@pytest.mark.parametrize(
    ("outcome", "silent"),
    [
        (Outcome.OK, False),
        (Outcome.TIMEOUT, True),
        (Outcome.REFUSED, True),
        (Outcome.UNREACHABLE, True),
        (Outcome.BAD_REPLY, False),
        (Outcome.REFUSED_BY_GUARD, False),
        (Outcome.NOT_SENT, False),
    ],
)
def test_silence_makes_us_ask_the_network(wire: Wire, outcome: Outcome, silent: bool) -> None:
    """RFC 6762 §10.4; whoever answers anything is there. The second time it is under way."""
    house = House()
    house.hear(*whole())
    wire.outcome = outcome
    first, second = house.ping(count=3), house.ping()
    assert [one.outcome for one in first.results] == [outcome] * 3
    assert first.summary.sent == 3
    assert first.verifying is (True if silent else None)
    assert second.verifying is (False if silent else None)
    assert house.verified == [house.only().id] * 2 * silent
    assert house.prober.outcomes == {outcome: 4}


def test_so_many_are_pinged_at_once_and_no_more(wire: Wire) -> None:
    """Whoever has the token cannot open connections without end; afterwards it goes on."""

    async def life() -> None:
        house = House()
        house.hear(*whole())
        asked = [asyncio.ensure_future(house.prober.ask(house.only(), None, 1)) for _ in range(20)]
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(one, LimitReached) for one in ended) == 20 - AT_ONCE
        assert (await house.prober.ask(house.only(), None, 1)).summary.received == 1

    run(life())
    assert wire.most == AT_ONCE


def test_every_transport_can_be_set() -> None:
    """In the settings and over HTTP."""
    assert list(get_args(Transport)) == session.names()
    assert get_args(get_args(ProbeSettings.model_fields["via"].annotation)[0]) == get_args(
        Transport
    )


class TestTables:
    """`[[probes]]` of the settings."""

    def test_who_fits_and_is_there_is_pinged_in_each_round(self, wire: Wire) -> None:
        """Every minute; not who is offline, or whose type or name is another."""
        house = House()
        house.hear(*whole("lamp"), *whole("plug"), *whole("gone"))
        house.hear(ptr("gone", ttl_s=0))
        house.wait(2)

        async def life() -> None:
            table = house.table(types=["_http._tcp"], names=["lamp", "gone"], via="tcp")
            running = asyncio.ensure_future(table.run())
            await asyncio.sleep(59)
            assert wire.targets == []
            await asyncio.sleep(130)
            running.cancel()

        run(life())
        assert {target.instance for _, target in wire.targets} == {"lamp._http._tcp"}
        assert len(wire.targets) == 3

    def test_who_is_announced_and_does_not_answer_is_told_in_the_second_round(
        self, wire: Wire
    ) -> None:
        """By then who does not answer mDNS either is offline, which is told already."""
        house = House()
        house.hear(*whole())
        table = house.table(types=["_http._tcp"])
        wire.outcome = Outcome.REFUSED
        run(table.round())
        assert list(table.unanswered()) == []
        assert house.verified == [house.only().id]
        house.hear(srv(), address())
        run(table.round())
        ((name, sentence),) = table.unanswered()
        assert name == house.only().fqdn
        assert "does not answer: tcp://it, refused" in sentence
        wire.outcome = Outcome.OK
        run(table.round())
        assert list(table.unanswered()) == []

    def test_a_want_of_this_host_says_nothing_of_the_service(self, wire: Wire) -> None:
        """No file descriptor is left: neither is it silent, nor does it answer again."""
        house = House()
        house.hear(*whole())
        table = house.table(types=["_http._tcp"])
        wire.outcome = Outcome.NOT_SENT
        for _ in range(3):
            run(table.round())
        assert (list(table.unanswered()), house.verified) == ([], [])
        wire.outcome = Outcome.REFUSED
        for _ in range(2):
            run(table.round())
            house.hear(srv(), address())
        wire.outcome = Outcome.NOT_SENT
        run(table.round())
        ((_, sentence),) = table.unanswered()
        assert sentence.endswith("refused")

    def test_who_went_offline_is_no_alarm(self, wire: Wire) -> None:
        """`service.lost` says so."""
        house = House()
        house.hear(*whole())
        table = house.table(types=["_http._tcp"])
        wire.outcome = Outcome.TIMEOUT
        for _ in range(2):
            run(table.round())
        assert len(list(table.unanswered())) == 1
        house.wait(12)
        assert list(table.unanswered()) == []
        run(table.round())
        assert len(wire.targets) == 2

    def test_who_comes_back_has_two_rounds_again(self, wire: Wire) -> None:
        """Nothing is kept of who has left: names are made up easily."""
        house = House()
        house.hear(*whole())
        table = house.table(types=["_http._tcp"])
        wire.outcome = Outcome.REFUSED
        run(table.round())
        house.hear(ptr(ttl_s=0))
        house.wait(2)
        run(table.round())
        house.hear(*whole())
        run(table.round())
        assert list(table.unanswered()) == []

    def test_who_leaves_our_subnet_is_no_alarm(self, wire: Wire) -> None:
        """From here nobody can say any more whether it answers."""
        house = House()
        house.hear(*whole())
        table = house.table(types=["_http._tcp"])
        wire.outcome = Outcome.REFUSED
        for _ in range(2):
            run(table.round())
            house.hear(srv(), address())
        assert len(list(table.unanswered())) == 1
        house.wait(2)
        house.hear(address(text="10.9.0.7"))
        house.wait(2)
        run(table.round())
        assert list(table.unanswered()) == []

    @pytest.mark.usefixtures("wire")
    def test_who_is_in_no_subnet_of_ours_is_left_alone(self) -> None:
        """It says nothing about the service."""
        house = House()
        house.hear(ptr(), srv(), txt(), address(text="10.9.0.7"))
        table = house.table(names=["lamp"])
        run(table.round())
        assert list(table.unanswered()) == []
        assert house.prober.outcomes == {}

    def test_a_stranger_with_many_names_gets_no_scan(
        self, wire: Wire, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Those that were there first are pinged, a few at a time; it is said once."""
        caplog.set_level(logging.WARNING)
        house = House()
        for number in range(2 * MAX_PROBED):
            house.hear(*whole(f"lamp{number}"))
        tables = [house.table(types=["_http._tcp"]), house.table(types=["_http._tcp"], via="ws")]

        async def life() -> None:
            await asyncio.gather(*(one.round() for one in tables for _ in range(2)))

        run(life())
        assert wire.most == AT_ONCE
        assert {target.instance for _, target in wire.targets} == {
            f"lamp{number}._http._tcp" for number in range(MAX_PROBED)
        }
        assert len(caplog.records) == len(tables)
