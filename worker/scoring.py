"""One request from claim to outcome, told as a story. No SDK is imported here.

    claim ─► the vacancy's criteria ─► the resume's grades (both asked as asking/asking.py tells) ─► judge ─► store

Whatever cannot go on now is *postponed*: a short wait happens here, a long one is handed to Celery as a
countdown while the claim is parked. A request that can still succeed waits silently, because only one
notification can ever be sent; past its deadline it ends with a failure.
"""

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from opentelemetry.trace import NoOpTracer, Tracer

from contract import Assessment, Dispatch, Failure, Outcome, Request, ScoringRequest
from worker import metrics, spans
from worker.asking.after_call import ENDS_EARLY, WaitingPolicy, too_late
from worker.asking.asking import Asking
from worker.asking.question import Asked, Question
from worker.asking.questions import KeepingPolicy, Questions, criteria_digest
from worker.assessment.criteria import Criteria
from worker.assessment.grading import DatedGrading
from worker.assessment.judgement import Judgement, concluded, judge
from worker.assessment.redaction import REDACTION_VERSION
from worker.assessment.resume import Resume, read_resume
from worker.assessment.second_look import after_second_look, looked_at
from worker.assessment.suspicion import Suspicion
from worker.assessment.vacancy import Vacancy, read_vacancy
from worker.errors import ClaimLostError, FailedError, PostponedError
from worker.explaining.explanation import Explanation, FailedExplanation
from worker.ports import Kept, Lead, Ports, Way
from worker.progress import Park, Progress, RequestInHand
from worker.running.waits import Waits

log = logging.getLogger(__name__)

NO_QUESTION = "-"  # in place of a question's digest: a failure has no answer to forget

_IDS = ("processing_id", "user_id", "resume_id", "requirements_id")
_LISTEN_EVERY = 0.05  # seconds between two looks at whether this process has learnt an answer
PATIENCE = 600.0  # seconds that a command waits for the limits


