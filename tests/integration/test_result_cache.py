"""The result cache: the same question is asked once. Over a real Redis and over the fakes."""

import threading

import pytest
import redis

from contract import answer_key, flight_key, followers_key
from worker.asking.result_cache import ResultCache
from worker.ports import Follow, Follower, Known, Lead

QUESTION = "0123456789abcdef" * 4
NOW, DEADLINE = 1_000.0, 1_000.5  # Unix time
ANSWER = '{"grading": "ответ"}'


@pytest.fixture
def results(fleet):
    return fleet.results()


def test_an_answer_is_kept_for_its_time(fleet, results):
    """Who asks the same within the TTL gets the same answer, and nobody holds the right to ask any more."""
    results.keep(QUESTION, ANSWER, results.look(QUESTION, "first").lease, 60)
    assert fleet.results().look(QUESTION, "second") == Known(ANSWER)
    assert fleet.keys() == [answer_key(QUESTION)]
    assert 0 < fleet.seconds_left(answer_key(QUESTION)) <= 60


def test_a_ttl_of_zero_keeps_nothing(fleet):
    """EXPLANATION_TTL=0 asks the model every time."""
    results = fleet.results()
    results.keep(QUESTION, ANSWER, results.look(QUESTION, "first").lease, 0)
    assert fleet.keys() == []
    assert isinstance(results.look(QUESTION, "second"), Lead)


def test_an_answer_waits_for_a_redis_that_is_away_for_a_moment(monkeypatch, private_redis, make_leases):
    """It is paid for: a restart of Redis at the wrong moment does not make anybody ask again."""
    failed = threading.Event()
    with private_redis.client() as client, private_redis.client() as heartbeats:
        results = ResultCache(client, make_leases(heartbeats, 10.0))
        lead = results.look(QUESTION, "first").lease
        execute = client.execute_command

        def noted(*command, **options):
            try:
                return execute(*command, **options)
            except redis.RedisError:
                failed.set()
                raise

        monkeypatch.setattr(client, "execute_command", noted)
        private_redis.kill()
        keeping = threading.Thread(target=results.keep, args=(QUESTION, ANSWER, lead, 60))
        keeping.start()
        assert failed.wait(60)
        private_redis.start()
        keeping.join(60)
        assert results.look(QUESTION, "second") == Known(ANSWER)


def test_an_answer_does_not_wait_for_ever(private_redis, make_leases):
    """Where Redis stays away, the request ends here and is dispatched again later."""
    with private_redis.client() as client:
        results = ResultCache(client, make_leases(client, 10.0), patience=0.3)
        lead = results.look(QUESTION, "first").lease
        private_redis.kill()
        with pytest.raises(redis.RedisError):
            results.keep(QUESTION, ANSWER, lead, 60)


def test_a_late_leader_does_not_take_the_next_ones_right(fleet, results):
    """Who slept through its lease keeps its answer, which is as good as any, and leaves the other's right alone."""
    lead = results.look(QUESTION, "late").lease
    fleet.write(flight_key(QUESTION), "another's")
    results.keep(QUESTION, ANSWER, lead, 60)
    assert fleet.read(flight_key(QUESTION)) == "another's"
    assert results.look(QUESTION, "third") == Known(ANSWER)


def test_the_leader_hears_of_the_circuit_breaker(fleet, results):
    """Whether anything may be sent comes with the right to ask; a known answer needs no closed breaker."""
    assert results.look(QUESTION, "first").breaker_closed
    fleet.breaker().trip("quota")
    assert not results.look(QUESTION, "first").breaker_closed
    fleet.breaker().reset()
    assert results.look(QUESTION, "first").breaker_closed


