"""One question to the model, from looking for a known answer to keeping a new one.

    known answer? ─► single flight ─► may anything be sent, and what? ─► reserved start ─► ask ─► parse ─► keep

Every call of the model goes this way, whatever it asks. Whoever finds that it cannot go on now is postponed.
"""

import hashlib
import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from contract import Failure
from worker import metrics, spans
from worker.asking.after_call import AskAgain, End, WaitForBreaker, WaitForLimits, WaitingPolicy, after_call, too_late
from worker.asking.probe import PROBE
from worker.asking.silence import Silence
from worker.errors import (
    BrokenAnswerError,
    CallError,
    ClaimLostError,
    DeniedError,
    FailedError,
    PostponedError,
    RefusedCallError,
    SendingBlockedError,
    TransientError,
    TrippingError,
)
from worker.limits.answers import Granted, NeverFitsError, Reserved
from worker.limits.turns import FIRST_TURN, NEXT_TURN, Turn, Turns
from worker.ports import Answer, Call, Follow, Follower, Known, Lead, Lease, Ports
from worker.progress import RequestInHand

log = logging.getLogger(__name__)

LOOK_WITHIN = 60.0  # seconds after which who may not send looks whether somebody has mended the reason before its time
LOOK_EVERY = 0.1  # seconds between two looks of one process for an answer that another one waits for
MOST_LOOKED_FOR = 1_000  # questions
PLENTY_LASTS = 1.0  # seconds for which "there is enough for all" is believed; the limiter itself never relies on it

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is asked.

    Attributes:
        kind: `criteria` or `grades`, for logs and metrics.
        digest: names the question; the same digest gets the same answer without a call. See `digest_of`.
        keep: seconds for which its answer is kept; 0: it is asked every time.
        make_call: makes the call, anew for each attempt: a resume is fenced by a delimiter that is never reused.
        parse: makes of an answer what it means. Raises `BrokenAnswerError`, whose text quotes nothing.
        meaning: the model class that `parse` returns and that is kept as JSON.
        leads_on: says of an answer whether who has it asks another question then; None: nobody ever does.
        remembered: what this process still knows of the answer: Redis may have lost it, and who asks again may be
            answered otherwise.
    """

    kind: str
    digest: str
    keep: int
    make_call: Callable[[], Call]
    parse: Callable[[Answer], T]
    meaning: type[T]
    leads_on: Callable[[T], bool] | None = None
    remembered: Callable[[], T | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """The meaning of an answer; `answer` is None where it was known already."""

    meaning: T
    answer: Answer | None


def digest_of(*parts: str) -> str:
    """A digest of what is asked and of the versions that decide its answer; it tells nothing about the texts."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return digest.hexdigest()


def _understood(question: Question[T], answer: str) -> T | None:
    try:
        return question.meaning.model_validate_json(answer)
    except ValidationError:  # its text quotes the answer, which quotes the resume
        return None


