"""`lanbridge serve` as it is, but for the rates of its guard, which a benchmark is beyond."""

import sys

from lanbridge.cli.main import main
from lanbridge.echo import guard

WITHOUT_LIMIT = 10**9

if __name__ == "__main__":
    guard.SOURCE_PER_S = guard.SOURCE_BURST = WITHOUT_LIMIT
    guard.TOTAL_PER_S = guard.TOTAL_BURST = WITHOUT_LIMIT
    sys.exit(main(["serve", *sys.argv[1:]]))
