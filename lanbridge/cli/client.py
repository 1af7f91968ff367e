"""Asks a running daemon over HTTP, as `services` and `devices` do."""

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from lanbridge.core.errors import (
    DaemonUnreachable,
    InvalidAddress,
    InvalidInput,
    LanbridgeError,
    NotFound,
    Refused,
)

DEFAULT_URL = "http://127.0.0.1:8620"
TIMEOUT_S = 5.0
# Whatever listens at the URL may be no lanbridge: it is not read, or followed, without end.
ANSWER_MAX_BYTES = 16 * 1024 * 1024
PAGES_MAX = 1000

_ERRORS: dict[int, type[LanbridgeError]] = {403: Refused, 404: NotFound, 422: InvalidInput}


def ask(url: str, path: str, query: Mapping[str, str | None]) -> Iterator[dict[str, Any]]:
    """The items of a list, page after page; a query value of None is not sent.

    `next` is where the next page is, relative to this one; only its path and query are used.
    """
    host, port = _endpoint(url)
    asked = [(key, value) for key, value in query.items() if value is not None]
    target = f"{path}?{urlencode(asked)}" if asked else path
    connection = HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        for _ in range(PAGES_MAX):
            page = _get(connection, url, target)
            yield from map(dict, page["items"])
            if not page["next"]:
                return
            following = urlsplit(urljoin(target, page["next"]))
            target = f"{following.path}?{following.query}"
        raise _stranger(url)
    except (KeyError, TypeError, ValueError, RecursionError, HTTPException) as error:
        raise _stranger(url) from error
    except OSError as error:
        rule = f"it does not answer ({error.strerror or error})"
        remedy = "start it with 'lanbridge serve', or say where it is with --url"
        raise DaemonUnreachable(url, rule, remedy) from error
    finally:
        connection.close()


def _endpoint(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url if "//" in url else f"//{url}", "http")
        port = parts.port or 80
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "http" or not parts.hostname:
        rule = "it is not the http:// URL of a daemon"
        raise InvalidAddress(url, rule, f"write it like {DEFAULT_URL}")
    return unquote(parts.hostname), port


def _get(connection: HTTPConnection, url: str, target: str) -> Any:
    connection.request("GET", target, headers={"Accept": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read(ANSWER_MAX_BYTES))
    if response.status == 200:
        return answer
    kind = _ERRORS.get(response.status, DaemonUnreachable)
    raise kind(url, f"it answers {response.status}, {str(answer['detail']).removesuffix('.')}")


def _stranger(url: str) -> DaemonUnreachable:
    rule = "what answers there is no lanbridge daemon"
    return DaemonUnreachable(url, rule, "say where the daemon is with --url")
