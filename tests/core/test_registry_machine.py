"""The registry under whatever a LAN may do, in any order: what must be true after every step."""

from ipaddress import ip_address

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lanbridge.core.addresses import NetworkState
from lanbridge.core.cache import MAX_ENTRIES
from lanbridge.core.deadlines import VOID
from lanbridge.core.events import (
    EventKind,
    LinksChanged,
    Moment,
    Observation,
    PacketHeard,
    QuestionsHeard,
    ServiceEvent,
    Tick,
)
from lanbridge.core.records import Nsec, Question, Record, RecordType
from lanbridge.core.registry import Registry
from lanbridge.core.services import State
from lanbridge.core.views import service_view
from lanbridge.mdns.decode import decode
from lanbridge.mdns.wire import encode_response
from tests.core.lan import TYPE, address, ptr, srv, txt, whole

LINKS = ("eth0", "wlan0")
SOURCE = ip_address("10.0.0.7")
NO_NETWORK = NetworkState(())

questions = strategies.builds(
    Question,
    strategies.sampled_from([f"lamp.{TYPE}", "lamp.local", TYPE]),
    strategies.sampled_from([RecordType.A, RecordType.SRV, RecordType.PTR, RecordType.ANY]),
)
instances = strategies.sampled_from(["lamp", "Dr. Lamp", "客厅灯"])
hosts = strategies.sampled_from(["lamp.local", "other.local"])
addresses = strategies.sampled_from(["10.0.0.7", "10.0.0.8", "fe80::7"])
ttls_s = strategies.sampled_from([0, 1, 2, 120, 4500, 2**32 - 1])
a_while_s = strategies.sampled_from([0.01, 0.3, 0.99, 1.0, 1.01, 5.0, 30.0, 120.0, 5_000.0])
records = strategies.one_of(
    strategies.builds(ptr, instances, ttl_s=ttls_s),
    strategies.builds(srv, instances, hosts, strategies.integers(1, 3), ttls_s),
    strategies.builds(txt, instances, strategies.binary(max_size=3), ttls_s),
    strategies.builds(address, hosts, addresses, ttls_s),
    strategies.builds(
        lambda host, type_: Record(host, RecordType.NSEC, 120, Nsec(host, (type_,)), flush=True),
        hosts,
        strategies.sampled_from([RecordType.A, RecordType.AAAA]),
    ),
    strategies.builds(
        lambda name: Record(f"_printer._sub.{TYPE}", RecordType.PTR, 4500, f"{name}.{TYPE}"),
        instances,
    ),
)

# Which events may come while a reader believes a service to be in a state; None is not listed.
BEFORE: dict[EventKind, set[State | None]] = {
    EventKind.FOUND: {None, State.OFFLINE},
    EventKind.RESOLVED: {State.FOUND},
    EventKind.RESOLVE_FAILED: {State.FOUND},
    EventKind.UPDATED: {State.ONLINE, State.STALE},
    EventKind.STALE: {State.FOUND, State.ONLINE},
    EventKind.LOST: {State.FOUND, State.ONLINE, State.STALE},
}

AFTER = {
    EventKind.FOUND: State.FOUND,
    EventKind.RESOLVED: State.ONLINE,
    EventKind.RESOLVE_FAILED: State.FOUND,
    EventKind.STALE: State.STALE,
    EventKind.LOST: State.OFFLINE,
}


