"""The whole service on real brokers: in which order requests reach the provider, and how much of the quota is used.

    python -m bench.limits_order                       the loads that the service is judged by
    python -m bench.limits_order --only "RPM 3"        one of them
    python -m bench.limits_order --latency 5           slower answers
    python -m bench.limits_order --quick               a dozen requests, to see that it runs

Everything runs as real processes on this machine: Apache Kafka, Redis, the stand-in for OpenAI with full buckets,
the bridge and the workers. The requests lie in the topic when the workers start. Tau is Kendall's between the topic's
order and that of the first user's starts; beside it, that in which the provider admitted them, after a network that
swaps what starts within `--jitter`. Used is what it admitted by the last of them, of a full bucket and its refill until
then; third is when the third call was admitted, after the first. A second line says of many users how long the requests
of those who came ten seconds later took at most, from the topic to the answer; or how many starts users with as much
were apart at most, after each tenth, and what share the first, perhaps weighted, had while it waited. Where calls under
way are limited it says how many were at most, and on average from the first grading's to the last one's start.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from bench.limits_simulation import kendalls_tau
from contract import REQUEST_KEY
from dev.kafka_server import ApacheKafka
from dev.openai_standin.journal import content_key
from dev.processes import running
from dev.redis_server import RedisServer
from dev.service import Names, Service, StandInServer, write_providers

DIGITS = ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять")
PLENTY = 10**9
VACANCY = "Инженер по данным: Python, PostgreSQL, Kafka, английский B2, опыт от трёх лет."


@dataclass(frozen=True)
class Load:
    """So many requests under these limits, by so many workers."""

    name: str
    rpm: int
    rpd: int
    tpm: int
    requests: int
    workers: int
    vacancies: int = 1  # each is asked for its criteria first, so with one nothing else starts before that answer
    users: int = 1  # who share these requests equally, and send one after the other
    others: int = 0  # users who send `OTHERS_SEND` each, `OTHERS_AFTER` seconds later
    weight: int = 1  # of the first user
    parallel: int = 0  # calls under way at once
    keys: int = 1  # of one model, each with these limits (`PROVIDER_MIX`); used is the least of theirs


LOADS = (
    Load("RPM 120", 120, PLENTY, PLENTY, 360, 1),
    Load("RPM 120", 120, PLENTY, PLENTY, 360, 4),
    Load("TPM 60,000", PLENTY, PLENTY, 60_000, 90, 4),
    Load("RPM 3, RPD 200", 3, 200, 40_000, 5, 1, vacancies=3),
    Load("one, then five", 120, PLENTY, PLENTY, 600, 4, others=5),
    Load("ten users", 120, PLENTY, PLENTY, 600, 4, users=10),
    Load("weights 3 to 1", 120, PLENTY, PLENTY, 600, 4, users=2, weight=3),
    Load("two keys", 60, PLENTY, PLENTY, 360, 4, keys=2),
    Load("10 at once", PLENTY, PLENTY, PLENTY, 400, 4, parallel=10),
)
OTHERS_SEND, OTHERS_AFTER = 6, 10.0


QUICK = (Load("RPM 600", 600, PLENTY, PLENTY, 12, 1, users=2),)


def resume(number: int) -> str:
    """A resume that no other request has, in words: digits may be taken for personal data."""
    return f"Пишу сервисы на Python. Проекты: {' '.join(DIGITS[int(digit)] for digit in str(number))}."


def measure(load: Load, kafka: ApacheKafka, folder: Path, settings: dict[str, object]) -> str:
    """Run one load, and say how it went in one line."""
    limits = {"RPM": str(load.rpm), "RPD": str(load.rpd), "TPM": str(load.tpm)}
    names = Names.new()
    with ExitStack() as stack:
        memory = stack.enter_context(running(RedisServer(folder / "redis")))
        names_of_logs = [f"standin-{number}" for number in range(load.keys)]
        standins = [
            stack.enter_context(running(StandInServer(folder, limits, log_name=name))) for name in names_of_logs
        ]
        urls = [standin.url for standin in standins]
        for url in urls:
            _control(url, "set", settings)
        service = stack.enter_context(
            Service(
                folder,
                kafka=kafka.bootstrap,
                redis_url=f"{memory.url}/1",
                standin_url=urls[0],
                names=names,
                settings={
                    **limits,
                    "USER_WEIGHTS": f"1={load.weight}",
                    "PARALLEL": str(load.parallel),
                    **(_several(folder, urls, limits) if load.keys > 1 else {}),
                },
            )
        )
        service.bridge()
        send(load, service)
        for number in range(load.workers):
            service.worker(name=f"worker-{number}", wait=False)
        sent_at = 0.0
        if load.others:
            wait(range(1), service, urls)
            time.sleep(OTHERS_AFTER)
            sent_at = time.monotonic()
            send(load, service, of_others=True)
        attempts = wait(range(load.requests + load.others * OTHERS_SEND), service, urls)
    return line(load, attempts) + shares(load, attempts, sent_at, float(str(settings["latency"])))


def _several(folder: Path, urls: list[str], limits: dict[str, str]) -> dict[str, str]:
    """The settings of several keys of one model."""
    named = {f"key-{number}": url for number, url in enumerate(urls)}
    in_each = "".join(f"{name.lower()} = {limit}\n" for name, limit in limits.items())
    file = write_providers(folder / "providers.toml", named, dict.fromkeys(named, "one"), in_each)
    return {"PROVIDERS": str(file), "PROVIDER_MIX": "on"}


def user_of(load: Load, number: int) -> int:
    """Who sends this request."""
    if number >= load.requests:
        return load.users + 1 + (number - load.requests) // OTHERS_SEND
    return 1 + number * load.users // load.requests


def send(load: Load, service: Service, *, of_others: bool = False) -> None:
    """Put the requests into the topic, in order."""
    producer = Producer({"bootstrap.servers": service.kafka})
    everybody = range(load.requests + load.others * OTHERS_SEND)
    for number in everybody[load.requests :] if of_others else everybody[: load.requests]:
        user = user_of(load, number)
        vacancy = user if load.others else number % load.vacancies
        body = {
            "callback_url": "https://platform.example/callback",
            "processing_id": number + 1,
            "user_id": user,
            "resume_id": number + 1,
            "requirements_id": vacancy + 1,
            "requirements": f"{VACANCY} Отдел {' '.join(DIGITS[int(digit)] for digit in str(vacancy))}.",
            "resume": resume(number),
        }
        producer.produce(service.names.requests, key=REQUEST_KEY, value=json.dumps(body).encode())
    producer.flush(30)


def wait(numbers: range, service: Service, urls: list[str]) -> list[dict[str, Any]]:
    """The providers' journals as one, once they have admitted all of them; `by` says whose an attempt is in."""
    keys = {content_key(resume(number)) for number in numbers}
    while True:
        service.check()
        time.sleep(1.0)
        found = [each | {"by": url} for url in urls for each in _control(url, "log")["attempts"]]
        attempts: list[dict[str, Any]] = sorted(found, key=lambda each: float(each["at"]))
        if keys <= {attempt["key"] for attempt in attempts if attempt["admitted"]}:
            return attempts


