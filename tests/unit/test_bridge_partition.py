"""One partition's work, beside hand-written Kafka and Redis."""

import dataclasses
import json
import logging
from types import SimpleNamespace

import pytest
import redis
from confluent_kafka import KafkaError, TopicPartition
from prometheus_client import REGISTRY

from bridge.dead_letter import CUTS, DeadLetter, DeadLetterCap
from bridge.ending import LETTERS_IN_HAND
from bridge.fair_order import NEXT, TURN
from bridge.intake import Reason
from bridge.offsets import MAX_METADATA, Commit, LogChanged
from bridge.partition import LOOK_PAUSE, TELL_EVERY, PartitionWork
from bridge.places import Kept
from bridge.policy import PartitionPolicy
from bridge.publisher import OutputRefused, PublishError
from bridge.request_store import RequestStates
from bridge.start import StartUnknown
from bridge.supervision import MAX_CHARGES, HintLatency
from bridge.supervisor import OVERTIME, STUCK_FOR
from contract import DIALECTS, HANDED_BACK, Failure, Outcome
from contract.year_2026 import SETTLES, Processing
from tests.support.samples import SENT_AT, FakeMessage, request_value, scored

POLICY = PartitionPolicy(window_cap=10, request_rate=1.0, request_deadline=3_600.0, redispatch_after=5.0, lease=2.0)


TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class FakeTopics:
    """What the brokers say of the topics."""

    def __init__(self):
        self.source_id, self.partitions, self.log_starts, self.log_ends = "first", 1, {}, {}
        self.broken = set()

    def look(self):
        pass

    def may_write_answers(self):
        return "answers" not in self.broken

    def may_write_letters(self):
        return "letters" not in self.broken


