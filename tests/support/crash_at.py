"""Runs the bridge or the worker, and kills it with SIGKILL at one exact point.

    python tests/support/crash_at.py before bridge.publisher:Publisher._commit 1 bridge
    python tests/support/crash_at.py after worker.outcome_store:OutcomeStore.finish 2 worker -n w@host

That is: before (or after) the first (second, ...) call of that method; values as for launch.py may stand in front. The
production modules know nothing of this: the method is wrapped from outside, before the program starts.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
import time
from pathlib import Path

# What librdkafka still has in its queues gets out within this: the worst moment to die is after that.
LINGER = 0.1  # seconds


def arm(when, place, call):
    """Wrap the method so that its `call`-th call ends the process."""
    module_name, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner = importlib.import_module(module_name)
    for part in owners:
        owner = getattr(owner, part)
    original = getattr(owner, name)
    calls = 0

    @functools.wraps(original)
    def wrapped(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == call and when == "before":
            die()
        result = original(*args, **kwargs)
        if calls == call and when == "after":
            die()
        return result

    setattr(owner, name, wrapped)


def die():
    time.sleep(LINGER)
    os.kill(os.getpid(), signal.SIGKILL)


def main():
    sys.path.insert(0, str(Path.cwd()))
    from tests.support.launch import put_values, run  # noqa: PLC0415 - not on the path before

    when, place, call, program, *arguments = put_values(sys.argv[1:])
    if program == "worker":
        importlib.import_module("worker.app")  # as `celery -A worker` does, before anything of it is wrapped
    arm(when, place, int(call))
    run(program, *arguments)


if __name__ == "__main__":
    main()
