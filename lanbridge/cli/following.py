"""Follows the events of a running daemon, over connections that break."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.client import HTTPResponse, IncompleteRead
from typing import Any
from urllib.parse import urlencode

from lanbridge.cli.client import ANSWER_MAX_BYTES, connected, failure
from lanbridge.core.errors import DaemonUnreachable

SILENT_S = 40.0  # the daemon gives a sign of life every 15 s
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
LINE_MAX_BYTES = 1024 * 1024


def follow(
    url: str, path: str, query: Sequence[tuple[str, str]], lost: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Events for ever; `lost` gets a sentence when a connection broke, and a new one is made.

    What was missed meanwhile comes first, or `resync`. Raises DaemonUnreachable if the first one
    cannot be made, and what a daemon that is there refuses.
    """
    target = f"{path}?{urlencode(query)}" if query else path
    last_id: str | None = None
    began, pause_s = False, FIRST_PAUSE_S
    while True:
        why = f"{url}: the daemon ended the stream"
        try:
            for id_, event in _messages(url, target, last_id):
                last_id = id_ or last_id
                began, pause_s = True, FIRST_PAUSE_S
                if event is not None:
                    yield event
        except DaemonUnreachable as problem:
            if not began:
                raise
            why = str(problem).partition(";")[0].removesuffix(".")
        lost(f"{why}; trying again")
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _messages(
    url: str, target: str, last_id: str | None
) -> Iterator[tuple[str | None, dict[str, Any] | None]]:
    """Ids and events of one connection; the first is a pair of None, as the daemon greets."""
    with connected(url) as connection:
        headers = {"Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        connection.request("GET", target, headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            raise failure(url, response.status, response.read(ANSWER_MAX_BYTES))
        if response.getheader("Content-Type", "").partition(";")[0] != "text/event-stream":
            raise ValueError("no stream of events")
        if connection.sock is not None:  # an answer that ends with its connection has it instead
            connection.sock.settimeout(SILENT_S)
        with suppress(IncompleteRead):  # cut within a chunk: it has ended all the same
            yield from _blocks(response)


def _blocks(response: HTTPResponse) -> Iterator[tuple[str | None, dict[str, Any] | None]]:
    """What each block of an event stream holds; comments are left out."""
    id_: str | None = None
    event: dict[str, Any] | None = None
    while line := response.readline(LINE_MAX_BYTES):
        if not line.endswith(b"\n"):
            raise ValueError("a line without end")
        name, _, value = line.rstrip(b"\r\n").partition(b": ")
        if name == b"id":
            id_ = value.decode()
        elif name == b"data":
            event = dict(json.loads(value))
        elif not line.strip():
            yield id_, event
            event = None
