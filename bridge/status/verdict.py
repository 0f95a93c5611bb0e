"""What it all comes to: one sentence, and those alerts of deploy/monitoring/alerts.yml that a look can tell. Pure.

The sentence is named here, not worded: wording.py says it in two languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bridge.status.figures import InKafka, InRedis, Process, Status
from bridge.tally import DEAD_LETTER, SCORED

MANY = 5  # dead letters, or failures, within 10 to 20 minutes
BEGINS = 30.0  # seconds in which a bridge may look at its partitions for the first time
LONG_WAIT, NO_END, SOON = 1_800.0, 900.0, 90 * 86_400.0  # seconds; the last for a model that is shut down
WAITS: Final = ("limits", "blocked", "fault", "single_flight")  # what a worker says that its requests wait for
Mood = Literal["good", "look", "bad"]  # look: somebody should, within the day; bad: requests are stuck, or fail


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentence's name, its mood, and what it is filled with."""

    name: str
    mood: Mood
    facts: Mapping[str, Any]


def judge(status: Status) -> Verdict:
    """The sentence: what is most in the way comes first."""
    found, kafka = status.redis, status.kafka
    if isinstance(found, str):
        return Verdict("redis_away", "bad", _away(status.redis_at, found))
    if isinstance(kafka, str):
        return Verdict("kafka_away", "bad", _away(status.kafka_at, kafka))
    facts = {"left": kafka.unfinished, "oldest": kafka.oldest}
    return _of_processes(found, facts) or _of_sending(found, facts) or _of_ends(found, kafka, facts)


def _away(where: str, said: str) -> dict[str, str]:
    why, _, advice = said.partition(" -> ")
    return {"where": where, "why": why, "advice": advice}


def _of_processes(found: InRedis, facts: dict[str, Any]) -> Verdict | None:
    if not found.bridges:
        return Verdict("no_bridge", "bad", facts)
    if "dead_letters" in (wrong := troubles(found)):
        return Verdict("too_many_dead_letters", "bad", facts | _most(found.day, DEAD_LETTER))
    if wrong:
        return Verdict("bridge_in_trouble", "bad", facts | {"why": "; ".join(map(": ".join, wrong.items()))})
    return None if found.workers else Verdict("no_worker", "bad", facts)


def _of_sending(found: InRedis, facts: dict[str, Any]) -> Verdict | None:
    if found.tripped:
        first = max(found.tripped, key=lambda each: each.seconds)
        mood: Mood = "look" if first.reason == "budget" else "bad"
        return Verdict("breaker_open", mood, facts | {"reason": first.reason, "why": first.why, "next": first.seconds})
    closed = closed_exits(found)
    return Verdict("exit_closed", "bad", facts | {"where": closed[0].said["egress"]}) if closed else None


def _of_ends(found: InRedis, kafka: InKafka, facts: dict[str, Any]) -> Verdict:
    if _many_failures(found.recent) or _only_failures(found):
        return Verdict("many_failures", "bad", facts | _most(failures(found.recent), ""))
    if _is_stuck(found, kafka):
        return Verdict("nothing_ends", "bad", facts)
    if _many_dead_letters(found):
        return Verdict("dead_letters", "look", facts | _most(found.recent, DEAD_LETTER))
    if waiting := found.limits["waiting"]:
        day = found.limits["buckets"]["rpd"]
        of_the_day = day["limit"] != "unlimited" and day["level"] < 1
        facts = facts | {"left": max(kafka.unfinished, waiting), "next": found.limits["next_start"]}
        return Verdict("waits_for_the_day" if of_the_day else "waits_for_the_limits", "good", facts)
    return Verdict("busy" if kafka.unfinished else "idle", "good", facts)


def alerts(status: Status) -> list[str]:
    """Those that fire, or would if it stays so for the minutes that they wait."""
    found, kafka = status.redis, status.kafka
    if isinstance(found, str):
        return ["RedisAway"]
    reasons = {each.reason for each in found.tripped}
    fires = {
        "BridgeAway": not found.bridges,
        "BridgeInTrouble": bool(troubles(found)),
        "WorkersAway": not found.workers,
        "CircuitBreakerOpen": bool(reasons - {"budget"}),
        "BudgetSpent": "budget" in reasons,
        "ExitClosed": bool(closed_exits(found)),
        "ModelEnds": any(0 < (w.said.get("model_ends") or 0) < found.at + SOON for w in found.workers),
        "ModelUnknown": any(w.said.get("model_listed") is False for w in found.workers),
        "ManyFailures": _many_failures(found.recent),
        "DeadLetters": _many_dead_letters(found),
        "RequestsWaitLong": isinstance(kafka, InKafka) and (kafka.oldest or 0) > LONG_WAIT,
        "NothingIsPublished": isinstance(kafka, InKafka)
        and _is_stuck(found, kafka)
        and not (failures(found.recent) or found.limits["waiting"]),
    }
    return [name for name, is_so in fires.items() if is_so]


def troubles(found: InRedis) -> dict[str, str]:
    """What keeps the bridges from being ready, but for those that have just begun."""
    return {
        name: text
        for bridge in found.bridges
        for name, text in bridge.said.get("troubles", {}).items()
        if name != "starting" or bridge.up > BEGINS
    }


def closed_exits(found: InRedis) -> list[Process]:
    """The workers, if none of them may send anything from where it is."""
    closed = [worker for worker in found.workers if worker.said.get("exit_closed")]
    return closed if len(closed) == len(found.workers) else []


def waits(found: InRedis) -> dict[str, int]:
    """How many requests wait for what, as limiter and workers say."""
    counts = {why: sum(worker.said.get("waits", {}).get(why, 0) for worker in found.workers) for why in WAITS}
    counts["limits"] = found.limits["waiting"]
    return {why: count for why, count in counts.items() if count}


def failures(ends: Mapping[str, int]) -> dict[str, int]:
    return {end: count for end, count in ends.items() if end != SCORED and not end.startswith(DEAD_LETTER)}


def _many_failures(ends: Mapping[str, int]) -> bool:
    failed = sum(failures(ends).values())
    return failed > MANY and failed > 0.1 * (failed + ends.get(SCORED, 0))


def _only_failures(found: InRedis) -> bool:
    """Requests fail, and none was scored for an hour or a day in which many failed, however slowly they come."""
    return bool(failures(found.recent)) and any(
        not ends.get(SCORED) and sum(failures(ends).values()) > MANY for ends in (found.hour, found.day)
    )


def _many_dead_letters(found: InRedis) -> bool:
    return bool(_most(found.recent, DEAD_LETTER)["count"] > MANY)


def _most(ends: Mapping[str, int], prefix: str) -> dict[str, Any]:
    some = {end.removeprefix(prefix): count for end, count in ends.items() if end.startswith(prefix)}
    return {"count": sum(some.values()), "mostly": max(some, key=lambda end: some[end], default="-")}


def _is_stuck(found: InRedis, kafka: InKafka) -> bool:
    """There is old work, the breaker is closed, and nothing is scored although the limits would let a request start.

    A request of unknown age may be as old as the bridge. Who waits for the limits is given an hour: the next may have
    its turn just now.
    """
    age = max((each.up for each in found.bridges), default=0.0) if kafka.oldest is None else kafka.oldest
    if not kafka.unfinished or age <= NO_END or found.tripped:
        return False
    if found.limits["waiting"]:
        return found.limits["next_start"] < 1 and not found.hour.get(SCORED)
    return not found.recent.get(SCORED)
