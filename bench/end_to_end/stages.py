"""Runs the bridge or a worker, and notes where its CPU went: `python -m bench.end_to_end.stages FILE MODULE ...`.

Each stage is a function of the service whose calls are counted and whose CPU time (of its thread) is added up, without
that of the stages inside it. What no stage covers is told by thread: Celery's own loop and pool, the SDK's event loop.
"""

import contextlib
import functools
import importlib
import json
import runpy
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

STAGES: dict[str, list[str]] = {
    "text: redact and read": ["worker.scoring:read_resume", "worker.scoring:read_vacancy"],
    "text: prompt": ["worker.asking.questions:criteria_messages", "worker.asking.questions:grading_messages"],
    "text: parse the answer": ["worker.asking.questions:parse_grading", "worker.asking.questions:parse_criteria"],
    "text: judge and explain": ["worker.scoring:judge", "worker.scoring:Scoring._explain"],
    "tokens": ["worker.asking.openai_client:OpenAIClient.tokens"],
    "Redis: claim, request": ["worker.outcome_store:OutcomeStore.claim"],
    "Redis: outcome": ["worker.outcome_store:OutcomeStore.finish"],
    "Redis: answers, single flight": [
        "worker.asking.result_cache:ResultCache.look",
        "worker.asking.result_cache:ResultCache.keep",
        "worker.leases:Leases.let_go",
    ],
    "Redis: circuit breaker": ["worker.asking.circuit_breaker:CircuitBreaker.require"],
    "Redis: limiter": [
        "worker.limits.rate_limiter:RateLimiter.acquire",
        "worker.limits.rate_limiter:RateLimiter.settle",
    ],
    "call of the model (this thread's part)": ["worker.asking.openai_client:OpenAIClient.ask"],
    "logs": ["logging:Logger.callHandlers"],
    "Celery's events": ["celery.events.dispatcher:EventDispatcher.send"],
    "the task around it all": ["worker.scoring:Scoring.run"],
    "bridge: take": ["bridge.partition:PartitionWork.take"],
    "bridge: dispatch": ["bridge.request_store:RequestStore.dispatch"],
    "bridge: outcomes, states": [
        "bridge.request_store:RequestStore.states",
    ],
    "bridge: transaction": ["bridge.publisher:Publisher.publish"],
}

_spent: dict[str, float] = defaultdict(float)
_calls: dict[str, float] = defaultdict(float)
_inner = threading.local()


def _timed(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*arguments: Any, **keywords: Any) -> Any:
        outer = getattr(_inner, "seconds", 0.0)
        _inner.seconds = 0.0
        start = time.thread_time()
        try:
            return function(*arguments, **keywords)
        finally:
            whole = time.thread_time() - start
            _spent[stage] += whole - _inner.seconds
            _calls[stage] += 1
            _inner.seconds = outer + whole

    return run


def _watch(module: str) -> None:
    of = "bridge" if module == "bridge" else "worker"
    for stage, functions in STAGES.items():
        for path in functions:
            name, _, attribute = path.partition(":")
            if name.partition(".")[0] in {"bridge", "worker"} - {of}:
                continue
            owner: Any = importlib.import_module(name)
            *classes, last = attribute.split(".")
            for each in classes:
                owner = getattr(owner, each)
            if hasattr(owner, last):
                setattr(owner, last, _timed(stage, getattr(owner, last)))
            else:
                print(f"no such stage: {path}", file=sys.stderr)


def _threads() -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    for thread in threading.enumerate():
        if thread.ident is not None:
            with contextlib.suppress(OSError):  # it has just ended
                name = thread.name.rstrip("0123456789").rstrip("-_")
                spent[name] += time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
    return spent


def main() -> None:
    file, module = Path(sys.argv[1]), sys.argv[2]
    sys.path.insert(0, str(Path.cwd()))
    _watch(module)

    def note(*_: object) -> None:
        partial = file.with_suffix(".partial")
        partial.write_text(
            json.dumps({"stages": _spent, "calls": _calls, "threads": _threads(), "process": time.process_time()})
        )
        partial.rename(file)  # whoever waits for it never sees half of it

    signal.signal(signal.SIGRTMIN, note)
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
