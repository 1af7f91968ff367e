"""The service types that somebody was heard to offer (RFC 6763 §9, and answers themselves)."""

from collections.abc import Callable, Iterator

from lanbridge.core.names import fold, split_instance

MAX_TYPES = 1_024  # type names are made up by whoever announces them


class KnownTypes:
    """Iterates over types as `_http._tcp`. refuse(what, finding): told of what is no type."""

    def __init__(self, refuse: Callable[[str, str], None]) -> None:
        self._refuse = refuse
        self._types: dict[str, str] = {}
        self._new: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return iter(self._types.values())

    def learn(self, browse_name: str) -> None:
        """`_http._tcp.local`, from the list of types or from the owner of a PTR record."""
        key = fold(browse_name)
        if key in self._types:
            return
        parts = split_instance("x." + browse_name)
        if parts is None or parts[0] != "x" or parts[2] != "local":
            rule = "RFC 6763 §7 wants _name._tcp or _name._udp"
            self._refuse("records", f"{browse_name} is no service type: {rule}")
        elif len(self._types) >= MAX_TYPES:
            self._refuse("types", "")
        else:
            self._types[key] = parts[1]
            self._new.append(key)

    def take_new(self) -> list[str]:
        """The browse names learned since the last call."""
        new, self._new = self._new, []
        return new