class FakeRedis:
    """The store, the marks and the places, with their Redis as plain sets."""

    def __init__(self):
        self.places = self.user_limit = self.tally = self
        self.too_many = set()
        self.given_back = []
        self.reached = 0.0
        self.kept = {}  # places by processing id
        self.users = {}  # one step behind their last places
        self.dispatched = []
        self.ready = {}
        self.marked = set()
        self.claimed = {}  # workers by processing id
        self.living = set()  # workers
        self.ends = []  # how requests did
        self.asked = []  # ids that were looked at
        self.elsewhere = {}
        self.let_go = 0  # times that it answers for no id any more
        self.stale = []
        self.emptied = False
        self.complete = True  # False: it lost marks
        self.away = set()  # names of methods that fail
        self.in_topic = set()  # what catch_up finds
        self.catch_ups = 0
        self.moves = 0
        self.finishes = []

    def dispatch(self, dispatches):
        self._answer("dispatch")
        self.dispatched += [dispatch.request.processing_id for dispatch in dispatches]
        self.last = list(dispatches)

    def add(self, ends):
        self.ends += ends

    def states(self, processing_ids, workers=()):
        self._answer("states")
        self.asked += processing_ids
        ids = frozenset(processing_ids)
        claims = {i: worker for i, worker in self.claimed.items() if i in ids}
        living = frozenset(workers) & self.living
        elsewhere = {i: holder for i, holder in self.elsewhere.items() if i in ids}
        ready = {i: outcome for i, outcome in self.ready.items() if i in ids}
        return RequestStates(ids & self.marked, elsewhere, claims, ready, living, self.complete and not self.emptied)

    def look(self, processing_ids, reached):
        self._answer("look")
        self.reached = max(self.reached, reached)
        ids = frozenset(processing_ids)
        return Kept(self.reached, {i: place for i, place in self.kept.items() if i in ids}, ids & self.marked)

    def tell_line(self, users, *, fair, now):
        assert now
        self.line = users, fair

    def refused(self, requests):
        self._answer("refused")
        return {processing_id for processing_id, _, _ in requests} & self.too_many

    def wait(self, at):
        return 3_600 + (at < SENT_AT / 1000)

    def give_back(self, requests):
        self.given_back += requests

    def give(self, wanted, reached):
        self._answer("give")
        self.users = {user: place for user, place in self.users.items() if place > reached}
        places = []
        for user, step, least in wanted:
            places.append(max(least, self.users.get(user, 0.0)))
            self.users[user] = places[-1] + step
        return places

    def take_over(self, elsewhere):
        for processing_id in elsewhere:
            del self.elsewhere[processing_id]

    def let_go_of_all(self, partitions):
        assert partitions == ["AI_handler-0"]
        self.let_go += 1
        yield 0

    def drop_stale_claims(self, claims):
        self.stale += claims

    def finish(self, processing_ids):
        self._answer("finish")
        self.finishes.append(list(processing_ids))
        self.marked |= set(processing_ids)
        for processing_id in processing_ids:
            self.ready.pop(processing_id, None)
        return not self.emptied

    def catch_up(self):
        self._answer("catch_up")
        self.catch_ups += 1
        yield len(self.in_topic)
        self._answer("catch_up")
        self.emptied = False
        self.marked |= self.in_topic

    def move_on(self):
        self.moves += 1
        yield 0

    def claim(self, worker, *processing_ids):
        self.living.add(worker)
        self.claimed |= dict.fromkeys(processing_ids, worker)

    def kill(self, worker):
        self.living.discard(worker)
        self.claimed = {i: other for i, other in self.claimed.items() if other != worker}

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
        self.refuses = lambda _output: False
        self.low, self.young, self.end = 0, 0, 1_000_000
        self.log = []

    def committed(self, _partitions, timeout):
        assert timeout
        return [self.committed_at]

    def list_topics(self, topic, timeout):
        assert timeout
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions={0: None})})

    def get_watermark_offsets(self, _partition, timeout=None, *, cached=False):
        assert timeout or cached
        return self.low, self.end

    def offsets_for_times(self, partitions, timeout):
        assert timeout
        return [TopicPartition(each.topic, each.partition, self.young) for each in partitions]

    def seek(self, partition):
        self.log.append("seek")
        self.sought = partition.offset

    def open(self):
        self.log.append("open")

    def close(self):
        self.log.append("close")

    def publish(self, outputs, positions, consumer):
        if self.failing:
            raise PublishError("fenced")
        for output in outputs:
            if self.refuses(output):
                raise OutputRefused(output, "a topic", KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        assert consumer is self
        if self.sought is not None:  # else it only says where it begins
            self.transactions += 1
        for output in outputs:
            if isinstance(output, DeadLetter):
                self.letters.append(output)
                continue
            body = json.loads(output.outcome.notification)
            self.published.append((output.processing_id, body["success"]))
            self.last = output
        (self.committed_at,) = positions

    @property
    def committed_to(self):
        return Commit(self.committed_at.offset, self.committed_at.metadata)


class Part:
    """A partition's work and everything around it; `step` lets a second pass first."""

    def __init__(self, policy=POLICY, limit=100, latency=None):
        self.latency = latency or HintLatency()
        self.redis = FakeRedis()
        self.kafka = FakeKafka()
        self.topics = FakeTopics()
        self.now = 1_000.0
        self.wall = SENT_AT / 1000 + 60.0
        self.cap = DeadLetterCap(limit, 600.0, lambda: self.now)
        self.policy = policy
        self.start()

    def start(self):
        """A new bridge's."""
        self.work = PartitionWork(
            TopicPartition("AI_handler", 0), self.kafka, self.redis, self.redis, self.kafka, self.topics,
            self.cap, self.policy, lambda: self.now, lambda: self.wall, latency=self.latency,
        )  # fmt: skip
        self.recover()

    def recover(self):
        while not self.work.recover():
            pass

    def take(self, offset, processing_id=7, **changes):
        self.work.take(FakeMessage(offset, request_value(processing_id, **changes)))

    def step(self, seconds=1.0):
        self.now += seconds
        self.wall += seconds
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
    assert part.kafka.committed_to == Commit(1, "v2 first 0 ")
    assert part.redis.marked == {7}
    assert part.redis.dispatched == [7]


def test_an_answer_waits_for_its_row():
    """Where the storage service makes a row of the request first, nothing is said within seconds of it."""
    part = Part(dataclasses.replace(POLICY, dialect=DIALECTS["2026"]))
    part.wall = SENT_AT / 1000
    fields = {"processing_id": 7, "resume_id": 2, "user_id": 3, "requirement_id": 4, "resume": "x", "requirement": "y"}
    part.work.take(FakeMessage(0, json.dumps(fields).encode()))
    part.work.take(FakeMessage(1, json.dumps({**fields, "processing_id": 8, "resume": " "}).encode()))
    part.step()
    part.redis.ready[7] = Outcome.failed(Processing(processing_id=7), "Ошибка.")
    part.step(SETTLES - 2)
    assert part.kafka.transactions == 0
    part.step(2)
    assert part.kafka.published == [(7, False), (8, False)]


def test_outcomes_that_are_ready_together_share_a_transaction(part):
    """Ten results cost one transaction, and one slow request does not hold the others back."""
    for offset in range(5):
        part.take(offset, 100 + offset)
    part.step()
    part.redis.ready.update({100 + offset: scored(100 + offset) for offset in (1, 2, 4)})
    part.step()
    assert part.kafka.transactions == 1
    assert part.kafka.published == [(101, True), (102, True), (104, True)]
    assert part.kafka.committed_to.offset == 0
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
    assert part.redis.last[0].deadline_at <= part.wall + 3_600


def test_a_duplicate_in_the_window_joins(part):
    """The sender's retry is neither dispatched nor answered on its own, and its offset ends with the first."""
    part.take(0)
    part.take(1)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step()
    assert part.redis.dispatched == [7]
    assert part.kafka.published == [(7, True)]
    assert part.kafka.committed_to.offset == 2


def test_a_finished_request_comes_to_nothing(part):
    """A request with a processed mark is committed without a second notification or a second call."""
    part.redis.marked.add(7)
    part.take(0)
    part.step()
    assert (part.redis.dispatched, part.kafka.published) == ([], [])
    assert part.kafka.committed_to.offset == 1


def test_a_mark_that_comes_late_still_silences(part):
    """When somebody else finished the request in the meantime, its outcome is not said again."""
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.redis.marked.add(7)
    part.work.look_soon({7})
    part.step(0.1)
    assert part.kafka.published == []
    assert part.kafka.committed_to.offset == 1


def test_the_headers_of_the_sender_are_passed_on(part):
    """A trace that the sender began goes on in our messages."""
    seen = []
    publish = part.kafka.publish
    part.kafka.publish = lambda publications, *rest, **named: (
        seen.extend(p.traceparent for p in publications), publish(publications, *rest, **named)
    )  # fmt: skip
    part.redis.ready[7] = scored(7)
    part.work.take(FakeMessage(0, request_value(), raw_headers=[("other", b"x"), ("traceparent", TRACE)]))
    part.step()
    assert seen == [TRACE]


def test_a_dead_letter_is_committed_and_its_user_told(part):
    """A bad request becomes a dead letter and a failure notification, and the offset moves on."""
    part.take(0, resume=" ")
    part.step()
    assert [dict(letter.headers)["reason"] for letter in part.kafka.letters] == [b"blank_text"]
    assert part.kafka.published == [(7, False)]
    assert part.kafka.committed_to.offset == 1
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
    assert part.kafka.committed_to.offset == 2


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


def test_at_the_cap_the_bridge_stops_taking_and_goes_on_publishing():
    """Too many bad messages: no more dead letters, nothing new is taken, and what is ready is still said."""
    part = Part(limit=2)
    part.take(0, 100)
    for offset in range(1, 6):
        part.take(offset, offset, resume=" ")
    part.step()
    assert len(part.kafka.letters) == 2
    assert part.work.free == 0
    part.redis.ready[100] = scored(100)
    part.step()
    assert part.kafka.published == [(1, False), (2, False), (100, True)]
    assert part.kafka.committed_to.offset == 3
    part.cap.resume(part.now)
    assert part.work.free > 0
    part.step()
    assert len(part.kafka.letters) == 4


def test_the_window_passing_resumes():
    """Nobody has to do anything where the bad messages were few after all."""
    part = Part(limit=2)
    for offset in range(3):
        part.take(offset, offset, resume=" ")
    part.step()
    part.step(599.0)
    assert len(part.kafka.letters) == 2
    part.step(2.0)
    assert len(part.kafka.letters) == 3


def test_a_flapping_broker_does_not_use_up_the_cap():
    """A dead letter whose transaction has to be made again counts once."""
    part = Part(limit=1)
    for _ in range(3):
        part.take(0, resume=" ")
        part.kafka.failing = True
        with pytest.raises(PublishError):
            part.step()
        part.kafka.failing = False
        part.recover()
    part.take(0, resume=" ")
    part.step()
    assert len(part.kafka.letters) == 1


def test_other_services_messages_are_committed_and_logged_once(part, caplog):
    """Keys that are not ours move the offset on and do not fill the log."""
    caplog.set_level(logging.INFO)
    for offset in range(4):
        part.work.take(FakeMessage(offset, b"whatever", b"other" if offset % 2 else b"another"))
    part.step()
    assert part.kafka.committed_to.offset == 4
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
    assert part.kafka.committed_to.offset == 2


def test_an_id_of_another_partition_is_left_to_it(part):
    """A retry that landed in another partition is neither dispatched nor published here, and ends with the mark."""
    part.redis.elsewhere[7] = "AI_handler-1"
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step()
    assert (part.redis.dispatched, part.kafka.published, part.kafka.transactions) == ([], [], 0)
    part.redis.marked.add(7)
    part.step()
    assert (part.kafka.published, part.kafka.committed_to.offset) == ([], 1)


def test_a_bad_copy_of_another_partitions_request_is_silent(part):
    """The partition that answers for the id is the one that speaks."""
    part.redis.elsewhere[7] = "AI_handler-1"
    part.take(0, resume=" ")
    part.step()
    assert (len(part.kafka.letters), part.kafka.published) == (1, [])


def test_a_killed_worker_request_is_dispatched_again(part):
    """When the claim is gone without an outcome, the request goes to another worker with the next look."""
    part.take(0)
    part.step()
    part.redis.claim("w", 7)
    part.step()
    assert part.redis.dispatched == [7]
    part.redis.kill("w")
    part.step()
    assert part.redis.dispatched == [7, 7]


def test_a_lost_hint_goes_again_whatever_the_queue(part):
    """A hint that a blip of Redis has swallowed goes again while others queue, and a full queue is not filled up."""
    part.take(0)
    for _ in range(3_500):
        part.step()
    assert 8 <= len(part.redis.dispatched) <= 12


def outage(part, method):
    """Redis fails at this once, and is back."""
    part.redis.away = {method}
    with pytest.raises(redis.RedisError):
        part.step()
    part.redis.away.clear()


def test_a_hint_that_could_not_be_sent_is_not_waited_for(part):
    """Where Redis fails as the hint is sent, it goes with the next look."""
    part.take(0)
    outage(part, "dispatch")
    part.step()
    assert part.redis.dispatched == [7]


def crash(part, worker, *processing_ids):
    """A worker takes requests in hand, and goes away with all of them."""
    part.redis.claim(worker, *processing_ids)
    part.step()
    part.redis.kill(worker)
    part.step()


def test_a_request_that_kills_its_worker_alone_is_given_up(part):
    """After a few lost workers the user gets a failure instead of another attempt."""
    part.take(0)
    part.step()
    for number in range(MAX_CHARGES):
        assert len(part.redis.dispatched) == number + 1
        crash(part, f"w{number}", 7)
    part.step()
    assert len(part.redis.dispatched) == MAX_CHARGES
    assert part.kafka.published == [(7, False)]
    assert Failure.INTERNAL.value.endswith(".")


def test_a_request_that_fails_in_a_worker_that_lives_on_is_given_up(part):
    """A request that its worker drops again and again is the culprit, however many run beside it."""
    for offset in range(4):
        part.take(offset, offset)
    part.step()
    for _ in range(MAX_CHARGES):
        part.redis.claim("w", 0, 1, 2, 3)
        part.step()
        del part.redis.claimed[0]
        part.step()
    part.step()
    assert part.kafka.published == [(0, False)]


def test_a_request_is_not_charged_for_an_outage_of_redis(part):
    """A worker that cannot reach Redis drops what it has in hand: however often, that is no request's doing."""
    part.take(0)
    part.step()
    for number in range(1, 2 * MAX_CHARGES):
        part.redis.claim("w", 7)
        part.step()
        outage(part, "states")
        part.step(POLICY.lease)
        part.redis.claimed.clear()
        part.step(POLICY.lease)
        assert len(part.redis.dispatched) == number + 1
    assert part.kafka.published == []


def test_an_outage_of_redis_does_not_excuse_for_ever(part):
    """Some time after it a request that its workers drop is the culprit again."""
    part.take(0)
    outage(part, "states")
    part.step(STUCK_FOR + 2 * POLICY.lease)
    for _ in range(MAX_CHARGES):
        part.redis.claim("w", 7)
        part.step()
        part.redis.claimed.clear()
        part.step()
    part.step()
    assert part.kafka.published == [(7, False)]


def test_a_request_that_is_handed_back_goes_on_at_once_and_is_not_charged(part):
    """Workers that are stopped while it waits, one deploy after the other, are not what it does to them."""
    part.take(0)
    part.step()
    for number in range(1, 2 * MAX_CHARGES):
        part.redis.claim(f"w{number}", 7)
        part.step()
        part.redis.claimed[7] = HANDED_BACK
        part.step()
        assert len(part.redis.dispatched) == number + 1
        part.step()
        assert len(part.redis.dispatched) == number + 1, "the next worker has not come yet"
    assert part.kafka.published == []


def test_bystanders_of_a_deadly_request_are_not_given_up():
    """One request takes down every worker that has it: it alone fails, and the nine beside it are finished."""
    part = Part()
    deadly, others = 0, range(1, 10)
    for offset in range(10):
        part.take(offset, offset)
    done = set()
    for number in range(60):
        part.step()
        out = [i for i in part.redis.dispatched if i not in done]
        part.redis.dispatched.clear()
        if not out:
            continue
        part.redis.claim(f"w{number}", *out)
        part.step()
        if deadly in out:
            part.redis.kill(f"w{number}")
        else:
            part.redis.ready |= {i: scored(i) for i in out}
            done |= set(out)
            part.redis.kill(f"w{number}")
    assert sorted(part.kafka.published) == [(deadly, False), *((i, True) for i in others)]


def test_a_parked_request_is_not_charged_for_its_worker(part):
    """A countdown that outlives its worker was nobody's fault, however often that happens."""
    part.take(0)
    for number in range(20):
        part.step()
        part.redis.claim(f"w{number}", 7)
        part.step()
        part.redis.living.clear()
        part.step(POLICY.lease + 1.5)
        part.step(POLICY.lease + 1.5)
        part.redis.claimed.clear()
        part.step()
    assert part.kafka.published == []
    assert len(part.redis.dispatched) == 21


def test_a_request_past_its_deadline_is_told_without_any_worker(part):
    """With no worker alive the user still hears of it, at the deadline."""
    part.take(0)
    part.step()
    part.step(POLICY.request_deadline - 65)
    assert part.kafka.published == []
    part.step(10.0)
    assert part.kafka.published == [(7, False)]


def test_a_worker_may_end_what_it_has_in_hand(part):
    """At the deadline a claimed request is left to its worker for a while, and not for ever."""
    part.take(0)
    part.step()
    part.redis.claim("w", 7)
    part.step(POLICY.request_deadline)
    assert part.kafka.published == []
    part.step(OVERTIME)
    assert part.kafka.published == [(7, False)]


def test_an_emptied_redis_is_filled_from_kafka_first(part):
    """What the topic says is finished is not done again, and workers that live get time to claim what they have."""
    part.take(0, 7)
    part.take(1, 8)
    part.take(2, 9)
    part.step()
    part.redis.claim("w", 7, 8, 9)
    part.step()
    part.redis.empty()
    part.redis.in_topic = {7}
    part.step()
    assert part.redis.catch_ups == 2
    part.redis.claim("w", 8)
    part.step(POLICY.redispatch_after - 0.1)
    assert part.redis.dispatched == [7, 8, 9]
    assert (part.kafka.published, part.redis.marked) == ([], {7})
    part.step()
    assert part.redis.dispatched == [7, 8, 9, 9]


def test_hints_wait_behind_those_of_another_partition():
    """All partitions share one queue: where the hints of one are slow, those of another are not lost."""
    latency = HintLatency()
    ahead, behind = Part(latency=latency), Part(latency=latency)
    for part in (ahead, behind):
        part.take(0)
        part.step()
    ahead.redis.claim("w", 7)
    ahead.step(2 * POLICY.redispatch_after)
    behind.step(2 * POLICY.redispatch_after)
    assert behind.redis.dispatched == [7]
    behind.step(2 * POLICY.redispatch_after)
    assert behind.redis.dispatched == [7, 7]


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
    assert part.work.free == POLICY.window_cap


@pytest.mark.parametrize("method", ["states", "dispatch"])
def test_an_outage_of_redis_loses_nothing(part, method):
    """Whichever question to Redis fails, the request goes on when it is back."""
    part.take(0)
    outage(part, method)
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
    assert part.kafka.committed_to.offset == 2


def test_a_dead_letter_outlives_a_flush_between_two_looks(part):
    """Redis emptied at any look of a step: what was published then leaves no dead letter behind, unwritten."""
    for emptied_at in range(4):
        part.take(2 * emptied_at, 10 + emptied_at)
        part.take(2 * emptied_at + 1, 8, resume=" ")
        part.redis.ready[10 + emptied_at] = scored(10 + emptied_at)
        looks = iter(range(100))
        look = type(part.redis).states

        def states(ids, workers=(), looks=looks, look=look, emptied_at=emptied_at):
            part.redis.complete = next(looks) != emptied_at
            return look(part.redis, ids, workers)

        part.redis.states = states
        part.step()
        part.step()
        assert len(part.kafka.letters) == emptied_at + 1
        assert part.kafka.committed_to.offset == 2 * emptied_at + 2


def test_a_message_without_a_time_has_its_whole_deadline(part):
    """Where Kafka names no time for a message, its deadline counts from now and not from 1970."""
    part.work.take(FakeMessage(0, request_value(7), sent_at=-1))
    part.step()
    assert part.redis.last[0].deadline_at == part.wall - 1.0 + POLICY.request_deadline


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
    part.recover()
    assert part.kafka.sought == 0
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
    part.recover()
    assert part.kafka.sought == 1
    part.take(1)
    part.step()
    assert (part.kafka.published, part.kafka.committed_to.offset) == ([], 2)


def test_recovery_takes_over_before_it_reads(part):
    """The last owner's open transaction is ended before the offsets are read, and the old producer is let go."""
    part.kafka.log.clear()
    part.recover()
    assert part.kafka.log == ["open", "seek"]


def test_recovery_starts_at_the_committed_offset(part):
    """A partition that was never committed is read from its beginning, any other from its watermark."""
    assert part.kafka.sought == 0
    part.kafka.committed_at = TopicPartition("AI_handler", 0, 40, "v1 3 0,2")
    part.start()
    assert part.kafka.sought == 40
    for offset in range(40, 44):
        part.take(offset, offset)
    part.step()
    assert part.redis.dispatched == [40, 42, 43]


def test_the_window_counts_everything_that_is_not_committed(part):
    """Requests and dead letters take a place until their offset is finished, duplicates too; foreign keys do not."""
    assert part.work.free == 10
    part.take(0)
    part.take(1)
    part.take(2, resume=" ")
    part.work.take(FakeMessage(3, b"", b"other"))
    assert part.work.free == 7
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
    """The loop may turn as fast as it likes: Redis is asked once a second while nothing is heard."""
    part.take(0)
    part.step()
    part.redis.away = {"states"}
    part.step(0.9)
    with pytest.raises(redis.RedisError):
        part.step(0.1)


def test_an_announced_outcome_is_published_sooner(part):
    """A request that ends is answered a moment after its worker says so, and not with the next regular look."""
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step(0.02)
    assert part.kafka.published == []
    part.work.look_soon({7})
    part.step(0.0)
    assert part.kafka.published == [(7, True)]


def test_announcements_that_come_thick_share_a_look(part):
    """Hundreds of outcomes a second cost fifty looks and transactions a second at most."""
    part.take(0)
    part.take(1, 8)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step(0.01)
    part.work.look_soon({7})
    assert part.work.look_in == pytest.approx(LOOK_PAUSE - 0.01)
    part.step(0.0)
    assert part.kafka.published == []
    part.step(part.work.look_in)
    assert part.kafka.published == [(7, True)]


def test_the_only_request_in_hand_waits_for_no_others(part):
    """There is nothing that could share its look and its transaction."""
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step(0.01)
    part.work.look_soon({7})
    part.step(0.0)
    assert part.kafka.published == [(7, True)]


def test_a_look_is_at_what_changed(part):
    """With thousands in hand an outcome costs a look at its own request; those of others cost none."""
    part = Part(dataclasses.replace(POLICY, window_cap=5_000, look_ahead=5_000, request_rate=10_000.0))
    for offset in range(3_000):
        part.take(offset, offset)
    for _ in range(20):
        part.step(0.05)
    assert len(part.redis.dispatched) == 3_000
    part.redis.asked.clear()
    part.redis.ready[7] = scored(7)
    part.work.look_soon({5_001})
    part.step(0.02)
    part.work.look_soon({7})
    part.step(0.02)
    assert part.kafka.published == [(7, True)]
    assert part.redis.asked == [7]


def test_an_outcome_that_nobody_announced_is_found(part):
    """A lost announcement costs a second, a few where thousands are in hand, and no request."""
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step(0.5)
    assert part.kafka.published == []
    part.step(0.6)
    assert part.kafka.published == [(7, True)]


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


def refuse(part, *processing_ids, even_failures=False):
    """The notifications topic does not take what is said of these requests."""

    def refuses(output):
        if isinstance(output, DeadLetter) or output.processing_id not in processing_ids:
            return False
        return output.outcome.success or even_failures

    part.kafka.refuses = refuses


def test_an_outcome_that_the_topic_refuses_becomes_a_failure_of_its_own(part):
    """An answer that cannot be published ends with a sentence that says so, and its neighbour is published as ever."""
    part.take(0, 7)
    part.take(1, 8)
    part.redis.ready |= {7: scored(7), 8: scored(8)}
    refuse(part, 7)
    said = []
    publish = part.kafka.publish
    part.kafka.publish = lambda publications, *rest, **named: (
        publish(publications, *rest, **named),
        said.extend(json.loads(each.outcome.notification)["message_error"] for each in publications),
    )
    for _ in range(3):
        part.step()
    assert sorted(part.kafka.published) == [(7, False), (8, True)]
    assert Failure.UNPUBLISHABLE.value in said
    assert part.kafka.committed_to.offset == 2
    assert part.redis.marked == {7, 8}


def test_a_request_of_which_nothing_can_be_said_is_buried(part):
    """Where the topic takes not even a failure, a dead letter without text remains, and the partition goes on."""
    part.take(0, 7)
    part.take(1, 8)
    part.take(2, 7)
    part.redis.ready |= {7: scored(7), 8: scored(8)}
    refuse(part, 7, even_failures=True)
    for _ in range(5):
        part.step()
    assert part.kafka.published == [(8, True)]
    (letter,) = part.kafka.letters
    assert (letter.value, dict(letter.headers)["reason"], letter.offset) == (None, b"unpublishable", 0)
    assert part.kafka.committed_to.offset == 3


@pytest.mark.parametrize("takes", [2_000_000, 950_000, 6_000, 0, -1])
def test_a_dead_letter_is_cut_until_the_topic_takes_it(part, takes):
    """A message of three megabytes ends as a smaller dead letter, or as none where the topic takes nothing at all."""
    part.kafka.refuses = lambda output: isinstance(output, DeadLetter) and len(output.value) > takes
    part.work.take(FakeMessage(0, b"x" * 3_000_000))
    part.take(1, 8)
    part.redis.ready[8] = scored(8)
    for _ in range(8):
        part.step()
    assert [len(letter.value) for letter in part.kafka.letters] == [cut for cut in CUTS if cut <= takes][:1]
    assert all(dict(letter.headers)["original-size"] == b"3000000" for letter in part.kafka.letters)
    assert part.kafka.published == [(8, True)]
    assert part.kafka.committed_to.offset == 2


def test_a_dead_letter_whose_notification_is_refused_goes_alone(part):
    """A dead letter is kept though nobody can be told of it."""
    part.take(0, 7, resume=" ")
    refuse(part, 7, even_failures=True)
    part.step()
    part.step()
    assert (len(part.kafka.letters), part.kafka.published) == (1, [])
    assert part.kafka.committed_to.offset == 1


@pytest.mark.parametrize(
    "header",
    [
        b"x" * 1_048_340,
        b"00-1-2-3",
        b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-" + b"0" * 16 + b"-01",
        TRACE.upper(),
        b"ff" + TRACE[2:],
        TRACE + b"0",
        TRACE.replace(b"4bf92f", b"4bf9-f"),
        b"\xff" * 55,
    ],
)
def test_a_trace_that_is_none_is_not_passed_on(part, header):
    """What is no W3C trace context, a megabyte for instance, does not reach our messages."""
    seen = []
    publish = part.kafka.publish
    part.kafka.publish = lambda publications, *rest, **named: (
        seen.extend(p.traceparent for p in publications), publish(publications, *rest, **named)
    )  # fmt: skip
    part.redis.ready[7] = scored(7)
    part.work.take(FakeMessage(0, request_value(), raw_headers=[("traceparent", header)]))
    part.step()
    assert seen == [None]


def test_letters_in_hand_are_bounded_in_bytes(part):
    """Huge bad messages stop the taking before they fill the memory, and one transaction takes a few of them."""
    for offset in range(12):
        part.work.take(FakeMessage(offset, b"x" * 3_000_000))
    assert part.work.free == 0
    part.step()
    assert 0 < len(part.kafka.letters) <= 4
    for _ in range(8):
        part.step()
    assert len(part.kafka.letters) == 12
    assert part.work.free > 0


def test_a_rolled_back_redis_repeats_nothing(part):
    """The mark and the outcome of before are back, the mark of a published request is gone: its retry stays silent."""
    part.take(0, 7)
    part.redis.ready[7] = scored(7)
    part.step()
    assert part.kafka.published == [(7, True)]
    part.redis.marked.clear()
    part.redis.ready[7] = scored(7)
    part.redis.emptied = True  # its sequence is not the one that was written last
    part.redis.in_topic = {7}
    part.take(1, 7)
    for _ in range(4):
        part.step()
    assert part.kafka.published == [(7, True)]
    assert part.kafka.committed_to.offset == 2


def test_marks_that_do_not_arrive_are_caught_up(part):
    """Redis rolled back just before a request is marked: nothing more is said until the marks are back."""
    part.take(0, 7)
    part.take(1, 8)
    part.redis.ready[7] = scored(7)
    look = part.redis.states

    def states(ids, workers):
        found = look(ids, workers)
        part.redis.emptied = True
        return found

    part.redis.states = states
    part.step()
    part.redis.states = look
    assert part.redis.catch_ups == 1
    part.step()
    assert part.redis.catch_ups == 2
    part.redis.ready[8] = scored(8)
    part.step()
    assert part.kafka.published == [(7, True), (8, True)]


def test_an_idle_partition_looks_after_redis(part):
    """A Redis that forgets while there is nothing to do is noticed, and one that is away too."""
    part.step()
    part.redis.emptied = True
    part.step()
    assert part.redis.catch_ups == 2
    part.redis.away = {"states"}
    answered_at = part.work.redis_answered_at
    with pytest.raises(redis.RedisError):
        part.step(10.0)
    assert part.work.redis_answered_at == answered_at


def test_catching_up_takes_turns_with_polling(part, monkeypatch):
    """While there is much to read, every step and every recovery returns soon."""
    monkeypatch.setattr("bridge.partition.SLICE", -1.0)
    monkeypatch.setattr(part.redis, "catch_up", lambda: iter(range(5)))
    assert [part.work.recover() for _ in range(6)] == [False] * 5 + [True]


def test_the_marks_move_on_once_a_minute(part):
    """The next recovery has a minute to read, not three days."""
    for _ in range(200):
        part.step()
    assert part.redis.moves == 3


@pytest.mark.parametrize(("committed", "sought"), [((5_000, "v1 3 0,2"), 0), ((40, "v1 3 0,2"), 40)])
def test_a_topic_that_was_made_again_is_read_from_its_beginning(part, committed, sought):
    """Offsets of a former topic of that name do not make new requests known."""
    part.kafka.committed_at = TopicPartition("AI_handler", 0, *committed)
    part.kafka.end = 50
    part.start()
    assert part.kafka.sought == sought
    for offset in range(sought, 50):
        part.take(offset, offset)
        part.redis.ready[offset] = scored(offset)
    for _ in range(6):
        part.step()
    assert part.kafka.committed_to.offset == 50


def test_what_a_topic_has_lost_is_not_known(part):
    """A topic that lost its end gives the same offsets to other requests, and these are answered."""
    part.kafka.committed_at = TopicPartition("AI_handler", 0, 40, "v1 20 0,2")
    part.kafka.end = 45
    part.start()
    part.kafka.end = 50
    for offset in range(40, 50):
        part.take(offset, offset)
    part.step()
    assert part.redis.dispatched == [40, 42, 45, 46, 47, 48, 49]


def test_requests_that_nobody_can_know_of_are_not_answered_unasked(part):
    """The first start beside a predecessor's old requests waits for the operator's word."""
    part.kafka.committed_at = TopicPartition("AI_handler", 0, -1001)
    part.kafka.young = 10
    with pytest.raises(StartUnknown, match="KAFKA_START"):
        part.start()
    assert part.kafka.transactions == 0


@pytest.mark.parametrize(("start", "sought"), [("earliest", 0), ("latest", 50), (1_750_000_000.0, 10)])
def test_the_operator_chooses_where_to_begin(start, sought):
    """The choice is committed at once, so that a restart goes on there and does not choose again."""
    part = Part(dataclasses.replace(POLICY, start=start))
    part.kafka.committed_at = TopicPartition("AI_handler", 0, -1001)
    part.kafka.young, part.kafka.end = 10, 50
    part.start()
    assert part.kafka.sought == sought
    part.kafka.end = 70
    part.start()
    assert part.kafka.sought == sought


def test_a_full_window_of_five_thousand_survives_a_restart():
    """With 5,000 requests in flight and every second one finished, a restart answers the rest and nothing twice."""
    part = Part(dataclasses.replace(POLICY, window_cap=5_000, request_rate=1_000.0))
    for offset in range(5_000):
        part.take(offset, offset)
    assert part.work.free == 0
    for _ in range(30):
        part.step(0.06)
    assert len(part.redis.dispatched) == 5_000
    part.redis.ready = {offset: scored(offset) for offset in range(1, 5_000, 2)}
    for _ in range(8):
        part.step()
    assert len(part.kafka.published) == 2_500
    assert len(part.kafka.committed_to.metadata) <= MAX_METADATA
    part.redis.dispatched.clear()
    part.start()
    for offset in range(part.kafka.sought, 5_000):
        part.take(offset, offset)
    for _ in range(30):
        part.step(0.06)
    assert sorted(part.redis.dispatched) == list(range(0, 5_000, 2))
    part.redis.ready = {offset: scored(offset) for offset in range(0, 5_000, 2)}
    for _ in range(8):
        part.step()
    assert sorted(part.kafka.published) == [(offset, True) for offset in range(5_000)]
    assert part.kafka.committed_to == Commit(5_000, "v2 first 0 ")


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels)


