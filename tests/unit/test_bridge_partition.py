"""One partition's work, beside hand-written Kafka and Redis."""

import json
import logging
import time

import pytest
import redis
from confluent_kafka import TopicPartition

from bridge.dead_letter import DeadLetterCap, TooManyDeadLetters
from bridge.dispatch import Signs
from bridge.offsets import Commit
from bridge.partition import GAVE_UP, PartitionWork, Policy
from bridge.publisher import PublishError
from bridge.supervision import MAX_LOST_CLAIMS
from tests.support.samples import SENT_AT, FakeMessage, request_value, scored

POLICY = Policy(window_size=10, request_deadline=3_600.0, redispatch_after=5.0)


class FakeRedis:
    """The dispatcher and the marks, with their Redis as plain sets."""

    def __init__(self):
        self.dispatched = []
        self.ready = {}
        self.marked = set()
        self.claimed = set()
        self.elsewhere = set()
        self.drained = True
        self.emptied = False
        self.complete = True  # False: emptied after the look at outcomes
        self.away = set()  # names of methods that fail
        self.in_topic = set()  # what catch_up finds
        self.catch_ups = 0

    def dispatch(self, dispatches):
        self._answer("dispatch")
        self.dispatched += [dispatch.request.processing_id for dispatch in dispatches]
        self.last = list(dispatches)

    def outcomes(self, processing_ids):
        self._answer("outcomes")
        return None if self.emptied else {i: self.ready[i] for i in processing_ids if i in self.ready}

    def signs(self, processing_ids, _source):
        self._answer("signs")
        ids = frozenset(processing_ids)
        return Signs(ids & self.marked, ids & self.claimed, ids & self.elsewhere, self.drained, self.complete)

    def finish(self, processing_ids):
        self._answer("finish")
        self.marked |= set(processing_ids)
        for processing_id in processing_ids:
            self.ready.pop(processing_id, None)

    def catch_up(self):
        self._answer("catch_up")
        self.catch_ups += 1
        self.emptied = False
        self.marked |= self.in_topic
        return len(self.in_topic)

    def empty(self):
        self.emptied = True
        self.ready.clear()
        self.claimed.clear()
        self.marked.clear()

    def _answer(self, method):
        if method in self.away:
            raise redis.ConnectionError("Redis is away")


class FakeKafka:
    """The consumer and the publisher, with what they have committed."""

    def __init__(self):
        self.committed_at = TopicPartition("AI_handler", 0, -1001)
        self.published = []  # (processing_id, success)
        self.letters = []
        self.sought = None
        self.transactions = 0
        self.failing = False
        self.log = []

    def committed(self, _partitions, timeout):
        assert timeout
        return [self.committed_at]

    def seek(self, partition):
        self.log.append("seek")
        self.sought = partition.offset

    def open(self):
        self.log.append("open")

    def close(self):
        self.log.append("close")

    def publish(self, publications, dead_letters, *, source, commit, consumer):
        if self.failing:
            raise PublishError("fenced")
        assert consumer is self
        self.transactions += 1
        for publication in publications:
            body = json.loads(publication.outcome.notification)
            self.published.append((publication.processing_id, body["success"]))
        self.letters += dead_letters
        self.committed_at = TopicPartition(source.topic, source.partition, commit.offset, commit.metadata)

    @property
    def commit(self):
        return Commit(self.committed_at.offset, self.committed_at.metadata)


class Desk:
    """A partition's work and everything around it; `step` lets a second pass first."""

    def __init__(self, policy=POLICY, limit=100):
        self.redis = FakeRedis()
        self.kafka = FakeKafka()
        self.now = 1_000.0
        self.cap = DeadLetterCap(limit, 600.0, lambda: self.now)
        self.policy = policy
        self.start()

    def start(self):
        """A new bridge's."""
        self.work = PartitionWork(
            TopicPartition("AI_handler", 0), self.kafka, self.redis, self.redis, lambda: self.kafka, self.cap,
            self.policy, lambda: self.now,
        )  # fmt: skip
        self.work.recover()

    def take(self, offset, processing_id=7, **changes):
        self.work.take(FakeMessage(offset, request_value(processing_id, **changes)))

    def step(self, seconds=1.0):
        self.now += seconds
        self.work.step()


@pytest.fixture
def desk():
    return Desk()


def test_a_request_is_dispatched_once_and_published_with_its_offset(desk):
    """The way of every request: dispatched, scored, published once, committed, marked."""
    desk.take(0)
    desk.step()
    assert desk.redis.dispatched == [7]
    assert desk.kafka.transactions == 0
    desk.redis.ready[7] = scored(7)
    desk.step()
    desk.step()
    assert desk.kafka.published == [(7, True)]
    assert desk.kafka.commit == Commit(1, "v1 0 ")
    assert desk.redis.marked == {7}
    assert desk.redis.dispatched == [7]


def test_outcomes_that_are_ready_together_share_a_transaction(desk):
    """Ten results cost one transaction, and one slow request does not hold the others back."""
    for offset in range(5):
        desk.take(offset, 100 + offset)
    desk.step()
    desk.redis.ready.update({100 + offset: scored(100 + offset) for offset in (1, 2, 4)})
    desk.step()
    assert desk.kafka.transactions == 1
    assert desk.kafka.published == [(101, True), (102, True), (104, True)]
    assert desk.kafka.commit.offset == 0
    desk.start()
    for offset in range(5):
        desk.take(offset, 100 + offset)
    desk.step()
    assert desk.redis.dispatched == [100, 101, 102, 103, 104, 100, 103]


def test_the_deadline_counts_from_the_sender_time(desk):
    """A request that has waited in Kafka has that much less time left."""
    desk.take(0)
    desk.step()
    assert desk.redis.last[0].deadline_at == SENT_AT / 1000 + 3_600


def test_a_message_from_the_future_has_no_longer_deadline(desk):
    """A sender with a wrong clock does not get a request that outlives its processed mark."""
    desk.work.take(FakeMessage(0, request_value(), sent_at=10**15))
    desk.step()
    assert desk.redis.last[0].deadline_at < 10**11


def test_a_duplicate_in_the_window_joins(desk):
    """The sender's retry is neither dispatched nor answered on its own, and its offset ends with the first."""
    desk.take(0)
    desk.take(1)
    desk.step()
    desk.redis.ready[7] = scored(7)
    desk.step()
    assert desk.redis.dispatched == [7]
    assert desk.kafka.published == [(7, True)]
    assert desk.kafka.commit.offset == 2


def test_a_finished_request_comes_to_nothing(desk):
    """A request with a processed mark is committed without a second notification or a second call."""
    desk.redis.marked.add(7)
    desk.take(0)
    desk.step()
    assert (desk.redis.dispatched, desk.kafka.published) == ([], [])
    assert desk.kafka.commit.offset == 1


def test_a_mark_that_comes_late_still_silences(desk):
    """When somebody else finished the request in the meantime, its outcome is not said again."""
    desk.take(0)
    desk.step()
    desk.redis.ready[7] = scored(7)
    desk.redis.marked.add(7)
    desk.step(0.1)
    assert desk.kafka.published == []
    assert desk.kafka.commit.offset == 1


def test_the_headers_of_the_sender_are_passed_on(desk):
    """A trace that the sender began goes on in our messages."""
    seen = []
    publish = desk.kafka.publish
    desk.kafka.publish = lambda publications, *rest, **named: (
        seen.extend(p.traceparent for p in publications), publish(publications, *rest, **named)
    )  # fmt: skip
    desk.redis.ready[7] = scored(7)
    desk.work.take(FakeMessage(0, request_value(), raw_headers=[("other", b"x"), ("traceparent", b"00-1-2-3")]))
    desk.step()
    assert seen == [b"00-1-2-3"]


def test_a_dead_letter_is_committed_and_its_user_told(desk):
    """A bad request becomes a dead letter and a failure notification, and the offset moves on."""
    desk.take(0, resume=" ")
    desk.step()
    assert [dict(letter.headers)["reason"] for letter in desk.kafka.letters] == [b"blank_text"]
    assert desk.kafka.published == [(7, False)]
    assert desk.kafka.commit.offset == 1
    assert desk.redis.marked == {7}


def test_an_unreadable_message_tells_nobody(desk):
    """Where nobody can be told, there is a dead letter alone."""
    desk.work.take(FakeMessage(0, b"{oops"))
    desk.step()
    assert len(desk.kafka.letters) == 1
    assert desk.kafka.published == []


