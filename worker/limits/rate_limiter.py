"""When a request to the provider may start: all of the quota is used, in order, and none is exceeded.

The arithmetic is in `rate_limiter.lua`, which runs inside Redis and is the only place where the shared
buckets change; this module is its typed front. One call is one round trip.
"""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import redis

from worker.limits.answers import LEAST_TPM, Bucket, Granted, Limits, NeverFitsError, Reserved
from worker.limits.provider_limits import Denial, ProviderView
from worker.limits.turns import DUE_FOR, JOINED_FOR

log = logging.getLogger(__name__)

SCRIPT: Final = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")
MOST_AT_ONCE: Final = 200  # requests that join by one call of the script
WARN_EVERY: Final = 3_600.0  # seconds between two warnings that the provider grants more than is configured
_KEYS: Final = ("buckets", "line", "record:", "recent", "limits", "answered", "reached", "calls")
_BUCKETS: Final[tuple[Bucket, ...]] = ("rpm", "rpd", "tpm")
_WINDOWS: Final = {"rpm": 60.0, "rpd": 86_400.0, "tpm": 60.0}  # seconds


@dataclass(eq=False, repr=False)
class RateLimiter:
    """The fleet's shared shadow of the provider's three token buckets, and of its calls under way.

    Usage: `join` as soon as it is clear that a request will ask, `acquire` until it answers Granted (sleep as
    told in between), send the request, then exactly one of `settle` (an answer or a failed attempt), `denied` (a
    429) or `cancel` (not sent after all).

    Requests start in the order of their places, whoever asks first.

    Warning: a grant asked for again within `unused_grace` costs nothing, since its reply may have been lost;
    the answer says so (`first`). A caller that may have sent its request already takes another id for the
    next one. After `unused_grace` a grant counts as used, and asking again queues, and pays, anew.

    Raises:
        redis.RedisError: from every method but `join` and `settle`. No Redis, no calls: let it pass and try again
            later.
    """

    store: redis.Redis  # with or without `decode_responses`
    limits: Limits  # used until `set_limits` has stored others for the whole fleet
    _: KW_ONLY
    unused_grace: float = 30.0  # seconds after its start time at which an unclaimed reservation is given back
    # Seconds by which a request may reach the provider later than it was granted. Costs rate * jitter of the burst that
    # a full bucket allows, and nothing of the steady rate.
    jitter: float = 0.25
    burst: float = 60.0  # seconds of refill that may be spent at once; 60 is the whole of a minute's bucket
    call_seconds: float = 70.0  # no call takes longer; one that nobody settles counts as under way for so long
    # A key in Redis that is there while this process is alive, without blanks: what it has under way ends with that.
    # Empty: nobody knows.
    heartbeat: str = ""
    heartbeat_seconds: float = 10.0  # for how long it is set, again and again
    # Share of the day's requests that may start when Redis knows nothing (it was emptied, or this is the first start
    # ever), until the bridge has counted in Kafka what was answered (`contract.ANSWERED_KEY`) or headers of the day
    # bucket say more.
    unknown_day_share: float = 1 / 24
    prefix: str = "ai_handler:limits"  # of all keys
    reached: str | None = None  # the key of what fair shares have reached, where other limiters share it
    script: str = SCRIPT  # the Lua source; tests replace its clock

    def __post_init__(self) -> None:
        self._always = {
            "limits": [self.limits.rpm, self.limits.rpd, self.limits.tpm],
            "auto": [bucket in self.limits.auto for bucket in _BUCKETS],
            "grace": self.unused_grace,
            "jitter": self.jitter,
            "burst": self.burst,
            "day_share": self.unknown_day_share,
            "settle": JOINED_FOR,
            "due": DUE_FOR,
            "least": [1, 1, LEAST_TPM],
            "parallel": self.limits.parallel or 0,
            "lasts": self.call_seconds,
            "heartbeat": self.heartbeat or "-",
            "beats": self.heartbeat_seconds,
        }
        shared = {"reached": self.reached}
        self._keys = [shared.get(key) or f"{self.prefix}:{key}" for key in _KEYS]
        self._script = self.store.register_script(self.script)
        self._warn_at = 0.0

    def join(self, places: Mapping[str, float]) -> None:
        """Say that these requests will ask within a second: those behind them let them go first.

        A Redis that is away never hears of it: only the order suffers.

        Args:
            places: by the reservation that `acquire` will use; see `acquire`.
        """
        joining = list(places.items())
        try:
            for start in range(0, len(joining), MOST_AT_ONCE):
                self._call("join", joining=joining[start : start + MOST_AT_ONCE])
        except redis.RedisError as error:
            log.warning("the limiter does not hear who will ask: %s", type(error).__name__)

    def acquire(self, reservation_id: str, tokens: int, place: float | None = None) -> Granted | Reserved:
        """Ask to start a request.

        Asking again with the same id never queues or pays twice.

        Args:
            reservation_id: of this attempt.
            tokens: prompt + output cap: what the provider charges at admission.
            place: in the order of the starts; kept by retries. None: those take turns like one user's.

        Raises:
            NeverFitsError: `tokens` exceed the configured limit per minute.
        """
        return self._answer(self._call("acquire", reservation_id, place=place or None, tokens=tokens))

    def settle(self, reservation_id: str, *, used_tokens: int | None, seen: ProviderView | None) -> None:
        """Tell the limiter how a granted request ended. A Redis that is away never hears of it: the answer goes on.

        Args:
            reservation_id: of the granted request; unknown ones are ignored.
            used_tokens: as billed; None after a failed attempt. The charge stays either way: whether the
                provider refunds is undocumented, and is believed when its headers show it.
            seen: the answer's headers, which move the shadow to the provider's own numbers.
        """
        headers: dict[str, float | None] = {}
        if seen is not None:
            bucket = self._bucket_of_requests(seen)
            headers = {
                "requests_bucket": _BUCKETS.index(bucket) + 1 if bucket else None,
                "requests_left": seen.remaining_requests,
                "requests_limit": seen.limit_requests or None,
                "tokens_left": seen.remaining_tokens,
                "tokens_limit": seen.limit_tokens or None,
            }
            self._warn_of_more({bucket: seen.limit_requests, "tpm": seen.limit_tokens})
        try:
            self._call("settle", reservation_id, answered=used_tokens is not None, used=used_tokens, **headers)
        except redis.RedisError as error:
            log.warning("the limiter does not hear how a call ended: %s", type(error).__name__)

    def cancel(self, reservation_id: str, *, joined: bool = False) -> None:
        """Give back a reservation or a grant whose request was certainly not sent.

        Args:
            reservation_id: see `acquire`; unknown ones are ignored.
            joined: only if it has joined and never asked. A worker that died may have asked before, and been granted
                what it used.
        """
        self._call("cancel", reservation_id, joined=joined or None)

    def denied(self, reservation_id: str, denial: Denial) -> float:
        """Move the shadow to what a 429 says, once per burst, and put the request back at its old place.

        What it says of a limit is an opinion that fades, and a denial that says nothing of use is answered by
        a pause for everybody that doubles. After a `slow_down` the buckets learn nothing.

        Returns:
            Seconds after which to `acquire` again with the same id.

        Raises:
            NeverFitsError: the request is too large for the configured limit, the provider agrees.
        """
        about_rate = denial.kind in ("rate_limit", "too_large")
        bucket = _BUCKETS.index(denial.bucket) + 1 if about_rate and denial.bucket else 0
        reply = self._call(
            "denied",
            reservation_id,
            bucket=bucket,
            too_large=denial.kind == "too_large",
            news=asdict(denial),
            limit=denial.limit or None,
            used=denial.used,
            wait=denial.wait,
        )
        answer = self._answer(reply)
        return 0.0 if isinstance(answer, Granted) else answer.seconds

    def slow_down(self, reservation_id: str, seconds: float) -> None:
        """After a `slow_down`: nobody starts for `seconds`, then evenly spread starts at half the rate.

        The rate recovers over 15 minutes, the time for which OpenAI asks for a steady one. Several at once are
        one. The request itself keeps its place: `acquire` again with the same id.
        """
        self._call("slow_down", reservation_id, seconds=seconds)

    def set_limits(self, limits: Limits) -> None:
        """Change the limits for the whole fleet, until they are set again, and forget what was learned.

        What is used stays used.
        """
        self._call("set_limits", rpm=limits.rpm, rpd=limits.rpd, tpm=limits.tpm, most=limits.parallel)

    def reset(self, *, full: bool = False) -> None:
        """Forget what was learned from the provider: smaller limits, smaller bursts, pauses, other users.

        `full` takes the buckets for full, too, which nobody knows of a real provider: for benchmarks and tests.
        """
        self._call("reset", full=full)

    def snapshot(self) -> dict[str, object]:
        """The limiter's state for operators; changes nothing.

        `buckets`: by name {configured, learned (from a denial or a header; fades), confirmed (what headers say;
        None: nothing), limit (what counts), level, rate and foreign_rate per second, burst_seconds (of refill that
        may be spent at once), burst_learned}, limits as numbers, "auto" or "unlimited";
        `next_start`, `next_free_start`, `blocked`, `paced`: seconds until the first in the line starts, until a
        newcomer could, until anybody may, and between starts while slowed down; `waiting`: requests, of which one
        takes `mean_tokens`;
        `calls`: {limit (a number or "unlimited"), under_way (counted only where there is a limit), seconds (that one
        takes on average)};
        `last_denial` if there was one: {age in seconds, kind, bucket, and limit, used, wait where known}.
        """
        view = json.loads(self._call("snapshot")[0])
        numbers = ("waiting", "mean_tokens", "next_start", "next_free_start", "blocked", "paced")
        shown: dict[str, object] = {key: view[key] for key in numbers}
        requests, day, tokens, requests_burst, tokens_burst = view["buckets"]
        shown["buckets"] = {
            "rpm": _shown(requests, requests_burst),
            "rpd": _shown(day, None),
            "tpm": _shown(tokens, tokens_burst),
        }
        shown["calls"] = {**view["calls"], "limit": view["calls"]["limit"] or "unlimited"}
        if denial := view.get("denial"):
            shown["last_denial"] = {"age": view["now"] - denial["at"], **denial["news"]}
        return shown

    def pipelined_acquire(self, pipeline: redis.client.Pipeline, reservation_id: str, tokens: int) -> None:
        """Queue an `acquire` in a pipeline; its raw reply comes with the pipeline's others. For benchmarks."""
        self._send("acquire", reservation_id, {"tokens": tokens}, client=pipeline)

    def _bucket_of_requests(self, seen: ProviderView) -> Bucket | None:
        """Small accounts see the day bucket in the `requests` headers, others the minute bucket."""
        minute, day = self.limits.rpm, self.limits.rpd
        if seen.limit_requests and minute != day and not self.limits.auto & {"rpm", "rpd"}:
            if seen.limit_requests == minute:
                return "rpm"
            if seen.limit_requests == day:
                return "rpd"
        if seen.requests_window is None:
            return None
        return "rpd" if seen.requests_window > _WINDOWS["rpm"] * 60 else "rpm"

    def _warn_of_more(self, granted: dict[Bucket | None, int | None]) -> None:
        now = time.monotonic()
        if now < self._warn_at:
            return
        for bucket, limit in granted.items():
            if bucket is None or bucket in self.limits.auto:
                continue
            configured = getattr(self.limits, bucket)
            if limit and configured and limit > configured:
                self._warn_at = now + WARN_EVERY
                log.warning("%s=%d is configured, but the provider grants %d", bucket.upper(), configured, limit)

    def _answer(self, reply: list[bytes]) -> Granted | Reserved:
        word, *numbers = reply
        if word == b"granted":
            waited, *how = numbers
            return Granted(float(waited), first=how != [b"again"], plenty=how == [b"plenty"])
        values = [float(number) for number in numbers]
        if word == b"never fits":
            raise NeverFitsError(f"more tokens than the limit per minute, which is {values[0]:.0f}")
        return Reserved(values[0], values[-1])

    def _send(
        self, operation: str, reservation_id: str | None, arguments: dict[str, Any], client: redis.Redis | None = None
    ) -> Any:
        known = {name: value for name, value in arguments.items() if value is not None}
        table = {"op": operation, "id": reservation_id or "", **self._always, **known}
        return self._script(keys=self._keys, args=[json.dumps(table)], client=client)

    def _call(self, operation: str, reservation_id: str | None = None, **arguments: Any) -> list[bytes]:
        reply = self._send(operation, reservation_id, arguments)
        return [part.encode() if isinstance(part, str) else part for part in cast("list[Any]", reply)]


def _shown(bucket: dict[str, Any], burst: dict[str, Any] | None) -> dict[str, object]:
    shown = {
        "configured": "auto" if bucket["auto"] else bucket["configured"] or "unlimited",
        "learned": bucket.get("learned"),
        "confirmed": bucket.get("said") or None,
        "limit": bucket["limit"] or "unlimited",
        "level": bucket["level"],
        "rate": bucket["rate"],
        "foreign_rate": bucket["foreign"],
    }
    if burst is not None and bucket["limit"]:
        # What jitter takes from a bucket is not what a shorter span takes.
        seconds = burst["burst"] / bucket["rate"] if burst.get("burst") else _WINDOWS["rpm"]
        shown |= {"burst_seconds": seconds, "burst_learned": burst.get("seconds")}
    return shown