def line(load: Load, attempts: list[dict[str, Any]]) -> str:
    """What the journal says."""
    admitted = [attempt for attempt in attempts if attempt["admitted"]]
    began, ended = admitted[0]["at"], admitted[-1]["at"]
    minutes = (ended - began) / 60
    used = min(
        max(sum(each) / (load.tpm * (1 + minutes)), len(each) / (load.rpm * (1 + minutes)))
        for url in {attempt["by"] for attempt in attempts}
        for each in [[attempt["tokens"] for attempt in admitted if attempt["by"] == url]]
    )
    denials = sum(attempt["status"] == 429 for attempt in attempts)
    third = admitted[min(2, len(admitted) - 1)]["at"] - began
    started, reached = order(load, admitted, "sent"), order(load, admitted, "at")
    return (
        f"{load.name:16}{load.requests:>9}{load.workers:>8}{started:>8.3f}{reached:>10.3f}{used:>8.1%}{denials:>6}"
        f"{third:>8.1f} s{ended - began:>8.1f} s"
    )


def shares(load: Load, attempts: list[dict[str, Any]], sent_at: float, latency: float) -> str:
    """What the journal says of many users, or of calls under way; nothing of one user."""
    if load.parallel:
        calls = [(each["at"], each["ended"] or each["at"]) for each in attempts if each["asks"] == "grades"]
        began, ended = min(at for at, _ in calls), max(at for at, _ in calls)
        average = sum(min(end, ended) - at for at, end in calls) / (ended - began)
        most = max(each["under_way"] for each in attempts)
        return f"\n{'':16}under way: {most} at most, {average:.2f} on average"
    users = {content_key(resume(n)): user_of(load, n) for n in range(load.requests + load.others * OTHERS_SEND)}
    first = {each["key"]: each["sent"] for each in reversed(attempts) if each["admitted"] and each["key"] in users}
    starts = [(sent, users[key]) for key, sent in sorted(first.items(), key=lambda item: item[1])]
    if load.others:
        late = max(each["at"] for each in attempts if users.get(each["key"], 0) > load.users) + latency - sent_at
        return f"\n{'':16}the others are answered within {late:.1f} s"
    if load.users == 1:
        return ""
    all_of_one, apart = load.requests // load.users, 0
    for tenth in range(1, 11):
        had = Counter(user for _, user in starts[: tenth * load.requests // 10])
        if max(had.values()) < all_of_one:
            apart = max(apart, max(had.values()) - min(had[user] for user in range(1, load.users + 1)))
    until = next(n for n in range(len(starts), 0, -1) if Counter(user for _, user in starts[:n])[1] < all_of_one)
    share = sum(user == 1 for _, user in starts[:until]) / until
    return f"\n{'':16}apart by {apart} at most; the first has {share:.1%} while it waits"


def order(load: Load, admitted: list[dict[str, Any]], moment: str) -> float:
    """Kendall's tau between the topic's order and the first user's gradings, by `sent` or `at` of the journal."""
    places = {content_key(resume(number)): number for number in range(load.requests // load.users)}
    first = {attempt["key"]: attempt[moment] for attempt in reversed(admitted) if attempt["key"] in places}
    return kendalls_tau([float(places[key]) for key, _ in sorted(first.items(), key=lambda item: item[1])])


def _control(url: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{url}/standin/{path}", data, timeout=30) as response:  # noqa: S310
        return json.load(response)


def main() -> None:
    """Run the loads, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the beginning of a load's name, and its workers: `RPM 120/4`")
    parser.add_argument("--latency", type=float, default=2.0, help="seconds an answer takes")
    parser.add_argument("--jitter", type=float, default=0.05, help="seconds at most that the network adds, each way")
    parser.add_argument("--quick", action="store_true", help="a dozen requests, to see that it runs")
    options = parser.parse_args()
    settings: dict[str, object] = {"latency": options.latency, "jitter": options.jitter}
    print(
        f"{'':16}{'requests':>9}{'workers':>8}{'tau':>8}{'admitted':>10}{'used':>8}{'429s':>6}{'third':>10}{'all':>10}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name, running(ApacheKafka(Path(name) / "kafka")) as kafka:
        for number, load in enumerate(QUICK if options.quick else LOADS):
            wanted, _, workers = options.only.partition("/")
            if not load.name.startswith(wanted) or (workers and int(workers) != load.workers):
                continue
            folder = Path(name) / str(number)
            folder.mkdir()
            print(measure(load, kafka, folder, settings), flush=True)


if __name__ == "__main__":
    main()
