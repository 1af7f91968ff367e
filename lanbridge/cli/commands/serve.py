"""Run the daemon: browse, advertise, registry, REST and echo."""

import asyncio

import click

from lanbridge.cli import logs
from lanbridge.cli.client import is_lanbridge
from lanbridge.cli.setting_flags import with_settings
from lanbridge.config_sources import Loaded
from lanbridge.core.errors import PortUnavailable


@click.command(help=__doc__)
@with_settings
def command(loaded: Loaded) -> None:
    """Everything heavy is imported here, after the settings are known to be right."""
    from lanbridge.api.server import new_event_loop, serve
    from lanbridge.daemon import Daemon

    logs.configure(loaded.settings.log_level)

    async def run() -> None:
        await Daemon(loaded.settings, serve).run()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        try:
            runner.run(run())
        except* PortUnavailable:
            # It may be the service of this host, whose processes only root can see.
            url = _own_url(loaded.settings.host, loaded.settings.port)
            if is_lanbridge(url):
                rule = f"another lanbridge listens there, at {url}"
                remedy = "ask it with 'lanbridge services', or choose another with --port"
                raise PortUnavailable(str(loaded.settings.port), rule, remedy) from None
            raise


def _own_url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host or '127.0.0.1'}:{port}"
