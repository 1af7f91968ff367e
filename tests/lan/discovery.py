"""What is published and what is found, said the same way for every peer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.lan.process import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.lan.process import Process


@dataclass(frozen=True)
class Service:
    """A service instance for a peer to publish."""

    name: str
    type: str
    port: int
    txt: Mapping[str, str] = field(default_factory=dict)
    subtypes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A service instance as a peer resolved it.

    `via` is the IP version of the packets that told of it; "" where the peer does not say.
    """

    name: str
    type: str
    host: str
    port: int
    addresses: tuple[str, ...]
    txt: Mapping[str, str]
    via: str = ""


@dataclass(frozen=True)
class Lost:
    """An instance that a peer no longer sees."""

    name: str
    via: str = ""


class Browser:
    """A peer that browses one service type; its output lines become found and lost."""

    def __init__(self, process: Process, parse: Callable[[str], Found | Lost | None]) -> None:
        self.process = process
        self._parse = parse

    def found(self) -> list[Found]:
        """Return what the peer sees now."""
        seen: dict[tuple[str, str], Found] = {}
        for line in self.process.lines:
            event = self._parse(line.text) if line.stream == "stdout" else None
            if isinstance(event, Found):
                seen[event.name, event.via] = event
            elif isinstance(event, Lost):
                seen.pop((event.name, event.via), None)
        return list(seen.values())

    def wait_found(
        self, name: str, *, via: str = "", address: str = "", timeout_s: float = 10.0
    ) -> Found:
        """Wait until the peer has resolved this instance, with the given IP version and address."""

        def resolved() -> Found | None:
            for found in self.found():
                if (found.name, via or found.via) == (name, found.via) and (
                    not address or address in found.addresses
                ):
                    return found
            return None

        result = eventually(resolved, timeout_s, what=f"{self.process.name} finds {name!r}")
        assert result is not None
        return result

    def wait_lost(self, name: str, *, timeout_s: float = 10.0) -> None:
        """Wait until the peer sees this instance no more."""
        eventually(
            lambda: all(found.name != name for found in self.found()),
            timeout_s,
            what=f"{self.process.name} loses {name!r}",
        )
