"""How the bridge hears of outcomes, on a real Redis."""

import threading

import pytest
import redis

from bridge.announcements import Announcements
from contract import OUTCOMES_CHANNEL
from tests.support.fakes import eventually


@pytest.fixture
def announcements(redis_url):
    announcements = Announcements(lambda: redis.Redis.from_url(redis_url, socket_timeout=5))
    announcements.start()
    yield announcements
    announcements.close()


def announced(redis_client, announcements):
    """Whether an announcement that is made now is heard."""
    redis_client.publish(OUTCOMES_CHANNEL, "somebody's")
    redis_client.publish(OUTCOMES_CHANNEL, "7")
    return announcements.wait(0.2) == {7}


def test_an_outcome_is_heard_once(redis_client, announcements):
    """The loop wakes up for an outcome, and sleeps again until the next one."""
    eventually(lambda: announced(redis_client, announcements))
    while announcements.wait(0.2):
        pass
    assert not announcements.wait(0.0)


def test_a_cut_connection_is_made_again(redis_client, announcements):
    """After Redis dropped its clients outcomes are announced again; meanwhile nothing fails."""
    eventually(lambda: announced(redis_client, announcements))
    redis_client.client_kill_filter(_type="pubsub")
    eventually(lambda: redis_client.pubsub_numsub(OUTCOMES_CHANNEL)[0][1] > 0)
    eventually(lambda: announced(redis_client, announcements))


def test_redis_that_is_away_stops_nobody(private_redis):
    """Without Redis there is nothing to hear, and the bridge can still be stopped."""
    private_redis.kill()
    threads = threading.active_count()
    announcements = Announcements(lambda: redis.Redis.from_url(private_redis.url, socket_timeout=5))
    announcements.start()
    assert not announcements.wait(0.3)
    announcements.close()
    assert threading.active_count() == threads
