"""The bridge's loop on a real Kafka and a real Redis; the tests play the workers."""

import hashlib
import json
import time
from collections import Counter

import pytest
import redis
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from bridge import metrics, publisher
from bridge.commands import resume
from bridge.dead_letter import recent_dead_letters
from bridge.kafka import Contact, make_reader
from bridge.start import StartUnknown
from contract import QUEUE_NAME, REQUEST_KEY
from dev.kafka_server import silent, why_no_apache_kafka
from dev.processes import running
from tests.conftest import skip
from tests.support.bridge_stage import Stage, once
from tests.support.held_commits import HeldCommits
from tests.support.samples import read_committed, request_value, snapshot, until


def test_the_window_bounds_what_is_in_hand(stage):
    """With a window of 3, twenty requests go through and never more than three are dispatched at a time."""
    stage = stage(window_size=3)
    stage.send(*range(20))
    stage.start()
    most = 0

    def work():
        nonlocal most
        dispatched = stage.dispatched()
        most = max(most, len(dispatched))
        stage.answer(*sorted(dispatched)[:2])
        return stage.marked() == set(range(20))

    until(lambda: len(stage.dispatched()) == 3)
    until(work)
    assert most == 3
    assert stage.published() == once(*range(20))
    assert stage.committed() == 20


def test_the_lag_grows_while_nothing_is_fetched(stage):
    """A paused partition's backlog shows: the brokers are asked, and not what was fetched last."""
    stage = stage(window_size=1)
    stage.start()
    for sent in (3, 6):
        stage.send(*range(sent - 3, sent))
        until(lambda sent=sent: metrics.LAG.labels("0")._value.get() == sent)
    stage.answer_all(6)
    until(lambda: metrics.LAG.labels("0")._value.get() == 0)


def test_a_full_window_keeps_the_bridge_in_the_group(stage, monkeypatch):
    """While nothing moves, the bridge goes on polling: it is healthy, and Kafka keeps its partition for it."""
    monkeypatch.setattr("bridge.kafka.MAX_POLL_INTERVAL_MS", 6_000)
    stage = stage(window_size=1)
    stage.send(1, 2)
    stage.start()
    until(lambda: stage.dispatched() == {1})
    recoveries = metrics.RECOVERIES._value.get()
    health = stage.settings.health_folder / "bridge.health"
    first = health.stat().st_mtime_ns
    until(lambda: health.stat().st_mtime_ns > first + 7_000_000_000)
    assert stage.dispatched() == {1}
    stage.answer(1)
    until(lambda: stage.dispatched() == {2})
    assert metrics.RECOVERIES._value.get() == recoveries


def test_other_keys_and_bad_messages_move_on(stage):
    """Between foreign keys and broken messages the valid request is finished, and all offsets are committed."""
    stage = stage()
    stage.send(1, key=b"other")
    stage.send(2, value=b"{oops")
    stage.send(3)
    stage.send(4, value=request_value(4, resume=" "))
    stage.send(5, key=b"other")
    stage.start()
    until(lambda: stage.dispatched() == {3})
    stage.answer(3)
    until(lambda: stage.committed() == 5)
    assert stage.published() == (Counter([3, 4]), Counter([3]))
    letters = read_committed(stage.settings, stage.settings.dead_letter_topic)
    assert [dict(letter.headers())["reason"] for letter in letters] == [b"not_json", b"blank_text"]
    assert letters[0].value() == b"{oops"
    reader = make_reader(stage.settings)
    assert len(recent_dead_letters(reader, stage.settings.dead_letter_topic, time.time() - 600.0, 500)) == 2


def test_a_quiet_topic_of_foreign_keys_is_committed(stage):
    """Lag does not grow where nothing is ours."""
    stage = stage()
    stage.send(*range(5), key=b"other")
    stage.start()
    until(lambda: stage.committed() == 5)


@pytest.mark.parametrize("redis_emptied", [False, True])
def test_a_restart_takes_up_only_what_is_unfinished(stage, redis_emptied):
    """After a restart, even next to an emptied Redis, finished requests are not dispatched or published again."""
    stage = stage()
    stage.send(*range(6))
    first = stage.start()
    until(lambda: len(stage.dispatched()) == 6)
    stage.answer(1, 2, 4)
    until(lambda: stage.marked() == {1, 2, 4})
    first.stop()
    stage.running.clear()
    assert stage.committed() == 0
    stage.redis.delete(QUEUE_NAME)
    if redis_emptied:
        stage.redis.flushdb()
    known = metrics.MESSAGES.labels("known")._value.get()
    stage.start()
    until(lambda: stage.hints() == [0, 3, 5])
    assert metrics.MESSAGES.labels("known")._value.get() == known + 3
    stage.answer(0, 3, 5)
    until(lambda: stage.committed() == 6)
    assert stage.published() == once(*range(6))
    assert stage.hints() == [0, 3, 5]


