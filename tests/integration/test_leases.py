"""Leases: who may work, for how long, and what a late owner finds. Over a real Redis and over the fakes."""

import threading

import pytest
import redis

from contract import HANDED_BACK, worker_key, worker_of
from tests.support.fakes import eventually
from tests.support.samples import until
from worker.leases import MOST_AT_ONCE

KEY = "ai_handler:claim:7"
DONE = "ai_handler:outcome:7"


@pytest.fixture
def one(fleet):
    """Leases of a worker that beats 3 times a second."""
    return fleet.leases()


@pytest.fixture
def other(fleet):
    return fleet.leases()


def test_only_one_gets_a_lease(one, other):
    """What one worker has taken, another does not get."""
    lease = one.take(KEY)
    assert lease is not None
    assert other.take(KEY) is None


def test_of_many_at_once_one_gets_it(redis_client, make_leases):
    """Sixteen who ask at the same moment: one claim."""
    barrier = threading.Barrier(16)
    taken = []

    def race():
        leases = make_leases(redis_client, 10.0)
        barrier.wait()
        taken.append(leases.take(KEY))

    threads = [threading.Thread(target=race) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in taken if lease]) == 1


def test_who_has_the_token_adopts(one, other):
    """A parked claim goes on in another worker, under the token that the hint carried."""
    lease = one.take(KEY)
    lease.park(60)
    assert other.take(KEY, token="somebody") is None
    assert other.take(KEY, token=lease.token) is not None


def test_a_lease_lives_as_long_as_its_owner(redis_client, make_leases):
    """The heartbeat renews it: it is there long after its own time."""
    make_leases(redis_client, 1.0).take(KEY)
    renewals = 0
    last = redis_client.pttl(KEY)

    def renewed_often():
        nonlocal renewals, last
        now = redis_client.pttl(KEY)
        assert now > 0, "expired under its owner"
        renewals += now > last
        last = now
        return renewals >= 4  # of a third of the lease each

    eventually(renewed_often)


def test_a_dead_owners_lease_expires(fleet, one, other):
    """What a killed worker held is free after the lease's time."""
    lease = one.take(KEY)
    lease.forget()  # as if its heartbeat had died with it
    assert 0 < fleet.seconds_left(KEY) <= 1
    fleet.eventually(lambda: other.take(KEY) is not None)


def test_a_closed_workers_leases_expire(redis_client, make_leases):
    """A worker that ends renews nothing more, and its heartbeat's thread is gone."""
    leases = make_leases(redis_client, 1.0)
    leases.take(KEY)
    threads = threading.active_count()
    leases.close()
    assert threading.active_count() == threads - 1
    eventually(lambda: redis_client.get(KEY) is None)


def test_a_lease_that_another_has_is_lost(fleet, one):
    """A worker that was stopped and wakes up late learns that it is not its turn any more."""
    lease = one.take(KEY)
    fleet.write(KEY, "another's")
    fleet.eventually(lambda: lease.lost)
    assert not lease.release()
    assert fleet.read(KEY) == "another's"


def test_after_a_flush_the_owner_takes_it_again(fleet, one):
    """A Redis that forgot everything does not stop who is at work."""
    lease = one.take(KEY, done_keys=[DONE])
    fleet.delete(KEY)
    fleet.eventually(lambda: not lease.lost and fleet.read(KEY) == lease.token)


def test_after_a_flush_finished_work_is_not_taken_again(fleet, one):
    """If the work was finished meanwhile, its late owner stops."""
    lease = one.take(KEY, done_keys=[DONE])
    fleet.write(DONE, "_")
    fleet.delete(KEY)
    fleet.eventually(lambda: lease.lost)
    assert fleet.read(KEY) is None


def test_finished_work_is_not_taken(fleet, one):
    """There is nothing to claim where an outcome is stored."""
    fleet.write(DONE, "_")
    assert one.take(KEY, done_keys=[DONE]) is None
    assert fleet.read(KEY) is None


def test_a_parked_lease_outlives_its_countdown(fleet, one):
    """It is kept for the countdown and the lease's own time, and nobody renews it."""
    lease = one.take(KEY)
    assert lease.park(60)
    assert 60 < fleet.seconds_left(KEY) <= 61
    assert one.held == set()


def test_a_released_lease_is_free_at_once(one, other):
    """Handing back costs the next worker no wait."""
    assert one.take(KEY).release()
    assert other.take(KEY) is not None


