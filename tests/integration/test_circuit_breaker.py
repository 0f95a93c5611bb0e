"""The fleet's circuit breaker: tripped by one, open for all. Over a real Redis and over the fake."""

import pytest

from config import Settings
from contract import probe_key, too_early_key
from worker.app import asks_as
from worker.asking.circuit_breaker import EXPLAINED, OPEN_FOR, CircuitBreaker
from worker.errors import SendingBlockedError

EACH = pytest.mark.parametrize("reason", OPEN_FOR)


@pytest.fixture
def breaker(fleet):
    return fleet.breaker()


@pytest.fixture
def others(fleet):
    """The breaker as another worker sees it."""
    return fleet.breaker()


def pass_time(fleet, reason):
    """Let the time be over for which the breaker stays open before somebody tries."""
    assert fleet.delete(too_early_key(reason))


def test_it_is_closed_at_first(breaker):
    """Nothing is held up where nothing went wrong."""
    assert breaker.require("ours") == ""
    assert breaker.state() == {}


@EACH
def test_one_worker_opens_it_for_all(breaker, others, reason):
    """What one worker learns keeps every worker from asking, at once, with a reason for operators."""
    breaker.trip(reason)
    with pytest.raises(SendingBlockedError) as caught:
        others.require("theirs")
    assert OPEN_FOR[reason] - 5 < caught.value.seconds <= max(1.0, OPEN_FOR[reason])
    assert caught.value.reason == f"{reason}: {EXPLAINED[reason]}"
    assert list(others.state()) == [reason]


def test_it_can_be_said_for_how_long(breaker, others):
    """Until midnight is exactly so long, however long the reason would keep it; a provider may only lengthen it."""
    breaker.trip("budget", 100.0)
    assert 90 < others.state()["budget"] <= 100
    breaker.trip("provider", at_least=300.0)
    assert 290 < others.state()["provider"] <= 300
    breaker.trip("quota", at_least=1.0)
    assert OPEN_FOR["quota"] - 10 < others.state()["quota"] <= OPEN_FOR["quota"]


@EACH
def test_after_its_time_one_request_tries(fleet, breaker, others, reason):
    """The fleet finds out by itself whether the reason is gone, with one request and not with all."""
    breaker.trip(reason)
    pass_time(fleet, reason)
    assert breaker.require("ours")
    with pytest.raises(SendingBlockedError) as caught:
        others.require("theirs")
    assert caught.value.seconds >= 1


@pytest.mark.parametrize("reason", [reason for reason in OPEN_FOR if reason != "budget"])
def test_other_settings_are_tried_at_once(redis_client, reason):
    """After a corrected key and a restart nobody waits for the old key's minute; and one try is enough."""
    old, new = CircuitBreaker(redis_client, "old"), CircuitBreaker(redis_client, "new")
    old.trip(reason)
    with pytest.raises(SendingBlockedError):
        old.require("ours")
    assert new.require("theirs") == reason
    with pytest.raises(SendingBlockedError):  # there is one probe at a time
        new.require("another of theirs")
    new.trip(reason)
    with pytest.raises(SendingBlockedError):
        new.require("theirs")
    new.reset()
    assert old.require("ours") == ""
    assert redis_client.dbsize() == 0


def test_a_spent_budget_is_spent_with_every_key(redis_client):
    """Money is counted for all of them."""
    CircuitBreaker(redis_client, "old").trip("budget")
    with pytest.raises(SendingBlockedError):
        CircuitBreaker(redis_client, "new").require("ours")


def test_whom_one_asks_is_a_digest():
    """The key, the URL and the model tell processes apart, and cannot be read out of it."""
    keys = {asks_as(Settings(openai_key=key, openai_model=model)) for key in ("one", "two") for model in ("m", "n")}
    assert len(keys) == 4
    assert asks_as(Settings(openai_key="one", rpm=7)) == asks_as(Settings(openai_key="one"))
    assert not [found for found in keys if "one" in found or "two" in found]


@EACH
def test_an_answered_probe_closes_it_for_all(fleet, breaker, others, reason):
    """Once one request was answered, everybody goes on."""
    breaker.trip(reason)
    pass_time(fleet, reason)
    breaker.require("ours")
    breaker.reset()
    assert others.require("theirs") == ""
    assert fleet.keys() == []


@EACH
def test_a_refused_probe_opens_it_again(fleet, breaker, others, reason):
    """While the reason lasts, the next try is a whole wait away, and no more than that."""
    breaker.trip(reason)
    pass_time(fleet, reason)
    breaker.require("ours")
    breaker.trip(reason)
    with pytest.raises(SendingBlockedError) as caught:
        others.require("theirs")
    assert caught.value.seconds > OPEN_FOR[reason] - 5
    pass_time(fleet, reason)
    assert others.require("theirs")


def test_the_probe_may_wait_and_come_again(fleet, breaker, others):
    """The request that tries is not shut out by itself when it first has to wait for its turn."""
    breaker.trip("quota")
    pass_time(fleet, "quota")
    assert breaker.require("ours")
    assert breaker.require("ours")
    with pytest.raises(SendingBlockedError):
        others.require("theirs")


def test_a_dead_probe_is_followed_by_another(fleet, breaker, others):
    """A probe whose worker was killed does not keep the breaker open for ever."""
    breaker.trip("quota")
    pass_time(fleet, "quota")
    breaker.require("ours")
    assert 0 < fleet.seconds_left(probe_key("quota")) <= 60
    fleet.delete(probe_key("quota"))
    assert others.require("theirs")


def test_every_reason_must_be_over(fleet, breaker):
    """Of two reasons the one that is over does not let requests past the other."""
    for over, lasting in (("region", "quota"), ("quota", "region")):
        breaker.trip(over)
        breaker.trip(lasting)
        pass_time(fleet, over)
        with pytest.raises(SendingBlockedError, match=lasting):
            breaker.require("ours")
        breaker.reset()


def test_an_outage_is_tried_at_longer_and_longer_pauses(fleet, breaker):
    """A moment's outage costs a moment, one of hours a tiny call a minute."""
    pauses = []
    for _ in range(6):
        breaker.trip("provider")
        pauses.append(round(breaker.state()["provider"]))
        pass_time(fleet, "provider")
    assert pauses == [5, 10, 20, 40, 60, 60]
    breaker.reset()
    breaker.trip("provider")
    assert round(breaker.state()["provider"]) == 5


def test_many_that_learn_the_same_at_once_open_it_once(caplog, redis_client):
    """Twenty requests in flight are one outage: one line in the log, and no longer pause for each of them."""
    breaker = CircuitBreaker(redis_client)
    for _ in range(20):
        breaker.trip("provider")
    assert len(caplog.records) == 1
    assert breaker.state()["provider"] <= OPEN_FOR["provider"]


@EACH
def test_it_is_logged_for_operators(caplog, redis_client, reason):
    """An error in the log says what to look at."""
    CircuitBreaker(redis_client).trip(reason)
    assert [(record.levelname, EXPLAINED[reason] in record.getMessage()) for record in caplog.records] == [
        ("ERROR", True)
    ]
