"""Celery's consumer, mended where the loss of Redis would end the worker."""

import logging

from celery.worker.consumer import Consumer

log = logging.getLogger(__name__)


class SteadyConsumer(Consumer):  # type: ignore[misc] # Celery has no types
    """Goes on when its connection is lost while hints are unacknowledged.

    Kombu 5.7 closes a lost channel twice. The first attempt reads the pending BRPOP, fails and stops there; the
    second puts unacknowledged messages back through a transport that is forgotten by then: an AttributeError,
    which Celery calls unrecoverable. So Redis' death took every second busy worker with it (exit code 1), and
    its calls in hand. Those hints come again in other ways.
    """

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Clean up after the connection, before the next attempt."""
        try:
            super().on_connection_error_after_connected(exc)
        except AttributeError as error:
            if self.connection is not None:  # something else
                raise
            log.warning("unacknowledged hints could not be put back: %s", error)
