"""Runs a worker that dies of certain requests: SIGKILL as soon as it has claimed one of them.

    python tests/support/poison.py FOLDER 3,17 5,9 worker -n w@host

That is: each time it takes request 3 or 17, and the first time that any worker takes 5 or 9 (FOLDER remembers).
The production modules know nothing of this: the method is wrapped from outside, before the program starts.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from pathlib import Path


def arm(scoring, folder, always, once):
    """Wrap `Scoring._work`, which begins when the request is claimed."""
    original = scoring._work

    @functools.wraps(original)
    def wrapped(self, processing_id, *arguments):
        if processing_id in always or (processing_id in once and first(folder / f"died-of-{processing_id}")):
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, processing_id, *arguments)

    scoring._work = wrapped


def first(marker):
    """Whether nobody was here before."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def ids(words):
    return frozenset(map(int, filter(None, words.split(","))))


def main():
    folder, always, once, *arguments = sys.argv[1:]
    sys.path.insert(0, str(Path.cwd()))
    import worker.app  # noqa: PLC0415 - as `celery -A worker` does
    from worker.scoring import Scoring  # noqa: PLC0415 - the folder is on the path only now

    arm(Scoring, Path(folder), ids(always), ids(once))
    worker.app.app.worker_main(arguments)


if __name__ == "__main__":
    main()