@pytest.mark.parametrize("bad_first", [True, False])
def test_a_bad_duplicate_is_silent_while_a_good_one_is_in_hand(desk, bad_first):
    """One notification per id: the valid request has the last word, not its broken copy."""
    if bad_first:
        desk.take(0, resume=" ")
        desk.take(1)
    else:
        desk.take(0)
        desk.take(1, resume=" ")
    desk.step()
    assert len(desk.kafka.letters) == 1
    assert desk.kafka.published == []
    desk.redis.ready[7] = scored(7)
    desk.step()
    assert desk.kafka.published == [(7, True)]
    assert desk.kafka.commit.offset == 2


def test_bad_duplicates_are_told_once(desk):
    """Two broken copies of a request are two dead letters and one notification."""
    desk.take(0, resume=" ")
    desk.take(1, resume=" ")
    desk.step()
    desk.take(2, resume=" ")
    desk.step()
    assert len(desk.kafka.letters) == 3
    assert desk.kafka.published == [(7, False)]


def test_a_bad_message_after_the_answer_is_silent(desk):
    """A broken copy that comes when the user has the answer says nothing more."""
    desk.redis.marked.add(7)
    desk.take(0, resume=" ")
    desk.step()
    assert len(desk.kafka.letters) == 1
    assert desk.kafka.published == []


def test_too_many_dead_letters_stop_the_bridge_before_it_writes():
    """At the cap nothing more is written or committed, so a better deploy finds it all."""
    desk = Desk(limit=2)
    for offset in range(3):
        desk.take(offset, resume=" ")
    with pytest.raises(TooManyDeadLetters):
        desk.step()
    assert (desk.kafka.letters, desk.kafka.transactions) == ([], 0)


def test_a_flapping_broker_does_not_use_up_the_cap():
    """A dead letter whose transaction has to be made again counts once."""
    desk = Desk(limit=1)
    for _ in range(3):
        desk.take(0, resume=" ")
        desk.kafka.failing = True
        with pytest.raises(PublishError):
            desk.step()
        desk.kafka.failing = False
        desk.work.recover()
    desk.take(0, resume=" ")
    desk.step()
    assert len(desk.kafka.letters) == 1


def test_other_services_messages_are_committed_and_logged_once(desk, caplog):
    """Keys that are not ours move the offset on and do not fill the log."""
    caplog.set_level(logging.INFO)
    for offset in range(4):
        desk.work.take(FakeMessage(offset, b"whatever", b"other" if offset % 2 else b"another"))
    desk.step()
    assert desk.kafka.commit.offset == 4
    assert (desk.kafka.published, desk.kafka.letters) == ([], [])
    assert sum("not ours" in line for line in caplog.messages) == 2


def test_skipped_messages_do_not_cost_a_transaction_each(desk):
    """A flood of foreign keys is committed about once a second."""
    desk.work.take(FakeMessage(0, b"", b"other"))
    desk.step()
    desk.work.take(FakeMessage(1, b"", b"other"))
    desk.step(0.1)
    assert desk.kafka.transactions == 1
    desk.step(1.0)
    assert desk.kafka.commit.offset == 2


def test_an_id_of_another_partition_is_left_to_it(desk):
    """A retry that landed in another partition is neither dispatched nor published here, and ends with the mark."""
    desk.redis.elsewhere.add(7)
    desk.take(0)
    desk.step()
    desk.redis.ready[7] = scored(7)
    desk.step()
    assert (desk.redis.dispatched, desk.kafka.published, desk.kafka.transactions) == ([], [], 0)
    desk.redis.marked.add(7)
    desk.step()
    assert (desk.kafka.published, desk.kafka.commit.offset) == ([], 1)


def test_a_bad_copy_of_another_partitions_request_is_silent(desk):
    """The partition that answers for the id is the one that speaks."""
    desk.redis.elsewhere.add(7)
    desk.take(0, resume=" ")
    desk.step()
    assert (len(desk.kafka.letters), desk.kafka.published) == (1, [])


def test_a_killed_worker_request_is_dispatched_again(desk):
    """When the claim is gone without an outcome, the request goes to another worker with the next look."""
    desk.take(0)
    desk.step()
    desk.redis.claimed.add(7)
    desk.step()
    assert desk.redis.dispatched == [7]
    desk.redis.claimed.clear()
    desk.step()
    assert desk.redis.dispatched == [7, 7]


