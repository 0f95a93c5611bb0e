"""Small stand-ins for what `worker/ports.py` names: no Redis, no network, and a clock that only sleeping moves.

Whatever they are asked to do goes, in order, into one shared `journal`.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from opentelemetry.trace import Tracer
from pydantic import ValidationError

from contract import (
    HANDED_BACK,
    NOT_CLOSED_KEY,
    PROCESSED_MARK_TTL,
    Dispatch,
    Outcome,
    ScoringRequest,
    answer_key,
    claim_key,
    decision_key,
    explanation_key,
    flight_key,
    followers_key,
    graders_key,
    of_provider,
    outcome_key,
    probe_key,
    processed_mark,
    request_key,
    too_early_key,
    trail_key,
    tripped_key,
    vacancy_key,
)
from worker.asking.after_call import WaitingPolicy
from worker.asking.circuit_breaker import EXPLAINED, LONGEST, LOOK_AGAIN, OPEN_FOR
from worker.asking.questions import KeepingPolicy, model_id
from worker.assessment.criteria import Criteria, parse_criteria
from worker.assessment.resume import read_resume
from worker.assessment.vacancy import read_vacancy
from worker.errors import SendingBlockedError
from worker.limits.answers import Granted, Reserved
from worker.limits.provider_limits import ProviderView
from worker.ports import Answer, Call, Follow, Follower, Kept, Known, Lead, Messages, Ports, Waiting, Way
from worker.scoring import Scoring
from worker.spans import TracedModel

START = 1_700_000_000.0
HALF_A_DAY = 43_200.0

# Words of these texts must never be seen in a log.
REQUIREMENTS = "Вакансия Кедропромысел: Python, PostgreSQL, Kafka, английский B2, Kubernetes."
NAMES = ("Python", "PostgreSQL", "Kafka", "английский B2", "Kubernetes")
RESUME = (
    "Зебрович Клавдия. Пять лет пишу сервисы на Python и FastAPI. Администрировала кластеры PostgreSQL. "
    "Настраивала потоки в Apache Kafka. Английский B2, читаю документацию."
)
RECOMMENDATION = (
    "Подтверждено требований: 4 из 5 — «Python»; «PostgreSQL»; «Kafka»; «английский B2». "
    "В резюме не видно: «Kubernetes». Это стоит уточнить на интервью."
)
SECRET_WORDS = (
    "Зебрович", "Пять лет пишу", "Кедропромысел", "Администрировал", "sk-fake"
)  # fmt: skip

CRITERIA = {"criteria": [{"text": name, "kind": "must", "years": None} for name in NAMES], "forbidden": []}
GRADING = {
    "grades": [
        {"id": 1, "quotes": ["Пять лет пишу сервисы на Python"], "level": "strong", "periods": []},
        {"id": 2, "quotes": ["Администрировал кластеры PostgreSQL"], "level": "strong", "periods": []},
        {"id": 3, "quotes": ["потоки в Apache Kafka"], "level": "strong", "periods": []},
        {"id": 4, "quotes": ["Английский B2, читаю документацию"], "level": "strong", "periods": []},
        {"id": 5, "quotes": [], "level": "none", "periods": []},
    ],
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


def criteria_answer(**changes: object) -> Answer:
    """What the model says of `REQUIREMENTS`."""
    return Answer(900, 0, 20, content=json.dumps({**CRITERIA, **changes}), seen=SEEN)


def criteria_of(requirements: str = REQUIREMENTS) -> Criteria:
    """What the usual answer makes of a vacancy."""
    return parse_criteria(criteria_answer().content, read_vacancy(requirements))


def second_look_answer(messages: Messages, level: str = "strong") -> Answer:
    """The same level for every id that is asked about."""
    ids = re.findall(r"^(\d+)\. ", messages[-1]["content"], re.MULTILINE)
    proofs = [{"id": int(number), "level": level} for number in ids]
    return Answer(300, 0, 60, content=json.dumps({"proofs": proofs}), seen=SEEN)


def good_answer(**changes: object) -> Answer:
    """What the model says of `RESUME`: four of five requirements hold, so the score is 80."""
    content = json.dumps({**GRADING, **changes}, ensure_ascii=False)
    return Answer(1_500, 1_024, 250, content=content, seen=SEEN)


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


class FakeMemory:
    """What Redis is to the fleet: keys that may expire, on a clock that only waiting moves."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self._values: dict[str, tuple[str, float]] = {}  # with the moment of their end
        self.numbers = itertools.count(1)  # of tokens

    def get(self, key: str) -> str | None:
        value, until = self._values.get(key, (None, math.inf))
        if self.clock.now >= until:
            del self._values[key]
            return None
        return value

    def set(self, key: str, value: str, seconds: float = math.inf) -> None:
        self._values[key] = (value, self.clock.now + seconds)

    def delete(self, key: str) -> bool:
        return self._values.pop(key, None) is not None

    def seconds_left(self, key: str) -> float:
        return self._values[key][1] - self.clock.now

    def keys(self, beginning: str = "") -> list[str]:
        return [key for key in list(self._values) if key.startswith(beginning) and self.get(key) is not None]


