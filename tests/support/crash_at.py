"""Runs the bridge or the worker, and kills it with SIGKILL at one exact point.

    python tests/support/crash_at.py before bridge.publisher:Publisher._commit 1 bridge
    python tests/support/crash_at.py after worker.outcome_store:OutcomeStore.finish 2 worker -n w@host

That is: before (or after) the first (second, ...) call of that method. The production modules know nothing of
this: the method is wrapped from outside, before the program starts.
"""

from __future__ import annotations

import functools
import importlib
import os
import runpy
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
    when, place, call, program, *arguments = sys.argv[1:]
    sys.path.insert(0, str(Path.cwd()))
    if program == "worker":
        import worker.app  # noqa: PLC0415 - as `celery -A worker` does

        arm(when, place, int(call))
        worker.app.app.worker_main(["worker", *arguments])
    else:
        arm(when, place, int(call))
        sys.argv = [program, *arguments]
        runpy.run_module(program, run_name="__main__")


if __name__ == "__main__":
    main()
