"""`make demo`: the whole service on this machine, scoring sample resumes before one's eyes.

Redis, Kafka, the stand-in for OpenAI, the bridge and a worker run as separate processes, with their data and
logs in `.demo/`. With a real `OPENAI_KEY` in `.env` (and `MODE` not `TEST`) the real API is asked instead.

Exit codes: 0 every request was scored, 1 one was not (or something did not start), 130 Ctrl-C, 143 SIGTERM.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from rich.console import Console
from rich.markup import escape

from bridge.request_file import WrongRequest, requests_in
from config.files import UnreadableFileError, read_env_file
from contract import REQUEST_KEY
from dev.demo_faults import FAULTS, Fault
from dev.demo_providers import Loss
from dev.demo_results import Notification, Sample, result_table, summary
from dev.kafka_server import CHECKOUT, silent
from dev.local_service import LocalService, choose_kafka, local_service
from dev.openai_standin.families import NAMES, FamilyName
from dev.processes import ProcessFailedError
from dev.service import Service

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import FrameType

FOLDER = CHECKOUT / ".demo"
SAMPLES = Path(__file__).resolve().parent / "samples" / "requests.jsonl"
OWN = SAMPLES.with_name("request.json")  # one for people to copy and to change
PATIENCE = 90.0  # seconds beyond what the limits alone account for


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line and in the environment."""

    file: Path
    folder: Path
    stay: bool
    kafka: str  # "apache", "mock" or "" for what is at hand
    fault: str | None = None  # one of FAULTS
    family: FamilyName | None = None  # of the stand-in
    providers: int = 1  # with more the first dies in the middle


def read_samples(file: Path) -> list[Sample]:
    """The requests of a file, read as `python -m bridge send` reads it.

    Raises:
        SystemExit: it cannot be read, or holds something that is no request; the message says where and why.
    """
    try:
        written = requests_in(file.read_bytes())
    except OSError as error:
        raise SystemExit(f"demo: {file}: cannot be read: {error.strerror}") from None
    except WrongRequest as wrong:
        raise SystemExit(f"demo: {file}: {wrong}") from None
    return [
        Sample(
            each.request.processing_id,
            _first_line(each.request.resume),
            _first_line(each.request.requirements),
            each.value,
        )
        for each in written
    ]


def real_openai(env_file: Path) -> bool:
    """Whether `.env` has a key of one's own, and does not say that this is a test."""
    if not env_file.exists():
        return False
    try:
        own, example = read_env_file(env_file), read_env_file(env_file.with_name(".env.example"))
    except UnreadableFileError as error:
        raise SystemExit(f"demo: {error}") from None
    key = own.get("OPENAI_KEY")
    return bool(key) and key != example.get("OPENAI_KEY") and (own.get("MODE") or "").upper() != "TEST"


