"""What operators run beside a bridge, a module each: `arguments` makes the parser, `run` returns the exit code.

Readers join no group, and are closed at the end. Brokers or a Redis that are away end in `app.main`, which says so.
"""

import sys


def say(line: str) -> None:
    """A command's answer goes to its user."""
    print(line)  # noqa: T201


def say_aside(line: str) -> None:
    """Standard output is for the answer alone."""
    print(line, file=sys.stderr)  # noqa: T201
