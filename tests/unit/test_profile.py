"""What requests may carry: what refusals and answers teach about it."""

import json
from dataclasses import replace

import pytest

from worker.asking.faults import read_problem
from worker.asking.profile import (
    ENOUGH_SEEN,
    LEAST_ROOM,
    Profile,
    after_answer,
    after_cut,
    after_early_cut,
    lesson,
    room_after_cut,
)

FIRST = Profile()
CLASSIC = replace(FIRST, cap="max_tokens", lessons=1)
REASONS = replace(FIRST, effort="none", lessons=1)


def taught(message, sent=FIRST, *, status=400, param=None):
    """The fields that a refusal changes."""
    problem = read_problem(status, {"error": {"message": message, "param": param}})
    learned = lesson(problem, sent)
    if learned is None:
        return None
    assert learned.lessons == sent.lessons + 1
    names = ("temperature", "effort", "cap", "most", "output", "role")
    return {name: getattr(learned, name) for name in names if getattr(learned, name) != getattr(sent, name)}


@pytest.mark.parametrize(
    ("message", "sent", "changed"),
    [
        # OpenAI
        ("Unsupported value: 'temperature' does not support 0 with this model.", FIRST, {"effort": "none"}),
        ("Unsupported value: 'temperature' does not support 0 with this model.", REASONS, {"temperature": None}),
        (
            "Unsupported value: 'reasoning_effort' does not support 'none'. Supported values: 'low', 'medium', 'high'.",
            REASONS,
            {"effort": "low"},
        ),
        ("Unrecognized request argument supplied: reasoning_effort", REASONS, {"effort": None}),
        (
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
            replace(FIRST, cap="max_tokens"),
            {"cap": "max_completion_tokens"},
        ),
        ("Unsupported value: 'messages[0].role' does not support 'system'.", FIRST, {"role": "developer"}),
        ("Invalid schema for response_format 'grading': 'maxItems' is not permitted.", FIRST, {"output": "json"}),
        # vLLM, FastAPI, pydantic
        ("[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens')}]", FIRST, {"cap": "max_tokens"}),
        ("('body', 'reasoning_effort'): Input should be 'low', 'medium' or 'high'", REASONS, {"effort": "low"}),
        ("Conversation roles must alternate user/assistant/user/assistant/...", FIRST, {"role": "user"}),
        # others
        ("This response_format type is unavailable now", FIRST, {"output": "json"}),
        ("json_object is not available", replace(FIRST, output="json"), {"output": "none"}),
        ("This model does not support structured outputs", FIRST, {"output": "json"}),
        ("max_completion_tokens is too large: 540. It supports at most 512 completion tokens", FIRST, {"most": 512}),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 1000]", CLASSIC, {"most": 1_000}),
        ("Only these are allowed: temperature, max_tokens. Got: max_completion_tokens", FIRST, {"cap": "max_tokens"}),
        ("reasoning effort: invalid value", REASONS, {"effort": "minimal"}),
    ],
)
def test_a_refusal_changes_what_it_names(message, sent, changed):
    """The wording and the shape are the endpoint's own; what follows is one change."""
    assert taught(message, sent) == changed


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ("Invalid value for 'messages[2].content'", FIRST),
        ("", FIRST),
        ("'temperature' is not supported", replace(FIRST, temperature=None)),
        ("response_format is not supported", replace(FIRST, output="none")),
        ("max_tokens is too large", FIRST),
    ],
)
def test_a_refusal_that_names_nothing_of_ours_teaches_nothing(message, sent):
    """Else a parameter that was not sent would be blamed for ever."""
    assert taught(message, sent) is None


@pytest.mark.parametrize("status", [401, 402, 403, 429, 503])
def test_only_a_refusal_of_the_request_teaches(status):
    """An outage or a limit may mention anything."""
    assert taught("temperature", status=status) is None


def test_what_is_pinned_is_not_learned_otherwise():
    """A setting is the operator's word; the breaker names it where the endpoint refuses it."""
    pinned = Profile.pinned_by(temperature="0.3", effort="high", output="strict")
    for name in ("temperature", "reasoning_effort", "response_format"):
        assert taught(f"{name} is not supported", pinned) is None
    parameters = pinned.parameters({"type": "json_schema"}, 100)
    assert parameters == {
        "max_completion_tokens": 100,
        "response_format": {"type": "json_schema"},
        "temperature": 0.3,
        "reasoning_effort": "high",
    }
    never = Profile.pinned_by(temperature="off", effort="off", output="auto")
    assert never.parameters({}, 100).keys() == {"max_completion_tokens", "response_format"}
    assert never.knowing(replace(FIRST, effort="low", output="json").learned()) == replace(never, output="json")


