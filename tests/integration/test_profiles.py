"""What the fleet learns of a model, over a real Redis."""

from dataclasses import replace

import pytest

from contract import profile_key
from tests.support.fakes import SECRET_WORDS
from worker.asking.profile import MOST_LESSONS, Profile
from worker.asking.profiles import LATELY, SEEN, Profiles
from worker.errors import SendingBlockedError
from worker.ports import Usage

FIRST = Profile()
USED = Usage(900, 0, 50)


@pytest.fixture
def make(redis_client, make_leases):
    """Profiles of one more worker."""

    def worker(first=FIRST, model="https://api.example/v1 gpt", most_room=16_000):
        return Profiles(redis_client, make_leases(redis_client, 1.0), model, first, most_room=most_room)

    return worker


def test_one_request_finds_out_for_the_fleet(make):
    """The others wait until it is answered; then all go, without asking Redis each time."""
    ours, theirs = make(), make()
    right = ours.require("ours")
    assert right is not None
    for other in (ours, theirs):
        with pytest.raises(SendingBlockedError):
            other.require("theirs")
    assert not theirs.known()
    ours.answered(FIRST, USED, reasoned=0, room=0, bare=True, kind="grading")
    ours.let_go(right)
    assert theirs.require("theirs") is None
    assert theirs.known()


def test_whoever_tries_comes_back_after_a_wait(make):
    """It is not shut out by itself, and its death opens the way for another."""
    profiles = make()
    assert profiles.require("ours") is not None
    right = profiles.require("ours")
    profiles.let_go(right)
    assert profiles.require("theirs") is not None


def test_what_one_learns_all_know(make, caplog):
    """One line in the log, the lesson in the profile of each worker, and the next try is again one's alone."""
    ours, theirs = make(), make()
    ours.answered(FIRST, USED, reasoned=0, room=0, bare=True, kind="grading")
    learned = replace(FIRST, effort="none", lessons=1)
    assert ours.learn(FIRST, learned, "400 unsupported_value")
    assert theirs.learn(FIRST, learned, "400 unsupported_value"), "refused at the same time: go on with what is known"
    assert ours.current == theirs.current == learned
    assert len(caplog.records) == 1
    assert "effort None -> none" in caplog.text
    assert make().require("any") is not None


def test_lessons_have_an_end(make):
    """More would be an endpoint that plays with us."""
    assert not make().learn(replace(FIRST, lessons=MOST_LESSONS), replace(FIRST, lessons=MOST_LESSONS + 1), "400")


def test_it_is_forgotten_after_a_day(make, redis_client):
    """What a model takes changes; the day counts from the first lesson."""
    profiles = make()
    profiles.learn(FIRST, replace(FIRST, cap="max_tokens", lessons=1), "400")
    (key,) = [key for key in redis_client.scan_iter() if redis_client.type(key) == b"hash"]
    assert 86_000 < redis_client.ttl(key) <= 86_400
    redis_client.expire(key, 100)
    profiles.learn(profiles.current, replace(profiles.current, output="json", lessons=2), "400")
    profiles.answered(profiles.current, USED, reasoned=0, room=0, bare=True, kind="grading")
    assert redis_client.ttl(key) <= 100


def test_another_model_is_another_profile(make):
    """Another endpoint may take other things, too."""
    make().learn(FIRST, replace(FIRST, cap="max_tokens", lessons=1), "400")
    other = make(model="https://api.example/v1 other")
    other.require("ours")
    assert other.current == FIRST


def test_what_is_pinned_here_stays(make):
    """A worker with another setting goes by its own."""
    make().learn(FIRST, replace(FIRST, temperature=None, output="json", lessons=1), "400")
    pinned = make(Profile.pinned_by(temperature="1", effort="auto", output="auto"))
    pinned.require("ours")
    assert (pinned.current.temperature, pinned.current.output) == (1.0, "json")


def test_the_fleet_sees_how_much_room_reasoning_takes(make):
    """What each worker's answers took counts for all, the late ones only."""
    ours, theirs = make(), make()
    profile = replace(FIRST, effort="high", lessons=1)
    ours.learn(FIRST, profile, "400")
    for number in range(SEEN + 50):
        ours.answered(profile, USED, reasoned=9_000 if number < 50 else 200, room=8_192, bare=True, kind="grading")
    theirs.require("ours")
    assert theirs.room() == 300