def test_the_oldest_request_has_its_age(part):
    """Whoever watches sees how long somebody has waited since the sender sent it, and nothing once all are answered."""
    oldest = "ai_handler_bridge_oldest_unfinished_seconds"
    part.take(0, 7)
    part.take(1, 8)
    part.step()
    assert value(oldest, partition="0") == pytest.approx(61)
    part.redis.ready.update({7: scored(7), 8: scored(8)})
    part.step()
    part.step(2.0)
    assert value(oldest, partition="0") == 0
    assert part.work.watermark == 2


def test_the_way_of_a_request_is_timed_from_end_to_end(part):
    """The latency that a user feels is measured: from the sender's timestamp to the publication."""
    total, count = (f"ai_handler_bridge_end_to_end_seconds_{part}" for part in ("sum", "count"))
    before = value(total), value(count)
    part.take(0)
    part.step()
    part.redis.ready[7] = scored(7)
    part.step(30.0)
    assert value(total) - before[0] == pytest.approx(91)
    assert value(count) - before[1] == 1


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_a_dead_letter_has_its_series_from_the_start(reason):
    """`increase()` sees the first dead letter of each kind."""
    assert value("ai_handler_bridge_dead_letters_total", reason=reason) is not None


def test_a_topic_with_another_id_is_started_over(part):
    """The bridge does not publish offsets of one topic as those of another that has its name."""
    part.take(0)
    part.step()
    part.topics.source_id = "second"
    part.redis.ready[7] = scored(7)
    with pytest.raises(LogChanged, match="second"):
        part.step()
    assert part.kafka.published == []
    part.kafka.low = 0
    part.recover()
    assert (part.kafka.sought, part.redis.let_go) == (0, 2)
    assert part.kafka.committed_to == Commit(0, "v2 second 0 ")
    part.take(0, 8)
    part.step()
    assert part.kafka.published == []
    assert 8 in part.redis.dispatched


