"""The result cache on a real Redis: the same question is asked once."""

import threading

import pytest
import redis

from tests.support.fakes import REQUIREMENTS, RESUME, SECRET_WORDS, eventually, good_answer
from worker.assessment.grading import parse_grading
from worker.leases import Lease
from worker.result_cache import ResultCache

GRADING = parse_grading(good_answer().content)
LEASE = 1.0


@pytest.fixture
def cache_of(make_leases):
    """Makes the cache of one more worker."""

    def make(client, *, ttl=60, version="model 1 1", seconds=LEASE):
        return ResultCache(client, make_leases(client, seconds), ttl=ttl, version=version)

    return make


@pytest.fixture
def cache(redis_client, cache_of):
    return cache_of(redis_client)


@pytest.fixture
def question(cache):
    return cache.question(REQUIREMENTS, RESUME)


def test_an_answer_is_kept_for_its_time(redis_client, cache, question):
    """Who asks the same within the TTL gets the same grading."""
    assert cache.get(question) is None
    cache.put(question, GRADING)
    assert cache.get(question) == GRADING
    (key,) = redis_client.keys()
    assert 0 < redis_client.ttl(key) <= 60


def test_a_ttl_of_zero_keeps_nothing(redis_client, question, cache_of):
    """RESULT_CACHE_TTL=0 asks the model every time."""
    cache = cache_of(redis_client, ttl=0)
    cache.put(question, GRADING)
    assert redis_client.keys() == []
    assert cache.get(question) is None


def test_another_question_has_another_answer(redis_client, cache, question, cache_of):
    """Another text, another model, prompt or rubric, or a letter moved from one text to the other: asked anew."""
    others = [
        cache.question(REQUIREMENTS, RESUME + " "),
        cache.question(REQUIREMENTS + " ", RESUME),
        cache.question(REQUIREMENTS + RESUME[0], RESUME[1:]),
        cache.question(RESUME, REQUIREMENTS),
        cache_of(redis_client, version="model 1 2").question(REQUIREMENTS, RESUME),
    ]
    assert len({question, *others}) == len(others) + 1


def test_keys_tell_nothing_of_the_texts(redis_client, cache, question):
    """Who lists the keys of Redis reads digests only."""
    cache.put(question, GRADING)
    cache.fly(question, "token")
    keys = b" ".join(redis_client.keys()).decode()
    assert not [word for word in SECRET_WORDS if word in keys]
    assert len(question) == 64


def test_of_many_who_ask_at_once_one_flies(redis_url, question, cache_of):
    """Eight workers with the same question at the same moment: one right to ask, seven waits."""
    barrier = threading.Barrier(8)
    answers = []

    def ask(number):
        with redis.Redis.from_url(redis_url) as client:
            cache = cache_of(client, seconds=10.0)
            barrier.wait()
            answers.append(cache.fly(question, f"token-{number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([answer for answer in answers if isinstance(answer, Lease)]) == 1
    assert [answer for answer in answers if not isinstance(answer, Lease)] == [0.5] * 7


def test_a_parked_flight_says_how_long_it_waits(redis_client, cache, question, cache_of):
    """Others come back when the one that waits for its turn does, not every half second."""
    cache._leases.park(cache.fly(question, "first"), 60)
    assert 58 < cache_of(redis_client).fly(question, "second") <= 60


def test_a_request_goes_on_with_its_own_flight(redis_client, cache, question, cache_of):
    """After a countdown the same request may ask at once, in another worker too."""
    cache._leases.park(cache.fly(question, "first"), 60)
    assert isinstance(cache_of(redis_client).fly(question, "first"), Lease)


def test_a_dead_askers_flight_passes_on(redis_client, cache, question, cache_of):
    """A worker that was killed while it asked holds the others up for one lease."""
    cache._leases.forget(cache.fly(question, "dead"))
    other = cache_of(redis_client)
    eventually(lambda: isinstance(other.fly(question, "second"), Lease))
