"""`python -m bridge`: runs the bridge until SIGTERM or SIGINT; `python -m bridge --help` lists its other commands.

Exit codes: 0 stopped by a signal, 1 a setting, Kafka or Redis is wrong, 2 wrong arguments. The commands say their
own.
"""

import argparse
import sys
from types import ModuleType
from typing import Any

from bridge import app
from bridge.commands import check, dead_letters, predecessor, replay, send, status


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command and its options; `--help` and wrong arguments end the process here, before any setting is read."""
    parser = argparse.ArgumentParser(
        prog="python -m bridge", description="Without a command: runs the bridge until SIGTERM or SIGINT."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, command: ModuleType, said: str, **more: Any) -> None:
        commands.add_parser(name, parents=[command.arguments()], help=said, description=command.__doc__, **more)

    add("replay", replay, "send dead letters to the input topic again")
    add("dead-letters", dead_letters, "show the last dead letters: offset, time, reason, field")
    commands.add_parser("resume", help="go on after too many dead letters: those written up to now no longer count")
    add("status", status, "tell the state, and what to do")
    add("check", check, "try every connection, topic and permission, and say what to do")
    add("predecessor", predecessor, "say what an earlier handler has answered, and where to begin")
    raw = argparse.RawDescriptionHelpFormatter
    add("send", send, "send one request and print its notification", formatter_class=raw)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(app.main(parse(sys.argv[1:])))
