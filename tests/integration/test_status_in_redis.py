"""What one look costs Redis and Kafka, and who is told to be alive."""

import json
import re
import threading
from datetime import UTC, datetime

import pytest
import redis
from confluent_kafka import Consumer, Producer, TopicPartition

from bridge.health import Health, serve
from bridge.offsets import PartitionProgress
from bridge.status.collecting import from_kafka, from_redis
from bridge.status.figures import InKafka, InRedis, Process
from bridge.status.page import html
from bridge.status.wording import _TRIPPED_RU, Told
from bridge.tally import Tally
from contract import KEY_PREFIX, PRESENT_KEY, TALLY_KEY, TRIPPED_WHY_KEY, Failure, spent_key
from dev.processes import ChildProcess
from presence import GONE_AFTER, be_present
from tests.support.browser import browser
from tests.support.fakes import eventually
from worker.asking.circuit_breaker import EXPLAINED, CircuitBreaker
from worker.limits.answers import Limits
from worker.limits.rate_limiter import RateLimiter

REASONS = list(EXPLAINED)


def commands(store):
    """How many commands Redis has run since its statistics were reset, those of scripts included."""
    stats = store.info("commandstats")
    ours = ("config", "info", "client", "hello", "select", "auth", "ping")
    return sum(stat["calls"] for name, stat in stats.items() if name.removeprefix("cmdstat_").split("|")[0] not in ours)


@pytest.fixture
def limiter(redis_client):
    return RateLimiter(redis_client, Limits(rpm=60, rpd=1_000, tpm=100_000))


@pytest.mark.parametrize("waiting", [0, 5_000])
def test_a_look_costs_at_most_thirty_commands(redis_client, limiter, waiting):
    """However long the queue is, however much went wrong today, and however many processes there are."""
    limiter.join({f"{n}:0": float(n) for n in range(1, waiting + 1)})
    breaker, tally = CircuitBreaker(redis_client), Tally(redis_client)
    for reason in REASONS if waiting else ():
        breaker.trip(reason)
        tally.add([reason, *(failure.name.lower() for failure in Failure)])
    for n in range(200 if waiting else 0):
        redis_client.hset(PRESENT_KEY, f"w{n}", f"1 {json.dumps({'role': 'worker', 'up': 1})}")
    limiter.snapshot()  # the script is loaded once
    redis_client.config_resetstat()
    found = from_redis(redis_client, {"": limiter.snapshot})
    cost = commands(redis_client)
    assert isinstance(found, InRedis)
    assert found.limits["waiting"] == waiting
    assert 5 < cost <= 30


def test_what_the_breaker_says_is_found(redis_client, limiter):
    """Each open reason with its sentence and its time, and nothing once it is closed."""
    breaker = CircuitBreaker(redis_client)
    breaker.trip("credentials")
    (tripped,) = from_redis(redis_client, {"": limiter.snapshot}).tripped
    assert (tripped.reason, tripped.why) == ("credentials", EXPLAINED["credentials"])
    assert 55 < tripped.seconds <= 60
    breaker.trip("quota")
    breaker.reset("quota")
    assert [each.reason for each in from_redis(redis_client, {"": limiter.snapshot}).tripped] == ["credentials"]
    breaker.reset()
    assert from_redis(redis_client, {"": limiter.snapshot}).tripped == ()


def test_every_reason_of_the_breaker_is_told_in_russian():
    """Whoever reads Russian reads the same settings."""
    for reason, why in EXPLAINED.items():
        assert set(re.findall("OPENAI_[A-Z_]+", why)) == set(re.findall("OPENAI_[A-Z_]+", _TRIPPED_RU[reason])), reason


def test_who_lives_is_told_and_who_fell_silent(redis_client, redis_url, limiter):
    """A process is there with its first word, leaves with its last, and is missed when it says none."""
    stopping = threading.Event()
    presence = be_present(lambda: redis.Redis.from_url(redis_url), "worker", "w@h:1", lambda: {"busy": 3}, stopping)
    eventually(lambda: from_redis(redis_client, {"": limiter.snapshot}).workers)
    (worker,) = from_redis(redis_client, {"": limiter.snapshot}).workers
    assert (worker.name, worker.said) == ("w@h:1", {"busy": 3})
    seconds, _ = redis_client.time()
    redis_client.hset(PRESENT_KEY, "killed", f'{int(seconds - GONE_AFTER - 2)} {{"role": "bridge", "up": 5}}')
    found = from_redis(redis_client, {"": limiter.snapshot})
    assert [process.name for process in found.gone] == ["killed"]
    assert not found.bridges
    stopping.set()
    presence.join(10)
    assert from_redis(redis_client, {"": limiter.snapshot}).workers == ()


def test_the_long_gone_are_forgotten(redis_client, redis_url):
    """A fleet that is started anew every minute leaves no names behind for ever."""
    seconds, _ = redis_client.time()
    for n in range(50):
        redis_client.hset(PRESENT_KEY, f"old{n}", f'{int(seconds - 700)} {{"role": "worker", "up": 5}}')
    stopping = threading.Event()
    presence = be_present(lambda: redis.Redis.from_url(redis_url), "worker", "new", dict, stopping)
    eventually(lambda: redis_client.hexists(PRESENT_KEY, "new"))
    assert redis_client.hlen(PRESENT_KEY) == 1
    stopping.set()
    presence.join(10)


