"""The fleet's gate on a real Redis: closed by one, closed for all."""

import pytest

from worker.errors import GateClosedError
from worker.gate import CLOSED_FOR, EXPLAINED, FleetGate

EACH = pytest.mark.parametrize("reason", CLOSED_FOR)


@pytest.fixture
def gate(redis_client):
    return FleetGate(redis_client)


@pytest.fixture
def others(redis_client):
    """The gate as another worker sees it."""
    return FleetGate(redis_client)


def pass_time(redis_client, reason):
    """Let the time be over for which the gate stays shut before somebody tries."""
    assert redis_client.delete(f"ai_handler:gate:{reason}:tried") == 1


def test_it_is_open_at_first(gate):
    """Nothing is held up where nothing went wrong."""
    assert gate.require("ours") is False
    assert gate.state() == {}


@EACH
def test_one_worker_closes_it_for_all(gate, others, reason):
    """What one worker learns keeps every worker from asking, at once, with a reason for operators."""
    gate.close(reason)
    with pytest.raises(GateClosedError) as caught:
        others.require("theirs")
    assert CLOSED_FOR[reason] - 5 < caught.value.seconds <= CLOSED_FOR[reason]
    assert caught.value.reason == f"{reason}: {EXPLAINED[reason]}"
    assert list(others.state()) == [reason]


@EACH
def test_after_its_time_one_request_tries(redis_client, gate, others, reason):
    """The fleet finds out by itself whether the reason is gone, with one request and not with all."""
    gate.close(reason)
    pass_time(redis_client, reason)
    assert gate.require("ours") is True
    with pytest.raises(GateClosedError) as caught:
        others.require("theirs")
    assert caught.value.seconds >= 1


@EACH
def test_an_answered_probe_opens_it_for_all(redis_client, gate, others, reason):
    """Once one request was answered, everybody goes on."""
    gate.close(reason)
    pass_time(redis_client, reason)
    gate.require("ours")
    gate.reopen()
    assert others.require("theirs") is False
    assert redis_client.keys() == []


@EACH
def test_a_refused_probe_closes_it_again(redis_client, gate, others, reason):
    """While the reason lasts, the next try is a whole wait away, and no more than that."""
    gate.close(reason)
    pass_time(redis_client, reason)
    gate.require("ours")
    gate.close(reason)
    with pytest.raises(GateClosedError) as caught:
        others.require("theirs")
    assert caught.value.seconds > CLOSED_FOR[reason] - 5
    pass_time(redis_client, reason)
    assert others.require("theirs") is True


def test_the_probe_may_wait_and_come_again(redis_client, gate, others):
    """The request that tries is not shut out by itself when it first has to wait for its turn."""
    gate.close("quota")
    pass_time(redis_client, "quota")
    assert gate.require("ours") is True
    assert gate.require("ours") is True
    with pytest.raises(GateClosedError):
        others.require("theirs")


def test_a_dead_probe_is_followed_by_another(redis_client, gate, others):
    """A probe whose worker was killed does not keep the gate closed for ever."""
    gate.close("quota")
    pass_time(redis_client, "quota")
    gate.require("ours")
    assert 0 < redis_client.ttl("ai_handler:gate:quota:probe") <= 60
    redis_client.delete("ai_handler:gate:quota:probe")
    assert others.require("theirs") is True


def test_every_reason_must_be_over(redis_client, gate):
    """Of two reasons the one that is over does not let requests past the other."""
    for over, lasting in (("region", "quota"), ("quota", "region")):
        gate.close(over)
        gate.close(lasting)
        pass_time(redis_client, over)
        with pytest.raises(GateClosedError, match=lasting):
            gate.require("ours")
        redis_client.flushdb()


@EACH
def test_it_is_logged_for_operators(caplog, gate, reason):
    """An error in the log says what to look at."""
    gate.close(reason)
    assert [(record.levelname, EXPLAINED[reason] in record.getMessage()) for record in caplog.records] == [
        ("ERROR", True)
    ]
