"""Devices: services grouped by host, under an id that outlives names and addresses (docs/adr/0019).

Pure: `take` what the registry says of a service, `recall` what was known before a restart.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from lanbridge.core.addresses import Address
from lanbridge.core.device_records import MAX_KEYS, MAX_PRESENCE, DeviceRecord
from lanbridge.core.ecosystems import identities
from lanbridge.core.errors import InvalidInput, NotFound
from lanbridge.core.names import fold
from lanbridge.core.services import UP, Device, Presence, ServiceInstance, stable_id

# Whoever makes up host names makes up devices: those that were there first stay.
MAX_DEVICES = 10_240
MAX_RIVALS = 64  # alarms at a time
RIVALS_AFTER_S = 30.0  # a device that restarts under another name is no two devices
PASSING_S = 600.0
MAX_LABEL_CHARACTERS = 120
MAX_NOTES_CHARACTERS = 4_000


class Rivals(NamedTuple):
    """Two devices that go by one identity, and since when."""

    first_id: str
    second_id: str
    since_s: float


class Devices:
    """kept_s: how long a device is remembered that is gone and that nobody has written of."""

    def __init__(self, kept_s: float) -> None:
        self._kept_s = kept_s
        self._records: dict[str, DeviceRecord] = {}
        self._by_key: dict[str, DeviceRecord] = {}
        self._of_service: dict[str, DeviceRecord] = {}
        self._rivals: dict[str, Rivals] = {}
        self._hardware: Mapping[Address, str] = {}
        self._changed: dict[str, None] = {}
        self.revision = 0  # it is another one when something of a device is
        self.refused: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._records)

    def take(self, service: ServiceInstance, now_s: float) -> None:
        """A service as it is now; `now_s` is Unix time."""
        if not service.host:
            return
        host_key = fold(service.host)
        keys = self._keys(service, host_key)
        device = self._owner(service, keys, host_key)
        if device is None:
            device = self._new(service, keys, now_s)
            if device is None:
                return
        was, was_up = self._of_service.get(service.id), device.is_up
        if was is not device:
            if was is not None:
                self._leave(was, service.id, now_s)
            self._of_service[service.id] = device
        device.seats[service.id] = host_key if service.state in UP else None
        self._compare(device, keys, now_s)
        self._learn(device, keys)
        if device.host != service.host and service.state in UP:
            device.host = service.host
            self._touch(device.id)
        device.first_seen_s = min(device.first_seen_s, service.first_seen_s)
        device.last_seen_s = max(device.last_seen_s, service.last_seen_s)
        self._note_presence(device, was_up, now_s)

    def forget(self, service_id: str, now_s: float) -> None:
        """The registry forgot it; the device stays for a while."""
        device = self._of_service.pop(service_id, None)
        if device is not None:
            self._leave(device, service_id, now_s)

    def learn_hardware(self, table: Mapping[Address, str]) -> None:
        """The neighbour table: hardware addresses by address."""
        self._hardware = table

    def expire(self, now_s: float) -> None:
        """Forget devices that have been gone for long and that nobody has written of."""
        for device in list(self._records.values()):
            if not (device.seats or device.is_marked) and (
                now_s - device.last_seen_s > self._kept_s
            ):
                self._drop(device)

    def settle(self, now_s: float) -> dict[str, tuple[str, str]]:
        """Identities that two hosts have had for a while, with the hosts.

        A device that came back under another name had it twice in passing: the new one goes.
        """
        told = {}
        for key, (first_id, second_id, since_s) in list(self._rivals.items()):
            first, second = self._records.get(first_id), self._records.get(second_id)
            if first is None or second is None or not (first.is_up and second.is_up):
                del self._rivals[key]
                if first is not None and second is not None and second.is_up:
                    self._absorb_if_passing(first, second, now_s)
            elif now_s - since_s >= RIVALS_AFTER_S:
                told[key.split(" ", 1)[1]] = (first.host, second.host)
        return told

    def edit(self, id_: str, *, label: str, notes: str, merged_into: str | None) -> None:
        """What a person says of it. Raises NotFound and InvalidInput."""
        device = self._record(id_)
        for what, text, most in (
            ("label", label, MAX_LABEL_CHARACTERS),
            ("notes", notes, MAX_NOTES_CHARACTERS),
        ):
            if len(text) > most:
                raise InvalidInput(text[:40], f"{what} has more than {most} characters")
        if merged_into is not None:
            if merged_into == id_:
                raise InvalidInput(merged_into, "a device cannot be merged into itself")
            target = self._record(merged_into)
            merged = any(one.merged_into == id_ for one in self._records.values())
            if target.merged_into or merged:
                rule = "a device is merged into one that is itself in no other"
                raise InvalidInput(merged_into, rule, "undo that merge first")
        device.label, device.notes, device.merged_into = label, notes, merged_into
        self._touch(id_)

    def recall(self, records: Iterable[DeviceRecord]) -> None:
        """Before any service: what was known."""
        for one in records:
            if len(self._records) < MAX_DEVICES and one.id not in self._records:
                self._records[one.id] = one
                for key in one.keys:
                    self._by_key.setdefault(key, one)

    def restore(self, backup: DeviceRecord) -> None:
        """One of a backup: what a person said in it counts, and it has the id again."""
        now = self._records.get(backup.id)
        if now is None:
            keys = (key for key in backup.keys if key in self._by_key)
            now = next((self._by_key[key] for key in keys), None)
        if now is None:
            self.recall([backup])
            self._touch(backup.id)
            return
        if now.id != backup.id:
            self._touch(now.id)
            del self._records[now.id]
            now.id = backup.id
            self._records[now.id] = now
        now.label, now.notes = backup.label or now.label, backup.notes or now.notes
        now.merged_into = backup.merged_into or now.merged_into
        now.first_seen_s = min(now.first_seen_s, backup.first_seen_s)
        now.last_seen_s = max(now.last_seen_s, backup.last_seen_s)
        now.presence = tuple(sorted({*backup.presence, *now.presence}))[-MAX_PRESENCE:]
        self._learn(now, backup.keys)
        self._touch(now.id)

    def mend_merges(self) -> None:
        """After a restore: no device is merged into one that is not there, or into itself."""
        for one in self._records.values():
            target = self._records.get(one.merged_into or "")
            if one.merged_into and (target is None or target.merged_into or target is one):
                one.merged_into = None
                self._touch(one.id)

    def take_changed(self) -> list[str]:
        """Ids of what is to be written down since the last call."""
        changed, self._changed = list(self._changed), {}
        return changed

    def record(self, id_: str) -> DeviceRecord | None:
        return self._records.get(id_)

    def records(self) -> Iterator[DeviceRecord]:
        return iter(self._records.values())

    def group(self, services: Iterable[ServiceInstance], of: Collection[str] = ()) -> list[Device]:
        """These services by device, all or those `of` ids; one of no known host is its own."""
        groups: dict[str, list[ServiceInstance]] = {}
        for one in services:
            device = self._of_service.get(one.id)
            id_ = (device.merged_into or device.id) if device else stable_id(one.host or one.fqdn)
            if not of or id_ in of:
                groups.setdefault(id_, []).append(one)
        merged = self._merged()
        return [self._device(id_, group, merged) for id_, group in groups.items()]

    def services_of(self, id_: str) -> list[str]:
        """Ids of the services of a device and of those merged into it."""
        return [
            service_id
            for one in self._records.values()
            if id_ in (one.id, one.merged_into)
            for service_id in one.seats
        ]

    def device(self, id_: str, services: list[ServiceInstance]) -> Device | None:
        """A device with these services; None if it is unknown."""
        is_known = services or id_ in self._records
        return self._device(id_, services, self._merged()) if is_known else None

    # Inside

    def _merged(self) -> dict[str, list[str]]:
        """Ids of devices by the id of the one that they were merged into."""
        merged: dict[str, list[str]] = {}
        for one in self._records.values():
            if one.merged_into is not None:
                merged.setdefault(one.merged_into, []).append(one.id)
        return merged

    def _device(
        self, id_: str, services: list[ServiceInstance], merged: Mapping[str, list[str]]
    ) -> Device:
        known = self._records.get(id_)
        seen_s = [(one.first_seen_s, one.last_seen_s) for one in services]
        if known is not None:
            seen_s.append((known.first_seen_s, known.last_seen_s))
        return Device(
            id=id_,
            host=known.host if known else services[0].host,
            services=tuple(services),
            label=known.label if known else "",
            notes=known.notes if known else "",
            mac=known.hardware if known else None,
            merged=tuple(merged.get(id_, ())),
            first_seen_s=min(first for first, _ in seen_s),
            last_seen_s=max(last for _, last in seen_s),
            presence=known.presence if known else (),
        )

    def _keys(self, service: ServiceInstance, host_key: str) -> list[str]:
        macs = dict.fromkeys(
            self._hardware[one.address]
            for one in service.addresses
            if one.address in self._hardware
        )
        # Two of them are a proxy, or a bridge that answers for others.
        known = [f"mac {mac}" for mac in macs] if len(macs) == 1 else []
        return [*dict.fromkeys(identities(service)), *known, f"host {host_key}"]

    def _owner(
        self, service: ServiceInstance, keys: list[str], host_key: str
    ) -> DeviceRecord | None:
        """Whose service it is: TXT identity, then hardware address, then host name."""
        if (now := self._of_service.get(service.id)) is not None:
            return now
        *strong, named_by = keys
        macs = [key for key in strong if key.startswith("mac ")]
        said = [key for key in strong if key not in macs]
        named = self._by_key.get(named_by)
        if named is not None and (named.is_up or any(key in named.keys for key in said)):
            return named
        for key in said if named is not None else strong:
            device = self._by_key.get(key)
            # A machine with two host names is two devices, until somebody merges them.
            if device is not None and not device.is_up_elsewhere(host_key):
                return device
        if named is not None and self._took_its_name(named, said, service.last_seen_s):
            return None
        return named

    @staticmethod
    def _took_its_name(named: DeviceRecord, said: list[str], now_s: float) -> bool:
        """Whether the one known by this host name is long gone, and was another."""
        kinds = {key.split("=", 1)[0] for key in named.keys if "=" in key}
        other = any(key.split("=", 1)[0] in kinds for key in said)
        return other and now_s - named.last_seen_s > PASSING_S

    def _compare(self, device: DeviceRecord, keys: list[str], now_s: float) -> None:
        """Note who else goes by one of these identities now."""
        for key in keys:
            holder = self._by_key.get(key)
            if "=" not in key or holder is None or holder is device:
                continue
            if holder.is_up and key not in self._rivals and len(self._rivals) < MAX_RIVALS:
                self._rivals[key] = Rivals(holder.id, device.id, now_s)

    def _new(self, service: ServiceInstance, keys: list[str], now_s: float) -> DeviceRecord | None:
        # By the strongest key that is nobody's: a clone gets an id of its own.
        free = next((key for key in keys if key not in self._by_key), f"{keys[0]} {keys[-1]}")
        id_ = stable_id(free)
        if id_ in self._records:  # known by that once, and by other keys since
            return self._records[id_]
        if len(self._records) >= MAX_DEVICES and not self._make_room():
            self.refused["devices"] += 1
            return None
        device = self._records[id_] = DeviceRecord(id_, service.host, now_s)
        self._touch(id_)
        return device

    def _touch(self, id_: str) -> None:
        self._changed[id_] = None
        self.revision += 1

    def _make_room(self) -> bool:
        gone = next(
            (one for one in self._records.values() if not (one.seats or one.is_marked)), None
        )
        if gone is not None:
            self._drop(gone)
        return gone is not None

    def _learn(self, device: DeviceRecord, keys: Iterable[str]) -> None:
        for key in keys:
            if key.startswith("mac ") and device.hardware != key[4:]:
                device.hardware = key[4:]
                self._touch(device.id)
            # A host name is that of whoever has it now, an identity that of the first.
            holder = self._by_key.get(key)
            if holder is None or key.startswith("host "):
                self._by_key[key] = device
            if key in device.keys:
                continue
            if len(device.keys) >= MAX_KEYS:
                self._unlearn(device, device.keys[0])
            device.keys = (*device.keys, key)
            self._touch(device.id)

    def _unlearn(self, device: DeviceRecord, key: str) -> None:
        device.keys = tuple(one for one in device.keys if one != key)
        if self._by_key.get(key) is device:
            del self._by_key[key]

    def _note_presence(self, device: DeviceRecord, was_up: bool, now_s: float) -> None:
        is_up = device.is_up
        if is_up != was_up or not device.presence:
            if device.presence and device.presence[-1].up == is_up:
                return
            entry = Presence(now_s, is_up)
            device.presence = (*device.presence[1 - MAX_PRESENCE :], entry)
            self._touch(device.id)

    def _leave(self, device: DeviceRecord, service_id: str, now_s: float) -> None:
        was_up = device.is_up
        device.seats.pop(service_id, None)
        self._note_presence(device, was_up, now_s)

    def _absorb_if_passing(self, first: DeviceRecord, second: DeviceRecord, now_s: float) -> None:
        """The second is the first under another name, unless it has been there for longer."""
        if second.is_marked or now_s - second.first_seen_s >= PASSING_S:
            return
        was_up = first.is_up
        for service_id, seat in second.seats.items():
            first.seats[service_id] = seat
            self._of_service[service_id] = first
        keys, first.host = second.keys, second.host
        second.seats = {}
        self._drop(second)
        self._learn(first, keys)
        self._note_presence(first, was_up, now_s)

    def _drop(self, device: DeviceRecord) -> None:
        del self._records[device.id]
        for key in device.keys:
            self._unlearn(device, key)
        self._touch(device.id)

    def _record(self, id_: str) -> DeviceRecord:
        device = self._records.get(id_)
        if device is None:
            raise NotFound(id_, "no device has this id", "list them at /api/v1/devices")
        return device
