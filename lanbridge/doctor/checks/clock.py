"""The clock: a Pi has none of its own until the network tells it the time."""

import ctypes
from collections.abc import Iterator
from datetime import UTC, datetime

from lanbridge.doctor.finding import Finding, Severity, ok, unknown
from lanbridge.doctor.host import Host

OLDEST = datetime(2026, 11, 1, tzinfo=UTC)  # this was written then: no right clock is before it
_CONSEQUENCE = (
    "Times in lists and events are wrong, and certificates seem to be not valid yet. Discovery "
    "itself counts seconds and is not affected."
)
_REMEDY = "sudo timedatectl set-ntp true"
_TIMEX_BYTES = 256  # more than struct timex has on any machine
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


def check(host: Host) -> Iterator[Finding]:
    """Wrong is worse than unsynchronised, which may still be right."""
    now = datetime.fromtimestamp(host.now_unix_s, UTC)
    shown = now.isoformat(timespec="seconds")
    if now < OLDEST:
        yield Finding(
            severity=Severity.WARNING,
            sentence=f"the clock says {now.year}, which is past",
            evidence={"now": shown},
            consequence=_CONSEQUENCE,
            remedy=_REMEDY,
        )
        return
    synchronised = is_synchronised(host)
    if synchronised is None:
        yield unknown("whether the clock is synchronised is not shown here", _CONSEQUENCE)
    elif synchronised:
        yield ok("the clock is synchronised", now=shown)
    else:
        yield Finding(
            severity=Severity.NOTE,
            sentence="the clock is not synchronised",
            evidence={"now": shown},
            consequence=f"If it is wrong: {_CONSEQUENCE[0].lower()}{_CONSEQUENCE[1:]}",
            remedy=_REMEDY,
        )


def is_synchronised(host: Host) -> bool | None:
    """By timesyncd's mark, or as the kernel says; None where we may not ask."""
    if host.exists("run/systemd/timesync/synchronized"):
        return True
    status = host.text("proc/self/status") or ""
    if "Seccomp:\t0" not in status:
        return None  # a sandbox such as our systemd unit's would kill us for the question
    # Zeroes only read: `modes` is the first field.
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = int(ctypes.CDLL(None).adjtimex(timex))
    return None if state < 0 else state != _TIME_ERROR
