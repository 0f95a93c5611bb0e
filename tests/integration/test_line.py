"""Who waits, from a bridge to the operators, by way of a real Redis."""

from collections import Counter

import pytest
from prometheus_client import REGISTRY

from bridge.line import TELL_EVERY, InLine
from bridge.line import Line as BridgesLine
from contract import LINE_KEPT, LINE_KEY
from worker.running.line import Line

NOW = 1.75e9


def waiting(*users):
    """A line of these users, whose first was sent a minute ago."""
    return lambda: [InLine(user, count, 3.0 if user == 7 else 1.0, NOW - 60) for user, count in Counter(users).items()]


@pytest.fixture
def line(redis_client):
    def line(partition, *, fair=True):
        return BridgesLine(redis_client, f"in-{partition}", str(partition), fair=fair, wall_clock=lambda: NOW)

    return line


def test_all_partitions_are_told_together(line, redis_client):
    """A user with requests in two partitions is one user, with one weight."""
    line(0).tell(waiting(7, 7, 8), 0.0)
    line(1).tell(waiting(7, 9), 0.0)
    told = Line(redis_client, lambda: NOW + 1).waiting()
    assert told.users == {7: (3, 3.0), 8: (1, 1.0), 9: (1, 1.0)}
    assert told.fair


def test_what_nobody_tells_any_more_is_left_out(line, redis_client):
    """A bridge that is gone does not leave its users in the line."""
    line(0).tell(waiting(7), 0.0)
    assert Line(redis_client, lambda: NOW + LINE_KEPT + 1).waiting().users == {}
    assert 0 < redis_client.ttl(LINE_KEY) <= LINE_KEPT


def test_the_order_of_the_topic_is_told(line, redis_client):
    """Where users do not take turns, nobody is promised one."""
    line(0, fair=False).tell(waiting(7), 0.0)
    assert not Line(redis_client, lambda: NOW).waiting().fair


def test_gauges_tell_how_many_wait_and_how_long(line, redis_client):
    """The dashboard shows whether somebody is left waiting; every few seconds is enough."""
    teller = line(5)
    teller.tell(waiting(7, 8), 0.0)
    teller.tell(waiting(), TELL_EVERY - 1)
    found = {
        name: REGISTRY.get_sample_value(f"ai_handler_bridge_{name}", {"partition": "5"})
        for name in ("waiting_users", "longest_wait_seconds")
    }
    assert found == {"waiting_users": 2, "longest_wait_seconds": pytest.approx(60)}
    teller.close()
    assert REGISTRY.get_sample_value("ai_handler_bridge_waiting_users", {"partition": "5"}) == 0
    assert redis_client.hlen(LINE_KEY) == 1
