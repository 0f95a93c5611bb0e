"""What operators ask and tell the workers, without a worker."""

import dataclasses

import pytest
from celery.worker.control import Panel

from tests.support.fakes import RESUME, World
from worker.limits.answers import Limits
from worker.progress import Progress
from worker.running import control


@pytest.fixture
def world():
    """A world whose adapters answer the commands; the real worker's own registration comes back afterwards."""
    before = dict(Panel.data), dict(Panel.meta)
    world = World()
    control.register(lambda: world.scoring.ports)
    yield world
    Panel.data.update(before[0])
    Panel.meta.update(before[1])


def call(command, **arguments):
    return Panel.data[command](None, **arguments)


def test_limits_show_the_buckets_the_breaker_and_the_exit(world):
    """One command tells why requests wait."""
    shown = call("limits")
    assert (shown["waiting"], shown["circuit_breaker"], shown["egress"]) == (0, "closed", "NL")
    world.breaker.trip("quota")
    assert call("limits")["circuit_breaker"] == {"quota": 300.0}


def test_limits_are_shown_in_whole_numbers_with_a_legend(world):
    """Nobody reads 0.0333333 a second, or guesses what a word means."""
    bucket = {"limit": 500, "configured": 500, "learned": None, "confirmed": 480.0, "level": 12.6, "rate": 500 / 60}
    bucket |= {"foreign_rate": 0.034, "burst_seconds": 59.7, "burst_learned": None}
    world.limiter.snapshot = lambda: {
        "waiting": 2, "next_start": 3.4, "next_free_start": 5.6, "blocked": 0, "paced": 0.0,
        "buckets": {"rpm": bucket, "rpd": bucket, "tpm": {**bucket, "limit": "unlimited"}},
        "last_denial": {"age": 3.3, "kind": "rate_limit", "bucket": "rpm", "limit": 500, "used": 500, "wait": 0.4},
    }  # fmt: skip
    shown = call("limits")
    known = {"limit": 500, "configured": 500, "learned": None, "confirmed": 480}
    assert shown["buckets"]["rpm"] == {**known, "left": 13, "others_take": 2, "burst_seconds": 60}
    assert shown["buckets"]["rpd"]["others_take"] == 2938
    assert shown["buckets"]["tpm"] == {**known, "limit": "unlimited", "burst_seconds": 60}
    assert (shown["next_start"], shown["last_denial"]["wait"]) == (3, 0)
    fields = {*shown, *shown["buckets"]["rpm"]} - {"buckets", "legend"}
    assert fields <= shown["legend"].keys()


@pytest.mark.usefixtures("world")
def test_limits_show_what_the_calls_were_for():
    """At three requests a minute one can see what a new vacancy costs: a call of its own."""
    world = World(criteria_known=False)
    control.register(lambda: world.scoring.ports)
    before = call("limits")["answered"]
    for number in (7, 8):
        world.dispatch(number, resume=f"{RESUME} Вариант {number}.")
        world.scoring.run(number, Progress())
    after = call("limits")["answered"]
    assert {question: after[question] - before[question] for question in after} == {
        "criteria": 1,
        "grades": 2,
        "second_look": 0,
    }


def test_limits_show_the_money(world):
    """The same command tells what is spent today and what may be."""

    class Spending:
        def state(self):
            return {"spent_today": 1.5, "budget": 5.0}

    control.register(
        lambda: dataclasses.replace(world.scoring.ports, ways=(dataclasses.replace(world.way, spending=Spending()),))
    )
    assert call("limits")["money"] == {"spent_today": 1.5, "budget": 5.0}


def test_the_line_tells_who_waits_and_until_when(world):
    """Whoever is asked "when is it my turn?" looks here; the busiest users come first, without a text."""
    world.limiter.buckets = {"rpm": {"limit": 3, "level": 0.0, "rate": 0.05}}
    world.line.users = {11: (1, 1.0), 12: (30, 1.0)}
    shown = call("line")
    assert (shown["users"], shown["requests"]) == (2, 31)
    assert shown["busiest"] == [
        {"user_id": 12, "waiting": 30, "next_in": 40.0, "last_in": 620.0},
        {"user_id": 11, "waiting": 1, "next_in": 40.0, "last_in": 40.0},
    ]


def test_limits_can_be_changed_for_the_fleet(world):
    """New limits reach the limiter, and the operator reads what they are now."""
    assert call("set_limits", rpm=500, rpd=10_000, tpm=200_000) == {"ok": "limits are now RPM=500 RPD=10000 TPM=200000"}
    assert world.limiter.limits == Limits(500, 10_000, 200_000, parallel=None)


def test_limits_may_be_said_not_to_exist(world):
    """`0` for a limit that the provider does not set."""
    assert call("set_limits", rpm=500, rpd=0, tpm=200_000) == {"ok": "limits are now RPM=500 RPD=0 TPM=200000"}
    assert world.limiter.limits == Limits(500, 0, 200_000, parallel=None)


def test_how_many_calls_may_be_under_way_can_be_changed(world):
    """A fourth number; without it that stays as it is."""
    told = call("set_limits", rpm=500, rpd=0, tpm=0, parallel=10)
    assert told == {"ok": "limits are now RPM=500 RPD=0 TPM=0 PARALLEL=10"}
    assert world.limiter.limits == Limits(500, 0, 0, parallel=10)


def test_what_was_learned_can_be_forgotten(world):
    """One command for the whole fleet."""
    assert "ok" in call("reset_limits")
    assert world.limiter.journal == ["reset"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rpm": -3},
        {"rpd": -1},
        {"tpm": 4},
        {"rpm": float("nan")},
        {"rpd": float("inf")},
        {"tpm": 1e6},
        {"rpm": "500"},
        {"rpd": None},
        {"rpm": True},
        {"tpm": 10**400},
        {"parallel": -1},
        {"parallel": 2.5},
    ],
)
def test_limits_that_make_no_sense_are_refused(world, wrong):
    """A slip of the finger does not stop the fleet."""
    answer = call("set_limits", **{"rpm": 3, "rpd": 200, "tpm": 40_000, **wrong})
    assert answer == {"error": "limits are whole numbers up to 1000000000000, 0 for none, and TPM at least 1000"}
    assert not hasattr(world.limiter, "limits")


def test_commands_know_their_arguments():
    """`celery inspect --list` and `control --list` show them with what they take."""
    control.register(lambda: World().scoring.ports)
    assert Panel.meta["limits"].type == "inspect"
    assert Panel.meta["set_limits"].type == "control"
    assert Panel.meta["set_limits"].signature == "<RPM> <RPD> <TPM> [PARALLEL] [PROVIDER]"
