"""HTTP: one request after the other on a connection that is kept, answered by `/echo/raw`.

Any other path is asked with GET. An answer of any status is one, for wx.request gives each to
`success`; but not that of lanbridge's guard, which says that this host will be refused.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import quote

from lanbridge import __version__
from lanbridge.core.errors import InvalidInput
from lanbridge.probe.echoes import DEFAULT_SIZE_BYTES, Payloads
from lanbridge.probe.failures import closed, denial
from lanbridge.probe.http_answer import Answer, Malformed, read_answer
from lanbridge.probe.results import Extra, Outcome, ProbeTarget, Reply
from lanbridge.probe.sockets import connect

ECHO_PATH = "/echo/raw"
_HEAD_MAX_BYTES = 65_536
_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"  # RFC 3986 §2.2, and what is escaped already


class Probe:
    """The round trip is from the request to the last byte of the answer."""

    window = 1
    silence = ""

    def __init__(
        self, target: ProbeTarget, size_bytes: int | None, clock: Callable[[], float]
    ) -> None:
        path = target.path or ECHO_PATH
        is_echo = path == ECHO_PATH
        if size_bytes is not None and not is_echo:
            rule = f"only {ECHO_PATH} is sent a body, {path} is asked with GET"
            raise InvalidInput(str(size_bytes), rule, "leave the size out, or the path")
        self.size_bytes = (size_bytes or DEFAULT_SIZE_BYTES) if is_echo else 0
        self.url = f"http://{target}{path}"
        self._payloads = Payloads(self.size_bytes) if is_echo else None
        self._head = _head(target, "POST" if is_echo else "GET", path, self.size_bytes)
        self._target = target
        self._clock = clock
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @asynccontextmanager
    async def running(self, extra: Callable[[Extra], None]) -> AsyncGenerator[None]:
        """The connection is opened by the first probe, for it may fail."""
        try:
            yield
        finally:
            await self._close()

    async def probe(self, sequence: int) -> Reply:
        """Ask once; and once more on a new connection if the server had just closed the old one."""
        payload = self._payloads[sequence] if self._payloads else b""
        try:
            if self._streams:
                with suppress(ConnectionError, EOFError):
                    return await self._ask(payload)
            sock, connect_s = await connect(self._target, self._clock)
            self._streams = await asyncio.open_connection(sock=sock, limit=_HEAD_MAX_BYTES)
            reply = await self._ask(payload)
            return reply._replace(connect_s=connect_s)
        except EOFError:
            return closed()
        except Malformed as error:
            return Reply(Outcome.BAD_REPLY, detail=f"it speaks no HTTP: {error}")

    async def _ask(self, payload: bytes) -> Reply:
        """One exchange; on any failure the connection is closed, for an answer may still come."""
        assert self._streams
        reader, writer = self._streams
        try:
            began_s = self._clock()
            writer.write(self._head + payload)
            await writer.drain()
            answer = await read_answer(reader)
            rtt_s = self._clock() - began_s
        except BaseException:
            self._streams = None
            writer.close()
            raise
        reply = self._judge(answer, payload, rtt_s)
        # What is no echo may be the answer to another probe, of which the next must not get ours,
        # or leave the body unread, as if it were another request.
        clean = reply.outcome is Outcome.OK and not (payload and reply.detail)
        if not answer.keeps or not clean:
            await self._close()
        return reply

    def _judge(self, answer: Answer, payload: bytes, rtt_s: float) -> Reply:
        outcome, detail = Outcome.OK, ""
        if not 200 <= answer.status < 300:
            denied = denial(answer.status, answer.body)
            detail = denied.detail
            if denied.outcome is Outcome.REFUSED_BY_GUARD:
                outcome = denied.outcome
        elif self._payloads and answer.body != payload:
            # As long, it is a wrong echo; else the page of a device that knows no echo.
            outcome = Outcome.BAD_REPLY if len(answer.body) == len(payload) else Outcome.OK
            detail = f"it answers {answer.status}, but what came back is not what was sent"
        return Reply(outcome, rtt_s, received_bytes=len(answer.body), detail=detail)

    async def _close(self) -> None:
        if self._streams:
            _, writer = self._streams
            self._streams = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _head(target: ProbeTarget, method: str, path: str, size_bytes: int) -> bytes:
    lines = [
        f"{method} {quote(path, _URL_CHARACTERS)} HTTP/1.1",
        f"Host: {target.authority}",
        f"User-Agent: lanbridge/{__version__}",
        "Accept: */*",
    ]
    if size_bytes:
        lines += ["Content-Type: application/octet-stream", f"Content-Length: {size_bytes}"]
    return "\r\n".join([*lines, "\r\n"]).encode()
