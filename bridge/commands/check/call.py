"""Makes one small call of the model, by the way of every other: `python -m bridge check --call`.

The criteria of a vacancy of two lines are asked for, past limits, exit and circuit breaker and with what the fleet has
learned of the model; what is learned on the way stays learned. It says what the endpoint takes, what it answered, and
how it counts.
"""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import redis

from bridge.commands.check.finding import Finding, note, ok, wrong
from config import Settings
from worker.app import make_scoring
from worker.asking.circuit_breaker import EXPLAINED
from worker.asking.money.prices import Price
from worker.errors import CallError, FailedError
from worker.limits.tokens import count_tokens
from worker.ports import Answer, Call, Model, Way
from worker.scoring import Scoring

PATIENCE = 120.0  # seconds for limits, and for a provider that is away
LATEST_ERROR = 200  # characters
FAR_OFF = 0.15  # the part by which the endpoint's count of tokens may differ from ours without a remark


@dataclass(eq=False, repr=False)
class WatchedModel:
    """Asks another model, and remembers how it went."""

    model: Model
    errors: list[CallError] = field(default_factory=list)
    counted: int = 0  # tokens of the answered call by our own count,
    schema: int = 0  # and of its schema
    seconds: float = 0.0  # that it took
    answer: Answer | None = None

    def tokens(self, call: Call) -> int:
        return self.model.tokens(call)

    def ask(self, call: Call) -> Answer:
        started = time.monotonic()
        try:
            self.answer = self.model.ask(call)
        except CallError as error:
            self.errors.append(error)
            raise
        self.seconds = time.monotonic() - started
        self.counted = self.model.tokens(call) - call.max_output_tokens
        self.schema = count_tokens(json.dumps(call.response_format, ensure_ascii=False))
        return self.answer


def look_at_a_call(settings: Settings, name: str = "") -> Iterator[Finding]:
    """One finding if the model of this provider gives no usable answer, else one for each thing that matters."""
    watched: list[WatchedModel] = []

    def watch(model: Model) -> Model:
        watched.append(WatchedModel(model))
        return watched[0]

    with ExitStack() as opened:
        try:
            scoring = make_scoring(settings, opened, around=watch, providers={name: settings})
            yield from _ask(settings, scoring, watched[0])
        except redis.RedisError as error:
            yield wrong("call", f"Redis: {error}", "without Redis nothing is asked: see above")


def _ask(settings: Settings, scoring: Scoring, model: WatchedModel) -> Iterator[Finding]:
    # Its first line is new each time: a known answer would say nothing.
    vacancy = f"Вакансия {secrets.randbelow(10**6)}: разработчик\nТребования:\n- Python от 3 лет\n- PostgreSQL"
    try:
        criteria = scoring.criteria_of_text(vacancy, patience=PATIENCE)
    except FailedError as error:
        yield _failed(error, scoring.ports.ways[0], model)
        return
    yield ok("call", f"{settings.openai_model} answered in {model.seconds:.1f} s: {len(criteria.items)} of 2 criteria")
    yield from _taken(scoring.ports.ways[0], model)
    if model.answer is not None:
        yield from _counted(settings, model.answer, model)


def _failed(error: FailedError, way: Way, model: WatchedModel) -> Finding:
    said = str(model.errors[-1])[:LATEST_ERROR] if model.errors else "nothing was sent"
    if reasons := way.breaker.state():
        advice = "; ".join(EXPLAINED[reason] for reason in reasons)
        return wrong("call", f"{said}; the circuit breaker is open: {', '.join(reasons)}", advice)
    said += f" ({error.failure.name}), within {PATIENCE:g} s"
    return wrong("call", said, "see docs/limits.md, «What follows from what comes back»")


def _taken(way: Way, model: WatchedModel) -> Iterator[Finding]:
    state = way.profiles.state()
    takes = ", ".join(f"{name} {state[name]}" for name in ("temperature", "reasoning_effort", "output", "cap", "role"))
    yield ok("call's request", takes)
    if model.errors:
        refused = "; ".join(str(error)[:LATEST_ERROR] for error in model.errors)
        yield note("call's lessons", f"{len(model.errors)} before that: {refused}", "known to the fleet for a day now")


def _counted(settings: Settings, answer: Answer, model: WatchedModel) -> Iterator[Finding]:
    theirs, ours = answer.prompt_tokens, model.counted
    counts = (
        f"prompt {theirs} by the endpoint, {ours} by us, the schema's {model.schema} among them; "
        f"answer {answer.completion_tokens}, reasoning {answer.reasoning_tokens} of it"
    )
    if not theirs:
        yield note(
            "call's tokens", "the endpoint does not count them", "its limits and money are kept by our own count"
        )
    elif not (1 - FAR_OFF) * (ours - model.schema) <= theirs <= (1 + FAR_OFF) * ours:  # not all count the schema
        yield note("call's tokens", counts, "another tokenizer: reservations are that much off until each answer comes")
    else:
        yield ok("call's tokens", counts)
    if settings.openai_price is not None:
        yield ok("call's cost", f"{Price(*settings.openai_price).of(answer):.6f} US dollars")
