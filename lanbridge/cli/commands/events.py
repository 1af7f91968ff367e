"""Follow what changes on the network, as a running daemon sees it, until ^C."""

import click

from lanbridge.cli.changes import CHANGES
from lanbridge.cli.following import follow
from lanbridge.cli.listing import filters, word
from lanbridge.cli.output import complain, writing


@click.command(help=__doc__)
@click.option(
    "--event", "events", metavar="NAME", multiple=True, help="Only this event, as service.lost."
)
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="End at the Nth event.")
@filters
def command(
    url: str,
    format: str,
    events: tuple[str, ...],
    count: int | None,
    **services: str | bool | None,
) -> int:
    """One line a change; a connection that broke is made again, and what was missed is shown."""
    query = [(key, word(value)) for key, value in services.items() if value is not None]
    query += [("event", name) for name in events]
    told = follow(url, "/api/v1/events", query, lambda why: complain(why, "warning"))
    shown = 0
    with writing(format, CHANGES, history=True) as write:
        for event in told:
            write(event)
            shown += 1
            if shown == count:
                break
    return 0