class FakeLease:
    """A lease of `FakeLeases`; it learns at once what a real one learns with its next heartbeat."""

    def __init__(self, leases: FakeLeases, key: str, token: str, done_keys: Sequence[str]) -> None:
        self.leases = leases
        self.key = key
        self.token = token
        self.done_keys = done_keys

    @property
    def lost(self) -> bool:
        return self in self.leases.renewed and not self.leases.renew(self)

    def park(self, seconds: float) -> bool:
        self.leases.journal.append(f"park {self.key}")
        return self.leases.let_go(self, seconds + self.leases.seconds)

    def release(self) -> bool:
        self.leases.journal.append(f"release {self.key}")
        return self.leases.let_go(self, 0.0)

    def hand_back(self) -> bool:
        self.leases.journal.append(f"hand back {self.key}")
        return self.leases.let_go(self, self.leases.seconds, HANDED_BACK)

    def drop(self, _error: BaseException) -> None:
        self.forget()

    def forget(self) -> None:
        self.leases.renewed.discard(self)
        if self.leases.memory.get(self.key) == self.token:
            self.leases.memory.set(self.key, self.token, self.leases.seconds)


class FakeLeases:
    """Like `leases.Leases`; `renewed` are those whose heartbeat beats, which never expire."""

    def __init__(self, memory: FakeMemory, journal: list[str], seconds: float = 10.0) -> None:
        self.memory = memory
        self.journal = journal
        self.seconds = seconds
        self.renewed: set[FakeLease] = set()

    @property
    def held(self) -> set[FakeLease]:
        return self.renewed

    def take(self, key: str, *, done_keys: Sequence[str] = (), token: str | None = None) -> FakeLease | None:
        lease = FakeLease(self, key, token or f"token-{next(self.memory.numbers)}", done_keys)
        if not self.renew(lease):
            return None
        self.renewed.add(lease)
        return lease

    def renew(self, lease: FakeLease) -> bool:
        holder = self.memory.get(lease.key)
        free = holder in (None, HANDED_BACK)
        if free and any(self.memory.get(key) is not None for key in lease.done_keys):
            return False
        if not free and holder != lease.token:
            return False
        self.memory.set(lease.key, lease.token)
        return True

    def let_go(self, lease: FakeLease, keep_for: float, as_token: str | None = None) -> bool:
        self.renewed.discard(lease)
        if self.memory.get(lease.key) != lease.token:
            return False
        self.memory.set(lease.key, as_token or lease.token, keep_for)
        return True


