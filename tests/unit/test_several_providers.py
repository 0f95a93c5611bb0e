"""Which of several providers a request is asked of, and what follows when that changes."""

import logging
from dataclasses import replace

import pytest
import redis

from contract import Failure, answer_key, claim_key, graders_key
from tests.support.fakes import HALF_A_DAY, REQUIREMENTS, RESUME, FakeProvider, World, criteria_of
from worker.asking.questions import criteria_digest
from worker.errors import DeniedError, SendingBlockedError, TransientError, TrippingError
from worker.limits.answers import Granted, NeverFitsError, Reserved
from worker.limits.provider_limits import Denial
from worker.progress import Park, Progress

FRESH = Progress()
TWO = {"home": "small", "abroad": "large"}
KEYS_OF_ONE = {"one": "m", "two": "m"}
OTHER, THIRD = (f"{RESUME} Люблю {what}." for what in ("порядок", "горы"))
OTHER_VACANCY = f"{REQUIREMENTS} Ждём вас."
SIGN = "Нужна проверка человеком: кандидатов этой вакансии оценивали разные модели"


@pytest.fixture
def world():
    """Two providers with different models; the criteria are not known yet."""
    return World(models=TWO, criteria_known=False)


def asked(world: World) -> dict[str, int]:
    """How many calls each provider's model had."""
    return {name: len(provider.model.asked) for name, provider in world.providers.items()}


def scored(world: World, processing_id: int = 7, **texts: str) -> dict:
    """Score a request; its decision."""
    world.dispatch(processing_id, **texts)
    assert world.scoring.run(processing_id, FRESH) is None
    assert world.store.outcomes[processing_id]["notification"]["success"]
    return world.store.decisions[processing_id]


def recommendation(world: World, processing_id: int = 7) -> str:
    return world.store.outcomes[processing_id]["notification"]["response"]["recommendation"]


def standing(provider: FakeProvider) -> bool:
    """Whether a request stands in a provider's line."""
    return bool(provider.limiter.line)


def test_the_first_is_asked_while_it_can_be(world):
    """With both open and free the second is never asked, and the decision says who graded."""
    decision = scored(world)
    assert asked(world) == {"home": 2, "abroad": 0}
    assert (decision["provider"], decision["model"]) == ("home", "small")
    assert "Нужна проверка" not in recommendation(world)


@pytest.mark.parametrize("way", ["breaker", "exit"])
def test_a_closed_one_is_passed_over(world, way):
    """A refused key, or a wrong country, of the first sends requests to the second, which makes the criteria too."""
    if way == "breaker":
        world.breaker.trip("credentials")
    else:
        world.egress.closed = SendingBlockedError("egress of home: RU", 15.0)
    decision = scored(world)
    assert asked(world) == {"home": 0, "abroad": 2}
    assert decision["provider"] == "abroad"
    assert world.providers["abroad"].breaker.state() == {}


def test_nothing_at_all_is_sent_where_the_rule_forbids(world):
    """Neither criteria nor grades, no second look, and no probe of a breaker whose time is over."""
    world.second_look = "always"
    world.scoring = world.worker()
    world.breaker.trip("credentials")
    world.clock.now += 3_600
    world.egress.closed = SendingBlockedError("egress of home: RU", 15.0)
    assert scored(world)["provider"] == "abroad"
    assert asked(world) == {"home": 0, "abroad": 3}
    assert world.limiter.asked == []


def test_who_meets_the_fault_moves_at_once(world):
    """The call that trips the first one's breaker is asked of the second, without a wait."""
    scored(world, 6)
    world.model.script.append(TrippingError("insufficient_quota", "quota"))
    decision = scored(world, 7, resume=OTHER)
    assert decision["provider"] == "abroad"
    assert world.breaker.trips == ["quota"]


