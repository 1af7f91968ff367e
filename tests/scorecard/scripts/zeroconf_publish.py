"""Publishes `box` with python-zeroconf as documented; writes "ready" once registered."""

import asyncio
import signal
import sys

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf


async def main() -> None:
    """Until SIGTERM."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    info = AsyncServiceInfo(
        "_http._tcp.local.",
        "box._http._tcp.local.",
        port=int(sys.argv[1]),
        properties={"path": "/"},
        server="box.local.",
        parsed_addresses=sys.argv[2:],
    )
    async with AsyncZeroconf(ip_version=IPVersion.V4Only) as engine:
        await (await engine.async_register_service(info, allow_name_change=True))
        print("ready")  # noqa: T201
        await stopping.wait()
        await engine.async_unregister_all_services()


asyncio.run(main())