class FakeStore:
    """Like `outcome_store.OutcomeStore`."""

    def __init__(
        self,
        memory: FakeMemory,
        leases: FakeLeases,
        journal: list[str],
        explanation_ttl: int = 60,
        decision_ttl: int = 600,
    ) -> None:
        self.memory = memory
        self.leases = leases
        self.journal = journal
        self.explanation_ttl = explanation_ttl
        self.decision_ttl = decision_ttl
        self.error: Exception | None = None  # from `finish`

    @property
    def outcomes(self) -> dict[int, dict]:
        """The messages to publish, decoded, by processing id."""
        kept = {}
        for key in self.memory.keys(outcome_key(0)[:-1]):
            outcome = Outcome.model_validate_json(self.memory.get(key))
            kept[int(key.rpartition(":")[2])] = {
                "notification": json.loads(outcome.notification),
                "processing": outcome.processing and json.loads(outcome.processing),
            }
        return kept

    @property
    def explanations(self) -> dict[int, dict]:
        return self._kept(explanation_key(0)[:-1])

    @property
    def decisions(self) -> dict[int, dict]:
        return self._kept(decision_key(0)[:-1])

    def _kept(self, beginning: str) -> dict[int, dict]:
        return {int(key.rpartition(":")[2]): json.loads(self.memory.get(key)) for key in self.memory.keys(beginning)}

    def claim(self, processing_id: int, token: str | None = None) -> tuple[FakeLease, Dispatch | None] | None:
        done = (outcome_key(processing_id), processed_mark(processing_id))
        if any(self.memory.get(key) is not None for key in done):
            return None
        claim = self.leases.take(claim_key(processing_id), done_keys=done, token=token)
        body = self.memory.get(request_key(processing_id))
        try:
            return claim and (claim, None if body is None else Dispatch.model_validate_json(body))
        except ValidationError:
            return claim, None

    def finish(self, claim, processing_id: int, outcome: Outcome, kept: Kept | None = None) -> bool:
        self.journal.append("finish")
        if self.error is not None:
            raise self.error
        claim.forget()
        if self.memory.get(claim.key) != claim.token:
            return False
        self.memory.delete(claim.key)
        if any(self.memory.get(key) for key in (outcome_key(processing_id), processed_mark(processing_id))):
            return False
        self.memory.set(outcome_key(processing_id), outcome.model_dump_json(), PROCESSED_MARK_TTL)
        if kept is None:
            return True
        if self.explanation_ttl:
            self.memory.set(explanation_key(processing_id), kept.explanation, self.explanation_ttl)
        if self.decision_ttl:
            self.memory.set(decision_key(processing_id), kept.decision, self.decision_ttl)
        if longest := max(self.explanation_ttl, self.decision_ttl):
            self.memory.set(trail_key(kept.resume_id), f"{processing_id} {kept.question}", longest)
        return True


class FakeResults:
    """Like `result_cache.ResultCache`."""

    def __init__(self, memory: FakeMemory, leases: FakeLeases) -> None:
        self.memory = memory
        self.leases = leases

    def name(self, requirements_id: int, question: str, seconds: int) -> None:
        self.memory.set(vacancy_key(requirements_id), question, seconds)

    def criteria_of(self, requirements_id: int) -> str | None:
        return self.memory.get(answer_key(self.memory.get(vacancy_key(requirements_id)) or ""))

    def known(self, question: str) -> bool:
        return self.memory.get(answer_key(question)) is not None

    def followers(self, question: str, now: float) -> dict[str, float]:
        return {waiting: place for waiting, (place, until) in self._followers(question).items() if now < until}

    def _followers(self, question: str) -> dict[str, tuple[float, float]]:
        return dict(json.loads(self.memory.get(followers_key(question)) or "{}"))

    def known_of(self, questions: Sequence[str]) -> int | None:
        return next((n for n, question in enumerate(questions) if self.known(question)), None)

    def graded_by(self, question: str, models: Iterable[str], seconds: int) -> int:
        kept = {*json.loads(self.memory.get(graders_key(question)) or "[]"), *models}
        self.memory.set(graders_key(question), json.dumps(sorted(kept)), seconds)
        return len(kept)

    def look(
        self, question: str, token: str, follower: Follower | None = None, *, provider: str = ""
    ) -> Known | Lead | Follow:
        answer = self.memory.get(answer_key(question))
        if answer is not None:
            return Known(answer)
        lease = self.leases.take(flight_key(question), token=token)
        waiting = self._followers(question)
        if lease is not None:
            waiting.pop(follower.reservation if follower else "", None)
            self.memory.set(followers_key(question), json.dumps(waiting))
            return Lead(lease, breaker_closed=self.memory.get(of_provider(NOT_CLOSED_KEY, provider)) is None)
        if follower is not None:
            waiting[follower.reservation] = follower.place, follower.deadline_at
            self.memory.set(followers_key(question), json.dumps(waiting))
        left = self.memory.seconds_left(flight_key(question))
        return Follow(0.5 if left == math.inf else max(0.5, left - self.leases.seconds))

    def keep(self, question: str, answer: str, lead, seconds: int) -> None:
        self.memory.delete(followers_key(question))
        if seconds:
            self.memory.set(answer_key(question), answer, seconds)
        lead.release()

    def drop(self, question: str) -> None:
        self.memory.delete(answer_key(question))


