"""What an endpoint says of the model, from pages as several endpoints answer them."""

import json
import threading
from datetime import date, timedelta

import pytest

from worker import metrics
from worker.asking import model_watch
from worker.asking.model_card import WARN_WITHIN, ModelCard, model_card
from worker.errors import SendingBlockedError

MODEL = "a/model"
PAGE = "/models/a%2Fmodel"
LIST = "/models"


def endpoint(**pages):
    """Answers these pages, each a status and an object or bytes; all others are 404."""
    named = {PAGE: pages.get("page"), LIST: pages.get("all")}

    def get(path):
        status, body = named[path] or (404, {"detail": "Not Found"})
        return status, body if isinstance(body, bytes) else json.dumps(body).encode()

    return get


OPENAI = {"id": MODEL, "object": "model", "shutdown_date": "2027-01-14"}


@pytest.mark.parametrize(
    ("get", "expected"),
    [
        (endpoint(page=(200, OPENAI)), ModelCard(200, listed=True, shutdown=date(2027, 1, 14))),
        (endpoint(page=(200, {**OPENAI, "shutdown_date": None})), ModelCard(200, listed=True)),
        (endpoint(page=(200, {**OPENAI, "shutdown_date": "soon"})), ModelCard(200, listed=True)),
        (endpoint(page=(401, {})), ModelCard(401)),
        (endpoint(all=(200, {"data": [{"id": "other"}]})), ModelCard(404, listed=False)),
        (endpoint(all=(200, {"data": [{"id": MODEL}, {"id": 7}, 7]})), ModelCard(404, listed=True)),
        (endpoint(all=(200, {"data": [OPENAI]})), ModelCard(404, listed=True, shutdown=date(2027, 1, 14))),
        (endpoint(all=(200, {"data": []})), ModelCard(404)),
        (endpoint(all=(200, {"data": "x"})), ModelCard(404)),
        (endpoint(page=(200, b"<html>"), all=(200, b"[" * 100_000)), ModelCard(200)),
        (endpoint(page=(200, [1])), ModelCard(200)),
        (endpoint(), ModelCard(404)),
        (lambda _: None, None),
    ],
)
def test_what_pages_say_of_a_model(get, expected):
    """Its own page or the list tells whether it is there and when it ends; what says neither is no answer."""
    assert model_card(get, MODEL) == expected


def test_a_model_that_ends_soon():
    """Ninety days before, on the day, and after it; not a day earlier, and not without a date."""
    end = date(2027, 1, 14)
    ending = ModelCard(200, listed=True, shutdown=end)
    assert [ending.ends_within(WARN_WITHIN, end - timedelta(days=days)) for days in (91, 90, 0, -5)] == [
        False, True, True, True,
    ]  # fmt: skip
    assert not ModelCard(200, listed=True).ends_within(WARN_WITHIN, end)


class Exit:
    """An exit that is shut at first, as the test says how often."""

    def __init__(self, refusals=0):
        self.refusals = refusals

    def require(self):
        if self.refusals:
            self.refusals -= 1
            raise SendingBlockedError("egress: unknown", 1.0)


class Rounds(threading.Event):
    """Ends after so many looks, and keeps how long each pause would have been."""

    def __init__(self, looks):
        super().__init__()
        self.left = looks
        self.pauses = []

    def wait(self, timeout=None):
        self.pauses.append(timeout)
        self.left -= 1
        return self.left < 0


def test_the_metrics_say_what_the_endpoint_says(caplog):
    """Operators see the day of the end and that a model is not listed; the log says each once."""
    rounds = Rounds(2)
    model_watch.keep_looking(endpoint(all=(200, {"data": [{"id": "other"}]})), MODEL, Exit(), rounds)
    assert metrics.shown(metrics.MODEL_LISTED, "") == 0
    assert rounds.pauses == [0.0, model_watch.LOOK_EVERY, model_watch.LOOK_EVERY]
    assert [record.message for record in caplog.records] == ["the endpoint does not list a/model: correct OPENAI_MODEL"]
    caplog.clear()
    model_watch.keep_looking(endpoint(page=(200, {**OPENAI, "shutdown_date": "2020-01-14"})), MODEL, Exit(), Rounds(1))
    assert metrics.shown(metrics.MODEL_LISTED, "") == 1
    assert metrics.shown(metrics.MODEL_SHUTDOWN, "") == 1_578_960_000
    assert "will be shut down on 2020-01-14" in caplog.text


def test_nothing_is_asked_through_a_shut_exit():
    """The key does not leave from where requests may not, and it is looked again soon."""
    asked = []
    rounds = Rounds(2)
    model_watch.keep_looking(asked.append, MODEL, Exit(refusals=2), rounds)
    assert asked == []
    assert rounds.pauses[1:] == [model_watch.LOOK_AGAIN] * 2