def test_criteria_are_made_once_whoever_grades(world):
    """The second model grades by the first one's criteria, and every result from then on has the sign."""
    first = scored(world, 6)
    world.breaker.trip("quota")
    second = scored(world, 7, resume=OTHER)
    assert (first["provider"], second["provider"]) == ("home", "abroad")
    assert asked(world)["abroad"] == 1
    assert first["criteria_digest"] == second["criteria_digest"]
    assert SIGN not in recommendation(world, 6)
    assert SIGN in recommendation(world, 7)
    world.breaker.reset()
    third = scored(world, 8, resume=THIRD)
    assert third["provider"] == "home"
    assert SIGN in recommendation(world, 8)
    assert "mixed" in third["suspicions"]


def test_who_graded_is_still_known_when_redis_forgets_it(world):
    """A worker knows what it was told, as of the criteria: the sign is not lost with a part of Redis."""
    scored(world, 6)
    (key,) = world.memory.keys(graders_key(""))
    world.memory.delete(key)
    world.breaker.trip("quota")
    scored(world, 7, resume=OTHER)
    assert SIGN in recommendation(world, 7)


def test_a_vacancy_stays_with_the_model_that_made_its_criteria(world):
    """Once the first is back, candidates of a vacancy of the second's are still graded by the second."""
    world.breaker.trip("quota")
    scored(world, 6)
    world.breaker.reset()
    decision = scored(world, 7, resume=OTHER)
    assert decision["provider"] == "abroad"
    assert asked(world)["home"] == 0
    other = scored(world, 8, requirements=OTHER_VACANCY, resume=THIRD)
    assert other["provider"] == "home"
    assert SIGN not in recommendation(world, 7) + recommendation(world, 8)


def test_criteria_of_the_time_with_one_provider_are_found(world):
    """Where the order of models was another, a vacancy keeps its criteria, and a new grader is told."""
    abroad = world.scoring.ports.ways[1]
    world.memory.set(answer_key(criteria_digest(abroad.model_id, REQUIREMENTS)), criteria_of().model_dump_json())
    abroad.breaker.trip("quota")
    decision = scored(world)
    assert asked(world) == {"home": 1, "abroad": 0}
    assert decision["provider"] == "home"
    assert SIGN in recommendation(world), "the second may have graded before"


def test_too_long_a_line_is_left_for_a_shorter_one(world):
    """Who would start after the patience goes to the second, and its place in the first line is given back."""
    world.limiter.script.append(Reserved(50.0, 100.0))
    decision = scored(world)
    assert decision["provider"] == "abroad"
    assert not standing(world.providers["home"])


def test_who_is_denied_stands_in_no_line_that_it_leaves(world):
    """A 429 whose wait is above the patience sends the request to the second, and its place here is given back."""
    world.limiter.wait_after_denial = 600.0
    world.model.script.append(DeniedError("429", Denial("rate_limit", "rpd", 200, 200, 600.0)))
    assert scored(world)["provider"] == "abroad"
    assert not standing(world.providers["home"])


def test_a_wait_within_the_patience_is_waited(world):
    """The second is not asked because of some seconds, and the place is kept over the countdown."""
    world.limiter.script.append(Reserved(20.0, 29.0))
    world.dispatch()
    park = world.scoring.run(7, FRESH)
    assert isinstance(park, Park)
    assert park.progress.way == "home"
    assert world.providers["abroad"].limiter.asked == []
    world.clock.now += park.seconds
    assert world.scoring.run(7, park.progress) is None
    assert asked(world)["abroad"] == 0


def test_whose_deadline_is_nearer_than_the_patience_moves_in_time(world):
    """Nobody fails in the first line while the second is free."""
    scored(world, 6)
    world.limiter.script.append(Reserved(20.0, 29.0))
    world.dispatch(7, resume=OTHER, deadline_in=25.0)
    assert world.scoring.run(7, FRESH) is None
    assert world.store.decisions[7]["provider"] == "abroad"


def test_nobody_stands_in_two_lines(world):
    """Where both are long the request waits in the shorter, and in that alone; when it comes again it looks anew."""
    home, abroad = world.providers.values()
    home.limiter.script.extend([Reserved(100.0, 1_000.0)])
    abroad.limiter.script.extend([Reserved(100.0, 500.0), Reserved(100.0, 500.0)])
    world.dispatch()
    park = world.scoring.run(7, FRESH)
    assert isinstance(park, Park)
    assert park.progress.way == "abroad"
    assert (standing(home), standing(abroad)) == (False, True)
    world.clock.now += park.seconds
    abroad.limiter.script.append(Reserved(100.0, 400.0))
    assert world.scoring.run(7, park.progress) is None
    assert not standing(abroad)
    assert world.store.decisions[7]["provider"] == "home"


