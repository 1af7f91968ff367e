"""Run the daemon: browse, advertise, registry, REST and echo."""

import asyncio

import click

from lanbridge.cli import logs
from lanbridge.cli.setting_flags import with_settings
from lanbridge.config import Loaded


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
        runner.run(run())
