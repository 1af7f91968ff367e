"""Who made a network card: IEEE's list in the extra `[oui]`; without it, nobody is known."""

from typing import Any

_LOCAL = 0x02  # IEEE 802, "locally administered": made up, as phones do anew for each network
_NOBODY = "IEEE Registration Authority"  # it sells the block on, in parts that are not listed


class Vendors:
    """The list is 0.8 MB and read at the first question."""

    def __init__(self) -> None:
        self._list: Any = None
        self._tried = False

    async def load(self) -> None:
        """Read the list, if it is installed and was not read."""
        if self._tried:
            return
        self._tried = True
        try:
            import aiooui
        except ImportError:
            return
        await aiooui.async_load()
        self._list = aiooui

    def vendor(self, mac: str | None) -> str | None:
        """The name, or None: unknown, made up, or no list."""
        if mac is None or self._list is None or int(mac[:2], 16) & _LOCAL:
            return None
        name: str | None = self._list.get_vendor(mac)
        return None if name is None or name.startswith(_NOBODY) else name
