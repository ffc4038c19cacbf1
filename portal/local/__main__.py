"""`python -m portal.local run`: the whole portal in one terminal."""

import argparse
import os
import sys

from portal.local.server import CannotStart
from portal.local.stack import Options, run
from portal.local.supervisor import standard_console


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m portal.local")
    parser.add_subparsers(required=True).add_parser("run", help="serve the portal until Ctrl-C")
    parser.parse_args()
    try:
        return run(Options.read(os.environ), standard_console())
    except CannotStart as problem:
        print(problem, file=sys.stderr)
    except PermissionError as error:
        print(f"DATA_DIR must be writable: {error}", file=sys.stderr)
    except KeyboardInterrupt:  # before the supervisor took over; nothing runs yet
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
