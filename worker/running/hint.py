"""A hint as the worker holds it: Flower and `celery events` see a scoring that failed as a failed task."""

from typing import Any

from celery.exceptions import Ignore
from celery.worker.request import Request


class ScoringFailed(Ignore):  # type: ignore[misc] # Celery has no types
    """The request has ended, and its outcome, a failure, is stored. The text is the failure's name.

    Celery only acknowledges the hint of an ignored task: nothing is retried, stored or logged as an error.
    """


class Hint(Request):  # type: ignore[misc] # Celery has no types
    """Celery's request, which says of a failed scoring what it says of a failed task."""

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        raised = getattr(exc_info.exception, "exc", exc_info.exception)  # it may be wrapped with its traceback
        if isinstance(raised, ScoringFailed):
            self.send_event("task-failed", exception=str(raised), traceback="")
        return super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)
