"""What is wrong with who is who on this network, until it is so no more."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple


class AlarmKind(StrEnum):
    CROSS_WIRED = "cross-wired"  # an address that two hosts say is theirs
    DUPLICATE_HOST = "duplicate-host"  # two hosts announce one host name
    DUPLICATE_IDENTITY = "duplicate-identity"  # two hosts say the same id: a copied SD card
    NOT_ANSWERING = "not-answering"  # a service that is announced, to a probe of the settings
    SELF_INVISIBLE = "self-invisible"  # what we advertise is not to be heard


# An alarm is over also where the host or the service is gone: none of these says that it is well.
_OVER = {
    AlarmKind.CROSS_WIRED: "{} is no longer the address of two hosts",
    AlarmKind.DUPLICATE_HOST: "{} is no longer the name of two hosts",
    AlarmKind.DUPLICATE_IDENTITY: "{} is no longer said by two hosts",
    AlarmKind.NOT_ANSWERING: "{} is no longer announced without answering",
    AlarmKind.SELF_INVISIBLE: "{} is no longer advertised here without being heard",
}


class Alarm(NamedTuple):
    """`subject`: the name or identity in question; `sentence`: what is seen, for a person."""

    kind: AlarmKind
    subject: str
    sentence: str
    since_unix_s: float

    @property
    def over(self) -> str:
        """What is to be said when it is no longer seen."""
        return _OVER[self.kind].format(self.subject)


class AlarmChanged(NamedTuple):
    """An alarm that was raised, or is over."""

    alarm: Alarm
    raised: bool
    at_unix_s: float

    @property
    def sentence(self) -> str:
        return self.alarm.sentence if self.raised else self.alarm.over


class Alarms:
    """Those that are up."""

    def __init__(self) -> None:
        self._up: dict[tuple[AlarmKind, str], Alarm] = {}

    def __iter__(self) -> Iterator[Alarm]:
        return iter(self._up.values())

    def __len__(self) -> int:
        return len(self._up)

    def settle(
        self, seen: Iterable[tuple[AlarmKind, str, str]], now_s: float
    ) -> list[AlarmChanged]:
        """What is seen now, as (kind, subject, sentence); returns what has changed."""
        before, self._up = self._up, {}
        for kind, subject, sentence in seen:
            since_s = old.since_unix_s if (old := before.get((kind, subject))) else now_s
            self._up[kind, subject] = Alarm(kind, subject, sentence, since_s)
        raised = [one for key, one in self._up.items() if key not in before]
        over = [one for key, one in before.items() if key not in self._up]
        return [
            *(AlarmChanged(one, True, now_s) for one in raised),
            *(AlarmChanged(one, False, now_s) for one in over),
        ]
