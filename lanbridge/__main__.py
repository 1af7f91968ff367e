"""`python -m lanbridge` is the command `lanbridge`."""

import sys

from lanbridge.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
