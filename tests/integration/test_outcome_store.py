"""Requests, claims and outcomes: what a worker and the bridge share. Over a real Redis and over the fakes."""

from dataclasses import replace

import pytest

from contract import (
    OUTCOMES_CHANNEL,
    Dispatch,
    Outcome,
    answer_key,
    claim_key,
    decision_key,
    explanation_key,
    outcome_key,
    processed_mark,
    request_key,
    trail_key,
    worker_key,
)
from tests.support.fakes import eventually, request
from worker.explaining import kept as kept_of
from worker.explaining.explanation import Explanation
from worker.outcome_store import OutcomeStore
from worker.ports import Kept

OUTCOME = Outcome(notification='{"success": true}', processing=None)
EXPLANATION = Explanation(
    score=50,
    verdict="Не подходит",
    threshold=60,
    points=2,
    of=4,
    criteria=(
        {
            "id": 1,
            "text": "Python",
            "kind": "must",
            "weight": 2,
            "claimed": "partial",
            "level": "partial",
            "points": 1,
            "quotes": ("цитата",),
        },
    ),
    criteria_digest="0123456789abcdef",
    question="ff",
    graded_in="2026-11",
    model="some-model",
    prompt_version="1",
    rubric_version="1",
)
KEPT = Kept(explanation='{"score": 80, "quotes": "all"}', decision='{"score": 80}', resume_id=3, question="ff")
THREE_DAYS = 3 * 24 * 3600


@pytest.fixture
def store(fleet):
    return fleet.store()


def test_the_request_arrives_as_the_bridge_put_it(fleet, store):
    """The worker reads the very request, and its deadline."""
    dispatch = Dispatch(request=request(), deadline_at=1_700_000_000.5)
    fleet.write(request_key(7), dispatch.model_dump_json())
    assert store.claim(7)[1] == dispatch


def test_a_request_that_redis_lost_is_claimed_without_it(store):
    """The worker learns that there is nothing to read, and has a claim to give back."""
    claim, dispatch = store.claim(8)
    assert dispatch is None
    assert claim.release()


@pytest.mark.parametrize("body", ["", "{", '{"request": {"resume": 5}}'])
def test_a_request_of_another_version_is_as_good_as_lost(fleet, store, body):
    """It is given back like one that is not there; else its claim would be renewed until its deadline."""
    fleet.write(request_key(7), body)
    claim, dispatch = store.claim(7)
    assert dispatch is None
    assert claim.hand_back()


def test_the_owner_stores_the_outcome(fleet, store):
    """The outcome's exact bytes are there for the bridge, for three days, and the claim is gone."""
    claim, _ = store.claim(7)
    assert store.finish(claim, 7, OUTCOME)
    assert Outcome.model_validate_json(fleet.read(outcome_key(7))) == OUTCOME
    assert THREE_DAYS - 60 < fleet.seconds_left(outcome_key(7)) <= THREE_DAYS
    assert fleet.read(claim_key(7)) is None


def test_a_late_owner_stores_nothing(fleet, store):
    """A worker that slept through its lease does not overwrite the work of the next one."""
    claim, _ = store.claim(7)
    fleet.write(claim_key(7), "another's")
    assert not store.finish(claim, 7, OUTCOME, KEPT)
    assert fleet.keys() == [claim_key(7)]
    assert fleet.read(claim_key(7)) == "another's"


def test_an_expired_claim_stores_nothing(fleet, store):
    """Nor does one whose claim nobody has."""
    claim, _ = store.claim(7)
    fleet.delete(claim_key(7))
    assert not store.finish(claim, 7, OUTCOME)
    assert fleet.read(outcome_key(7)) is None


@pytest.mark.parametrize("key", [processed_mark(7), outcome_key(7)])
def test_what_is_finished_is_not_finished_again(fleet, store, key):
    """Nothing is stored over a mark or over another outcome, and the claim ends."""
    claim, _ = store.claim(7)
    fleet.write(key, "before")
    assert not store.finish(claim, 7, OUTCOME)
    assert fleet.read(key) == "before"
    assert fleet.keys() == [key]


@pytest.mark.parametrize("key", [processed_mark(7), outcome_key(7)])
def test_what_is_finished_is_not_claimed(fleet, store, key):
    """A late hint finds nothing to do, even with the token of a parked claim."""
    fleet.write(key, "_")
    assert store.claim(7) is None
    assert store.claim(7, "token-of-a-parked-claim") is None


def test_a_claim_is_for_one_request(store):
    """Two requests are worked on side by side."""
    assert store.claim(7) is not None
    assert store.claim(8) is not None
    assert store.claim(7) is None


