"""A host that publishes services with python-zeroconf.

The services come as JSON, the addresses as further arguments; "ready" once all are announced.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf


async def main(host: str, services: str, addresses: list[str]) -> None:
    """Publish until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    zeroconf = AsyncZeroconf(ip_version=IPVersion.All)
    infos = [
        AsyncServiceInfo(
            f"{service['type']}.local.",
            f"{service['name']}.{service['type']}.local.",
            port=service["port"],
            properties=service["txt"],
            server=f"{host}.local.",
            parsed_addresses=addresses,
        )
        for service in json.loads(services)
    ]
    # Each is awaited twice: once for the probes, once for the announcements.
    announcing = await asyncio.gather(*map(zeroconf.async_register_service, infos))
    await asyncio.gather(*announcing)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await ended.wait()
    await zeroconf.async_close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