def test_a_redis_emptied_under_way_loses_and_repeats_nothing(stage):
    """FLUSHDB while requests are in hand: those go out again, those that were answered do not."""
    stage = stage(lease_seconds=2.0)
    stage.send(*range(4))
    stage.start()
    until(lambda: len(stage.dispatched()) == 4)
    stage.answer(0, 1)
    until(lambda: stage.marked() == {0, 1})
    stage.redis.flushdb()
    until(lambda: stage.hints() == [2, 3])
    assert stage.marked() == {0, 1}
    stage.send(0)
    stage.answer(2, 3)
    until(lambda: stage.committed() == 5)
    assert stage.published() == once(*range(4))


def test_the_health_file_lives_with_the_bridge(stage):
    """The health file appears with the loop, is touched by it, and goes with it."""
    stage = stage()
    bridge = stage.start()
    health = stage.settings.health_folder / "bridge.health"
    until(health.exists)
    first = health.stat().st_mtime_ns
    until(lambda: health.stat().st_mtime_ns > first)
    bridge.stop()
    assert not health.exists()


def test_a_failed_transaction_is_recovered_from(stage):
    """A bridge whose producer was fenced reads its state from Kafka, and publishes everything once."""
    stage = stage()
    stage.send(1, 2)
    stage.start()
    until(lambda: len(stage.dispatched()) == 2)
    stage.answer(1)
    until(lambda: stage.marked() == {1})
    recoveries = metrics.RECOVERIES._value.get()
    usurper = stage.publisher(0)
    usurper.open()
    stage.answer(2)
    until(lambda: stage.marked() == {1, 2})
    usurper.close()
    assert metrics.RECOVERIES._value.get() == recoveries + 1
    stage.send(3)
    until(lambda: stage.dispatched() == {3})
    stage.answer(3)
    until(lambda: stage.committed() == 3)
    assert stage.published() == once(1, 2, 3)


def test_a_commit_that_arrives_in_the_next_transaction(redis_client, redis_url, tmp_path, monkeypatch):
    """The network holds the end of a transaction back, past the timeout and into the next: nothing lost, nothing twice.

    librdkafka #5423: the next transaction of the same producer might end before its time.
    """
    if reason := why_no_apache_kafka():
        skip(f"needs a Kafka of its own: {reason}")
    monkeypatch.setattr(publisher, "TIMEOUT", 3.0)
    with running(HeldCommits(tmp_path / "kafka")) as kafka:
        stage = Stage(kafka.bootstrap, None, redis_client, redis_url, tmp_path)
        try:
            stage.start()
            until(lambda: stage.committed() == 0)
            stage.send(*range(6))
            until(lambda: len(stage.dispatched()) == 6)
            kafka.hold_next_commit()
            stage.answer(0, 1, 2)
            assert kafka.held.wait(30)
            stage.answer(3)
            assert kafka.let_go.wait(60)
            stage.answer(4, 5)
            until(lambda: stage.committed() == 6)
            assert stage.published() == once(*range(6))
        finally:
            stage.stop()
            stage.celery.close()


def test_a_retry_in_another_partition_is_one_request(stage):
    """The same id in two partitions is dispatched, published and stored once, and both offsets are committed."""
    stage = stage(partitions=2)
    stage.start()
    until((stage.settings.health_folder / "bridge.health").exists)
    stage.send(7, partition=0)
    until(lambda: stage.hints() == [7])
    stage.send(7, partition=1)
    stage.send(8, partition=1)
    until(lambda: stage.hints() == [7, 8])
    stage.answer(7, 8)
    until(lambda: (stage.committed(0), stage.committed(1)) == (1, 2))
    assert stage.published() == once(7, 8)
    assert stage.hints() == [7, 8]