def test_what_is_in_hand_is_answered_though_its_message_is_deleted(part):
    """Retention that passes over a request in hand does not take it away; what was not read is counted, once."""
    part.take(0)
    part.step()
    part.kafka.low = 5
    part.topics.log_starts = {0: 5}
    before = value("ai_handler_bridge_unread_total")
    part.step()
    part.step()
    part.redis.ready[7] = scored(7)
    part.step()
    assert part.kafka.published == [(7, True)]
    assert part.kafka.committed_to == Commit(5, "v2 first 0 ")
    assert value("ai_handler_bridge_unread_total") == before + 4


def test_a_gap_that_was_jumped_over_is_told(part):
    """Where the client goes on at the log's new beginning before anybody looks, what was passed over is counted."""
    part.take(0)
    before = value("ai_handler_bridge_unread_total")
    part.take(9, 8)
    part.kafka.low = 6  # the other three were never there
    part.step()
    part.step()
    assert value("ai_handler_bridge_unread_total") == before + 5
    part.take(12, 9)
    part.step()
    assert value("ai_handler_bridge_unread_total") == before + 5


def test_what_was_fetched_before_it_was_deleted_is_still_taken(part):
    """Messages that the client holds already come after the look that finds the log cut, and are no other log's."""
    part.take(0)
    part.topics.log_starts, part.kafka.low = {0: 5}, 5
    for offset in range(1, 5):
        part.step()
        part.take(offset, 10 + offset)
    part.step()
    assert part.redis.dispatched == [7, 11, 12, 13, 14]


