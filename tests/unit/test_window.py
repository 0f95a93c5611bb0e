"""How many unfinished requests a partition holds."""

import math
from itertools import pairwise

import pytest

from bridge.window import ADJUST_EVERY, HEADROOM, LEAST, LONGEST_LATENCY, Window


class Service:
    """A provider with a rate and a latency, workers who keep up, and a backlog that never ends."""

    def __init__(self, cap=5_000, rate=200.0, latency=5.0, workers=10**6, *, known=True):
        self.now = 0.0
        self.rate, self.latency, self.workers = rate, latency, workers
        self.window = Window(cap, 2_000, rate if known else math.inf, lambda: self.now)

    def run(self, seconds, *, full=True):
        """The sizes after each adjustment, with whatever latency so many in flight have."""
        sizes = []
        for _ in range(int(seconds / ADJUST_EVERY)):
            in_flight = min(self.window.size, self.workers)
            throughput = min(self.rate, in_flight / self.latency)
            self.now += ADJUST_EVERY
            for _ in range(int(throughput * ADJUST_EVERY)):
                self.window.note_end(self.window.size / throughput if full else self.latency)
            if full:
                self.window.note_full()
            self.window.adjust()
            sizes.append(self.window.size)
        return sizes


@pytest.mark.parametrize(("rate", "latency"), [(200.0, 5.0), (83.0, 5.0), (200.0, 20.0), (1_000.0, 4.0)])
def test_the_limits_are_reached(rate, latency):
    """Within a minute so many requests are in flight that the provider's limits are used to the last request."""
    service = Service(rate=rate, latency=latency)
    assert service.run(60.0)[-1] >= 0.95 * rate * latency


@pytest.mark.parametrize(("rate", "latency"), [(200.0, 5.0), (1_000.0, 4.0)])
def test_unknown_limits_are_found(rate, latency):
    """Where nobody has told the limits, the window finds within two minutes what the provider takes."""
    service = Service(rate=rate, latency=latency, known=False)
    assert service.window.size == LEAST
    assert service.run(120.0)[-1] >= 0.95 * rate * latency


@pytest.mark.parametrize("rate", [83.0, 200.0])
def test_it_is_steady_at_the_limits(rate):
    """Requests that queue up behind the limits do not make the window grow and grow."""
    service = Service(rate=rate)
    sizes = service.run(600.0)
    assert len(set(sizes[12:])) == 1
    assert sizes[-1] <= 2 * HEADROOM * rate * service.latency


def test_the_cap_is_the_operators():
    """The setting is never exceeded, and a small account has room for a burst all the same."""
    assert max(Service(cap=300, rate=1_000.0).run(60.0)) == 300
    assert Service(rate=0.05).window.size == LEAST
    assert Service(cap=3, rate=0.05).window.size == 3


def test_too_few_workers_do_not_blow_it_up():
    """Where workers are the limit, the window stays below a minute's work."""
    assert max(Service(rate=20.0, workers=16).run(600.0)) <= HEADROOM * 20.0 * LONGEST_LATENCY


def test_it_shrinks_slowly():
    """When answers become quick again, the window follows step by step, and no further than it needs."""
    service = Service(rate=50.0, latency=20.0)
    large = service.run(120.0)[-1]
    service.latency = 1.0
    sizes = service.run(300.0, full=False)
    assert sizes[0] >= 0.85 * large
    assert sizes[-1] < large
    assert all(after >= 0.85 * before for before, after in pairwise(sizes))


def test_a_paused_partition_waits_for_some_room():
    """Reading goes on when a quarter of the window is free, not for each request."""
    assert Service(rate=200.0).window.room_to_resume == 375
    assert Service(cap=3).window.room_to_resume == 1
