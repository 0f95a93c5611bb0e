"""Crash exactly there, start again, look at the topics: nothing lost, nothing twice, nothing torn.

Each scenario is a service of its own: requests are sent, a process dies at the failpoint, Redis is emptied (in
some), the process is started again, and the sender sends everything once more. The scenarios run a few at a
time, since most of what each does is waiting for Kafka to notice that a bridge is dead.
"""

from __future__ import annotations

import contextlib
import dataclasses
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from dev.kafka_server import CHECKOUT
from dev.openai_standin.server import StandIn
from dev.processes import running
from dev.redis_server import RedisServer
from tests.support.delivery_checker import Report, check
from tests.support.fleet import Fleet, scoring_request

LAUNCHER = str(CHECKOUT / "tests" / "support" / "crash_at.py")
AT_ONCE = 8  # scenarios
REQUESTS = 4


@dataclasses.dataclass(frozen=True)
class Crash:
    """Where a process dies, and what is special about it.

    Attributes:
        meaning: one sentence.
        when: `before` or `after`.
        place: `module:Class.method`.
        call: of that method.
        emptied: Redis, between the crash and the new start.
        asked_again: how many calls of the model there may be beyond one a request.
    """

    meaning: str
    when: str
    place: str
    call: int = 1
    emptied: bool = False
    asked_again: range = range(1)

    @property
    def program(self):
        return self.place.split(".")[0]

    def __str__(self):
        return f"{self.when} {self.place.split(':')[1]} #{self.call}" + (" and Redis emptied" * self.emptied)


BRIDGE = [
    Crash("Nothing was read yet.", "after", "bridge.publisher:Publisher.open"),
    Crash("It dies while it learns what is finished.", "before", "bridge.marks:ProcessedMarks.catch_up"),
    Crash(
        "It has its partitions and their state, and took nothing.", "after", "bridge.partition:PartitionWork.recover"
    ),
    Crash("Requests are in its memory only.", "before", "bridge.request_store:RequestStore.dispatch"),
    Crash("Requests are dispatched, and nobody watches them.", "after", "bridge.request_store:RequestStore.dispatch"),
    Crash("It knows outcomes and has said nothing.", "before", "bridge.publisher:Publisher.publish", 2),
    Crash("A transaction is open and empty.", "before", "bridge.publisher:Publisher._produce_output"),
    Crash("One topic has its message, the other not.", "before", "bridge.publisher:Publisher._produce", 2),
    Crash("One of two outcomes is in the transaction.", "after", "bridge.publisher:Publisher._produce_output"),
    # The first commit of all is of where it begins.
    Crash("It has chosen where to begin, and not said so.", "before", "bridge.publisher:Publisher._commit"),
    Crash(
        "Both messages and the offsets are sent, and not committed.", "before", "bridge.publisher:Publisher._commit", 2
    ),
    Crash("Everything is committed, and Redis does not know.", "after", "bridge.publisher:Publisher._commit", 2),
    Crash("Everything is committed, and nothing is marked.", "before", "bridge.marks:ProcessedMarks.finish"),
    Crash("Everything is committed and marked.", "after", "bridge.marks:ProcessedMarks.finish"),
    Crash(
        "Committed, not marked, and Redis forgets all else.",
        "after",
        "bridge.publisher:Publisher._commit",
        2,
        emptied=True,
        asked_again=range(REQUESTS + 1),
    ),
    Crash(
        "Not committed, and the outcomes are gone with Redis.",
        "before",
        "bridge.publisher:Publisher._commit",
        2,
        emptied=True,
        asked_again=range(REQUESTS + 1),
    ),
    Crash(
        "Marked, and the marks are gone with Redis.",
        "after",
        "bridge.marks:ProcessedMarks.finish",
        emptied=True,
        asked_again=range(REQUESTS + 1),
    ),
]

