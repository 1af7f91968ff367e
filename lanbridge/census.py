"""Who is who on this network: devices with their hardware, and what is wrong with identities."""

import asyncio
from collections.abc import Callable, Iterable, Iterator

from lanbridge.core.alarms import Alarm, AlarmChanged, AlarmKind, Alarms
from lanbridge.core.device_records import DeviceRecord
from lanbridge.core.devices import Devices
from lanbridge.core.ecosystems import identities
from lanbridge.core.events import EventKind, Moment, ServiceEvent
from lanbridge.core.registry import Registry
from lanbridge.core.services import UP, Device
from lanbridge.network.neighbours import neighbours
from lanbridge.network.vendors import Vendors

ROUND_S = 10.0
LOOKS_AT_HARDWARE_EVERY = 3  # rounds
INVISIBLE_ROUNDS = 6  # RFC 6762 §8.3: announcements are over after a few seconds


class Census:
    """own: names (`Lamp._http._tcp.local`) that this host advertises by now, and is heard with.

    tell: gets each alarm as it is raised or over. clock: now, by both clocks. unanswered: services
    that answer no probe, each with a sentence.
    """

    def __init__(
        self,
        registry: Registry,
        own: Callable[[], Iterable[str]],
        tell: Callable[[AlarmChanged], None],
        clock: Callable[[], Moment],
        kept_s: float,
        unanswered: Callable[[], Iterable[tuple[str, str]]] = lambda: (),
    ) -> None:
        self._registry = registry
        self._own = own
        self._tell = tell
        self._clock = clock
        self._unanswered = unanswered
        self.devices = Devices(kept_s)
        self.alarms = Alarms()
        self._vendors = Vendors()
        self._unheard: dict[str, int] = {}

    def take(self, event: ServiceEvent) -> None:
        """What the registry says of a service; of one that is only found, what host it is on comes
        next, mostly at once.
        """
        if event.kind is not EventKind.FOUND:
            self.devices.take(event.service, event.at_unix_s)

    def recall(self, records: Iterable[DeviceRecord]) -> None:
        """What was known before a restart; the services are in the registry already."""
        self.devices.recall(records)
        for service in self._registry.services():
            self.devices.take(service, self._clock().unix_s)

    def restore(self, records: Iterable[DeviceRecord]) -> None:
        """A backup."""
        for one in records:
            self.devices.restore(one)
        self.devices.mend_merges()

    async def watch(self) -> None:
        """Look around, for as long as it runs."""
        await self._vendors.load()
        round_ = 0
        while True:
            if round_ % LOOKS_AT_HARDWARE_EVERY == 0:
                self.devices.learn_hardware(await asyncio.to_thread(neighbours))
                for service in self._registry.services():
                    if service.state in UP:
                        self.devices.take(service, self._clock().unix_s)
            self.look()
            await asyncio.sleep(ROUND_S)
            round_ += 1

    def look(self) -> None:
        """One round: which alarms are up."""
        now = self._clock()
        self.devices.expire(now.unix_s)
        for change in self.alarms.settle(list(self._seen(now)), now.unix_s):
            self._tell(change)

    def vendor(self, device: Device) -> str | None:
        """Who made its network card, where that is known."""
        return self._vendors.vendor(device.mac)

    def up(self) -> Iterator[Alarm]:
        """The alarms that are up."""
        return iter(self.alarms)

    def _seen(self, now: Moment) -> Iterator[tuple[AlarmKind, str, str]]:
        for identity, (one, other) in self._copies().items():
            sentence = f"{one} and {other} both say {identity}; was an SD card copied?"
            yield AlarmKind.DUPLICATE_IDENTITY, identity, sentence
        for identity, (one, other) in self.devices.settle(now.unix_s).items():
            sentence = f"{one} and {other} both say {identity}; was an SD card copied?"
            yield AlarmKind.DUPLICATE_IDENTITY, identity, sentence
        for name, (first, second) in self._registry.fought_hosts(now).items():
            sentence = (
                f"{name} is {first} and {second} by turns: two hosts have one name, and their "
                "services get each other's address"
            )
            yield AlarmKind.DUPLICATE_HOST, name, sentence
        for address, owner, claimant, source in self._registry.crossed():
            elsewhere = f"which is {source}" if source else "which had it before"
            sentence = (
                f"{address} is {owner}, but {claimant}, {elsewhere}, says it is its own: who opens "
                f"{claimant} may get {owner}"
            )
            yield AlarmKind.CROSS_WIRED, str(address), sentence
        for name in self._invisible():
            sentence = (
                f"{name} is advertised here, but is not to be heard on the network: multicast "
                "does not come back from it"
            )
            yield AlarmKind.SELF_INVISIBLE, name, sentence

        for name, sentence in self._unanswered():
            yield AlarmKind.NOT_ANSWERING, name, sentence

    def _copies(self) -> dict[str, tuple[str, str]]:
        """Our own identities that another host says, with the service of ours and its.

        The two share out the names that they both wanted, each as the other gives way, so here
        only the address tells them apart.
        """
        names = set(self._own())
        up = [one for one in self._registry.services() if one.state in UP]
        ours = {key: one for one in up if one.fqdn in names for key in identities(one)}
        addresses = {address for one in ours.values() for address in one.addresses}
        return {
            key.split(" ", 1)[1]: (ours[key].fqdn, one.fqdn)
            for one in up
            if one.fqdn not in names and one.addresses and addresses.isdisjoint(one.addresses)
            for key in identities(one)
            if key in ours
        }

    def _invisible(self) -> list[str]:
        heard = {one.fqdn for one in self._registry.services() if one.state in UP}
        self._unheard = {
            name: self._unheard.get(name, 0) + 1 for name in self._own() if name not in heard
        }
        return [name for name, rounds in self._unheard.items() if rounds >= INVISIBLE_ROUNDS]
