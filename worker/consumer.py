"""Celery's consumer, mended where the loss of Redis would end the worker."""

import logging
from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer

log = logging.getLogger(__name__)


class LastingConsumer(Consumer):  # type: ignore[misc] # Celery has no types
    """Goes on after a lost connection, whatever fails while the old one is put away.

    Celery 5.7 makes a broken connection forget its address (`collect`) and then closes it. Whatever still uses it
    afterwards, to give a hint back or to acknowledge one, meets an `AttributeError` in kombu's Redis transport
    (`_connparams`), which nobody expects: "Unrecoverable error", and the worker ended. Nothing is lost by going on:
    a hint that comes again does no harm, and one that is gone is sent again by the bridge.
    """

    def on_connection_error_after_connected(self, exc: Exception) -> Any:
        """Put the broken connection away; the caller reconnects."""
        return _survive(super().on_connection_error_after_connected, exc)

    def call_soon_ack(self, p: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Have the event loop acknowledge the hint of a task that has ended."""
        return super().call_soon_ack(_survive, p, *args, **kwargs)


def _survive(step: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return step(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 # the connection that it was about is gone already
        log.warning("on a lost connection: %s: %s", type(error).__name__, error)
        return None