class FakeLimiter:
    """Answers as scripted, then grants everything."""

    def __init__(self, journal: list[str]) -> None:
        self.journal = journal
        self.script: deque = deque()
        self.asked: list[tuple[str, int]] = []
        self.joined: list[tuple[str, float]] = []
        self.places: list[float] = []
        self.line: set[str] = set()  # who waits
        self.buckets: dict[str, object] = {}
        self.settled: dict[str, int | None] = {}
        self.seen: list[ProviderView | None] = []
        self.cancelled: list[str] = []
        self.denials: list = []
        self.slowed: list[tuple[str, float]] = []
        self.wait_after_denial: float | Exception = 20.0

    def join(self, places: dict[str, float]) -> None:
        self.joined.extend(sorted(places.items(), key=lambda item: item[1]))

    def acquire(self, reservation_id: str, tokens: int, place: float):
        self.journal.append(f"acquire {reservation_id}")
        self.places.append(place)
        self.asked.append((reservation_id, tokens))
        answer = self.script.popleft() if self.script else Granted(0.0)
        if isinstance(answer, Exception):
            raise answer
        self.line.discard(reservation_id)
        if isinstance(answer, Reserved):
            self.line.add(reservation_id)
        return answer

    def settle(self, reservation_id: str, *, used_tokens: int | None, seen) -> None:
        self.journal.append(f"settle {reservation_id}")
        self.settled[reservation_id] = used_tokens
        self.seen.append(seen)

    def cancel(self, reservation_id: str, *, joined: bool = False) -> None:
        if not joined or reservation_id not in [asked for asked, _ in self.asked]:
            self.line.discard(reservation_id)
            self.cancelled.append(reservation_id)

    def denied(self, reservation_id: str, denial) -> float:
        self.denials.append((reservation_id, denial))
        if isinstance(self.wait_after_denial, Exception):
            raise self.wait_after_denial
        self.line.add(reservation_id)
        return self.wait_after_denial

    def slow_down(self, reservation_id: str, seconds: float) -> None:
        self.slowed.append((reservation_id, seconds))

    def set_limits(self, limits) -> None:
        self.limits = limits

    def reset(self) -> None:
        self.journal.append("reset")

    def snapshot(self) -> dict[str, object]:
        calls = {"limit": "unlimited", "under_way": 0, "seconds": 1.0}
        return {"waiting": 0, "blocked": 0.0, "mean_tokens": 1_000.0, "buckets": self.buckets, "calls": calls}


@dataclass
class FakeLine:
    """Like `running.line.Line`."""

    users: dict[int, tuple[int, float]] = field(default_factory=dict)

    def waiting(self) -> Waiting:
        return Waiting(self.users)


@dataclass
class FakeEgress:
    closed: SendingBlockedError | None = None
    distrusted: int = 0
    state: str = "NL"

    def require(self) -> None:
        if self.closed:
            raise self.closed

    def distrust(self) -> None:
        self.distrusted += 1


