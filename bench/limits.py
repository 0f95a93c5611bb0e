"""How much of the provider's quota is used, how often it says 429, and in which order requests start.

    python -m bench.limits                 this limiter and others, 1, 4 and 8 worker processes
    python -m bench.limits --quick         this limiter alone, shorter
    python -m bench.limits --virtual       this limiter in virtual time: ten minutes of realistic limits
    python -m bench.limits --acquire       what one acquire costs, beside a script that does nothing
    python -m bench.limits --memory        what 10, 100 and 10,000 waiting requests cost Redis

The provider is the stand-in, which enforces the limits itself and delays every request by a random time on the
way in and on the way out. Its buckets begin nearly empty (0.2 seconds of refill), the window is counted on its own
clock. No limiter is told how full they are, as after a restart: the others take their own for full, ours does
not. Others come from bench/requirements.txt; missing ones are skipped.

bench.limits_peers compares with more of them in virtual time, bench.limits_order runs the whole service.
"""

from __future__ import annotations

import argparse
import bisect
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from bench import limits_costs, limits_virtual
from bench.limits_pacers import PACERS, Setup, missing_package, now
from bench.limits_worker import Orders, Report
from dev.openai_standin.buckets import WINDOWS
from dev.processes import ChildProcess, free_port
from dev.redis_server import RedisServer
from worker.limits.answers import Limits

JITTER = 0.25
LATENCY = 0.05
# What the limiter is told: a machine that runs eight workers and the provider too adds to the network's jitter.
ASSUMED_JITTER = 0.4
WAITING = 96
BEGIN = 0.2  # the buckets begin with as much as refills in this time
LEAD = 4.0
PLENTY = 10**9


@dataclass(frozen=True)
class Load:
    """A kind of traffic: which bucket is scarce, and how many tokens requests take."""

    name: str
    limits: Limits
    sizes: list[int]

    @property
    def large(self) -> int:
        """From so many tokens on a request counts as large."""
        return max(self.sizes)


LOADS = (
    Load("RPM-bound", Limits(rpm=3000, rpd=PLENTY, tpm=PLENTY), [300]),
    Load("TPM-bound", Limits(rpm=PLENTY, rpd=PLENTY, tpm=6_000_000), [500, 1000, 2000, 4000, 2000, 1000, 20_000]),
)


@dataclass(frozen=True)
class Result:
    """One line of the table; `wait` is the longest wait of a large request in seconds."""

    share: float
    denials: int
    tau: float
    round_trips: float
    wait: float


