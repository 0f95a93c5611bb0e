"""Kills everything again and again under load, and looks for what was lost, doubled or torn.

    python -m tests.support.chaos                                            1,000 requests, a kill every 2 s
    python -m tests.support.chaos --redis-kills 5 --broker-restarts 2        ... while the brokers die too
    python -m tests.support.chaos --flushes 2                                ... and Redis forgets everything, twice
    python -m tests.support.chaos --rollbacks 2 --failovers 1             ... or the last 10 s, or what a replica missed
    python -m tests.support.chaos --freezes 2 --topic-limit 4000             ... Redis and Kafka freeze, topics shrink
    python -m tests.support.chaos --remakes 2 --cuts 2 --partitions 2     ... the input topic is made anew, cut, grows
    python -m tests.support.chaos --bad 0.05 --dead-letter-losses 2 --clock-backs 2
    python -m tests.support.chaos --rpm 200 --flushes 1 --rollbacks 1        ... while users wait for their turns
    python -m tests.support.chaos --kill-every 0 --poison 2 --exits 20       requests that kill whoever takes them
    python -m tests.support.chaos --stops --storm --disconnects 5 --faults 0.1
    python -m tests.support.chaos --requests 300 --fail-every 10             ... two providers, which fail in turns

Everything is real: Apache Kafka, Redis with its append-only file (with --failovers a primary, a replica and three
sentinels), bridges and workers as processes; only OpenAI is a stand-in. A small supervisor starts again what dies,
as a container engine would. The kills go on while requests are being sent; then all that is unfinished has to be
finished. What Kafka itself has lost, the sender sends again: to any partition.

Exit codes: 0 nothing was lost, doubled, torn or wrong, and nothing failed that was not meant to; 1 something was;
2 it could not be run.
"""

import argparse
import contextlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis
from rich.console import Console
from rich.table import Table

from contract import HEADER_PROCESSING_ID, REQUEST_KEY
from dev.kafka_server import CHECKOUT, ApacheKafka, why_no_apache_kafka
from dev.openai_standin.server import StandIn
from dev.processes import ChildProcess, ProcessFailedError, running
from dev.redis_sentinel import SentinelRedis
from dev.redis_server import RedisServer
from dev.service import write_providers
from tests.support.delivery_checker import Report, check
from tests.support.fleet import Fleet, scoring_request
from tests.support.outages import Outages
from tests.support.supervisor import Supervisor
from tests.support.topic_reader import TopicReader
from tests.support.ways import failing_in_turns, graders, unsigned

PARTITIONS = 3
ROUND = 0.05  # seconds
PATIENCE = 120.0  # seconds for what is unfinished when the last request was sent
STORM_EVERY = 7.0  # seconds
VACANCIES = 5  # where there are several providers: candidates of each are to be graded by one model
REPLICA_LAG = 3.0  # seconds that a promoted replica has missed
POISON = str(CHECKOUT / "tests" / "support" / "poison.py")

# What the stand-in does to a share of the calls: what it is, and how much of that share it takes.
FAULTS: dict[str, dict[str, object]] = {
    "status_500": {},
    "timeout": {"seconds": 6.0},
    "rate_limit": {"seconds": 1.0, "limit": 60_000},
    "reset": {},
    "garbage": {},
}
OPENAI_TIMEOUT = 4.0  # seconds beside the usual answer's, below the fault's


@dataclass(frozen=True)
class Plan:
    """What was asked for on the command line; seconds and counts."""

    requests: int
    rate: float
    repeat: float
    kill_every: float
    bridges: int
    workers: int
    lease: float
    latency: float
    redis_kills: int
    broker_restarts: int
    flushes: int
    disconnects: int
    rollbacks: int
    rollback_age: float
    failovers: int
    freezes: int
    freeze_seconds: float
    topic_limit: int
    poison: int
    exits: int
    stops: bool
    storm: bool
    faults: float
    remakes: int
    cuts: int
    partitions: int
    bad: float
    dead_letter_losses: int
    clock_backs: int
    rpm: int
    users: int
    fail_every: float
    seed: int
    folder: Path | None

    @property
    def sending(self) -> float:
        """Seconds for which requests are sent."""
        return self.requests / self.rate


