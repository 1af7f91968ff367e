"""Asks a running daemon over HTTP, as `services` does, or tells it to change something."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from socket import gaierror
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from lanbridge.core.errors import (
    DaemonUnreachable,
    InvalidAddress,
    InvalidInput,
    LanbridgeError,
    NameConflict,
    NotFound,
    Refused,
)

DEFAULT_URL = "http://127.0.0.1:8620"
TIMEOUT_S = 5.0
# Whatever listens at the URL may be no lanbridge: it is not read, or followed, without end.
ANSWER_MAX_BYTES = 16 * 1024 * 1024
PAGES_MAX = 1000

_ERRORS: dict[int, type[LanbridgeError]] = {
    401: Refused,
    403: Refused,
    404: NotFound,
    409: NameConflict,
    413: InvalidInput,
    415: InvalidInput,
    421: Refused,
    422: InvalidInput,
    429: Refused,
}


def ask(url: str, path: str, query: Mapping[str, str | None]) -> Iterator[dict[str, Any]]:
    """The items of a list, page after page; a query value of None is not sent.

    `next` is where the next page is, relative to this one; only its path and query are used.
    """
    asked = [(key, value) for key, value in query.items() if value is not None]
    target = f"{path}?{urlencode(asked)}" if asked else path
    with connected(url) as connection:
        for _ in range(PAGES_MAX):
            page = _answer(connection, url, "GET", target)
            yield from map(dict, page["items"])
            if not page["next"]:
                return
            following = urlsplit(urljoin(target, page["next"]))
            target = f"{following.path}?{following.query}"
        raise _stranger(url)


def is_lanbridge(url: str) -> bool:
    """Whether what listens there, if anything does, is a daemon."""
    try:
        with connected(url) as connection:
            return bool(_answer(connection, url, "GET", "/ping")["product"] == "lanbridge")
    except LanbridgeError:
        return False


def send(url: str, method: str, path: str, token: str, body: Any = None) -> Any:
    """Have something changed; what the daemon answers, None where that is nothing."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with connected(url) as connection:
        return _answer(connection, url, method, path, data, headers)


def look_up(url: str, path: str) -> Any:
    """One thing that the daemon has."""
    with connected(url) as connection:
        return _answer(connection, url, "GET", path)


@contextmanager
def connected(url: str) -> Iterator[HTTPConnection]:
    """A connection, whose faults are told as errors of ours."""
    host, port = endpoint(url)
    connection = HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        yield connection
    except (KeyError, TypeError, ValueError, RecursionError, HTTPException) as error:
        raise _stranger(url) from error
    except gaierror as error:
        remedy = f"say where the daemon is with --url, as in {DEFAULT_URL}"
        raise DaemonUnreachable(url, f"no address of '{host}' is known", remedy) from error
    except OSError as error:
        rule = f"it does not answer ({error.strerror or error})"
        remedy = "start it with 'lanbridge serve', or say where it is with --url"
        raise DaemonUnreachable(url, rule, remedy) from error
    finally:
        connection.close()


def endpoint(url: str) -> tuple[str, int]:
    """Host and port of the URL of a daemon. Raises InvalidAddress."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}", "http")
        port = parts.port or 80
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "http" or not parts.hostname:
        rule = "it is not the http:// URL of a daemon"
        raise InvalidAddress(url, rule, f"write it like {DEFAULT_URL}")
    return unquote(parts.hostname), port


def _answer(
    connection: HTTPConnection,
    url: str,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    connection.request(method, target, body, {"Accept": "application/json", **headers})
    response = connection.getresponse()
    data = response.read(ANSWER_MAX_BYTES)
    if response.status == 204:
        return None
    if 200 <= response.status < 300:
        return json.loads(data)
    raise failure(url, response.status, data)


def failure(url: str, status: int, data: bytes) -> LanbridgeError:
    """What a problem document says, as the error that it stands for."""
    kind = _ERRORS.get(status, DaemonUnreachable)
    detail = str(json.loads(data)["detail"]).removesuffix(".")
    error = kind(url, f"it answers {status}, {detail}")
    error.what = DaemonUnreachable.what  # the URL is no name, no object: its own are in `detail`
    return error


def _stranger(url: str) -> DaemonUnreachable:
    rule = "what answers there is no lanbridge daemon"
    return DaemonUnreachable(url, rule, "say where the daemon is with --url")
