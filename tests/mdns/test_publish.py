"""Names: probed for, announced, defended, given up, and taken leave of (RFC 6762 §8, §9, §10.1)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise

import pytest

from lanbridge.core.errors import NameConflict
from lanbridge.core.names import HostName, InstanceName, ServiceType
from lanbridge.core.records import Question, Record, RecordType, Srv
from lanbridge.mdns.advertise import Advertisement, records_on
from lanbridge.mdns.memory import MAX_RENAMES, Memory
from lanbridge.mdns.publish import Publisher
from tests.mdns.virtual import Sent, TapLink, run

NAME, HOST = "lamp._http._tcp.local", "lamp-1.local"
AD = Advertisement(
    name=InstanceName("lamp", ServiceType("http", "tcp")), host=HostName("lamp-1"), port=80
)
SECOND = Advertisement(
    name=InstanceName("second", ServiceType("http", "tcp")),
    host=HostName("LAMP-1"),  # RFC 6762 §16: that of the first, whatever the case
    port=81,
    subtypes=("_printer",),
)
RIVAL_SRV = Record(NAME, RecordType.SRV, 120, Srv(0, 0, 81, "other.local"), flush=True)
RIVAL_A = Record(HOST, RecordType.A, 120, ip_address("10.0.0.99"), flush=True)


class Scene:
    """A publisher with one advertisement on one or more links."""

    def __init__(
        self, *links: TapLink, ad: Advertisement = AD, memory: Memory | None = None
    ) -> None:
        self.links = links or (TapLink(),)
        self.renamed: list[tuple[str, str]] = []
        self.failed: list[str] = []
        self.publisher = Publisher(
            lambda old, new: self.renamed.append((old, new)),
            lambda coroutine, name: asyncio.get_running_loop().create_task(coroutine, name=name),
            self.failed.append,
        )
        if memory is not None:
            self.publisher.memory.recall(memory.document(), 0.0)
        self.publisher.use(self.links)
        self.published = self.publisher.advertise(ad)

    @property
    def link(self) -> TapLink:
        return self.links[0]

    def hear(self, *records: Record, probe: bool = False) -> None:
        questions = (Question(records[0].name, RecordType.ANY),) if probe else ()
        packet = self.link.heard(*records, questions=questions, probe=probe)
        self.publisher.receive(packet)


def play(
    act: Callable[[Scene], Awaitable[None]],
    *links: TapLink,
    seconds: float = 10,
    ad: Advertisement = AD,
    memory: Memory | None = None,
) -> Scene:
    """Advertise, let `act` happen, wait, say goodbye; in virtual time."""

    async def scene() -> Scene:
        made = Scene(*links, ad=ad, memory=memory)
        await act(made)
        await asyncio.sleep(seconds)
        made.publisher.close()
        return made

    return run(scene())


def renumber(link: TapLink, *addresses: str) -> None:
    """Give it other addresses, as the engine does."""
    link.was, link.interface = link.interface, TapLink(*addresses).interface


async def nothing(_scene: Scene) -> None:
    """Let it advertise in peace."""


def probes(sent: list[Sent]) -> list[Sent]:
    """Queries with an authority section."""
    return [one for one in sent if one.message.is_probe]


def announced(sent: list[Sent]) -> list[Sent]:
    """Responses, whether asked for or not."""
    return [one for one in sent if one.message.is_response]


class TestProbing:
    """RFC 6762 §8.1."""

    def test_three_probes_250_ms_apart_then_two_announcements_a_second_apart(self) -> None:
        """And 250 ms of silence between the last probe and the first announcement."""
        sent = play(nothing).link.sent
        times = [one.at_s for one in sent[:5]]
        assert [one.message.is_probe for one in sent[:5]] == [True] * 3 + [False] * 2
        assert 0 <= times[0] <= 0.250
        gaps = [round(b - a, 3) for a, b in pairwise(times)]
        assert gaps == [0.25, 0.25, 0.25, 1.0]

    def test_instance_and_host_are_both_probed_for(self) -> None:
        """Type ANY, a unicast answer wanted, the proposed records in the authority section."""
        first = probes(play(nothing).link.sent)[0].message
        assert set(first.questions) == {
            Question(NAME, RecordType.ANY, True),
            Question(HOST, RecordType.ANY, True),
        }
        assert {r.type for r in first.records} >= {RecordType.SRV, RecordType.TXT, RecordType.A}
        assert first.flags == 0

    def test_nothing_is_answered_before_the_name_is_ours(self) -> None:
        """A name that is being probed for is not ours to speak for."""

        async def ask(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            question = Question(NAME, RecordType.SRV)
            scene.publisher.receive(scene.link.heard(questions=(question,)))

        first = announced(play(ask).link.sent)[0]
        assert first.at_s >= 0.75

    def test_no_announcement_follows_the_second(self) -> None:
        """RFC 6762 §8.3: no periodic announcements."""
        sent = announced(play(nothing, seconds=3_600).link.sent)
        assert len([one for one in sent if one.message.records[0].ttl_s]) == 2

    def test_a_link_that_went_and_came_back_is_new(self) -> None:
        """A cable pulled and plugged in: probed and announced on again, and answered on."""

        async def replug(scene: Scene) -> None:
            await asyncio.sleep(5)
            scene.publisher.use([])
            await asyncio.sleep(5)
            scene.links = (scene.link, TapLink())
            scene.publisher.use(scene.links[1:])

        again = play(replug).links[1].sent
        assert len(probes(again)) == 3
        assert len([one for one in announced(again) if one.message.records[0].ttl_s]) == 2

    def test_a_new_address_is_announced_without_probing(self) -> None:
        """RFC 6762 §8.4: only what is said has changed; meanwhile we go on answering."""

        async def move(scene: Scene) -> None:
            await asyncio.sleep(5)
            renumber(scene.link, "10.0.0.77/24")
            scene.publisher.use(scene.links)

        sent = play(move).link.sent
        assert len(probes(sent)) == 3
        told = {str(r.data) for one in announced(sent)[2:] for r in one.message.records}
        assert "10.0.0.77" in told

    def test_an_address_that_is_no_longer_ours_is_taken_back(self) -> None:
        """RFC 6762 §10.1: at once; what is still ours keeps its TTL."""

        async def lose(scene: Scene) -> None:
            await asyncio.sleep(5)
            renumber(scene.link, "fe80::1%eth0/64")
            scene.publisher.use(scene.links)

        goodbye = announced(play(lose).link.sent)[2]
        assert goodbye.at_s == 5
        (record,) = goodbye.message.records
        assert (record.name, record.type, record.ttl_s) == (HOST, RecordType.A, 0)
        assert str(record.data) == "10.0.0.1"

    def test_an_address_that_is_taken_back_takes_no_others_along(self) -> None:
        """RFC 6762 §10.2: by the cache-flush bit, those that stay would go too."""

        async def lose(scene: Scene) -> None:
            await asyncio.sleep(5)
            renumber(scene.link, "fe80::1%eth0/64")
            scene.publisher.use(scene.links)

        (gone,) = announced(play(lose).link.sent)[2].message.records
        assert (gone.ttl_s, gone.flush) == (0, False)

    def test_ten_changes_in_a_minute_are_told_at_once(self) -> None:
        """RFC 6762 §8.3: "no more than ten updates per minute", of two announcements each."""

        async def roam(scene: Scene) -> None:
            for number in range(9):
                await asyncio.sleep(5)
                renumber(scene.link, f"10.0.0.{70 + number}/24")
                scene.publisher.use(scene.links)

        told = {
            str(record.data): one.at_s
            for one in reversed(announced(play(roam, seconds=3).link.sent))
            for record in one.message.records
            if record.type == RecordType.A and record.ttl_s
        }
        assert [told[f"10.0.0.{70 + n}"] for n in range(9)] == [5.0 * (n + 1) for n in range(9)]

    def test_on_a_wire_that_is_another_subnet_now_the_old_addresses_are_taken_back(self) -> None:
        """Before it is probed on: a new link in our eyes, with the old peers perhaps."""

        async def renew(scene: Scene) -> None:
            await asyncio.sleep(5)
            other = TapLink("10.1.0.1/24")
            other.was = scene.link.interface
            scene.links = (scene.link, other)
            scene.publisher.use(scene.links[1:])

        sent = play(renew).links[1].sent
        assert {str(one.data) for one in sent[0].message.records} == {"10.0.0.1", "fe80::1%eth0"}
        assert {one.ttl_s for one in sent[0].message.records} == {0}
        assert len(probes(sent)) == 3

    def test_a_link_that_went_is_no_news_to_the_others(self) -> None:
        """Nothing that is said there has changed."""

        async def lose(scene: Scene) -> None:
            await asyncio.sleep(5)
            scene.publisher.use(scene.links[:1])

        other = TapLink("10.1.0.1/24", name="wlan0", index=3)
        sent = play(lose, TapLink(), other).link.sent
        assert len([one for one in announced(sent) if one.message.records[0].ttl_s]) == 2

    def test_a_new_link_is_probed_on(self) -> None:
        """RFC 6762 §8: on connecting to a network, everything begins anew."""

        async def connect(scene: Scene) -> None:
            await asyncio.sleep(5)
            other = TapLink("10.1.0.1/24", name="wlan0", index=3)
            scene.links = (*scene.links, other)
            scene.publisher.use(scene.links)

        scene = play(connect)
        assert len(probes(scene.links[1].sent)) == 3


class TestConflicts:
    """RFC 6762 §8.1, §8.2, §9."""

    def test_an_instance_name_that_is_taken_gives_way(self) -> None:
        """`lamp (2)`, probed for before it is announced, and told."""

        async def deny(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            scene.hear(RIVAL_SRV)

        scene = play(deny)
        assert scene.renamed == [("lamp", "lamp (2)")]
        names = {r.name for one in announced(scene.link.sent) for r in one.message.records}
        assert "lamp (2)._http._tcp.local" in names
        assert NAME not in names

    def test_a_host_name_that_is_taken_gives_way(self) -> None:
        """`lamp-1-2.local`; the instance keeps its name."""

        async def deny(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            scene.hear(RIVAL_A)

        scene = play(deny)
        assert scene.renamed == [(HOST, "lamp-1-2.local")]
        assert scene.published.ad.name == AD.name

    def test_a_conflict_after_registration_makes_us_probe_again(self) -> None:
        """RFC 6762 §9: and rename, if the other one holds on to it."""

        async def contradict(scene: Scene) -> None:
            await asyncio.sleep(5)
            scene.hear(RIVAL_SRV)
            await asyncio.sleep(0.5)
            scene.hear(RIVAL_SRV)

        scene = play(contradict)
        assert scene.renamed == [("lamp", "lamp (2)")]

    def test_our_own_announcement_coming_back_is_no_conflict(self) -> None:
        """A reflector, or multicast loopback."""

        async def reflect(scene: Scene) -> None:
            await asyncio.sleep(5)
            ours = announced(scene.link.sent)[0].message.records
            scene.hear(*ours)

        scene = play(reflect)
        assert scene.renamed == []
        assert len(probes(scene.link.sent)) == 3

    def test_our_addresses_on_another_link_are_no_conflict(self) -> None:
        """Two interfaces in one network hear each other."""
        eth, wlan = TapLink(), TapLink("10.0.0.5/24", name="wlan0", index=3)

        async def cross(scene: Scene) -> None:
            await asyncio.sleep(5)
            theirs = announced(wlan.sent)[0].message.records
            scene.hear(*theirs)

        assert play(cross, eth, wlan).renamed == []

    def test_a_rival_without_the_cache_flush_bit_is_one(self) -> None:
        """RFC 6762 §9 speaks of name, type, class and rdata; bonjour-service never sets the bit."""

        async def deny(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            scene.hear(RIVAL_SRV._replace(flush=False))

        assert play(deny).renamed == [("lamp", "lamp (2)")]

    def test_a_rival_is_seen_behind_an_address_of_ours(self) -> None:
        """One packet with our own address on another link and a stranger's."""
        eth, wlan = TapLink(), TapLink("10.0.0.5/24", name="wlan0", index=3)

        async def contradict(scene: Scene) -> None:
            await asyncio.sleep(5)
            scene.hear(RIVAL_A._replace(data=ip_address("10.0.0.5")), RIVAL_A)

        assert len(probes(play(contradict, eth, wlan).links[0].sent)) == 6

    def test_our_own_probes_on_another_link_are_no_rivals(self) -> None:
        """Ethernet and Wi-Fi of one Pi in one network: each hears what the other sends."""
        eth, wlan = TapLink(), TapLink("10.0.0.5/24", "fe80::5%wlan0/64", name="wlan0", index=3)

        async def bridge(scene: Scene) -> None:
            seen = {eth: 0, wlan: 0}
            for _ in range(400):
                await asyncio.sleep(0.005)
                for link, other in ((eth, wlan), (wlan, eth)):
                    for sent in link.sent[seen[link] :]:
                        scene.publisher.receive(
                            other.heard(
                                *sent.message.records,
                                questions=sent.message.questions,
                                source="10.0.0.1" if link is eth else "10.0.0.5",
                                probe=sent.message.is_probe,
                                flags=sent.message.flags,
                            )
                        )
                    seen[link] = len(link.sent)

        scene = play(bridge, eth, wlan)
        assert scene.renamed == []
        assert len(probes(eth.sent)) == 3

    def test_the_greater_simultaneous_probe_wins(self) -> None:
        """RFC 6762 §8.2: the loser waits a second and probes again under the same name."""

        async def rival(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            scene.hear(RIVAL_SRV._replace(flush=False), probe=True)

        scene = play(rival)
        assert scene.renamed == []
        times = [one.at_s for one in probes(scene.link.sent)]
        assert any(later - earlier >= 1.0 for earlier, later in pairwise(times))

    def test_the_lesser_simultaneous_probe_is_ignored(self) -> None:
        """It is the other one that has to wait."""

        async def rival(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            lesser = RIVAL_SRV._replace(data=Srv(0, 0, 1, "a.local"), flush=False)
            same = Record(NAME, RecordType.TXT, 4500, b"\x09txtvers=1")
            scene.hear(same, lesser, probe=True)

        assert len(probes(play(rival).link.sent)) == 3

    def test_renaming_ends_where_every_name_is_denied(self) -> None:
        """A network that denies twenty names is broken or hostile; it is said once."""

        async def deny_all(scene: Scene) -> None:
            while asyncio.get_running_loop().time() < 300:
                scene.hear(RIVAL_SRV._replace(name=scene.published.ad.name.fqdn))
                await asyncio.sleep(0.05)

        scene = play(deny_all)
        assert scene.published.failed
        assert len(scene.renamed) == MAX_RENAMES - 1
        assert scene.failed == ["lamp"]
        assert announced(scene.link.sent) == []

    def test_fifteen_conflicts_in_ten_seconds_slow_it_down(self) -> None:
        """RFC 6762 §8.1: "at least five seconds before each successive additional probe"."""

        async def deny_all(scene: Scene) -> None:
            while not scene.published.failed:
                scene.hear(RIVAL_SRV._replace(name=scene.published.ad.name.fqdn))
                await asyncio.sleep(0.01)

        times = [one.at_s for one in probes(play(deny_all, seconds=0).link.sent)]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert len(times) == MAX_RENAMES
        assert all(gap < 1 for gap in gaps[:14])
        assert all(gap >= 5 for gap in gaps[14:])

    def test_it_begins_again_when_the_network_has_calmed_down(self) -> None:
        """With the name that was wanted."""

        async def deny_all(scene: Scene) -> None:
            while not scene.published.failed:
                scene.hear(RIVAL_SRV._replace(name=scene.published.ad.name.fqdn))
                await asyncio.sleep(0.05)

        scene = play(deny_all, seconds=120)
        assert not scene.published.failed
        assert scene.published.ad == AD
        assert announced(scene.link.sent)

    def test_what_was_heard_before_the_first_probe_is_no_answer_to_it(self) -> None:
        """RFC 6762 §8.1."""

        async def deny_early(scene: Scene) -> None:
            scene.hear(RIVAL_SRV)

        assert play(deny_early).renamed == []

    def test_the_same_set_proposed_by_another_is_no_rival(self) -> None:
        """RFC 6762 §8.2: "If both lists run out of records at the same time" all is well."""

        async def rival(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            first = probes(scene.link.sent)[0].message.records
            scene.hear(*(one for one in first if one.name == NAME), probe=True)

        assert len(probes(play(rival).link.sent)) == 3

    def test_a_rival_with_one_record_more_wins(self) -> None:
        """RFC 6762 §8.2: the list that runs out first is the lesser."""

        async def rival(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            first = probes(scene.link.sent)[0].message.records
            mine = [one for one in first if one.name == HOST]
            more = Record(HOST, RecordType.AAAA, 120, ip_address("fe80::9"))
            scene.hear(*mine, more, probe=True)

        times = [one.at_s for one in probes(play(rival).link.sent)]
        assert any(later - earlier >= 1.0 for earlier, later in pairwise(times))

    def test_a_host_with_addresses_of_the_other_kind_is_a_rival_too(self) -> None:
        """Or our name would lead to its IPv6 address."""

        async def contradict(scene: Scene) -> None:
            await asyncio.sleep(5)
            rival = Record(HOST, RecordType.AAAA, 120, ip_address("fd00::9"), flush=True)
            scene.hear(rival)

        link = TapLink("10.0.0.1/24")
        assert len(probes(play(contradict, link).link.sent)) == 6

    def test_a_host_of_two_services_gives_way_once(self) -> None:
        """Both have the new name; it is told once."""

        async def deny(scene: Scene) -> None:
            scene.publisher.advertise(SECOND)
            await asyncio.sleep(5)
            for _ in range(12):
                scene.hear(RIVAL_A)
                await asyncio.sleep(0.1)

        scene = play(deny)
        assert [new.lower() for _, new in scene.renamed] == ["lamp-1-2.local"]
        hosts = {one.ad.host.fqdn for one in scene.publisher.published.values()}
        assert {host.lower() for host in hosts} == {"lamp-1-2.local"}

    def test_a_name_that_is_given_up_leaves_the_other_as_it_is(self) -> None:
        """Every instance name is denied; the host name that two services share is not."""

        async def deny(scene: Scene) -> None:
            scene.publisher.advertise(SECOND)
            await asyncio.sleep(5)
            scene.hear(RIVAL_A)
            await asyncio.sleep(0.3)
            scene.hear(RIVAL_A)
            await asyncio.sleep(5)
            while not scene.failed:
                name = scene.published.ad.name.fqdn
                scene.hear(RIVAL_SRV._replace(name=name))
                await asyncio.sleep(0.1)

        scene = play(deny, seconds=1)
        hosts = {one.ad.host.fqdn.lower() for one in scene.publisher.published.values()}
        assert hosts == {"lamp-1-2.local"}
        assert scene.publisher.memory.number(HOST) == 2

    def test_a_healthy_link_is_answered_on_while_another_is_probed_on(self) -> None:
        """RFC 6762 §8: probing is for the link that is new; one that flaps mutes no other."""

        async def connect(scene: Scene) -> None:
            await asyncio.sleep(5)
            other = TapLink("10.1.0.1/24", name="wlan0", index=3)
            scene.links = (*scene.links, other)
            scene.publisher.use(scene.links)
            await asyncio.sleep(0.3)
            question = Question(NAME, RecordType.SRV)
            scene.publisher.receive(scene.link.heard(questions=(question,)))
            scene.publisher.receive(other.heard(questions=(question,), source="10.1.0.9"))

        scene = play(connect)
        old, new = ([one.at_s for one in announced(link.sent)] for link in scene.links)
        assert 5.3 in old
        assert min(new) > 5.75
        assert len(probes(scene.link.sent)) == 3

    def test_a_name_that_is_taken_on_a_new_link_is_taken_back_on_the_others(self) -> None:
        """Nobody else has it there; its PTR would be believed for 75 minutes."""

        async def connect(scene: Scene) -> None:
            await asyncio.sleep(5)
            other = TapLink("10.1.0.1/24", name="wlan0", index=3)
            scene.links = (*scene.links, other)
            scene.publisher.use(scene.links)
            await asyncio.sleep(0.5)
            scene.publisher.receive(other.heard(RIVAL_SRV, source="10.1.0.9"))

        scene = play(connect)
        assert scene.renamed == [("lamp", "lamp (2)")]
        old, new = (
            {r.data for one in announced(link.sent) for r in one.message.records if not r.ttl_s}
            for link in scene.links
        )
        assert NAME in old
        assert NAME not in new

    def test_a_newcomer_cannot_win_a_name_that_is_ours_there(self) -> None:
        """RFC 6762 §8.2 is about hosts that probe at once; this one is told that it is taken."""

        async def connect(scene: Scene) -> None:
            await asyncio.sleep(5)
            other = TapLink("10.1.0.1/24", name="wlan0", index=3)
            scene.links = (*scene.links, other)
            scene.publisher.use(scene.links)
            await asyncio.sleep(0.5)
            scene.hear(RIVAL_SRV._replace(data=Srv(9, 9, 9, "zzz.local")), probe=True)

        scene = play(connect)
        assert len(probes(scene.links[1].sent)) == 3
        assert scene.renamed == []

    def test_a_name_of_our_own_is_no_way_out(self) -> None:
        """`lamp (2)` is advertised by us already."""

        async def deny(scene: Scene) -> None:
            second = InstanceName("lamp (2)", ServiceType("http", "tcp"))
            scene.publisher.advertise(replace(AD, name=second, port=81))
            await asyncio.sleep(5)
            for _ in range(6):
                scene.hear(RIVAL_SRV)
                await asyncio.sleep(0.1)

        assert play(deny).renamed == [("lamp", "lamp (3)")]


class TestMemory:
    """What it said before, on this run or the last."""

    def remembered(self, *links: TapLink) -> Memory:
        """A memory after a run that ended without a goodbye, read back from disk."""
        scene = play(nothing, *links)
        memory = Memory()
        memory.recall(json.loads(json.dumps(scene.publisher.memory.document())), 0.0)
        return memory

    def test_what_we_said_before_a_crash_is_no_conflict(self) -> None:
        """With another address; a cache, or a reflector that is late, says the old one."""
        before = TapLink("10.0.0.7/24")
        memory = self.remembered(before)
        stale = records_on(before, replace(AD, port=79)).unique

        async def repeat(scene: Scene) -> None:
            for _ in range(20):
                scene.hear(*(one for one in stale if one.type == RecordType.A))
                await asyncio.sleep(0.1)

        scene = play(repeat, memory=memory)
        assert scene.renamed == []
        assert len(probes(scene.link.sent)) == 3

    def test_it_is_one_if_it_comes_from_an_address_that_was_ours(self) -> None:
        """Somebody lives there: a copy of our disk, whose memory is ours too."""
        before = TapLink("10.0.0.7/24")
        memory = self.remembered(before)
        twin = [one for one in records_on(before, AD).unique if one.type == RecordType.A]

        async def deny(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            scene.publisher.receive(scene.link.heard(*twin, source="10.0.0.7"))

        assert play(deny, memory=memory).renamed == [(HOST, "lamp-1-2.local")]

    def test_and_when_nobody_can_have_it_from_us_any_more(self) -> None:
        """RFC 6762 §10: a host's records live for two minutes."""
        before = TapLink("10.0.0.7/24")
        memory = self.remembered(before)
        stale = [one for one in records_on(before, AD).unique if one.type == RecordType.A]

        async def late(scene: Scene) -> None:
            await asyncio.sleep(130)
            scene.hear(*stale)

        assert len(probes(play(late, memory=memory).link.sent)) == 6

    def test_an_address_we_have_just_lost_is_no_conflict(self) -> None:
        """A new lease: somebody still repeats the old address."""

        async def move(scene: Scene) -> None:
            await asyncio.sleep(5)
            old = [one for one in records_on(scene.link, AD).unique if one.type == RecordType.A]
            renumber(scene.link, "10.0.0.77/24")
            scene.publisher.use(scene.links)
            await asyncio.sleep(3)
            scene.hear(*old)

        assert len(probes(play(move).link.sent)) == 3

    def test_a_name_that_gave_way_stays_so_over_a_restart(self) -> None:
        """Devices and dashboards know it by the new one."""

        async def deny(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            scene.hear(RIVAL_SRV)

        memory = Memory()
        memory.recall(play(deny).publisher.memory.document(), 0.0)
        again = play(nothing, memory=memory)
        assert again.renamed == []
        assert again.published.ad.name.instance == "lamp (2)"

    @pytest.mark.parametrize(
        "document",
        [
            {},
            [],
            None,
            {"version": 2, "numbers": {}, "said": []},
            {"version": 1, "numbers": [], "said": []},
            {"version": 1, "numbers": {}, "said": [["a", 1]]},
            {"version": 1, "numbers": {}, "said": [["a", 1, "no hex"]]},
        ],
    )
    def test_what_is_no_memory_raises_and_changes_nothing(self, document: object) -> None:
        """The caller says that the file is damaged."""
        memory = Memory()
        with pytest.raises((ValueError, TypeError, LookupError, AttributeError)):
            memory.recall(document, 0.0)
        assert memory.document() == Memory().document()

    def test_numbers_beyond_the_last_name_are_not_believed(self) -> None:
        """Somebody wrote them by hand."""
        memory = Memory()
        numbers = {"a": 99, "b": "2", "c": 1, "d": 7}
        memory.recall({"version": 1, "numbers": numbers, "said": []}, 0.0)
        assert [memory.number(name) for name in "abcd"] == [1, 1, 1, 7]


class TestReverse:
    """The names of our addresses: answered for, until somebody else does."""

    AD = replace(AD, reverse=True)
    NAME = "1.0.0.10.in-addr.arpa"
    ASKED = Question(NAME, RecordType.PTR)

    def answered(self, act: Callable[[Scene], Awaitable[None]] = nothing) -> set[object]:
        """What a question for the name of 10.0.0.1 brings after `act`."""

        async def ask(scene: Scene) -> None:
            await asyncio.sleep(0.3)
            await act(scene)
            await asyncio.sleep(5)
            scene.link.sent.clear()
            scene.publisher.receive(scene.link.heard(questions=(self.ASKED,)))

        scene = play(ask, ad=self.AD, seconds=0.1)
        told = (record for one in scene.link.sent for record in one.message.records)
        return {one.data for one in told if one.name == self.NAME and one.ttl_s}

    def test_an_address_leads_to_its_host(self) -> None:
        """As avahi has it; TTL 120 s (RFC 6762 §10)."""
        assert self.answered() == {HOST}

    def test_they_are_asked_for_and_not_proposed(self) -> None:
        """A proposal makes avahi on the same host give up its host name."""
        probe = probes(play(nothing, ad=self.AD).link.sent)[0].message
        assert Question(self.NAME, RecordType.ANY) in probe.questions
        assert not any(one.name == self.NAME for one in probe.records)

    def test_they_are_not_announced(self) -> None:
        """avahi, which starts on the same host at that moment, would rename the host."""
        said = announced(play(nothing, ad=self.AD).link.sent)
        told = [record for one in said for record in one.message.records if record.ttl_s]
        assert HOST in {record.name for record in told}
        assert self.NAME not in {record.name for record in told if record.type != RecordType.NSEC}

    @pytest.mark.parametrize("probe", [True, False])
    def test_it_is_left_to_whoever_else_wants_it(self, probe: bool) -> None:
        """avahi on the same host, before us or after us; no name of ours changes for it."""

        async def claim(scene: Scene) -> None:
            rival = Record(self.NAME, RecordType.PTR, 120, "pi.local", flush=not probe)
            scene.hear(rival, probe=probe)
            assert scene.renamed == []

        assert self.answered(claim) == set()


def test_one_name_is_advertised_once() -> None:
    """The second of two tables with one name is told so, instead of fighting the first."""

    async def again(scene: Scene) -> None:
        with pytest.raises(NameConflict, match="advertised already"):
            scene.publisher.advertise(AD)

    play(again)


class TestGoodbye:
    """RFC 6762 §10.1."""

    def test_everything_announced_is_taken_back_with_ttl_0(self) -> None:
        """But not the PTR that lists our type: others may offer it too."""
        last = announced(play(nothing).link.sent)[-1].message
        assert {record.ttl_s for record in last.records if record.type != RecordType.NSEC} == {0}
        types = {record.type for record in last.records}
        assert types >= {RecordType.PTR, RecordType.SRV, RecordType.TXT, RecordType.A}
        assert not any(record.name.startswith("_services.") for record in last.records)

    def test_a_goodbye_is_said_also_while_it_probes_again(self) -> None:
        """Others still hold what was announced before."""

        async def contradict(scene: Scene) -> None:
            await asyncio.sleep(5)
            scene.hear(RIVAL_SRV)

        last = announced(play(contradict, seconds=0.1).link.sent)[-1].message
        assert {r.ttl_s for r in last.records if r.type == RecordType.SRV} == {0}

    def test_what_was_never_announced_needs_no_goodbye(self) -> None:
        """A daemon stopped while it probes leaves nothing behind."""
        assert announced(play(nothing, seconds=0.1).link.sent) == []


class TestWithdrawing:
    """One advertisement of several goes."""

    def test_its_goodbye_leaves_what_others_say_too(self) -> None:
        """The host, and the list of types; all else of it is taken back."""

        async def withdraw(scene: Scene) -> None:
            second = scene.publisher.advertise(SECOND)
            await asyncio.sleep(5)
            scene.link.sent.clear()
            scene.publisher.withdraw(second)

        scene = play(withdraw)
        goodbye = announced(scene.link.sent)[0].message
        assert {(one.name, one.type) for one in goodbye.records if not one.ttl_s} == {
            ("_http._tcp.local", RecordType.PTR),
            ("_printer._sub._http._tcp.local", RecordType.PTR),
            ("second._http._tcp.local", RecordType.SRV),
            ("second._http._tcp.local", RecordType.TXT),
        }
        pointed = [one.data for one in goodbye.records if one.type == RecordType.PTR]
        assert set(pointed) == {"second._http._tcp.local"}

    def test_it_is_answered_for_no_longer(self) -> None:
        """And the other still is."""

        async def withdraw_and_ask(scene: Scene) -> None:
            second = scene.publisher.advertise(SECOND)
            await asyncio.sleep(5)
            scene.publisher.withdraw(second)
            await asyncio.sleep(5)
            scene.link.sent.clear()
            for name in (NAME, "second._http._tcp.local"):
                question = Question(name, RecordType.SRV)
                scene.publisher.receive(scene.link.heard(questions=(question,)))
            await asyncio.sleep(1)
            named = {one.name for sent in scene.link.sent for one in sent.message.records}
            assert NAME in named
            assert "second._http._tcp.local" not in named

        play(withdraw_and_ask)

    def test_while_it_probes_nothing_is_said(self) -> None:
        """It never had the name, and does not take it later."""

        async def withdraw(scene: Scene) -> None:
            await asyncio.sleep(0.4)
            scene.publisher.withdraw(scene.published)

        assert announced(play(withdraw).link.sent) == []

    def test_its_name_can_be_advertised_again(self) -> None:
        """At once."""

        async def again(scene: Scene) -> None:
            await asyncio.sleep(5)
            scene.publisher.withdraw(scene.published)
            scene.publisher.advertise(AD)
            await asyncio.sleep(5)
            assert [one.ad for one in scene.publisher.published.values()] == [AD]

        play(again)