def test_what_the_fleet_has_learned_comes_back_as_it_was():
    """Through Redis, and over what a newer or broken version may have written there."""
    learned = replace(FIRST, temperature=None, effort="low", refused=("none", "minimal"), floor=9, lessons=4)
    assert FIRST.knowing(learned.learned()) == learned
    for broken in ("", "[]", "{", '{"temperature": 1}', "null"):
        assert FIRST.knowing(broken) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"output": "yaml"},
        {"role": "tool"},
        {"floor": None},
        {"effort": []},
        {"lessons": "3"},
        {"cap": 1},
        {"temperature": "hot"},
        {"refused": [1]},
        {"pinned": 3},
    ],
)
def test_a_profile_with_a_value_of_another_kind_is_none(wrong):
    """It would end in every request that goes by it."""
    assert FIRST.knowing(json.dumps(json.loads(FIRST.learned()) | wrong)) is None


def test_a_cap_that_is_required_by_its_other_name():
    """FastAPI names what is missing, which is not what was sent."""
    problem = read_problem(422, {"detail": [{"loc": ["body", "max_tokens"], "msg": "field required"}]})
    assert lesson(problem, FIRST).cap == "max_tokens"


def test_a_cap_whose_other_name_is_refused_too_teaches_nothing_more():
    """Two backends behind one address differ: to and fro would be a lesson for each call."""
    other = lesson(read_problem(400, {"error": {"param": "max_completion_tokens"}}), FIRST)
    assert other.cap == "max_tokens"
    assert lesson(read_problem(400, {"error": {"param": "max_tokens"}}), other) is None


def test_a_cap_that_is_ignored_is_sent_by_its_other_name():
    """Once: whoever refuses that name is believed."""
    other = after_early_cut(FIRST)
    assert other.cap == "max_tokens"
    back = lesson(read_problem(400, {"error": {"param": "max_tokens"}}), other)
    assert back.cap == "max_completion_tokens"
    assert after_early_cut(back) is None


def test_no_more_output_is_asked_for_than_there_is():
    """The endpoint has said how much that is."""
    assert replace(FIRST, most=512).parameters({}, 540)["max_completion_tokens"] == 512


def test_a_pin_that_is_taken_away_is_gone():
    """What one worker was told is nothing that the fleet has learned."""
    pinned = Profile.pinned_by(temperature="auto", effort="high", output="none")
    assert FIRST.knowing(replace(pinned, cap="max_tokens", lessons=1).learned()) == replace(
        FIRST, cap="max_tokens", lessons=1
    )


def test_the_lessons_come_to_an_end():
    """An endpoint that refuses whatever is sent teaches a handful of times."""
    sent, taught_times = FIRST, 0
    problem = read_problem(400, {"error": "temperature reasoning_effort response_format system role are not supported"})
    while (learned := lesson(problem, sent)) is not None:
        sent, taught_times = learned, taught_times + 1
    assert taught_times <= 10


def test_instructions_go_where_the_model_takes_them():
    """As system, as developer, or in front of all else in one message."""
    messages = [{"role": "system", "content": "A"}, {"role": "user", "content": "B"}]
    assert FIRST.messages(messages) == messages
    assert replace(FIRST, role="developer").messages(messages)[0] == {"role": "developer", "content": "A"}
    assert replace(FIRST, role="user").messages(messages) == [{"role": "user", "content": "A\n\nB"}]


# --- room for reasoning ---


@pytest.mark.parametrize(("effort", "room"), [(None, 0), ("none", 0), ("low", 1_024), ("high", 8_192), ("odd", 16_384)])
def test_room_begins_with_the_effort(effort, room):
    """A model that does not reason gets none."""
    assert replace(FIRST, effort=effort).room((), 100_000) == room


def test_room_follows_what_was_seen():
    """One answer in twenty may take more; what the effort was given at first counts no more."""
    seen = [100] * (ENOUGH_SEEN - 1) + [5_000]
    assert replace(FIRST, effort="high").room(seen, 100_000) == 150
    assert replace(FIRST, effort="none").room([200], 100_000) == 300, "it reasons whatever it is told"


def test_an_answer_that_was_cut_by_its_reasoning_doubles_the_room():
    """Up to what the setting allows, and then it is an answer of no use."""
    profile, rooms = REASONS, []
    while wanted := room_after_cut(profile.room((), 10_000), 10_000):
        profile = after_cut(profile, wanted)
        rooms.append(profile.room((), 10_000))
    assert rooms == [LEAST_ROOM, 2_048, 4_096, 8_192, 10_000]


def test_what_one_answer_needed_counts_until_enough_were_seen():
    """A resume that is thought about for long is no reason to reserve as much for all, for a day."""
    profile = after_cut(REASONS, 16_000)
    assert profile.room((), 100_000) == 16_000
    assert profile.room([100] * ENOUGH_SEEN, 100_000) == 150


def test_a_model_that_turns_out_to_reason_is_asked_to_do_so_little():
    """Nobody said so before: its answer did."""
    assert after_answer(FIRST, 300, bare=True).effort == "none"
    assert after_answer(FIRST, 0, bare=True) is None
    assert after_answer(REASONS, 300, bare=True) is None
    assert after_answer(Profile.pinned_by(temperature="auto", effort="off", output="auto"), 300, bare=True) is None


def test_a_schema_that_is_not_kept_is_remembered():
    """Fences and thoughts around the answer show it."""
    learned = after_answer(FIRST, 0, bare=False)
    assert not learned.keeps_schema
    assert after_answer(learned, 0, bare=False) is None