def limits_for(requests: int, providers: int = 1) -> dict[str, str]:
    """Limits under which one sees requests wait for their turn, and is done in about half a minute."""
    return {"RPM": str(max(20, 2 * requests) // providers), "RPD": "10000", "TPM": "400000"}


def run(options: Options, screen: Console) -> int:
    """Start, send, wait, show; the exit code."""
    samples = read_samples(options.file)
    is_real = options.family is None and options.providers == 1 and real_openai(CHECKOUT / ".env")
    limits = {} if is_real else limits_for(len(samples), options.providers) | _own_limits()
    screen.print("[bold]AI Handler[/]: resumes go in on Kafka, scores come out", highlight=False)
    screen.print(f"starting (data and logs: {_short(options.folder)})", highlight=False)
    with local_service(
        options.folder,
        kafka=choose_kafka(options.kafka, options.folder),
        limits=limits,
        standin=not is_real,
        manners=options.family,
        providers=options.providers,
        flower=options.stay,
        announce=lambda what: screen.print(f"  [dim]+[/] {what}", highlight=False),
    ) as local:
        fault = Fault(options.fault, local, screen) if options.fault and local.standin_url else None
        if options.fault and fault is None:
            screen.print("FAULT is for the stand-in: the real API is left alone")
        send(samples, local.service)
        if is_real:
            screen.print(f"\nrequests sent: {len(samples)}; the real API answers, at the limits of your .env")
        else:
            screen.print(
                f"\nrequests sent: {len(samples)}; the stand-in for OpenAI allows {limits['RPM']} a minute,"
                " those beyond have to wait"
            )
        loss = Loss(local, screen) if options.providers > 1 else None
        results = wait(samples, local.service, screen, is_real=is_real, fault=loss or fault)
        screen.print(result_table(samples, results))
        if loss is not None:
            loss.tell(results)
        look_around(local, screen, is_real=is_real)
        unscored = [sample for sample in samples if not results.get(sample.processing_id, {}).get("success")]
        screen.print("\n[bold]In short[/]")
        screen.print("\n".join(summary(samples, results)), highlight=False, markup=False)
        if unscored:
            screen.print(f"[bold red]{len(unscored)} of {len(samples)} have no score[/]; see the logs above")
        else:
            screen.print(f"all {len(samples)} scored; their messages are on Kafka for the other services")
        all_well = not options.stay or stay(local, screen)
    return 1 if unscored or not all_well else 0


def send(samples: list[Sample], service: Service) -> None:
    """Put the requests on the input topic, as the platform does."""
    producer = Producer({"bootstrap.servers": service.kafka, "log_level": 0}, logger=silent)
    for sample in samples:
        producer.produce(service.names.requests, key=REQUEST_KEY, value=sample.value)
    if producer.flush(30):
        raise ProcessFailedError("Kafka did not take the requests in 30 s")


def wait(
    samples: list[Sample], service: Service, screen: Console, *, is_real: bool, fault: Fault | Loss | None = None
) -> dict[int, Notification]:
    """Notifications by processing id: all of them, or those that came before patience ran out."""
    labels = {sample.processing_id: sample.candidate for sample in samples}
    results: dict[int, Notification] = {}
    started = heard = time.monotonic()
    patience = PATIENCE if not is_real and fault is None else 2 * PATIENCE
    with contextlib.closing(_messages(service.kafka, service.names.notifications)) as messages:
        while len(results) < len(samples) and time.monotonic() - heard < patience:
            service.check()
            if fault is not None:
                fault.go_on(len(results))
            notification = next(messages)
            processing_id = notification and notification["response"]["processing_id"]
            if not notification or processing_id in results or processing_id not in labels:
                continue
            results[processing_id] = notification
            heard = time.monotonic()
            response = notification["response"]
            said = (
                f"{response['score']:>3}  {response['verdict']}"
                if notification["success"]
                else f"  –  {notification['message_error']}"
            )
            screen.print(
                f"  [dim]{heard - started:5.1f} s  {len(results):>2}/{len(samples)}[/]  {escape(said):<19}"
                f"  {escape(labels[processing_id])}",
                highlight=False,
            )
    return results


def look_around(local: LocalService, screen: Console, *, is_real: bool) -> None:
    """Say where everything is to be seen."""
    service, names = local.service, local.service.names
    lines = [*_learned(service.folder), "", "[bold]Look around[/]"]
    lines += [f"  log of {process.name:<8} {_short(process.log_file)}" for process in service.processes]
    lines += [f"  all in one      {_short(service.folder / 'auth_service.log')}"]
    if local.flower_port is None:
        lines += ["  keep it running, with Flower:  make demo STAY=1"]
    else:
        lines += [
            f"  the state       http://127.0.0.1:{local.page_port}  (or: python -m bridge status)",
            f"  Flower          http://127.0.0.1:{local.flower_port}",
            f"  Kafka           {service.kafka}",
            f"  its topics      {names.requests}, {names.notifications}, {names.uploads}",
            f"  Redis           {service.redis_url}",
        ]
        if not is_real:
            command = f"ENV_FILE={_short(service.folder / 'env')} {_short(Path(sys.executable))} -m bridge send"
            lines += [
                "",
                "[bold]Send one more[/], from another terminal; a file of your own does as well:",
                f"  {command} {_short(OWN)} --processing-id 7001",
                "",
            ]
    lines += [f"  your own request:  cp {_short(OWN)} mine.json; make demo FILE=mine.json"]
    if not is_real:
        lines += ["  the real OpenAI:  put OPENAI_KEY into .env  (cp .env.example .env)"]
    screen.print("\n".join(lines), highlight=False, soft_wrap=True)


def _learned(folder: Path) -> list[str]:
    """What the worker found out of the model, if it had to."""
    log = (folder / "worker.log").read_text(errors="replace")
    told = [line.partition("learned what this model takes ")[2] for line in log.splitlines()]
    lessons = [f"  {escape(one)}" for one in told if one]
    return ["", "[bold]Learned of the model[/], each by one call that it did not take", *lessons] if lessons else []


def stay(local: LocalService, screen: Console) -> bool:
    """Until a signal ends it; whether all parts ran until then. One that died is told, and the rest keeps running."""
    screen.print("\nall of it keeps running; Ctrl-C ends it")
    died: set[str] = set()
    with contextlib.suppress(SystemExit):  # here, a signal is the way out and no failure
        while True:
            for name in sorted(set(local.ended()) - died):
                screen.print(
                    f"[bold red]{name} has ended[/], its log says why; the rest keeps running", highlight=False
                )
                died.add(name)
            time.sleep(0.5)
    return not died


def main() -> int:
    """Parse the command line, make sure that nothing survives, run."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, default=SAMPLES, help="your own: one JSON object, or one a line")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for data and logs; emptied at the start")
    parser.add_argument("--stay", action="store_true", help="keep everything running until Ctrl-C")
    parser.add_argument("--fault", choices=FAULTS, help="what the stand-in meets at first, to see what follows")
    parser.add_argument("--family", choices=NAMES, help="the stand-in refuses, wraps and counts as these models do")
    parser.add_argument("--providers", type=int, choices=(1, 2), default=1, help="2: the first dies in the middle")
    arguments = parser.parse_args()
    wanted = os.environ.get("DEMO_KAFKA", "")
    if wanted not in ("", "apache", "mock"):
        parser.error("DEMO_KAFKA must be apache or mock")
    options = Options(
        arguments.file,
        arguments.folder.resolve(),
        arguments.stay,
        wanted,
        arguments.fault,
        arguments.family,
        arguments.providers,
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    screen = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120)
    try:
        with _emptied(options.folder):
            return run(options, screen)
    except ProcessFailedError as error:
        screen.print(f"[bold red]demo failed:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        return 128 + _signals[0] if _signals else 1


_signals: list[int] = []  # that came: whoever ended it is no failure of a part that was ending


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    _signals.append(number)
    raise SystemExit(128 + number)


@contextlib.contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """Empty the folder and lock it: a second demo would delete the first one's brokers."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "demo.lock"
    if not mark.exists() and any(folder.iterdir()):
        raise ProcessFailedError(f"{folder} is not empty, and no demo made it")
    with mark.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ProcessFailedError(f"another demo is running in {folder}") from None
        for old in folder.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
            elif old != mark:
                old.unlink()
        yield


def _messages(bootstrap: str, topic: str) -> Generator[Notification | None]:
    """What is and what arrives on a topic, and None whenever nothing did for half a second."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "demo",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 20,
            "log_level": 0,
        },
        logger=silent,
    )
    try:
        # The topic appears with the first notification where brokers make topics by themselves.
        while not (found := consumer.list_topics(topic, timeout=10).topics[topic].partitions):
            time.sleep(0.1)
            yield None
        # Without joining a group, which takes seconds: nobody else reads along.
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in found])
        while True:
            message = consumer.poll(0.5)
            if message is None or message.error():
                yield None
            else:
                yield json.loads(message.value() or b"{}")
    finally:
        consumer.close()


def _own_limits() -> dict[str, str]:
    return {name: os.environ[name] for name in ("RPM", "RPD", "TPM") if os.environ.get(name)}


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "(blank)")
    return line if len(line) <= 60 else f"{line[:59]}…"


def _short(path: Path) -> Path:
    return path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path


if __name__ == "__main__":
    sys.exit(main())
