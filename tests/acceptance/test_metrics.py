"""What a scrape of real processes says: at once, and after a few requests."""

from __future__ import annotations

import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dev.metrics_table import declared
from dev.processes import free_port
from tests.support.fleet import scoring_request

SECRET = "СЕКРЕТНЫЙТЕКСТ"  # in every resume and vacancy
# Their labels are known with the first event only.
COME_LATER = {"ai_handler_bridge_refused_total", "ai_handler_bridge_topic_trouble"}
# They are there where there is a budget.
NOT_HERE = {"ai_handler_budget_usd"}


class Scrape:
    """One look at a process, as Prometheus takes it."""

    def __init__(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
            self.text = page.read().decode()
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    @property
    def names(self):
        return {name for name, _ in self.samples}

    def value(self, name, **labels):
        return self.samples.get((name, frozenset(labels.items())))


@pytest.fixture
def ports():
    return {"bridge": free_port(), "worker": free_port()}


def test_a_scrape_tells_the_state_at_once_and_the_work_afterwards(make_fleet, ports, eventually, standin):
    """An idle worker shows that its way out is open; afterwards latency, lag and money are there, and no text."""
    fleet = make_fleet(
        BRIDGE_METRICS_PORT=str(ports["bridge"]), WORKER_METRICS_PORT=str(ports["worker"]),
        OPENAI_MODEL="priced", OPENAI_PRICES="priced=0.40/0.10/1.60", EGRESS_CHECK="on",
        EGRESS_TRACE_URL=f"{standin.url}/cdn-cgi/trace",
    )  # fmt: skip
    fleet.worker()
    fleet.bridge()

    def worker():
        return Scrape(ports["worker"])

    eventually(
        lambda: worker().value("ai_handler_egress_open", provider="") == 1,
        "an idle worker knows where it would send from",
    )
    idle = worker()
    assert idle.value("ai_handler_redis_up") == 1
    assert idle.value("ai_handler_circuit_breaker_open", reason="quota") == 0
    assert idle.value("ai_handler_limiter_limit", bucket="rpm") == 60_000
    assert idle.value("ai_handler_outcomes_total", result="unavailable") == 0
    assert idle.value("ai_handler_threads") > 0
    assert idle.value("ai_handler_spent_today_usd") == 0

    fleet.send([scoring_request(number, aside=SECRET) for number in range(1, 6)])
    fleet.send_raw(b"new_request", b"{oops")
    fleet.flush()

    def bridge():
        return Scrape(ports["bridge"])

    eventually(
        lambda: bridge().value("ai_handler_bridge_published_total", result="scored") == 5, "all are published", 90
    )
    eventually(lambda: bridge().value("ai_handler_bridge_lag", partition="0") == 0, "nothing is left behind")
    oldest = "ai_handler_bridge_oldest_unfinished_seconds"
    eventually(lambda: bridge().value(oldest, partition="0") == 0, "nobody waits")
    busy, published = worker(), bridge()
    assert published.value("ai_handler_bridge_end_to_end_seconds_count") == 5
    assert 0 < published.value("ai_handler_bridge_end_to_end_seconds_sum") < 5 * 90
    assert published.value("ai_handler_bridge_dead_letters_total", reason="not_json") == 1
    assert busy.value("ai_handler_outcomes_total", result="scored") == 5
    assert busy.value("ai_handler_model_calls_total", provider="", result="answer") >= 2
    assert busy.value("ai_handler_tokens_total", provider="", model="priced", kind="prompt") > 0
    assert busy.value("ai_handler_spent_today_usd") == pytest.approx(
        busy.value("ai_handler_spent_usd_total", provider="", model="priced"), abs=1e-5
    )
    documented = {series for metrics in declared().values() for each in metrics for series in each.series}
    assert documented - COME_LATER - NOT_HERE <= busy.names | published.names
    assert SECRET not in busy.text + published.text
    assert "client.example" not in busy.text + published.text
