"""The peer of an event: a bare python-zeroconf browser, and when it was told of each service.

Writes "ready", and at SIGTERM as JSON when the callback came, by name.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time

from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

TYPE = "_flood._tcp.local."


async def main() -> None:
    """Browse until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    added_s: dict[str, float] = {}

    def changed(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        del zeroconf, service_type  # given by their names
        if state_change is ServiceStateChange.Added:
            added_s.setdefault(name.removesuffix(f".{TYPE}"), time.monotonic())

    zeroconf = AsyncZeroconf()
    await zeroconf.zeroconf.async_wait_for_start()
    browser = AsyncServiceBrowser(zeroconf.zeroconf, [TYPE], handlers=[changed])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await ended.wait()
    sys.stdout.write(json.dumps(added_s) + "\n")
    sys.stdout.flush()
    await browser.async_cancel()
    await zeroconf.async_close()


if __name__ == "__main__":
    asyncio.run(main())
