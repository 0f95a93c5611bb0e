"""What the fleet spends in a day, over a real Redis."""

import logging

import pytest
import redis

from contract import spent_key, too_early_key
from tests.support.fakes import FakeClock
from worker.asking.circuit_breaker import CircuitBreaker
from worker.asking.money.spending import DAY, Spending
from worker.errors import SendingBlockedError

NOON = 1_700_000_000.0 // DAY * DAY + DAY / 2


@pytest.fixture
def clock():
    return FakeClock(NOON)


@pytest.fixture
def breaker(redis_client):
    return CircuitBreaker(redis_client)


@pytest.fixture
def make(redis_client, breaker, clock):
    """Makes the spending of a worker with this budget."""
    return lambda budget=1.0: Spending(redis_client, breaker, budget=budget, clock=clock)


def test_all_workers_count_together(make):
    """The sum of the day is the fleet's."""
    make().add(0.25)
    make().add(0.5)
    assert make().state() == {"spent_today": 0.75, "budget": 1.0}


def test_a_spent_budget_stops_the_fleet_until_midnight(make, breaker):
    """Nothing more is sent that day, and operators read why."""
    make().add(0.6)
    assert breaker.state() == {}
    make().add(0.4)
    assert breaker.state() == {"budget": pytest.approx(DAY / 2, abs=60)}
    with pytest.raises(SendingBlockedError, match="OPENAI_BUDGET"):
        breaker.require("token")


def test_it_trips_once(make, caplog):
    """Calls that were under way when the budget was spent do not raise the alarm again."""
    caplog.set_level(logging.ERROR)
    for _ in range(3):
        make().add(2.0)
    assert len([record for record in caplog.records if "circuit breaker open" in record.message]) == 1


def test_the_next_day_begins_at_zero(make, clock, breaker, redis_client):
    """After midnight requests go again: one tries, and what is spent counts for the new day."""
    make().add(1.5)
    clock.now += DAY
    redis_client.delete(too_early_key("budget"))  # midnight
    assert make().state()["spent_today"] == 0
    assert breaker.require("token") == "budget"


def test_a_raised_budget_counts_when_a_worker_starts(make, breaker):
    """Whoever pays more does not wait for midnight; other reasons stay."""
    make().add(1.5)
    make(1.0).look_again()
    assert "budget" in breaker.state()
    breaker.trip("quota")
    make(2.0).look_again()
    assert list(breaker.state()) == ["quota"]
    with pytest.raises(SendingBlockedError):
        breaker.require("token")


def test_without_a_budget_money_is_only_counted(make, breaker):
    """No limit, no brake."""
    make(0.0).add(1_000.0)
    assert breaker.state() == {}
    assert make(0.0).state() == {"spent_today": 1_000.0, "budget": "none"}


def test_a_redis_that_is_away_costs_no_answer(breaker, clock, caplog):
    """The call is paid for and its answer goes on; the log says what was not counted."""
    store = redis.Redis(port=1, socket_connect_timeout=0.5)
    Spending(store, breaker, budget=1.0, clock=clock).add(0.5)
    store.close()
    assert "not counted" in caplog.text


def test_sums_are_forgotten(make, redis_client):
    """Redis does not grow with the days."""
    make().add(0.5)
    assert 0 < redis_client.ttl(spent_key("2023-11-14")) <= 7 * DAY
