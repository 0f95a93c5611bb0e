"""What a supervisor asks bridge and worker while Redis is away."""

from __future__ import annotations

import urllib.request

from dev.processes import free_port
from tests.support.fleet import scoring_request


def answer(port, path):
    """The status of a page."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as page:
        return page.status


def test_nobody_is_restarted_because_redis_is_away(make_fleet, private_redis, standin, eventually):
    """The pages that deploy/kubernetes probes for liveness answer with Redis dead, and work goes on when it is back."""
    bridge_port, worker_port = free_port(), free_port()
    fleet = make_fleet(
        redis_url=f"{private_redis.url}/1",
        BRIDGE_METRICS_PORT=str(bridge_port),
        WORKER_METRICS_PORT=str(worker_port),
        METRICS_HOST="127.0.0.1",
    )
    fleet.create_topics()
    bridge = fleet.bridge()
    worker = fleet.worker()
    fleet.send([scoring_request(1)])
    eventually(standin.attempts, "the model was asked")
    private_redis.kill()
    fleet.send([scoring_request(2)])
    eventually(lambda: "not ready: redis" in bridge.log_text(), "the bridge has noticed")
    assert answer(bridge_port, "/livez") == 200
    assert answer(worker_port, "/") == 200
    assert bridge.is_running
    assert worker.is_running
    private_redis.start()
    assert fleet.drained(60), fleet.logs()