def test_partitions_move_between_bridges_without_a_trace(stage):
    """A second bridge comes and the first one goes, while requests are in hand: each is published once."""
    stage = stage(partitions=2)
    for partition in (0, 1):
        stage.send(*range(partition * 10, partition * 10 + 10), partition=partition)
    first = stage.start()
    until(lambda: len(stage.dispatched()) == 20)
    stage.answer(0, 1, 15)
    until(lambda: len(stage.marked()) == 3)
    second = stage.start()
    until(lambda: second.bridge._running)
    stage.answer(3, 12)
    until(lambda: len(stage.marked()) == 5)
    first.stop()
    stage.running.remove(first)
    stage.answer(*set(range(20)) - {0, 1, 15, 3, 12})
    until(lambda: (stage.committed(0), stage.committed(1)) == (10, 10))
    assert stage.published() == once(*range(20))


def test_too_many_dead_letters_stop_the_taking_and_not_the_bridge(stage, monkeypatch):
    """At the cap the bridge stays up and says why it is not ready; an operator's word, no restart, lets it go on."""
    monkeypatch.setattr("bridge.app.CAP_LIMIT", 2)
    stage = stage()
    stage.send(100)
    stage.send(*range(5), value=b"{oops")
    stage.send(101)
    bridge = stage.start()
    until(lambda: "dead_letters" in stage.health.troubles)
    stage.answer(100)
    until(lambda: stage.marked() == {100})
    assert len(read_committed(stage.settings, stage.settings.dead_letter_topic)) == 2
    bridge.stop()
    stage.running.remove(bridge)
    stage.start()
    until(lambda: "dead_letters" in stage.health.troubles)
    assert not (stage.settings.health_folder / "bridge.ready").exists()
    assert resume.run(stage.settings) == 0
    until(lambda: "dead_letters" not in stage.health.troubles or len(stage.letters()) == 4)
    until(lambda: len(stage.letters()) == 4)
    assert resume.run(stage.settings) == 0
    until(lambda: stage.dispatched() == {101})
    until(lambda: len(stage.letters()) == 5)


def test_a_redis_rolled_back_under_way_repeats_nothing(stage):
    """A backup restored beneath a running bridge, with old outcomes in it: the sender's retries stay silent."""
    stage = stage(lease_seconds=2.0)
    stage.send(*range(4))
    stage.start()
    until(lambda: len(stage.dispatched()) == 4)
    roll_back = snapshot(stage.redis)
    stage.answer(0, 1)
    until(lambda: stage.marked() == {0, 1})
    roll_back()
    stage.answer(0, 1)  # as they were before they were published
    stage.send(0, 1)
    until(lambda: stage.marked() == {0, 1})
    stage.answer(2, 3)
    until(lambda: stage.committed() == 6)
    assert stage.published() == once(*range(4))


def test_a_redis_rolled_back_between_two_bridges_repeats_nothing(stage):
    """The same while no bridge runs: its successor reads what the older copy does not know."""
    stage = stage()
    stage.send(*range(4))
    first = stage.start()
    until(lambda: len(stage.dispatched()) == 4)
    roll_back = snapshot(stage.redis)
    stage.answer(0, 1)
    until(lambda: stage.marked() == {0, 1})
    first.stop()
    stage.running.clear()
    roll_back()
    stage.answer(0, 1)
    stage.send(0, 1)
    stage.start()
    until(lambda: stage.marked() == {0, 1})
    stage.answer(2, 3)
    until(lambda: stage.committed() == 6)
    assert stage.published() == once(*range(4))


def test_huge_messages_and_headers_do_not_wedge_the_partition(stage):
    """Three compressed megabytes and a header of one: both end, and the request behind them is answered as ever."""
    stage = stage()
    stage.send(1, value=b"{" + b" " * 3_000_000)
    stage.send(2, headers=[("traceparent", b"0" * 1_048_000)])
    stage.send(3)
    stage.start()
    until(lambda: stage.dispatched() == {2, 3})
    stage.answer(2, 3)
    until(lambda: stage.committed() == 3)
    assert stage.published() == once(2, 3)
    (letter,) = stage.letters()
    headers = dict(letter.headers())
    assert len(letter.value()) < 2_000_000
    assert headers["original-size"] == b"3000001"
    assert headers["original-sha256"] == hashlib.sha256(b"{" + b" " * 3_000_000).hexdigest().encode()


@pytest.mark.parametrize("start", [None, "latest"])
def test_the_first_start_beside_a_predecessors_requests(stage, start):
    """Requests of four days ago stop the first start until the operator has chosen; his choice outlives a restart."""
    stage = stage(kafka_start=start)
    stage.send(1, timestamp=int((time.time() - 4 * 86_400) * 1000))
    bridge = stage.start()
    if start is None:
        bridge.join(60)
        stage.running.clear()
        assert isinstance(bridge.error, StartUnknown)
        assert stage.committed() < 0
        return
    until(lambda: stage.committed() == 1)
    bridge.stop()
    stage.running.clear()
    stage.send(2)
    stage.start()
    until(lambda: stage.dispatched() == {2})


