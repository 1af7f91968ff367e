"""A laboratory for one contestant: it on two links, the peer on one, a witness on the other."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

from tests.lan.lab import Lab
from tests.scorecard import dns
from tests.scorecard.contestants import NAME, TYPE, Contestant
from tests.scorecard.peer import Heard, Peer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lan.discovery import Browser
    from tests.lan.process import Process

START_S = 20.0  # until the first announcement; ciao probes three times over
SETTLE_S = 3.3  # afterwards, for the second
OFF_LINK = "192.0.2.9"

SERVICE = f"{TYPE}.local"
INSTANCE = f"{NAME}.{SERVICE}"
SUBTYPE = f"_printer._sub.{SERVICE}"
META = "_services._dns-sd._udp.local"


class BrokenRule(Exception):
    """The message is the evidence."""


class NotTestable(Exception):
    """The message says why the rule cannot be tried on this contestant."""


def demand(kept: object, evidence: str) -> str:
    """The evidence, if the rule is kept."""
    if not kept:
        raise BrokenRule(evidence)
    return evidence


class Case(NamedTuple):
    """`rule`: its section; `sentence`: what it asks for."""

    rule: str
    sentence: str
    check: Callable[[Stage], str]


class Cases(list[Case]):
    """The cases of a module, in their order."""

    def rule(self, section: str) -> Callable[[Callable[[Stage], str]], Callable[[Stage], str]]:
        """Add a function whose docstring says what this section asks for."""

        def add(check: Callable[[Stage], str]) -> Callable[[Stage], str]:
            assert check.__doc__
            sentence = check.__doc__.split("\n")[0].removesuffix(".")
            self.append(Case(section, sentence, check))
            return check

        return add


class Stage:
    """`heard`: what the contestant sent while it started; `host`: the host name it has."""

    def __init__(self, contestant: Contestant) -> None:
        self.contestant = contestant
        self.lab = Lab()
        self.target = self.lab.host("target", segment=None)
        for scope in ("all", "default"):  # so that the host has no AAAA record
            self.target.sysctl(f"net.ipv6.conf.{scope}.disable_ipv6", 1)
        self.target.attach("lan", ipv6=None, bridged=contestant.bridged)
        self.target.attach(
            "elsewhere", ipv6=None, bridged=contestant.bridged, multicast_route=False
        )
        self.target.ip("route add 192.0.2.0/24 dev eth0")
        self.address, self.other_address = "10.77.0.1", "10.77.1.1"
        peer = self.lab.host("peer", ipv6=None)
        peer.add_address(f"{OFF_LINK}/24")
        self.peer = Peer(peer, "10.77.0.2", OFF_LINK)
        witness = self.lab.host("witness", ipv6=None, segment="elsewhere")
        self.witness = Peer(witness, "10.77.1.3")
        self.heard: list[Heard] = []
        self.host = ""
        self.browser: Browser | None = None
        self.heeds_conflicts: bool | None = None
        self._starting: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self.peer, self.witness):
            one.close()
        # Its programs first: whoever waits for a line of theirs is told that they ended.
        self.lab.close()
        if self._starting is not None:
            self._starting.join()

    # The contestant

    def launch(self, port: int = 8080) -> None:
        """Publish in the background: it may never get there, if the peer does not let it."""

        def publish() -> None:
            with contextlib.suppress(AssertionError, OSError):  # what it sends says more
                self.contestant.publish(self.target, port)

        if self._starting is not None:
            self._starting.join()
        self._starting = threading.Thread(target=publish, daemon=True)
        self._starting.start()

    def start(self) -> None:
        """Publish undisturbed, and hear all of it."""
        self.launch()
        self.heard = self.peer.listen(
            START_S,
            source=self.address,
            on=lambda one: one.message.is_response and one.message.says(INSTANCE, dns.SRV),
        )
        self.heard += self.peer.listen(SETTLE_S, source=self.address)
        targets = [r.target for one in self.responses() for r in one if r.type == dns.SRV]
        if not targets:
            raise NotTestable("it did not announce itself")
        self.host = targets[0]

    def stop(self) -> list[Heard]:
        """End it as a service manager does, and hear its goodbyes."""
        for process in reversed(self.processes):
            process.terminate()
        return self.peer.listen(1.0, source=self.address)

    def kill(self) -> None:
        """End it as a power cut does."""
        for process in self.processes:
            if process.name != "dbus-daemon":
                process.kill()

    @property
    def processes(self) -> list[Process]:
        """What runs of it."""
        return [one for one in self.target.processes if one.returncode is None]

    # What was heard

    def responses(self) -> list[tuple[dns.Record, ...]]:
        """The records of each response of the start."""
        return [one.message.records for one in self.heard if one.message.is_response]

    def probes(self, name: str, heard: list[Heard] | None = None) -> list[Heard]:
        """Queries that propose something for a name (RFC 6762 §8.2)."""
        return [
            one
            for one in (self.heard if heard is None else heard)
            if not one.message.is_response
            and any(record.name == name for record in one.message.authorities)
        ]

    # The peer

    def ask(
        self,
        *questions: dns.Question,
        seconds: float = 0.5,
        fresh: bool = True,
        packet: bytes | None = None,
        on: Callable[[Heard], object] = lambda _: None,
    ) -> tuple[float, list[Heard]]:
        """When it was asked, and the responses; `fresh`: a second after whatever came before."""
        if fresh:
            time.sleep(1.05)
        self.peer.drain()
        sent_s = self.peer.send(packet or dns.query(*questions))
        heard = self.peer.listen(seconds, source=self.address, on=on)
        return sent_s, [one for one in heard if one.message.is_response]

    def answer(self, name: str, type_: int, heard: list[Heard]) -> Heard | None:
        """The first response that says this."""
        return next((one for one in heard if one.message.says(name, type_)), None)
