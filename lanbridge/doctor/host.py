"""What the checks look at: files, and what was measured before they run."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from lanbridge.config import Settings
from lanbridge.core.addresses import NetworkInterface, NetworkState
from lanbridge.core.port_holders import Holder

RUN_LIMIT_S = 2.0


class Lanbridge(NamedTuple):
    """One that was heard: its instance name, the id in its TXT record, where it says it is."""

    name: str
    id: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of asking on one link over one IP version.

    problem: why it could not be asked. came_back_on: interfaces by which our own multicast came
    in again. by_multicast, by_unicast: addresses of others that answered, to the group, and to
    the port that asked.
    """

    interface: str
    version: int
    problem: str | None = None
    came_back_on: frozenset[str] = frozenset()
    by_multicast: frozenset[str] = frozenset()
    by_unicast: frozenset[str] = frozenset()
    lanbridges: tuple[Lanbridge, ...] = ()

    @property
    def where(self) -> str:
        return f"{self.interface} over IPv{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """root: where /proc, /sys and /etc are. id: that in the state directory, if there is one.

    daemon_id: that of the daemon that answers on this host, None where none does. silent: why
    nothing could be asked at all.
    """

    network: NetworkState
    settings: Settings
    now_unix_s: float
    root: Path = Path("/")
    id: str | None = None
    daemon_id: str | None = None
    holders: tuple[Holder, ...] = ()  # of UDP 5353
    echo_holders: tuple[Holder, ...] = ()  # of the port of UDP echo
    heard: tuple[Heard, ...] = ()
    silent: str | None = None
    commands: dict[tuple[str, ...], str | None] = field(default_factory=dict)  # answers, in tests

    @property
    def used(self) -> tuple[NetworkInterface, ...]:
        return self.network.used

    def text(self, path: str) -> str | None:
        """A file, or None where there is none, or it may not be read."""
        try:
            return (self.root / path).read_text(errors="replace")
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        return (self.root / path).exists()

    def run(self, argv: Sequence[str]) -> str | None:
        """What a program says, or None where it is not there, fails, or takes too long."""
        if (words := tuple(argv)) in self.commands or self.root != Path("/"):
            return self.commands.get(words)
        try:
            done = subprocess.run(  # noqa: S603 - words of ours, and names of interfaces
                words, capture_output=True, text=True, timeout=RUN_LIMIT_S, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout
