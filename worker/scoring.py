"""One request from claim to outcome, told as a story. No SDK is imported here.

    claim ─► known answer? ─► may anything be sent? ─► reserved start ─► ask the model ─► score ─► store

Whatever cannot go on now is *postponed*: a short wait happens here, a long one is handed to Celery as a
countdown while the claim is parked. A request that can still succeed waits silently, because only one
notification can ever be sent; past its deadline it ends with a failure.
"""

import logging
import math
import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from contract import Assessment, Dispatch, Outcome, ScoringRequest
from worker import metrics
from worker.assessment.grading import BrokenGrading, Grading, parse_grading, parse_grading_tolerantly
from worker.assessment.prompt import PROMPT_VERSION, build_messages
from worker.assessment.rubric import RUBRIC_VERSION, Score, score
from worker.assessment.untrusted_text import suspicions
from worker.errors import (
    BrokenAnswerError,
    CallError,
    ClaimLostError,
    ClosingError,
    DeniedError,
    GateClosedError,
    RefusedCallError,
    TransientError,
)
from worker.failures import Failure
from worker.limits.answers import Granted, NeverFitsError, NotYet, Reserved
from worker.ports import Answer, Egress, Gate, Lease, Leases, Limiter, Model, Results, Store

log = logging.getLogger(__name__)

LEAD = 1.0  # seconds that a countdown ends early: Celery's timer is coarse, the rest is waited for here
SLOW_DOWN_WAIT = 15.0  # seconds, where a `slow_down` names none


@dataclass(frozen=True, slots=True)
class Progress:
    """What a request carries from one countdown to the next.

    Attributes:
        token: of its parked claim; None before the first claim.
        calls: how often the limiter granted it a call.
        faults: how many of them met a transient fault.
        broken: how many brought an unusable answer.
    """

    token: str | None = None
    calls: int = 0
    faults: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Park:
    """Go on after so many seconds, from there."""

    seconds: float
    progress: Progress


@dataclass(frozen=True, slots=True)
class Policy:
    """What operators may set: seconds, counts, the score from which a candidate is suitable."""

    threshold: int
    max_attempts: int
    retry_base: float
    retry_max: float
    short_wait: float
    max_countdown: float


@dataclass
class PostponedError(Exception):
    """Not now.

    Attributes:
        why: `limits`, `gate`, `fault` or `flight`.
        seconds: when to go on.
        progress: from where.
        until_start: seconds until it could end, where more than `seconds` is known.
    """

    why: str
    seconds: float
    progress: Progress
    until_start: float = 0.0


@dataclass
class FailedError(Exception):
    """The request ends without a score."""

    failure: Failure
    wait_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Ports:
    """The adapters."""

    store: Store
    leases: Leases
    results: Results
    limiter: Limiter
    egress: Egress
    gate: Gate
    model: Model


