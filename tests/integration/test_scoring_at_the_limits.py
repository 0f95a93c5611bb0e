"""The scoring path with the real limiter, in virtual time."""

import heapq
from dataclasses import replace

import pytest

from bench.limits_simulation import CLOCK_KEY, script_with_virtual_clock
from tests.support.fakes import POLICY, START, World, good_answer
from worker.limits.answers import Limits
from worker.limits.provider_limits import ProviderView
from worker.limits.rate_limiter import RateLimiter
from worker.progress import Progress


class SharedClock:
    """One virtual time for the worker, for the limiter's script and for whoever sleeps."""

    is_set = False

    def __init__(self, redis, world):
        self.redis, self.world = redis, world
        self.now = START

    def move_to(self, now):
        self.now = self.world.clock.now = max(self.now, now)
        self.redis.set(CLOCK_KEY, repr(self.now))

    def wait(self, seconds):
        self.move_to(self.now + seconds)
        return False


REQUESTS = 120  # a tenth of what an hour may bring; 2,000 at RPM 600 take a minute of real time


@pytest.mark.timeout(600)
def test_every_request_is_tokenised_once(redis_client):
    """At RPM 60 most of them wait, in the worker and as countdowns; the tokens of none are counted again."""
    limits = Limits(rpm=60, rpd=100_000, tpm=100_000_000)
    world = World()
    clock = SharedClock(redis_client, world)
    clock.move_to(START)
    world.limiter = RateLimiter(redis_client, limits, script=script_with_virtual_clock())
    world.limiter.reset(full=True)
    world.stopping = clock
    scoring = world.worker(replace(POLICY, short_wait=0.02))  # nearly every wait is a countdown
    for number in range(REQUESTS):
        world.dispatch(number, place=(number + 1) / 1000, resume=f"Пишу сервисы на Python. Резюме {number}.")
        world.model.script.append(replace(good_answer(), seen=ProviderView()))
    due = [(START, number, Progress()) for number in range(REQUESTS)]
    runs = 0
    while due:
        at, number, progress = heapq.heappop(due)
        clock.move_to(at)
        runs += 1
        park = scoring.run(number, progress)
        if park is not None:
            heapq.heappush(due, (clock.now + park.seconds, number, park.progress))
    assert len(world.store.outcomes) == REQUESTS
    assert runs > 1.5 * REQUESTS
    assert len(world.model.counted) == REQUESTS
    assert REQUESTS - 60 - 2 <= clock.now - START <= 1.1 * (REQUESTS - 60)  # a request a second, behind the first 60