class FakeBreaker:
    """Like `circuit_breaker.CircuitBreaker`; `trips` are the reasons for which it was opened, in order."""

    def __init__(self, memory: FakeMemory, provider: str = "") -> None:
        self.memory = memory
        self.provider = provider
        self.trips: list[str] = []

    def own(self, key: str) -> str:
        return of_provider(key, self.provider)

    def require(self, token: str) -> str:
        reasons = self.state()
        if not reasons:
            return ""
        reason, remaining = max(reasons.items(), key=lambda item: item[1])
        if remaining == 0 and self.memory.get(self.own(probe_key(reason))) in (None, token):
            self.memory.set(self.own(probe_key(reason)), token, 60.0)
            return reason
        raise SendingBlockedError(f"{reason}: {EXPLAINED[reason]}", max(1.0, remaining or LOOK_AGAIN))

    def trip(self, reason: str, seconds: float | None = None, *, at_least: float = 0.0) -> None:
        if self.memory.get(self.own(too_early_key(reason))):
            return
        self.trips.append(reason)
        times = int(self.memory.get(self.own(tripped_key(reason))) or 0)
        usual = min(OPEN_FOR[reason] * 2**times, LONGEST.get(reason, OPEN_FOR[reason]))
        self.memory.set(self.own(NOT_CLOSED_KEY), "_")
        self.memory.set(self.own(tripped_key(reason)), str(times + 1))
        self.memory.set(self.own(too_early_key(reason)), "_", max(at_least, usual) if seconds is None else seconds)
        self.memory.delete(self.own(probe_key(reason)))

    def reset(self, only: str | None = None) -> None:
        if only is None or self.state().keys() <= {only}:
            self.memory.delete(self.own(NOT_CLOSED_KEY))
        for reason in OPEN_FOR if only is None else (only,):
            for key in (tripped_key, too_early_key, probe_key):
                self.memory.delete(self.own(key(reason)))

    def state(self) -> dict[str, float]:
        return {
            reason: self.memory.seconds_left(self.own(too_early_key(reason)))
            if self.memory.get(self.own(too_early_key(reason)))
            else 0.0
            for reason in OPEN_FOR
            if self.memory.get(self.own(tripped_key(reason)))
        }


@dataclass
class FakeProfiles:
    """What requests may carry is known, unless `blocked`."""

    blocked: SendingBlockedError | None = None
    others_pass: bool = True
    room_for: int = 0
    forgotten: int = 0

    def require(self, _token: str) -> None:
        if self.blocked:
            raise self.blocked

    def let_go(self, right: object) -> None: ...

    def known(self) -> bool:
        return self.blocked is None

    def room(self) -> int:
        return self.room_for

    def answers_others(self, _kind: str | None = None) -> bool:
        return self.others_pass

    def forget(self) -> None:
        self.forgotten += 1

    def state(self) -> dict[str, object]:
        return {"temperature": 0.0}


class FakeModel:
    """Answers as scripted (an exception is raised, a function called first), then well."""

    def __init__(self, journal: list[str]) -> None:
        self.journal = journal
        self.script: deque = deque()
        self.second_level = "strong"
        self.asked: list[Messages] = []
        self.counted: list[Messages] = []

    def tokens(self, call: Call) -> int:
        self.counted.append(call.messages)
        return 2_500

    def ask(self, call: Call) -> Answer:
        self.journal.append("ask")
        self.asked.append(call.messages)
        usual = {
            "criteria": criteria_answer,
            "grading": good_answer,
            "proofs": lambda: second_look_answer(call.messages, self.second_level),
        }
        reply = (
            self.script.popleft()
            if self.script
            else usual.get(call.response_format["json_schema"]["name"], good_answer)()
        )
        if callable(reply):
            reply = reply()
        if isinstance(reply, Exception):
            raise reply
        return reply


KEEPING = KeepingPolicy(criteria=6_000, grades=60)
POLICY = WaitingPolicy(max_attempts=2, retry_base=10.0, retry_max=60.0, short_wait=3.0, max_countdown=300.0)


class FakeProvider:
    """What is a provider's own; `way` is the way to its model.

    Args:
        world: around it.
        name: empty where it is the only one.
        model_name: of its model.
    """

    def __init__(self, world: World, name: str, model_name: str) -> None:
        self.name, self.model_name = name, model_name
        self.limiter = FakeLimiter(world.journal)
        self.egress = FakeEgress()
        self.breaker = FakeBreaker(world.memory, name)
        self.profiles = FakeProfiles()
        self.model = FakeModel(world.journal)
        self.redaction = True

    def way(self, tracer: Tracer | None = None) -> Way:
        traced = TracedModel(self.model, tracer, "gpt-x", "https://api.example/v1") if tracer else self.model
        return Way(
            name=self.name,
            model_name=self.model_name,
            model_id=model_id(f"https://api.example/{self.name}v1", self.model_name),
            max_output_tokens=1_200,
            redaction=self.redaction,
            limiter=self.limiter,
            egress=self.egress,
            breaker=self.breaker,
            profiles=self.profiles,
            model=traced,
        )


