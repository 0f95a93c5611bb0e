"""Looks for workers that answer: without one every request waits, and nothing else says so."""

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from bridge.commands.check.finding import Finding, note, ok, skipped
from contract import QUEUE_NAME

WHAT = "workers"
PATIENCE = 2.0  # seconds for their answers; an idle one takes milliseconds


def look_at_workers() -> Finding:
    """How many answer, of those that take our hints; none is no fault, since this may be before their start."""
    celery = Celery("check")
    celery.config_from_object("celeryconfig")
    try:
        found = celery.control.inspect(timeout=PATIENCE).active_queues() or {}
    except (OperationalError, RedisError):
        return skipped(WHAT, "Redis does not let us ask them")
    finally:
        celery.close()
    ours = [name for name, queues in found.items() if QUEUE_NAME in [queue["name"] for queue in queues]]
    if not ours:
        return note(
            WHAT, f"none answers within {PATIENCE:g} s", "start one (`celery -A worker worker`): requests wait for it"
        )
    return ok(WHAT, f"{len(ours)} answer{'s' if len(ours) == 1 else ''}: {', '.join(sorted(ours))}"[:200])
