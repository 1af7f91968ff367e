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
    known = dict(_names(connection.scope["route"].dependant))
    for name in connection.query_params:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            remedy = (
                f"did you mean '{near[0]}'?" if near else f"it takes {', '.join(known) or 'none'}"
            )
            raise _wrong(name, "there is no such parameter here", remedy)
        if not known[name] and len(connection.query_params.getlist(name)) > 1:
            # The framework would take the last: half of what was asked for, without a word.
            raise _wrong(name, "it is given more than once", "ask once for each value")


def _wrong(name: str, rule: str, remedy: str) -> InvalidInput:
    error = InvalidInput(name, rule, remedy)
    error.what = "query parameter"
    return error


def _names(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """What a route asks for, and all that it depends on; and whether it may be given again."""
    for field in dependant.query_params:
        yield field.alias, "list[" in str(field.field_info.annotation)
    for one in dependant.dependencies:
        yield from _names(one)