def test_a_cut_answer_gives_the_whole_fleet_more_room(make):
    """Twenty answers that are cut at once double it once."""
    ours, theirs = make(), make(most_room=1_500)
    assert [ours.cut(FIRST, 0, "cut") for _ in range(20)] == [1_024] * 20
    assert ours.room() == 1_024
    assert theirs.cut(ours.current, 1_024, "cut") == 1_500
    assert theirs.room() == 1_500
    assert not theirs.cut(theirs.current, 1_500, "cut")


def test_whether_others_are_answered_is_known(make, redis_client):
    """For half a minute; and Redis is not told of every answer."""
    ours, theirs = make(), make()
    assert not theirs.answers_others()
    ours.answered(FIRST, USED, reasoned=0, room=0, bare=True, kind="grading")
    assert theirs.answers_others()
    assert theirs.answers_others("grading")
    assert not theirs.answers_others("criteria"), "a model may take one schema and refuse another"
    for key in redis_client.scan_iter("*:answered:*"):
        assert 0 < redis_client.ttl(key) <= LATELY


def test_operators_see_it(make):
    """And can have it learned anew."""
    profiles = make()
    profiles.learn(FIRST, replace(FIRST, temperature=None, effort="low", refused=("none",), lessons=1), "400")
    state = profiles.state()
    assert state["temperature"] == "not sent"
    assert state["reasoning_effort"] == "low"
    assert (state["lessons"], state["answered"]) == (1, False)
    profiles.forget()
    assert profiles.state()["lessons"] == 0


def test_what_cannot_be_read_is_not_believed(make, redis_client):
    """Whatever stands in Redis, requests go out."""
    profiles = make()
    profiles.learn(FIRST, replace(FIRST, output="json", lessons=1), "400")
    (key,) = redis_client.scan_iter(f"{profile_key('')}*")
    redis_client.hset(key, "learned", SECRET_WORDS[0])
    fresh = make()
    assert fresh.require("ours") is not None
    assert fresh.current == FIRST
    learned = replace(FIRST, cap="max_tokens", lessons=1)
    assert fresh.learn(FIRST, learned, "400")
    assert fresh.current == learned, "what nobody can read is in nobody's way"


def test_a_lesson_that_changes_nothing_is_none(make, redis_client):
    """Else a request would be asked again at once, for ever."""
    profiles = make()
    learned = replace(FIRST, output="json", lessons=1)
    profiles.learn(FIRST, learned, "400")
    (key,) = redis_client.scan_iter(f"{profile_key('')}*")
    redis_client.hset(key, "lessons", "5")  # whoever wrote that
    fresh = make()
    assert not fresh.learn(FIRST, learned, "400")
    assert fresh.learn(FIRST, learned, "400"), "and nothing is in its way by then"


def test_lessons_after_which_the_same_is_refused_are_withdrawn(make, caplog):
    """What a filter says of one resume is nothing that the model does not take."""
    ours, theirs = make(), make()
    learned = replace(FIRST, cap="max_tokens", lessons=1)
    ours.learn(FIRST, learned, "400")
    ours.answered(learned, USED, reasoned=0, room=0, bare=True, kind="grading")
    worse = replace(learned, role="developer", lessons=2)
    ours.learn(learned, worse, "400")
    ours.learn(worse, replace(worse, role="user", lessons=3), "400")
    theirs.withdraw(worse)
    assert theirs.current != learned, "what another has learned since is not its to take back"
    theirs.withdraw(replace(worse, role="user", lessons=3))
    ours.require("ours")
    assert ours.current == theirs.current == learned
    assert "withdrawn" in caplog.text
    ours.withdraw(learned)
    assert ours.current == learned, "somebody was answered with it"


def test_lessons_with_which_nobody_was_ever_answered_are_forgotten(make):
    """Then all begins anew."""
    profiles = make()
    learned = replace(FIRST, role="developer", lessons=1)
    profiles.learn(FIRST, learned, "400")
    profiles.withdraw(learned)
    assert profiles.current == FIRST


def test_one_answer_among_many_that_is_cut_changes_nothing_for_all(make):
    """It gets more room itself."""
    profiles = make()
    profile = replace(FIRST, effort="low", lessons=1)
    profiles.learn(FIRST, profile, "400")
    for _ in range(SEEN):
        profiles.answered(profile, USED, reasoned=200, room=1_024, bare=True, kind="grading")
    profiles.room()
    profiles.state()
    assert profiles.cut(profile, 300, "cut") == 1_024
    assert (profiles.room(), profiles.current) == (300, profile)
