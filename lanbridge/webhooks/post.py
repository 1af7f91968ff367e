"""One POST over HTTP/1.1, and its status: no thread, no library, no redirect, and an end in time.

httpx would add 4.5 MiB to the daemon; http.client needs a thread, and a receiver that sends a byte
now and then would keep that for ever.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from functools import cache

from lanbridge import __version__
from lanbridge.core.webhooks import Target

TIMEOUT_S = 10.0  # for all of it: name, connection, TLS, request and answer
MAX_ANSWER_BYTES = 65_536  # is read, so that the receiver can end in order, and thrown away
_ZONE = re.compile(r"%[^\]]+(?=\])")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})\b")


async def post(to: Target, headers: Mapping[str, str], body: bytes) -> int:
    """The status of the answer. Raises OSError, TimeoutError among it, and ValueError."""
    fields = {
        # RFC 6874 §4: a zone has "only local significance at the sending host".
        "Host": _ZONE.sub("", to.origin.partition("//")[2]),
        "User-Agent": f"lanbridge/{__version__}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {to.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    async with asyncio.timeout(TIMEOUT_S):
        reader, writer = await asyncio.open_connection(
            to.host, to.port, ssl=_trust() if to.tls else None, limit=MAX_ANSWER_BYTES
        )
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            await writer.drain()
            status = await _status(reader)
            await reader.read(MAX_ANSWER_BYTES)
        finally:
            writer.close()
    return status


async def _status(reader: asyncio.StreamReader) -> int:
    """That of the final response: RFC 9110 §15.2 lets others, 1xx, come before it."""
    while True:
        found = _STATUS.match(await reader.readline())
        if found is None:
            raise ValueError("what answered does not speak HTTP/1.1")
        status = int(found[1])
        if status >= 200:
            return status
        while (await reader.readline()).strip():
            pass


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that this host trusts; some MiB, for who has an https URL only."""
    return ssl.create_default_context()
