"""One question to a model, from looking for a known answer to keeping a new one.

    known answer? ─► which way, as search.py tells ─► single flight ─► the call, as calling.py tells ─► parse ─► keep

Every call of the model goes this way, whatever it asks. Whoever finds that it cannot go on now is postponed.
"""

import logging
import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from worker import metrics
from worker.asking.after_call import WaitingPolicy, too_late
from worker.asking.calling import Calling
from worker.asking.question import Asked, Question
from worker.asking.search import Search, better_elsewhere
from worker.assessment.json_answer import BrokenAnswer
from worker.errors import BrokenAnswerError, PostponedError
from worker.ports import Answer, Follow, Follower, Known, Lead, Lease, Ports, Way
from worker.progress import RequestInHand

log = logging.getLogger(__name__)

LOOK_EVERY = 0.1  # seconds between two looks of one process for an answer that another one waits for
MOST_LOOKED_FOR = 1_000  # questions
TELL_EVERY = 60.0  # seconds between two words about why each way is closed

T = TypeVar("T", bound=BaseModel)


def _understood(question: Question[T], answer: str) -> T | None:
    try:
        return question.meaning.model_validate_json(answer)
    except ValidationError:  # its text quotes the answer, which quotes the resume
        return None


@dataclass(eq=False, repr=False)
class Asking:
    ports: Ports  # the adapters
    policy: WaitingPolicy
    stopping: threading.Event  # set when this process should hand back what waits
    clock: Callable[[], float]  # Unix time in seconds
    patience: float  # seconds within which a call has to start, where there are several ways

    def __post_init__(self) -> None:
        self._callings = [Calling(way, self.policy, self.stopping, self.clock) for way in self.ports.ways]
        self._tell_at = 0.0
        self._lock = threading.Lock()
        self._look_at: dict[str, float] = {}  # when to look next for the answer to a question, Unix time

    def expect(self, in_hand: RequestInHand, home: str = "") -> None:
        """Tell the limiter that this request will ask in a moment, see `Calling.expect`; for `home` see `ask`."""
        self._in_order(home)[0].expect(in_hand)

    def give_back(self, in_hand: RequestInHand) -> None:
        """This request will not ask any more."""
        for calling in self._callings:
            calling.leave(in_hand)

    def _in_order(self, home: str) -> list[Calling]:
        models = [calling.way.model_name for calling in self._callings]
        return sorted(self._callings, key=lambda one: (one.way.model_name != home, models.index(one.way.model_name)))

    def ask(
        self,
        question_by: Callable[[Way], Question[T]],
        in_hand: RequestInHand,
        *,
        home: str = "",
        only: Way | None = None,
    ) -> Asked[T]:
        """The answer to a question, on behalf of a request.

        Args:
            question_by: words the question for the model of a way.
            in_hand: the request.
            home: the name of the model that is preferred.
            only: the way to take, whatever its line.

        Raises:
            PostponedError: not now; `in_hand.progress` says from where to go on.
            FailedError: there will be no answer.
            ClaimLostError: another worker has the request.
        """
        callings = [one for one in self._in_order(home) if only is None or one.way is only]
        questions = {one: question_by(one.way) for one in callings}
        in_hand.patience = math.inf
        first = callings[0]
        if len(callings) == 1:
            try:
                return self._ask(first, questions[first], in_hand)
            except PostponedError as postponed:
                if postponed.why == "blocked" and first.way.name and only is None:
                    self._tell(callings)
                raise
        digests = [question.digest for question in questions.values()]
        if len({*digests}) > 1 and (known := self.ports.results.known_of(digests)) is not None:
            return self._ask(callings[known], questions[callings[known]], in_hand)

        def ask(calling: Calling) -> Asked[T]:
            return self._ask(calling, questions[calling], in_hand)

        patience = min(self.patience, in_hand.dispatch.deadline_at - self.clock())
        asked = Search(ask, callings, in_hand, patience, self._tell).asked()
        if asked.answer is not None and asked.way.model_name != first.way.model_name:
            metrics.MOVED.labels(asked.way.name).inc()
            log.info("%s instead of %s was asked: %s", asked.way.name, first.way.name, questions[first].kind)
        return asked

    def _tell(self, closed: Iterable[Calling]) -> None:
        """Say why each way is closed, once a minute."""
        with self._lock:
            is_time = self.clock() >= self._tell_at
            self._tell_at = self.clock() + TELL_EVERY if is_time else self._tell_at
        if is_time:
            log.error("no provider can be asked: %s", "; ".join(f"{one.way.name}: {one.blocked}" for one in closed))

    def _ask(self, calling: Calling, question: Question[T], in_hand: RequestInHand) -> Asked[T]:
        follower = None
        if question.leads_on is not None and calling.turns.needed:
            follower = Follower(in_hand.reservation, in_hand.dispatch.place, in_hand.dispatch.deadline_at)
        found = self.ports.results.look(question.digest, in_hand.claim.token, follower, provider=calling.way.name)
        if not isinstance(found, Lead) and question.leads_on is None:
            for one in self._callings:
                one.expect_no_more(in_hand)
        if isinstance(found, Known):
            known = _understood(question, found.answer)
            if known is not None:
                metrics.CACHE.labels(question.kind, "hit").inc()
                return Asked(known, None, calling.way, question.digest)
            # Damaged, or of a version that forgot to say so. As long as it is kept nobody asks anew.
            log.warning("a kept answer cannot be read, so it is dropped: %s", question.kind)
            self.ports.results.drop(question.digest)
            raise PostponedError("single_flight", 0.0)
        if isinstance(found, Follow):
            raise PostponedError("single_flight", found.seconds, sooner=self._news_of(question))
        lead = found.lease
        remembered = question.remembered()
        if remembered is not None:
            self._keep(calling, question, remembered, lead, in_hand)
            return Asked(remembered, None, calling.way, question.digest)
        try:
            answer, reservation = calling.call(question, in_hand, breaker_closed=found.breaker_closed)
            try:
                # First of all: a worker that dies before this asks, and pays, again.
                meaning = self._parse(calling, question, answer, in_hand)
                self._keep(calling, question, meaning, lead, in_hand)
            finally:
                calling.settle(reservation, answer)
        except PostponedError as postponed:
            self._let_wait(lead, postponed, in_hand)
            raise
        except BaseException:
            lead.release()
            raise
        metrics.CACHE.labels(question.kind, "miss").inc()
        in_hand.progress = replace(in_hand.progress, broken=0)  # the next question may fail once, too
        return Asked(meaning, answer, calling.way, question.digest)

    def _let_wait(self, lead: Lease, postponed: PostponedError, in_hand: RequestInHand) -> None:
        """Requests with the same question wait as long as this one, unless it ends, or goes another way."""
        if too_late(postponed, now=self.clock(), deadline_at=in_hand.dispatch.deadline_at) or better_elsewhere(
            postponed, in_hand.patience
        ):
            lead.release()
        else:
            lead.park(min(postponed.seconds, self.policy.max_countdown))

    def _keep(self, calling: Calling, question: Question[T], meaning: T, lead: Lease, in_hand: RequestInHand) -> None:
        """Keep an answer; whoever waits for it is in the limiter's line before anybody can see it.

        Other processes hear of it a moment later than this one, whose requests would start before those in front.
        Who asks nothing more stays out: all others would be told to wait for it, past their deadlines even.
        """
        if question.leads_on is not None and question.leads_on(meaning) and calling.turns.needed:
            calling.join(in_hand, self.ports.results.followers(question.digest, self.clock()))
        self.ports.results.keep(question.digest, meaning.model_dump_json(), lead, question.keep)

    def _news_of(self, question: Question[T]) -> Callable[[], bool]:
        """Says whether the answer has come since now; what this process knew before is another flight's."""
        known = question.remembered()
        return lambda: question.remembered() is not known or self._has_come(question.digest)

    def _has_come(self, digest: str) -> bool:
        """Look for an answer; False where another of this process has looked a moment ago.

        Raises:
            redis.RedisError: Redis is away.
        """
        now = self.clock()
        with self._lock:
            if now < self._look_at.get(digest, 0.0):
                return False
            if len(self._look_at) >= MOST_LOOKED_FOR:
                self._look_at.clear()
            self._look_at[digest] = now + LOOK_EVERY
        return self.ports.results.known(digest)

    @staticmethod
    def _parse(calling: Calling, question: Question[T], answer: Answer, in_hand: RequestInHand) -> T:
        try:
            return question.parse(answer)
        except BrokenAnswer as error:
            metrics.UNUSABLE.inc()
            log.warning("unusable answer: %s", error)
            calling.act_on(BrokenAnswerError(str(error)), None, in_hand)
