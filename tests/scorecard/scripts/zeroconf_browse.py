"""Browses `_http._tcp` with python-zeroconf; writes a line for each instance found or lost."""

import asyncio

from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

TYPE = "_http._tcp.local."


def changed(
    zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
) -> None:
    """Called by the browser."""
    sign = "-" if state_change is ServiceStateChange.Removed else "+"
    print(sign, name.removesuffix("." + service_type))  # noqa: T201


async def main() -> None:
    """Until it is ended."""
    async with AsyncZeroconf(ip_version=IPVersion.V4Only) as engine:
        AsyncServiceBrowser(engine.zeroconf, TYPE, handlers=[changed])
        await asyncio.Event().wait()


asyncio.run(main())
