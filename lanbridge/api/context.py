"""What every route may ask for: the daemon, and who is asking."""

from typing import Annotated

from fastapi import Depends, Query, Request

from lanbridge.core.addresses import Relation, Viewer, classify, parse_address, viewer_from
from lanbridge.core.errors import InvalidAddress
from lanbridge.daemon import Daemon


def _daemon(request: Request) -> Daemon:
    daemon = request.app.state.daemon
    assert isinstance(daemon, Daemon)
    return daemon


TheDaemon = Annotated[Daemon, Depends(_daemon)]


def _viewer(
    request: Request,
    daemon: TheDaemon,
    from_: Annotated[
        str | None,
        Query(
            alias="from",
            description="Judge reachability for this IP or IP/PREFIX; without it, for the caller.",
        ),
    ] = None,
) -> Viewer | None:
    """None for a caller on this host itself."""
    state = daemon.discovery.state
    if from_ is not None:
        return viewer_from(from_, state)
    try:
        caller = parse_address(request.client.host if request.client else "")
    except InvalidAddress:
        return None
    if classify(caller, state).relation in (Relation.SELF, Relation.LOOPBACK):
        return None
    return viewer_from(str(caller), state)


TheViewer = Annotated[Viewer | None, Depends(_viewer)]
