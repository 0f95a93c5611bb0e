"""`python -m bridge`: runs the bridge until SIGTERM or SIGINT; `python -m bridge --help` lists its other commands.

Exit codes: 0 stopped by a signal, 1 a setting, Kafka or Redis is wrong, 2 wrong arguments. The commands say their
own.
"""

import argparse
import sys

from bridge import app
from bridge.commands import check, dead_letters, predecessor, replay, send, status


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command and its options; `--help` and wrong arguments end the process here, before any setting is read."""
    parser = argparse.ArgumentParser(
        prog="python -m bridge", description="Without a command: runs the bridge until SIGTERM or SIGINT."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser(
        "replay",
        parents=[replay.arguments()],
        help="send dead letters to the input topic again",
        description=replay.__doc__,
    )
    commands.add_parser(
        "dead-letters",
        parents=[dead_letters.arguments()],
        help="show the last dead letters: offset, time, reason, field",
        description=dead_letters.__doc__,
    )
    commands.add_parser("resume", help="go on after too many dead letters: those written up to now no longer count")
    commands.add_parser(
        "status", parents=[status.arguments()], help="tell the state, and what to do", description=status.__doc__
    )
    commands.add_parser(
        "check",
        parents=[check.arguments()],
        help="try every connection, topic and permission, and say what to do",
        description=check.__doc__,
    )
    commands.add_parser(
        "predecessor",
        parents=[predecessor.arguments()],
        help="say what an earlier handler has answered, and where to begin",
        description=predecessor.__doc__,
    )
    commands.add_parser(
        "send",
        parents=[send.arguments()],
        help="send one request and print its notification",
        description=send.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(app.main(parse(sys.argv[1:])))
