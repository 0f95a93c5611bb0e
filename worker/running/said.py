"""What a worker says of the providers that it asks, every other second, for people who look (presence.py)."""

from collections.abc import Sequence
from typing import Any

from worker import metrics
from worker.ports import Way


def said_of(ways: Sequence[Way]) -> dict[str, Any]:
    """Model, profile and exit; of several providers what is true of them all, and what each model is asked with."""
    one, *others = said = [_of(way) for way in ways]
    if not others:
        return one
    named = list(zip(ways, said, strict=True))
    return {
        "model": ", ".join(each["model"] for each in said),
        "model_listed": all(each["model_listed"] for each in said),
        "model_ends": min((each["model_ends"] for each in said if each["model_ends"]), default=0.0),
        "egress": ", ".join(f"{way.name} {each['egress']}" for way, each in named),
        "exit_closed": all(each["exit_closed"] for each in said),
        "profile": one["profile"],
        "providers": {way.name: {"model": each["model"], "profile": each["profile"]} for way, each in named},
    }


def _of(way: Way) -> dict[str, Any]:
    egress = way.egress.state
    return {
        "model": way.model_name,
        "model_listed": metrics.shown(metrics.MODEL_LISTED, way.name) != 0,
        "model_ends": metrics.shown(metrics.MODEL_SHUTDOWN, way.name),
        "profile": way.profiles.state(),
        "egress": egress,
        "exit_closed": egress != "not asked yet" and not metrics.shown(metrics.EGRESS_OPEN, way.name),
    }
