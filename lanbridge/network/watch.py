"""Notice when this host's interfaces change."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from lanbridge.core.addresses import NetworkState

log = logging.getLogger(__name__)


async def looks(
    read: Callable[[], NetworkState], known: NetworkState, poll_s: float
) -> AsyncIterator[tuple[NetworkState, tuple[str, ...]]]:
    """Yield the state every `poll_s` seconds, with a sentence per interface that differs.

    `read` takes a snapshot; it runs in a thread, because a host with many interfaces takes
    milliseconds to answer.
    """
    while True:
        await asyncio.sleep(poll_s)
        try:
            state = await asyncio.to_thread(read)
        except OSError as error:  # no descriptor left, or an interface that went meanwhile
            log.warning("cannot look at the interfaces (%s), trying again", error.strerror)
            continue
        yield state, difference(known, state)
        known = state


def difference(before: NetworkState, after: NetworkState) -> tuple[str, ...]:
    """One sentence for each interface that differs."""
    old = {one.name: one for one in before.interfaces}
    new = {one.name: one for one in after.interfaces}
    reasons = [f"{name} is gone" for name in old.keys() - new.keys()]
    for name, interface in new.items():
        was = old.get(name)
        if was is None:
            reasons.append(f"{name} came: {interface.why}")
        elif was != interface:
            addresses = ", ".join(str(one) for one in interface.addresses) or "no address"
            reasons.append(f"{name} changed: {interface.why}; {addresses}")
    return tuple(sorted(reasons))
