"""Who waits, from a bridge to the operators, by way of a real Redis."""

from collections import Counter

import pytest

from bridge.policy import PartitionPolicy
from bridge.request_store import RequestStore
from contract import LINE_KEPT, LINE_KEY
from worker.running.line import Line

NOW = 1.75e9


def waiting(*users):
    """A line of these users."""
    return [(user, count, 3.0 if user == 7 else 1.0) for user, count in Counter(users).items()]


@pytest.fixture
def tell(redis_client):
    def tell(partition, line, *, fair=True):
        store = RequestStore(redis_client, None, None, f"in-{partition}", None, PartitionPolicy(1, 1.0, 1.0, 1.0, 1.0))
        store.tell_line(line, fair=fair, now=NOW)

    return tell


def test_all_partitions_are_told_together(tell, redis_client):
    """A user with requests in two partitions is one user, with one weight."""
    tell(0, waiting(7, 7, 8))
    tell(1, waiting(7, 9))
    told = Line(redis_client, lambda: NOW + 1).waiting()
    assert told.users == {7: (3, 3.0), 8: (1, 1.0), 9: (1, 1.0)}
    assert told.fair


def test_what_nobody_tells_any_more_is_left_out(tell, redis_client):
    """A bridge that is gone does not leave its users in the line."""
    tell(0, waiting(7))
    assert Line(redis_client, lambda: NOW + LINE_KEPT + 1).waiting().users == {}
    assert 0 < redis_client.ttl(LINE_KEY) <= LINE_KEPT


def test_the_order_of_the_topic_is_told(tell, redis_client):
    """Where users do not take turns, nobody is promised one."""
    tell(0, waiting(7), fair=False)
    assert not Line(redis_client, lambda: NOW).waiting().fair
