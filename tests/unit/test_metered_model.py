"""The meter beside the model: what Prometheus is told of a call."""

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from tests.support.fakes import FakeModel, good_answer
from worker.asking.money.metered_model import MeteredModel
from worker.asking.money.prices import Price
from worker.errors import BrokenAnswerError, DeniedError, TransientError
from worker.limits.provider_limits import Denial
from worker.ports import Call, Usage

NAME = "metered-in-a-test"
PRICE = Price(0.40, 0.10, 1.60, 0.50)
CALL = Call([], {"json_schema": {"name": "grades"}}, 100)


class Meter:
    """A metered model whose calls take two seconds each, and what was spent by it."""

    def __init__(self, price=PRICE):
        self.model = FakeModel([])
        self.spent = []
        self._ticks = iter(range(0, 1_000, 2))
        self.asked = MeteredModel(self.model, NAME, price, self.spent.append, clock=lambda: next(self._ticks))


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_an_answer_is_counted_with_its_tokens_and_its_money():
    """Tokens and dollars are there by model; the provider's cached tokens cost a quarter of the others."""
    meter = Meter()
    before = value("ai_handler_model_calls_total", provider="", result="answer")
    seconds = value("ai_handler_model_call_seconds_sum", result="answer")
    meter.model.script.append(answer := good_answer())
    assert meter.asked.ask(CALL) is answer
    assert value("ai_handler_model_calls_total", provider="", result="answer") == before + 1
    assert value("ai_handler_model_call_seconds_sum", result="answer") == seconds + 2
    assert value("ai_handler_tokens_total", provider="", model=NAME, kind="cached") == 1_024
    dollars = (476 * 0.40 + 1_024 * 0.10 + 250 * 1.60) / 1_000_000
    assert meter.spent == [pytest.approx(dollars)]
    assert value("ai_handler_spent_usd_total", provider="", model=NAME) == pytest.approx(dollars)


def test_writing_into_the_cache_and_a_slower_tier_have_prices_of_their_own():
    """What the provider bills for what it keeps is counted, and half of all where it says that it charged half."""
    usage = Usage(1_000, 100, 200, reasoning_tokens=50, written_tokens=600)
    dollars = (300 * 0.40 + 100 * 0.10 + 600 * 0.50 + 200 * 1.60) / 1_000_000
    assert PRICE.of(usage) == pytest.approx(dollars)
    assert PRICE.of(replace(usage, tier="flex")) == pytest.approx(dollars / 2)
    assert PRICE.of(replace(usage, tier="default")) == pytest.approx(dollars)
    assert PRICE.of(replace(usage, written_tokens=5_000)) == pytest.approx(
        (100 * 0.10 + 900 * 0.50 + 200 * 1.60) / 1_000_000
    )


def test_a_failed_call_has_its_duration_too():
    """A provider that lets every call run into its timeout shows as slow, and not as idle."""
    meter = Meter()
    meter.model.script.append(TransientError("502"))
    seconds = value("ai_handler_model_call_seconds_sum", result="failure")
    with pytest.raises(TransientError):
        meter.asked.ask(CALL)
    assert value("ai_handler_model_call_seconds_sum", result="failure") == seconds + 2
    assert meter.spent == []


def test_an_answer_that_is_of_no_use_costs_money_too():
    """A provider bills what it truncates or refuses: the day's sum and the tokens do not leave it out."""
    meter = Meter()
    meter.model.script.append(BrokenAnswerError("truncated", usage=Usage(1_000, 0, 1_200)))
    tokens = value("ai_handler_tokens_total", provider="", model=NAME, kind="completion")
    with pytest.raises(BrokenAnswerError):
        meter.asked.ask(CALL)
    assert meter.spent == [pytest.approx((1_000 * 0.40 + 1_200 * 1.60) / 1_000_000)]
    assert value("ai_handler_tokens_total", provider="", model=NAME, kind="completion") == tokens + 1_200


@pytest.mark.parametrize(("bucket", "label"), [("tpm", "tpm"), (None, "unknown")])
def test_a_denial_is_counted_by_the_limit_that_it_names(bucket, label):
    """One look tells which of the provider's limits is in the way."""
    meter = Meter()
    meter.model.script.append(DeniedError("429", Denial("rate_limit", bucket=bucket)))
    before = value("ai_handler_denials_total", provider="", bucket=label)
    with pytest.raises(DeniedError):
        meter.asked.ask(CALL)
    assert value("ai_handler_denials_total", provider="", bucket=label) == before + 1


def test_a_model_without_a_price_costs_nothing_that_is_known():
    """No money is invented."""
    meter = Meter(price=None)
    meter.asked.ask(CALL)
    assert meter.spent == []


def test_more_cached_tokens_than_tokens_cost_no_less_than_nothing():
    """Numbers of the provider that contradict each other do not make money."""
    assert PRICE.of(Usage(10, 50, 0)) == pytest.approx(10 * 0.10 / 1_000_000)