def test_explanations_are_kept_for_their_time(fleet, store):
    """What a score was made of stays beside its outcome, until its time is over."""
    assert store.finish(store.claim(7)[0], 7, OUTCOME, KEPT)
    assert fleet.read(explanation_key(7)) == KEPT.explanation
    assert 0 < fleet.seconds_left(explanation_key(7)) <= 60


def test_decisions_outlive_explanations(fleet, store):
    """What has no text may be kept for longer, and so may the trail by which it is found again."""
    assert store.finish(store.claim(7)[0], 7, OUTCOME, KEPT)
    assert fleet.read(decision_key(7)) == KEPT.decision
    assert 60 < fleet.seconds_left(decision_key(7)) <= 600
    assert 60 < fleet.seconds_left(trail_key(3)) <= 600


def test_explanations_can_be_switched_off(fleet):
    """EXPLANATION_TTL=0 keeps no quotes anywhere."""
    store = fleet.store(explanation_ttl=0)
    assert store.finish(store.claim(7)[0], 7, OUTCOME, KEPT)
    assert sorted(fleet.keys()) == sorted([outcome_key(7), decision_key(7), trail_key(3)])


def test_nothing_need_be_kept(fleet):
    """With both times at 0 there is the outcome and nothing else."""
    store = fleet.store(explanation_ttl=0, decision_ttl=0)
    assert store.finish(store.claim(7)[0], 7, OUTCOME, KEPT)
    assert fleet.keys() == [outcome_key(7)]


def test_a_resume_is_forgotten(redis_client, make_leases):
    """All that was kept of it is deleted: quotes, decisions and the model's answers; another's stays."""
    store = OutcomeStore(redis_client, make_leases(redis_client, 10.0), explanation_ttl=60, decision_ttl=600)
    for processing_id, kept in ((7, KEPT), (8, replace(KEPT, question="ee")), (9, replace(KEPT, resume_id=4))):
        store.finish(store.claim(processing_id)[0], processing_id, OUTCOME, kept)
    for question in ("ff", "ee", "dd"):
        redis_client.set(answer_key(question), "quotes")
    assert kept_of.forget_resume(redis_client, 3) == 7
    left = {key.decode() for key in redis_client.scan_iter() if not key.startswith(worker_key("").encode())}
    outcomes = {outcome_key(7), outcome_key(8), outcome_key(9)}
    assert left == outcomes | {explanation_key(9), decision_key(9), trail_key(4), answer_key("dd")}
    assert kept_of.forget_resume(redis_client, 3) == 0


def test_one_request_is_forgotten(redis_client, make_leases):
    """The other requests of the resume keep what they have."""
    store = OutcomeStore(redis_client, make_leases(redis_client, 10.0), explanation_ttl=60, decision_ttl=600)
    kept = replace(KEPT, explanation=EXPLANATION.model_dump_json(), decision=EXPLANATION.without_texts())
    for processing_id in (7, 8):
        store.finish(store.claim(processing_id)[0], processing_id, OUTCOME, kept)
    redis_client.set(answer_key("ff"), "quotes")
    assert kept_of.forget_request(redis_client, 7) == 3
    assert redis_client.get(explanation_key(8)) is not None
    assert redis_client.get(answer_key("ff")) is None


def test_operators_read_an_explanation_as_it_was_kept(redis_client):
    """`python -m worker explain` shows the grades and quotes of the scoring itself, and nothing of others."""
    redis_client.set(explanation_key(7), EXPLANATION.model_dump_json(exclude_none=True))
    assert kept_of.read(redis_client, 7) == EXPLANATION
    assert kept_of.read(redis_client, 8) is None
    redis_client.set(decision_key(8), EXPLANATION.without_texts())
    assert kept_of.read(redis_client, 8).score == 50, "the decision is left when the quotes are gone"


def test_the_bridge_hears_of_an_outcome(redis_client, make_leases):
    """A stored outcome is announced by its id, and one that was not stored is not."""
    store = OutcomeStore(redis_client, make_leases(redis_client, 10.0), explanation_ttl=60, decision_ttl=600)
    with redis_client.pubsub(ignore_subscribe_messages=True) as announcements:
        announcements.subscribe(OUTCOMES_CHANNEL)
        late, _ = store.claim(6)
        redis_client.delete(late.key)
        assert not store.finish(late, 6, OUTCOME)
        assert store.finish(store.claim(7)[0], 7, OUTCOME)
        heard = []
        eventually(lambda: heard.append(announcements.get_message()) or heard[-1])
    assert heard[-1]["data"] == b"7"