@dataclass(eq=False, repr=False)
class Scoring:
    ports: Ports
    policy: WaitingPolicy  # how long requests wait and how often they are tried
    keeping: KeepingPolicy  # for how long answers are kept
    _: KW_ONLY
    # Seconds within which a call has to start at a provider, else the next one is tried.
    patience: float = math.inf
    threshold: int  # the lowest score whose verdict is `Подходит`
    # When the model is asked what the quotes prove by themselves.
    second_look: Literal["off", "doubtful", "always"]
    stopping: threading.Event  # set when this process should hand back what waits
    clock: Callable[[], float] = time.time  # Unix time in seconds
    tracer: Tracer | None = None  # OpenTelemetry's; None: nothing is traced

    def __post_init__(self) -> None:
        self.waits = Waits()
        self.questions = Questions(self.keeping, self.clock)
        self._asking = Asking(self.ports, self.policy, self.stopping, self.clock, self.patience)
        self._tracer = self.tracer or NoOpTracer()

    def run(self, processing_id: int, progress: Progress) -> Park | Failure | None:
        """Work on a request until it ends, or has to wait for long.

        Returns:
            None when there is nothing more to do here: its outcome is stored, or another worker has it. The failure,
            if that is its outcome.

        Raises:
            Exception: of Redis. The claim is handed back or expires, and the bridge dispatches the request again.
        """
        began_at = time.time_ns()
        self.waits.over(processing_id)
        claimed = self.ports.store.claim(processing_id, progress.token)
        if claimed is None:
            log.info("nothing to do: finished, or another worker has it")
            return None
        claim, dispatch = claimed
        if dispatch is None:
            log.warning("Redis lost the request; the bridge will dispatch it again")
            claim.hand_back()
            return None
        try:
            with spans.scoring(self._tracer, dispatch, began_at):
                return self._work(RequestInHand(dispatch, claim, replace(progress, token=claim.token)))
        except BaseException as error:
            claim.drop(error)  # the bridge sees that nobody has the request, and whether that was its own doing
            raise

    def _work(self, in_hand: RequestInHand) -> Park | Failure | None:
        claim, processing_id = in_hand.claim, in_hand.dispatch.request.processing_id
        while True:
            try:
                outcome, kept = self._end(in_hand)
            except ClaimLostError:
                log.warning("claim lost: another worker has the request now")
                spans.ended("claim_lost")
                return None
            except PostponedError as postponed:
                self.waits.begin(processing_id, postponed.why, min(postponed.seconds, self.policy.max_countdown))
                if postponed.seconds > self.policy.short_wait:
                    return self._park(in_hand, postponed)
                stopping = self._wait(postponed)
                self.waits.over(processing_id)
                if stopping:
                    log.info("handed back: this worker is stopping")
                    claim.hand_back()
                    spans.ended("claim_lost" if claim.lost else "handed_back")
                    return None
            else:
                if not self.ports.store.finish(claim, processing_id, outcome, kept):
                    log.warning("claim lost before the outcome was stored: another worker has the request now")
                    spans.ended("claim_lost")
                    return None
                spans.ended(in_hand.failure or "scored")
                return in_hand.failure

    def _wait(self, postponed: PostponedError) -> bool:
        """Wait as long as it says; whether this worker is stopping."""
        if postponed.sooner is None:
            return self.stopping.wait(postponed.seconds)
        # Whoever of this process finds the answer lets all others go on at once: one after the other they would start
        # in the order in which they happen to look.
        for _ in range(math.ceil(postponed.seconds / _LISTEN_EVERY)):
            if postponed.sooner():
                break
            if self.stopping.wait(_LISTEN_EVERY):
                return True
        return False

    def _park(self, in_hand: RequestInHand, postponed: PostponedError) -> Park:
        seconds = min(max(postponed.seconds - ENDS_EARLY, self.policy.short_wait), self.policy.max_countdown)
        in_hand.claim.park(seconds)
        log.info("waits %.1f s for: %s", seconds, postponed.why)
        park = Park(seconds, in_hand.progress, postponed.why)
        spans.ended(park)
        return park

    def _end(self, in_hand: RequestInHand) -> tuple[Outcome, Kept]:
        """The outcome, a failure included, and what is kept of it.

        Raises:
            PostponedError: not now.
            ClaimLostError: another worker owns the claim.
        """
        addressee = in_hand.dispatch.request.addressee()
        try:
            assessment, kept = self._assess(in_hand)
        except PostponedError as postponed:
            metrics.WAITS.labels(postponed.why).inc()
            failed = too_late(postponed, now=self.clock(), deadline_at=in_hand.dispatch.deadline_at)
            if failed is None:
                raise
            self._asking.give_back(in_hand)
        except FailedError as error:
            failed = error
        else:
            metrics.OUTCOMES.labels("scored").inc()
            log.info("scored %d", assessment.score)
            return addressee.scored(assessment), kept
        metrics.OUTCOMES.labels(failed.failure.name.lower()).inc()
        in_hand.failure = failed.failure
        log.warning("failed: %s", failed.failure.name)
        outcome = Outcome.failed(addressee, failed.failure.value, wait_seconds=failed.wait_seconds)
        at = datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="seconds")
        text = FailedExplanation(failure=failed.failure.name, failed_at=at).model_dump_json()
        return outcome, Kept(text, text, in_hand.dispatch.request.resume_id, NO_QUESTION)

    def _assess(self, in_hand: RequestInHand) -> tuple[Assessment, Kept]:
        request = in_hand.dispatch.request
        vacancy = read_vacancy(request.requirements)
        kept_as, home = self._criteria_kept_as(request.requirements)
        criteria = self.criteria(request, vacancy, kept_as, in_hand)
        home = criteria.made_by or home
        if in_hand.progress.counted is None:  # else it has a place in the line from its last wait
            self._asking.expect(in_hand, home)

        def grading(way: Way) -> Question[DatedGrading]:
            return self.questions.grading(way, criteria, self._resume(in_hand, way))

        if in_hand.graded is None:  # else it is the second look that had to wait
            in_hand.graded = self._asking.ask(grading, in_hand, home=home)
        asked: Asked[DatedGrading] = in_hand.graded
        resume = self._resume(in_hand, asked.way)
        judgement = judge(criteria, asked.meaning, resume, vacancy, threshold=self.threshold)
        judgement, looked = self._looked_at_again(judgement, asked.way, in_hand)
        if self._are_mixed(asked.way, kept_as, "" if criteria.made_by else home):
            found = (Suspicion.MIXED, *judgement.suspicions)
            judgement = concluded(criteria, judgement.proofs, found, threshold=self.threshold)
        assessment = Assessment(
            score=judgement.result.score,
            matches=judgement.matches,
            recommendation=judgement.recommendation,
            verdict=judgement.result.verdict,
        )
        explanation = self._explain(judgement, asked, looked)
        self._count(judgement, looked)
        return assessment, Kept(
            explanation=explanation.model_dump_json(exclude_none=True),
            decision=explanation.without_texts(),
            resume_id=request.resume_id,
            question=asked.question,
        )

    def _are_mixed(self, way: Way, kept_as: str, before: str) -> bool:
        """Whether different models have graded the resumes of a vacancy; `before`: who may have, nobody noted it."""
        metrics.GRADED.labels(way.name, way.model_name).inc()
        if not way.name:  # there is no other
            return False
        graders = self.questions.graders(kept_as, {way.model_name, before} - {""})
        return self.ports.results.graded_by(kept_as, graders, self.keeping.criteria) > 1

    def _looked_at_again(self, judgement: Judgement, way: Way, in_hand: RequestInHand) -> tuple[Judgement, str | None]:
        """The judgement after a second look by the same model, where one is due, and what came of it.

        Raises:
            PostponedError, ClaimLostError: as `Asking.ask`.
        """
        proofs = looked_at(judgement)
        due = self.second_look == "always" or (self.second_look == "doubtful" and judgement.doubtful)
        if not due or not proofs:
            return judgement, None
        try:
            second = self._asking.ask(lambda way: self.questions.second_look(way, proofs), in_hand, only=way).meaning
        except PostponedError as postponed:
            late = too_late(postponed, now=self.clock(), deadline_at=in_hand.dispatch.deadline_at)
            # Who parks without a cache would have to ask for the grades again; a fault parks no score that is there.
            is_short = postponed.seconds <= self.policy.short_wait
            waits = is_short or (self.keeping.grades > 0 and postponed.why != "fault")
            if late is None and postponed.why != "blocked" and waits:
                raise
            self._asking.give_back(in_hand)
        except FailedError:
            pass
        else:
            after = after_second_look(judgement, second, threshold=self.threshold)
            return after, "kept" if after.proofs == judgement.proofs else "lowered"
        log.warning("ends without a second look")
        found = (*judgement.suspicions, Suspicion.MISSED)
        return concluded(judgement.criteria, judgement.proofs, found, threshold=self.threshold), "missed"

    def _criteria_kept_as(self, requirements: str) -> tuple[str, str]:
        """The digest under which a vacancy's criteria are kept, whichever model made them, and that model's name.

        Whoever makes them keeps them under the first model's, so that they are made once; where the order of models
        was another then, or there was one, they are found under theirs.
        """
        ways = self.ports.ways
        digests = [criteria_digest(way.model_id, requirements) for way in ways]
        found = next((n for n, digest in enumerate(digests) if self.questions.remembers(digest)), None)
        if found is None and len({*digests}) > 1:
            found = self.ports.results.known_of(digests)
        return digests[found or 0], ways[found or 0].model_name

    def criteria(self, request: Request, vacancy: Vacancy, kept_as: str, in_hand: RequestInHand) -> Criteria:
        """What the resumes for a vacancy are measured by. No resume takes part in it.

        Raises:
            FailedError: nothing in the vacancy can be checked.
            PostponedError, ClaimLostError: as `Asking.ask`.
        """
        text = request.requirements
        asked = self._asking.ask(lambda way: self.questions.criteria(way, text, vacancy, kept_as), in_hand)
        self.questions.remember(kept_as, asked.meaning)
        if asked.answer is not None:
            self.ports.results.name(request.requirements_id, kept_as, self.keeping.criteria)
            metrics.LOST_SPANS.inc(asked.meaning.lost)
            for forbidden in asked.meaning.forbidden:
                metrics.FORBIDDEN_GROUNDS.labels(forbidden.ground).inc()
                log.warning("vacancy %d: a forbidden ground, not graded: %s", request.requirements_id, forbidden.ground)
        if not asked.meaning.items:
            raise FailedError(Failure.NO_CRITERIA)
        return asked.meaning

    def criteria_of_text(self, requirements: str, *, patience: float = PATIENCE) -> Criteria:
        """The criteria of a vacancy without a request: asked for like any other, waited for here so many seconds.

        Raises:
            FailedError: the model gives no answer. A vacancy without criteria is no failure here.
        """
        vacancy = read_vacancy(requirements)

        def question(way: Way) -> Question[Criteria]:
            return replace(self.questions.criteria(way, requirements, vacancy), leads_on=None)

        request = ScoringRequest(
            callback_url="http://localhost/", requirements=requirements, resume="-", **dict.fromkeys(_IDS, 0)
        )
        command = f"command:{question(self.ports.ways[0]).digest}"
        found = self.ports.results.look(command, secrets.token_hex(8))
        if not isinstance(found, Lead):  # the same command runs elsewhere
            raise FailedError(Failure.UNAVAILABLE)
        dispatch = Dispatch(request=request, deadline_at=self.clock() + patience)
        in_hand = RequestInHand(dispatch, found.lease, Progress(), command=command)
        try:
            while True:
                try:
                    return self._asking.ask(question, in_hand).meaning
                except PostponedError as postponed:
                    if too_late(postponed, now=self.clock(), deadline_at=dispatch.deadline_at):
                        raise FailedError(Failure.OUT_OF_TIME) from None
                    self.stopping.wait(postponed.seconds)
        finally:
            found.lease.release()

    @staticmethod
    def _resume(in_hand: RequestInHand, way: Way) -> Resume:
        """The resume as this way may see it; read once."""
        resume: Resume | None = in_hand.resumes.get(way.redaction)
        if resume is None:
            resume = read_resume(in_hand.dispatch.request.resume, redaction=way.redaction)
            in_hand.resumes[way.redaction] = resume
            for kind, count in resume.redacted.items():
                metrics.REDACTED.labels(kind).inc(count)
        return resume

    def _count(self, judgement: Judgement, looked: str | None) -> None:
        for suspicion in judgement.suspicions:
            metrics.SUSPICIONS.labels(suspicion.value).inc()
        if judgement.suspicions:
            log.info("a person should look: %s", ", ".join(judgement.suspicions))
        if looked is not None:
            metrics.SECOND_LOOKS.labels(looked).inc()
        for proof in judgement.proofs:
            for reason in proof.reasons:
                metrics.LOWERED_GRADES.labels(reason.value).inc()

    def _explain(self, judgement: Judgement, asked: Asked[DatedGrading], looked: str | None) -> Explanation:
        return Explanation.from_judgement(
            judgement,
            threshold=self.threshold,
            second_look=looked,
            question=asked.question,
            model=asked.way.model_name,
            provider=asked.way.name or None,
            redaction_version=REDACTION_VERSION if asked.way.redaction else None,
            graded_in=f"{asked.meaning.year}-{asked.meaning.month:02d}",
            cached=asked.answer is None,
            prompt_tokens=asked.answer and asked.answer.prompt_tokens,
            completion_tokens=asked.answer and asked.answer.completion_tokens,
        )
