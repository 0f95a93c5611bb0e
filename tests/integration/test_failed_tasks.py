"""A scoring that failed is a failed task to those who watch, and nothing else than acknowledged to Celery."""

import threading

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker

from contract import QUEUE_NAME, TASK_NAME, Failure
from worker.progress import Park, Progress
from worker.tasks import register

ENDS = {1: None, 2: Failure.UNAVAILABLE, 3: Park(3_600.0, Progress())}


class Scorings:
    """Ends as `ENDS` says."""

    def __init__(self):
        self.runs = []

    def run(self, processing_id, _progress):
        self.runs.append(processing_id)
        return ENDS[processing_id]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_failed_scoring_is_a_failed_task_in_flower(redis_url):
    """Flower shows it as FAILURE with the failure's name; a score is SUCCESS, a wait RETRY; nothing runs twice."""
    app = Celery("test", broker=redis_url, set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE_NAME, task_ignore_result=True, task_acks_late=True, worker_send_task_events=True,
        worker_enable_remote_control=False, worker_hijack_root_logger=False, task_track_started=True,
    )  # fmt: skip
    scorings = Scorings()
    task = register(app, lambda: scorings)
    heard, complete = {}, threading.Event()

    def hear(event):
        if event["type"] in ("task-failed", "task-succeeded", "task-retried"):
            heard.setdefault(event["uuid"], []).append((event["type"], event.get("exception")))
        if len(heard) == len(ENDS):
            complete.set()
            receiver.should_stop = True

    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": hear})
        listening = threading.Thread(target=lambda: receiver.capture(timeout=120, wakeup=False), daemon=True)
        listening.start()
        with start_worker(app, perform_ping_check=False, pool="threads", concurrency=2, shutdown_timeout=60):
            for processing_id in ENDS:
                task.apply_async((processing_id,), task_id=str(processing_id))
            assert complete.wait(100), heard
        listening.join(60)
        queued = connection.default_channel.client.llen(QUEUE_NAME)
    app.close()
    assert heard["1"] == [("task-succeeded", None)]
    assert heard["2"] == [("task-failed", "UNAVAILABLE")]
    assert [kind for kind, _ in heard["3"]] == ["task-retried"]
    assert sorted(scorings.runs) == [1, 2, 3]
    assert queued == 1, "only the one that waits goes back into the queue when the worker ends"
    assert task.name == TASK_NAME
