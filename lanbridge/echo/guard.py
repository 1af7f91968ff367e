"""Whom the echo endpoints serve: the one place that decides, for HTTP, WebSocket and UDP.

A UDP echo without a guard is CVE-1999-0103 and CVE-2024-2169: one spoofed datagram makes two
servers answer each other for ever. Pure: the time is an argument.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from lanbridge.core.addresses import (
    Address,
    AddressVerdict,
    NetworkState,
    Relation,
    classify,
    is_mine,
    parse_address,
)
from lanbridge.core.errors import InvalidAddress, Refused

DEFAULT_PORT = 8620  # of any lanbridge's echo
MAX_DATAGRAM_BYTES = 4095  # wx.createUDPSocket receives less than 4096

# The marker of a reply. Whoever is in the same subnet is no hop away, so a reply needs none; every
# stack sends requests with 64, 128 or 255. What arrives with so few is the reply of an echo like
# this one, and a loop of two lanbridges ends at its first reply, whatever the ports and payload.
# More than 1, because some Wi-Fi repeaters (relayd, proxy ARP) route inside a subnet.
REPLY_HOPS = 8

# Services that answer whatever comes; with one of them as forged source the two would go on for
# ever. Those below 1024 (echo, daytime, quotd, chargen, DNS, TFTP, NTP, NetBIOS, SNMP, CLDAP) are
# refused with all system ports. None from 32768 on: phones take their own ports there.
ANSWERING_PORTS = {
    1194: "OpenVPN",
    1434: "SQL Server Browser",
    1900: "SSDP",
    3283: "Apple Remote Desktop",
    3478: "STUN",
    3702: "WS-Discovery",
    4500: "IKE",
    5060: "SIP",
    5093: "Sentinel license manager",
    5351: "NAT-PMP",
    5353: "mDNS",
    5355: "LLMNR",
    5683: "CoAP",
    6881: "BitTorrent DHT",
    10001: "Ubiquiti discovery",
    11211: "memcached",
    17185: "VxWorks debug",
    27015: "Source games",
    DEFAULT_PORT: "lanbridge",
}

SOURCE_PER_S, SOURCE_BURST = 100, 200
TOTAL_PER_S, TOTAL_BURST = 2_000, 2_000
MAX_SOURCES = 1_024


class Reason(StrEnum):
    """Why a caller is not served; `/api/v1/status` counts under these words."""

    NO_ADDRESS = "no-address"
    OTHER_SUBNET = "other-subnet"
    UNUSABLE = "unusable"
    LOOPBACK = "loopback"
    SELF = "self"
    # Of datagrams only:
    OTHER_LINK = "other-link"  # the source is in no subnet of the interface it came by
    NOT_UNICAST = "not-unicast"
    SYSTEM_PORT = "system-port"
    ANSWERING_PORT = "answering-port"
    ECHO_PORT = "echo-port"
    EMPTY = "empty"
    TOO_LARGE = "too-large"
    REPLY = "reply"
    SOURCE_RATE = "source-rate"
    TOTAL_RATE = "total-rate"
    SOURCES_FULL = "sources-full"


class Refusal(NamedTuple):
    """Why not, for a program, and for a person: `error` may be raised."""

    reason: Reason
    error: Refused


@dataclass(slots=True)
class Flow:
    """Datagrams that differ in nothing but their bytes.

    destination: as in their IP header; own_port: of the socket that got them; interface: the index
    of the one they came by; hops: their TTL or hop limit on arrival, None if the system does not
    say. What the guard found of them holds for as long as the network is the one it was found in.
    """

    source: Address
    source_port: int
    destination: Address | None
    own_port: int
    interface: int
    hops: int | None
    bucket: str = field(init=False)
    reason: Reason | None = field(init=False, default=None)
    judged_in: NetworkState | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self.bucket = str(self.source)


class Guard:
    """`state` is asked at every caller, for addresses change. `refused` counts the refusals."""

    def __init__(self, state: Callable[[], NetworkState]) -> None:
        self.refused: Counter[Reason] = Counter()
        self._state = state
        self._served_in: NetworkState | None = None
        self._served: set[str | None] = set()  # callers of TCP that are, in that state
        self._rates = _Rates()

    def check_caller(self, host: str | None) -> Refusal | None:
        """Why the peer of a TCP connection is not served over HTTP or WebSocket, or None if it is.

        This host itself is: a dashboard on the Pi may open either of its addresses, and the
        handshake has proved the source, so nothing can be made to loop.
        """
        state = self._state()
        if state is not self._served_in:
            self._served_in, self._served = state, set()
        if host in self._served:
            return None
        try:
            verdict = classify(parse_address(host or ""), state)
        except InvalidAddress:
            error = Refused(host or "", "the caller has no IP address", "connect over the LAN")
            return self._refuse(Reason.NO_ADDRESS, error)
        if verdict.relation in (Relation.SAME_SUBNET, Relation.SELF, Relation.LOOPBACK):
            if len(self._served) < MAX_SOURCES:
                self._served.add(host)
            return None
        error = Refused(host or "", _rule(verdict), _REMEDIES[verdict.relation])
        return self._refuse(Reason(verdict.relation), error)

    def check_datagram(self, flow: Flow, size_bytes: int, now_s: float) -> Reason | None:
        """Why a datagram gets no answer, or None if it does. now_s: of any steady clock."""
        state = self._state()
        if flow.judged_in is not state:
            flow.reason, flow.judged_in = _fault(flow) or _stranger(flow, state), state
        if flow.reason:
            reason: Reason | None = flow.reason
        elif size_bytes < 1:
            reason = Reason.EMPTY
        elif size_bytes > MAX_DATAGRAM_BYTES:
            reason = Reason.TOO_LARGE
        else:
            reason = self._rates.take(flow.bucket, now_s)
        if reason:
            self.refused[reason] += 1
        return reason

    def _refuse(self, reason: Reason, error: Refused) -> Refusal:
        self.refused[reason] += 1
        return Refusal(reason, error)


_REMEDIES = {
    Relation.OTHER_SUBNET: "connect the caller to the same Wi-Fi or LAN as this host",
    Relation.UNUSABLE: "connect to this host's IPv4 address",
}


def _rule(verdict: AddressVerdict) -> str:
    # Neighbours are told our subnets, to compare with their own; the Internet is not.
    private = verdict.relation is not Relation.OTHER_SUBNET or verdict.address.is_private
    return verdict.reason if private else "the caller is in no subnet of this host"


def _fault(flow: Flow) -> Reason | None:
    """What is wrong whoever sent it."""
    if flow.source_port < 1024:
        return Reason.SYSTEM_PORT
    if flow.source_port == flow.own_port:
        return Reason.ECHO_PORT
    if flow.source_port in ANSWERING_PORTS:
        return Reason.ANSWERING_PORT
    return Reason.REPLY if flow.hops is None or flow.hops <= REPLY_HOPS else None


def _stranger(flow: Flow, state: NetworkState) -> Reason | None:
    # A broadcast address is nobody's, and neither is a group's.
    if flow.destination is None or not is_mine(flow.destination, state):
        return Reason.NOT_UNICAST
    verdict = classify(flow.source, state)
    if not verdict.ok:
        return Reason(verdict.relation)
    # A source that is forged is then at least one of the link the forger is on.
    link = next((each for each in state.used if each.index == flow.interface), None)
    if link and any(flow.source in own.network for own in link.addresses):
        return None
    return Reason.OTHER_LINK


class _Rates:
    """Token buckets, one a source and one for all, each kept as the time at which it is full again.

    They are also what ends a loop with a foreign echo, whose replies bear no marker: one datagram
    goes round, so the first that is dropped ends it, and every loop faster than SOURCE_PER_S
    empties its bucket. On a LAN (1 ms a round) that is after about 220 datagrams. What remains is
    a loop slower than 10 ms a round, with a foreign echo, on a port not listed: up to 100/s; and
    that who forges sources of our own subnet can use up what all have together.
    """

    def __init__(self) -> None:
        self._full_at: OrderedDict[str, float] = OrderedDict()  # the longest idle first
        self._all_full_at = 0.0
        # How much later each token makes it full, and how much later it may be. Half a token is
        # for rounding.
        self._token_s, self._most_s = 1 / SOURCE_PER_S, (SOURCE_BURST + 0.5) / SOURCE_PER_S
        self._all_token_s, self._all_most_s = 1 / TOTAL_PER_S, (TOTAL_BURST + 0.5) / TOTAL_PER_S

    def take(self, source: str, now_s: float) -> Reason | None:
        """Take one token from both buckets, or from neither and say which has none."""
        full_at, all_full_at = self._full_at.get(source), self._all_full_at
        known = full_at is not None
        if full_at is None or full_at < now_s:
            full_at = now_s
        if all_full_at < now_s:
            all_full_at = now_s
        full_at += self._token_s
        all_full_at += self._all_token_s
        if all_full_at - now_s > self._all_most_s:
            return Reason.TOTAL_RATE
        if full_at - now_s > self._most_s:
            return Reason.SOURCE_RATE
        if not known and len(self._full_at) >= MAX_SOURCES:
            # The attack: forge more sources than the table holds, so that the attacker's own
            # bucket is forgotten and new. A bucket that is full may go, nothing is forgotten with
            # it; one that is not stays, and the newcomer waits. TOTAL_PER_S cannot keep 1,024
            # buckets below full for longer than TOTAL_BURST lasts.
            longest_idle = next(iter(self._full_at))
            if self._full_at[longest_idle] > now_s:
                return Reason.SOURCES_FULL
            del self._full_at[longest_idle]
        self._full_at[source] = full_at
        self._full_at.move_to_end(source)
        self._all_full_at = all_full_at
        return None
