"""The Celery task: thin, decides nothing."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from celery import Celery, Task

from contract import TASK_NAME
from logs import log_about
from worker import metrics
from worker.progress import Park, Progress
from worker.running.hint import ScoringFailed
from worker.scoring import Scoring


def register(app: Celery, scoring: Callable[[], Scoring]) -> Task:
    """Add the task to an app.

    Args:
        app: the worker's.
        scoring: gives this process' scoring; called in the task, so after the worker forked if it forks.
    """

    # Waiting is no failure: how often a request may fail is scoring's to count, so Celery counts nothing.
    @app.task(bind=True, name=TASK_NAME, max_retries=None, shared=False, Request="worker.running.hint:Hint")
    def score_resume(self: Any, processing_id: int, progress: dict[str, Any] | None = None) -> None:
        """Score the request that the bridge put into Redis under this id; its outcome goes there too."""
        with log_about(processing_id), metrics.BUSY_THREADS.track_inprogress():
            ended = scoring().run(processing_id, Progress(**(progress or {})))
            if isinstance(ended, Park):
                carried = {name: value for name, value in asdict(ended.progress).items() if value}
                raise self.retry(args=(processing_id, carried), kwargs={}, countdown=ended.seconds)
            if ended is not None and not self.request.is_eager:
                raise ScoringFailed(ended.name)

    return score_resume
