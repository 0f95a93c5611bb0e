"""`python -m worker explain PROCESSING_ID`: why a request got its score, as a readable table."""

import argparse
import sys


def main(arguments: list[str]) -> int:
    """Run the command; its exit code: 0 explained, 1 not kept."""
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    commands = parser.add_subparsers(required=True)
    explain = commands.add_parser("explain", help="print the grades and quotes behind a score")
    explain.add_argument("processing_id", type=int)
    processing_id = parser.parse_args(arguments).processing_id
    from worker.app import explained  # noqa: PLC0415 # it reads settings, and `--help` has to work without any

    lines = explained(processing_id)
    if lines is None:
        print(f"{processing_id}: nothing is kept (not scored here, or longer ago than EXPLANATION_TTL)")  # noqa: T201
        return 1
    print("\n".join(lines))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