class Scoring:
    """Scores requests.

    Args:
        ports: the adapters.
        policy: see `Policy`.
        model_name: for explanations.
        stopping: set when this process should hand back what waits.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        ports: Ports,
        policy: Policy,
        *,
        model_name: str,
        stopping: threading.Event,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.ports = ports
        self._policy = policy
        self._model_name = model_name
        self._stopping = stopping
        self._clock = clock

    def run(self, processing_id: int, progress: Progress) -> Park | None:
        """Work on a request until it ends, or has to wait for long.

        Returns:
            None when there is nothing more to do here: its outcome is stored, or somebody else has it.

        Raises:
            Exception: of Redis. The claim expires and the bridge dispatches the request again.
        """
        claim = self.ports.store.claim(processing_id, progress.token)
        if claim is None:
            log.info("nothing to do: finished, or another worker has it")
            return None
        try:
            return self._work(processing_id, claim, replace(progress, token=claim.token))
        except BaseException:
            self.ports.leases.forget(claim)  # it expires, and the bridge sees that nobody has the request
            raise

    def _work(self, processing_id: int, claim: Lease, progress: Progress) -> Park | None:
        dispatch = self.ports.store.dispatch(processing_id)
        if dispatch is None:
            log.warning("Redis lost the request; the bridge will dispatch it again")
            self.ports.leases.release(claim)
            return None
        while True:
            try:
                outcome = self._end(dispatch, claim, progress)
            except ClaimLostError:
                log.warning("claim lost: another worker has the request now")
                return None
            except PostponedError as postponed:
                if postponed.seconds > self._policy.short_wait:
                    return self._park(claim, postponed)
                if self._stopping.wait(postponed.seconds):
                    log.info("handed back: this worker is stopping")
                    self.ports.leases.release(claim)
                    return None
                progress = postponed.progress
            else:
                if not self.ports.store.finish(claim, processing_id, outcome):
                    log.warning("claim lost before the outcome was stored: another worker has the request now")
                return None

    def _park(self, claim: Lease, postponed: PostponedError) -> Park:
        seconds = min(max(postponed.seconds - LEAD, self._policy.short_wait), self._policy.max_countdown)
        self.ports.leases.park(claim, seconds)
        log.info("waits %.1f s for: %s", seconds, postponed.why)
        return Park(seconds, postponed.progress)

    def _end(self, dispatch: Dispatch, claim: Lease, progress: Progress) -> Outcome:
        """The outcome, a failure included.

        Raises:
            PostponedError: not now.
            ClaimLostError: not we.
        """
        addressee = dispatch.request.addressee()
        try:
            assessment = self._assess(dispatch, claim, progress)
        except PostponedError as postponed:
            metrics.WAITS.labels(postponed.why).inc()
            failed = self._too_late(dispatch, postponed)
            if failed is None:
                raise
            self.ports.limiter.cancel(_reservation(dispatch, postponed.progress))
        except FailedError as error:
            failed = error
        else:
            metrics.OUTCOMES.labels("scored").inc()
            log.info("scored %d", assessment.score)
            return Outcome.scored(addressee, assessment)
        metrics.OUTCOMES.labels(failed.failure.name.lower()).inc()
        log.warning("failed: %s", failed.failure.name)
        return Outcome.failed(addressee, failed.failure.value, wait_seconds=failed.wait_seconds)

    def _too_late(self, dispatch: Dispatch, postponed: PostponedError) -> FailedError | None:
        wait = max(postponed.seconds, postponed.until_start)
        if self._clock() + wait <= dispatch.deadline_at:
            return None
        if postponed.why == "limits":
            return FailedError(Failure.QUEUE_TOO_LONG, math.ceil(wait))
        return FailedError(Failure.OUT_OF_TIME)

    def _assess(self, dispatch: Dispatch, claim: Lease, progress: Progress) -> Assessment:
        request = dispatch.request
        if self._clock() >= dispatch.deadline_at:
            raise FailedError(Failure.OUT_OF_TIME)
        results = self.ports.results
        question = results.question(request.requirements, request.resume)
        grading = results.get(question)
        if grading is not None:
            metrics.CACHE.labels("hit").inc()
            return self._score(request, grading, {"cached": True})
        flight = results.fly(question, claim.token)
        if isinstance(flight, float):
            raise PostponedError("flight", flight, progress)
        try:
            answer, progress = self._ask(dispatch, claim, progress)
            grading = self._read(answer, progress)
            results.put(question, grading)
        except PostponedError as postponed:
            if self._too_late(dispatch, postponed):
                self.ports.leases.release(flight)
            else:  # others with the same question wait as long as we do
                self.ports.leases.park(flight, min(postponed.seconds, self._policy.max_countdown))
            raise
        except BaseException:
            self.ports.leases.release(flight)
            raise
        self.ports.leases.release(flight)
        metrics.CACHE.labels("miss").inc()
        usage = {"prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.completion_tokens}
        return self._score(request, grading, usage)

    def _ask(self, dispatch: Dispatch, claim: Lease, progress: Progress) -> tuple[Answer, Progress]:
        """One call of the model, at a start time that the limiter granted."""
        ports = self.ports
        try:
            ports.egress.require()
            probing = ports.gate.require(claim.token)
        except GateClosedError as closed:
            log.warning("nothing is sent: %s", closed.reason)
            raise PostponedError("gate", closed.seconds, progress) from None
        # The delimiter is fresh for every call: the resume's author cannot have known it.
        messages = build_messages(
            dispatch.request.requirements, dispatch.request.resume, delimiter=secrets.token_hex(8)
        )
        progress = self._await_start(dispatch, ports.model.tokens(messages), progress)
        if claim.lost:
            raise ClaimLostError
        reservation = _reservation(dispatch, progress)
        progress = replace(progress, calls=progress.calls + 1)
        started = time.monotonic()
        try:
            answer = ports.model.ask(messages)
        except CallError as error:
            metrics.CALLS.labels(type(error).__name__).inc()
            log.warning("call failed: %s: %s", type(error).__name__, error)
            raise self._after(error, reservation, progress) from None
        if probing:
            ports.gate.reopen()
        metrics.CALLS.labels("answer").inc()
        metrics.CALL_SECONDS.observe(time.monotonic() - started)
        for kind in ("prompt", "cached", "completion"):
            metrics.TOKENS.labels(kind).inc(getattr(answer, f"{kind}_tokens"))
        used = answer.prompt_tokens + answer.completion_tokens
        ports.limiter.settle(reservation, used_tokens=used or None, seen=answer.seen)
        return answer, progress

    def _await_start(self, dispatch: Dispatch, tokens: int, progress: Progress) -> Progress:
        """Return when the limiter says "now"; the progress then names the reservation to use."""
        while True:
            try:
                answer = self.ports.limiter.acquire(_reservation(dispatch, progress), tokens)
            except NeverFitsError:
                raise FailedError(Failure.TOO_LARGE) from None
            match answer:
                case Granted(first=False):
                    # A worker that died may have used it: pay again rather than call twice for one charge.
                    progress = replace(progress, calls=progress.calls + 1)
                case Granted(waited=waited):
                    metrics.WAIT_SECONDS.observe(waited)
                    return progress
                case (
                    Reserved(seconds=seconds, until_start=until_start)
                    | NotYet(seconds=seconds, until_start=until_start)
                ):
                    raise PostponedError("limits", seconds, progress, until_start)

    def _after(self, error: CallError, reservation: str, progress: Progress) -> Exception:
        """What follows from a call that brought no answer."""
        limiter, policy = self.ports.limiter, self._policy
        if isinstance(error, DeniedError):
            return self._after_denial(error, reservation, progress)
        limiter.settle(reservation, used_tokens=None, seen=error.seen)
        match error:
            case ClosingError(reason=reason):
                self.ports.gate.close(reason)
                return PostponedError("gate", policy.short_wait + LEAD, progress)
            case RefusedCallError():
                return FailedError(Failure.REFUSED)
            case BrokenAnswerError():
                return self._after_broken_answer(progress)
            case TransientError(network=network):
                if network:
                    self.ports.egress.distrust()
                progress = replace(progress, faults=progress.faults + 1)
                if progress.faults >= policy.max_attempts:
                    return FailedError(Failure.UNAVAILABLE)
                return PostponedError("fault", self._back_off(progress.faults), progress)
        return FailedError(Failure.INTERNAL)

    def _after_denial(self, error: DeniedError, reservation: str, progress: Progress) -> Exception:
        """A 429 is no failure of the request: the limiter learns, and the same reservation goes to the front."""
        limiter, denial = self.ports.limiter, error.denial
        progress = replace(progress, calls=progress.calls - 1)
        if denial.kind == "too_large":
            limiter.cancel(reservation)
            return FailedError(Failure.TOO_LARGE)
        if denial.kind == "slow_down":
            limiter.slow_down(reservation, denial.wait or SLOW_DOWN_WAIT)
        return PostponedError("limits", limiter.denied(reservation, denial), progress)

    def _after_broken_answer(self, progress: Progress) -> Exception:
        """One more try."""
        progress = replace(progress, broken=progress.broken + 1)
        if progress.broken > 1:
            return FailedError(Failure.BROKEN_ANSWER)
        return PostponedError("fault", 0.0, progress)

    def _back_off(self, faults: int) -> float:
        """Exponential, with full jitter above half: workers that failed together do not come back together."""
        longest = min(self._policy.retry_base * 2.0 ** (faults - 1), self._policy.retry_max)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 # spreads load, guards nothing

    def _read(self, answer: Answer, progress: Progress) -> Grading:
        try:
            return parse_grading(answer.content) if answer.strict else parse_grading_tolerantly(answer.content)
        except BrokenGrading as error:
            metrics.CALLS.labels("BrokenGrading").inc()
            log.warning("unusable answer: %s", error)
            raise self._after_broken_answer(progress) from None

    def _score(self, request: ScoringRequest, grading: Grading, source: dict[str, Any]) -> Assessment:
        signs = suspicions(request.resume)
        for sign in signs:
            metrics.SUSPICIOUS.labels(sign).inc()
        if signs:
            log.warning("the resume addresses the reviewer: %s", ", ".join(signs))
        result = score(grading, request.resume, threshold=self._policy.threshold)
        metrics.UNVERIFIED_QUOTES.inc(sum(bool(grade.quote) and not grade.verified for grade in result.grades))
        self.ports.store.explain(request.processing_id, self._explanation(result, signs, source))
        return Assessment(
            score=result.score,
            matches=result.matches,
            recommendation=result.recommendation,
            verdict=result.verdict,
        )

    def _explanation(self, result: Score, signs: tuple[str, ...], source: dict[str, Any]) -> dict[str, Any]:
        return {
            "score": result.score,
            "verdict": result.verdict,
            "threshold": self._policy.threshold,
            "cap": result.cap,
            "grades": [
                {
                    "requirement": grade.requirement,
                    "level": grade.level,
                    "quote": grade.quote,
                    "verified": grade.verified,
                    "points": grade.points,
                }
                for grade in result.grades
            ],
            "suspicions": list(signs),
            "model": self._model_name,
            "prompt_version": PROMPT_VERSION,
            "rubric_version": RUBRIC_VERSION,
            **source,
        }


def _reservation(dispatch: Dispatch, progress: Progress) -> str:
    """Every call needs a reservation of its own; waiting for it, however often, asks for the same one."""
    return f"{dispatch.request.processing_id}:{progress.calls}"
