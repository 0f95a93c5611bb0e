"""When a request to the provider may start: all of the quota is used, in order, and none is exceeded.

The arithmetic is in `rate_limiter.lua`, which runs inside Redis and is the only place where the shared
buckets change; this module is its typed front. One call is one round trip.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from worker.limits.answers import Granted, Limits, NeverFitsError, NotYet, Reserved

if TYPE_CHECKING:
    import redis

    from worker.limits.provider_limits import Denial, ProviderView

SCRIPT: Final = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")
_KEYS: Final = ("state", "queue", "started", "records", "recent", "limits", "day_used")
_BUCKET_NUMBERS: Final = {"rpm": 1, "rpd": 2, "tpm": 3}


class RateLimiter:
    """The fleet's shared shadow of the provider's three token buckets.

    Usage: `acquire` until it answers Granted (sleep as told in between), send the request, then exactly one
    of `settle` (an answer or a failed attempt), `denied` (a 429) or `cancel` (not sent after all).

    Warning: a grant asked for again within `unused_grace` costs nothing, since its reply may have been lost;
    the answer says so (`first`). A caller that may have sent its request already takes another id for the
    next one. After `unused_grace` a grant counts as used, and asking again queues, and pays, anew.

    Args:
        redis: a client, with or without `decode_responses`.
        limits: used until `set_limits` has stored others for the whole fleet.
        horizon: seconds ahead for which start times are reserved.
        unused_grace: seconds after its start time at which an unclaimed reservation is given back.
        jitter: seconds by which a request may reach the provider later than it was granted. Costs
            rate * jitter of the burst that a full bucket allows, and nothing of the steady rate.
        unknown_day_share: share of the day's requests that may start when Redis knows nothing (it was
            emptied, or this is the first start ever), until the bridge has counted in Kafka what was
            answered within the last day (`contract.DAY_USED_KEY`) or headers of the day bucket say more.
        prefix: of all keys; on a Redis Cluster put braces around its last part.
        script: the Lua source; tests replace its clock.

    Raises:
        redis.RedisError: from every method. No Redis, no calls: let it pass and try again later.
    """

    def __init__(
        self,
        redis: redis.Redis,
        limits: Limits,
        *,
        horizon: float = 3600.0,
        unused_grace: float = 30.0,
        jitter: float = 0.25,
        unknown_day_share: float = 1 / 24,
        prefix: str = "ai_handler:limits",
        script: str = SCRIPT,
    ) -> None:
        self._limits = limits
        self._settings = (horizon, unused_grace, jitter, unknown_day_share)
        self._keys = [f"{prefix}:{key}" for key in _KEYS]
        self._script = redis.register_script(script)

    def acquire(self, reservation_id: str, tokens: int) -> Granted | Reserved | NotYet:
        """Ask to start a request of `tokens` (prompt + output cap: what the provider charges at admission).

        Asking again with the same id never queues or pays twice.

        Raises:
            NeverFitsError: `tokens` exceed the limit per minute.
        """
        answer, *numbers = self._call("acquire", reservation_id, tokens)
        if answer == b"granted":
            return Granted(float(numbers[0]), first=len(numbers) == 1)
        values = [float(number) for number in numbers]
        if answer == b"reserved":
            return Reserved(*values)
        if answer == b"not yet":
            return NotYet(*values)
        raise NeverFitsError(f"{tokens} tokens, but the limit per minute is {values[0]:.0f}")

    def settle(self, reservation_id: str, *, used_tokens: int | None, seen: ProviderView | None) -> None:
        """Tell the limiter how a granted request ended.

        Args:
            reservation_id: of the granted request; unknown ones are ignored.
            used_tokens: as billed; None after a failed attempt. The charge stays either way: whether the
                provider refunds is undocumented, and is believed when its headers show it.
            seen: the answer's headers, which move the shadow to the provider's own numbers.
        """
        headers: tuple[float | None, ...] = (None,) * 5
        if seen is not None:
            headers = (
                seen.remaining_requests,
                seen.limit_requests,
                seen.requests_window,
                seen.remaining_tokens,
                seen.limit_tokens,
            )
        self._call("settle", reservation_id, used_tokens, *headers)

    def cancel(self, reservation_id: str) -> None:
        """Give back a reservation or a grant whose request was certainly not sent."""
        self._call("cancel", reservation_id)

    def denied(self, reservation_id: str, denial: Denial) -> float:
        """Move the shadow to what a 429 says, once per burst, and put the request back at its old place.

        Returns:
            Seconds after which to `acquire` again with the same id; 0 for a request that is too large, which
            is not put back. About money (`insufficient_quota`, `spend_limit`) the buckets learn nothing.
        """
        about_rate = denial.kind in ("rate_limit", "too_large")
        bucket = _BUCKET_NUMBERS.get(denial.bucket or "", 0) if about_rate else 0
        wait = denial.wait if denial.kind == "rate_limit" else None
        again = int(denial.kind != "too_large")
        details = (bucket, denial.limit, denial.used, wait, again, denial.kind)
        return float(self._call("denied", reservation_id, *details)[1])

    def slow_down(self, reservation_id: str, seconds: float) -> None:
        """After a `slow_down`: nobody starts for `seconds`, then evenly spread starts at half the rate.

        The rate recovers over 15 minutes, the time for which OpenAI asks for a steady one. The request
        itself keeps its place: `acquire` again with the same id.
        """
        self._call("slow_down", reservation_id, seconds)

    def set_limits(self, limits: Limits) -> None:
        """Change the limits for the whole fleet, until they are set again. What is used stays used."""
        self._call("set_limits", limits.rpm, limits.rpd, limits.tpm)

    def seed_full(self) -> None:
        """Declare all buckets full. For benchmarks and tests: nobody knows that of a real provider."""
        self._call("seed_full")

    def snapshot(self) -> dict[str, object]:
        """The limiter's state for operators; changes nothing.

        `buckets`: by name {limit, level, rate and foreign_rate per second, confirmed by the provider or not};
        `next_free_start`, `blocked`, `paced`: seconds until a newcomer could start, until anybody may, and
        between starts while slowed down; `waiting`, `granted_not_settled`: requests;
        `last_denial` if there was one: {age in seconds, kind, bucket, and limit, used, wait where known}.
        """
        return cast("dict[str, object]", json.loads(self._call("snapshot")[1]))

    def pipelined_acquire(self, pipeline: redis.client.Pipeline, reservation_id: str, tokens: int) -> None:
        """Queue an `acquire` in a pipeline; its raw reply comes with the pipeline's others. For benchmarks."""
        self._send("acquire", reservation_id, tokens, client=pipeline)

    def _send(self, operation: str, *arguments: float | str | None, client: redis.Redis | None = None) -> Any:
        limits = (self._limits.rpm, self._limits.rpd, self._limits.tpm)
        sent = ["" if argument is None else argument for argument in arguments]
        return self._script(keys=self._keys, args=[operation, *limits, *self._settings, *sent], client=client)

    def _call(self, operation: str, *arguments: float | str | None) -> list[Any]:
        reply = self._send(operation, *arguments)
        return [part.encode() if isinstance(part, str) else part for part in cast("list[Any]", reply)]
