"""What an echo endpoint is called with, and how it refuses.

An endpoint is a function in a file of `endpoints`, entered in that file's `HTTP` or `WEBSOCKET`
by the first segment of the path behind `/echo/`; that is all there is to adding one.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import parse_qsl

from lanbridge.core.text import exact, printable

T = TypeVar("T")

# What ASGI hands over is a dictionary of anything, by its specification.
Scope = Mapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]
Endpoint = Callable[["Call"], Awaitable[None]]

# The attack: 256 KiB of `&`, which one read may bring; to take that apart holds up all others.
MAX_PAIRS = 1_024  # of a query
_SHOWN = 40  # characters of a wrong value that are told back


class Room:
    """What the endpoints of one server remember: one object of each class that they ask for."""

    def __init__(self) -> None:
        self._ones: dict[type[object], object] = {}

    def one(self, kind: type[T]) -> T:
        """The object of this class; the first who asks makes it."""
        found = self._ones.get(kind)
        if found is None:
            found = self._ones[kind] = kind()
        return cast("T", found)  # it was entered under its own class


class Call(NamedTuple):
    """One request or WebSocket handshake.

    rest: the path behind the endpoint's name; address: the client's, as text.
    """

    scope: Scope
    receive: Receive
    send: Send
    rest: str
    address: str
    room: Room

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    def header(self, name: bytes) -> str | None:
        """The first header of this name, which is in lower case."""
        for key, value in self.scope["headers"]:
            if key == name:
                return str(value.decode("latin-1"))
        return None

    def pairs(self) -> list[tuple[str, str]]:
        """The query, in order as sent. Raises Problem 422 where it has too many."""
        text = self.scope["query_string"].decode(errors="replace")
        try:
            return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PAIRS)
        except ValueError:
            detail = f"a query has at most {MAX_PAIRS} pairs of name and value here."
            raise Problem(422, "invalid-input", detail) from None

    def query(self) -> dict[str, str]:
        """The first value of each key."""
        return dict(reversed(self.pairs()))

    def allow(self, *methods: str) -> None:
        """Raise Problem 405 for any other method."""
        if self.method not in methods:
            allowed = ", ".join(methods)
            detail = f"{printable(self.method[:_SHOWN])} is not answered here; use {allowed}."
            raise Problem(405, "method-not-allowed", detail, [(b"allow", allowed.encode())])


class Problem(Exception):
    """A request that is refused; `EchoApp` answers it with a problem document.

    `members` are its extensions, as RFC 9457 §3.2 allows.
    """

    def __init__(
        self, status: int, code: str, detail: str, headers: Iterable[Header] = (), **members: object
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = headers
        self.members = members

    def document(self) -> dict[str, object]:
        return {
            "type": f"/errors/{self.code}",
            "title": self.code.replace("-", " ").capitalize(),  # as the API has it
            "status": self.status,
            "detail": str(self),
            "code": self.code,
            **self.members,
        }


def number(text: str, what: str, lowest: float, highest: float) -> float:
    """A decimal number within limits, both included. Raises Problem 422."""
    try:
        value = float(text) if len(text) <= _SHOWN and text.isascii() else float("nan")
    except ValueError:
        value = float("nan")
    if not lowest <= value <= highest:
        raise _wrong(text, f"{what} must be a number from {lowest:g} to {highest:g}")
    return value


def whole(text: str, what: str, lowest: int, highest: int) -> int:
    """A whole number within limits, both included. Raises Problem 422."""
    digits = len(text) <= _SHOWN and text.isascii() and text.isdigit()
    if not digits or not lowest <= int(text) <= highest:
        raise _wrong(text, f"{what} must be a whole number from {lowest} to {highest}")
    return int(text)


def _wrong(text: str, rule: str) -> Problem:
    return Problem(422, "invalid-input", f"{rule}, and is '{exact(text[:_SHOWN])}'.")
