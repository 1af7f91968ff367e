"""What is kept of a device, on disk too, while `services.Device` is what it is at a moment."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lanbridge.core.services import Presence

MAX_KEYS = 16  # of one device
MAX_PRESENCE = 32  # changes that are remembered of one device


class DeviceRecord:
    """What is kept of one device. `keys`: all it was known by, `mac …` and `host …` among them."""

    __slots__ = (
        "first_seen_s", "hardware", "host", "id", "keys", "label", "last_seen_s", "merged_into",
        "notes", "presence", "seats",
    )  # fmt: skip

    def __init__(self, id: str, host: str, now_s: float) -> None:
        self.id = id
        self.host = host
        self.keys: tuple[str, ...] = ()
        self.label = ""
        self.notes = ""
        self.merged_into: str | None = None
        self.hardware: str | None = None
        self.first_seen_s = self.last_seen_s = now_s
        self.presence: tuple[Presence, ...] = ()
        # Of each service, the host it is on while it is there.
        self.seats: dict[str, str | None] = {}

    @property
    def is_up(self) -> bool:
        return any(self.seats.values())

    def is_up_elsewhere(self, host_key: str) -> bool:
        return any(seat and seat != host_key for seat in self.seats.values())

    @property
    def is_marked(self) -> bool:
        """A person has written something of it."""
        return bool(self.label or self.notes or self.merged_into)