def test_a_way_that_closes_gives_the_place_back(world):
    """Who waited in the first line when it closed stands there no more."""
    home = world.providers["home"]
    home.limiter.script.append(Reserved(20.0, 29.0))
    world.dispatch()
    park = world.scoring.run(7, FRESH)
    home.breaker.trip("quota")
    world.clock.now += park.seconds
    assert world.scoring.run(7, park.progress) is None
    assert not standing(home)
    assert world.store.decisions[7]["provider"] == "abroad"


@pytest.mark.parametrize("way", ["breaker", "exit"])
def test_who_waits_moment_by_moment_sees_that_the_way_closed(world, way):
    """A line that is told as moments, as that for places of calls, is no reason to ask a closed provider."""
    scored(world, 6)
    home, looks = world.providers["home"], []

    def acquire(reservation, _tokens, _place):
        looks.append(reservation)
        if len(looks) == 2 and way == "breaker":
            home.breaker.trip("quota")
        elif len(looks) == 2:
            home.egress.closed = SendingBlockedError("egress of home: RU", 15.0)
        home.limiter.line.add(reservation)
        return Reserved(1.0, 2.0) if len(looks) < 50 else Granted(0.0)

    home.limiter.acquire = acquire
    assert scored(world, 7, resume=OTHER)["provider"] == "abroad"
    assert len(looks) < 10
    assert not standing(home)


def test_of_several_keys_to_one_model_the_earliest_start_is_taken():
    """Both quotas are used at once, and one model is one: nobody is told of different ones."""
    world = World(models=KEYS_OF_ONE, criteria_known=False)
    scored(world, 6)
    one, two = world.providers.values()
    one.limiter.script.append(Reserved(20.0, 20.0))
    decision = scored(world, 7, resume=OTHER)
    assert decision["provider"] == "two"
    one.limiter.script.extend([Reserved(2.0, 2.0)])
    two.limiter.script.extend([Reserved(1.0, 1.0), Reserved(1.0, 1.0)])
    decision = scored(world, 8, resume=THIRD)
    assert decision["provider"] == "two"
    assert SIGN not in recommendation(world, 7) + recommendation(world, 8)


def test_one_model_is_one_wherever_its_tables_stand():
    """Who cannot have a model by one key has it by the other, before another model's turn comes."""
    world = World(models={"one": "m", "other": "n", "two": "m"}, criteria_known=False)
    world.breaker.trip("quota")
    assert scored(world)["provider"] == "two"


def test_an_answer_that_one_gave_is_not_asked_of_another(world):
    """A request that comes again after its worker died is answered by what the first one said."""
    scored(world, 6)
    world.breaker.trip("quota")
    decision = scored(world, 7)
    assert decision["provider"] == "home"
    assert asked(world)["abroad"] == 0


def test_all_closed_means_to_wait_and_says_why_once_a_minute(world, caplog):
    """No request fails before its deadline, and the log names each provider's reason."""
    caplog.set_level(logging.INFO)
    world.breaker.trip("region")
    world.providers["abroad"].breaker.trip("quota")
    for processing_id in (6, 7, 8):
        world.dispatch(processing_id)
        assert isinstance(world.scoring.run(processing_id, FRESH), Park)
    (said,) = [record.message for record in caplog.records if "no provider" in record.message]
    assert "home: region: " in said
    assert "abroad: quota: " in said
    world.clock.now += 61
    world.dispatch(9)
    world.scoring.run(9, FRESH)
    assert caplog.text.count("no provider") == 2
    world.clock.now += HALF_A_DAY
    world.breaker.trip("credentials")
    world.providers["abroad"].breaker.trip("quota")
    assert world.scoring.run(7, FRESH) is Failure.OUT_OF_TIME


