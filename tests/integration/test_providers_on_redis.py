"""Two providers on a real Redis: who is asked, what each keeps for itself, and what operators see of each."""

import json
import time
from contextlib import ExitStack

import pytest

from bridge.commands import check
from bridge.commands.status import make_look
from config import Settings
from contract import ANSWERED_KEY, KEY_PREFIX, REACHED_KEY, Dispatch, decision_key, of_provider, request_key
from dev.openai_standin.server import StandIn
from dev.service import write_providers
from tests.support.fakes import request
from tests.support.ways import unsigned
from worker.app import make_scoring
from worker.progress import Park, Progress
from worker.running.control import of_way

FRESH = Progress()
VACANCY = "Вакансия: инженер\n- Python от 3 лет\n- SQL\n- Kafka\n- Docker\n- Английский B1"
RESUME = "Пишу на Python 5 лет, SQL, Kafka в продакшене, Docker."
MODELS = {"home": "small", "abroad": "large"}


@pytest.fixture
def standins():
    with (
        StandIn(rpm=1e6, rpd=1e6, tpm=1e9, latency=0.0) as home,
        StandIn(rpm=1e6, rpd=1e6, tpm=1e9, latency=0.0) as abroad,
    ):
        yield {"home": home, "abroad": abroad}


@pytest.fixture
def make(redis_url, redis_client, standins, tmp_path):
    """Makes the Scoring of one worker with both providers."""
    opened = ExitStack()

    def make(models=MODELS, more="", **changes):
        urls = {name: standin.url for name, standin in standins.items()}
        file = write_providers(tmp_path / "providers.toml", urls, models=models, more=more)
        for name in urls:
            redis_client.set(of_provider(ANSWERED_KEY, name), f"0 0 {time.time():.3f}")
        settings = Settings(mode="TEST", redis_url=redis_url, providers=file, second_look="off", **changes)
        return settings, make_scoring(settings, opened)

    with opened:
        yield make


@pytest.fixture
def score(redis_client):
    """Scores a request, and returns its decision; waits in the worker are real."""

    def score(scoring, processing_id, aside="", vacancy=VACANCY):
        asked = request(processing_id, resume=f"{RESUME} {aside}", requirements=vacancy)
        dispatch = Dispatch(request=asked, deadline_at=time.time() + 600)
        redis_client.set(request_key(processing_id), dispatch.model_dump_json())
        progress = FRESH
        give_up = time.monotonic() + 60
        while isinstance(ended := scoring.run(processing_id, progress), Park):
            assert time.monotonic() < give_up
            time.sleep(0.2)
            progress = ended.progress
        assert ended is None
        return json.loads(redis_client.get(decision_key(processing_id)))

    return score


def calls(standins):
    return {name: len(standin.attempts()) for name, standin in standins.items()}


def test_a_refused_key_moves_requests_and_touches_nobody_elses_state(make, score, standins, redis_client):
    """The breaker, limits and profile of one provider are its own; the vacancy keeps its criteria, and says the mix."""
    _, scoring = make()
    first = score(scoring, 1, "один")
    assert calls(standins) == {"home": 2, "abroad": 0}
    standins["home"].fault("invalid_key", share=1)
    second = score(scoring, 2, "два")
    assert (first["provider"], second["provider"]) == ("home", "abroad")
    assert first["criteria_digest"] == second["criteria_digest"]
    assert "mixed" in second["suspicions"]
    assert "mixed" not in first["suspicions"]
    home, abroad = scoring.ports.ways
    assert home.breaker.state().keys() == {"credentials"}
    assert abroad.breaker.state() == {}
    keys = {key.decode() for key in redis_client.scan_iter()}
    for name in MODELS:
        assert f"{KEY_PREFIX}provider:{name}:limits:buckets" in keys
    assert not any(key.startswith(f"{KEY_PREFIX}limits:") and key != REACHED_KEY for key in keys)
    assert f"{KEY_PREFIX}circuit_breaker" not in keys
    assert unsigned(redis_client, {1: 301, 2: 301}) == []


def test_a_wrong_country_closes_one_provider_only(make, score, standins):
    """What is allowed at home alone is not sent from elsewhere; the other provider has its own rule."""
    _, scoring = make(more='allowed_countries = ["NL"]')
    standins["home"].set(country="DE")
    assert score(scoring, 1)["provider"] == "abroad"
    assert [way.egress.state for way in scoring.ports.ways] == ["DE", "NL"]


def test_a_full_line_at_the_first_sends_the_next_to_the_second(make, score, standins):
    """With the first one's minute used up, who cannot start within the patience is asked of the second, and no 429."""
    _, scoring = make(more="rpm = 3", provider_patience=5.0)
    standins["home"].set(rpm=3)
    graded = [score(scoring, number, str(number))["provider"] for number in range(1, 5)]
    assert graded == ["home", "home", "abroad", "abroad"]
    waiting = scoring.ports.ways[0].limiter.snapshot()["waiting"]
    assert waiting == 0, "nobody stands in the line that was left"
    assert all(attempt["status"] == 200 for standin in standins.values() for attempt in standin.attempts())


def test_two_keys_of_one_model_share_the_work(make, score, standins):
    """With PROVIDER_MIX both quotas are used before anybody waits, and no vacancy is called mixed."""
    _, scoring = make({"home": "one", "abroad": "one"}, more="rpm = 3", provider_mix=True)
    decisions = [score(scoring, number, str(number)) for number in range(1, 6)]
    assert {decision["provider"] for decision in decisions} == {"home", "abroad"}
    assert calls(standins) == {"home": 3, "abroad": 3}
    assert not any("mixed" in decision["suspicions"] for decision in decisions)


def test_operators_see_each_provider_by_its_name(make, score, standins):
    """`inspect limits`, the state and the check tell which provider is closed, and what of its table to mend."""
    settings, scoring = make()
    standins["home"].fault("invalid_key", share=1)
    score(scoring, 1)
    home, abroad = map(of_way, scoring.ports.ways)
    assert home["circuit_breaker"].keys() == {"credentials"}
    assert abroad["circuit_breaker"] == "closed"
    found = make_look(settings)().redis
    assert [(each.name, [one.reason for one in each.tripped]) for each in found.providers] == [
        ("home", ["credentials"]),
        ("abroad", []),
    ]
    assert "look at key" in found.providers[0].tripped[0].why
    assert found.tripped == (), "one is open"
    rows = {finding.what: finding for finding in check.look(settings)}
    assert rows["home: model"].state is rows["abroad: model"].state is check.State.OK
    assert rows["abroad: requests"].found
    standins["home"].set(country="RU")
    rows = {finding.what: finding for finding in check.look(settings)}
    assert rows["home: exit"].state is check.State.WRONG
    assert rows["home: exit"].advice == "set proxy to an exit elsewhere"
    assert rows["abroad: exit"].state is check.State.OK
