"""The result cache: the same question is asked once. Over a real Redis and over the fakes."""

import threading

import pytest
import redis

from contract import answer_key
from worker.leases import Lease
from worker.result_cache import ResultCache

QUESTION = "0123456789abcdef" * 4
ANSWER = '{"grading": "ответ"}'


@pytest.fixture
def results(fleet):
    return fleet.results()


def test_an_answer_is_kept_for_its_time(fleet, results):
    """Who asks the same within the TTL gets the same answer."""
    assert results.get(QUESTION) is None
    results.put(QUESTION, ANSWER)
    assert results.get(QUESTION) == ANSWER
    assert fleet.keys() == [answer_key(QUESTION)]
    assert 0 < fleet.seconds_left(answer_key(QUESTION)) <= 60


def test_a_ttl_of_zero_keeps_nothing(fleet):
    """RESULT_CACHE_TTL=0 asks the model every time."""
    results = fleet.results(ttl=0)
    results.put(QUESTION, ANSWER)
    assert fleet.keys() == []
    assert results.get(QUESTION) is None


def test_of_many_who_ask_at_once_one_leads(redis_url, make_leases):
    """Eight workers with the same question at the same moment: one right to ask, seven waits."""
    barrier = threading.Barrier(8)
    answers = []

    def ask(number):
        with redis.Redis.from_url(redis_url) as client:
            results = ResultCache(client, make_leases(client, 10.0), ttl=60)
            barrier.wait()
            answers.append(results.lead(QUESTION, f"token-{number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([answer for answer in answers if isinstance(answer, Lease)]) == 1
    assert [answer for answer in answers if not isinstance(answer, Lease)] == [0.5] * 7


def test_a_leader_that_works_may_end_any_time(fleet, results):
    """While another asks, the answer is looked for twice a second."""
    results.lead(QUESTION, "first")
    assert fleet.results().lead(QUESTION, "second") == 0.5


def test_a_leader_that_waits_says_how_long(fleet, results):
    """Others come back when the one that waits for its turn does, not every half second."""
    results.lead(QUESTION, "first").park(60)
    assert 58 < fleet.results().lead(QUESTION, "second") <= 60


def test_a_request_goes_on_with_its_own_right_to_ask(fleet, results):
    """After a countdown the same request may ask at once, in another worker too."""
    results.lead(QUESTION, "first").park(60)
    assert not isinstance(fleet.results().lead(QUESTION, "first"), float)


def test_a_dead_leaders_right_passes_on(fleet, results):
    """A worker that was killed while it asked holds the others up for one lease."""
    results.lead(QUESTION, "dead").forget()
    other = fleet.results()
    fleet.eventually(lambda: not isinstance(other.lead(QUESTION, "second"), float))