def test_a_list_of_one_says_why_it_is_closed(caplog):
    """One table alone is a provider like any other, and not silent."""
    world = World(models={"home": "m"}, criteria_known=False)
    world.breaker.trip("region")
    for processing_id in (6, 7):
        world.dispatch(processing_id)
        assert isinstance(world.scoring.run(processing_id, FRESH), Park)
    assert caplog.text.count("no provider can be asked: home: region: ") == 1


def test_too_large_for_one_may_fit_another(world):
    """A request fails for its size only where it fits nobody's limits."""
    world.limiter.script.extend([NeverFitsError("2500 of 1000")] * 2)
    assert scored(world)["provider"] == "abroad"
    for provider in world.providers.values():
        provider.limiter.script.append(NeverFitsError("2500 of 1000"))
    world.dispatch(8, requirements=OTHER_VACANCY)
    assert world.scoring.run(8, FRESH) is Failure.TOO_LARGE


def test_too_large_for_one_waits_for_another_that_is_closed(world):
    """Nobody fails for its size while one whose limits may hold it is away."""
    world.limiter.script.append(NeverFitsError("2500 of 1000"))
    abroad = world.providers["abroad"]
    abroad.breaker.trip("quota")
    world.dispatch()
    park = world.scoring.run(7, FRESH)
    assert isinstance(park, Park)
    abroad.breaker.reset()
    world.clock.now += park.seconds
    world.limiter.script.extend([NeverFitsError("2500 of 1000")] * 2)
    assert world.scoring.run(7, park.progress) is None
    assert world.store.decisions[7]["provider"] == "abroad"


@pytest.mark.parametrize("probing", [False, True])
def test_who_could_not_call_holds_no_place_among_the_calls(probing):
    """Redis, which has the key that a program printed, was away for a moment: nothing is under way."""
    world = World()
    if probing:
        world.breaker.trip("provider")
        world.clock.now += 6
    world.model.script.append(redis.ConnectionError("away"))
    world.dispatch()
    with pytest.raises(redis.RedisError):
        world.scoring.run(7, FRESH)
    assert world.limiter.settled == {"7:0": None}


def test_who_lost_the_claim_at_its_start_holds_no_place_among_the_calls():
    """Another worker has the request, and takes a place of its own."""
    world = World()

    def acquire(_reservation, _tokens, _place):
        world.memory.set(claim_key(7), "another")
        return Granted(0.0)

    world.limiter.acquire = acquire
    world.dispatch()
    assert world.scoring.run(7, FRESH) is None
    assert world.model.asked == []
    assert world.limiter.settled == {"7:0": None}


def test_the_resume_is_redacted_for_whom_it_has_to_be():
    """One at home may see names where its table says so; the other never does."""
    world = World(models=TWO, criteria_known=False)
    world.providers["home"].redaction = False
    world.scoring = world.worker()
    scored(world, 6)
    assert "Зебрович" in world.model.asked[-1][-1]["content"]
    assert world.store.decisions[6].get("redaction_version") is None
    world.breaker.trip("quota")
    scored(world, 7, resume=OTHER)
    assert "Зебрович" not in world.providers["abroad"].model.asked[-1][-1]["content"]
    assert world.store.decisions[7]["redaction_version"]


def test_a_fault_that_is_no_outage_stays_where_it_was(world):
    """One stumble moves nobody: the request tries again there, and the vacancy stays comparable."""
    world.profiles.others_pass = True
    world.model.script.append(TransientError("503"))
    world.dispatch()
    park = world.scoring.run(7, FRESH)
    assert isinstance(park, Park)
    world.clock.now += park.seconds
    assert world.scoring.run(7, park.progress) is None
    assert asked(world)["abroad"] == 0


def test_a_dead_workers_grant_is_not_given_back(world):
    """Whoever comes anew does not know whether its first call was made: its charge stays."""
    world.limiter.script.append(Granted(0.0, first=False))
    scored(world)
    assert world.limiter.cancelled == []


def test_a_replaced_way_is_another():
    """Two ways are never equal for having the same adapters."""
    way = World().way
    assert replace(way) != way