class StandInProcess:
    """The stand-in in a process of its own."""

    def __init__(self, folder: Path, load: Load) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        limits = {"--rpm": load.limits.rpm, "--rpd": load.limits.rpd, "--tpm": load.limits.tpm}
        options = {**limits, "--port": port, "--latency": LATENCY, "--jitter": JITTER}
        arguments = [str(part) for option in options.items() for part in option]
        command = [sys.executable, "-m", "dev.openai_standin", *arguments]
        self.process = ChildProcess("stand-in", command, log_file=folder / "standin.log")
        self.process.start()
        self.process.wait_ready(self._answers, timeout=20)

    def _answers(self) -> bool:
        try:
            return bool(self.control("state"))
        except OSError:
            return False

    def control(self, path: str, body: object = None) -> Any:
        """Call the stand-in's control API: GET without a body, else POST."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/standin/{path}", data, timeout=30) as response:  # noqa: S310
            return json.load(response)


def kendalls_tau(keys: list[float]) -> float:
    """How far values that should ascend do: 1 in order, 0 no order, -1 backwards."""
    seen: list[float] = []
    inversions = 0
    for key in keys:
        inversions += len(seen) - bisect.bisect_right(seen, key)
        bisect.insort(seen, key)
    pairs = len(keys) * (len(keys) - 1) / 2
    return 1 - 2 * inversions / pairs if pairs else 1.0


def measure(pacer: str, load: Load, workers: int, seconds: float, store: RedisServer) -> Result:
    """Run one pacer under one load."""
    with redis.Redis.from_url(store.url) as client:
        client.flushall()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        standin = StandInProcess(folder, load)
        setup = Setup(f"{store.url}/0", load.limits, workers, ASSUMED_JITTER, statistics.mean(load.sizes))
        begin = now() + LEAD
        processes = []
        for number in range(workers):
            orders = Orders(
                number=number,
                pacer=pacer,
                setup=setup,
                provider_url=standin.url,
                begin=begin,
                end=begin + seconds + 0.5,
                waiting=WAITING // workers,
                sizes=load.sizes,
                report=str(folder / f"report-{number}"),
            )
            command = [sys.executable, "-m", "bench.limits_worker", orders.written()]
            worker = ChildProcess(f"worker {number}", command, log_file=folder / f"worker-{number}.log")
            worker.start()
            processes.append(worker)
        time.sleep(max(0.0, begin - now() - 0.02))
        nearly_all = 1 - BEGIN / WINDOWS["rpm"]
        used = {"rpm": load.limits.rpm * nearly_all, "tpm": load.limits.tpm * nearly_all}
        standin.control("set", {"used": used})
        for worker in processes:
            if worker.wait(seconds + 30) != 0:
                raise RuntimeError(worker.log_tail())
        attempts = standin.control("log")["attempts"]
        standin.process.stop()
        reports = [Report(**json.loads((folder / f"report-{n}").read_text())) for n in range(workers)]
    return summary(load, reports, attempts, begin, seconds)


def summary(load: Load, reports: list[Report], attempts: list[dict[str, Any]], begin: float, seconds: float) -> Result:
    """One line of the table from what workers and stand-in wrote down."""
    inside = [attempt for attempt in attempts if begin <= attempt["at"] < begin + seconds]
    admitted = [attempt for attempt in inside if attempt["admitted"]]
    shares = (
        len(admitted) / (load.limits.rpm / 60 * (seconds + BEGIN)),
        sum(attempt["tokens"] for attempt in admitted) / (load.limits.tpm / 60 * (seconds + BEGIN)),
    )
    started = sorted((sent, asked) for report in reports for asked, sent, _ in report.started)
    waits = [sent - asked for report in reports for asked, sent, tokens in report.started if tokens >= load.large]
    return Result(
        share=max(shares),
        denials=sum(attempt["status"] == 429 for attempt in inside),
        tau=kendalls_tau([asked for _, asked in started]),
        round_trips=sum(report.round_trips for report in reports) / max(1, len(admitted)),
        wait=max(waits, default=0.0),
    )


def compare(pacers: list[str], workers: list[int], seconds: float) -> None:
    """Run everything and print the table line by line."""
    print(f"{seconds:g} s a run, jitter up to {JITTER} s each way, {WAITING} requests waiting all the time")
    print("share: of what the provider's buckets held and refilled. trips: to Redis, per admitted request.")
    print(f"{'':11}{'limiter':23}{'workers':>8}{'share':>9}{'429s':>7}{'tau':>8}{'trips':>8}{'large waits':>13}")
    with tempfile.TemporaryDirectory() as name:
        store = RedisServer(Path(name))
        store.start()
        for load in LOADS:
            for pacer in pacers:
                if package := missing_package(pacer):
                    print(f"{load.name:11}{pacer:23} skipped: {package} is not installed")
                    continue
                for count in workers if pacer != "aiolimiter" else [1]:
                    result = measure(pacer, load, count, seconds, store)
                    print(
                        f"{load.name:11}{pacer:23}{count:>8}{result.share:>9.1%}{result.denials:>7}"
                        f"{result.tau:>8.3f}{result.round_trips:>8.1f}{result.wait:>11.1f} s",
                        flush=True,
                    )
        store.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="length of one run")
    parser.add_argument("--workers", default="1,4,8", help="numbers of worker processes")
    parser.add_argument("--only", choices=list(PACERS), help="measure this one alone")
    for other in ("quick", "virtual", "acquire", "memory"):
        parser.add_argument(f"--{other}", action="store_true")
    chosen = parser.parse_args()
    if chosen.acquire:
        limits_costs.print_acquire()
    elif chosen.memory:
        limits_costs.print_memory()
    elif chosen.virtual:
        limits_virtual.print_table()
    elif chosen.quick:
        compare(["this limiter"], [1, 4], 10.0)
    else:
        pacers = [chosen.only] if chosen.only else list(PACERS)
        compare(pacers, [int(count) for count in chosen.workers.split(",")], chosen.seconds)


if __name__ == "__main__":
    main()
