"""Which service tier a call asks for."""

import pytest

from worker.asking.faults import read_problem
from worker.asking.service_tier import NO_ROOM_FOR, UNKNOWN_FOR, ServiceTier

NO_ROOM = read_problem(429, {"error": {"message": "Resource Unavailable", "code": "resource_unavailable"}})
UNKNOWN = read_problem(400, {"error": {"message": "Invalid service_tier argument", "param": "service_tier"}})


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(("problem", "seconds"), [(NO_ROOM, NO_ROOM_FOR), (UNKNOWN, UNKNOWN_FOR)])
def test_a_tier_that_is_refused_is_left_out_for_a_while(problem, seconds):
    """Calls go at the usual tier until its time is over, and at the cheaper one again after it."""
    clock = Clock()
    tier = ServiceTier("flex", clock)
    assert tier.current == "flex"
    assert tier.refused(problem)
    clock.now += seconds - 1
    assert tier.current is None
    clock.now += 1
    assert tier.current == "flex"


@pytest.mark.parametrize(
    "problem",
    [
        read_problem(429, {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}),
        read_problem(429, {"error": {"message": "Rate limit reached, service tier `on_demand` on tokens per minute"}}),
        read_problem(413, {"error": {"message": "Request too large, service tier `on_demand`: Limit 6000"}}),
        read_problem(503, {"error": {"message": "the service tier is overloaded"}}),
        read_problem(400, {"error": {"message": "Unsupported parameter: 'temperature'", "param": "temperature"}}),
    ],
)
def test_other_problems_are_none_of_the_tiers(problem):
    """A full limit, an outage and another parameter are treated as without a tier."""
    tier = ServiceTier("flex")
    assert not tier.refused(problem)
    assert tier.current == "flex"


def test_no_tier_is_named_unless_it_is_wanted():
    """Most endpoints do not know the parameter."""
    assert ServiceTier(None).current is None
