"""The bridge's side of a real Redis."""

import base64
import dataclasses
import json

import pytest
import redis
from celery import Celery
from kombu.exceptions import OperationalError

from bridge.marks import ProcessedMarks
from bridge.policy import PartitionPolicy
from bridge.request_store import RequestStates, RequestStore
from contract import (
    DIALECTS,
    MARKS_KEY,
    PROCESSED_MARK_TTL,
    QUEUE_NAME,
    TASK_NAME,
    Dispatch,
    Outcome,
    claim_key,
    outcome_key,
    processed_mark,
    request_key,
    source_key,
    worker_key,
)
from contract.year_2026 import Processing
from dev.redis_server import RedisServer
from tests.support.samples import dispatch, failed, scored

POLICY = PartitionPolicy(10, 1.0, request_deadline=60.0, redispatch_after=5.0, lease=10.0)
HERE, ELSEWHERE = "AI_handler-0", "AI_handler-1"


@pytest.fixture
def celery(redis_url):
    app = Celery("test", broker=redis_url, set_as_current=False)
    app.conf.task_default_queue = QUEUE_NAME
    yield app
    app.close()


class Marks:
    """Believes Redis while the marks' hash is there."""

    def are_believable(self, state):
        return bool(state)


@pytest.fixture
def make_store(redis_client, celery):
    """Makes the store of an input partition."""
    redis_client.hset(MARKS_KEY, "position:0", 0)
    return lambda source=HERE, client=redis_client, policy=POLICY: RequestStore(
        client, celery, Marks(), source, lambda name: name in (HERE, ELSEWHERE), policy
    )


@pytest.fixture
def store(make_store):
    return make_store()


def test_a_dispatched_request_is_where_the_worker_looks(store, redis_client):
    """The worker finds the whole request and its deadline under its id."""
    store.dispatch([dispatch(7), dispatch(8)])
    assert Dispatch.model_validate_json(redis_client.get(request_key(7))) == dispatch(7)
    assert 0 < redis_client.ttl(request_key(8)) <= PROCESSED_MARK_TTL


def test_the_hint_carries_the_id_alone(store, redis_client):
    """Nothing in the Celery queue, nor in what Flower shows of it, quotes the resume or the vacancy."""
    store.dispatch([dispatch(7)])
    (raw,) = redis_client.lrange(QUEUE_NAME, 0, -1)
    message = json.loads(raw)
    body = base64.b64decode(message["body"]).decode()
    assert json.loads(body)[0] == [7]
    assert json.loads(body)[1] == {}
    assert message["headers"]["task"] == TASK_NAME
    assert not any(word in raw.decode() + body for word in ("Python", "\\u", "client.example"))


def test_outcomes_are_found_as_they_were_stored(store, redis_client):
    """The bridge publishes what the worker stored; requests without an outcome are left out."""
    redis_client.set(outcome_key(7), scored(7).model_dump_json())
    assert store.states([7, 8]).outcomes == {7: scored(7)}


def test_an_emptied_redis_is_noticed(store, redis_client):
    """After FLUSHDB the answer is not "nothing is finished" but "I do not know"."""
    redis_client.flushdb()
    assert not store.states([7]).complete
    assert not store.states([]).complete


@pytest.mark.parametrize("body", ["{}", "oops", '{"notification": 5, "processing": null}'])
def test_an_outcome_of_another_version_is_made_again(store, redis_client, body, caplog):
    """An outcome that cannot be read is removed, so that the request is scored again and not stuck."""
    redis_client.set(outcome_key(7), body)
    assert store.states([7]).outcomes == {}
    assert not redis_client.exists(outcome_key(7))
    assert [record.processing_id for record in caplog.records] == [7]


def test_an_outcome_of_the_other_contract_is_made_again(store, make_store, redis_client):
    """What is left of the days before `CONTRACT` was changed never reaches those who read the other one."""
    theirs = make_store(policy=dataclasses.replace(POLICY, dialect=DIALECTS["2026"]))
    said = Outcome.failed(Processing(processing_id=7), "Превышен лимит.")
    for outcome in (said, scored(7), failed(7)):
        redis_client.set(outcome_key(7), outcome.model_dump_json())
        assert theirs.states([7]).outcomes == ({7: said} if outcome is said else {})
    redis_client.set(outcome_key(7), said.model_dump_json())
    assert store.states([7]).outcomes == {}
    redis_client.set(outcome_key(7), failed(7).model_dump_json())
    assert store.states([7]).outcomes == {7: failed(7)}


def test_marks_and_claims(store, redis_client):
    """Marks, claims, other partitions' requests and living workers are told apart, however many are asked about."""
    redis_client.set(processed_mark(1), "_")
    redis_client.set(claim_key(2), "w1:token")
    redis_client.set(claim_key(1_999), "w2:token")
    redis_client.set(worker_key("w1"), "_", ex=10)
    redis_client.set(worker_key("w3"), "_", ex=3_600)  # kept by a clock that went back
    redis_client.set(source_key(3), ELSEWHERE)
    assert store.states(range(1, 2_000), {"w1", "w2", "w3"}) == RequestStates(
        marked={1}, elsewhere={3: ELSEWHERE}, claims={2: "w1", 1_999: "w2"}, living={"w1"}
    )
    assert store.states([]) == RequestStates()


def test_the_first_partition_answers_for_an_id(store, make_store, redis_client):
    """A retry that lands in another partition finds the id taken, until it is finished."""
    assert store.states([7]).elsewhere == {}
    assert make_store(ELSEWHERE).states([7]).elsewhere == {7: HERE}
    assert store.states([7]).elsewhere == {}
    assert 0 < redis_client.ttl(source_key(7)) <= PROCESSED_MARK_TTL


