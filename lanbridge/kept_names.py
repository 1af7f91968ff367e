"""The responder's memory on disk: `names.json` of the state directory.

A name that gave way stays as it is at the next start, and what we said before a crash, still
cached by others then, is not taken for a rival's (docs/adr/0021).
"""

import asyncio
import json
import logging
from pathlib import Path

from lanbridge import files
from lanbridge.mdns.memory import Memory

log = logging.getLogger(__name__)

WRITE_INTERVAL_S = 1.0  # an address that flaps must not wear the SD card


class KeptNames:
    """Reads at the start, writes when something changes. A disk that refuses is told once."""

    def __init__(self, state_dir: Path, memory: Memory) -> None:
        self._path = state_dir / "names.json"
        self._memory = memory
        self._changed = asyncio.Event()
        self._told = False

    def read(self) -> None:
        """What is damaged counts for nothing: then the names are chosen anew."""
        now_s = asyncio.get_running_loop().time()
        try:
            self._memory.recall(json.loads(self._path.read_bytes()), now_s)
        except OSError:
            pass
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            log.warning("%s is damaged and is made anew: %s", self._path, error)
        self._memory.changed = self._changed.set

    async def run(self) -> None:
        """Write for as long as the daemon runs."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self.write()
            await asyncio.sleep(WRITE_INTERVAL_S)

    async def write(self) -> None:
        """In a thread: an SD card may take a second, in which mDNS has to be answered."""
        try:
            await asyncio.to_thread(files.replace, self._path, self._document())
        except OSError as error:
            if not self._told:
                log.warning("%s cannot be written: %s", self._path, error.strerror)
            self._told = True

    def _document(self) -> bytes:
        return json.dumps(self._memory.document(), indent=1).encode() + b"\n"