class World:
    """One worker's scoring and everything it is surrounded by, all of it fake.

    Args:
        policy: of the first worker.
        criteria_known: those of `REQUIREMENTS` have been asked for, so that a request is one call.
        models: of each provider by its name, where there are several.
    """

    def __init__(
        self,
        policy: WaitingPolicy = POLICY,
        *,
        criteria_known: bool = True,
        models: Mapping[str, str] | None = None,
        patience: float = 30.0,
    ) -> None:
        self.journal: list[str] = []
        self.clock = FakeClock()
        self.stopping = FakeStopping(self.clock)
        self.memory = FakeMemory(self.clock)
        self.leases = FakeLeases(self.memory, self.journal)
        self.store = FakeStore(self.memory, self.leases, self.journal)
        self.results = FakeResults(self.memory, self.leases)
        named = models or {"": "fake-model"}
        self.providers = {name: FakeProvider(self, name, model) for name, model in named.items()}
        self.first = first = next(iter(self.providers.values()))
        self.limiter, self.egress, self.breaker = first.limiter, first.egress, first.breaker
        self.profiles, self.model = first.profiles, first.model
        self.patience = patience
        self.line = FakeLine()
        self.second_look: Literal["off", "doubtful", "always"] = "doubtful"
        self.scoring = self.worker(policy)
        if criteria_known:
            vacancy = read_vacancy(REQUIREMENTS)
            question = self.scoring.questions.criteria(self.way, REQUIREMENTS, vacancy)
            self.memory.set(answer_key(question.digest), criteria_of().model_dump_json())

    def worker(self, policy: WaitingPolicy = POLICY, tracer: Tracer | None = None) -> Scoring:
        """A Scoring in this world, with a tracer of its own if there is one."""
        self.first.limiter, self.first.egress, self.first.breaker = self.limiter, self.egress, self.breaker
        self.first.profiles, self.first.model = self.profiles, self.model
        ways = tuple(provider.way(tracer) for provider in self.providers.values())
        ports = Ports(store=self.store, results=self.results, line=self.line, ways=ways)
        return Scoring(
            ports,
            policy,
            KEEPING,
            patience=self.patience,
            threshold=60,
            second_look=self.second_look,
            stopping=self.stopping,
            clock=self.clock,
            tracer=tracer,
        )

    @property
    def way(self) -> Way:
        """The only way to a model, or the first."""
        return self.scoring.ports.ways[0]

    def dispatch(
        self, processing_id: int = 7, *, deadline_in: float = HALF_A_DAY, place: float = START, **texts: str
    ) -> None:
        """What the bridge does before it sends the hint."""
        deadline_at = self.clock.now + deadline_in
        asked = Dispatch(request=request(processing_id, **texts), deadline_at=deadline_at, place=place)
        self.memory.set(request_key(processing_id), asked.model_dump_json())

    def dispatched(self, processing_id: int = 7) -> Dispatch:
        """What the bridge has dispatched."""
        return Dispatch.model_validate_json(self.memory.get(request_key(processing_id)))

    def held(self) -> list[str]:
        """The keys of all leases that somebody has."""
        keys = self.memory.keys(claim_key(0)[:-1]) + self.memory.keys(flight_key(""))
        return [key for key in keys if self.memory.get(key) != HANDED_BACK]

    def digest(self, processing_id: int = 7) -> str:
        """What names the question for the grades of a dispatched request."""
        asked = self.dispatched(processing_id).request
        return self.scoring.questions.grading(self.way, criteria_of(), read_resume(asked.resume, redaction=True)).digest


def eventually(condition: Callable[[], object], *, within: float = 30.0) -> None:
    """Return as soon as the condition holds; fail if it does not within so many seconds."""
    give_up = time.monotonic() + within
    while not condition():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)
