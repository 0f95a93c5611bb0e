"""The unfinished requests of one partition: those that wait for their turn, and those that are called.

Only who is called takes part in the traffic with Redis and Celery, and only so many are called as the limits can keep
busy. Whoever comes late and stands in front of them all the same is called beside them.
"""

import logging
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bridge import metrics
from bridge.fair_order import FairOrder
from bridge.policy import PartitionPolicy
from bridge.publisher import Publication
from bridge.request_store import RequestStore
from bridge.supervisor import Unfinished
from contract import Failure

log = logging.getLogger(__name__)


@dataclass(eq=False)
class InHand:
    """Unfinished requests, by processing id."""

    store: RequestStore
    policy: PartitionPolicy  # whose turn it is, and how far apart
    label: str  # of the metrics
    wall_clock: Callable[[], float]  # Unix time, seconds

    def __post_init__(self) -> None:
        self.order = FairOrder(self.policy.weights)  # whose is next
        self.forget()

    def forget(self) -> None:
        """Nothing is in hand; how far the others have come is still known."""
        reached = self.order.reached
        self.order = FairOrder(self.policy.weights)
        self.order.reach(reached)
        self.all: dict[int, Unfinished] = {}  # the requests, in the topic's order
        self.called: dict[int, Unfinished] = {}  # those that are called
        self.changed: set[int] = set()  # ids of called ones that something has happened to: the next look is at them
        self.new: list[int] = []  # ids of those that have just been taken
        self._leasts: list[float] = []  # of the called ones, ascending
        self._served: dict[int, float] = {}  # by user: when a request ended last

    def take(self, unfinished: Unfinished) -> None:
        request = unfinished.dispatch.request
        texts = {"requirements": _slim(request.requirements), "resume": _slim(request.resume)}
        unfinished.dispatch = unfinished.dispatch.model_copy(update={"request": request.model_copy(update=texts)})
        processing_id = request.processing_id
        self.all[processing_id] = unfinished
        self.new.append(processing_id)

    def pop(self, processing_id: int) -> Unfinished | None:
        unfinished = self.all.pop(processing_id, None)
        if unfinished is not None:
            if self.called.pop(processing_id, None) is not None:
                del self._leasts[bisect_left(self._leasts, unfinished.least)]
            self._served[unfinished.dispatch.request.user_id] = self.wall_clock()
        return unfinished

    def tell(self) -> None:
        """Tell operators who waits for an answer, and for how long. May raise `redis.RedisError`."""
        waiting, since = Counter[int](), dict[int, float]()
        for unfinished in self.all.values():
            user = unfinished.dispatch.request.user_id
            waiting[user] += 1
            since.setdefault(user, unfinished.sent_at)
        # Users without a request in hand are forgotten; Redis has their last places.
        self._served = {user: at for user, at in self._served.items() if user in since}
        self.order.forget(since if self.policy.fair else [0])
        now = self.wall_clock()
        unanswered = [max(at, self._served.get(user, 0.0)) for user, at in since.items()]
        metrics.WAITING_USERS.labels(self.label).set(len(waiting))
        metrics.LONGEST_WAIT.labels(self.label).set(max((now - at for at in unanswered), default=0.0))
        users = [(user, count, self.order.weight(user)) for user, count in waiting.items()]
        self.store.tell_line(users, fair=self.policy.fair, now=now)

    def line_up(self) -> None:
        """Let the new ones wait for their turns, but for those that had theirs. May raise `redis.RedisError`."""
        kept = self.store.places.look(self.new, self.order.reached)
        self.order.reach(kept.reached)
        known = kept.places.keys() | kept.finished
        refused = self.store.user_limit.refused([self.all[each].sent for each in self.new if each not in known])
        for processing_id in self.new:
            unfinished = self.all[processing_id]
            if processing_id in refused:
                log.warning("too many requests of its user", extra={"processing_id": processing_id})
                wait = self.store.user_limit.wait(unfinished.sent_at)
                unfinished.outcome = unfinished.failed(Failure.USER_LIMIT, wait_seconds=wait)
            user = self.user(unfinished)
            if processing_id in known or processing_id in refused:
                place = kept.places.get(processing_id, 0.0)
                if place:
                    self._put(unfinished, place)
                self._call(processing_id, place)
            else:
                unfinished.least = self.order.reached
                self.order.add(user, processing_id)
        self.new = []

    def call(self, size: int) -> None:
        """Call all who have fewer than so many called ones before them.

        Who has no place is not to be worked on, and keeps nobody out. Those whose turn is over may wait on for
        something of their own: a quarter of the room is for the others.
        """
        placeless = bisect_right(self._leasts, 0.0)
        over = bisect_right(self._leasts, self.order.reached) - placeless
        size += placeless + max(0, over - size + size // 4)
        while (head := self.order.head()) is not None and bisect_left(self._leasts, head) < size:
            self._call(*self.order.call())

    def _call(self, processing_id: int, place: float = 0.0) -> None:
        unfinished = self.called[processing_id] = self.all[processing_id]
        unfinished.least = place
        insort(self._leasts, place)
        self.changed.add(processing_id)

    def take_changed(self) -> dict[int, Unfinished]:
        """The called ones that something has happened to since the last call."""
        changed = {each: self.called[each] for each in self.changed if each in self.called}
        self.changed.clear()
        return changed

    @property
    def somebody_waits(self) -> bool:
        """Whether there is somebody to call, or something to look at."""
        return self.order.head() is not None or not self.called.keys().isdisjoint(self.changed)

    def call_off(self, is_over: Callable[[Unfinished], bool]) -> None:
        """Call those whose turn would come too late, to be ended."""
        over = [pid for pid, unfinished in self.all.items() if pid not in self.called and is_over(unfinished)]
        for processing_id in over:
            if self.order.reached > (unfinished := self.all[processing_id]).least:  # others have started since it came
                unfinished.outcome = unfinished.failed(Failure.QUEUE_TOO_LONG)
            self._call(processing_id)
            self.order.remove(self.user(self.all[processing_id]), processing_id)

    def place(self, due: Iterable[Unfinished]) -> None:
        """Give a place to those of some called ones that have none. May raise `redis.RedisError`."""
        placeless = [unfinished for unfinished in due if not unfinished.dispatch.place]
        if not placeless:
            return
        users = map(self.user, placeless)
        wanted = [(user, self.order.step(user), each.least) for user, each in zip(users, placeless, strict=True)]
        for unfinished, place in zip(placeless, self.store.places.give(wanted, self.order.reached), strict=True):
            self._put(unfinished, place)

    def give_back(self, publications: Iterable[Publication]) -> None:
        """What ends without an answer does not count for its user. May raise `redis.RedisError`."""
        failed = [each.processing_id for each in publications if not each.outcome.success]
        self.store.user_limit.give_back([self.all[each].sent for each in failed if each in self.all])

    def _put(self, unfinished: Unfinished, place: float) -> None:
        unfinished.dispatch = unfinished.dispatch.model_copy(update={"place": place})
        self.order.placed(self.user(unfinished), place)

    def user(self, unfinished: Unfinished) -> int:
        """Whose turn it takes."""
        return unfinished.dispatch.request.user_id if self.policy.fair else 0


def _slim(text: str) -> str:
    """A copy of a text, half the size: one that pydantic has read keeps its UTF-8 form beside itself."""
    return text[:1] + text[1:]