def test_hints_in_the_queue_are_not_copied(desk):
    """While workers are busy or down, no second hint is added to the queue."""
    desk.redis.drained = False
    desk.take(0)
    for _ in range(100):
        desk.step()
    assert desk.redis.dispatched == [7]


def test_a_request_that_kills_its_workers_is_given_up(desk):
    """After twenty lost workers the user gets a failure instead of a twenty-first attempt."""
    desk.take(0)
    for _ in range(MAX_LOST_CLAIMS):
        desk.step()
        desk.redis.claimed.add(7)
        desk.step()
        desk.redis.claimed.clear()
    desk.step()
    assert len(desk.redis.dispatched) == MAX_LOST_CLAIMS
    assert desk.kafka.published == [(7, False)]
    assert GAVE_UP.endswith(".")


def test_an_emptied_redis_is_filled_from_kafka_first(desk):
    """What the topic says is finished is not done again, and workers that live get time to claim what they have."""
    desk.take(0, 7)
    desk.take(1, 8)
    desk.take(2, 9)
    desk.step()
    desk.redis.claimed.update({7, 8, 9})
    desk.step()
    desk.redis.empty()
    desk.redis.in_topic = {7}
    desk.step()
    assert desk.redis.catch_ups == 2
    desk.redis.claimed.add(8)
    desk.step(POLICY.redispatch_after - 0.1)
    assert desk.redis.dispatched == [7, 8, 9]
    assert (desk.kafka.published, desk.redis.marked) == ([], {7})
    desk.step()
    assert desk.redis.dispatched == [7, 8, 9, 9]


def test_a_published_request_is_marked_later_when_redis_is_away(desk):
    """Redis failing right after the commit delays the mark; nothing is published twice and no mark is lost."""
    desk.take(0)
    desk.redis.ready[7] = scored(7)
    desk.redis.away = {"finish"}
    with pytest.raises(redis.RedisError):
        desk.step()
    assert desk.kafka.published == [(7, True)]
    with pytest.raises(redis.RedisError):
        desk.step()
    desk.redis.away.clear()
    desk.step()
    assert desk.redis.marked == {7}
    assert desk.kafka.transactions == 1
    assert desk.work.free == POLICY.window_size


@pytest.mark.parametrize("method", ["outcomes", "signs", "dispatch"])
def test_an_outage_of_redis_loses_nothing(desk, method):
    """Whichever question to Redis fails, the request goes on when it is back."""
    desk.take(0)
    desk.redis.away = {method}
    with pytest.raises(redis.RedisError):
        desk.step()
    desk.redis.away.clear()
    for _ in range(6):
        desk.step()
    assert 7 in desk.redis.dispatched
    desk.redis.ready[7] = scored(7)
    desk.step()
    assert desk.kafka.published == [(7, True)]


def test_marks_that_an_emptied_redis_lacks_are_not_missed_for_good(desk):
    """Redis emptied between two looks of one step: nothing is said before the marks are back."""
    desk.take(0)
    desk.take(1, 8, resume=" ")
    desk.redis.ready[7] = scored(7)
    desk.redis.complete = False
    desk.step()
    assert (desk.kafka.published, desk.kafka.letters) == ([], [])
    desk.redis.complete = True
    desk.redis.marked = {7, 8}
    desk.step()
    assert desk.kafka.published == []
    assert desk.kafka.commit.offset == 2


def test_a_dead_letter_outlives_a_flush_between_two_looks(desk):
    """Redis emptied at any look of a step: what was published then leaves no dead letter behind, unwritten."""
    for emptied_at in range(4):
        desk.take(2 * emptied_at, 10 + emptied_at)
        desk.take(2 * emptied_at + 1, 8, resume=" ")
        desk.redis.ready[10 + emptied_at] = scored(10 + emptied_at)
        looks = iter(range(100))
        look = type(desk.redis).signs

        def signs(ids, source, looks=looks, look=look, emptied_at=emptied_at):
            desk.redis.complete = next(looks) != emptied_at
            return look(desk.redis, ids, source)

        desk.redis.signs = signs
        desk.step()
        desk.step()
        assert len(desk.kafka.letters) == emptied_at + 1
        assert desk.kafka.commit.offset == 2 * emptied_at + 2


