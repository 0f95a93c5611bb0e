"""The unfinished requests of one partition: those that wait for their turn, and those that are called.

Only who is called takes part in the traffic with Redis and Celery, and only so many are called as the limits can keep
busy. Whoever comes late and stands in front of them all the same is called beside them.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping

from bridge.fair_order import FairOrder
from bridge.places import Places, Wanted
from bridge.supervisor import Unfinished


class InHand:
    """Unfinished requests, by processing id.

    Args:
        places: as the bridges share them.
        weights: see fair_order.py.
        fair: users take turns; False: all are one.

    Attributes:
        order: whose is next.
        all: the requests, in the topic's order.
        called: those that are called.
        new: ids of those that have just been taken.
    """

    def __init__(self, places: Places, weights: Mapping[int, float], *, fair: bool) -> None:
        self._places = places
        self._weights = weights
        self._fair = fair
        self.order = FairOrder(weights)
        self.forget()

    def forget(self) -> None:
        """Nothing is in hand; how far the others have come is still known."""
        reached = self.order.reached
        self.order = FairOrder(self._weights)
        self.order.reach(reached)
        self.all: dict[int, Unfinished] = {}
        self.called: dict[int, Unfinished] = {}
        self.new: list[int] = []

    def take(self, unfinished: Unfinished) -> None:
        """A request was delivered."""
        processing_id = unfinished.dispatch.request.processing_id
        self.all[processing_id] = unfinished
        self.new.append(processing_id)

    def pop(self, processing_id: int) -> Unfinished | None:
        """A request is in hand no more."""
        self.called.pop(processing_id, None)
        return self.all.pop(processing_id, None)

    def line_up(self) -> None:
        """Let the new ones wait for their turns, but for those that had theirs. May raise `redis.RedisError`."""
        kept = self._places.look(self.new, self.order.reached)
        self.order.reach(kept.reached)
        for processing_id in self.new:
            unfinished = self.all.get(processing_id)
            if unfinished is None:
                continue
            user = self.user(unfinished)
            if processing_id in kept.finished or processing_id in kept.places:
                if place := kept.places.get(processing_id, 0.0):
                    self._put(unfinished, place)
                self.called[processing_id] = unfinished
            else:
                self.order.add(user, processing_id)
        self.new = []

    def call(self, size: int) -> bool:
        """Call all who have fewer than so many called ones before them; whether anybody was called."""
        head = self.order.head()
        if head is None:
            return False
        places = sorted(unfinished.dispatch.place or unfinished.least for unfinished in self.called.values())
        before = len(self.called)
        while head is not None and bisect_left(places, head) < size:
            processing_id, place = self.order.call()
            unfinished = self.all[processing_id]
            unfinished.least = place
            self.called[processing_id] = unfinished
            insort(places, place)
            head = self.order.head()
        return len(self.called) > before

    def forget_the_answered(self) -> None:
        """Users without a request in hand are the order's no more; Redis has their last places."""
        self.order.forget({self.user(unfinished) for unfinished in self.all.values()})

    def call_off(self, is_over: Callable[[Unfinished], bool]) -> None:
        """Call those whose turn would come too late, to be ended."""
        over = [pid for pid, unfinished in self.all.items() if pid not in self.called and is_over(unfinished)]
        for processing_id in over:
            unfinished = self.called[processing_id] = self.all[processing_id]
            self.order.remove(self.user(unfinished), processing_id)

    def place(self, due: Iterable[Unfinished]) -> None:
        """Give a place to those of some called ones that have none. May raise `redis.RedisError`."""
        placeless = [unfinished for unfinished in due if not unfinished.dispatch.place]
        if not placeless:
            return
        users = map(self.user, placeless)
        wanted = [Wanted(user, self.order.step(user), each.least) for user, each in zip(users, placeless, strict=True)]
        for unfinished, place in zip(placeless, self._places.give(wanted, self.order.reached), strict=True):
            self._put(unfinished, place)

    def _put(self, unfinished: Unfinished, place: float) -> None:
        unfinished.dispatch = unfinished.dispatch.model_copy(update={"place": place})
        self.order.placed(self.user(unfinished), place)

    def user(self, unfinished: Unfinished) -> int:
        """Whose turn it takes."""
        return unfinished.dispatch.request.user_id if self._fair else 0
