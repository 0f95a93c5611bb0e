"""What the worker's metrics say before anything has happened, and of a whole fleet."""

import threading

import pytest
import redis
from prometheus_client import REGISTRY, CollectorRegistry

from contract import Failure
from tests.support.fakes import World
from worker import metrics
from worker.asking.circuit_breaker import OPEN_FOR
from worker.asking.egress import UncheckedEgress, keep_watching
from worker.errors import SendingBlockedError
from worker.running.fleet_metrics import GAUGES, FleetMetrics

BUCKET = {"limit": 3, "level": 1.5}


@pytest.fixture
def world():
    return World()


def scraped(world, queued=lambda: 4):
    """What a scrape of a worker in this world says of the fleet."""
    registry = CollectorRegistry()
    registry.register(FleetMetrics(lambda: world.scoring.ports, queued))
    return registry.get_sample_value


@pytest.mark.parametrize("result", ["scored", *(failure.name.lower() for failure in Failure)])
def test_every_end_of_a_request_has_its_series_from_the_start(result):
    """`increase()` sees the first failure of each kind."""
    assert REGISTRY.get_sample_value("ai_handler_outcomes_total", {"result": result}) is not None


@pytest.mark.parametrize("reason", OPEN_FOR)
def test_every_reason_of_the_circuit_breaker_has_its_series_from_the_start(reason):
    """The first trip of a new worker raises the alarm."""
    metrics.describe_provider("", "some-model")
    labels = {"provider": "", "reason": reason}
    assert REGISTRY.get_sample_value("ai_handler_circuit_breaker_trips_total", labels) is not None


def test_the_circuit_breaker_is_a_state(world):
    """A worker that has never met the fault shows that the fleet's way is closed, and when it is open again."""
    get = scraped(world)
    assert get("ai_handler_circuit_breaker_open", {"reason": "quota"}) == 0
    world.breaker.trip("quota")
    assert get("ai_handler_circuit_breaker_open", {"reason": "quota"}) == 1
    world.breaker.reset()
    assert get("ai_handler_circuit_breaker_open", {"reason": "quota"}) == 0


def test_the_limiter_shows_its_levels(world):
    """Levels, limits and waits are the limiter's own; where there is no limit there is no series."""
    unlimited = {"limit": "unlimited", "level": 0}
    world.limiter.snapshot = lambda: {
        "waiting": 7,
        "next_free_start": 12.5,
        "blocked": 0,
        "buckets": {"rpm": BUCKET, "rpd": unlimited},
    }
    get = scraped(world)
    assert get("ai_handler_limiter_level", {"bucket": "rpm"}) == 1.5
    assert get("ai_handler_limiter_limit", {"bucket": "rpm"}) == 3
    assert get("ai_handler_limiter_limit", {"bucket": "rpd"}) is None
    assert get("ai_handler_limiter_level", {"bucket": "rpd"}) is None
    assert get("ai_handler_limiter_waiting") == 7
    assert get("ai_handler_limiter_next_start_seconds") == 12.5
    assert get("ai_handler_queued_hints") == 4


def test_a_redis_that_is_away_shows_and_nothing_is_made_up(world):
    """Prometheus hears that Redis is away, instead of old numbers or a failed scrape."""

    def away():
        raise redis.ConnectionError

    get = scraped(world, away)
    assert get("ai_handler_redis_up") == 0
    assert get("ai_handler_limiter_waiting") is None


def test_registering_reads_nothing():
    """A worker starts while Redis is away."""
    registry = CollectorRegistry()
    registry.register(FleetMetrics(lambda: pytest.fail("read"), lambda: pytest.fail("read")))
    assert {family.name for family in FleetMetrics(None, None).describe()} == set(GAUGES)


def test_an_idle_worker_knows_where_it_would_send_from(world):
    """The exit is looked at without any request, again when a good answer is too old, sooner after a bad one."""
    waits = []

    class Stopping:
        def wait(self, seconds):
            waits.append(seconds)
            world.egress.closed = SendingBlockedError("egress: RU", 15.0) if len(waits) == 2 else None
            return len(waits) == 4

    keep_watching(world.egress, Stopping())
    assert waits == [0.0, 300.0, 15.0, 300.0]


def test_an_unchecked_exit_is_open():
    """EGRESS_CHECK=off raises no alarm that requests cannot leave."""
    metrics.EGRESS_OPEN.labels("").set(0)
    UncheckedEgress()
    assert REGISTRY.get_sample_value("ai_handler_egress_open", {"provider": ""}) == 1


def test_busy_threads_are_counted_while_they_work():
    """Whoever scales workers sees how many threads have work."""
    inside = threading.Event()
    with metrics.BUSY_THREADS.track_inprogress():
        inside.set()
        assert REGISTRY.get_sample_value("ai_handler_busy_threads") == 1
    assert REGISTRY.get_sample_value("ai_handler_busy_threads") == 0


def test_a_worker_says_what_it_is_made_of():
    """After a deploy one query tells which model, prompt and rubric each worker has."""
    metrics.describe_provider("home", "some-model")
    (sample,) = [
        sample
        for metric in metrics.BUILD.collect()
        for sample in metric.samples
        if sample.labels["model"] == "some-model"
    ]
    assert sample.value == 1
    assert all(sample.labels.values())
    assert REGISTRY.get_sample_value("ai_handler_spent_usd_total", {"provider": "home", "model": "some-model"}) == 0