def test_a_message_without_a_time_has_its_whole_deadline(desk):
    """Where Kafka names no time for a message, its deadline counts from now and not from 1970."""
    desk.work.take(FakeMessage(0, request_value(7), sent_at=-1))
    desk.step()
    assert desk.redis.last[0].deadline_at == pytest.approx(time.time() + POLICY.request_deadline, abs=60)


def test_a_failed_transaction_finishes_nothing(desk):
    """After a failed transaction the bridge starts over from Kafka and publishes then, once."""
    desk.take(0)
    desk.take(1, 8, resume=" ")
    desk.redis.ready[7] = scored(7)
    desk.kafka.failing = True
    with pytest.raises(PublishError):
        desk.step()
    assert desk.redis.marked == set()
    desk.kafka.failing = False
    desk.work.recover()
    assert desk.kafka.sought < 0
    desk.take(0)
    desk.take(1, 8, resume=" ")
    desk.step()
    assert sorted(desk.kafka.published) == [(7, True), (8, False)]
    assert len(desk.kafka.letters) == 1
    assert desk.redis.dispatched == []


def test_a_recovery_that_finds_its_transaction_committed_says_nothing_again(desk):
    """When the commit went through though its answer was lost, the topic says so and the request stays silent."""
    desk.take(0)
    desk.redis.ready[7] = scored(7)
    desk.kafka.failing = True
    with pytest.raises(PublishError):
        desk.step()
    desk.kafka.failing = False
    desk.kafka.committed_at = TopicPartition("AI_handler", 0, 1, "v1 0 ")
    desk.redis.in_topic = {7}
    desk.work.recover()
    assert desk.kafka.sought == 1
    desk.take(1)
    desk.step()
    assert (desk.kafka.published, desk.kafka.commit.offset) == ([], 2)


def test_recovery_takes_over_before_it_reads(desk):
    """The last owner's open transaction is ended before the offsets are read, and the old producer is let go."""
    desk.kafka.log.clear()
    desk.work.recover()
    assert desk.kafka.log == ["close", "open", "seek"]


def test_recovery_starts_at_the_committed_offset(desk):
    """A partition that was never committed is read from its beginning, any other from its watermark."""
    assert desk.kafka.sought == -2
    desk.kafka.committed_at = TopicPartition("AI_handler", 0, 40, "v1 3 0,2")
    desk.start()
    assert desk.kafka.sought == 40
    for offset in range(40, 44):
        desk.take(offset, offset)
    desk.step()
    assert desk.redis.dispatched == [40, 42, 43]


def test_the_window_counts_everything_that_is_not_committed(desk):
    """Requests, dead letters and foreign keys take a place until their offset is finished; duplicates too."""
    assert desk.work.free == 10
    desk.take(0)
    desk.take(1)
    desk.take(2, resume=" ")
    desk.work.take(FakeMessage(3, b"", b"other"))
    assert desk.work.free == 6
    desk.step()
    assert desk.work.free == 8
    desk.redis.ready[7] = scored(7)
    desk.step()
    assert desk.work.free == 10


def test_after_a_restart_the_whole_window_is_taken_again(desk):
    """What was open before the restart does not block its own place in the window."""
    for offset in range(10):
        desk.take(offset, offset)
    desk.step()
    desk.redis.ready[9] = scored(9)
    desk.step()
    desk.start()
    assert desk.work.free == 10
    for offset in range(9):
        desk.take(offset, offset)
    assert desk.work.free == 1


def test_steps_are_cheap_between_looks(desk):
    """The loop may turn as fast as it likes: Redis is asked twenty times a second at most."""
    desk.take(0)
    desk.step()
    desk.redis.away = {"outcomes", "signs"}
    desk.step(0.01)
    with pytest.raises(redis.RedisError):
        desk.step(0.05)


def test_no_line_of_the_log_carries_text(desk, caplog):
    """What the bridge logs of good and bad requests never quotes them."""
    caplog.set_level(logging.DEBUG)
    desk.take(0)
    desk.take(1, 8, requirements="тайна", callback_url="file:///secret")
    desk.redis.ready[7] = scored(7)
    desk.step()
    desk.step()
    assert desk.kafka.transactions
    assert not any(word in caplog.text for word in ("Инженер", "тайна", "Python", "secret", "Пригласить"))
