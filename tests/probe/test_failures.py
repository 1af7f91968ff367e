"""Errors and denials as outcomes."""

import errno
import os

import pytest

from lanbridge.probe.failures import closed, denial, system_failure
from lanbridge.probe.results import Outcome

REFUSAL = b'{"type": "/errors/refused", "code": "refused", "detail": "it is in no subnet of ours."}'


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ECONNREFUSED, Outcome.REFUSED),
        (errno.ETIMEDOUT, Outcome.TIMEOUT),
        (errno.ECONNRESET, Outcome.BAD_REPLY),
        (errno.EPIPE, Outcome.BAD_REPLY),
        (errno.EHOSTUNREACH, Outcome.UNREACHABLE),
        (errno.ENETUNREACH, Outcome.UNREACHABLE),
        (errno.EADDRNOTAVAIL, Outcome.UNREACHABLE),
        (errno.EPERM, Outcome.UNREACHABLE),
        (errno.EMFILE, Outcome.NOT_SENT),
        (errno.ENFILE, Outcome.NOT_SENT),
        (errno.ENOBUFS, Outcome.NOT_SENT),
        (errno.ENOMEM, Outcome.NOT_SENT),
    ],
    ids=lambda value: errno.errorcode[value] if isinstance(value, int) else None,
)
def test_what_the_system_says(number: int, outcome: Outcome) -> None:
    """Each error is an outcome; the system's own words are kept where nothing went out."""
    reply = system_failure(OSError(number, "Connect call failed"))
    assert reply.outcome is outcome
    assert (reply.detail == os.strerror(number)) == (
        outcome in (Outcome.UNREACHABLE, Outcome.NOT_SENT)
    )


def test_a_name_that_is_none_has_its_own_words() -> None:
    """A scope that is no interface: getaddrinfo counts its errors below zero."""
    assert system_failure(OSError(-2, "Name or service not known")).detail.endswith("not known")


def test_the_guard_is_told_apart_and_its_reason_shown() -> None:
    """Lanbridge's problem document, RFC 9457."""
    reply = denial(403, REFUSAL)
    assert (reply.outcome, reply.detail) == (
        Outcome.REFUSED_BY_GUARD,
        "it is in no subnet of ours.",
    )


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (403, b"", "it answers 403 Forbidden"),
        (403, b"<html>", "it answers 403 Forbidden"),
        (403, b"[1]", "it answers 403 Forbidden"),
        (403, b"[" * 100_000, "it answers 403 Forbidden"),
        (404, b'{"detail": "no such path."}', "it answers 404 Not Found: no such path."),
        (404, REFUSAL, "it answers 404 Not Found: it is in no subnet of ours."),
        (599, b"\xff", "it answers 599"),
    ],
    ids=["empty", "HTML", "list", "deep", "problem", "other status", "unknown status"],
)
def test_any_other_denial_is_a_bad_reply(status: int, body: bytes, detail: str) -> None:
    """Whatever its body is."""
    reply = denial(status, body)
    assert (reply.outcome, reply.detail) == (Outcome.BAD_REPLY, detail)


def test_a_strangers_explanation_has_an_end() -> None:
    """It is one cell of a line."""
    assert len(denial(500, b'{"detail": "%s"}' % (b"a" * 9_000)).detail) < 600
    assert len(closed("a" * 9_000).detail) < 600
