"""Leases on a real Redis: who may work, for how long, and what a late owner finds."""

import threading

import pytest
import redis

from tests.support.fakes import eventually

KEY = "ai_handler:claim:7"
DONE = "ai_handler:outcome:7"


@pytest.fixture
def one(redis_client, make_leases):
    """Leases of a worker that beats 3 times a second."""
    return make_leases(redis_client, 1.0)


@pytest.fixture
def other(redis_client, make_leases):
    return make_leases(redis_client, 1.0)


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
    one.park(lease, 60)
    assert other.take(KEY, token="somebody") is None
    assert other.take(KEY, token=lease.token) is not None


def test_a_lease_lives_as_long_as_its_owner(redis_client, one):
    """The heartbeat renews it: it is there long after its own time."""
    one.take(KEY)
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


def test_a_dead_owners_lease_expires(redis_client, one, other):
    """What a killed worker held is free after the lease's time."""
    lease = one.take(KEY)
    one.forget(lease)  # as if its heartbeat had died with it
    assert 0 < redis_client.pttl(KEY) <= 1_000
    eventually(lambda: other.take(KEY) is not None)


def test_a_lease_that_another_has_is_lost(redis_client, one):
    """A worker that was stopped and wakes up late learns that it is not its turn any more."""
    lease = one.take(KEY)
    redis_client.set(KEY, "another's")
    eventually(lambda: lease.lost)
    assert not one.release(lease)
    assert redis_client.get(KEY) == b"another's"


def test_after_a_flush_the_owner_takes_it_again(redis_client, one):
    """A Redis that forgot everything does not stop who is at work."""
    lease = one.take(KEY, done_keys=[DONE])
    redis_client.flushdb()
    eventually(lambda: redis_client.get(KEY) == lease.token.encode())
    assert not lease.lost


def test_after_a_flush_finished_work_is_not_taken_again(redis_client, one):
    """If the work was finished meanwhile, its late owner stops."""
    lease = one.take(KEY, done_keys=[DONE])
    with redis_client.pipeline(transaction=True) as pipe:
        pipe.flushdb()
        pipe.set(DONE, "_")
        pipe.execute()
    eventually(lambda: lease.lost)
    assert redis_client.get(KEY) is None


def test_finished_work_is_not_taken(redis_client, one):
    """There is nothing to claim where an outcome is stored."""
    redis_client.set(DONE, "_")
    assert one.take(KEY, done_keys=[DONE]) is None
    assert redis_client.get(KEY) is None


def test_a_parked_lease_outlives_its_countdown(redis_client, one):
    """It is kept for the countdown and the lease's own time, and nobody renews it."""
    lease = one.take(KEY)
    assert one.park(lease, 60)
    assert 60_000 < redis_client.pttl(KEY) <= 61_000
    assert one._held == set()


def test_a_released_lease_is_free_at_once(one, other):
    """Handing back costs the next worker no wait."""
    assert one.release(one.take(KEY))
    assert other.take(KEY) is not None


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