class Chaos:
    """One run.

    Args:
        plan: what to do.
        fleet: has no processes yet.
        outages: of the brokers, which are running.
        say: told each event.
    """

    def __init__(self, plan: Plan, fleet: Fleet, outages: Outages, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._fleet = fleet
        self._outages = outages
        self._say = say
        self._chance = random.Random(plan.seed)  # chaos, no secret
        self._began = 0.0
        self._sent = 0
        self._partitions = PARTITIONS
        self.requests = [
            scoring_request(number) | {"user_id": 11 + number % plan.users} for number in range(1, plan.requests + 1)
        ]
        for request in self.requests if plan.fail_every else ():
            vacancy = request["processing_id"] % VACANCIES
            request["requirements_id"] += vacancy
            request["requirements"] += f"Отдел {'абвгд'[vacancy]}"
        chosen = self._chance.sample(range(1, plan.requests + 1), plan.poison + plan.exits)
        self.poison = sorted(chosen[: plan.poison])
        self._exits = sorted(chosen[plan.poison :])
        self.done: Counter[str] = Counter()

    def run(self) -> bool:
        """Do it all; False if something stayed unfinished."""
        self._fleet.create_topics()
        names = [f"bridge-{number}" for number in range(1, self._plan.bridges + 1)]
        names += [f"worker-{number}" for number in range(1, self._plan.workers + 1)]
        if self.poison or self._exits:
            self._say(f"whoever takes {self.poison} dies, and the first to take {self._exits}")
        self.supervisor = Supervisor(self._start, names)
        self._began = time.monotonic()
        events = self._events()
        with self._fleet.reader() as self._reader:
            reader = self._reader
            upcoming = next(events, None)
            while self._sent < len(self.requests):
                now = time.monotonic() - self._began
                while upcoming is not None and now >= upcoming[0]:
                    upcoming[1]()
                    upcoming = next(events, None)
                self._round(reader)
            self._say("all sent; no more kills")
            self._outages.join()
            self._fleet.flush()
            return self._finish(reader)

    def _start(self, name: str) -> ChildProcess:
        if name.startswith("bridge"):
            return self._fleet.bridge(name=name, wait=False)
        if not (self.poison or self._exits):
            return self._fleet.worker(name=name, wait=False)
        ids = (",".join(map(str, always_or_once)) for always_or_once in (self.poison, self._exits))
        return self._fleet.worker(name=name, wait=False, launcher=(POISON, str(self._fleet.folder), *ids))

    def _round(self, reader: TopicReader) -> None:
        now = time.monotonic()
        self.supervisor.look(now)
        while self._sent < min(len(self.requests), (now - self._began) * self._plan.rate):
            self._fleet.queue(self.requests[self._sent], partition=self._sent % self._partitions)
            if self._chance.random() < self._plan.bad:
                self._fleet.send_raw(REQUEST_KEY, b"{oops", partition=self._chance.randrange(self._partitions))
                self.done["unreadable messages sent"] += 1
            if self._chance.random() < self._plan.repeat:  # the sender's retry of an older one, anywhere
                again = self._chance.randint(max(0, self._sent - 100), self._sent)
                self._fleet.queue(self.requests[again], partition=self._chance.randrange(self._partitions))
                self.done["requests sent again"] += 1
            self._sent += 1
            if self._sent % 100 == 0:
                self._say(f"{self._sent} sent, {len(reader.records[self._fleet.names.notifications])} notified")
        reader.poll(ROUND)

    def _finish(self, reader: TopicReader) -> bool:
        deadline = time.monotonic() + PATIENCE * (5 if self._plan.fail_every else 1)  # a quota is tried after 300 s
        while time.monotonic() < deadline:
            self._round(reader)
            if len(reader.records[self._fleet.names.notifications]) >= len(self.requests):
                break
        # Repeated requests may still be in hand, and would be doubled now if they are at all.
        return self._fleet.drained(max(1.0, deadline - time.monotonic()))

    # --- events -----------------------------------------------------------------------------------------

    def _events(self) -> Iterator[tuple[float, Callable[[], None]]]:
        """When (in seconds from the start), what; in order."""
        plan, outages = self._plan, self._outages
        kinds: list[tuple[int, Callable[[], None]]] = [
            (int(plan.sending / plan.kill_every) if plan.kill_every else 0, self._kill_one),
            (plan.redis_kills, outages.kill_redis),
            (plan.broker_restarts, outages.restart_kafka),
            (plan.flushes, outages.empty_redis),
            (plan.disconnects, outages.disconnect_redis),
            (plan.freezes, lambda: outages.freeze_redis(plan.freeze_seconds)),
            (plan.freezes, lambda: outages.freeze_kafka(plan.freeze_seconds)),
            (int(plan.sending / (4 * plan.lease)) if plan.stops else 0, self._freeze_one),
            (int(plan.sending / STORM_EVERY) if plan.storm else 0, self._storm),
        ]
        at_random: list[tuple[int, Callable[[], None]]] = [
            (plan.remakes, self._remake_requests),
            (plan.cuts, self._cut_requests),
            (plan.partitions, self._add_partition),
            (plan.dead_letter_losses, outages.lose_dead_letters),
            (plan.clock_backs, self._set_clock_back),
        ]
        events = [(self._moment(number, count), what) for count, what in kinds for number in range(count)]
        events += [(self._chance.uniform(0, plan.sending), what) for count, what in at_random for _ in range(count)]
        for number in range(plan.rollbacks):
            # A moment later, so that rollbacks and failovers do not wait for each other.
            moment = self._moment(number + 0.25, plan.rollbacks)
            events.append((max(0.0, moment - plan.rollback_age), partial(outages.back_up_redis, number)))
            events.append((moment, partial(outages.roll_back_redis, number)))
        for number in range(plan.failovers):
            moment = self._moment(number, plan.failovers)
            events.append((max(0.0, moment - REPLICA_LAG), outages.hold_replica_back))
            events.append((moment, outages.fail_over))
        if plan.topic_limit:
            events.append((plan.sending / 3, lambda: outages.limit_topics(plan.topic_limit)))
            events.append((plan.sending * 2 / 3, lambda: outages.limit_topics(None)))
        return iter(sorted(events, key=lambda event: event[0]))

    def _moment(self, number: float, count: int) -> float:
        return self._plan.sending * (number + 0.5) / count

    def _kill_one(self) -> None:
        awake = self.supervisor.awake
        if awake:
            name = self._chance.choice(awake)
            self.supervisor.kill(name)
            self.done[f"{name.split('-')[0]} killed"] += 1

    def _freeze_one(self) -> None:
        awake = self.supervisor.awake
        if awake:
            name = self._chance.choice(awake)
            self.supervisor.freeze(name, time.monotonic() + 2 * self._plan.lease)
            self.done[f"{name.split('-')[0]} stopped for {2 * self._plan.lease:g} s"] += 1

    def _remake_requests(self) -> None:
        self._say("input topic removed and made again")
        self._fleet.remake_requests(self._partitions)
        self.done["input topic removed and made again"] += 1
        self._send_unanswered()

    def _cut_requests(self) -> None:
        self._say("input topic cut")
        self._fleet.cut_requests()
        self.done["input topic cut to nothing"] += 1
        self._send_unanswered()

    def _send_unanswered(self) -> None:
        """What the sender does who hears nothing: Kafka has those requests no more."""
        self._reader.poll(0)
        records = self._reader.records[self._fleet.names.notifications]
        answered = {int(record.header(HEADER_PROCESSING_ID) or -1) for record in records}
        for request in self.requests[: self._sent]:
            if request["processing_id"] not in answered:
                self._fleet.queue(request, partition=self._chance.randrange(self._partitions))
                self.done["requests sent again, lost by Kafka"] += 1

    def _add_partition(self) -> None:
        self._partitions += 1
        self._fleet.add_partition(self._partitions)
        self.done["partitions added"] += 1

    def _set_clock_back(self) -> None:
        """A worker dies at that very moment: nobody renews its claims."""
        awake = [name for name in self.supervisor.awake if name.startswith("worker")]
        if awake:
            self.supervisor.kill(awake[0])
            self.done["worker killed"] += 1
        self._outages.set_clock_back()

    def _storm(self) -> None:
        """A bridge comes, and goes again as soon as it is there."""
        extra = self._fleet.bridge(name="extra", wait=False)
        threading.Timer(STORM_EVERY / 2, extra.stop).start()
        self.done["bridge came and went"] += 1


def run(plan: Plan, screen: Console) -> int:
    """Start the brokers, make chaos, report; the exit code."""
    folder = plan.folder or Path(tempfile.mkdtemp(prefix="ai-handler-chaos-"))
    began = time.monotonic()

    def say(what: str) -> None:
        screen.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {what}", highlight=False)

    settings = {
        "LEASE_SECONDS": f"{plan.lease:g}",
        "OPENAI_TIMEOUT": f"{OPENAI_TIMEOUT + plan.latency:g}",
        "RPM": str(plan.rpm),
    }
    names = ("home", "abroad") if plan.fail_every else ("",)
    ample = {"rpm": plan.rpm, "rpd": 20_000_000, "tpm": 200_000_000, "latency": plan.latency, "seed": plan.seed}
    standins = {name: StandIn(**ample) for name in names}
    standin = standins[names[0]]
    with contextlib.ExitStack() as stack:
        memory: RedisServer | SentinelRedis
        if plan.failovers:
            memory = stack.enter_context(running(SentinelRedis(folder / "redis", sentinels=3)))
            settings |= memory.settings
        else:
            memory = stack.enter_context(running(RedisServer(folder / "redis")))
            settings["REDIS_URL"] = f"{memory.url}/1"
        kafka = stack.enter_context(running(ApacheKafka(folder / "kafka")))
        for each in standins.values():
            stack.enter_context(each)
        if plan.fail_every:
            urls = {name: each.url for name, each in standins.items()}
            limits = (
                f"rpm = {plan.rpm}\nrpd = 20_000_000\ntpm = 200_000_000\ntimeout = {OPENAI_TIMEOUT + plan.latency:g}"
            )
            models = {name: f"model-{name}" for name in names}
            settings["PROVIDERS"] = str(write_providers(folder / "providers.toml", urls, models, limits))
        for kind, details in FAULTS.items() if plan.faults else ():
            standin.fault(kind, share=plan.faults / len(FAULTS), **details)
        fleet = stack.enter_context(
            Fleet(
                folder / "logs",
                kafka=kafka.bootstrap,
                redis_url=settings["REDIS_URL"],
                standin_url=standin.url,
                partitions=PARTITIONS,
                settings=settings,
                forked=False,
            )
        )
        say(f"{plan.requests} requests, {plan.rate:g} a second; seed {plan.seed}; data and logs in {folder}")
        outages = Outages(memory, kafka, fleet, folder, say)
        chaos = Chaos(plan, fleet, outages, say)
        with (
            failing_in_turns(standins, plan.fail_every, plan.sending, say)
            if plan.fail_every
            else contextlib.nullcontext()
        ):
            finished = chaos.run()
        silent = []
        if plan.fail_every:
            primary = memory.primary if isinstance(memory, SentinelRedis) else memory
            with redis.Redis.from_url(f"{primary.url}/1") as store:
                vacancies = {each["processing_id"]: each["requirements_id"] for each in chaos.requests}
                silent = unsigned(store, vacancies)
                chaos.done.update(graders(store, vacancies))
        contents = fleet.contents()
        report = check(
            chaos.requests,
            inputs=contents["requests"],
            notifications=contents["notifications"],
            uploads=contents["uploads"],
            attempts=[attempt for each in standins.values() for attempt in each.attempts()],
        )
    # A spoilt call may fail for good; else only what kills its workers may.
    innocent = [] if plan.faults else sorted({*report.failed} - {*chaos.poison})
    done = chaos.done + outages.done + chaos.supervisor.deaths
    screen.print(table(report, done, innocent, finished=finished))
    if silent:
        screen.print(f"[red]graded by different models, and nobody is told[/]: vacancies {silent}")
    good = finished and report.clean and not innocent and not silent
    if good and plan.folder is None:
        shutil.rmtree(folder)
    return 0 if good else 1


def table(report: Report, done: Counter[str], innocent: list[int], *, finished: bool) -> Table:
    """What was done to the service, and what came of it."""
    rows = Table(title="Chaos", title_justify="left", title_style="bold")
    rows.add_column("what")
    rows.add_column("how many", justify="right")
    for what, times in sorted(done.items()):
        rows.add_row(what, str(times))
    rows.add_section()
    for what, how_many in report.rows():
        rows.add_row(what, how_many)
    if innocent:
        rows.add_row("[red]failed for no reason of their own[/]", str(innocent[:20]))
    if not finished:
        rows.add_row("[red]offsets left uncommitted[/]", "yes")
    return rows


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=5.0, help="requests a second")
    parser.add_argument("--repeat", type=float, default=0.05, help="share of requests that the sender sends again")
    parser.add_argument("--kill-every", type=float, default=2.0, help="seconds between SIGKILLs; 0: none")
    parser.add_argument("--bridges", type=int, default=2)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--lease", type=float, default=3.0, help="seconds, LEASE_SECONDS of the workers")
    parser.add_argument("--latency", type=float, default=0.03, help="seconds that the stand-in takes to answer")
    parser.add_argument("--redis-kills", type=int, default=0)
    parser.add_argument("--broker-restarts", type=int, default=0, help="the second of two is a SIGKILL")
    parser.add_argument("--flushes", type=int, default=0, help="times that Redis forgets everything")
    parser.add_argument("--disconnects", type=int, default=0, help="times that all connections of Redis are cut")
    parser.add_argument("--rollbacks", type=int, default=0, help="times that Redis gets older data back")
    parser.add_argument("--rollback-age", type=float, default=10.0, help="seconds, how much older")
    parser.add_argument(
        "--failovers", type=int, default=0, help=f"times that a replica {REPLICA_LAG:g} s behind is promoted"
    )
    parser.add_argument("--freezes", type=int, default=0, help="times that Redis is stopped and continued, and Kafka")
    parser.add_argument("--freeze-seconds", type=float, default=7.0, help="for so long")
    parser.add_argument(
        "--topic-limit", type=int, default=0, help="bytes, `max.message.bytes` in the middle third; 0: as it is"
    )
    parser.add_argument("--poison", type=int, default=0, help="requests that kill whoever takes them, each time")
    parser.add_argument("--exits", type=int, default=0, help="requests that kill the first that takes them")
    parser.add_argument("--stops", action="store_true", help="SIGSTOP for twice the lease, then SIGCONT")
    parser.add_argument("--storm", action="store_true", help="a bridge comes and goes all the time")
    parser.add_argument("--faults", type=float, default=0.0, help="share of calls that the stand-in spoils")
    parser.add_argument("--remakes", type=int, default=0, help="times that the input topic is removed and made again")
    parser.add_argument("--cuts", type=int, default=0, help="times that everything in the input topic is deleted")
    parser.add_argument("--partitions", type=int, default=0, help="that are added to the input topic")
    parser.add_argument("--bad", type=float, default=0.0, help="unreadable messages, for each request")
    parser.add_argument("--dead-letter-losses", type=int, default=0, help="times that the dead-letter topic is removed")
    parser.add_argument(
        "--clock-backs", type=int, default=0, help="times that Redis' clock goes back by an hour, as a worker dies"
    )
    parser.add_argument("--rpm", type=int, default=60_000, help="the provider's limit; a small one makes users wait")
    parser.add_argument("--users", type=int, default=4, help="who take turns")
    parser.add_argument(
        "--fail-every", type=float, default=0.0, help="seconds after which the other of two providers fails; 0: one"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--folder", type=Path, help="keep data and logs here")
    plan = Plan(**vars(parser.parse_args()))
    screen = Console(width=None if sys.stdout.isatty() else 110)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if reason := why_no_apache_kafka():
        screen.print(f"chaos needs Apache Kafka: {reason}")
        return 2
    try:
        return run(plan, screen)
    except ProcessFailedError as error:
        screen.print(f"[bold red]chaos could not be run:[/] {error}", highlight=False, soft_wrap=True)
        return 2


if __name__ == "__main__":
    sys.exit(main())
