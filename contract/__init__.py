"""What goes over the wire: Kafka messages that other teams depend on, and every key of ours in Redis.

The platform has changed its contract once, and both are spoken: messages.py says what a request and an outcome are,
year_2025.py and year_2026.py how each is worded. This module is private to this service: the bridge and the worker
share nothing but its names and shapes (the bridge reaches the worker by task name alone, the worker never touches
Kafka).
"""

from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel

from contract import year_2025, year_2026
from contract.messages import *  # noqa: F403 # one room, whoever comes in
from contract.messages import FROZEN, Dialect
from contract.year_2025 import *  # noqa: F403 # the default, whose names have no year

DIALECTS: Final[dict[str, Dialect]] = {"2025": year_2025.DIALECT, "2026": year_2026.DIALECT}

PROCESSED_MARK_TTL = 3 * 24 * 3600  # seconds
# By processing id: "this request is finished". The notifications service uses the same name.
processed_mark = "processed_messages:{}".format


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


# Of one request, by its processing id.

# A `Dispatch`: written by the bridge before it dispatches, read by the worker. The Celery message carries the id alone:
# `celery inspect active` and Flower's worker page print a running task's real arguments, whatever its `argsrepr` says
# (celery/worker/request.py, `Request.info`).
request_key = "ai_handler:request:{}".format
# The owner token of the one task that may work on the request; expires with its lease. It is `<worker>:<random>`, so
# that the bridge can tell which process held a claim that is gone.
claim_key = "ai_handler:claim:{}".format
# An `Outcome`: written by the worker, published and removed by the bridge.
outcome_key = "ai_handler:outcome:{}".format
# The input partition that answers for the id, should the sender's retry land in another one. The bridge's alone.
source_key = "ai_handler:source:{}".format
# The grades and quotes behind a score, for `python -m worker explain`.
explanation_key = "ai_handler:explanation:{}".format
# The decision behind a score without any text: criteria's kinds, grades, gates, versions, digests.
decision_key = "ai_handler:decision:{}".format

# Seconds for which a request may be parked at a time: a claim lives so long, and a lease, without its worker.
LONGEST_COUNTDOWN = 300.0

# Stands in place of a claim's token for the moment until somebody claims the request again, and is no claim.
HANDED_BACK = "handed back"


def worker_of(token: str) -> str:
    """The worker process that made a claim's token."""
    return token.partition(":")[0]


# By a worker process' name: its heartbeat, renewed just before its claims are, for as long as they are. Once it is
# gone, the process has been for at least as long as a lease.
worker_key = "ai_handler:worker:{}".format

# A channel (publish/subscribe) on which the worker names, by its processing id, each request whose outcome it has
# stored. A bridge that misses a name finds the outcome all the same, with its next look.
OUTCOMES_CHANNEL = "ai_handler:outcomes"

# By resume id: what was kept of a resume, as a set of "<processing_id> <question>", so what there is to forget.
trail_key = "ai_handler:trail:{}".format
# By requirements id: the digest of the question for a vacancy's criteria, for `python -m worker criteria`.
vacancy_key = "ai_handler:vacancy:{}".format

# Of a question, by its digest.

# The model's answer: the result cache.
answer_key = "ai_handler:answer:{}".format
# The names of the models that have graded resumes by the criteria that answer it, a set.
graders_key = "ai_handler:graders:{}".format
# The claim's token of the one request that may ask it now: single flight.
flight_key = "ai_handler:flight:{}".format
# Who waits for its answer to ask the next one: a sorted set of "<reservation> <deadline, Unix time>", by their places.
followers_key = "ai_handler:followers:{}".format

# Of the circuit breaker, by the reason for which it is open.

# How often it opened until a probe was answered.
tripped_key = "ai_handler:circuit_breaker:{}".format
# Exists while it is too early for a probe.
too_early_key = "ai_handler:circuit_breaker:{}:too_early".format
# Digests of the settings with which the reason was met, a set: whoever has others may try at once.
tried_key = "ai_handler:circuit_breaker:{}:tried".format
# The claim's token of the request that tries whether the reason is gone.
probe_key = "ai_handler:circuit_breaker:{}:probe".format
# Exists while it is open or half open for any reason, so that one look tells that it is closed.
NOT_CLOSED_KEY = "ai_handler:circuit_breaker"
# A hash: why it is open, in a sentence for operators, by reason. Nothing decides by it.
TRIPPED_WHY_KEY = "ai_handler:circuit_breaker:why"

# Of a program that prints the API key, which is named by its digest.

# The key, in clear, until it expires. JSON: the key, seconds that it is good for in all, whether another was refused.
printed_key = "ai_handler:key:{}".format
# Exists while one worker runs the program, or (`failed`) has just done so in vain.
printing_key = "ai_handler:key:{}:printing".format

# Of a model of an endpoint, as `questions.model_id` names it.

# A hash of what the fleet has learned that requests to it may carry. `learned`: JSON, see worker/asking/profile.py;
# `lessons`: how many; `since`: the Unix time of the first; `proven`: somebody was answered; `base` and `base_lessons`:
# what was known when somebody last was. Nothing in it: nobody was.
profile_key = "ai_handler:profile:{}".format
# A list of how many tokens the latest answers spent on reasoning, the newest first.
reasoning_key = "ai_handler:profile:{}:reasoning".format
# The claim's token of the one request that tries a profile with which nobody was answered yet.
scout_key = "ai_handler:profile:{}:scout".format
# And by a kind of question, or `any`: exists while the endpoint has answered one within the last half minute.
answered_key = "ai_handler:profile:{}:answered:{}".format


def day_of(at: float) -> str:
    """The day of UTC (`2026-11-24`) of a Unix time, as the keys of a day name it."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


# By day: the US dollars that the workers have spent.
spent_key = "ai_handler:spent:{}".format
# By user id and day: the processing ids that count for the user. See bridge/user_limit.py.
user_day_key = "ai_handler:user:{}:{}".format

# A hash of who waits, by input partition: JSON of when that was told, and of each user's requests and weight. Bridges
# write it every few seconds, workers read it for operators.
LINE_KEY = "ai_handler:line"
LINE_KEPT = 60  # seconds

# A hash that the bridge moves in one step with the processed marks: it tells whether they are all there. See
# bridge/marks.py.
MARKS_KEY = "ai_handler:marks"

# A hash of who is alive: each process' name, and what it says of itself every other second. See presence.py.
PRESENT_KEY = "ai_handler:present"

# A hash of how requests ended: "<number of ten minutes since 1970> <how>" and how many. See bridge/tally.py.
TALLY_KEY = "ai_handler:tally"

# Written by `python -m bridge resume`: the Unix time up to which dead letters no longer count.
RESUMED_KEY = "ai_handler:dead_letters_resumed"

# Before the names of the limiter's own keys.
LIMITS_PREFIX = "ai_handler:limits"

# Written by the bridge when it finds Redis emptied, for each provider, read and deleted by its limiter: "<requests
# answered in the last minute> <... in the last day> <Unix time>". Kafka remembers what the limiter has forgotten, so a
# flush neither grants a second day's quota nor stops the first, and nothing answered means full buckets.
ANSWERED_KEY = "ai_handler:limits:answered"

# Written by the limiter with a start: the virtual time that fair shares have reached, which is the lowest place that
# waited then. The bridges read it, and write it where Redis has forgotten it.
REACHED_KEY = "ai_handler:limits:reached"

# A sorted set of users, scored by where their next place begins: the bridges' alone. Who is behind REACHED_KEY is
# removed.
USERS_KEY = "ai_handler:users"
