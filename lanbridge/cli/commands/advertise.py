"""Advertise one service until ^C, or have the daemon do it from now on."""

import asyncio
import secrets
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from lanbridge.cli.client import ask, look_up, send
from lanbridge.cli.output import complain, say
from lanbridge.cli.writing import daemon_options, find_token
from lanbridge.core.addresses import parse_address, parse_port
from lanbridge.core.errors import InvalidInput, InvalidTxtRecord, NameConflict, NotFound
from lanbridge.core.events import AdvertisementFailed, AdvertisementRenamed, Event, NetworkChanged
from lanbridge.core.names import HostName, InstanceName, ServiceType
from lanbridge.core.services import stable_id
from lanbridge.core.text import printable
from lanbridge.core.txt import encode, parse_pair
from lanbridge.discovery import Discovery
from lanbridge.identity import own_host
from lanbridge.mdns.advertise import Advertisement

POLL_S = 2.0
# How often the daemon is asked whether it has the name, and how many times. RFC 6762 §8.1: probing
# takes up to a second, and as long again for each name that is taken.
ASK_S, ASK_TIMES = 0.2, 25
_PATH = "/api/v1/advertisements"


@click.command(help=__doc__)
@click.argument("name")
@click.argument("type", metavar="TYPE")
@click.argument("port", required=False)
@click.option(
    "--txt", metavar="KEY=VALUE", multiple=True, help="A TXT pair; KEY alone has no value."
)
@click.option("--subtype", "subtypes", metavar="NAME", multiple=True, help="Also found by this.")
@click.option(
    "--host", metavar="NAME", help="For hardware that cannot do it itself: its host name,"
)
@click.option("--address", "addresses", metavar="IP", multiple=True, help="and its address.")
@click.option(
    "--interface", "interfaces", metavar="NAME", multiple=True, help="Only on this interface."
)
@click.option("--daemon", is_flag=True, help="The daemon advertises it, also after a restart.")
@click.option("--remove", is_flag=True, help="With --daemon: it advertises it no longer.")
@daemon_options
def command(
    name: str,
    type: str,
    port: str | None,
    txt: tuple[str, ...],
    subtypes: tuple[str, ...],
    host: str | None,
    addresses: tuple[str, ...],
    interfaces: tuple[str, ...],
    daemon: bool,
    remove: bool,
    url: str,
    token_file: Path | None,
) -> int:
    """Probe for the name, announce it, and say goodbye for it at the end."""
    kind = ServiceType.parse(type)
    instance = InstanceName.parse(name, kind)
    if remove:
        if not daemon:
            raise click.UsageError("--remove goes with --daemon; else ^C ends it")
        _remove(instance, url, find_token(url, token_file))
        return 0
    if port is None:
        raise click.UsageError("PORT is missing: where the service listens")
    if (host is None) != (not addresses):
        rule = "--host and --address come together or not at all"
        raise InvalidInput(host or addresses[0], rule, "give both, for other hardware, or neither")
    for subtype in subtypes:
        ServiceType.parse(f"{kind},{subtype}")
    pairs = tuple(map(parse_pair, txt))
    encode(pairs)
    ad = Advertisement(
        name=instance,
        # A label of its own: when this command ends, its goodbye takes no other's address away.
        host=HostName.parse(host) if host else own_host(secrets.token_hex(3)),
        port=parse_port(port),
        txt=pairs,
        subtypes=(*subtypes, *((kind.subtype,) if kind.subtype else ())),
        addresses=tuple(map(parse_address, addresses)) or None,
    )
    if not daemon:
        asyncio.run(_advertise(ad, interfaces))
    elif interfaces:
        raise click.UsageError("--interface is a setting of the daemon; leave it with --daemon")
    else:
        _add(_table(ad, host), url, find_token(url, token_file))
    return 0


def _table(ad: Advertisement, host: str | None) -> dict[str, Any]:
    """As the daemon takes it: an `[[advertise]]` table."""
    try:
        txt = {key: True if value is None else value.decode() for key, value in ad.txt}
    except UnicodeDecodeError as error:
        rule = "the daemon takes text, and this is no UTF-8"
        raise InvalidTxtRecord(repr(error.object), rule) from error
    return {
        "name": ad.name.instance,
        "type": str(ad.type),
        "port": ad.port,
        "txt": txt,
        "subtypes": ad.subtypes,
        "host": host,
        "addresses": [str(one) for one in ad.addresses or ()],
    }


def _add(table: dict[str, Any], url: str, token: str) -> None:
    added = send(url, "POST", _PATH, token, table)
    for _ in range(ASK_TIMES):
        if added["state"] != "probing":
            break
        time.sleep(ASK_S)
        added = look_up(url, f"{_PATH}/{quote(added['id'])}")
    wanted, name = table["name"], added["name"]
    shown = printable(str(name))
    if added["state"] == "failed":
        remedy = "choose another, and end this one with --remove: the daemon goes on trying"
        raise NameConflict(wanted, "every name like it is taken", remedy)
    if name != wanted:
        _complain_of_rename(wanted, name)
    if added["state"] == "probing":
        rule = f"the daemon still probes for {shown}, and advertises it when the name is its own"
        complain(f"{rule}; 'lanbridge events' shows it then", "warning")
    else:
        say(f"the daemon advertises {shown} from now on")


def _remove(name: InstanceName, url: str, token: str) -> None:
    try:
        send(url, "DELETE", f"{_PATH}/{stable_id(name.fqdn)}", token)
    except NotFound:
        # The id is made from the name that was wanted; the list shows the one that it has now.
        wanted = name.instance, str(name.type)
        items = ask(url, _PATH, {})
        id_ = next((one["id"] for one in items if (one["name"], one["type"]) == wanted), None)
        if id_ is None:
            rule = "the daemon does not advertise it"
            raise NotFound(name.escaped, rule, f"see what it does at {url}{_PATH}") from None
        send(url, "DELETE", f"{_PATH}/{id_}", token)
    say(f"the daemon advertises {name.escaped} no longer")


async def _advertise(ad: Advertisement, interfaces: tuple[str, ...]) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    discovery = Discovery([], _tell, include=interfaces)
    async with discovery.running():
        published = discovery.publisher.advertise(ad)
        if discovery.problem:
            complain(f"{discovery.problem} Waiting for one.", "warning")
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(discovery.watch(POLL_S), name="watch network")
            stopped = tasks.create_task(stopping.wait(), name="wait for SIGTERM")
            settled = tasks.create_task(published.settled.wait(), name="wait for the name")
            await asyncio.wait((stopped, settled), return_when=asyncio.FIRST_COMPLETED)
            if published.failed:
                watching.cancel()
                stopped.cancel()
                raise NameConflict(
                    ad.name.instance, "every name like it is taken", "choose another"
                )
            if settled.done():
                links = ", ".join(link.name for link in discovery.engine.links.values())
                now = published.ad
                say(f"advertising {now.name.escaped} at {now.host.fqdn}:{now.port} on {links}")
            await stopped
            watching.cancel()
            settled.cancel()


def _tell(event: Event) -> None:
    match event:
        case AdvertisementRenamed(old, new):
            _complain_of_rename(old, new)
        case AdvertisementFailed(name):
            complain(f"every name like '{printable(name)}' is taken, choose another", "warning")
        case NetworkChanged(reasons):
            complain("; ".join(map(printable, reasons)), "warning")


def _complain_of_rename(old: str, new: str) -> None:
    complain(f"the name '{printable(old)}' is taken, now it is '{printable(new)}'", "warning")
