"""What follows from a call of the model that brought no usable answer, and from a wait that is too long.

Pure: it decides, the story acts.

    TransientError     back off and ask again, until the attempts are used up
    BrokenAnswerError  ask once more
    DeniedError        no fault of the request: the limiter learns, and says when to ask again
    TrippingError      the circuit breaker trips; the request waits behind it
    RefusedCallError   the request ends
"""

import math
from dataclasses import dataclass, replace

from contract import Failure
from worker.errors import (
    BrokenAnswerError,
    CallError,
    DeniedError,
    FailedError,
    PostponedError,
    RefusedCallError,
    TransientError,
    TrippingError,
)
from worker.limits.provider_limits import Denial
from worker.progress import Progress

LEAD = 1.0  # seconds that a countdown ends early: Celery's timer is coarse, the rest is waited for in the worker
SLOW_DOWN_WAIT = 15.0  # seconds, where a `slow_down` names none


@dataclass(frozen=True, slots=True)
class WaitingPolicy:
    """What operators may set; seconds and counts.

    Attributes:
        max_attempts: calls that may meet a transient fault before the request fails.
        retry_base: the first back-off; it doubles.
        retry_max: the longest back-off.
        short_wait: a wait up to this happens in the worker, a longer one is a countdown.
        max_countdown: the longest countdown.
    """

    max_attempts: int
    retry_base: float
    retry_max: float
    short_wait: float
    max_countdown: float


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The request goes on after so many seconds."""

    seconds: float
    progress: Progress
    distrust_exit: bool = False  # where requests leave has to be looked at first


@dataclass(frozen=True, slots=True)
class WaitForBreaker:
    """The circuit breaker trips for `reason`; the request looks at it again after so many seconds."""

    reason: str
    seconds: float
    progress: Progress


@dataclass(frozen=True, slots=True)
class WaitForLimits:
    """The limiter hears of the denial and says when to ask again with the same reservation.

    `slow_down`: seconds for which the whole fleet pauses first, where the provider asks for that.
    """

    denial: Denial
    progress: Progress
    slow_down: float | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The request fails."""

    failure: Failure


Decision = AskAgain | WaitForBreaker | WaitForLimits | End


def after_call(error: CallError, progress: Progress, policy: WaitingPolicy, *, spread: float) -> Decision:
    """Decide on a request after a call that failed.

    Args:
        error: what came instead of an answer.
        progress: of the request, this call counted.
        policy: see `WaitingPolicy`.
        spread: 0.5 to 1, drawn at random: requests that failed together do not come back together.
    """
    match error:
        case DeniedError(denial=denial):
            return _after_denial(denial, progress)
        case TrippingError(reason=reason):
            return WaitForBreaker(reason, policy.short_wait + LEAD, progress)
        case RefusedCallError():
            return End(Failure.REFUSED)
        case BrokenAnswerError():
            progress = replace(progress, broken=progress.broken + 1)
            return End(Failure.BROKEN_ANSWER) if progress.broken > 1 else AskAgain(0.0, progress)
        case TransientError(network=network):
            progress = replace(progress, faults=progress.faults + 1)
            if progress.faults >= policy.max_attempts:
                return End(Failure.UNAVAILABLE)
            longest = min(policy.retry_base * 2.0 ** (progress.faults - 1), policy.retry_max)
            return AskAgain(longest * spread, progress, distrust_exit=network)
    return End(Failure.INTERNAL)


def _after_denial(denial: Denial, progress: Progress) -> Decision:
    slow_down = (denial.wait or SLOW_DOWN_WAIT) if denial.kind == "slow_down" else None
    return WaitForLimits(denial, progress.called(-1), slow_down)


def too_late(postponed: PostponedError, *, now: float, deadline_at: float) -> FailedError | None:
    """How a request fails that would have to wait past its deadline, or None: it waits. Unix times, seconds."""
    wait = max(postponed.seconds, postponed.until_start)
    if now + wait <= deadline_at:
        return None
    if postponed.why == "limits":
        return FailedError(Failure.QUEUE_TOO_LONG, math.ceil(wait))
    return FailedError(Failure.OUT_OF_TIME)
