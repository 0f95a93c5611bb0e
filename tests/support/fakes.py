"""Small stand-ins for what `worker/ports.py` names: no Redis, no network, and a clock that only sleeping moves.

Whatever they are asked to do goes, in order, into one shared `journal`.
"""

from __future__ import annotations

import itertools
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from contract import Dispatch, ScoringRequest
from worker.assessment.grading import Grading
from worker.errors import GateClosedError
from worker.limits.answers import Granted
from worker.limits.provider_limits import ProviderView
from worker.ports import Answer
from worker.scoring import Policy, Ports, Scoring

START = 1_700_000_000.0
HALF_A_DAY = 43_200.0

# Words of these texts must never be seen in a log.
REQUIREMENTS = "Вакансия Кедропромысел: Python, PostgreSQL, Kafka, английский B2, Kubernetes."
RESUME = (
    "Зебрович Клавдия. Пять лет пишу сервисы на Python и FastAPI. Администрировала кластеры PostgreSQL. "
    "Настраивала потоки в Apache Kafka. Английский B2, читаю документацию."
)
RECOMMENDATION = "Опыт подтверждён. Спросить о Кубернетикусе."
SECRET_WORDS = (
    "Зебрович", "Пять лет пишу", "Кедропромысел", "Кубернетикус", "Администрировала", "sk-fake"
)  # fmt: skip

GRADING = {
    "requirements": [
        {"requirement": "Python", "quote": "Пять лет пишу сервисы на Python", "level": "strong"},
        {"requirement": "PostgreSQL", "quote": "Администрировала кластеры PostgreSQL", "level": "strong"},
        {"requirement": "Kafka", "quote": "Настраивала потоки в Apache Kafka", "level": "strong"},
        {"requirement": "Английский B2", "quote": "Английский B2, читаю документацию", "level": "strong"},
        {"requirement": "Kubernetes", "quote": "", "level": "none"},
    ],
    "recommendation": RECOMMENDATION,
}
SEEN = ProviderView(limit_requests=3, remaining_requests=2)


def request(processing_id: int = 7, *, resume: str = RESUME, requirements: str = REQUIREMENTS) -> ScoringRequest:
    return ScoringRequest(
        callback_url="https://platform.example/callback",
        processing_id=processing_id,
        user_id=2,
        resume_id=3,
        requirements_id=4,
        requirements=requirements,
        resume=resume,
    )


def good_answer(**changes: object) -> Answer:
    """What the model says of `RESUME`: four of five requirements hold, so the score is 80."""
    content = json.dumps({**GRADING, **changes}, ensure_ascii=False)
    return Answer(content, True, 1_500, 1_024, 250, SEEN)


@dataclass
class FakeClock:
    now: float = START

    def __call__(self) -> float:
        return self.now