def test_a_partition_that_does_not_exist_answers_for_nothing(store, make_store, redis_client):
    """What a topic with more partitions, or another name, left in Redis goes to whoever has the request, and to one."""
    redis_client.set(source_key(7), "AI_handler-9", ex=60)
    assert store.states([7]).elsewhere == {7: "AI_handler-9"}
    assert store.states([7]).elsewhere == {}
    make_store(ELSEWHERE).take_over({7: "AI_handler-9"})
    assert redis_client.get(source_key(7)) == HERE.encode()
    assert 0 < redis_client.ttl(source_key(7)) <= 60


def test_a_partition_lets_go_of_what_it_answers_for(store, redis_client):
    """The ids of a topic that is gone are free again, those of other partitions stay taken."""
    store.states(range(3_000))
    redis_client.set(source_key(7), ELSEWHERE)
    steps = list(store.let_go_of_all([HERE]))
    assert len(steps) > 1
    assert [key.decode() for key in redis_client.keys("ai_handler:source:*")] == [source_key(7)]


def test_claims_longer_than_any_setting_are_dropped(store, redis_client):
    """A claim that a clock of Redis keeps, which went back by an hour, is no claim; a parked one is."""
    redis_client.set(claim_key(1), "dead:token", ex=3_600)
    redis_client.set(claim_key(2), "parked:token", ex=300)
    store.drop_stale_claims({1: "dead", 2: "parked", 3: "gone"})
    assert store.states([1, 2]).claims == {2: "parked"}


def test_a_hint_tells_operators_which_request_it_is(store, redis_client):
    """Celery's log lines and Flower show a task's id, which begins with the request's, and is new each time."""
    store.dispatch([dispatch(7), dispatch(7)])
    hints = [json.loads(hint) for hint in redis_client.lrange(QUEUE_NAME, 0, -1)]
    names = {hint["headers"]["id"] for hint in hints}
    assert len(names) == 2
    assert all(name.startswith("7-") for name in names)


def test_hints_to_a_broker_that_went_away_are_an_outage(redis_client, tmp_path):
    """The bridge tries again later, as with every outage of Redis, and goes on when the broker is back."""
    broker = RedisServer(tmp_path)
    broker.start()
    app = Celery("test", broker=broker.url, set_as_current=False)
    store = RequestStore(redis_client, app, Marks(), HERE, lambda _name: True, POLICY)
    try:
        store.dispatch([dispatch(7)])
        broker.stop()
        with pytest.raises((redis.RedisError, OperationalError)):
            store.dispatch([dispatch(8), dispatch(9)])
        broker.start()
        store.dispatch([dispatch(8), dispatch(9)])
        with redis.Redis.from_url(broker.url) as client:
            names = [json.loads(hint)["headers"]["id"] for hint in client.lrange(QUEUE_NAME, 0, -1)]
        assert {name.partition("-")[0] for name in names} >= {"8", "9"}
    finally:
        app.close()
        broker.stop()


def make_marks(redis_client, source=HERE):
    """The real ones, which read no topic here."""
    return ProcessedMarks(redis_client, lambda: None, "notifications", source, "owner")


def test_finishing_marks_and_clears(store, redis_client):
    """A finished request leaves its mark for three days, and no text behind."""
    store.dispatch([dispatch(7), dispatch(8)])
    store.states([7, 8])
    redis_client.set(claim_key(7), "token")
    redis_client.set(outcome_key(7), scored(7).model_dump_json())
    make_marks(redis_client).finish([7])
    left = {key.decode() for key in redis_client.scan_iter() if b"kombu" not in key}
    assert left == {
        processed_mark(7), MARKS_KEY, request_key(8), source_key(8), QUEUE_NAME,
    }  # fmt: skip
    assert redis_client.get(processed_mark(7)) == b"_"
    assert PROCESSED_MARK_TTL - 60 < redis_client.ttl(processed_mark(7)) <= PROCESSED_MARK_TTL


class Interrupted:
    """Redis whose pipelines are interrupted before their command number `at`, as any other client may."""

    def __init__(self, client, at, interruption):
        self.client, self.at, self.interruption = client, at, interruption

    def register_script(self, script):
        return self.client.register_script(script)

    def pipeline(self, transaction):
        assert not transaction
        return self

    def __enter__(self):
        self.commands = []
        return self

    def __exit__(self, *_):
        pass

    def __getattr__(self, name):
        return lambda *args, **named: self.commands.append((name, args, named))

    def execute(self):
        answers = []
        for number, (name, args, named) in enumerate(self.commands):
            if number == self.at:
                self.interruption()
            answers.append(getattr(self.client, name)(*args, **named))
        return answers


@pytest.mark.parametrize("at", range(2))
def test_a_request_that_ends_elsewhere_meanwhile_is_never_free(make_store, redis_client, at):
    """At whatever instant another partition finishes the request, this one sees the mark or the other's claim."""
    make_store(ELSEWHERE).states([7])
    elsewhere = make_marks(redis_client, ELSEWHERE)
    states = make_store(client=Interrupted(redis_client, at, lambda: elsewhere.finish([7]))).states([7])
    assert redis_client.exists(processed_mark(7))
    assert 7 in states.marked | states.elsewhere.keys()


@pytest.mark.parametrize("at", range(2))
def test_a_flush_in_the_middle_of_a_look_is_noticed(make_store, redis_client, at):
    """A mark that is missing because Redis was emptied this instant is not taken for "not finished"."""
    redis_client.set(processed_mark(7), "_")
    states = make_store(client=Interrupted(redis_client, at, redis_client.flushdb)).states([7])
    assert 7 in states.marked or not states.complete
