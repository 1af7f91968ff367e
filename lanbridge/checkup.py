"""`lanbridge doctor`: asks the network, reads this host, and has the doctor judge both.

The daemon need not run; where it does, whether others can see it is asked from sockets of our own.
"""

import asyncio
import contextlib
import json
import secrets
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from lanbridge.config import Settings
from lanbridge.core import txt
from lanbridge.core.addresses import NetworkInterface, NetworkState, is_mine
from lanbridge.core.names import SERVICE_META, fold
from lanbridge.core.records import Question, Record, RecordType, Srv
from lanbridge.doctor.examine import examine
from lanbridge.doctor.finding import Finding
from lanbridge.doctor.host import Heard, Host, Lanbridge
from lanbridge.mdns.decode import decode
from lanbridge.mdns.engine import Engine, Packet
from lanbridge.mdns.sockets import GROUP_V4, GROUP_V6, PORT
from lanbridge.mdns.wire import encode_query
from lanbridge.network.holders import udp_holders
from lanbridge.network.interfaces import snapshot

OWN_TYPE = "_lanbridge._tcp.local"
# An answer takes up to 120 ms (RFC 6762 §6), a loaded Wi-Fi the rest. What is missing then is
# asked for once more, when a responder may multicast it again (as in mdns/browse.py).
ANSWER_S = 0.5
AGAIN_S = 1.15
PING_S = 1.0
INTERVAL_S = 5.0  # it multicasts: who asks the daemon often makes it ask the network no oftener
MAX_HEARD = 512  # addresses and lanbridges a link: a flood of made-up ones fills no memory


async def check_up(settings: Settings) -> list[Finding]:
    """Every finding about this host, the worst first. Takes half a second, or two."""
    network = await asyncio.to_thread(
        snapshot, settings.interfaces_include, settings.interfaces_exclude
    )
    # Who holds the port is read before we hold it ourselves.
    holders = await asyncio.to_thread(udp_holders, PORT)
    echo_holders = await asyncio.to_thread(udp_holders, settings.port)
    daemon_id = await asyncio.to_thread(_daemon_id, settings)
    heard: tuple[Heard, ...] = ()
    silent = None
    try:
        heard = await _Question(network, daemon_id).ask()
    except OSError as error:
        silent = error.strerror or str(error)
    host = Host(
        network=network,
        settings=settings,
        now_unix_s=time.time(),
        id=_known_id(settings.state_dir),
        daemon_id=daemon_id,
        holders=holders,
        echo_holders=echo_holders,
        heard=heard,
        silent=silent,
    )
    return await asyncio.to_thread(examine, host)