def test_a_gap_that_a_start_finds_is_counted_once(part):
    """Requests that were deleted while no bridge ran are told by the first that comes, and by no other."""
    part.kafka.committed_at = TopicPartition("AI_handler", 0, 10, "v1 4 0,2")
    part.kafka.low = 20
    before = value("ai_handler_bridge_unread_total")
    part.start()
    part.step()
    assert value("ai_handler_bridge_unread_total") == before + 8  # 10, 12, and 14 to 19
    part.start()
    assert value("ai_handler_bridge_unread_total") == before + 8
    assert part.kafka.sought == 20


def test_an_offset_that_comes_twice_is_another_logs(part):
    """A log that lost its end, or was made anew, is read from what is committed of it, whatever was in hand."""
    part.take(0)
    part.take(1, 8)
    with pytest.raises(LogChanged):
        part.take(0, 9)


def test_letters_that_cannot_be_written_keep_no_answer_back(part):
    """While the dead-letter topic is away a window full of bad messages leaves room, and answers go on."""
    part.topics.broken.add("letters")
    for offset in range(10):
        part.take(offset, 100 + offset, resume=" ")
    assert part.work.free == 10
    part.take(10, 7)
    part.redis.ready[7] = scored(7)
    part.step()
    assert (part.kafka.published, part.kafka.letters) == ([(7, True)], [])
    assert part.kafka.committed_to.offset == 0
    part.topics.broken.clear()
    part.step()
    assert len(part.kafka.letters) == 10
    assert part.kafka.committed_to.offset == 11


