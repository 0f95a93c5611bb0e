"""Kafka changes under the bridge: topics are made anew, grow, lose their beginning or their end, cannot be written."""

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import NewPartitions

from bridge import metrics
from contract import claim_key, source_key, worker_key
from tests.support.bridge_stage import Stage, once
from tests.support.samples import until


def changes(what):
    return metrics.LOG_CHANGES.labels(what)._value.get()


@pytest.mark.parametrize("count", [20, 180])
def test_a_topic_made_anew_is_read_from_its_beginning(stage, count, caplog):
    """A topic that is removed and made again beneath a running bridge loses none of its first requests."""
    stage = stage()
    stage.send(*range(60))
    stage.start()
    stage.answer_all(60)
    until(lambda: stage.committed() == 60)
    before = changes("made_anew")
    stage.remake()
    stage.send(*range(1_000, 1_000 + count))
    stage.answer_all(60 + count)
    until(lambda: stage.committed() == count)
    assert stage.published() == once(*range(60), *range(1_000, 1_000 + count))
    assert changes("made_anew") == before + 1
    assert "removed and made again; reading it from its beginning, 0" in caplog.text


def test_a_topic_made_anew_while_no_bridge_runs(stage):
    """The next bridge sees in the commit that it was another topic's, though the offset would fit."""
    stage = stage(kafka_start="latest")
    stage.start()
    until(lambda: stage.committed() == 0)
    stage.send(1)
    stage.answer_all(1)
    until(lambda: stage.committed() == 1)
    stage.send(2)
    until(lambda: stage.dispatched() == {2})
    stage.stop()
    metadata = stage.commit()
    stage.remake()
    stage.send(*range(10, 20))
    stage.commit(metadata)  # as a bridge does that publishes at this very moment
    stage.start()
    stage.answer_all(11)
    until(lambda: stage.committed() == 10)
    assert stage.published() == once(1, *range(10, 20))


def test_a_partition_that_is_gone_answers_for_nothing(stage):
    """A topic made again with fewer partitions, or by another name: requests that those answered for are not stuck."""
    stage = stage()
    stage.redis.set(source_key(1), f"{stage.input}-5")
    stage.redis.set(source_key(2), "AI_handler_by_its_old_name-0")
    stage.send(1, 2, 3)
    stage.start()
    until(lambda: stage.hints() == [1, 2, 3])
    stage.answer(1, 2, 3)
    until(lambda: stage.committed() == 3)
    assert stage.published() == once(1, 2, 3)


def test_a_new_topic_frees_the_ids_of_the_old_one(stage):
    """After a topic was made again with more partitions, a retry is answered in whichever partition it lands."""
    stage = stage()
    stage.send(1)
    stage.start()
    until(lambda: stage.dispatched() == {1})
    stage.stop()
    stage.remake(partitions=3)
    stage.send(1, partition=2)
    stage.start()
    stage.answer(1)
    until(lambda: stage.committed(2) == 1)
    assert stage.published() == once(1)


def test_new_partitions_begin_at_their_beginning(stage, caplog):
    """`KAFKA_START=latest` that was left in the settings skips nothing when partitions are added."""
    stage = stage(kafka_start="latest")
    stage.send(*range(5))
    stage.start()
    until(lambda: stage.committed() == 5)
    stage.admin.create_partitions([NewPartitions(stage.input, 3)])[stage.input].result(20)
    stage.meet_partitions(3)
    stage.send(*range(100, 120), partition=1)
    stage.send(*range(200, 220), partition=2)
    stage.answer_all(40)
    until(lambda: (stage.committed(1), stage.committed(2)) == (20, 20))
    assert stage.published() == once(*range(100, 120), *range(200, 220))
    assert "KAFKA_START skips 5 offsets for good, 0 to 4" in caplog.text


def test_the_first_start_chooses_for_all_partitions(stage):
    """With several partitions and two bridges `latest` skips the same in all, once."""
    stage = stage(partitions=3, kafka_start="latest")
    for number in range(3):
        stage.send(*range(number * 10, number * 10 + 10), partition=number)
    stage.start()
    stage.start()
    until(lambda: [stage.committed(number) for number in range(3)] == [10, 10, 10])
    for number in range(3):
        stage.send(100 + number, partition=number)
    stage.answer_all(3)
    until(lambda: [stage.committed(number) for number in range(3)] == [11, 11, 11])
    assert stage.published() == once(100, 101, 102)


def cut(stage, offset):
    """What retention does: the partition begins there."""
    for done in stage.admin.delete_records([TopicPartition(stage.input, 0, offset)]).values():
        done.result(20)


