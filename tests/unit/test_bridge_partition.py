"""One partition's work, beside hand-written Kafka and Redis."""

import json
import logging
import time

import pytest
import redis
from confluent_kafka import TopicPartition

from bridge.dead_letter import DeadLetterCap, TooManyDeadLetters
from bridge.offsets import Commit
from bridge.partition import PartitionPolicy, PartitionWork
from bridge.publisher import PublishError
from bridge.request_store import RequestStates
from bridge.supervision import MAX_LOST_CLAIMS
from contract import Failure
from tests.support.samples import SENT_AT, FakeMessage, request_value, scored

POLICY = PartitionPolicy(window_size=10, request_deadline=3_600.0, redispatch_after=5.0)


class FakeRedis:
    """The store and the marks, with their Redis as plain sets."""

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

    def states(self, processing_ids, _source):
        self._answer("states")
        ids = frozenset(processing_ids)
        return RequestStates(ids & self.marked, ids & self.claimed, ids & self.elsewhere, self.drained, self.complete)

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


class Part:
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
def part():
    return Part()


def test_a_request_is_dispatched_once_and_published_with_its_offset(part):
    """The way of every request: dispatched, scored, published once, committed, marked."""
    part.take(0)
    part.step()
    assert part.redis.dispatched == [7]
    assert part.kafka.transactions == 0
    part.redis.ready[7] = scored(7)
    part.step()
    part.step()
    assert part.kafka.published == [(7, True)]
    assert part.kafka.commit == Commit(1, "v1 0 ")
    assert part.redis.marked == {7}
    assert part.redis.dispatched == [7]


def test_outcomes_that_are_ready_together_share_a_transaction(part):
    """Ten results cost one transaction, and one slow request does not hold the others back."""
    for offset in range(5):
        part.take(offset, 100 + offset)
    part.step()
    part.redis.ready.update({100 + offset: scored(100 + offset) for offset in (1, 2, 4)})
    part.step()
    assert part.kafka.transactions == 1
    assert part.kafka.published == [(101, True), (102, True), (104, True)]
    assert part.kafka.commit.offset == 0
    part.start()
    for offset in range(5):
        part.take(offset, 100 + offset)
    part.step()
    assert part.redis.dispatched == [100, 101, 102, 103, 104, 100, 103]


def test_the_deadline_counts_from_the_sender_time(part):
    """A request that has waited in Kafka has that much less time left."""
    part.take(0)
    part.step()
    assert part.redis.last[0].deadline_at == SENT_AT / 1000 + 3_600


def test_a_message_from_the_future_has_no_longer_deadline(part):
    """A sender with a wrong clock does not get a request that outlives its processed mark."""
    part.work.take(FakeMessage(0, request_value(), sent_at=10**15))
    part.step()
    assert part.redis.last[0].deadline_at < 10**11


def test_a_duplicate_in_the_window_joins(part):
    """The sender's retry is neither dispatched nor answered on its own, and its offset ends with the first."""
    part.take(0)
    part.take(1)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step()
    assert part.redis.dispatched == [7]
    assert part.kafka.published == [(7, True)]
    assert part.kafka.commit.offset == 2


def test_a_finished_request_comes_to_nothing(part):
    """A request with a processed mark is committed without a second notification or a second call."""
    part.redis.marked.add(7)
    part.take(0)
    part.step()
    assert (part.redis.dispatched, part.kafka.published) == ([], [])
    assert part.kafka.commit.offset == 1


def test_a_mark_that_comes_late_still_silences(part):
    """When somebody else finished the request in the meantime, its outcome is not said again."""
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.redis.marked.add(7)
    part.step(0.1)
    assert part.kafka.published == []
    assert part.kafka.commit.offset == 1


def test_the_headers_of_the_sender_are_passed_on(part):
    """A trace that the sender began goes on in our messages."""
    seen = []
    publish = part.kafka.publish
    part.kafka.publish = lambda publications, *rest, **named: (
        seen.extend(p.traceparent for p in publications), publish(publications, *rest, **named)
    )  # fmt: skip
    part.redis.ready[7] = scored(7)
    part.work.take(FakeMessage(0, request_value(), raw_headers=[("other", b"x"), ("traceparent", b"00-1-2-3")]))
    part.step()
    assert seen == [b"00-1-2-3"]