def test_letters_in_waiting_are_bounded(part):
    """A flood of bad messages beside a missing topic fills no memory."""
    part.topics.broken.add("letters")
    for offset in range(LETTERS_IN_HAND):
        part.work.take(FakeMessage(offset, b""))
    assert part.work.free == 0


def test_answers_that_cannot_be_written_are_not_tried(part):
    """Where an output topic is away every transaction would fail, and cost a recovery."""
    part.topics.broken.add("answers")
    part.take(0)
    part.redis.ready[7] = scored(7)
    part.step()
    assert part.kafka.published == []
    part.topics.broken.clear()
    part.step()
    assert part.kafka.published == [(7, True)]


def test_a_deadline_is_kept_whoever_answers_for_the_request(part):
    """Another partition that does not end what it answers for keeps nobody waiting for ever."""
    part.redis.elsewhere[7] = "AI_handler-1"
    part.take(0)
    part.step(POLICY.request_deadline)
    assert part.kafka.published == []
    part.step(2 * OVERTIME)
    part.step()
    assert part.kafka.published == [(7, False)]


def test_claims_that_outlive_their_workers_are_looked_at(part):
    """Parked, or kept by a clock of Redis that went back: its time to live tells."""
    part.take(0)
    part.step()
    part.redis.claim("w", 7)
    part.step()
    part.redis.living.clear()
    part.step()
    assert part.redis.stale == []
    part.step(POLICY.lease + 1.5)
    assert part.redis.stale == [7]


