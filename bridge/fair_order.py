"""Whose request is next: users with requests waiting take turns. Pure.

Start-time fair queueing (Goyal, Vin, Cheng, 1996). Virtual time is counted in turns. A user's request gets the place
one turn behind the user's last one, and whoever has none waiting joins at the virtual time that has been *reached*: the
lowest place that waited when a request was started last. So a lone user's order is the topic's, a newcomer
is the next but for those who joined before, and nobody saves up turns while away. A user of weight 3 gets three places
in a turn.

What is waiting here has no place yet. It gets one when it is called, so whatever is seen until then counts: the first
request of a user who is seen late is still in front of all that were not called.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

# Earlier versions' places were Unix times. They stay far above for some hundred thousand million starts, so that the
# limiter can tell.
TURN = 0.001
NEXT = 1e-8  # between two users who join at the same virtual time


@dataclass(eq=False)
class FairOrder:
    """The requests of one partition that nobody has called yet."""

    weights: Mapping[int, float]  # of users that get more than one place in a turn, or less; 1 for all others

    def __post_init__(self) -> None:
        self.reached = 0.0  # the virtual time; 0 until somebody says
        self._joined = 0.0  # the place of the last who joined
        self._waiting: dict[int, dict[int, None]] = {}  # by user: ids, in the topic's order
        self._heads: list[tuple[float, int, int]] = []  # of each user who waits: place, arrival, user
        self._behind: dict[int, float] = {}  # by user: one turn behind the last place
        self._arrivals = count()

    def weight(self, user: int) -> float:
        """How many starts a user gets in a turn."""
        return self.weights.get(user, 1.0)

    def step(self, user: int) -> float:
        return TURN / self.weight(user)

    def reach(self, reached: float) -> None:
        """The virtual time is this by now; it never goes back."""
        self.reached = max(self.reached, reached)

    def add(self, user: int, request: int) -> None:
        """A request waits, behind those of the same user."""
        if waiting := self._waiting.get(user):
            waiting[request] = None
            return
        self._waiting[user] = {request: None}
        place = self._behind.get(user, 0.0)
        if place <= self.reached:
            place = self._joined = max(self.reached, self._joined) + NEXT
        self._push(user, place)

    def _push(self, user: int, place: float) -> None:
        heapq.heappush(self._heads, (place, next(self._arrivals), user))

    def remove(self, user: int, request: int) -> None:
        """A request waits no more, though nobody has called it: the user's turn is the next one's."""
        waiting = self._waiting.get(user, {})
        waiting.pop(request, None)
        if not waiting and self._waiting.pop(user, None) is not None:
            self._heads = [head for head in self._heads if head[2] != user]
            heapq.heapify(self._heads)

    def head(self) -> float | None:
        """The place of the next request; None: nobody waits."""
        while self._heads:
            place, _, user = self._heads[0]
            behind = self._behind.get(user, 0.0)
            if behind <= place:
                return place
            heapq.heapreplace(self._heads, (behind, next(self._arrivals), user))  # another bridge gave it more
        return None

    def call(self) -> tuple[int, float]:
        """The next request and its place; `head` has said that there is one."""
        place = self.head()
        assert place is not None  # noqa: S101 # its caller has looked
        _, _, user = heapq.heappop(self._heads)
        waiting = self._waiting[user]
        request = next(iter(waiting))
        del waiting[request]
        self.placed(user, place)
        if waiting:
            self._push(user, max(self._behind[user], self.reached))
        else:
            del self._waiting[user]
        return request, place

    def placed(self, user: int, place: float) -> None:
        """A request of this user has this place; the next is behind it."""
        self._behind[user] = max(self._behind.get(user, 0.0), place + self.step(user))

    def forget(self, in_hand: Iterable[int]) -> None:
        """Keep the last places of these users only, who have unfinished requests."""
        self._behind = {user: self._behind[user] for user in in_hand if user in self._behind}
