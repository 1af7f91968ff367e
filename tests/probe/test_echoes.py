"""Which probe an echoed message belongs to."""

import asyncio
from collections.abc import Callable

import pytest

from lanbridge.probe import echoes
from lanbridge.probe.echoes import Echoes, Payloads
from lanbridge.probe.results import Extra, Outcome, Reply
from tests.probe.runs import ticking


class Wire:
    """Keeps what was sent, and what was told besides."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.extras: list[Extra] = []
        self.echoes = Echoes(16, ticking(), self.extras.append)

    async def send(self, payload: bytes) -> None:
        """Keep it."""
        self.sent.append(payload)

    async def exchange(self, *messages: Callable[[bytes], bytes | str]) -> Reply:
        """One probe, and the messages that come back for it."""

        async def answer(payload: bytes) -> None:
            for message in messages:
                self.echoes.deliver(message(payload))

        reply = await self.echoes.exchange(7, answer)
        await asyncio.sleep(0)  # extras are told after the answer
        return reply


def same(payload: bytes) -> bytes:
    """An echo."""
    return payload


def test_a_payload_is_its_number_and_the_filler_of_the_run() -> None:
    """Two runs differ, two probes differ in the number alone."""
    one, other = Payloads(16), Payloads(16)
    assert one[258][:4] == b"\0\0\1\2"
    assert len(one[258]) == 16
    assert one[1][4:] == one[2][4:] != other[1][4:]
    assert Payloads(4)[1] == b"\0\0\0\1"


async def test_the_same_bytes_are_an_answer() -> None:
    """With the time between."""
    reply = await Wire().exchange(same)
    assert reply == Reply(Outcome.OK, 1.0, received_bytes=16)


@pytest.mark.parametrize(
    "change",
    [
        lambda payload: payload[:-1],
        lambda payload: payload + b"!",
        lambda payload: payload[:4] + bytes(12),
    ],
    ids=["short", "long", "other"],
)
async def test_other_bytes_under_its_number_are_a_bad_reply(
    change: Callable[[bytes], bytes],
) -> None:
    """The probe was answered, and wrongly."""
    reply = await Wire().exchange(change)
    assert (reply.outcome, reply.detail) == (
        Outcome.BAD_REPLY,
        "what came back is not what was sent",
    )


@pytest.mark.parametrize(
    "stranger",
    [lambda _: b"hi", lambda _: b"\0\0\0\x63 of no probe", lambda payload: "text"],
    ids=["too short", "no such number", "text"],
)
async def test_what_no_probe_asked_for_is_a_stray(stranger: Callable[[bytes], bytes | str]) -> None:
    """And the probe waits on."""
    wire = Wire()
    assert (await wire.exchange(stranger, same)).outcome is Outcome.OK
    assert [one.outcome for one in wire.extras] == ["stray"]


async def test_a_second_answer_is_a_duplicate() -> None:
    """Told after the first, with its own time."""
    wire = Wire()
    assert (await wire.exchange(same, same)).rtt_s == 1.0
    (extra,) = wire.extras
    assert (extra.outcome, extra.sequence, extra.rtt_ms) == ("duplicate", 7, 2000.0)


async def test_an_answer_after_the_end_is_late_and_the_next_a_duplicate() -> None:
    """Of a probe that was given up."""
    wire = Wire()
    probe = asyncio.create_task(wire.echoes.exchange(7, wire.send))
    await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    wire.echoes.deliver(wire.sent[0])
    wire.echoes.deliver(wire.sent[0])
    await asyncio.sleep(0)
    assert [one.outcome for one in wire.extras] == ["late", "duplicate"]


async def test_a_failure_is_that_of_its_probe() -> None:
    """Of the oldest, where nothing says of which; of all, when the connection is gone."""
    wire, gone = Wire(), Reply(Outcome.REFUSED)
    async with asyncio.TaskGroup() as tasks:
        probes = [tasks.create_task(wire.echoes.exchange(n, wire.send)) for n in (1, 2, 3, 4)]
        await asyncio.sleep(0)
        wire.echoes.fail(gone, wire.sent[2][:8])
        wire.echoes.fail(gone, wire.sent[2][:8])
        wire.echoes.fail(gone)
        wire.echoes.deliver(wire.sent[1])
        wire.echoes.fail_all(Reply(Outcome.UNREACHABLE))
        wire.echoes.fail(gone)
    ended = [probe.result().outcome for probe in probes]
    assert ended == ["refused", "ok", "refused", "unreachable"]


async def test_only_so_many_probes_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes back of an older one is a stray."""
    monkeypatch.setattr(echoes, "REMEMBERED", 2)
    wire = Wire()
    async with asyncio.TaskGroup() as tasks:
        probes = [tasks.create_task(wire.echoes.exchange(n, wire.send)) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        for payload in wire.sent:
            wire.echoes.deliver(payload)
        await asyncio.sleep(0)
        probes[0].cancel()
    assert [one.outcome for one in wire.extras] == ["stray"]
