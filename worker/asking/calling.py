"""The calls of one way to a model: may anything be sent, and what? ─► its start ─► ask ─► what follows.

Each way has its own limits, circuit breaker and exit, and so its own line: nothing here knows of another.
"""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn, TypeVar

from pydantic import BaseModel

from contract import Failure
from worker import metrics, spans
from worker.asking.after_call import AskAgain, End, WaitForBreaker, WaitingPolicy, after_call, too_late
from worker.asking.probe import PROBE
from worker.asking.question import Question
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
from worker.limits.provider_limits import Denial
from worker.limits.turns import FIRST_TURN, NEXT_TURN, Turn, Turns
from worker.ports import Answer, Call, Way
from worker.progress import RequestInHand

log = logging.getLogger(__name__)

T = TypeVar("T", bound=BaseModel)

LOOK_WITHIN = 60.0  # seconds after which who may not send looks whether somebody has mended the reason before its time
SLOW_DOWN_WAIT = 15.0  # seconds, where a `slow_down` names none
PLENTY_LASTS = 1.0  # seconds for which "there is enough for all" is believed; the limiter itself never relies on it


@dataclass(eq=False, repr=False)
class Calling:
    way: Way
    policy: WaitingPolicy
    stopping: threading.Event  # set when this process should hand back what waits
    clock: Callable[[], float]  # Unix time in seconds

    def __post_init__(self) -> None:
        self.turns = Turns()
        self._silence = Silence()
        self.blocked = ""  # why nothing could be sent when somebody looked last

    def expect(self, in_hand: RequestInHand) -> None:
        """Tell the limiter that this request will ask in a moment: those behind it let it go first.

        Reading the texts and counting tokens takes a while, and threads take turns at it in any order.
        """
        if self.turns.needed and in_hand.joined != (self.way.name, in_hand.reservation):
            self.join(in_hand, {})

    def join(self, in_hand: RequestInHand, others: dict[str, float]) -> None:
        """The same of this request and others, whose places are known by their reservations."""
        self.way.limiter.join(others | {in_hand.reservation: in_hand.dispatch.place})
        in_hand.joined = (self.way.name, in_hand.reservation)

    def expect_no_more(self, in_hand: RequestInHand) -> None:
        """It asks nothing now, so nobody should wait for it."""
        if in_hand.joined == (self.way.name, in_hand.reservation):
            self.way.limiter.cancel(in_hand.reservation, joined=True)
            in_hand.joined = None

    def call(self, question: Question[T], in_hand: RequestInHand, *, breaker_closed: bool) -> tuple[Answer, str]:
        """One call of the model, at a granted start, none past the deadline; the answer, and what is to be settled.

        Raises:
            PostponedError: not now; `in_hand.progress` says from where to go on.
            FailedError: there will be no answer.
            ClaimLostError: another worker has the request.
        """
        if self.clock() >= in_hand.dispatch.deadline_at:
            raise FailedError(Failure.OUT_OF_TIME)
        way = self.way
        try:
            way.egress.require()
            tried = "" if breaker_closed else way.breaker.require(in_hand.claim.token)
        except SendingBlockedError as blocked:
            self.blocked = blocked.reason
            if not way.name:  # else those of all are told at once, see `Asking`
                log.info("nothing is sent: %s", blocked.reason)
            self.expect_no_more(in_hand)  # workers whose way is open would wait for it again and again
            raise PostponedError("blocked", min(blocked.seconds, LOOK_WITHIN)) from None
        try:
            alone = way.profiles.require(in_hand.claim.token)
        except SendingBlockedError as blocked:
            self.expect_no_more(in_hand)
            raise PostponedError("single_flight", blocked.seconds, sooner=way.profiles.known) from None
        try:
            if tried and tried != "refused":  # what is refused for itself has to be tried with itself
                self._probe(in_hand)
                tried = ""
            answered = self._ask(question, in_hand)
        finally:
            if alone is not None:
                way.profiles.let_go(alone)
        if tried:
            way.breaker.reset()
        return answered

    def _probe(self, in_hand: RequestInHand) -> None:
        """Let a tiny call find out whether the provider answers again, and close the circuit breaker if it does.

        Raises `PostponedError`: it does not, or the limits say when to try.
        """
        with self.turns.enter(in_hand.dispatch.place) as turn:
            room = self._await_start(self.way.model.tokens(PROBE), in_hand, turn)
        reservation = in_hand.reservation
        in_hand.progress = in_hand.progress.called()
        try:
            answer = self._answer(replace(PROBE, room=room), reservation)
        except (BrokenAnswerError, RefusedCallError) as error:  # whatever it says, it is there
            self.way.limiter.settle(reservation, used_tokens=None, seen=error.seen)
        except CallError as error:
            log.warning("the provider still refuses: %s: %s", type(error).__name__, error)
            self.act_on(error, reservation, in_hand, PROBE.kind)
        else:
            self.settle(reservation, answer)
        self._silence.met(outage=False)
        self.way.breaker.reset()

    def _ask(self, question: Question[T], in_hand: RequestInHand) -> tuple[Answer, str]:
        way = self.way
        tokens, call = in_hand.progress.tokens_of(question.digest), None
        with self.turns.enter(in_hand.dispatch.place) as turn:
            if tokens is None:
                self.expect(in_hand)
                call = question.make_call()
                tokens = way.model.tokens(call)
                in_hand.progress = replace(in_hand.progress, counted=(question.digest, tokens))
            room = self._await_start(tokens, in_hand, turn)
        if in_hand.claim.lost:
            self._not_called(in_hand.reservation)
            raise ClaimLostError
        if call is None:
            call = question.make_call()
        reservation = in_hand.reservation
        in_hand.progress = in_hand.progress.called()
        try:
            with self._silence.call():
                call = replace(call, room=room, counted=tokens, teaches=in_hand.progress.teaches)
                answer = self._answer(call, reservation)
        except CallError as error:
            log.warning("call%s failed: %s: %s", f" of {way.name}" if way.name else "", type(error).__name__, error)
            self.act_on(error, reservation, in_hand, call.kind)
        self._silence.met(outage=False)
        return answer, reservation

    def _answer(self, call: Call, reservation: str) -> Answer:
        try:
            return self.way.model.ask(call)
        except CallError:
            raise
        except BaseException:  # of Redis, which has the key
            self._not_called(reservation)
            raise

    def _not_called(self, reservation: str) -> None:
        """Give back the place among the calls under way; the charge stays, since another worker may have used it."""
        self.way.limiter.settle(reservation, used_tokens=None, seen=None)

    def leave(self, in_hand: RequestInHand) -> None:
        """Give back the place in this way's line, if the request stands there; no other line is touched."""
        if in_hand.progress.way == self.way.name:
            self.way.limiter.cancel(in_hand.reservation)
            in_hand.progress = replace(in_hand.progress, way="")

    def settle(self, reservation: str, answer: Answer) -> None:
        """Tell the limiter what an answered call has used."""
        used = answer.prompt_tokens + answer.completion_tokens
        self.way.limiter.settle(reservation, used_tokens=used or None, seen=answer.seen)

    def _await_start(self, tokens: int, in_hand: RequestInHand, turn: Turn) -> int:
        """Return the granted room for reasoning when it is "now"; `in_hand.reservation` is then the one to use."""
        patience, room, stood = FIRST_TURN, in_hand.progress.room_of(self.way.profiles.room()), 0.0
        while True:
            turn.wait(patience)
            patience = NEXT_TURN
            try:
                answer = self.way.limiter.acquire(in_hand.reservation, tokens + room, in_hand.dispatch.place)
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
                        self.turns.needless(PLENTY_LASTS)
                    metrics.WAIT_SECONDS.observe(waited)
                    return room
                case Reserved(seconds=seconds, until_start=start):
                    if seconds > NEXT_TURN:
                        turn.step_aside()
                    stood += seconds
                    self._wait_here(PostponedError("limits", seconds, start), in_hand, stood)
                    if seconds > NEXT_TURN:
                        turn.step_back()

    def _wait_here(self, postponed: PostponedError, in_hand: RequestInHand, stood: float) -> None:
        """Return after a short wait, in which everything stays as it is; a turn in the line is often moments away.

        Raises:
            PostponedError: it is no short one, many of them have become one (`stood` is their sum in seconds) in which
                breaker and exit may have closed, it would end too late, or this process is stopping.
            ClaimLostError: another worker has the request now.
        """
        in_hand.progress = replace(in_hand.progress, way=self.way.name)
        if stood > self.policy.short_wait or postponed.until_start > in_hand.patience:
            raise postponed
        if too_late(postponed, now=self.clock(), deadline_at=in_hand.dispatch.deadline_at):
            raise postponed
        metrics.WAITS.labels(postponed.why).inc()
        if self.stopping.wait(postponed.seconds):
            raise postponed
        if in_hand.claim.lost:
            raise ClaimLostError

    def _line_up_again(self, denial: Denial, in_hand: RequestInHand) -> NoReturn:
        """After a 429, which is no fault of the request: it is put back, and the limiter says when it asks again."""
        limiter = self.way.limiter
        in_hand.progress = replace(in_hand.progress.called(-1), way=self.way.name)
        if denial.kind == "slow_down":
            limiter.slow_down(in_hand.reservation, denial.wait or SLOW_DOWN_WAIT)
        try:
            seconds = limiter.denied(in_hand.reservation, denial)
        except NeverFitsError:
            raise FailedError(Failure.TOO_LARGE) from None
        raise PostponedError("limits", seconds) from None

    def act_on(self, error: CallError, reservation: str | None, in_hand: RequestInHand, kind: str = "any") -> NoReturn:
        """Do what follows from a call without an answer; `reservation` is None where it is settled already."""
        outage = self._silence.met(outage=isinstance(error, TransientError))
        if isinstance(error, DeniedError):
            self._line_up_again(error.denial, in_hand)
        way = self.way
        spread = random.uniform(0.5, 1.0)  # noqa: S311 # spreads load, guards nothing
        compared = kind != PROBE.kind and isinstance(error, TransientError | TrippingError | RefusedCallError)
        decision = after_call(
            error,
            in_hand.progress,
            self.policy,
            spread=spread,
            outage=outage,
            others_pass=compared and way.profiles.answers_others(kind),
            anybody_passes=compared and way.profiles.answers_others(),
        )
        if reservation is not None:
            way.limiter.settle(reservation, used_tokens=None, seen=error.seen)
        if not isinstance(decision, End):
            in_hand.progress = decision.progress
        if isinstance(error, TransientError) and error.network:
            way.egress.distrust()
        match decision:
            case End(failure=failure):
                raise FailedError(failure) from None
            case AskAgain(seconds=seconds):
                raise PostponedError("fault", seconds) from None
            case WaitForBreaker(reason=reason, seconds=seconds, closed_for=closed_for):
                self.blocked = reason
                way.breaker.trip(reason, at_least=closed_for)
                raise PostponedError("blocked", seconds) from None
