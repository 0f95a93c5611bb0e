"""What goes over the wire: Kafka messages that other teams depend on, and every key of ours in Redis.

The platform has changed its contract once, and both are spoken: messages.py says what a request and an outcome are,
year_2025.py and year_2026.py how each is worded. This module is private to this service: the bridge and the worker
share nothing but its names and shapes (the bridge reaches the worker by task name alone, the worker never touches
Kafka).
"""

from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import BaseModel

from contract import year_2025, year_2026
from contract.messages import *  # noqa: F403 # one room, whoever comes in
from contract.messages import FROZEN, Dialect
from contract.year_2025 import *  # noqa: F403 # the default, whose names have no year

DIALECTS: Final[dict[str, Dialect]] = {"2025": year_2025.DIALECT, "2026": year_2026.DIALECT}

PROCESSED_MARK_TTL = 3 * 24 * 3600  # seconds


def processed_mark(processing_id: int) -> str:
    """The Redis key that says "this request is finished"; the notifications service uses the same name."""
    return f"processed_messages:{processing_id}"


# --- Between the bridge and the worker ---------------------------------------------------------------------

TASK_NAME = "score_resume"
QUEUE_NAME = "ai_handler"


class Dispatch(BaseModel):
    """A request as the worker gets it."""

    model_config = FROZEN

    request: year_2025.ScoringRequest | year_2026.ScoringRequest
    deadline_at: float  # Unix time, seconds: past it only a failure notification may follow
    place: float = 0.0  # in the order of the starts, see bridge/fair_order.py
    traceparent: str | None = None  # W3C trace context of the span that hands it over, else of the sender's


# --- Redis keys --------------------------------------------------------------------------------------------

# Everything of ours in Redis but the processed marks begins with this, so an operator can tell it apart.
KEY_PREFIX = "ai_handler:"


def of_provider(key: str, provider: str) -> str:
    """The key in which a provider keeps for itself what `key` is to the only one, whose name is empty."""
    return f"{KEY_PREFIX}provider:{provider}:{key.removeprefix(KEY_PREFIX)}" if provider else key


def request_key(processing_id: int) -> str:
    """Holds a `Dispatch`: written by the bridge before it dispatches, read by the worker.

    The Celery message carries the id alone: `celery inspect active` and Flower's worker page print a running
    task's real arguments, whatever its `argsrepr` says (celery/worker/request.py, `Request.info`).
    """
    return f"{KEY_PREFIX}request:{processing_id}"


# Seconds for which a request may be parked at a time: a claim lives so long, and a lease, without its worker.
LONGEST_COUNTDOWN = 300.0


def claim_key(processing_id: int) -> str:
    """Holds the owner token of the one task that may work on the request; expires with its lease.

    The token is `<worker>:<random>`, so that the bridge can tell which process held a claim that is gone.
    """
    return f"{KEY_PREFIX}claim:{processing_id}"


# Stands in place of a claim's token for the moment until somebody claims the request again, and is no claim.
HANDED_BACK = "handed back"


def worker_of(token: str) -> str:
    """The worker process that made a claim's token."""
    return token.partition(":")[0]


def worker_key(worker: str) -> str:
    """A worker process' heartbeat: renewed just before its claims are, for as long as they are.

    Once it is gone, the process has been for at least as long as a lease.
    """
    return f"{KEY_PREFIX}worker:{worker}"


def outcome_key(processing_id: int) -> str:
    """Holds an `Outcome`: written by the worker, published and removed by the bridge."""
    return f"{KEY_PREFIX}outcome:{processing_id}"


# A channel (publish/subscribe) on which the worker names, by its processing id, each request whose outcome it has
# stored. A bridge that misses a name finds the outcome all the same, with its next look.
OUTCOMES_CHANNEL = f"{KEY_PREFIX}outcomes"


def source_key(processing_id: int | Literal["*"]) -> str:
    """Holds the input partition that answers for the id, should the sender's retry land in another one.

    The bridge alone writes and reads it.
    """
    return f"{KEY_PREFIX}source:{processing_id}"


def explanation_key(processing_id: int) -> str:
    """Holds the grades and quotes behind a score, for `python -m worker explain`."""
    return f"{KEY_PREFIX}explanation:{processing_id}"


def decision_key(processing_id: int) -> str:
    """Holds the decision behind a score without any text: criteria's kinds, grades, gates, versions, digests."""
    return f"{KEY_PREFIX}decision:{processing_id}"


def trail_key(resume_id: int) -> str:
    """Holds what was kept of a resume, as a set of "<processing_id> <question>": what there is to forget."""
    return f"{KEY_PREFIX}trail:{resume_id}"


def vacancy_key(requirements_id: int) -> str:
    """Holds the digest of the question for a vacancy's criteria, for `python -m worker criteria`."""
    return f"{KEY_PREFIX}vacancy:{requirements_id}"


def graders_key(question: str) -> str:
    """Holds the names of the models that have graded resumes by the criteria that answer this question, a set."""
    return f"{KEY_PREFIX}graders:{question}"