LONG_LINE = dataclasses.replace(POLICY, window_cap=5_000)  # at a rate of 1 a second it calls a hundred at a time
CALLED = 100
A, B = 1, 2


def fill(part, user, ids):
    for processing_id in ids:
        part.take(processing_id, processing_id, user_id=user)
    part.step()


def test_a_flood_keeps_nobody_out_of_the_line():
    """A user who sends one request behind another's thousand is called at once, and placed before nearly all."""
    part = Part(LONG_LINE)
    fill(part, A, range(1_000))
    assert part.work.free == 1_000
    assert sorted(part.redis.dispatched) == list(range(CALLED))
    places = [dispatch.place for dispatch in part.redis.last]
    fill(part, B, [1_000])
    assert part.redis.dispatched[CALLED:] == [1_000]
    assert places[0] < part.redis.last[0].place < places[1]


def test_requests_that_wait_for_something_of_their_own_keep_nobody_out():
    """A vacancy that the provider refuses for ten minutes holds up its own resumes, however many, and nobody else's."""
    part = Part(LONG_LINE)
    fill(part, A, range(300))
    part.redis.claim("worker", *range(CALLED))
    for number in range(1_000, 1_300):
        part.take(number, number, user_id=B)
    for _ in range(40):
        part.step()
        started = {each.request.processing_id: each.place for each in part.redis.last if each.request.user_id == B}
        part.redis.ready |= {pid: scored(pid) for pid in started}
        part.redis.reached = max(part.redis.reached, *started.values(), 0.0)
    assert len(part.kafka.published) == 300


def test_who_comes_behind_a_start_joins_where_that_is():
    """The limiter says how far it has come: a newcomer is not placed before what others have had."""
    part = Part(LONG_LINE)
    fill(part, A, range(300))
    part.redis.reached = 40 * TURN
    fill(part, B, [1_000])
    assert part.redis.last[0].place == pytest.approx(40 * TURN, abs=NEXT * 10)


def test_without_fair_shares_the_order_is_the_topics():
    """FAIR_BY=none: who sends first is first."""
    part = Part(dataclasses.replace(LONG_LINE, fair=False))
    fill(part, A, range(300))
    fill(part, B, [1_000])
    assert len(part.redis.dispatched) == CALLED
    part.redis.ready = {number: scored(number) for number in range(CALLED)}
    for _ in range(2):
        part.step()
    assert part.redis.dispatched[CALLED:] == list(range(CALLED, 2 * CALLED))


def test_a_bridge_that_starts_anew_leaves_everybody_where_they_were():
    """What was dispatched keeps its place and is called again; what waited waits behind it."""
    part = Part(LONG_LINE)
    fill(part, A, range(300))
    part.redis.kept = {dispatch.request.processing_id: dispatch.place for dispatch in part.redis.last}
    part.redis.dispatched.clear()
    part.start()
    fill(part, A, range(300))
    assert part.redis.dispatched == list(range(CALLED))
    assert {dispatch.request.processing_id: dispatch.place for dispatch in part.redis.last} == part.redis.kept
    part.redis.ready = {0: scored(0)}
    part.redis.reached = TURN
    for _ in range(2):
        part.step()
    assert part.redis.dispatched[CALLED:] == [CALLED]
    assert part.redis.last[0].place == pytest.approx(max(part.redis.kept.values()) + TURN)


def test_an_emptied_redis_moves_nobody():
    """Places stand when Redis has forgotten them, and so does how far the starts have come."""
    part = Part(LONG_LINE)
    fill(part, A, range(150))
    places = {dispatch.request.processing_id: dispatch.place for dispatch in part.redis.last}
    part.redis.reached = 5 * TURN
    part.step()
    part.redis.empty()
    part.redis.reached, part.redis.users = 0.0, {}
    part.redis.dispatched.clear()
    for _ in range(8):
        part.step()
    assert part.redis.dispatched == list(range(CALLED))
    assert {dispatch.request.processing_id: dispatch.place for dispatch in part.redis.last} == places
    assert part.redis.reached == 5 * TURN
    fill(part, B, [1_000])
    assert part.redis.last[0].place == pytest.approx(5 * TURN, abs=NEXT * 10)
    part.redis.ready = {0: scored(0), 1: scored(1)}
    for _ in range(2):
        part.step()
    assert part.redis.last[0].place == pytest.approx(max(places.values()) + TURN), "behind the user's own"