class Asking:
    """Asks the model.

    Args:
        ports: the adapters.
        policy: see `WaitingPolicy`.
        stopping: set when this process should hand back what waits.
        clock: Unix time in seconds.
    """

    def __init__(
        self, ports: Ports, policy: WaitingPolicy, stopping: threading.Event, clock: Callable[[], float]
    ) -> None:
        self._ports = ports
        self._policy = policy
        self._stopping = stopping
        self._clock = clock
        self._turns = Turns()
        self._lock = threading.Lock()
        self._silence = Silence()
        self._look_at: dict[str, float] = {}  # when to look next for the answer to a question, Unix time

    def expect(self, in_hand: RequestInHand) -> None:
        """Tell the limiter that this request will ask in a moment: those behind it let it go first.

        Reading the texts and counting tokens takes a while, and threads take turns at it in any order.
        """
        if self._turns.needed and in_hand.joined != in_hand.reservation:
            self._join(in_hand, {})

    def _join(self, in_hand: RequestInHand, others: dict[str, float]) -> None:
        self._ports.limiter.join(others | {in_hand.reservation: in_hand.dispatch.place})
        in_hand.joined = in_hand.reservation

    def _expect_no_more(self, in_hand: RequestInHand) -> None:
        """It asks nothing now, so nobody should wait for it."""
        if in_hand.joined == in_hand.reservation:
            self._ports.limiter.cancel(in_hand.reservation, joined=True)
            in_hand.joined = None

    def ask(self, question: Question[T], in_hand: RequestInHand) -> Asked[T]:
        """The answer to a question, on behalf of a request.

        Raises:
            PostponedError: not now; `in_hand.progress` says from where to go on.
            FailedError: there will be no answer.
            ClaimLostError: another worker has the request.
        """
        follower = None
        if question.leads_on is not None and self._turns.needed:
            follower = Follower(in_hand.reservation, in_hand.dispatch.place, in_hand.dispatch.deadline_at)
        found = self._ports.results.look(question.digest, in_hand.claim.token, follower)
        if not isinstance(found, Lead) and question.leads_on is None:
            self._expect_no_more(in_hand)
        if isinstance(found, Known):
            known = _understood(question, found.answer)
            if known is not None:
                metrics.CACHE.labels(question.kind, "hit").inc()
                return Asked(known, None)
            # Damaged, or of a version that forgot to say so. As long as it is kept nobody asks anew.
            log.warning("a kept answer cannot be read, so it is dropped: %s", question.kind)
            self._ports.results.drop(question.digest)
            raise PostponedError("single_flight", 0.0)
        if isinstance(found, Follow):
            raise PostponedError("single_flight", found.seconds, sooner=self._news_of(question))
        lead = found.lease
        remembered = question.remembered()
        if remembered is not None:
            self._keep(question, remembered, lead, in_hand)
            return Asked(remembered, None)
        try:
            answer, reservation = self._call(question, in_hand, breaker_closed=found.breaker_closed)
            try:
                # First of all: a worker that dies before this asks, and pays, again.
                meaning = self._parse(question, answer, in_hand)
                self._keep(question, meaning, lead, in_hand)
            finally:
                used = answer.prompt_tokens + answer.completion_tokens
                self._ports.limiter.settle(reservation, used_tokens=used or None, seen=answer.seen)
        except PostponedError as postponed:
            if too_late(postponed, now=self._clock(), deadline_at=in_hand.dispatch.deadline_at):
                lead.release()
            else:  # requests with the same question wait as long as this one
                lead.park(min(postponed.seconds, self._policy.max_countdown))
            raise
        except BaseException:
            lead.release()
            raise
        metrics.CACHE.labels(question.kind, "miss").inc()
        return Asked(meaning, answer)

    def _keep(self, question: Question[T], meaning: T, lead: Lease, in_hand: RequestInHand) -> None:
        """Keep an answer; whoever waits for it is in the limiter's line before anybody can see it.

        Other processes hear of it a moment later than this one, whose requests would start before those in front.
        Who asks nothing more stays out: all others would be told to wait for it, past their deadlines even.
        """
        if question.leads_on is not None and question.leads_on(meaning) and self._turns.needed:
            self._join(in_hand, self._ports.results.followers(question.digest, self._clock()))
        self._ports.results.keep(question.digest, meaning.model_dump_json(), lead, question.keep)

    def _news_of(self, question: Question[T]) -> Callable[[], bool]:
        """Says whether the answer has come since now; what this process knew before is another flight's."""
        known = question.remembered()
        return lambda: question.remembered() is not known or self._has_come(question.digest)

    def _has_come(self, digest: str) -> bool:
        """Look for an answer; False where another of this process has looked a moment ago.

        Raises:
            redis.RedisError: Redis is away.
        """
        now = self._clock()
        with self._lock:
            if now < self._look_at.get(digest, 0.0):
                return False
            if len(self._look_at) >= MOST_LOOKED_FOR:
                self._look_at.clear()
            self._look_at[digest] = now + LOOK_EVERY
        return self._ports.results.known(digest)

    def _call(self, question: Question[T], in_hand: RequestInHand, *, breaker_closed: bool) -> tuple[Answer, str]:
        """One call of the model, at a granted start, none past the deadline; the answer, and what is to be settled."""
        if self._clock() >= in_hand.dispatch.deadline_at:
            raise FailedError(Failure.OUT_OF_TIME)
        ports = self._ports
        try:
            ports.egress.require()
            tried = "" if breaker_closed else ports.breaker.require(in_hand.claim.token)
        except SendingBlockedError as blocked:
            log.info("nothing is sent: %s", blocked.reason)
            self._expect_no_more(in_hand)  # workers whose way is open would wait for it again and again
            raise PostponedError("blocked", min(blocked.seconds, LOOK_WITHIN)) from None
        try:
            alone = ports.profiles.require(in_hand.claim.token)
        except SendingBlockedError as blocked:
            self._expect_no_more(in_hand)
            raise PostponedError("single_flight", blocked.seconds, sooner=ports.profiles.known) from None
        try:
            if tried and tried != "refused":  # what is refused for itself has to be tried with itself
                self._probe(in_hand)
                tried = ""
            answered = self._ask(question, in_hand)
        finally:
            if alone is not None:
                ports.profiles.let_go(alone)
        if tried:
            ports.breaker.reset()
        return answered

    def _probe(self, in_hand: RequestInHand) -> None:
        """Let a tiny call find out whether the provider answers again, and close the circuit breaker if it does.

        Raises `PostponedError`: it does not, or the limits say when to try.
        """
        with self._turns.enter(in_hand.dispatch.place) as turn:
            room = self._await_start(self._ports.model.tokens(PROBE), in_hand, turn)
        reservation = in_hand.reservation
        in_hand.progress = in_hand.progress.called()
        try:
            answer = self._ports.model.ask(replace(PROBE, room=room))
        except (BrokenAnswerError, RefusedCallError) as error:  # whatever it says, it is there
            self._ports.limiter.settle(reservation, used_tokens=None, seen=error.seen)
        except CallError as error:
            log.warning("the provider still refuses: %s: %s", type(error).__name__, error)
            self._act_on(error, reservation, in_hand, PROBE.kind)
        else:
            used = answer.prompt_tokens + answer.completion_tokens
            self._ports.limiter.settle(reservation, used_tokens=used or None, seen=answer.seen)
        self._silence.met(outage=False)
        self._ports.breaker.reset()

    def _ask(self, question: Question[T], in_hand: RequestInHand) -> tuple[Answer, str]:
        ports = self._ports
        tokens, call = in_hand.progress.tokens_of(question.digest), None
        with self._turns.enter(in_hand.dispatch.place) as turn:
            if tokens is None:
                self.expect(in_hand)
                call = question.make_call()
                tokens = ports.model.tokens(call)
                in_hand.progress = replace(in_hand.progress, counted=(question.digest, tokens))
            room = self._await_start(tokens, in_hand, turn)
        if in_hand.claim.lost:
            raise ClaimLostError
        if call is None:
            call = question.make_call()
        reservation = in_hand.reservation
        in_hand.progress = in_hand.progress.called()
        try:
            with self._silence.call():
                call = replace(call, room=room, counted=tokens, teaches=in_hand.progress.teaches)
                answer = ports.model.ask(call)
        except CallError as error:
            log.warning("call failed: %s: %s", type(error).__name__, error)
            self._act_on(error, reservation, in_hand, call.kind)
        self._silence.met(outage=False)
        return answer, reservation

    def _await_start(self, tokens: int, in_hand: RequestInHand, turn: Turn) -> int:
        """Return the granted room for reasoning when it is "now"; `in_hand.reservation` is then the one to use."""
        patience, room = FIRST_TURN, in_hand.progress.room_of(self._ports.profiles.room())
        while True:
            turn.wait(patience)
            patience = NEXT_TURN
            try:
                answer = self._ports.limiter.acquire(in_hand.reservation, tokens + room, in_hand.dispatch.place)
            except NeverFitsError:
                if not room:
                    raise FailedError(Failure.TOO_LARGE) from None
                room = 0  # a setting gives it, so no user is told to be shorter for it
                continue
            spans.limited(answer)
            match answer:
                case Granted(first=False):
                    # A worker that died may have used it: pay again rather than call twice for one charge.
                    in_hand.progress = in_hand.progress.called()
                case Granted(waited=waited, plenty=plenty):
                    if plenty:
                        self._turns.needless(PLENTY_LASTS)
                    metrics.WAIT_SECONDS.observe(waited)
                    return room
                case Reserved(seconds=seconds, until_start=start):
                    if seconds > NEXT_TURN:
                        turn.step_aside()
                    self._wait_here(PostponedError("limits", seconds, start), in_hand)
                    if seconds > NEXT_TURN:
                        turn.step_back()

    def _wait_here(self, postponed: PostponedError, in_hand: RequestInHand) -> None:
        """Return after a short wait, in which everything stays as it is; a turn in the line is often moments away.

        Raises:
            PostponedError: it is no short one, it would end too late, or this process is stopping.
            ClaimLostError: another worker has the request now.
        """
        if postponed.seconds > self._policy.short_wait:
            raise postponed
        if too_late(postponed, now=self._clock(), deadline_at=in_hand.dispatch.deadline_at):
            raise postponed
        metrics.WAITS.labels(postponed.why).inc()
        if self._stopping.wait(postponed.seconds):
            raise postponed
        if in_hand.claim.lost:
            raise ClaimLostError

    def _parse(self, question: Question[T], answer: Answer, in_hand: RequestInHand) -> T:
        try:
            return question.parse(answer)
        except BrokenAnswerError as error:
            metrics.UNUSABLE.inc()
            log.warning("unusable answer: %s", error)
            self._act_on(error, None, in_hand)

    def _act_on(self, error: CallError, reservation: str | None, in_hand: RequestInHand, kind: str = "any") -> NoReturn:
        """Do what follows from a call without an answer; `reservation` is None where it is settled already."""
        ports = self._ports
        spread = random.uniform(0.5, 1.0)  # noqa: S311 # spreads load, guards nothing
        outage = self._silence.met(outage=isinstance(error, TransientError))
        compared = kind != PROBE.kind and isinstance(error, TransientError | TrippingError | RefusedCallError)
        decision = after_call(
            error,
            in_hand.progress,
            self._policy,
            spread=spread,
            outage=outage,
            others_pass=compared and ports.profiles.answers_others(kind),
            anybody_passes=compared and ports.profiles.answers_others(),
        )
        if reservation is not None and not isinstance(error, DeniedError):
            ports.limiter.settle(reservation, used_tokens=None, seen=error.seen)
        if not isinstance(decision, End):
            in_hand.progress = decision.progress
        if isinstance(error, TransientError) and error.network:
            ports.egress.distrust()
        match decision:
            case End(failure=failure):
                raise FailedError(failure) from None
            case AskAgain(seconds=seconds):
                raise PostponedError("fault", seconds) from None
            case WaitForBreaker(reason=reason, seconds=seconds, closed_for=closed_for):
                ports.breaker.trip(reason, at_least=closed_for)
                raise PostponedError("blocked", seconds) from None
            case WaitForLimits():
                raise PostponedError("limits", self._denied(decision, in_hand.reservation)) from None

    def _denied(self, decision: WaitForLimits, reservation: str) -> float:
        """Tell the limiter; seconds after which to ask it again."""
        if decision.slow_down is not None:
            self._ports.limiter.slow_down(reservation, decision.slow_down)
        try:
            return self._ports.limiter.denied(reservation, decision.denial)
        except NeverFitsError:
            raise FailedError(Failure.TOO_LARGE) from None
