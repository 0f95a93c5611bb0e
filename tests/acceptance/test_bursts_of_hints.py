"""What many hints at once do to a worker: the bridge sends some twice, and a restored Redis brings back old ones."""

import redis
from celery import Celery

from contract import QUEUE_NAME, TASK_NAME

HINTS = 300


def test_hints_for_nothing_are_worked_off_at_once(stage):
    """Celery's own brake, were it in reach, would let one hint a second through and hold up all real ones."""
    stage = stage(RPM="60")
    stage.fleet.bridge()
    stage.fleet.worker()
    stage.send(1)
    stage.await_notified()
    url = stage.fleet.environment["REDIS_URL"]
    celery = Celery(broker=url)
    for _ in range(HINTS):
        celery.send_task(TASK_NAME, args=(1,), queue=QUEUE_NAME, ignore_result=True)
    with redis.Redis.from_url(url) as client:
        stage.await_so(lambda: client.llen(QUEUE_NAME) == 0, f"{HINTS} hints taken", HINTS / 3)