def test_of_many_who_ask_at_once_one_leads(redis_url, make_leases):
    """Eight workers with the same question at the same moment: one right to ask, seven waits."""
    barrier = threading.Barrier(8)
    answers = []

    def ask(number):
        with redis.Redis.from_url(redis_url) as client:
            results = ResultCache(client, make_leases(client, 10.0))
            barrier.wait()
            answers.append(results.look(QUESTION, f"token-{number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([answer for answer in answers if isinstance(answer, Lead)]) == 1
    assert [answer for answer in answers if not isinstance(answer, Lead)] == [Follow(0.5)] * 7


def test_a_leader_that_works_may_end_any_time(fleet, results):
    """While another asks, the answer is looked for twice a second."""
    results.look(QUESTION, "first")
    assert fleet.results().look(QUESTION, "second") == Follow(0.5)


def test_who_will_ask_next_is_known_to_the_leader(fleet, results):
    """The limiter hears of all of them at once, before any of them sees the answer; nobody stands there twice."""
    lead = results.look(QUESTION, "first", Follower("1:0", 1.5, DEADLINE)).lease
    others = fleet.results()
    for number in (3, 2, 3):
        others.look(QUESTION, f"token-{number}", Follower(f"{number}:0", number + 0.5, DEADLINE))
    assert results.followers(QUESTION, NOW) == {"2:0": 2.5, "3:0": 3.5}
    assert not others.known(QUESTION)
    results.keep(QUESTION, ANSWER, lead, 60)
    assert others.known(QUESTION)
    assert results.followers(QUESTION, NOW) == {}


def test_who_has_ended_meanwhile_is_no_follower(fleet, results):
    """It failed at its deadline, in whatever worker: in the line it would hold up those who still wait."""
    results.look(QUESTION, "first")
    fleet.results().look(QUESTION, "second", Follower("2:0", 2.5, NOW))
    fleet.results().look(QUESTION, "third", Follower("3:0", 3.5, DEADLINE))
    assert results.followers(QUESTION, NOW) == {"3:0": 3.5}


def test_a_follower_that_becomes_the_leader_follows_no_more(fleet, results):
    """The first leader gave up: who asks now would otherwise be waited for at a place where it has been."""
    lead = results.look(QUESTION, "first").lease
    fleet.results().look(QUESTION, "second", Follower("2:0", 2.5, DEADLINE))
    fleet.results().look(QUESTION, "third", Follower("3:0", 3.5, DEADLINE))
    lead.release()
    results.look(QUESTION, "second", Follower("2:0", 2.5, DEADLINE))
    assert results.followers(QUESTION, NOW) == {"3:0": 3.5}


def test_a_leader_that_waits_says_how_long(fleet, results):
    """Others come back when the one that waits for its turn does, not every half second."""
    results.look(QUESTION, "first").lease.park(60)
    assert 58 < fleet.results().look(QUESTION, "second").seconds <= 60


def test_a_request_goes_on_with_its_own_right_to_ask(fleet, results):
    """After a countdown the same request may ask at once, in another worker too."""
    results.look(QUESTION, "first").lease.park(60)
    assert isinstance(fleet.results().look(QUESTION, "first"), Lead)


def test_a_dead_leaders_right_passes_on(fleet, results):
    """A worker that was killed while it asked holds the others up for one lease."""
    results.look(QUESTION, "dead").lease.forget()
    other = fleet.results()
    fleet.eventually(lambda: isinstance(other.look(QUESTION, "second"), Lead))


def test_a_vacancys_criteria_are_found_by_its_id(results):
    """`python -m worker criteria ID` shows what its resumes are measured by."""
    results.keep(QUESTION, ANSWER, results.look(QUESTION, "first").lease, 60)
    assert results.criteria_of(301) is None
    results.name(301, QUESTION, 60)
    assert results.criteria_of(301) == ANSWER
    assert results.criteria_of(302) is None


def test_followers_are_noted_for_as_long_as_they_wait(redis_url, make_leases):
    """A leader that never ends leaves nothing behind; one that waits for its turn finds all who wait with it."""
    with redis.Redis.from_url(redis_url) as client:
        results = ResultCache(client, make_leases(client, 10.0))
        results.look(QUESTION, "first").lease.park(60)
        ResultCache(client, make_leases(client, 10.0)).look(QUESTION, "second", Follower("2:0", 2.5, DEADLINE))
        assert 60 < client.ttl(followers_key(QUESTION)) <= 80
