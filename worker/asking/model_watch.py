"""Looks from time to time what the endpoint says of the model, so that its end comes as no surprise."""

import logging
import threading
from datetime import UTC, datetime, time

from worker import metrics
from worker.asking.model_card import WARN_WITHIN, Get, ModelCard, model_card
from worker.errors import SendingBlockedError
from worker.ports import Egress

log = logging.getLogger(__name__)

LOOK_EVERY = 21_600.0  # seconds
LOOK_AGAIN = 300.0  # seconds, where nothing may be sent, or nobody answered


def keep_looking(get: Get, model: str, egress: Egress, stopping: threading.Event, provider: str = "") -> None:
    """Ask again and again, where `egress` lets it leave, for the metrics; a warning says once what is wrong."""
    told: ModelCard | None = None
    pause = 0.0
    while not stopping.wait(pause):
        pause = LOOK_AGAIN
        try:
            egress.require()
        except SendingBlockedError:
            continue
        card = model_card(get, model)
        if card is None:
            continue
        pause = LOOK_EVERY
        show(card, provider)
        if card != told:
            _tell(card, model)
        told = card


def show(card: ModelCard, provider: str = "") -> None:
    metrics.MODEL_LISTED.labels(provider).set(card.listed is not False)
    end = datetime.combine(card.shutdown, time(), UTC).timestamp() if card.shutdown else 0
    metrics.MODEL_SHUTDOWN.labels(provider).set(end)


def _tell(card: ModelCard, model: str) -> None:
    if card.listed is False:
        log.error("the endpoint does not list %s: correct OPENAI_MODEL", model)
    if card.ends_within(WARN_WITHIN, datetime.now(UTC).date()):
        log.warning("%s will be shut down on %s: set OPENAI_MODEL to another", model, card.shutdown)
