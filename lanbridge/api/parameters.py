"""Parameters of a query that nothing reads: ignored, `?tpye=_http._tcp` would answer everything."""

from collections.abc import Iterator
from difflib import get_close_matches

from fastapi.dependencies.models import Dependant
from starlette.requests import HTTPConnection

from lanbridge.core.errors import InvalidInput


async def only_known(connection: HTTPConnection) -> None:
    """Of every route of the API. Raises InvalidInput, with the nearest name.

    Pages and probes are let be: chats and monitors hang parameters of their own on every link.
    """
    if not (connection.scope["query_string"] and connection.scope["path"].startswith("/api/")):
        return
    known = dict.fromkeys(_names(connection.scope["route"].dependant))
    for name in connection.query_params:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            remedy = (
                f"did you mean '{near[0]}'" if near else f"it takes {', '.join(known) or 'none'}"
            )
            error = InvalidInput(name, "there is no such parameter here", remedy)
            error.what = "query parameter"
            raise error


def _names(dependant: Dependant) -> Iterator[str]:
    """What a route asks for, and all that it depends on."""
    for field in dependant.query_params:
        yield field.alias
    for one in dependant.dependencies:
        yield from _names(one)