def test_a_request_past_its_deadline_is_told_with_no_worker_alive(stage):
    """Nobody takes the hint; at the deadline the user hears of it all the same."""
    stage = stage(request_deadline=3.0)
    stage.send(1)
    stage.start()
    until(lambda: stage.committed() == 1)
    assert stage.published() == (Counter([1]), Counter())


def test_a_flood_of_foreign_keys_takes_no_room(stage):
    """Thousands of messages that are not ours pass by a full window of three."""
    stage = stage(window_size=3)
    stage.send(1, 2)
    stage.send(*range(3_000), key=b"other")
    stage.send(3)
    stage.start()
    until(lambda: stage.dispatched() == {1, 2, 3}, timeout=30.0)


def test_a_full_window_does_not_fetch_again_and_again(stage, monkeypatch):
    """A backlog of large requests is fetched a few times at most, though the window opens for each answer."""
    received = []
    note = Contact.note
    monkeypatch.setattr(
        Contact, "note", lambda self, text: (received.append(json.loads(text)["rxmsg_bytes"]), note(self, text))
    )
    stage = stage(window_size=40)
    text = "резюме " * 2_000
    # One by one, as the platform sends them.
    sender = Producer({**stage.settings.kafka, "batch.num.messages": 1}, logger=silent)
    for number in range(200):
        sender.produce(stage.input, request_value(number, resume=text), REQUEST_KEY, 0)
    assert sender.flush(20) == 0
    stage.start()

    def work():
        stage.answer(*sorted(stage.dispatched())[:2])
        return len(stage.marked()) == 200

    until(work)
    until(lambda: received and received[-1])
    seen = len(received)
    until(lambda: len(received) > seen)
    assert received[-1] < 4 * 200 * len(request_value(1, resume=text))


def test_readiness_tells_of_redis(kafka, topics, private_redis, tmp_path):
    """Within seconds of the death of Redis the bridge is not ready, and lives; then it is ready again."""
    url = f"{private_redis.url}/1"
    with redis.Redis.from_url(url) as client:
        stage = Stage(kafka, topics, client, url, tmp_path)
        stage.start()
        try:
            until((stage.settings.health_folder / "bridge.ready").exists)
            private_redis.kill()
            until(lambda: "redis" in stage.health.troubles)
            assert not (stage.settings.health_folder / "bridge.ready").exists()
            assert stage.health.lives
            private_redis.start()
            until((stage.settings.health_folder / "bridge.ready").exists)
        finally:
            stage.stop()
            stage.celery.close()


def test_readiness_tells_that_redis_is_full(kafka, topics, private_redis, tmp_path):
    """A Redis that answers and takes nothing more is called what it is."""
    url = f"{private_redis.url}/1"
    with redis.Redis.from_url(url) as client:
        stage = Stage(kafka, topics, client, url, tmp_path)
        stage.start()
        try:
            until((stage.settings.health_folder / "bridge.ready").exists)
            until(lambda: stage.committed() == 0)
            until(lambda: "sequence" in str(client.hgetall("ai_handler:marks")))
            client.config_set("maxmemory", 1)
            stage.send(1)
            until(lambda: "OOM" in stage.health.troubles.get("redis", ""))
            client.config_set("maxmemory", 0)
            until((stage.settings.health_folder / "bridge.ready").exists)
            until(lambda: stage.dispatched() == {1})
        finally:
            stage.stop()
            stage.celery.close()


def test_readiness_tells_of_kafka(private_kafka, redis_client, redis_url, tmp_path):
    """The same where Kafka is frozen."""
    admin = AdminClient({"bootstrap.servers": private_kafka.bootstrap})

    def topics(*names, partitions):
        for created in admin.create_topics([NewTopic(name, partitions, 1) for name in names]).values():
            created.result(timeout=30)
        return names

    stage = Stage(private_kafka.bootstrap, topics, redis_client, redis_url, tmp_path)
    stage.start()
    try:
        until((stage.settings.health_folder / "bridge.ready").exists)
        private_kafka.pause()
        until(lambda: "kafka" in stage.health.troubles)
        assert not (stage.settings.health_folder / "bridge.ready").exists()
        private_kafka.resume()
        until((stage.settings.health_folder / "bridge.ready").exists)
    finally:
        private_kafka.resume()
        stage.stop()
        stage.celery.close()
