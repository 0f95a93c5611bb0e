"""Several providers that fail in turns, and whether the mix of their models is said."""

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import redis

from contract import decision_key
from dev.openai_standin.server import StandIn

# What a provider meets for a while: orders to its stand-in, in both directions.
FAULTS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "401": ({"kind": "invalid_key", "share": 1}, {}),
    "402": ({"kind": "payment_required", "share": 1}, {}),
    "503": ({"kind": "status_503", "share": 1}, {}),
    "frozen": ({"kind": "timeout", "share": 1, "seconds": 30.0}, {}),
    "country": ({}, {"country": "RU"}),
}


@contextlib.contextmanager
def failing_in_turns(
    standins: Mapping[str, StandIn], every: float, seconds: float, say: Callable[[str], None]
) -> Iterator[None]:
    """For `every` seconds one has a fault, then the next has another, for so many seconds; then all are well."""
    over = threading.Event()

    def go_on() -> None:
        turn, ends_at = 0, time.monotonic() + seconds
        while not over.is_set() and time.monotonic() < ends_at:
            name, standin = list(standins.items())[turn % len(standins)]
            kind = list(FAULTS)[turn % len(FAULTS)]
            fault, settings = FAULTS[kind]
            say(f"{name} meets {kind}")
            if fault:
                standin.fault(**fault)  # type: ignore[arg-type] # a kind, and its details
            standin.set(**settings)
            over.wait(every)
            standin.clear_faults()
            standin.set(country="NL")
            turn += 1

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def graders(store: redis.Redis, processing_ids: Iterable[int]) -> Counter[str]:
    """How many requests each provider graded, for a table."""
    kept = [json.loads(store.get(decision_key(processing_id)) or b"{}") for processing_id in processing_ids]
    return Counter(f"graded by {each['provider']}" for each in kept if "provider" in each)


def unsigned(store: redis.Redis, vacancies: Mapping[int, int]) -> list[int]:
    """Vacancies whose candidates were graded by different models, and of which no decision says so.

    Args:
        store: Redis.
        vacancies: by processing id.
    """
    models: dict[int, set[str]] = {}
    signed: set[int] = set()
    for processing_id, vacancy in vacancies.items():
        decision = json.loads(store.get(decision_key(processing_id)) or b"{}")
        if "model" in decision:
            models.setdefault(vacancy, set()).add(decision["model"])
            if "mixed" in decision["suspicions"]:
                signed.add(vacancy)
    return sorted(vacancy for vacancy, found in models.items() if len(found) > 1 and vacancy not in signed)
