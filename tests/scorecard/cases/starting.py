"""From the first probe to the last announcement."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tests.scorecard import dns
from tests.scorecard.stage import INSTANCE, SERVICE, Cases, demand

if TYPE_CHECKING:
    from tests.scorecard.stage import Stage

CASES = Cases()


def prepare(stage: Stage) -> None:
    """One start, which all cases look at."""
    stage.start()


def _gaps_ms(times: list[float]) -> list[int]:
    return [round(1_000 * (later - earlier)) for earlier, later in pairwise(times)]


@CASES.rule("§8.1")
def probes_for_the_instance(stage: Stage) -> str:
    """Three probes of type ANY for the instance, 250 ms apart."""
    found = [one for one in stage.probes(INSTANCE) if one.message.asks(INSTANCE, dns.ANY)]
    gaps = _gaps_ms([one.at_s for one in found])
    evidence = f"{len(found)} probes, {'/'.join(map(str, gaps)) or '–'} ms apart"
    return demand(len(found) >= 3 and all(240 <= gap <= 330 for gap in gaps[:2]), evidence)


@CASES.rule("§8.1")
def probes_for_the_host(stage: Stage) -> str:
    """The host name is probed for too."""
    found = [one for one in stage.probes(stage.host) if one.message.asks(stage.host, dns.ANY)]
    return demand(len(found) >= 3, f"{len(found)} probes for {stage.host}")


@CASES.rule("§8.1")
def probes_want_unicast(stage: Stage) -> str:
    """Probes want a unicast answer."""
    bits = [q.unicast for p in stage.probes(INSTANCE) for q in p.message.questions]
    return demand(bits and all(bits), f"{sum(bits)} of {len(bits)} questions")


@CASES.rule("§8.2, §10.2")
def proposals_without_flush(stage: Stage) -> str:
    """Proposed records, without the cache-flush bit."""
    proposed = [r for p in stage.probes(INSTANCE) for r in p.message.authorities]
    flushed = sum(record.flush for record in proposed)
    has_srv = any(record.type == dns.SRV for record in proposed)
    return demand(has_srv and not flushed, f"{len(proposed)} records, {flushed} with the bit")


@CASES.rule("§18.4")
def queries_without_aa(stage: Stage) -> str:
    """AA and all other flags are 0 in queries."""
    flags = {one.message.flags for one in stage.heard if not one.message.is_response}
    return demand(flags == {0}, "flags " + ", ".join(f"{one:04x}" for one in sorted(flags)))


@CASES.rule("§8.1")
def silence_before_announcing(stage: Stage) -> str:
    """250 ms of silence between the last probe and the first announcement."""
    probes, told = stage.probes(INSTANCE), _announcements(stage)
    if not probes:
        return demand(False, "it did not probe")
    gap_ms = round(1_000 * (told[0] - probes[-1].at_s))
    return demand(gap_ms >= 245, f"{gap_ms} ms")


@CASES.rule("§8.3")
def two_announcements(stage: Stage) -> str:
    """At least two announcements, at least a second apart."""
    gaps = _gaps_ms(_announcements(stage))
    return demand(gaps and min(gaps) >= 990, f"{'/'.join(map(str, gaps)) or 'one only'} ms apart")


@CASES.rule("§6.2, §14")
def only_addresses_of_the_link(stage: Stage) -> str:
    """Only addresses that are valid on the link."""
    elsewhere = stage.witness.listen(0.2, source=stage.other_address)
    there = {r.rdata for one in elsewhere for r in one.message.records if r.type == dns.A}
    here = {r.rdata for records in stage.responses() for r in records if r.type == dns.A}
    leaked = _text(here - {_packed(stage.address)}) + _text(there - {_packed(stage.other_address)})
    return demand(here and not leaked, f"foreign: {', '.join(leaked) or 'none'}")


@CASES.rule("§11")
def ip_ttl(stage: Stage) -> str:
    """IP TTL 255."""
    seen = {one.ttl for one in stage.heard}
    return demand(seen == {255}, f"{', '.join(map(str, seen))}")


@CASES.rule("§6, §18")
def headers(stage: Stage) -> str:
    """Responses: id 0, no question, QR and AA alone, from port 5353."""
    seen = {
        (one.message.id, one.message.flags, len(one.message.questions), one.port)
        for one in stage.heard
        if one.message.is_response and one.group
    }
    return demand(seen == {(0, dns.RESPONSE, 0, 5353)}, f"(id, flags, questions, port) {seen}")


@CASES.rule("§10.2")
def flush_bits(stage: Stage) -> str:
    """The cache-flush bit on unique records, and on no shared one."""
    wrong = {
        record.type
        for records in stage.responses()
        for record in records
        if record.ttl_s
        and record.flush != (record.type != dns.PTR)
        # A reverse name has one owner, so its pointer is unique.
        and not (record.type == dns.PTR and record.name.endswith(".arpa"))
    }
    return demand(not wrong, f"types with the wrong bit: {sorted(wrong) or 'none'}")


@CASES.rule("§10")
def lifetimes(stage: Stage) -> str:
    """TTL 120 s where a host is named, 4500 s elsewhere."""
    seen = {
        (record.type, record.ttl_s)
        for records in stage.responses()
        for record in records
        if record.name in (INSTANCE, SERVICE, stage.host) and record.type != dns.NSEC
    }
    right = {(dns.A, 120), (dns.SRV, 120), (dns.TXT, 4500), (dns.PTR, 4500)}
    return demand(seen == right, f"other: {sorted(seen - right) or 'none'}")


def _announcements(stage: Stage) -> list[float]:
    return [
        one.at_s
        for one in stage.heard
        if one.message.is_response and one.message.says(INSTANCE, dns.SRV)
    ]


def _packed(address: str) -> bytes:
    return dns.a("", address).rdata


def _text(addresses: set[bytes]) -> list[str]:
    return [".".join(map(str, one)) for one in addresses]