def test_a_redis_that_is_away_is_said_and_none_of_its_secrets():
    """One line says what is wrong."""
    with redis.Redis.from_url("redis://:hush@127.0.0.1:1/1", retry=None) as away:
        found = from_redis(away, {"": dict})
    assert isinstance(found, str)
    assert "Connection refused" in found
    assert "hush" not in found


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("maxmemory", "1", "its memory is full (OOM) -> raise its `maxmemory`"),
        ("min-replicas-to-write", "1", "it answers, and refuses: NOREPLICAS"),
        ("replicaof", "127.0.0.1 1", "it answers, and refuses: You can't write against a read only replica"),
    ],
)
def test_a_redis_that_takes_nothing_is_said(private_redis, name, value, said):
    """No bridge is heard then, though it lives: what is wrong is Redis. One look leaves nothing behind."""
    with redis.Redis.from_url(private_redis.url) as store:
        limiter = RateLimiter(store, Limits(rpm=60, rpd=1_000, tpm=100_000))
        assert isinstance(from_redis(store, {"": limiter.snapshot}), InRedis)
        assert not store.exists(f"{KEY_PREFIX}status")
        if name == "replicaof":
            store.replicaof(*value.split())
        else:
            store.config_set(name, value)
        assert said in from_redis(store, {"": limiter.snapshot})


def test_foreign_values_under_our_names_end_no_look(redis_client, limiter):
    """What is not ours is passed over, and the rest is told."""
    redis_client.hset(PRESENT_KEY, mapping={"junk": "junk", "list": "5 []", "bytes": b"\xff", "null": "5 null"})
    redis_client.hset(TALLY_KEY, mapping={"junk": "1", b"\xff": "x"})
    redis_client.hset(TRIPPED_WHY_KEY, b"\xff", b"\xff")
    redis_client.set(spent_key(datetime.now(UTC).date().isoformat()), "junk")
    found = from_redis(redis_client, {"": limiter.snapshot})
    assert isinstance(found, InRedis)
    assert (found.processes, found.gone, found.day, found.spent) == ((), (), {}, None)


def test_a_browser_loads_the_page_again_by_itself(tmp_path):
    """A screen on the wall is never older than a few seconds, without any script."""
    asked = []
    told = Told("healthy: nothing waits", "good", [])
    server = serve(
        Health(tmp_path), "127.0.0.1", 0, lambda languages: asked.append(languages) or html(told, "en").encode()
    )
    chromium = browser(tmp_path / "profile")
    opened = ChildProcess(
        "Chromium",
        [*chromium._command, "--remote-debugging-port=0", f"http://127.0.0.1:{server.server_port}/"],
        log_file=tmp_path / "chromium.log",
    )
    opened.start()
    try:
        eventually(lambda: len(asked) >= 2)
    finally:
        opened.kill()
        server.shutdown()
        server.server_close()


@pytest.fixture
def reader(kafka):
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "one-look", "enable.auto.commit": False})
    yield consumer
    consumer.close()


def test_what_is_unfinished_is_counted_to_the_request(kafka, topics, reader):
    """Requests that ended above the first unfinished one do not count, and the age is that of the first."""
    (topic,) = topics("status", partitions=2)
    producer = Producer({"bootstrap.servers": kafka})
    for n in range(10):
        producer.produce(topic, b"x", partition=0, timestamp=1_700_000_000_000 + n * 3_600_000)
    producer.flush(30)
    eventually(lambda: isinstance(from_kafka(reader, topic), InKafka))  # a new group's coordinator takes its time
    assert from_kafka(reader, topic).unfinished == 10
    progress = PartitionProgress(0)
    for offset in range(6):
        progress.deliver(offset)
    commit = progress.commit(finishing=[0, 1, 2, 4])
    reader.commit(offsets=[TopicPartition(topic, 0, commit.offset, commit.metadata)], asynchronous=False)
    found = from_kafka(reader, topic)
    assert found.unfinished == 6  # 3, 5, and 6 to 9, which nobody has read
    oldest = from_kafka(reader, topic, [Process("bridge", "b", 1, 1, {"watermarks": {"0": 9}})])
    assert oldest.unfinished == 1
    assert found.oldest - oldest.oldest == pytest.approx(6 * 3_600, abs=60)
    assert from_kafka(reader, topic, [Process("bridge", "b", 1, 1, {"watermarks": {"0": 10}})]) == InKafka(0)


def test_a_kafka_that_is_away_is_said():
    """One line says what is wrong, within seconds."""
    consumer = Consumer({"bootstrap.servers": "127.0.0.1:1", "group.id": "one-look", "log_level": 0})
    found = from_kafka(consumer, "AI_handler")
    consumer.close()
    assert isinstance(found, str)
    assert found
