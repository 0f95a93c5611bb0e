"""Celery's messages when Redis goes away under them."""

import logging

import kombu
import pytest
import redis

from worker.running import redis_transport

log = logging.getLogger(__name__)


@pytest.fixture
def hints(private_redis, monkeypatch):
    """A connection as the worker's Celery has it."""
    for scheme in ("redis", "rediss", "sentinel"):  # restored at the end
        monkeypatch.setitem(kombu.transport.TRANSPORT_ALIASES, scheme, None)
    redis_transport.use()
    with kombu.Connection(private_redis.url, transport_options={"ack_emulation": False}) as connection:
        yield connection


def test_acknowledging_after_the_connection_is_gone(hints, private_redis, caplog):
    """A call that ends after Redis hung up ends well, and its hint, which cannot be put back, is in no file."""
    queue = hints.SimpleQueue("hints")
    for number in range(3):
        queue.put(number)
    message, *_ = [queue.get(timeout=10) for _ in range(3)]
    private_redis.kill()
    caplog.set_level(logging.INFO)
    hints.collect()
    message.channel._disconnect_pools()  # as a close does that was half done when Redis went away
    message.ack_log_error(log, hints.connection_errors)
    assert "Restoring 3" in caplog.text
    assert caplog.text.count("hints cannot be put back") == 1
    assert "EMERGENCY DUMP" not in caplog.text


def test_what_a_worker_leaves_is_put_back(hints, private_redis):
    """Hints that were not worked on are given back before all others, and Redis holds no copy meanwhile."""
    queue = hints.SimpleQueue("hints")
    for number in range(5):
        queue.put(number)
    taken = [queue.get(timeout=10) for _ in range(3)]
    with redis.Redis.from_url(private_redis.url) as client:
        assert not client.exists("unacked")
        assert client.llen("hints") == 2
        taken[0].channel.close()
        assert client.llen("hints") == 5
    with hints.clone() as other:
        again = other.SimpleQueue("hints")
        assert [again.get(timeout=10).payload for _ in range(5)] == [0, 1, 2, 3, 4]


def test_many_messages_share_a_client(hints):
    """A message costs no client of its own; after a reconnect there is a new one, with the new connections."""
    queue = hints.SimpleQueue("hints")
    for number in range(3):
        queue.put(number)
        queue.get(timeout=10).ack()
    channel = queue.channel
    first = channel._create_client()
    assert channel._create_client() is first
    channel._disconnect_pools()
    second = channel._create_client()
    assert second is not first
    assert second.ping()
