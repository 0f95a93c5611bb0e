"""What operators ask and tell the workers about the provider's limits.

celery -A worker inspect limits
celery -A worker inspect line                             # who waits, and when they start
celery -A worker control set_limits 500 10000 200000      # RPM RPD TPM [PARALLEL], for the whole fleet; 0: none
celery -A worker control reset_limits                     # forget what was learned from the provider
celery -A worker control close_breaker                    # what it was open for is mended: try at once

Where there are several, a provider's name may follow; `set_limits` needs it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from celery.worker.control import control_command, inspect_command
from prometheus_client import REGISTRY

from worker.limits.answers import LEAST_TPM, Limits
from worker.limits.provider_limits import LARGEST
from worker.ports import Ports, Way
from worker.running.line import seconds_until, starts

MINUTE, DAY = 60.0, 86_400.0  # seconds
NO_SUCH: Final = {"error": "there is no provider of this name"}

# What `inspect limits` shows, by the name of its field.
LEGEND: Final = {
    "rpm, rpd, tpm": "requests a minute, requests a day, tokens a minute",
    "limit": "what counts now, of the next three",
    "configured": "as it is set",
    "learned": "of a denial; gives way to the others after ten minutes, and is gone after an hour",
    "confirmed": "by the provider's headers",
    "left": "may start at once; below 0: the provider has counted more than we had",
    "others_take": "others who use this key take so many a minute (rpd: a day); below 0: so many are given back",
    "burst_seconds": "so many seconds of refill may be spent at once",
    "waiting": "requests that wait for a start",
    "mean_tokens": "that a request takes on average",
    "next_start": "seconds until the first of them starts",
    "next_free_start": "seconds until one could start that asks now, behind all of them",
    "blocked": "seconds until anybody may start, after a denial",
    "calls": "under way, of so many at once, and seconds that one takes; they are counted where there is a limit",
    "paced": "seconds between two starts after the provider said slow_down, for a quarter of an hour; 0: not now",
    "last_denial": "of the provider; age and wait in seconds",
    "circuit_breaker": "closed, or the reasons for which it is open, with the seconds until one request may try",
    "profile": "what a request to the model carries, and how that was learned",
    "egress": "the country that requests leave from",
    "answered": "calls of this worker, by what they asked",
    "money": "US dollars",
}


def in_whole_numbers(view: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot of the limiter for people: seconds, requests and tokens, rounded; `LEGEND` says what each is."""
    buckets = {name: _bucket(bucket, DAY if name == "rpd" else MINUTE) for name, bucket in view["buckets"].items()}
    return _rounded({**view, "buckets": buckets})


def _bucket(bucket: Mapping[str, Any], window: float) -> dict[str, Any]:
    shown = {name: bucket[name] for name in ("limit", "configured", "learned", "confirmed")}
    if bucket["limit"] != "unlimited":
        shown |= {"left": bucket["level"], "others_take": bucket["foreign_rate"] * window}
    return shown | {name: bucket[name] for name in ("burst_seconds",) if name in bucket}


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _rounded(figure) if isinstance(figure, dict) else round(figure) if isinstance(figure, float) else figure
        for name, figure in figures.items()
    }


def answered(question: str) -> int:
    """How many questions of a kind this process asked and got an answer to."""
    labels = {"question": question, "result": "miss"}
    return int(REGISTRY.get_sample_value("ai_handler_result_cache_total", labels) or 0)


def of_way(way: Way) -> dict[str, Any]:
    """What is a provider's own."""
    return {
        **in_whole_numbers(way.limiter.snapshot()),
        "circuit_breaker": way.breaker.state() or "closed",
        "profile": way.profiles.state(),
        "egress": way.egress.state,
        **({"money": way.spending.state()} if way.spending else {}),
    }


def _named(ports: Ports, provider: str | None) -> list[Way]:
    """The way of this name, or all where none is named."""
    return [way for way in ports.ways if provider in (None, way.name)]


def register(ports: Callable[[], Ports]) -> None:
    """Add the commands; `ports` gives this process' adapters."""

    @inspect_command(name="limits", default_timeout=5.0)
    def limits(_state: Any) -> dict[str, Any]:
        """Show limits, what is left of them and why requests wait; `legend` says what each figure is."""
        ways = ports().ways
        shown = {way.name: of_way(way) for way in ways}
        return {
            **(shown[ways[0].name] if len(ways) == 1 else {"providers": shown}),
            "legend": LEGEND,
            "answered": {question: answered(question) for question in ("criteria", "grades", "second_look")},
        }

    @inspect_command(name="line", default_timeout=5.0)
    def line(_state: Any) -> dict[str, Any]:
        """Show how many users wait, and of the busiest how many requests, and when the next and the last start.

        Seconds, at the latest, if nothing else comes and each request takes one call. No texts.
        """
        waiting = ports().line.waiting()
        limits = [way.limiter.snapshot() for way in ports().ways]
        return {
            "users": len(waiting.users),
            "requests": sum(count for count, _ in waiting.users.values()),
            "busiest": starts(waiting, lambda number: min(seconds_until(each, number) for each in limits)),
        }

    @control_command(
        name="set_limits",
        args=[("rpm", int), ("rpd", int), ("tpm", int), ("parallel", int), ("provider", str)],
        signature="<RPM> <RPD> <TPM> [PARALLEL] [PROVIDER]",
    )
    def set_limits(
        _state: Any, rpm: int, rpd: int, tpm: int, parallel: int | None = None, provider: str | None = None
    ) -> dict[str, Any]:
        """Change the provider's limits for the whole fleet, until they are changed again; 0: there is none.

        The most calls under way at once stay as they are where nothing is said of them.
        """
        # Programs that send this command are not held to `args`, and NaN in a bucket would stop it for good.
        whole = all(type(limit) is int and 0 <= limit <= LARGEST for limit in (rpm, rpd, tpm, parallel or 0))
        if not whole or 0 < tpm < LEAST_TPM:
            return {"error": f"limits are whole numbers up to {LARGEST}, 0 for none, and TPM at least {LEAST_TPM}"}
        ways = _named(ports(), provider)
        if len(ways) != 1:
            return {"error": f"name one provider: {', '.join(way.name for way in ports().ways)}"}
        ways[0].limiter.set_limits(Limits(rpm=rpm, rpd=rpd, tpm=tpm, parallel=parallel))
        more = "" if parallel is None else f" PARALLEL={parallel}"
        return {"ok": f"limits are now RPM={rpm} RPD={rpd} TPM={tpm}{more}"}

    @control_command(name="reset_limits", args=[("provider", str)], signature="[PROVIDER]")
    def reset_limits(_state: Any, provider: str | None = None) -> dict[str, Any]:
        """Forget what was learned from the provider: smaller limits and bursts, pauses, other users of the key."""
        for way in (ways := _named(ports(), provider)):
            way.limiter.reset()
        return {"ok": "what was learned is forgotten; the configured limits count"} if ways else NO_SUCH

    @control_command(name="close_breaker", args=[("provider", str)], signature="[PROVIDER]")
    def close_breaker(_state: Any, provider: str | None = None) -> dict[str, Any]:
        """Close the circuit breaker: what it was open for is mended. What requests may carry is learned anew."""
        for way in (ways := _named(ports(), provider)):
            way.profiles.forget()
            way.breaker.reset()
        return {"ok": "the circuit breaker is closed"} if ways else NO_SUCH
