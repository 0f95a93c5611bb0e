"""Tells the state of the service: one sentence first, then the figures behind it.

Exit codes: 0 healthy, 1 somebody should look or act.
"""

import argparse
import io
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache

import redis

from bridge.kafka import LIBRDKAFKA_LOG, make_reader
from bridge.status.collecting import from_kafka, from_redis
from bridge.status.figures import InRedis, Status
from bridge.status.terminal import CLEAR, lines
from bridge.status.verdict import alerts, judge
from bridge.status.wording import Language, tell
from config import Settings
from config.providers import read_providers
from contract import LIMITS_PREFIX, of_provider
from worker.limits.answers import Limits
from worker.limits.rate_limiter import RateLimiter

REDRAW_EVERY = 2.0  # seconds


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bridge status", add_help=False)
    parser.add_argument("--watch", action="store_true", help="look again every two seconds, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="for programs: the figures, one object a line")
    return parser


def run(options: argparse.Namespace, settings: Settings) -> int:
    LIBRDKAFKA_LOG.setLevel(logging.CRITICAL)  # the first sentence is ours
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an 8-bit terminal lacks signs that our sentences have
    look = make_look(settings)
    language = language_of(os.environ)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    try:
        while True:
            status = look()
            verdict = judge(status)
            if options.json:
                told = tell(status, language).sentence
                figures = {"sentence": told, "state": verdict.name, "mood": verdict.mood, "alerts": alerts(status)}
                print(json.dumps(figures | asdict(status)), flush=True)  # noqa: T201 # ASCII: any terminal, no orders to it
            else:
                shown = "\n".join(lines(tell(status, language), colour=colour))
                print((CLEAR if options.watch and sys.stdout.isatty() else "") + shown, flush=True)  # noqa: T201
            if not options.watch:
                return 0 if verdict.mood == "good" else 1
            time.sleep(REDRAW_EVERY)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # who reads has seen enough; Python's own flush at the end would fail once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def make_look(settings: Settings) -> Callable[[], Status]:
    """What collects the figures; its connections are kept. One caller at a time."""
    store = settings.redis_connection.client()
    providers = read_providers(settings)[0]
    snapshots = {name: _limiter(store, name, own).snapshot for name, own in providers.items()}
    reader = cache(lambda: make_reader(settings, settings.kafka_group_id))  # made when somebody looks

    def look() -> Status:
        found = from_redis(store, snapshots)
        bridges = found.bridges if isinstance(found, InRedis) else ()
        return Status(
            redis=found,
            kafka=from_kafka(reader(), settings.kafka_topic_for_ai_handler, bridges),
            redis_at=settings.redis_connection.where,
            kafka_at=settings.kafka_bootstrap_servers,
            priced=any(own.openai_price is not None for own in providers.values()),
            budget=sum(own.openai_budget for own in providers.values()),
            budgets={name: own.openai_budget for name, own in providers.items() if name},
        )

    return look


def _limiter(store: redis.Redis, name: str, settings: Settings) -> RateLimiter:
    limits = Limits(settings.rpm, settings.rpd, settings.tpm, settings.limits_to_find_out, settings.parallel)
    return RateLimiter(store, limits, burst=settings.limits_burst, prefix=of_provider(LIMITS_PREFIX, name))


def language_of(environment: Mapping[str, str]) -> Language:
    """Russian where the locale is (LC_ALL, else LC_MESSAGES, else LANG), English elsewhere."""
    chosen = next(filter(None, (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "ru" if chosen.lower().startswith("ru") else "en"
