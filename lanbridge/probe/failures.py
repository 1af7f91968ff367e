"""What went wrong, as an outcome and a clause for a person."""

import errno
import json
import os
from http import HTTPStatus

from lanbridge.probe.results import Outcome, Reply

_DETAIL_MAX = 500  # characters of a stranger's explanation
_OWN_WANT = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


def system_failure(error: OSError) -> Reply:
    """What the system said of a socket; the network's answers are the same on every platform."""
    if isinstance(error, TimeoutError):
        return Reply(Outcome.TIMEOUT, detail="no answer to the connection request")
    if isinstance(error, ConnectionRefusedError):
        return Reply(Outcome.REFUSED, detail="nothing listens on that port")
    if isinstance(error, ConnectionError):
        return closed()
    # asyncio has words of its own in `strerror`.
    detail = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    own = error.errno in _OWN_WANT
    return Reply(Outcome.NOT_SENT if own else Outcome.UNREACHABLE, detail=detail)


def closed(why: str = "") -> Reply:
    """The peer ended the connection instead of answering. why: in its words."""
    detail = "the connection was closed before the answer"
    return Reply(Outcome.BAD_REPLY, detail=f"{detail}: {why[:_DETAIL_MAX]}" if why else detail)


def denial(status: int, body: bytes | bytearray) -> Reply:
    """An HTTP answer that is none to a probe; lanbridge's guard gives its reason in a problem."""
    try:
        problem = json.loads(body)
        code, detail = problem.get("code"), str(problem.get("detail", ""))[:_DETAIL_MAX]
    except (ValueError, AttributeError, RecursionError):
        code, detail = None, ""
    if status == HTTPStatus.FORBIDDEN and code == "refused":
        return Reply(Outcome.REFUSED_BY_GUARD, received_bytes=len(body), detail=detail)
    try:
        shown = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        shown = str(status)
    detail = f"it answers {shown}{': ' if detail else ''}{detail}"
    return Reply(Outcome.BAD_REPLY, received_bytes=len(body), detail=detail)
