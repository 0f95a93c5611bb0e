"""A provider that is away, wants money, or takes other things than most: what users hear, and how many calls it is."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import redis

from contract import tripped_key
from tests.support.fleet import scoring_request
from tests.support.launch import LAUNCHER

COUNT = 20
SOON_AGAIN = "worker.app:MAX_COUNTDOWN=5"  # for who waits for a breaker that somebody closes
ONE_VACANCY = [scoring_request(7_000 + number) for number in range(COUNT)]
MANY_VACANCIES = [scoring_request(7_100 + number, aside=f"Проект № {number}.") for number in range(COUNT)]


@pytest.fixture
def fleet(make_fleet, private_redis):
    """A bridge and two workers that have asked nothing yet."""
    fleet = make_fleet(redis_url=f"{private_redis.url}/1", EGRESS_CHECK="off")
    fleet.create_topics()
    fleet.bridge()
    for name in ("first", "second"):
        fleet.worker(name=name, launcher=(LAUNCHER, SOON_AGAIN))
    return fleet


def notifications(fleet):
    return [json.loads(record.value) for record in fleet.contents()["notifications"]]


def all_scored(fleet, eventually, *, seconds=120.0):
    """Wait until each request has ended, and look how."""
    eventually(lambda: len(notifications(fleet)) == COUNT, "an end of every request", seconds)
    return all(one["success"] for one in notifications(fleet))


def open_for(shared, reason):
    return shared.exists(tripped_key(reason))


def test_an_outage_is_waited_out(fleet, standin, private_redis, eventually):
    """Twenty requests meet a 503: none fails, none is asked more than twice, and one asks for all."""
    with redis.Redis.from_url(f"{private_redis.url}/1") as shared:
        standin.fault("status_503", share=1.0)
        fleet.send(ONE_VACANCY)
        eventually(lambda: (shared.get(tripped_key("provider")) or b"0") >= b"2", "a probe in vain")
        assert notifications(fleet) == []
        standin.clear_faults()
        assert all_scored(fleet, eventually)
    asked = Counter(attempt["key"] for attempt in standin.attempts() if attempt["asks"] != "other")
    assert max(asked.values()) <= 2


def test_money_that_is_missing_fails_nobody(fleet, standin, private_redis, eventually):
    """402: the breaker says so, requests wait, and go on as soon as somebody says that it is paid."""
    with redis.Redis.from_url(f"{private_redis.url}/1") as shared:
        standin.fault("payment_required", share=1.0)
        fleet.send(ONE_VACANCY)
        eventually(lambda: open_for(shared, "quota"), "an open breaker")
        (seen, *_) = fleet.celery_says("inspect", "limits").values()
        assert 0 < seen["circuit_breaker"]["quota"] <= 300
        assert notifications(fleet) == []
        standin.clear_faults()
        fleet.celery_says("control", "close_breaker")
    assert all_scored(fleet, eventually)


def test_what_a_model_takes_is_learned_once_for_the_fleet(fleet, standin, eventually):
    """Two workers, twenty vacancies at once: as many calls are refused as there are lessons."""
    standin.set(family="gpt-6.2")
    fleet.send(MANY_VACANCIES)
    assert all_scored(fleet, eventually)
    refused = [attempt for attempt in standin.attempts() if attempt["status"] == 400]
    (seen, *_) = fleet.celery_says("inspect", "limits").values()
    assert len(refused) == seen["profile"]["lessons"] > 0
    assert seen["profile"]["reasoning_effort"] == "low"