class RegistryMachine(RuleBasedStateMachine):
    """`told`: the state of each service as a reader of the events alone believes it to be."""

    grace_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.registry = Registry(grace_s=lambda _type: self.grace_s)
        self.now_s = 1_000.0
        self.links = frozenset(LINKS)
        self.garbled = False
        self.told: dict[str, State] = {}

    def apply(self, observation: Observation) -> None:
        events = self.registry.apply(observation, Moment(self.now_s, self.now_s + 1e9))
        for event in events:
            assert isinstance(event, ServiceEvent)
            assert self.told.get(event.service.id) in BEFORE[event.kind]
            assert bool(event.changed) == (event.kind is EventKind.UPDATED)
            self.told[event.service.id] = AFTER.get(event.kind, event.service.state)
        due_s = self.registry.next_deadline()
        assert due_s is None or due_s > self.now_s

    @precondition(lambda self: self.links)
    @rule(packet=strategies.lists(records, max_size=5), link=strategies.sampled_from(LINKS))
    def hear_anything(self, packet: list[Record], link: str) -> None:
        """Orphans, conflicts, goodbyes, flushes, in any order."""
        on = link if link in self.links else min(self.links)
        self.apply(PacketHeard(on, SOURCE, tuple(packet)))

    @precondition(lambda self: self.links)
    @rule(
        packet=strategies.lists(records, min_size=1, max_size=5),
        link=strategies.sampled_from(LINKS),
        harm=strategies.sampled_from(["none", "cut", "splice", "flip"]),
        at=strategies.integers(0, 400),
        byte=strategies.integers(0, 255),
    )
    def hear_bytes(self, packet: list[Record], link: str, harm: str, at: int, byte: int) -> None:
        """What comes off the wire, whole, cut, with a pointer spliced in, or a byte changed."""
        on = link if link in self.links else min(self.links)
        for whole_packet in encode_response(packet):
            data = bytearray(whole_packet)
            at %= len(data)
            if harm == "cut":
                del data[at:]
            elif harm == "splice":
                data[at : at + 2] = bytes((0xC0 | byte >> 6, byte))
            elif harm == "flip":
                data[at] = byte
            # A garbled packet says anything, as that a service has another host.
            self.garbled |= harm != "none"
            message = decode(bytes(data), on)
            if harm == "none":
                assert message is not None
                assert len(message.records) == len(packet)
            if message is not None:
                self.apply(PacketHeard(on, SOURCE, message.records))
                self.apply(QuestionsHeard(message.questions))

    @precondition(lambda self: self.links)
    @rule(instance=instances, host=hosts, pause_s=a_while_s)
    def announce(self, instance: str, host: str, pause_s: float) -> None:
        """Who announces a service, twice as RFC 6762 §8.3 wants, is there, whatever was before."""
        self.wait(pause_s)
        self.apply(PacketHeard(min(self.links), SOURCE, tuple(whole(instance, host))))
        self.registry.take_questions()
        name = f"{instance}.{TYPE}"
        (service,) = (one for one in self.registry.services() if one.fqdn == name)
        assert self.garbled or (service.state, service.host) == (State.ONLINE, host)

    @precondition(lambda self: self.links)
    @rule(instance=instances, host=hosts)
    def say_goodbye(self, instance: str, host: str) -> None:
        """On every link, with every record; nobody is there when the second is over."""
        for link in sorted(self.links):
            packet = tuple(one._replace(ttl_s=0) for one in whole(instance, host))
            self.apply(PacketHeard(link, SOURCE, packet))
        self.wait(1.01 + self.grace_s)
        assert self.garbled or all(
            one.state is State.OFFLINE or not self.links.issuperset(one.interfaces)
            for one in self.registry.services()
            if one.name == instance
        )

    @rule(links=strategies.sets(strategies.sampled_from(LINKS)))
    def change_links(self, links: set[str]) -> None:
        """Cables are pulled and put back."""
        self.links = frozenset(links)
        self.apply(LinksChanged(self.links))

    @rule(renewed=strategies.sets(strategies.sampled_from(LINKS)), slept_s=a_while_s)
    def sleep(self, renewed: set[str], slept_s: float) -> None:
        """No timer rings meanwhile; afterwards links may be other networks."""
        self.now_s += slept_s
        self.apply(LinksChanged(self.links, frozenset(renewed)))

    @rule(looks=strategies.booleans())
    def verify(self, looks: bool) -> None:
        """A reader, or somebody who asks for one of them."""
        moment = Moment(self.now_s, self.now_s + 1e9)
        if looks:
            self.registry.look(moment)
        for one in list(self.registry.services()):
            self.registry.verify(one.id, moment)
        self.apply(Tick())

    @rule(asked=strategies.lists(questions, max_size=3))
    def overhear(self, asked: list[Question]) -> None:
        """Another host asks, maybe in vain."""
        self.apply(QuestionsHeard(tuple(asked)))

    @rule(seconds=strategies.sampled_from([0.0, 3.0, 90_000.0]))
    def restart(self, seconds: float) -> None:
        """What was known is known; what was there is stale until it is heard or given up."""
        known = list(self.registry.services())
        self.now_s += seconds
        self.registry = Registry(grace_s=lambda _type: self.grace_s)
        self.registry.recall(known, Moment(self.now_s, self.now_s + 1e9))
        self.told = {one.id: one.state for one in self.registry.services()}
        assert self.told == {
            one.id: State.OFFLINE if one.state is State.OFFLINE else State.STALE
            for one in known
            if one.state is not State.FOUND
        }
        self.apply(LinksChanged(self.links))

    @rule(seconds=a_while_s)
    def wait(self, seconds: float) -> None:
        """With a timer that is on time."""
        end_s = self.now_s + seconds
        while (at_s := self.registry.next_deadline()) is not None and at_s <= end_s:
            self.now_s = at_s
            self.apply(Tick())
        self.now_s = end_s

    @rule(seconds=strategies.sampled_from([2.0, 119.0, 90_000.0]))
    def sleep_and_wake(self, seconds: float) -> None:
        """A laptop that was suspended: many deadlines have passed at once."""
        self.now_s += seconds
        self.apply(Tick())

    @rule()
    def forget(self) -> None:
        """Ids of what is gone are told once."""
        told = self.registry.take_forgotten()
        assert not self.registry.take_forgotten()
        listed = {one.id for one in self.registry.services()}
        assert all(id_ in listed or id_ in told or id_ not in self.told for id_ in told)

    @rule()
    def read_all(self) -> None:
        """What the daemon takes out."""
        questions = self.registry.take_questions()
        assert len(questions) == len(set(questions))
        for link in LINKS:
            known = self.registry.known_answers(TYPE, link, Moment(self.now_s, 0.0))
            assert all(record.ttl_s > 0 for record in known)

    @invariant()
    def the_list_is_what_the_events_said(self) -> None:
        """A reader who follows the events and one who reads the list know the same."""
        listed = {one.id: one.state for one in self.registry.services()}
        forgotten = {id_ for id_ in self.told if id_ not in listed}
        assert all(self.told[id_] is State.OFFLINE for id_ in forgotten)
        for id_ in forgotten:
            del self.told[id_]
        assert listed == self.told

    @invariant()
    def what_is_online_can_be_dialled(self) -> None:
        """And every service has a view."""
        for one in self.registry.services():
            service_view(one, NO_NETWORK)
            if one.state in (State.ONLINE, State.STALE):
                assert one.host
                assert one.port
                assert one.addresses
            assert (one.reason is None) == (one.state is not State.OFFLINE)

    @invariant()
    def nothing_outlives_its_use(self) -> None:
        """Every record will be looked at before it ends; nothing is kept for nobody."""
        inner = self.registry._tables
        of_services = [kept for one in inner.services.values() for kept in one.sets]
        for kept in of_services + [kept for one in inner.hosts.values() for kept in one.sets]:
            assert len(kept.entries) <= MAX_ENTRIES
            for entry in kept.entries.values():
                assert self.now_s < entry.planned_s <= entry.due_s()
        assert all(host.services for host in inner.hosts.values())
        for service in inner.services.values():
            gone = service in inner._gone_early or service in inner._gone_settled
            assert gone == (service.state is State.OFFLINE)
            assert service.planned_s > VOID or service.state is not State.OFFLINE
            assert service.leaving is None or service.state is State.STALE


class GraceMachine(RegistryMachine):
    """Of a type that is given time."""

    grace_s = 20.0


TestRegistryWithGrace = GraceMachine.TestCase
TestRegistryWithGrace.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestRegistry = RegistryMachine.TestCase
TestRegistry.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
