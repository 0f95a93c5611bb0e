"""Several workers on one host, started as the README says, without a name."""

from __future__ import annotations

import pytest
from celery import Celery


@pytest.fixture
def answering(make_fleet, redis_url, eventually):
    """Starts workers with these further arguments; the nodes that answer."""

    def start(*arguments):
        fleet = make_fleet()
        workers = [fleet.celery("worker", *more, name=f"worker-{number}") for number, more in enumerate(arguments)]
        for worker in workers:
            worker.wait_ready(lambda worker=worker: " ready." in worker.log_text(), timeout=60)
        with Celery("operator", broker=redis_url, set_as_current=False) as operator:
            nodes = set()

            def all_answer():
                nodes.update(operator.control.inspect(timeout=1).ping() or {})
                return len(nodes) >= len(workers)

            eventually(all_answer, "every worker answers under a name of its own")
        return [worker.pid for worker in workers], nodes

    return start


def test_workers_without_a_name_have_one_each(answering):
    """Flower and `inspect` tell two workers of one host apart, by their process ids."""
    pids, nodes = answering((), ())
    assert {node.split("@")[0] for node in nodes} == {f"celery-{pid}" for pid in pids}


def test_a_given_name_is_kept(answering):
    """`-n` is the operator's word."""
    _, nodes = answering(("-n", "mine@here"))
    assert nodes == {"mine@here"}
