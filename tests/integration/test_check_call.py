"""`python -m bridge check --call`: one call by the real way, told in a few lines."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from bridge.commands import check
from bridge.commands.check import call
from bridge.commands.check.call import WatchedModel, _counted, look_at_a_call
from bridge.commands.check.finding import Finding, State, table
from bridge.commands.check.learned import look_at_what_is_learned
from config import Settings
from dev.openai_standin.families import NAMES
from dev.openai_standin.server import StandIn
from dev.processes import free_port
from tests.support.fakes import good_answer

NOBODY = SecretStr(f"redis://127.0.0.1:{free_port()}/1")
KEY = "sk-Кедропромысел".encode().hex()


@pytest.fixture
def standin():
    with StandIn(rpm=10_000, rpd=10_000, tpm=10_000_000, latency=0.0) as server:
        yield server


@pytest.fixture
def look(standin, redis_url):
    """Makes a call with these settings; its rows by what they are about, none of which holds the key."""

    def rows(**values):
        ample = {"rpm": 10_000, "rpd": 10_000, "tpm": 10_000_000}
        where = {"openai_base_url": standin.base_url, "egress_trace_url": f"{standin.url}/cdn-cgi/trace"}
        settings = Settings(_env_file=None, openai_key=KEY, redis_url=redis_url, **{**ample, **where, **values})
        found = {row.what: row for row in look_at_a_call(settings)}
        assert KEY not in "\n".join(table(found.values()))
        return found

    return rows


def test_a_call_says_what_it_took_and_cost(look, standin):
    """Who looks sees the answer, what the request carried, both counts of tokens and the money."""
    found = look()
    assert {row.state for row in found.values()} == {State.OK}
    assert "gpt-6-luna answered" in found["call"].found
    assert "2 of 2 criteria" in found["call"].found
    assert "temperature 0" in found["call's request"].found
    [attempt] = standin.attempts()
    assert f"prompt {attempt['prompt_tokens']} by the endpoint" in found["call's tokens"].found
    assert "US dollars" in found["call's cost"].found
    assert look(openai_prices="other=1/1/1")["call"].state is State.OK
    assert len(standin.attempts()) == 2  # a known answer would say nothing


@pytest.mark.parametrize("family", NAMES)
def test_what_a_family_takes_is_learned_and_told(look, standin, family):
    """Whatever the endpoint refuses at first, the call succeeds in the end, and what was refused is told."""
    standin.set(family=family)
    found = look()
    assert found["call"].state is State.OK
    refused = [attempt for attempt in standin.attempts() if attempt["refused"]]
    assert ("call's lessons" in found) >= bool(refused)


def test_the_check_shows_what_is_learned_without_a_call(look, standin, redis_url):
    """Anybody sees what requests carry now, and costs nothing by looking."""
    settings = Settings(_env_file=None, redis_url=redis_url, openai_base_url=standin.base_url)
    [row] = look_at_what_is_learned(settings)
    assert "temperature 0.0, effort not sent, output strict" in row.found
    assert "nothing learned yet" in row.found
    standin.set(family="gpt-6")
    look()
    standin.forget_attempts()
    [row] = look_at_what_is_learned(settings)
    assert "effort none" in row.found
    assert "1 lesson" in row.found
    [row] = look_at_what_is_learned(settings.model_copy(update={"openai_temperature": "off"}))
    assert "temperature not sent" in row.found
    assert standin.attempts() == []
    assert list(look_at_what_is_learned(Settings(_env_file=None, redis_url=NOBODY))) == []


def test_the_call_tells_what_stands_in_its_way(look, standin, monkeypatch):
    """A balance that is used up names the setting to look at; and nothing is sent while the circuit breaker is open."""
    monkeypatch.setattr(call, "PATIENCE", 3.0)
    standin.fault("payment_required", share=1.0)
    assert look()["call"].state is State.WRONG
    standin.clear_faults()
    standin.forget_attempts()
    found = look()["call"]
    assert (found.state, "OPENAI_KEY" in found.advice) == (State.WRONG, True)
    assert standin.attempts() == []


@pytest.mark.parametrize(
    ("prompt", "state"), [(783, State.OK), (450, State.OK), (300, State.NOTE), (1_000, State.NOTE)]
)
def test_another_tokenizer_is_remarked(prompt, state):
    """An endpoint that counts otherwise is told about, with or without the schema: reservations will be off."""
    model = WatchedModel(None)
    model.counted, model.schema = 783, 301
    answer = replace(good_answer(), prompt_tokens=prompt)
    assert next(_counted(Settings(_env_file=None), answer, model)).state is state


def test_no_call_is_made_where_something_is_wrong_already(monkeypatch):
    """A provider that does not answer at all is not asked for an answer."""
    for name in ("look_at_redis", "look_at_kafka"):
        monkeypatch.setattr(check, name, lambda _: [Finding(State.WRONG, "it", "away", "start it")])
    monkeypatch.setattr(check, "look_at_the_provider", lambda _: [Finding(State.WRONG, "exit", "RU", "elsewhere")])
    settings = Settings(_env_file=None)
    assert list(check.look(settings, call=True))[-1].state is State.SKIPPED
    assert list(check.look(settings))[-1].what == "exit"