class FakeStopping:
    """The event that ends a worker; waiting for it takes no time but the clock's."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.waits: list[float] = []
        self.is_set = False

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.clock.now += 0 if self.is_set else seconds
        return self.is_set


@dataclass(eq=False)
class FakeLease:
    key: str
    token: str
    lost: bool = False


class FakeLeases:
    """Knows who holds what; `renewed` are those whose heartbeat beats."""

    def __init__(self, journal: list[str]) -> None:
        self.journal = journal
        self.holders: dict[str, str] = {}
        self.renewed: set[FakeLease] = set()
        self.parked: dict[str, float] = {}
        self._tokens = (f"token-{number}" for number in itertools.count(1))

    def take(self, key: str, token: str | None) -> FakeLease | None:
        token = token or next(self._tokens)
        if self.holders.setdefault(key, token) != token:
            return None
        lease = FakeLease(key, token)
        self.renewed.add(lease)
        return lease

    def park(self, lease: FakeLease, seconds: float) -> bool:
        self.journal.append(f"park {lease.key}")
        self.renewed.discard(lease)
        self.parked[lease.key] = seconds
        return True

    def release(self, lease: FakeLease) -> bool:
        self.journal.append(f"release {lease.key}")
        self.renewed.discard(lease)
        return self.holders.pop(lease.key, None) is not None

    def forget(self, lease: FakeLease) -> None:
        self.renewed.discard(lease)


class FakeStore:
    def __init__(self, leases: FakeLeases, journal: list[str]) -> None:
        self.leases = leases
        self.journal = journal
        self.dispatches: dict[int, Dispatch] = {}
        self.outcomes: dict[int, dict] = {}
        self.explanations: dict[int, dict] = {}
        self.error: Exception | None = None  # from `finish`

    def claim(self, processing_id: int, token: str | None = None) -> FakeLease | None:
        return None if processing_id in self.outcomes else self.leases.take(f"claim {processing_id}", token)

    def dispatch(self, processing_id: int) -> Dispatch | None:
        return self.dispatches.get(processing_id)

    def finish(self, claim: FakeLease, processing_id: int, outcome) -> bool:
        self.journal.append("finish")
        if self.error is not None:
            raise self.error
        self.leases.forget(claim)
        if self.leases.holders.get(claim.key) != claim.token:
            return False
        del self.leases.holders[claim.key]
        self.outcomes[processing_id] = {
            "notification": json.loads(outcome.notification),
            "processing": outcome.processing and json.loads(outcome.processing),
        }
        return True

    def explain(self, processing_id: int, explanation: dict) -> None:
        self.explanations[processing_id] = explanation


class FakeResults:
    def __init__(self, leases: FakeLeases) -> None:
        self.leases = leases
        self.answers: dict[str, Grading] = {}
        self.busy_for = 5.0

    def question(self, requirements: str, resume: str) -> str:
        return f"question {len(requirements)} {len(resume)}"

    def get(self, question: str) -> Grading | None:
        return self.answers.get(question)

    def put(self, question: str, grading: Grading) -> None:
        self.answers[question] = grading

    def fly(self, question: str, token: str) -> FakeLease | float:
        return self.leases.take(f"flight {question}", token) or self.busy_for


class FakeLimiter:
    """Answers as scripted, then grants everything."""

    def __init__(self, journal: list[str]) -> None:
        self.journal = journal
        self.script: deque = deque()
        self.asked: list[tuple[str, int]] = []
        self.settled: dict[str, int | None] = {}
        self.seen: list[ProviderView | None] = []
        self.cancelled: list[str] = []
        self.denials: list = []
        self.slowed: list[tuple[str, float]] = []
        self.wait_after_denial = 20.0

    def acquire(self, reservation_id: str, tokens: int):
        self.journal.append(f"acquire {reservation_id}")
        self.asked.append((reservation_id, tokens))
        answer = self.script.popleft() if self.script else Granted(0.0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def settle(self, reservation_id: str, *, used_tokens: int | None, seen) -> None:
        self.journal.append(f"settle {reservation_id}")
        self.settled[reservation_id] = used_tokens
        self.seen.append(seen)

    def cancel(self, reservation_id: str) -> None:
        self.cancelled.append(reservation_id)

    def denied(self, reservation_id: str, denial) -> float:
        self.denials.append((reservation_id, denial))
        return self.wait_after_denial

    def slow_down(self, reservation_id: str, seconds: float) -> None:
        self.slowed.append((reservation_id, seconds))

    def set_limits(self, limits) -> None:
        self.limits = limits

    def snapshot(self) -> dict[str, object]:
        return {"waiting": 0}


@dataclass
class FakeEgress:
    closed: GateClosedError | None = None
    distrusted: int = 0
    state: str = "NL"

    def require(self) -> None:
        if self.closed:
            raise self.closed

    def distrust(self) -> None:
        self.distrusted += 1


@dataclass
class FakeGate:
    """Closes like the real one; the fleet's other workers see `reasons`."""

    reasons: list[str] = field(default_factory=list)
    probing: bool = False  # the next request is the probe

    def require(self, token: str) -> bool:
        assert token, "a probe is known by its claim's token"
        for reason in self.reasons if not self.probing else ():
            raise GateClosedError(reason, 300.0)
        return self.probing

    def reopen(self) -> None:
        self.reasons.clear()
        self.probing = False

    def close(self, reason: str) -> None:
        self.probing = False
        self.reasons.append(reason)

    def state(self) -> dict[str, float]:
        return dict.fromkeys(self.reasons, 300.0)


class FakeModel:
    """Answers as scripted (an exception is raised, a function called first), then well."""

    def __init__(self, journal: list[str]) -> None:
        self.journal = journal
        self.script: deque = deque()
        self.asked: list[list[dict[str, str]]] = []

    def tokens(self, messages: list[dict[str, str]]) -> int:  # noqa: ARG002
        return 2_500

    def ask(self, messages: list[dict[str, str]]) -> Answer:
        self.journal.append("ask")
        self.asked.append(messages)
        reply = self.script.popleft() if self.script else good_answer()
        if callable(reply):
            reply = reply()
        if isinstance(reply, Exception):
            raise reply
        return reply


POLICY = Policy(
    threshold=60, max_attempts=3, retry_base=10.0, retry_max=60.0, short_wait=3.0, max_countdown=300.0
)  # fmt: skip


class World:
    """One worker's scoring and everything it is surrounded by, all of it fake."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.journal: list[str] = []
        self.clock = FakeClock()
        self.stopping = FakeStopping(self.clock)
        self.leases = FakeLeases(self.journal)
        self.store = FakeStore(self.leases, self.journal)
        self.results = FakeResults(self.leases)
        self.limiter = FakeLimiter(self.journal)
        self.egress = FakeEgress()
        self.gate = FakeGate()
        self.model = FakeModel(self.journal)
        self.scoring = self.worker(policy)

    def worker(self, policy: Policy = POLICY) -> Scoring:
        """A Scoring in this world."""
        ports = Ports(
            store=self.store,
            leases=self.leases,
            results=self.results,
            limiter=self.limiter,
            egress=self.egress,
            gate=self.gate,
            model=self.model,
        )
        return Scoring(ports, policy, model_name="fake-model", stopping=self.stopping, clock=self.clock)

    def dispatch(self, processing_id: int = 7, *, deadline_in: float = HALF_A_DAY, **texts: str) -> None:
        """What the bridge does before it sends the hint."""
        self.store.dispatches[processing_id] = Dispatch(
            request=request(processing_id, **texts), deadline_at=self.clock.now + deadline_in
        )


def eventually(condition: Callable[[], object], *, within: float = 30.0) -> None:
    """Return as soon as the condition holds; fail if it does not within so many seconds."""
    give_up = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)