def test_a_dead_letter_is_committed_and_its_user_told(part):
    """A bad request becomes a dead letter and a failure notification, and the offset moves on."""
    part.take(0, resume=" ")
    part.step()
    assert [dict(letter.headers)["reason"] for letter in part.kafka.letters] == [b"blank_text"]
    assert part.kafka.published == [(7, False)]
    assert part.kafka.commit.offset == 1
    assert part.redis.marked == {7}


def test_an_unreadable_message_tells_nobody(part):
    """Where nobody can be told, there is a dead letter alone."""
    part.work.take(FakeMessage(0, b"{oops"))
    part.step()
    assert len(part.kafka.letters) == 1
    assert part.kafka.published == []


@pytest.mark.parametrize("bad_first", [True, False])
def test_a_bad_duplicate_is_silent_while_a_good_one_is_in_hand(part, bad_first):
    """One notification per id: the valid request has the last word, not its broken copy."""
    if bad_first:
        part.take(0, resume=" ")
        part.take(1)
    else:
        part.take(0)
        part.take(1, resume=" ")
    part.step()
    assert len(part.kafka.letters) == 1
    assert part.kafka.published == []
    part.redis.ready[7] = scored(7)
    part.step()
    assert part.kafka.published == [(7, True)]
    assert part.kafka.commit.offset == 2


def test_bad_duplicates_are_told_once(part):
    """Two broken copies of a request are two dead letters and one notification."""
    part.take(0, resume=" ")
    part.take(1, resume=" ")
    part.step()
    part.take(2, resume=" ")
    part.step()
    assert len(part.kafka.letters) == 3
    assert part.kafka.published == [(7, False)]


def test_a_bad_message_after_the_answer_is_silent(part):
    """A broken copy that comes when the user has the answer says nothing more."""
    part.redis.marked.add(7)
    part.take(0, resume=" ")
    part.step()
    assert len(part.kafka.letters) == 1
    assert part.kafka.published == []


def test_too_many_dead_letters_stop_the_bridge_before_it_writes():
    """At the cap nothing more is written or committed, so a better deploy finds it all."""
    part = Part(limit=2)
    for offset in range(3):
        part.take(offset, resume=" ")
    with pytest.raises(TooManyDeadLetters):
        part.step()
    assert (part.kafka.letters, part.kafka.transactions) == ([], 0)


def test_a_flapping_broker_does_not_use_up_the_cap():
    """A dead letter whose transaction has to be made again counts once."""
    part = Part(limit=1)
    for _ in range(3):
        part.take(0, resume=" ")
        part.kafka.failing = True
        with pytest.raises(PublishError):
            part.step()
        part.kafka.failing = False
        part.work.recover()
    part.take(0, resume=" ")
    part.step()
    assert len(part.kafka.letters) == 1


def test_other_services_messages_are_committed_and_logged_once(part, caplog):
    """Keys that are not ours move the offset on and do not fill the log."""
    caplog.set_level(logging.INFO)
    for offset in range(4):
        part.work.take(FakeMessage(offset, b"whatever", b"other" if offset % 2 else b"another"))
    part.step()
    assert part.kafka.commit.offset == 4
    assert (part.kafka.published, part.kafka.letters) == ([], [])
    assert sum("not ours" in line for line in caplog.messages) == 2


def test_skipped_messages_do_not_cost_a_transaction_each(part):
    """A flood of foreign keys is committed about once a second."""
    part.work.take(FakeMessage(0, b"", b"other"))
    part.step()
    part.work.take(FakeMessage(1, b"", b"other"))
    part.step(0.1)
    assert part.kafka.transactions == 1
    part.step(1.0)
    assert part.kafka.commit.offset == 2


def test_an_id_of_another_partition_is_left_to_it(part):
    """A retry that landed in another partition is neither dispatched nor published here, and ends with the mark."""
    part.redis.elsewhere.add(7)
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step()
    assert (part.redis.dispatched, part.kafka.published, part.kafka.transactions) == ([], [], 0)
    part.redis.marked.add(7)
    part.step()
    assert (part.kafka.published, part.kafka.commit.offset) == ([], 1)


def test_a_bad_copy_of_another_partitions_request_is_silent(part):
    """The partition that answers for the id is the one that speaks."""
    part.redis.elsewhere.add(7)
    part.take(0, resume=" ")
    part.step()
    assert (len(part.kafka.letters), part.kafka.published) == (1, [])