def test_a_lease_that_was_handed_back_is_free_at_once_and_says_so(fleet, one, other):
    """Who watches it can tell that its owner did not fail; the next one has it without waiting."""
    assert one.take(KEY).hand_back()
    assert fleet.read(KEY) == HANDED_BACK
    assert other.take(KEY)
    assert fleet.read(KEY) != HANDED_BACK


def test_work_that_ended_for_want_of_redis_is_handed_back(redis_client, make_leases):
    """A connection that was dropped is nothing that the request did; any other error is."""
    leases = make_leases(redis_client, 10.0)
    leases.take(KEY).drop(redis.ConnectionError("dropped"))
    assert redis_client.get(KEY).decode() == HANDED_BACK
    lease = leases.take(KEY)
    lease.drop(redis.ResponseError("of a script"))
    assert redis_client.get(KEY).decode() == lease.token
    assert leases.held == set()


def test_a_heartbeat_under_way_takes_nothing_again_that_was_handed_back(monkeypatch, redis_client, make_leases):
    """Redis is back: the request is free for another at once, and is charged with nothing a lease later."""
    leases = make_leases(redis_client, 3.0)
    lease = leases.take(KEY)
    show_life, beats, found = redis_client.set, [], []

    def slow(*args, **options):
        beats.append(lease.hand_back() if not beats else found.append(redis_client.get(KEY)))
        return show_life(*args, **options)

    monkeypatch.setattr(redis_client, "set", slow)
    eventually(lambda: found)
    assert found[0].decode() == HANDED_BACK
    leases.close()


def test_work_that_ended_while_redis_is_away_expires(private_redis, make_leases):
    """Nobody can be told then, and telling raises nothing of its own."""
    with private_redis.client() as client:
        leases = make_leases(client, 10.0)
        lease = leases.take(KEY)
        private_redis.kill()
        lease.drop(redis.ConnectionError("away"))
        assert leases.held == set()


def test_redis_that_is_away_for_a_moment_costs_no_lease(private_redis, make_leases):
    """A restart of Redis within the lease's time is survived; the heartbeat goes on."""
    with redis.Redis.from_url(f"{private_redis.url}/0", socket_timeout=1) as client:
        leases = make_leases(client, 3.0)
        lease = leases.take(KEY)
        private_redis.kill()
        private_redis.start()
        eventually(lambda: client.pttl(KEY) > 0)
        before = client.pttl(KEY)
        eventually(lambda: client.pttl(KEY) > before)
        assert not lease.lost
        leases.close()


def test_many_leases_are_renewed_together(redis_client, make_leases):
    """Hundreds of requests in hand cost a heartbeat of a few round trips; a lost one among them is noticed."""
    leases = make_leases(redis_client, 1.0)
    held = [leases.take(f"{KEY}{number}", done_keys=[f"{DONE}{number}"]) for number in range(MOST_AT_ONCE + 50)]
    redis_client.set(held[3].key, "another's")
    redis_client.delete(held[-1].key)
    redis_client.set(held[-1].done_keys[0], "_")
    scripts = redis_client.info("commandstats")["cmdstat_evalsha"]["calls"]
    eventually(lambda: held[3].lost and held[-1].lost)
    assert redis_client.info("commandstats")["cmdstat_evalsha"]["calls"] < scripts + len(held)
    assert not any(lease.lost for lease in [*held[:3], *held[4:-1]])
    assert min(redis_client.pttl(lease.key) for lease in [*held[:3], *held[4:-1]]) > 0


def test_a_heartbeat_tells_a_dead_process_from_a_lost_lease(make_leases, redis_client):
    """A lease names its process, whose heartbeat lives beside it and does not outlive it."""
    leases = make_leases(redis_client, 1.0)
    lease = leases.take("lease")
    heartbeat = worker_key(worker_of(redis_client.get("lease").decode()))
    assert redis_client.pexpiretime(heartbeat) <= redis_client.pexpiretime("lease")
    lease.forget()
    until(lambda: not redis_client.exists("lease"))
    assert redis_client.exists(heartbeat), "the process lives, and has lost just this one"
    held = leases.take("held")
    leases.close()
    until(lambda: not redis_client.exists("held"))
    until(lambda: not redis_client.exists(heartbeat))
    assert worker_of(held.token) == worker_of(lease.token)


def test_two_processes_have_two_names(make_leases, redis_client):
    """What one process loses is not another one's doing."""
    first, second = make_leases(redis_client, 5.0), make_leases(redis_client, 5.0)
    assert worker_of(first.take("a").token) != worker_of(second.take("b").token)
