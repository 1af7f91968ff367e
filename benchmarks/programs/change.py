"""Changes the TXT record of one of COUNT services after the other: SOURCE COUNT RATE SECONDS."""

from __future__ import annotations

import json
import sys

from benchmarks.programs.flood import announcement, send


def main(source: str, count: int, rate: float, seconds: float) -> None:
    """Each announcement is another one than the one before it of its service."""
    packets = (announcement(n % count, f"2.{n // count}") for n in range(round(rate * seconds)))
    sys.stdout.write(json.dumps(send(source, packets, rate)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
