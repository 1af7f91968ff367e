"""The peer of `lanbridge serve` under a flood: python-zeroconf with one listener for records.

Writes "ready", and at SIGTERM how many pointers it was told of.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from zeroconf import RecordUpdate, RecordUpdateListener, Zeroconf
from zeroconf.asyncio import AsyncZeroconf

PTR = 12


class Listener(RecordUpdateListener):
    def __init__(self) -> None:
        super().__init__()
        self.pointers = 0

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        self.pointers += sum(record.new.type == PTR for record in records)


async def main() -> None:
    """Listen until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    zeroconf = AsyncZeroconf()
    await zeroconf.zeroconf.async_wait_for_start()
    listener = Listener()
    zeroconf.zeroconf.async_add_listener(listener, None)
    say("ready")
    await ended.wait()
    say(str(listener.pointers))
    await zeroconf.async_close()


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