WORKER = [
    Crash("It has the hint, and has not claimed.", "before", "worker.outcome_store:OutcomeStore.claim"),
    Crash("It has the claim, and has done nothing.", "after", "worker.outcome_store:OutcomeStore.claim"),
    Crash("It holds the right to ask, and a start time.", "after", "worker.limits.rate_limiter:RateLimiter.acquire"),
    Crash("It is about to ask.", "before", "worker.asking.openai_client:OpenAIClient.ask"),
    Crash(
        "It has a vacancy's criteria, and they die with it.", "after", "worker.asking.openai_client:OpenAIClient.ask"
    ),
    Crash(
        "It has the answer, and the answer dies with it: the one case that asks again.",
        "after",
        "worker.asking.openai_client:OpenAIClient.ask",
        2,  # the first is for the vacancy's criteria
        asked_again=range(1, 2),
    ),
    Crash("The answer is kept, the outcome is not.", "after", "worker.asking.result_cache:ResultCache.keep"),
    Crash("The outcome is made, and not stored.", "before", "worker.outcome_store:OutcomeStore.finish"),
    Crash("The outcome is stored, and the hint not acknowledged.", "after", "worker.outcome_store:OutcomeStore.finish"),
    Crash("It is about to park a request.", "before", "worker.leases:Lease.park"),
    Crash("The request is parked, and no countdown was sent.", "after", "worker.leases:Lease.park", 2),
]

CRASHES = BRIDGE + WORKER


@dataclasses.dataclass
class Result:
    """What a scenario ended with."""

    exit_code: int
    drained: bool
    report: Report
    logs: str


def play(crash, number, folder, kafka):
    """One scenario, from its start to its report."""
    requests = [scoring_request(10_000 * number + each) for each in range(REQUESTS)]
    settings = {
        # One request at a time in the worker, so that exactly one is in hand when it dies.
        "WORKER_CONCURRENCY": "2" if crash.program == "bridge" else "1",
    }
    with contextlib.ExitStack() as stack:
        memory = stack.enter_context(running(RedisServer(folder / "redis")))
        standin = stack.enter_context(StandIn(rpm=60_000, rpd=20_000_000, tpm=200_000_000, latency=0.02))
        fleet = stack.enter_context(
            Fleet(folder, kafka=kafka, redis_url=f"{memory.url}/1", standin_url=standin.url, settings=settings)
        )
        fleet.create_topics()
        fleet.send(requests)
        if crash.place.endswith("park"):
            standin.fault("status_500")
        exit_code = crash_and_restart(fleet, crash, memory)
        fleet.send(requests)  # the sender's retry
        drained = fleet.drained(60)
        contents = fleet.contents()
        report = check(
            requests,
            inputs=contents["requests"],
            notifications=contents["notifications"],
            uploads=contents["uploads"],
            attempts=standin.attempts(),
        )
        return Result(exit_code, drained, report, fleet.logs())


def crash_and_restart(fleet, crash, memory):
    """The exit code of the process that died at the failpoint."""
    waits = ("worker.app:SHORT_WAIT=0.1", "worker.app:RETRY_BASE=2")  # so that a fault parks its request
    launcher = (LAUNCHER, *waits, crash.when, crash.place, str(crash.call))
    start, other = (fleet.bridge, fleet.worker) if crash.program == "bridge" else (fleet.worker, fleet.bridge)
    other(wait=False)
    exit_code = start(launcher=launcher, wait=False).wait(60)
    if crash.emptied:
        with redis.Redis.from_url(memory.url) as client:
            client.flushall()
    start(name=f"{crash.program}-again", wait=False)
    return exit_code


@pytest.fixture(scope="module")
def results(request, tmp_path_factory, kafka):
    """The results of all scenarios that were asked for, as futures."""
    here = [item for item in request.session.items if item.module is request.module]
    chosen = dict.fromkeys(item.callspec.params["crash"] for item in here)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            crash: pool.submit(play, crash, number, tmp_path_factory.mktemp("crash"), kafka)
            for number, crash in enumerate(chosen, start=1)
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("crash", BRIDGE + WORKER, ids=str)
def test_a_crash_at_this_point_changes_nothing(results, crash):
    """Whoever dies there: every request ends once in both topics, and the model is not asked without need."""
    result = results[crash].result(150)
    assert result.exit_code == -signal.SIGKILL, f"it did not come to that point\n{result.logs[-5000:]}"
    assert result.drained, f"not all offsets were committed\n{result.logs[-5000:]}"
    assert result.report.clean, result.report.rows()
    assert result.report.failed == []
    assert result.report.asked[0] == 0
    again = sum((times - 1) * requests for times, requests in result.report.asked.items())
    assert again in crash.asked_again, result.report.asked