@pytest.mark.parametrize("running", [True, False])
def test_requests_that_were_deleted_unread_are_counted(stage, caplog, running):
    """Retention passes over a full window, or a bridge that is down: how many were lost is said, the rest goes on."""
    stage = stage(window_size=3)
    stage.send(*range(30))
    bridge = stage.start()
    until(lambda: len(stage.dispatched()) == 3)
    if not running:
        bridge.stop()
        stage.running.clear()
    before = metrics.UNREAD._value.get()
    cut(stage, 20)
    if not running:
        stage.start()
    # A running bridge still has its three requests in hand; they died with one that was down.
    lost = 17 if running else 20
    until(lambda: metrics.UNREAD._value.get() == before + lost)
    stage.answer_all(30 - lost)
    until(lambda: stage.committed() == 30)
    assert stage.published() == once(*([0, 1, 2] if running else []), *range(20, 30))
    assert f"up to {lost} requests were deleted unread: the topic begins at 20 now" in caplog.text


def test_a_log_that_lost_its_end_is_read_again(private_kafka, redis_client, redis_url, tmp_path):
    """A broker that comes back without its last messages, as after an unclean election: what follows is not lost."""
    stage = Stage(private_kafka.bootstrap, None, redis_client, redis_url, tmp_path)
    try:
        stage.send(*range(60))
        stage.start()
        stage.answer_all(60)
        until(lambda: stage.committed() == 60)
        private_kafka.kill()
        private_kafka.lose_end(stage.input)
        private_kafka.start()
        stage.send(*range(100, 110))
        stage.answer_all(70)
        until(lambda: stage.lag() == 0)
        assert stage.published() == once(*range(60), *range(100, 110))
    finally:
        stage.stop()
        stage.celery.close()


def test_a_missing_dead_letter_topic_stops_no_answer(stage):
    """One bad message whose topic is gone waits; valid requests are answered, and readiness names topic and error."""
    stage = stage()
    dead = stage.settings.dead_letter_topic
    stage.start()
    until((stage.settings.health_folder / "bridge.ready").exists)
    stage.remove(dead)
    stage.send(1)
    stage.send(2, value=b"{oops")
    stage.send(3)
    stage.answer_all(2)
    until(lambda: f"{dead}: UNKNOWN_TOPIC_OR_PART" in stage.health.troubles.get("topics", ""))
    assert not (stage.settings.health_folder / "bridge.ready").exists()
    stage.send(*range(10, 20))
    stage.answer_all(12)
    assert stage.published() == once(1, 3, *range(10, 20))
    assert metrics.TOPIC_TROUBLE.labels(dead, "UNKNOWN_TOPIC_OR_PART")._value.get() == 1
    stage.create(dead)
    until(lambda: stage.committed() == 13)
    assert [letter.value() for letter in stage.letters()] == [b"{oops"]
    until((stage.settings.health_folder / "bridge.ready").exists)


def test_a_missing_output_topic_is_named_and_waited_for(stage):
    """Without the storage service's topic nothing is half said; when it is there again, all is."""
    stage = stage()
    uploads = stage.settings.kafka_topic_for_uploading_data
    stage.start()
    until((stage.settings.health_folder / "bridge.ready").exists)
    stage.remove(uploads)
    stage.send(1)
    until(lambda: stage.dispatched() == {1})
    stage.answer(1)
    until(lambda: f"{uploads}: UNKNOWN_TOPIC_OR_PART" in stage.health.troubles.get("topics", ""))
    stage.create(uploads)
    until(lambda: stage.committed() == 1)
    assert stage.published() == once(1)


def test_a_claim_that_outlives_every_setting_is_stale(stage):
    """Redis' clock went back by an hour as a worker died: its request goes to another worker, not an hour later."""
    stage = stage(lease_seconds=1.0)
    stage.start()
    stage.send(1, 2)
    until(lambda: stage.hints() == [1, 2])
    hour = 3_600
    for worker, processing_id, seconds in (("dead", 1, hour + 1), ("parked", 2, 301)):
        stage.redis.set(claim_key(processing_id), f"{worker}:token", ex=seconds)
    stage.redis.set(worker_key("dead"), "_", ex=hour + 1)
    until(lambda: stage.hints() == [1, 1, 2])
    assert not stage.redis.exists(claim_key(1))
    assert stage.redis.exists(claim_key(2))


def test_an_impossible_time_is_none(stage):
    """A sender that writes seconds instead of milliseconds is answered like any other."""
    stage = stage()
    stage.start()
    until(lambda: stage.committed() == 0)
    stage.send(1, timestamp=1_760_000_000)
    until(lambda: stage.dispatched() == {1})
    stage.answer(1)
    until(lambda: stage.committed() == 1)
    assert stage.published() == once(1)
