"""Finds one service instance on the network by its name."""

import asyncio
import re
from contextlib import suppress

from lanbridge.core.errors import InvalidInput, NotFound
from lanbridge.core.events import Event, ServiceEvent
from lanbridge.core.names import fold, split_instance
from lanbridge.core.services import ServiceInstance, State
from lanbridge.core.text import printable
from lanbridge.core.views import ServiceView, service_view
from lanbridge.discovery import Discovery

# As `discover` does: it asks at once, and ends when nothing new came.
AT_ONCE = (0.0, 0.0)
QUIET_S = 0.7
LONGEST_S = 10.0  # of a network that is never quiet
_NAMED = 8  # of those with one name, in an error


async def find(text: str) -> ServiceView:
    """The instance `Kitchen lamp`, `Kitchen lamp._http._tcp`, or with `.local`, judged from here.

    A name with its type is one instance, which ends the search; without, all types are waited for.
    Raises NotFound, InvalidInput if several have the name, and what keeps Discovery from working.
    """
    name, type_ = _split(text)
    enough = asyncio.Event()

    def tell(event: Event) -> None:
        if type_ and isinstance(event, ServiceEvent) and _fits(event.service, names, type_):
            enough.set()

    names = {fold(name), fold(re.sub(r"\\(.)", r"\1", name))}  # as `fqdn` escapes it, or not
    discovery = Discovery([f"{type_}.local"] if type_ else None, tell, first_delay_s=AT_ONCE)
    async with discovery.running():
        if problem := discovery.problem:
            raise problem
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S), asyncio.TaskGroup() as tasks:
                ending = tasks.create_task(discovery.quiet(QUIET_S), name="wait for quiet")
                ending.add_done_callback(lambda _: enough.set())
                await enough.wait()
                ending.cancel()
        found = [one for one in discovery.registry.services() if _fits(one, names, type_)]
    if not found:
        rule = "no service instance of that name was found on the network"
        raise NotFound(text, rule, "see what there is with 'lanbridge discover'")
    if len(found) > 1:
        shown = ", ".join(f"'{printable(one.name)}.{one.type}'" for one in found[:_NAMED])
        rule = f"{len(found)} service instances on the network have that name"
        raise InvalidInput(text, rule, f"choose one of {shown}")
    return service_view(found[0], discovery.state)


def _split(text: str) -> tuple[str, str]:
    """(name, type), the type empty where there is none."""
    parts = split_instance(text) or split_instance(f"{text.removesuffix('.')}.local")
    return (parts[0], parts[1]) if parts else (text, "")


def _fits(service: ServiceInstance, names: set[str], type_: str) -> bool:
    """Whether it is asked for, and where it is is known."""
    return (
        service.state in (State.ONLINE, State.STALE)
        and fold(service.name) in names
        and type_ in ("", service.type)
    )