def test_a_killed_worker_request_is_dispatched_again(part):
    """When the claim is gone without an outcome, the request goes to another worker with the next look."""
    part.take(0)
    part.step()
    part.redis.claimed.add(7)
    part.step()
    assert part.redis.dispatched == [7]
    part.redis.claimed.clear()
    part.step()
    assert part.redis.dispatched == [7, 7]


def test_hints_in_the_queue_are_not_copied(part):
    """While workers are busy or down, no second hint is added to the queue."""
    part.redis.drained = False
    part.take(0)
    for _ in range(100):
        part.step()
    assert part.redis.dispatched == [7]


def test_a_request_that_kills_its_workers_is_given_up(part):
    """After twenty lost workers the user gets a failure instead of a twenty-first attempt."""
    part.take(0)
    for _ in range(MAX_LOST_CLAIMS):
        part.step()
        part.redis.claimed.add(7)
        part.step()
        part.redis.claimed.clear()
    part.step()
    assert len(part.redis.dispatched) == MAX_LOST_CLAIMS
    assert part.kafka.published == [(7, False)]
    assert Failure.INTERNAL.value.endswith(".")


def test_an_emptied_redis_is_filled_from_kafka_first(part):
    """What the topic says is finished is not done again, and workers that live get time to claim what they have."""
    part.take(0, 7)
    part.take(1, 8)
    part.take(2, 9)
    part.step()
    part.redis.claimed.update({7, 8, 9})
    part.step()
    part.redis.empty()
    part.redis.in_topic = {7}
    part.step()
    assert part.redis.catch_ups == 2
    part.redis.claimed.add(8)
    part.step(POLICY.redispatch_after - 0.1)
    assert part.redis.dispatched == [7, 8, 9]
    assert (part.kafka.published, part.redis.marked) == ([], {7})
    part.step()
    assert part.redis.dispatched == [7, 8, 9, 9]


def test_a_published_request_is_marked_later_when_redis_is_away(part):
    """Redis failing right after the commit delays the mark; nothing is published twice and no mark is lost."""
    part.take(0)
    part.redis.ready[7] = scored(7)
    part.redis.away = {"finish"}
    with pytest.raises(redis.RedisError):
        part.step()
    assert part.kafka.published == [(7, True)]
    with pytest.raises(redis.RedisError):
        part.step()
    part.redis.away.clear()
    part.step()
    assert part.redis.marked == {7}
    assert part.kafka.transactions == 1
    assert part.work.free == POLICY.window_size


@pytest.mark.parametrize("method", ["outcomes", "states", "dispatch"])
def test_an_outage_of_redis_loses_nothing(part, method):
    """Whichever question to Redis fails, the request goes on when it is back."""
    part.take(0)
    part.redis.away = {method}
    with pytest.raises(redis.RedisError):
        part.step()
    part.redis.away.clear()
    for _ in range(6):
        part.step()
    assert 7 in part.redis.dispatched
    part.redis.ready[7] = scored(7)
    part.step()
    assert part.kafka.published == [(7, True)]


def test_marks_that_an_emptied_redis_lacks_are_not_missed_for_good(part):
    """Redis emptied between two looks of one step: nothing is said before the marks are back."""
    part.take(0)
    part.take(1, 8, resume=" ")
    part.redis.ready[7] = scored(7)
    part.redis.complete = False
    part.step()
    assert (part.kafka.published, part.kafka.letters) == ([], [])
    part.redis.complete = True
    part.redis.marked = {7, 8}
    part.step()
    assert part.kafka.published == []
    assert part.kafka.commit.offset == 2


def test_a_dead_letter_outlives_a_flush_between_two_looks(part):
    """Redis emptied at any look of a step: what was published then leaves no dead letter behind, unwritten."""
    for emptied_at in range(4):
        part.take(2 * emptied_at, 10 + emptied_at)
        part.take(2 * emptied_at + 1, 8, resume=" ")
        part.redis.ready[10 + emptied_at] = scored(10 + emptied_at)
        looks = iter(range(100))
        look = type(part.redis).states

        def states(ids, source, looks=looks, look=look, emptied_at=emptied_at):
            part.redis.complete = next(looks) != emptied_at
            return look(part.redis, ids, source)

        part.redis.states = states
        part.step()
        part.step()
        assert len(part.kafka.letters) == emptied_at + 1
        assert part.kafka.commit.offset == 2 * emptied_at + 2


def test_a_message_without_a_time_has_its_whole_deadline(part):
    """Where Kafka names no time for a message, its deadline counts from now and not from 1970."""
    part.work.take(FakeMessage(0, request_value(7), sent_at=-1))
    part.step()
    assert part.redis.last[0].deadline_at == pytest.approx(time.time() + POLICY.request_deadline, abs=60)


