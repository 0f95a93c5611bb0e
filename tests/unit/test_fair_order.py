"""Who is next, among users with requests waiting."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.fair_order import TURN, FairOrder

A, B = 1, 2


class Line:
    """A bridge's order with a limiter behind it, which starts what is called, the lowest place first.

    As in the limiter, the virtual time is the lowest place that waits when a request is started.
    """

    def __init__(self, weights=None, called=10):
        self.order = FairOrder(weights or {})
        self.waiting = []  # who is called: (place, user, request)
        self.most_called = called
        self.started = []  # (user, request)
        self._users = {}
        self._ids = count()

    def send(self, user, requests=1):
        for request in (next(self._ids) for _ in range(requests)):
            self._users[request] = user
            self.order.add(user, request)

    def start(self, requests=1):
        """So many requests start."""
        for _ in range(requests):
            self._call()
            if not self.waiting:
                return
            self.waiting.sort()
            place, user, request = self.waiting.pop(0)
            self.order.reach(min([place, *(other for other, *_ in self.waiting)]))
            self.started.append((user, request))

    def _call(self):
        while (head := self.order.head()) is not None:
            if sum(place < head for place, *_ in self.waiting) >= self.most_called:
                return
            request, place = self.order.call()
            self.waiting.append((place, self._users[request], request))

    @property
    def users(self):
        return [user for user, _ in self.started]


def test_one_user_alone_has_the_order_of_the_topic():
    """Whoever is alone gets everything, in the order in which it was sent."""
    line = Line()
    line.send(A, 30)
    line.start(10)
    line.send(A, 30)
    line.start(50)
    assert [request for _, request in line.started] == list(range(60))


@given(st.lists(st.sampled_from(["flood", "one", "start"]), max_size=150), st.integers(1, 20))
def test_who_sends_one_waits_for_two_turns_at_most(events, called):
    """However many another user sends, and whenever: a single request is the next, or the one after."""
    line = Line(called=called)
    asked_at = None
    for event in events:
        if event == "flood":
            line.send(A, 50)
        elif event == "start":
            line.start()
        elif asked_at is None:
            asked_at = len(line.started)
            line.send(B)
        if asked_at is not None and B in line.users[asked_at:]:
            assert line.users[asked_at:].index(B) <= 1
            asked_at = None
        assert asked_at is None or len(line.started) - asked_at <= 2


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5), st.integers(0, 5)), max_size=60), st.integers(1, 20))
def test_each_users_requests_keep_their_order(events, called):
    """Fairness is between users: nobody's own requests overtake each other, and none is left."""
    line = Line(called=called)
    for user, sent, started in events:
        line.send(user, sent)
        line.start(started)
    line.start(sum(sent for _, sent, _ in events))
    for user in range(1, 5):
        own = [request for each, request in line.started if each == user]
        assert own == sorted(own)
    assert len(line.started) == sum(sent for _, sent, _ in events)


@pytest.mark.parametrize("called", [1, 7, 100])
def test_users_with_as_much_are_never_two_starts_apart(called):
    """Ten users with sixty requests each, sent user by user, take turns from the first to the last."""
    line = Line(called=called)
    for user in range(10):
        line.send(user, 60)
    had = Counter(range(10))
    for _ in range(600):
        line.start()
        had[line.users[-1]] += 1
        assert max(had.values()) - min(had.values()) <= 2


def test_weights_are_shares():
    """A user of weight 3 gets three times as much as one of weight 1, and one of a half gets half."""
    line = Line({7: 3.0, 12: 0.5})
    for user in (1, 7, 12):
        line.send(user, 1_000)
    line.start(900)
    shares = Counter(line.users)
    assert shares[7] == pytest.approx(600, rel=0.05)
    assert shares[1] == pytest.approx(200, rel=0.05)
    assert shares[12] == pytest.approx(100, rel=0.05)


def test_nobody_saves_up_turns():
    """Who was away while another used it all gets half from now on, not all until it is made good."""
    line = Line()
    line.send(A, 500)
    line.start(300)
    line.send(B, 100)
    line.start(100)
    assert Counter(line.users[300:]) == {A: 50, B: 50}


def test_who_asks_one_by_one_gets_no_more_than_a_turn():
    """A user who always waits for the answer before sending the next request does not keep others out."""
    line = Line()
    line.send(A, 200)
    for _ in range(100):
        line.send(B)
        line.start()
    shares = Counter(line.users)
    assert abs(shares[A] - shares[B]) <= 2


def test_a_flood_from_many_ids_gets_many_shares():
    """Fifty user ids are fifty users: that is what the documentation says."""
    line = Line()
    for user in range(100, 150):
        line.send(user, 20)
    line.send(A, 20)
    line.start(510)
    assert Counter(line.users)[A] == 10


def test_a_late_request_is_called_beside_those_that_are():
    """A user who is seen after another's flood was called stands in front of it all the same."""
    line = Line(called=100)
    line.send(A, 2_000)
    line.start()
    line.send(B)
    line.start(2)
    assert B in line.users


def test_a_flood_does_not_stay_in_front_where_the_virtual_time_was_lost():
    """Redis and this bridge forgot how far all are, and another bridge says it later: newcomers wait for no backlog."""
    line = Line(called=10)
    line.send(A, 500)
    line.start(20)
    line.order.reach(1_000 * TURN)
    line.send(B)
    line.start(15)
    assert B in line.users


def test_what_ends_while_it_waits_costs_no_turn():
    """A request past its deadline leaves the line to its user's next one."""
    order = FairOrder({})
    for request in (10, 11):
        order.add(A, request)
    order.add(B, 20)
    order.remove(A, 10)
    assert order.call()[0] == 11
    order.remove(B, 20)
    assert order.head() is None


def test_another_bridges_places_count():
    """A user whose requests lie in two partitions is one user: what another bridge has placed is before the next."""
    order = FairOrder({})
    order.add(A, 10)
    order.placed(A, 5 * TURN)
    order.add(B, 20)
    assert order.call()[0] == 20
    assert order.call() == (10, pytest.approx(6 * TURN))


def test_users_without_requests_are_forgotten():
    """Memory does not grow with the users that ever were."""
    order = FairOrder({})
    order.placed(A, 5 * TURN)
    order.placed(B, 5 * TURN)
    order.forget([B])
    order.add(A, 10)
    order.add(B, 20)
    assert [order.call()[0], order.call()[0]] == [10, 20]
    assert order.head() is None
