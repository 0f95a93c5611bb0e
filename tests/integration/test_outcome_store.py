"""Requests, claims and outcomes on a real Redis."""

import pytest

from contract import Dispatch, Outcome, claim_key, outcome_key, processed_mark, request_key
from tests.support.fakes import request
from worker.outcome_store import OutcomeStore, explanation_key

OUTCOME = Outcome(notification='{"success": true}', processing=None)
THREE_DAYS = 3 * 24 * 3600


@pytest.fixture
def store(redis_client, make_leases):
    return OutcomeStore(redis_client, make_leases(redis_client, 10.0), explanation_ttl=60)


def test_the_request_arrives_as_the_bridge_put_it(redis_client, store):
    """The worker reads the very request, and its deadline."""
    dispatch = Dispatch(request=request(), deadline_at=1_700_000_000.5)
    redis_client.set(request_key(7), dispatch.model_dump_json())
    assert store.dispatch(7) == dispatch
    assert store.dispatch(8) is None


def test_the_owner_stores_the_outcome(redis_client, store):
    """The outcome's exact bytes are there for the bridge, for three days, and the claim is gone."""
    claim = store.claim(7)
    assert store.finish(claim, 7, OUTCOME)
    assert Outcome.model_validate_json(redis_client.get(outcome_key(7))) == OUTCOME
    assert THREE_DAYS - 60 < redis_client.ttl(outcome_key(7)) <= THREE_DAYS
    assert redis_client.get(claim_key(7)) is None


def test_a_late_owner_stores_nothing(redis_client, store):
    """A worker that slept through its lease does not overwrite the work of the next one."""
    claim = store.claim(7)
    redis_client.set(claim_key(7), "another's")
    assert not store.finish(claim, 7, OUTCOME)
    assert redis_client.get(outcome_key(7)) is None
    assert redis_client.get(claim_key(7)) == b"another's"


def test_an_expired_claim_stores_nothing(redis_client, store):
    """Nor does one whose claim nobody has."""
    claim = store.claim(7)
    redis_client.delete(claim_key(7))
    assert not store.finish(claim, 7, OUTCOME)
    assert redis_client.get(outcome_key(7)) is None


@pytest.mark.parametrize("key", [processed_mark(7), outcome_key(7)])
def test_what_is_finished_is_not_finished_again(redis_client, store, key):
    """Nothing is stored over a mark or over another outcome, and the claim ends."""
    claim = store.claim(7)
    redis_client.set(key, "before")
    assert not store.finish(claim, 7, OUTCOME)
    assert redis_client.get(key) == b"before"
    assert redis_client.exists(processed_mark(7), outcome_key(7), claim_key(7)) == 1


@pytest.mark.parametrize("key", [processed_mark(7), outcome_key(7)])
def test_what_is_finished_is_not_claimed(redis_client, store, key):
    """A late hint finds nothing to do, even with the token of a parked claim."""
    redis_client.set(key, "_")
    assert store.claim(7) is None
    assert store.claim(7, "token-of-a-parked-claim") is None


def test_a_claim_is_for_one_request(store):
    """Two requests are worked on side by side."""
    assert store.claim(7) is not None
    assert store.claim(8) is not None
    assert store.claim(7) is None


def test_explanations_are_kept_for_their_time(redis_client, store):
    """An operator reads them back as they were, until their time is over."""
    store.explain(7, {"score": 80, "grades": [{"quote": "цитата"}]})
    assert store.explanation(7) == {"score": 80, "grades": [{"quote": "цитата"}]}
    assert 0 < redis_client.ttl(explanation_key(7)) <= 60
    assert store.explanation(8) is None


def test_explanations_can_be_switched_off(redis_client, make_leases):
    """EXPLANATION_TTL=0 keeps no quotes anywhere."""
    OutcomeStore(redis_client, make_leases(redis_client, 10.0), explanation_ttl=0).explain(7, {"score": 80})
    assert redis_client.keys() == []
