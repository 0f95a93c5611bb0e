"""One request from claim to outcome, told as a story. No SDK is imported here.

    claim ─► what is asked ─► ask the model (asking.py) ─► score ─► store

Whatever cannot go on now is *postponed*: a short wait happens here, a long one is handed to Celery as a
countdown while the claim is parked. A request that can still succeed waits silently, because only one
notification can ever be sent; past its deadline it ends with a failure.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from contract import Assessment, Failure, Outcome, ScoringRequest
from worker import metrics
from worker.after_call import LEAD, WaitingPolicy, too_late
from worker.asking import Asked, Asking, Question, digest_of
from worker.assessment.grading import (
    RESPONSE_FORMAT,
    BrokenGrading,
    Grading,
    parse_grading,
    parse_grading_tolerantly,
)
from worker.assessment.prompt import PROMPT_VERSION, build_messages
from worker.assessment.rubric import RUBRIC_VERSION, Score, score
from worker.assessment.untrusted_text import suspicions
from worker.errors import BrokenAnswerError, ClaimLostError, FailedError, PostponedError
from worker.explanation import Explanation, GradeExplanation
from worker.ports import Answer, Call, Ports
from worker.progress import Park, Progress, RequestInHand

log = logging.getLogger(__name__)


class Scoring:
    """Scores requests.

    Args:
        ports: the adapters.
        policy: how long requests wait and how often they are tried.
        threshold: the lowest score whose verdict is `Подходит`.
        endpoint: the API's base URL; another one may answer the same question otherwise.
        model_name: of the model that is asked.
        max_output_tokens: cap of one answer.
        stopping: set when this process should hand back what waits.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        ports: Ports,
        policy: WaitingPolicy,
        *,
        threshold: int,
        endpoint: str,
        model_name: str,
        max_output_tokens: int,
        stopping: threading.Event,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.ports = ports
        self._asking = Asking(ports, policy, stopping, clock)
        self._policy = policy
        self._threshold = threshold
        self._version = f"{endpoint} {model_name} {PROMPT_VERSION} {RUBRIC_VERSION}"
        self._model_name = model_name
        self._max_output_tokens = max_output_tokens
        self._stopping = stopping
        self._clock = clock

    def run(self, processing_id: int, progress: Progress) -> Park | None:
        """Work on a request until it ends, or has to wait for long.

        Returns:
            None when there is nothing more to do here: its outcome is stored, or another worker has it.

        Raises:
            Exception: of Redis. The claim expires and the bridge dispatches the request again.
        """
        claimed = self.ports.store.claim(processing_id, progress.token)
        if claimed is None:
            log.info("nothing to do: finished, or another worker has it")
            return None
        claim, dispatch = claimed
        if dispatch is None:
            log.warning("Redis lost the request; the bridge will dispatch it again")
            claim.release()
            return None
        try:
            return self._work(RequestInHand(dispatch, claim, replace(progress, token=claim.token)))
        except BaseException:
            claim.forget()  # it expires, and the bridge sees that nobody has the request
            raise

    def _work(self, in_hand: RequestInHand) -> Park | None:
        claim, processing_id = in_hand.claim, in_hand.dispatch.request.processing_id
        while True:
            try:
                outcome, explanation = self._end(in_hand)
            except ClaimLostError:
                log.warning("claim lost: another worker has the request now")
                return None
            except PostponedError as postponed:
                if postponed.seconds > self._policy.short_wait:
                    return self._park(in_hand, postponed)
                if self._stopping.wait(postponed.seconds):
                    log.info("handed back: this worker is stopping")
                    claim.release()
                    return None
            else:
                if not self.ports.store.finish(claim, processing_id, outcome, explanation):
                    log.warning("claim lost before the outcome was stored: another worker has the request now")
                return None

    def _park(self, in_hand: RequestInHand, postponed: PostponedError) -> Park:
        seconds = min(max(postponed.seconds - LEAD, self._policy.short_wait), self._policy.max_countdown)
        in_hand.claim.park(seconds)
        log.info("waits %.1f s for: %s", seconds, postponed.why)
        return Park(seconds, in_hand.progress)

    def _end(self, in_hand: RequestInHand) -> tuple[Outcome, str | None]:
        """The outcome, a failure included, and the explanation of a score.

        Raises:
            PostponedError: not now.
            ClaimLostError: another worker owns the claim.
        """
        addressee = in_hand.dispatch.request.addressee()
        try:
            assessment, explanation = self._assess(in_hand)
        except PostponedError as postponed:
            metrics.WAITS.labels(postponed.why).inc()
            failed = too_late(postponed, now=self._clock(), deadline_at=in_hand.dispatch.deadline_at)
            if failed is None:
                raise
            self.ports.limiter.cancel(in_hand.reservation)
        except FailedError as error:
            failed = error
        else:
            metrics.OUTCOMES.labels("scored").inc()
            log.info("scored %d", assessment.score)
            return Outcome.scored(addressee, assessment), explanation.model_dump_json(exclude_none=True)
        metrics.OUTCOMES.labels(failed.failure.name.lower()).inc()
        log.warning("failed: %s", failed.failure.name)
        return Outcome.failed(addressee, failed.failure.value, wait_seconds=failed.wait_seconds), None

    def _assess(self, in_hand: RequestInHand) -> tuple[Assessment, Explanation]:
        request = in_hand.dispatch.request
        if self._clock() >= in_hand.dispatch.deadline_at:
            raise FailedError(Failure.OUT_OF_TIME)
        asked = self._asking.ask(self.grading_question(request), in_hand)
        signs = suspicions(request.resume)
        for sign in signs:
            metrics.SUSPICIOUS.labels(sign).inc()
        if signs:
            log.warning("the resume addresses the reviewer: %s", ", ".join(signs))
        result = score(asked.meaning, request.resume, threshold=self._threshold)
        metrics.UNVERIFIED_QUOTES.inc(sum(bool(grade.quote) and not grade.verified for grade in result.grades))
        assessment = Assessment.model_validate(
            {name: getattr(result, name) for name in Assessment.model_fields}, strict=True
        )
        return assessment, self._explain(result, signs, asked)

    def grading_question(self, request: ScoringRequest) -> Question[Grading]:
        """The question how far a resume meets a vacancy."""

        def make_call() -> Call:
            # The delimiter is fresh for every call: the resume's author cannot have known it. The tokenizer takes
            # digits in threes, so each costs the same and the tokens have to be counted only once.
            delimiter = f"{secrets.randbelow(10**21):021d}"
            messages = build_messages(request.requirements, request.resume, delimiter=delimiter)
            return Call(messages, RESPONSE_FORMAT, self._max_output_tokens)

        digest = digest_of(self._version, request.requirements, request.resume)
        return Question(digest, make_call, read_grading, Grading)

    def _explain(self, result: Score, signs: tuple[str, ...], asked: Asked[Grading]) -> Explanation:
        return Explanation(
            score=result.score,
            verdict=result.verdict,
            threshold=self._threshold,
            cap=result.cap,
            grades=tuple(GradeExplanation.model_validate(grade) for grade in result.grades),
            suspicions=signs,
            model=self._model_name,
            prompt_version=PROMPT_VERSION,
            rubric_version=RUBRIC_VERSION,
            cached=asked.answer is None,
            prompt_tokens=asked.answer and asked.answer.prompt_tokens,
            completion_tokens=asked.answer and asked.answer.completion_tokens,
        )


def read_grading(answer: Answer) -> Grading:
    """The grading that an answer means.

    Raises:
        BrokenAnswerError: it means none.
    """
    try:
        return parse_grading(answer.content) if answer.strict else parse_grading_tolerantly(answer.content)
    except BrokenGrading as error:
        raise BrokenAnswerError(str(error)) from None
