"""Announces services that are new, one at a time: SOURCE FIRST COUNT RATE.

Reports as JSON when each was sent, in seconds of the clock that all processes of a machine share.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.programs.flood import announcement, send

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(source: str, first: int, count: int, rate: float) -> None:
    """A packet each."""
    ready = [
        (f"Flood {number:05d}", announcement(number)) for number in range(first, first + count)
    ]
    sent_s: dict[str, float] = {}

    def stamped() -> Iterator[bytes]:
        for number, (name, packet) in enumerate(ready):
            # Waited for here, so that the stamp is that of the moment before it is sent.
            time.sleep(max(0.0, begin_s + number / rate - time.monotonic()))
            sent_s[name] = time.monotonic()
            yield packet

    begin_s = time.monotonic()
    send(source, stamped(), 1e9)
    sys.stdout.write(json.dumps(sent_s) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
