"""The address that a host name stands for: names in `.local` by mDNS, all others by the system."""

import asyncio
import os
import re
import socket

from lanbridge.core.addresses import Relation, classify
from lanbridge.core.errors import EnvironmentProblem, NetworkUnavailable, NotFound

_BEST_FIRST = (Relation.SAME_SUBNET, Relation.SELF, Relation.OTHER_SUBNET)
# RFC 6762 §3, §16: any labels of UTF-8 that fit (RFC 1035 §2.3.4), not those of a host alone.
_LOCAL = re.compile(rb"(?=.{1,254}\Z)(?:[^.]{1,63}\.)+local\.?", re.I | re.S)


async def host_address(host: str, port: int) -> str:
    """A literal, link-local with its scope. Of several an IPv4 one: a phone can use no other.

    Raises NotFound, or for a name in `.local` what keeps mDNS from working.
    """
    problem: EnvironmentProblem | None = None
    is_local = host.isprintable() and _LOCAL.fullmatch(host.encode())
    if is_local:
        # RFC 6762 §3: a query for such a name MUST be sent to mDNS. Most systems need libnss-mdns
        # for that; without, they ask a DNS server, which knows nothing, and may say nothing for
        # half a minute. resolv.conf(5): glibc reads this, and then asks each server once.
        os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:1")
        try:
            if address := await _by_mdns(host):
                return address
        except EnvironmentProblem as error:
            problem = error
    try:  # "lamp.local" may be in /etc/hosts, or be of an office that has such names in its DNS
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if problem:
            raise problem from error
        rule = "no address is known for it"
        remedy = "give its IP address, or find its services with 'lanbridge discover'"
        if is_local:
            rule = "no host on the network answers to that name"
            remedy = "see that it is on, and in this network, or give its IP address"
        raise NotFound(host, rule, remedy) from error
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    return socket.getnameinfo(found[0][4], numeric)[0]  # with its scope


async def _by_mdns(host: str) -> str | None:
    """The best of the addresses that are answered; what nobody can connect to is none."""
    from lanbridge.mdns.resolve import resolve
    from lanbridge.network.interfaces import snapshot

    state = snapshot()
    if not state.used:
        raise NetworkUnavailable("", f"'{host}' is asked for by mDNS, and there is no network")
    answered = await resolve(host, state)
    verdicts = [classify(address, state, interface) for address, interface in answered.items()]
    usable = [one for one in verdicts if one.relation in _BEST_FIRST]
    usable.sort(key=lambda one: (_BEST_FIRST.index(one.relation), one.address.version))
    return str(usable[0].address) if usable else None
