"""Runs the bridge or the worker with other values than those that the service has decided on.

    python tests/support/launch.py worker.app:RETRY_BASE=12 worker -n w@host
    python tests/support/launch.py worker.asking.circuit_breaker:OPEN_FOR.quota=5 worker

The production modules know nothing of this: the values are put into them from outside, before the program starts.
"""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path

LAUNCHER = str(Path(__file__))


def put_values(arguments):
    """Put numbers into modules or their dictionaries, `module:NAME=1.5` each; the arguments behind those."""
    while "=" in arguments[0]:
        place, _, value = arguments[0].partition("=")
        module_name, _, name = place.partition(":")
        values = vars(importlib.import_module(module_name))
        *dictionary, name = name.split(".")
        for each in dictionary:
            values = values[each]
        assert name in values, place
        values[name] = float(value)
        arguments = arguments[1:]
    return arguments


def run(program, *arguments):
    """Run the bridge as a module, or the worker as `celery -A worker` does."""
    if program == "worker":
        import worker.app  # noqa: PLC0415 - it reads the settings

        worker.app.app.worker_main(["worker", *arguments])
    else:
        sys.argv = [program, *arguments]
        runpy.run_module(program, run_name="__main__")


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    run(*put_values(sys.argv[1:]))