class Doctor:
    """The daemon's: one run at a time, and for some seconds its findings for whoever asks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._running = asyncio.Lock()
        self._ended_s = 0.0
        self._findings: list[Finding] = []

    async def check_up(self) -> list[Finding]:
        """Every finding about this host, the worst first."""
        loop = asyncio.get_running_loop()
        async with self._running:
            if not self._findings or loop.time() - self._ended_s >= INTERVAL_S:
                self._findings = await check_up(self._settings)
                self._ended_s = loop.time()
            return self._findings


def _known_id(state_dir: Path) -> str | None:
    """Only read: a doctor leaves no identity behind, least of all as another user."""
    with contextlib.suppress(OSError):
        return (state_dir / "instance-id").read_text(errors="replace").strip() or None
    return None


def _daemon_id(settings: Settings) -> str | None:
    """What answers on our port of this host, if it is a lanbridge."""
    connection = HTTPConnection(settings.host or "127.0.0.1", settings.port, timeout=PING_S)
    try:
        connection.request("GET", "/ping")
        told = json.loads(connection.getresponse().read(4_096))
        return str(told["id"]) if told["product"] == "lanbridge" else None
    except (OSError, HTTPException, ValueError, TypeError, KeyError, RecursionError):
        return None
    finally:
        connection.close()


@dataclass(slots=True)
class _Ear:
    """What one link hears over one IP version."""

    came_back_on: set[str] = field(default_factory=set)
    by_multicast: set[str] = field(default_factory=set)
    by_unicast: set[str] = field(default_factory=set)
    lanbridges: set[Lanbridge] = field(default_factory=set)


class _Question:
    """Who is there, asked on every link twice over: as a one-shot querier from a port of its own,
    whose answers come by unicast (RFC 6762 §5.1, §6.7), and from port 5353, answered to the group.
    Whoever answers the first and is not heard to answer the second shows that multicast is lost.
    """

    def __init__(self, network: NetworkState, daemon_id: str | None) -> None:
        self._network = network
        self._daemon_id = daemon_id
        self._ids: dict[int, tuple[str, int]] = {}  # of our queries: where each went out
        self._ears: dict[tuple[str, int], _Ear] = {}
        self._engine = Engine(self._receive, lambda _: None)

    async def ask(self) -> tuple[Heard, ...]:
        loop = asyncio.get_running_loop()
        askers: list[tuple[socket.socket, tuple[str, int]]] = []
        try:
            self._engine.update(self._network)
            problems = {name: str(problem) for name, problem in self._engine.problems.items()}
            for link in self._engine.links.values():
                for family in link.sockets:
                    key = (link.name, 4 if family == socket.AF_INET else 6)
                    self._ears[key] = _Ear()
                    askers.append((_asker(link.interface, family), key))
            for sock, key in askers:
                loop.add_reader(sock, self._read, sock, key)
            self._send(askers)
            await asyncio.sleep(ANSWER_S)
            if not self._is_enough():
                await asyncio.sleep(AGAIN_S - ANSWER_S)
                self._send(askers)
                await asyncio.sleep(ANSWER_S)
        finally:
            for sock, _ in askers:
                loop.remove_reader(sock)
                sock.close()
            self._engine.close()
        refused = [
            Heard(interface=one.name, version=version, problem=problems[one.name])
            for one in self._network.used
            for version in sorted({address.version for address in one.addresses})
            if one.name in problems and (one.name, version) not in self._ears
        ]
        return (
            *refused,
            *(
                Heard(
                    interface=interface,
                    version=version,
                    came_back_on=frozenset(ear.came_back_on),
                    by_multicast=frozenset(ear.by_multicast),
                    by_unicast=frozenset(ear.by_unicast),
                    lanbridges=tuple(sorted(ear.lanbridges)),
                )
                for (interface, version), ear in self._ears.items()
            ),
        )

    def _send(self, askers: Iterable[tuple[socket.socket, tuple[str, int]]]) -> None:
        asked = [(Question(name, RecordType.PTR), ()) for name in (OWN_TYPE, SERVICE_META)]
        [packet] = encode_query(asked)
        for sock, key in askers:
            id_ = secrets.randbelow(0xFFFF) + 1
            self._ids[id_] = key
            group = str(GROUP_V4 if key[1] == 4 else GROUP_V6)
            with contextlib.suppress(OSError):  # no route, no carrier: then nothing comes back
                sock.sendto(struct.pack("!H", id_) + packet[2:], (group, PORT))
        for link in self._engine.links.values():
            link.multicast(packet)

    def _is_enough(self) -> bool:
        """Whether a second question could tell more."""
        seen = {
            key
            for key, ear in self._ears.items()
            if any(one.id == self._daemon_id for one in ear.lanbridges)
        }
        return all(
            ear.came_back_on and ear.by_multicast and ear.by_unicast <= ear.by_multicast
            for ear in self._ears.values()
        ) and (self._daemon_id is None or seen == self._ears.keys())

    # Packets

    def _receive(self, packet: Packet) -> None:
        """One that came to port 5353."""
        message, mine = packet.message, is_mine(packet.source, self._network)
        sent = self._ids.get(message.id) if mine and not message.is_response else None
        if sent is not None:
            self._ears[sent].came_back_on.add(packet.link.name)
            return
        ear = self._ears.get((packet.link.name, packet.source.version))
        if ear is not None and packet.multicast:
            if not mine:
                _add(ear.by_multicast, str(packet.source))
            self._learn(ear, message.records, str(packet.source))

    def _read(self, sock: socket.socket, key: tuple[str, int]) -> None:
        """An answer that came to the port that asked."""
        try:
            data, sender = sock.recvfrom(9_216)
        except OSError:
            return
        message = decode(data, key[0])
        if message is None or not message.is_response or sender[1] != PORT:
            return
        ear = self._ears[key]
        if not is_mine(ip_address(sender[0]), self._network):
            _add(ear.by_unicast, sender[0])
        self._learn(ear, message.records, sender[0])

    @staticmethod
    def _learn(ear: _Ear, records: Iterable[Record], source: str) -> None:
        """The lanbridges in one message, each at the addresses it gives; without any, its sender's.

        A reflector repeats what others say: the sender alone would make a twin of ourselves.
        """
        ids: dict[str, str] = {}
        hosts: dict[str, str] = {}
        addresses: dict[str, list[str]] = {}
        for record in records:
            match record.data:
                case bytes() as rdata if fold(record.name).endswith(OWN_TYPE) and record.ttl_s:
                    told = txt.decode(rdata).get("id")
                    if isinstance(told, bytes):
                        ids[record.name] = told.decode(errors="replace")
                case Srv() as srv:
                    hosts[record.name] = fold(srv.target)
                case address if record.type in (RecordType.A, RecordType.AAAA):
                    addresses.setdefault(fold(record.name), []).append(str(address))
        for name, id_ in ids.items():
            at = tuple(sorted(addresses.get(hosts.get(name, ""), [source])))
            _add(ear.lanbridges, Lanbridge(name.removesuffix(f".{OWN_TYPE}"), id_, at))


def _add(known: set[Any], one: object) -> None:
    if len(known) < MAX_HEARD:
        known.add(one)


def _asker(interface: NetworkInterface, family: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    if family == socket.AF_INET:
        request = bytes(8) + struct.pack("@I", interface.index)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, request)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)  # RFC 6762 §11
    else:
        index = struct.pack("@I", interface.index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    return sock