def answer_key(question: str) -> str:
    """Holds the model's answer to a question, which is named by its digest: the result cache."""
    return f"{KEY_PREFIX}answer:{question}"


def flight_key(question: str) -> str:
    """Holds the claim's token of the one request that may ask this question now: single flight."""
    return f"{KEY_PREFIX}flight:{question}"


def followers_key(question: str) -> str:
    """Holds who waits for this question's answer to ask the next one.

    A sorted set of "<reservation> <deadline, Unix time>", scored by their places.
    """
    return f"{KEY_PREFIX}followers:{question}"


def tripped_key(reason: str) -> str:
    """Says that the circuit breaker is open for this reason: how often it opened until a probe was answered."""
    return f"{KEY_PREFIX}circuit_breaker:{reason}"


def too_early_key(reason: str) -> str:
    """Says that it is too early for a probe; expires when one request may try."""
    return f"{KEY_PREFIX}circuit_breaker:{reason}:too_early"


# Exists while the circuit breaker is open or half open for any reason, so that one look tells that it is closed.
NOT_CLOSED_KEY = f"{KEY_PREFIX}circuit_breaker"


# A hash: why it is open, in a sentence for operators, by reason. Nothing decides by it.
TRIPPED_WHY_KEY = f"{KEY_PREFIX}circuit_breaker:why"


def tried_key(reason: str) -> str:
    """Holds digests of the settings with which the reason was met, a set: whoever has others may try at once."""
    return f"{KEY_PREFIX}circuit_breaker:{reason}:tried"


def probe_key(reason: str) -> str:
    """Holds the claim's token of the request that tries whether the reason is gone."""
    return f"{KEY_PREFIX}circuit_breaker:{reason}:probe"


def profile_key(model: str) -> str:
    """A hash of what the fleet has learned that requests to a model of an endpoint may carry.

    `learned`: JSON, see worker/asking/profile.py; `lessons`: how many; `since`: the Unix time of the first; `proven`:
    somebody was answered; `base`, `base_lessons`: what was known when somebody last was. Nothing in it: nobody was.
    """
    return f"{KEY_PREFIX}profile:{model}"


def reasoning_key(model: str) -> str:
    """A list of how many tokens the latest answers spent on reasoning, the newest first."""
    return f"{KEY_PREFIX}profile:{model}:reasoning"


def scout_key(model: str) -> str:
    """Holds the claim's token of the one request that tries a profile with which nobody was answered yet."""
    return f"{KEY_PREFIX}profile:{model}:scout"


def answered_key(model: str, kind: str = "any") -> str:
    """Exists while the endpoint has answered a question of this kind, or any, within the last half minute."""
    return f"{KEY_PREFIX}profile:{model}:answered:{kind}"


def day_of(at: float) -> str:
    """The day of UTC (`2026-11-24`) of a Unix time, as the keys of a day name it."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def spent_key(day: str) -> str:
    """Holds the US dollars that the workers have spent on a day of UTC (`2026-11-24`)."""
    return f"{KEY_PREFIX}spent:{day}"


def user_day_key(user_id: int, day: str) -> str:
    """Holds the processing ids that count for a user on a day of UTC (`2026-11-24`). See bridge/user_limit.py."""
    return f"{KEY_PREFIX}user:{user_id}:{day}"


# A hash of who waits, by input partition: JSON of when that was told, and of each user's requests and weight. Bridges
# write it every few seconds, workers read it for operators.
LINE_KEY = f"{KEY_PREFIX}line"
LINE_KEPT = 60  # seconds

# A hash that the bridge moves in one step with the processed marks: it tells whether they are all there. See
# bridge/marks.py.
MARKS_KEY = f"{KEY_PREFIX}marks"

# A hash of who is alive: each process' name, and what it says of itself every other second. See presence.py.
PRESENT_KEY = f"{KEY_PREFIX}present"

# A hash of how requests ended: "<number of ten minutes since 1970> <how>" and how many. See bridge/tally.py.
TALLY_KEY = f"{KEY_PREFIX}tally"

# Written by `python -m bridge resume`: the Unix time up to which dead letters no longer count.
RESUMED_KEY = f"{KEY_PREFIX}dead_letters_resumed"

# Before the names of the limiter's own keys.
LIMITS_PREFIX = f"{KEY_PREFIX}limits"

# Written by the bridge when it finds Redis emptied, for each provider, read and deleted by its limiter: "<requests
# answered within the last minute> <... within the last day> <Unix time>". Kafka remembers what the limiter has
# forgotten, so a flush neither grants a second day's quota nor stops the first. Nothing answered means full buckets.
ANSWERED_KEY = f"{LIMITS_PREFIX}:answered"

# Written by the limiter with a start: the virtual time that fair shares have reached, which is the lowest place that
# waited then. The bridges read it, and write it where Redis has forgotten it.
REACHED_KEY = f"{LIMITS_PREFIX}:reached"

# A sorted set of users, scored by where their next place begins: the bridges' alone. Who is behind REACHED_KEY is
# removed.
USERS_KEY = f"{KEY_PREFIX}users"
