"""Celery's options that something else relies on."""

import runpy
import ssl
from pathlib import Path

import pytest

from contract import QUEUE_NAME

FILE = str(Path(__file__).parents[2] / "celeryconfig.py")


@pytest.fixture
def options(monkeypatch):
    """Reads celeryconfig.py as it would be with these environment variables."""

    def read(**environment):
        monkeypatch.setenv("OPENAI_KEY", "sk-fake")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(FILE)

    return read


def test_a_hint_outlives_its_worker(options):
    """What a worker has taken and not finished goes back, and it takes no more than it works on."""
    read = options()
    assert read["task_acks_late"] is True
    assert read["task_reject_on_worker_lost"] is True
    assert read["worker_prefetch_multiplier"] == 1


def test_a_waiting_request_is_not_delivered_again(options):
    """Else Celery over Redis would run what waits longer than its visibility timeout again and again."""
    assert options()["broker_transport_options"]["ack_emulation"] is False


def test_a_frozen_redis_hangs_nobody(options):
    """Reads and connects to the broker end by themselves."""
    transport = options()["broker_transport_options"]
    assert 0 < transport["socket_timeout"] <= 30
    assert 0 < transport["socket_connect_timeout"] <= 30
    assert transport["socket_keepalive"] is True


def test_tls_verifies_the_server(options):
    """Celery alone would take any certificate; without TLS it is told of none."""
    assert options(REDIS_TLS="on")["broker_use_ssl"]["ssl_cert_reqs"] is ssl.CERT_REQUIRED
    assert options(REDIS_TLS="off")["broker_use_ssl"] is None


def test_publishing_a_hint_does_not_wait_for_redis(options):
    """Kombu's own loop would hold the bridge for as long as Redis is away."""
    assert options()["broker_transport_options"]["max_retries"] == 1


def test_an_outage_of_redis_is_waited_out(options):
    """However long it takes, and without killing what runs."""
    read = options()
    assert read["broker_connection_max_retries"] is None
    assert read["broker_connection_retry_on_startup"] is True
    assert read["worker_cancel_long_running_tasks_on_connection_loss"] is False


@pytest.mark.parametrize("rpm", ["3", "20000", "0", ""])
def test_celerys_own_brake_delays_no_granted_start(options, rpm):
    """It is out of reach, whatever the limits: a brake that brakes lets one task a second through."""
    assert options(RPM=rpm)["task_annotations"] == {"*": {"rate_limit": "10000/s"}}


def test_only_our_queue_and_only_json(options):
    """A misspelt queue fails, and nobody can send the worker a pickle."""
    read = options()
    assert [queue.name for queue in read["task_queues"]] == [QUEUE_NAME] == [read["task_default_queue"]]
    assert read["task_create_missing_queues"] is False
    assert read["accept_content"] == ["json"]


def test_many_may_wait_for_the_network(options):
    """Threads, as many as the setting says, and nothing stored of their results."""
    read = options(WORKER_CONCURRENCY="7")
    assert (read["worker_pool"], read["worker_concurrency"]) == ("threads", 7)
    assert read["task_ignore_result"] is True


@pytest.mark.parametrize(
    ("rpm", "tpm", "calls"),
    [("3", "40000", 16), ("500", "2000000", 125), ("5000", "2000000", 181), ("30000", "150000000", 500)],
)
def test_calls_under_way_follow_the_limits(options, rpm, tpm, calls):
    """A paid tier is used to the full without anybody counting threads, and no worker takes more than a core bears."""
    assert options(RPM=rpm, TPM=tpm)["worker_concurrency"] == calls


def test_nobody_pays_for_events_that_nobody_hears(options):
    """Events begin when Flower asks for them, and the bridge sends none."""
    read = options()
    assert read["worker_send_task_events"] is False
    assert read["task_send_sent_event"] is False


def test_a_second_signal_ends_a_worker_softly(options):
    """Who cannot wait still leaves the tasks in hand some seconds, and their hints go back."""
    assert options()["worker_soft_shutdown_timeout"] > 0
