"""The bridge's order before the real limiter, in virtual time."""

from collections import Counter

import pytest

from bench.limits_simulation import START, Attempt, Fleet, kendalls_tau
from bridge.fair_order import FairOrder
from bridge.places import Places
from worker.limits.answers import Limits

A, B = 1, 2
CALLED = 100


class FairFleet(Fleet):
    """A fleet whose requests come from users, by way of a bridge that calls so many at a time."""

    def __init__(self, redis_client, limits, weights=None, called=CALLED):
        super().__init__(redis_client, limits, latency=lambda rng: rng.uniform(1, 4))
        self.order, self.places, self.called = FairOrder(weights or {}), Places(redis_client), called
        self.users, self.waiting, self.sent_at, self.started = {}, {}, {}, []
        self.limiter.reset(full=True)

    def send(self, user, requests=1):
        self.order.reach(self.places.look([], self.order.reached).reached)
        for _ in range(requests):
            number = len(self.users)
            self.users[number], self.sent_at[number] = user, (self.now, len(self.started))
            self.order.add(user, number)
        self.call()

    def call(self):
        while (head := self.order.head()) is not None:
            if sum(attempt.place < head for attempt in self.waiting.values()) >= self.called:
                return
            number, least = self.order.call()
            user = self.users[number]
            (place,) = self.places.give([(user, self.order.step(user), least)], self.order.reached)
            self.order.placed(user, place)
            self.waiting[number] = Attempt(str(number), 1_000, 1_000, place)
            self.submit(self.waiting[number])

    def arrive(self, attempt):
        number = int(attempt.id)
        self.waiting.pop(number, None)
        self.started.append(number)
        super().arrive(attempt)
        self.order.reach(self.places.look([], self.order.reached).reached)
        self.call()

    def users_started(self, since=0):
        return [self.users[number] for number in self.started[since:]]


def test_who_asks_every_ten_minutes_waits_for_two_turns_at_most(redis_client):
    """RPM 3: one user has sent 300, another sends one every ten minutes, and is always among the next two."""
    fleet = FairFleet(redis_client, Limits(3, 10**6, 10**9))
    fleet.send(A, 300)
    lone = []
    for _ in range(10):
        fleet.run(600)
        lone.append(len(fleet.users))
        fleet.send(B)
    fleet.run(600)
    for number in lone:
        _, started_before = fleet.sent_at[number]
        assert fleet.started.index(number) - started_before < 2
        attempt = next(each for each in fleet.arrivals if each.id == str(number))
        assert attempt.arrived - fleet.sent_at[number][0] <= 40 + fleet.jitter
    own = [number for number in fleet.started if fleet.users[number] == A]
    assert own == sorted(own)
    assert len(own) == 300
    assert fleet.arrivals[-1].arrived - START <= (310 - 3) * 20 / 0.98
    assert not fleet.denied


def test_ten_users_take_turns(redis_client):
    """Ten users with 60 each, sent user by user: after each tenth of the starts they are two apart at most."""
    fleet = FairFleet(redis_client, Limits(120, 10**6, 10**9))
    for user in range(10):
        fleet.send(user, 60)
    fleet.run(600)
    for tenth in range(120 + 48, 601, 48):  # the first 120 start at once, while only the first users have sent
        had = Counter(fleet.users_started()[:tenth])
        waiting = [user for user in range(10) if had[user] < 60]
        counts = [had[user] for user in waiting if user > 1]
        assert not counts or max(counts) - min(counts) <= 2
    assert len(fleet.started) == 600
    assert not fleet.denied


def test_weights_are_shares_of_the_starts(redis_client):
    """Three to one: of what starts while both wait, one user has three quarters."""
    fleet = FairFleet(redis_client, Limits(60, 10**6, 10**9), weights={A: 3.0})
    for user in (A, B):
        fleet.send(user, 500)
    fleet.run(460)
    shares = Counter(fleet.users_started(since=60))
    assert shares[A] / shares[B] == pytest.approx(3, rel=0.05)


def test_a_redis_that_forgets_moves_nobody(redis_client):
    """Who waits keeps the place when Redis is emptied: the bridge knows it, and how far all have come.

    The line itself is gone until each of them asks again, so some start a little sooner or later.
    """
    fleet = FairFleet(redis_client, Limits(60, 10**6, 10**9))
    fleet.send(A, 400)
    fleet.run(120)
    fleet.send(B, 20)
    fleet.run(5)
    redis_client.flushdb()
    fleet.set_clock()
    fleet.run(120)
    fleet.send(3)
    before = len(fleet.started)
    fleet.run(300)
    assert 3 in fleet.users_started(before)[:3]
    assert len(fleet.started) == 421
    own = [number for number in fleet.started if fleet.users[number] == A]
    assert kendalls_tau(own) >= 0.97
