"""What follows from a call of the model that brought no usable answer, and from a wait that is too long.

Pure: it decides, the story acts. Which error is which is told by the table in faults.py. After a 429 nothing is decided
here: the limiter says when to ask again, see `Calling`.

    LessonError        ask again at once, nobody is to blame
    TransientError     wait for the provider; where nobody is answered the breaker trips, so that one asks for all
    TrippingError      the circuit breaker trips; the request waits behind it
    BrokenAnswerError  ask again, until the attempts are used up
    RefusedCallError   the request ends, where it is known to be its own fault
"""

import math
from dataclasses import dataclass, replace

from contract import Failure
from worker.errors import (
    BrokenAnswerError,
    CallError,
    FailedError,
    LessonError,
    PostponedError,
    RefusedCallError,
    TransientError,
    TrippingError,
)
from worker.progress import Progress

ENDS_EARLY = 1.0  # seconds that a countdown ends early: Celery's timer is coarse, the rest is waited for in the worker
MOST_DOUBLINGS = 20  # of a back-off
LONGEST_RETRY_AFTER = 300.0  # seconds that the provider is believed in an outage
# Seconds after which a call is tried again that was refused for nobody knows what while others passed: what was under
# way then has ended, so that an answer to others is one of now.
REFUSED_WAIT = 120.0
MOST_REFUSED = 6  # times while others pass: behind one address may be backends of which one in two refuses everything


@dataclass(frozen=True, slots=True)
class WaitingPolicy:
    """How long a request waits, and how often it is asked; seconds and counts."""

    max_attempts: int  # answers that may be of no use before the request fails
    retry_base: float  # the first back-off; it doubles
    retry_max: float  # the longest back-off
    short_wait: float  # a wait up to this happens in the worker, a longer one is a countdown
    max_countdown: float  # the longest countdown

    @property
    def behind_breaker(self) -> float:
        """Seconds after which a request looks at the circuit breaker that it has opened: as a countdown."""
        return self.short_wait + ENDS_EARLY


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The request goes on after so many seconds."""

    seconds: float
    progress: Progress


@dataclass(frozen=True, slots=True)
class WaitForBreaker:
    """The circuit breaker trips for `reason`; the request looks at it again after so many seconds.

    `closed_for`: seconds for which the provider asks not to be asked.
    """

    reason: str
    seconds: float
    progress: Progress
    closed_for: float = 0.0


@dataclass(frozen=True, slots=True)
class End:
    failure: Failure


Decision = AskAgain | WaitForBreaker | End


def after_call(
    error: CallError,
    progress: Progress,
    policy: WaitingPolicy,
    *,
    spread: float,
    outage: bool,
    others_pass: bool,
    anybody_passes: bool = True,
) -> Decision:
    """Decide on a request after a call that failed.

    Args:
        error: what came instead of an answer.
        progress: of the request, this call counted.
        policy: see `WaitingPolicy`.
        spread: 0.5 to 1, drawn at random: requests that failed together do not come back together.
        outage: it is no stumble: several calls in a row met one.
        others_pass: questions of this kind were answered of late.
        anybody_passes: any question was.
    """
    match error:
        case LessonError(room=room):
            return AskAgain(0.0, replace(progress, room=max(room, progress.room)))
        case TrippingError(reason=reason, doubtful=doubtful):
            if doubtful and progress.tripped and anybody_passes:  # the breaker has closed since: it is this request's
                return _after_refusal(progress, policy, others_pass=others_pass)
            progress = replace(progress, tripped=progress.tripped + 1)
            return WaitForBreaker(reason, policy.behind_breaker, progress)
        case RefusedCallError(failure=Failure() as failure):
            smaller = AskAgain(0.0, replace(progress, shrunk=progress.shrunk + 1))
            return smaller if error.room and failure is Failure.TOO_LARGE else End(failure)
        case RefusedCallError():
            return _after_refusal(progress, policy, others_pass=others_pass, ours=error.ours)
        case BrokenAnswerError(failure=failure):
            progress = replace(progress, broken=progress.broken + 1)
            return End(failure) if progress.broken >= policy.max_attempts else AskAgain(0.0, progress)
        case TransientError():
            return _after_outage(error, progress, policy, spread=spread, outage=outage or not anybody_passes)
    return End(Failure.INTERNAL)


def _after_refusal(progress: Progress, policy: WaitingPolicy, *, others_pass: bool, ours: bool = False) -> Decision:
    """It is the request's own fault if it is refused again and again while others pass, for nothing of `ours`."""
    if not others_pass:
        return WaitForBreaker("refused", policy.behind_breaker, replace(progress, tripped=progress.tripped + 1))
    if ours:  # not all backends of the endpoint take it
        return AskAgain(REFUSED_WAIT, progress)
    progress = replace(progress, refused=progress.refused + 1)
    return End(Failure.REFUSED) if progress.refused >= MOST_REFUSED else AskAgain(REFUSED_WAIT, progress)


def _after_outage(
    error: TransientError, progress: Progress, policy: WaitingPolicy, *, spread: float, outage: bool
) -> Decision:
    progress = replace(progress, faults=progress.faults + 1)
    named = min(error.wait or 0.0, LONGEST_RETRY_AFTER)
    pause = spread * min(policy.retry_base * 2.0 ** min(progress.faults - 1, MOST_DOUBLINGS), policy.retry_max)
    if outage:
        # Who met it often waits longer than the breaker may be open: the tiny call may be answered where it is not.
        seconds = max(policy.behind_breaker, pause)
        return WaitForBreaker("provider", seconds, progress, named)
    return AskAgain(max(pause, named), progress)


def too_late(postponed: PostponedError, *, now: float, deadline_at: float) -> FailedError | None:
    """How a request fails that would have to wait past its deadline, or None: it waits. Unix times, seconds."""
    wait = max(postponed.seconds, postponed.until_start)
    if now + wait <= deadline_at:
        return None
    if postponed.why == "limits":
        return FailedError(Failure.QUEUE_TOO_LONG, math.ceil(wait))
    return FailedError(Failure.OUT_OF_TIME)
