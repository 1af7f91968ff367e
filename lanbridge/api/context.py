"""What every route may ask for: the daemon, who is asking, and whether he may change something."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import signature
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from lanbridge.api.problems import documented
from lanbridge.core.addresses import Address, Relation, classify, parse_address
from lanbridge.core.errors import InvalidAddress
from lanbridge.daemon import Daemon
from lanbridge.wechat.lan import Phone, phone_at, phone_from

Made = TypeVar("Made")


def made(kind: Callable[..., Made]) -> Callable[..., Awaitable[Made]]:
    """A class whose fields are parameters, to depend on. FastAPI would make it in a thread, which
    costs more than a short answer."""

    async def make(**given: Any) -> Made:
        return kind(**given)

    make.__signature__ = signature(kind)  # type: ignore[attr-defined]  # what FastAPI looks at
    return make


async def _daemon(connection: HTTPConnection) -> Daemon:
    daemon = connection.app.state.daemon
    assert isinstance(daemon, Daemon)
    return daemon


TheDaemon = Annotated[Daemon, Depends(_daemon)]


def phone_or_caller(
    text: str | None, connection: HTTPConnection, daemon: Daemon, *, hotspot: bool = False
) -> Phone | None:
    """The phone that `text` says, else the caller; None for a caller on this host itself."""
    state = daemon.discovery.state
    if text is not None:
        return phone_from(text, state, hotspot=hotspot)
    caller = _neighbour(connection, daemon)
    return phone_at(caller, state, hotspot=hotspot) if caller else None


def _neighbour(connection: HTTPConnection, daemon: Daemon) -> Address | None:
    """The caller's address; None for a caller on this host itself."""
    try:
        caller = parse_address(connection.client.host if connection.client else "")
    except InvalidAddress:
        return None
    relation = classify(caller, daemon.discovery.state).relation
    return None if relation in (Relation.SELF, Relation.LOOPBACK) else caller


async def _viewer(
    connection: HTTPConnection,
    daemon: TheDaemon,
    from_: Annotated[
        str | None,
        Query(
            alias="from",
            description="Judge reachability for this IP or IP/PREFIX; without it, for the caller.",
        ),
    ] = None,
) -> Phone | None:
    return phone_or_caller(from_, connection, daemon)


async def _host(connection: HTTPConnection, daemon: TheDaemon) -> str:
    return str(_neighbour(connection, daemon) or "")


# The caller's address; "" on this host itself.
TheHost = Annotated[str, Depends(_host)]


async def _looks(connection: HTTPConnection, daemon: TheDaemon) -> None:
    daemon.lookers.looked(connection.client.host if connection.client else "")


# For a route that shows who is there: those that were not heard for a while are asked.
LOOKING = [Depends(_looks)]

TheViewer = Annotated[Phone | None, Depends(_viewer)]


_BEARER = HTTPBearer(
    scheme_name="token",
    description="The write token; `lanbridge token` on the daemon's host shows it.",
    auto_error=False,
)


async def _may_write(
    daemon: TheDaemon, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> None:
    daemon.token.check(given.credentials if given else None)


def writing(responses: Mapping[int | str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """What a route that changes something adds to its decorator: it takes the token then.

    `@router.delete("/{id}", status_code=204, **writing({404: documented("There is none")}))`
    """
    return {
        "dependencies": [Depends(_may_write)],
        "responses": {
            401: documented("The write token is missing or wrong"),
            503: documented("There is no write token: the state directory cannot be written"),
            **responses,
        },
    }
