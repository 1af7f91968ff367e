"""The peer of `lanbridge discover`: python-zeroconf, used as its documentation shows.

Browses TYPE and resolves what appears, all at once, from the cache where that is complete; one
JSON line for each service, until SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

RESOLVE_MS = 3_000


class Discovery:
    def __init__(self) -> None:
        self._resolving: set[asyncio.Task[None]] = set()

    async def run(self, service_type: str) -> None:
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        zeroconf = AsyncZeroconf()
        browser = AsyncServiceBrowser(zeroconf.zeroconf, [service_type], handlers=[self.changed])
        await ended.wait()
        await browser.async_cancel()
        for task in self._resolving:
            task.cancel()
        await zeroconf.async_close()

    def changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is not ServiceStateChange.Added:
            return
        info = AsyncServiceInfo(service_type, name)
        if info.load_from_cache(zeroconf):
            show(info)
            return
        task = asyncio.create_task(self.resolve(zeroconf, info))
        self._resolving.add(task)
        task.add_done_callback(self._resolving.discard)

    async def resolve(self, zeroconf: Zeroconf, info: AsyncServiceInfo) -> None:
        if await info.async_request(zeroconf, RESOLVE_MS):
            show(info)


def show(info: AsyncServiceInfo) -> None:
    """Write what was resolved, at once."""
    row = {
        "name": info.get_name(),
        "host": info.server,
        "port": info.port,
        "addresses": info.parsed_scoped_addresses(),
        "txt": info.decoded_properties,
    }
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(Discovery().run(f"{sys.argv[1]}.local."))