def test_who_waits_for_a_turn_is_told_at_the_deadline():
    """A request whose turn never comes gets its failure in time, and none of its neighbours' turns."""
    part = Part(LONG_LINE)
    fill(part, A, range(300))
    part.step(3_601.0)
    for _ in range(3):
        part.step()
    assert sorted(part.kafka.published) == [(number, False) for number in range(300)]
    assert len(part.redis.dispatched) == CALLED


@pytest.mark.parametrize(("reached", "failure"), [(TURN, Failure.QUEUE_TOO_LONG), (0.0, Failure.OUT_OF_TIME)])
def test_who_waits_in_vain_is_told_for_what(reached, failure):
    """Where others were started meanwhile it was the queue, else nothing answered: people act by that."""
    part = Part(LONG_LINE)
    fill(part, A, range(CALLED + 1))
    part.redis.reached = reached
    part.step(3_601.0)
    assert dict(part.kafka.published)[CALLED] is False
    assert json.loads(part.kafka.last.outcome.notification)["message_error"] == failure.value
    assert part.kafka.last.processing_id == CALLED


def test_what_was_finished_before_a_restart_waits_for_no_turn():
    """Offsets that did not fit into the commit are found by their marks, though their user has long to wait."""
    part = Part(LONG_LINE)
    part.redis.marked = {290, 295}
    fill(part, A, range(300))
    part.step()
    assert part.work._progress.unfinished == 298
    assert not {290, 295} & set(part.redis.dispatched)


def test_five_thousand_that_end_out_of_order_survive_a_restart():
    """One user has 4,000 waiting, others' requests behind them are answered: a restart repeats none of these."""
    part = Part(dataclasses.replace(LONG_LINE, look_ahead=5_000))
    fill(part, A, range(4_000))
    for user in range(1_000):
        part.take(4_000 + user, 4_000 + user, user_id=100 + user)
    for _ in range(30):
        part.redis.ready = {number: scored(number) for number in part.redis.dispatched if number >= 4_000}
        part.step()
    assert len(part.kafka.published) == 1_000
    assert part.kafka.committed_to.offset == 0
    assert len(part.kafka.committed_to.metadata) <= MAX_METADATA
    part.redis.kept = {number: TURN for number in part.redis.dispatched if number < 4_000}
    part.redis.dispatched.clear()
    part.start()
    for offset in range(5_000):
        part.take(offset, offset, user_id=A if offset < 4_000 else 100 + offset - 4_000)
    for _ in range(3):
        part.step()
    assert part.work._progress.unfinished == 4_000
    assert max(part.redis.dispatched) < 4_000
    assert len(part.kafka.published) == 1_000


def test_more_than_a_users_day_allows_ends_at_once(part):
    """Whoever has used up the day is told when the next begins; nobody waits for it, and it takes no turn."""
    part.redis.too_many = {8}
    part.take(0, 7)
    part.take(1, 8)
    part.step()
    assert part.redis.dispatched == [7]
    assert part.kafka.published == [(8, False)]
    body = json.loads(part.kafka.last.outcome.notification)
    assert body["wait_seconds"] == 3_600
    assert body["message_error"] == f"{Failure.USER_LIMIT.value} Попробуйте через 1 час."
    assert part.redis.given_back == [(8, 11, SENT_AT / 1000)]


def test_a_flood_beyond_a_users_day_keeps_nobody_out():
    """What is refused may be said in a moment only, as the contract of 2026 wants it; others are called meanwhile."""
    part = Part(dataclasses.replace(LONG_LINE, dialect=DIALECTS["2026"]))
    part.wall = SENT_AT / 1000
    part.redis.too_many = set(range(CALLED))
    for number in range(CALLED):
        part.work.take(FakeMessage(number, request_value(number, user_id=A)))
    part.take(CALLED, CALLED, user_id=B)
    part.step()
    assert part.kafka.published == []
    assert part.redis.dispatched == [CALLED]


def test_what_was_dispatched_before_is_not_refused(part):
    """A bridge that starts anew does not take back what it has promised."""
    part.redis.kept, part.redis.too_many = {7: TURN}, {7}
    part.take(0, 7)
    part.step()
    assert part.redis.dispatched == [7]
    part.redis.ready = {7: scored(7)}
    part.step()
    assert part.kafka.published == [(7, True)]
    assert part.redis.given_back == []


def test_how_long_each_user_waits_is_known(part):
    """A user waits since the last answer, or since the oldest request where there was none; told every few seconds."""
    longest, users = "ai_handler_bridge_longest_wait_seconds", "ai_handler_bridge_waiting_users"
    fill(part, A, [0, 1])
    fill(part, B, [2])
    part.step(TELL_EVERY)
    assert part.redis.line == ([(A, 2, 1.0), (B, 1, 1.0)], True)
    assert value(longest, partition="0") == part.wall - SENT_AT / 1000
    part.redis.ready = {0: scored(0), 2: scored(2)}
    part.step()
    answered = part.wall
    assert value(users, partition="0") == 2
    part.step(TELL_EVERY)
    assert part.redis.line == ([(A, 1, 1.0)], True)
    assert value(longest, partition="0") == part.wall - answered
    part.work.close()
    assert (value(longest, partition="0"), value(users, partition="0")) == (0, 0)


def test_the_lag_is_what_is_not_finished(part):
    """Nothing is told while the brokers do not answer, nor of what is another bridge's by now."""
    part.take(0)
    part.take(1, 8)
    part.redis.ready = {7: scored(7)}
    part.topics.log_ends = {0: 10}
    part.step()
    part.step()
    assert value("ai_handler_bridge_lag", partition="0") == 9
    part.topics.log_ends = {}
    part.step()
    assert value("ai_handler_bridge_lag", partition="0") is None
    part.topics.log_ends = {0: 0}
    part.step()
    assert value("ai_handler_bridge_lag", partition="0") == -1
    part.work.close()
    assert value("ai_handler_bridge_lag", partition="0") is None


def test_a_recovery_beside_an_emptied_redis_remembers_how_far_all_are():
    """A bridge that starts over does not place newcomers before what others have had long ago."""
    part = Part(LONG_LINE)
    part.redis.reached = 40 * TURN
    fill(part, A, [0])
    part.redis.reached, part.redis.users = 0.0, {}
    part.recover()
    fill(part, B, [0])
    assert part.redis.last[0].place == pytest.approx(40 * TURN, abs=NEXT * 10)