def test_a_failed_transaction_finishes_nothing(part):
    """After a failed transaction the bridge starts over from Kafka and publishes then, once."""
    part.take(0)
    part.take(1, 8, resume=" ")
    part.redis.ready[7] = scored(7)
    part.kafka.failing = True
    with pytest.raises(PublishError):
        part.step()
    assert part.redis.marked == set()
    part.kafka.failing = False
    part.work.recover()
    assert part.kafka.sought < 0
    part.take(0)
    part.take(1, 8, resume=" ")
    part.step()
    assert sorted(part.kafka.published) == [(7, True), (8, False)]
    assert len(part.kafka.letters) == 1
    assert part.redis.dispatched == []


def test_a_recovery_that_finds_its_transaction_committed_says_nothing_again(part):
    """When the commit went through though its answer was lost, the topic says so and the request stays silent."""
    part.take(0)
    part.redis.ready[7] = scored(7)
    part.kafka.failing = True
    with pytest.raises(PublishError):
        part.step()
    part.kafka.failing = False
    part.kafka.committed_at = TopicPartition("AI_handler", 0, 1, "v1 0 ")
    part.redis.in_topic = {7}
    part.work.recover()
    assert part.kafka.sought == 1
    part.take(1)
    part.step()
    assert (part.kafka.published, part.kafka.commit.offset) == ([], 2)


def test_recovery_takes_over_before_it_reads(part):
    """The last owner's open transaction is ended before the offsets are read, and the old producer is let go."""
    part.kafka.log.clear()
    part.work.recover()
    assert part.kafka.log == ["close", "open", "seek"]


def test_recovery_starts_at_the_committed_offset(part):
    """A partition that was never committed is read from its beginning, any other from its watermark."""
    assert part.kafka.sought == -2
    part.kafka.committed_at = TopicPartition("AI_handler", 0, 40, "v1 3 0,2")
    part.start()
    assert part.kafka.sought == 40
    for offset in range(40, 44):
        part.take(offset, offset)
    part.step()
    assert part.redis.dispatched == [40, 42, 43]


def test_the_window_counts_everything_that_is_not_committed(part):
    """Requests, dead letters and foreign keys take a place until their offset is finished; duplicates too."""
    assert part.work.free == 10
    part.take(0)
    part.take(1)
    part.take(2, resume=" ")
    part.work.take(FakeMessage(3, b"", b"other"))
    assert part.work.free == 6
    part.step()
    assert part.work.free == 8
    part.redis.ready[7] = scored(7)
    part.step()
    assert part.work.free == 10


def test_after_a_restart_the_whole_window_is_taken_again(part):
    """What was open before the restart does not block its own place in the window."""
    for offset in range(10):
        part.take(offset, offset)
    part.step()
    part.redis.ready[9] = scored(9)
    part.step()
    part.start()
    assert part.work.free == 10
    for offset in range(9):
        part.take(offset, offset)
    assert part.work.free == 1


def test_steps_are_cheap_between_looks(part):
    """The loop may turn as fast as it likes: Redis is asked twenty times a second at most."""
    part.take(0)
    part.step()
    part.redis.away = {"outcomes", "states"}
    part.step(0.01)
    with pytest.raises(redis.RedisError):
        part.step(0.05)


def test_an_announced_outcome_is_published_sooner(part):
    """A request that ends is answered a moment after its worker says so, and not with the next regular look."""
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step(0.02)
    assert part.kafka.published == []
    part.work.look_soon()
    part.step(0.0)
    assert part.kafka.published == [(7, True)]


def test_announcements_that_come_thick_share_a_look(part):
    """Hundreds of outcomes a second cost fifty looks and transactions a second at most."""
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step(0.01)
    part.work.look_soon()
    part.step(0.0)
    assert part.kafka.published == []


def test_no_line_of_the_log_carries_text(part, caplog):
    """What the bridge logs of good and bad requests never quotes them."""
    caplog.set_level(logging.DEBUG)
    part.take(0)
    part.take(1, 8, requirements="тайна", callback_url="file:///secret")
    part.redis.ready[7] = scored(7)
    part.step()
    part.step()
    assert part.kafka.transactions
    assert not any(word in caplog.text for word in ("Инженер", "тайна", "Python", "secret", "Пригласить"))
