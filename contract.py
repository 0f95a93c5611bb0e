"""What goes over the wire: Kafka messages that other teams depend on, and every key of ours in Redis.

The first half is the platform's contract, to the letter, with the sentences that its users read. The second
half is private to this service: the bridge and the worker share nothing but these names and shapes (the bridge
reaches the worker by task name alone, the worker never touches Kafka).
"""

import math
from enum import Enum
from typing import Annotated, Final, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, StrictStr, field_validator

# An error's text must not quote its input: it may be a resume.
_FROZEN = ConfigDict(frozen=True, hide_input_in_errors=True)

# --- The platform's contract -------------------------------------------------------------------------------

REQUEST_KEY = b"new_request"
NOTIFICATION_KEY = b"new_notifications"
PROCESSING_KEY = b"new_processing"

MAX_REQUIREMENTS = 5_000  # characters; the sender's own cap
MAX_RESUME = 15_000  # characters; the sender's own cap
MAX_CALLBACK_URL = 2_083  # characters; the sender's own cap (pydantic's HttpUrl), on the address as it was typed
# What the sender passes on is percent-encoded: "я" counts as one character there and arrives as six.
MAX_ENCODED_CALLBACK_URL = 6 * MAX_CALLBACK_URL

# The storage service's columns are 32-bit INTEGER.
Id = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]

PROCESSED_MARK_TTL = 3 * 24 * 3600  # seconds

HEADER_PROCESSING_ID = "processing-id"
HEADER_TRACEPARENT = "traceparent"
HEADER_SCHEMA_VERSION = "schema-version"
SCHEMA_VERSION = b"1"


def processed_mark(processing_id: int) -> str:
    """The Redis key that says "this request is finished"; the notifications service uses the same name."""
    return f"processed_messages:{processing_id}"


class Addressee(BaseModel):
    """Whom an answer belongs to: the callback URL and the four ids. A failure's `response` is just this."""

    model_config = _FROZEN

    callback_url: StrictStr = Field(min_length=1, max_length=MAX_ENCODED_CALLBACK_URL)
    processing_id: Id
    user_id: Id
    resume_id: Id
    requirements_id: Id

    @field_validator("callback_url")
    @classmethod
    def _as_long_as_the_sender_allows(cls, url: str) -> str:
        if len(url) > MAX_CALLBACK_URL and len(unquote(url)) > MAX_CALLBACK_URL:
            raise ValueError("too long")
        return url


class ScoringRequest(Addressee):
    """A message of the input topic (key `new_request`). Unknown extra fields are accepted and ignored."""

    # A resume in a log line must take more than a forgotten repr().
    requirements: StrictStr = Field(max_length=MAX_REQUIREMENTS, repr=False)
    resume: StrictStr = Field(max_length=MAX_RESUME, repr=False)

    @field_validator("requirements", "resume")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("blank")
        return text

    @field_validator("callback_url")
    @classmethod
    def _http_or_https(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() for c in url):
            raise ValueError("not an http or https URL")
        return url

    def addressee(self) -> Addressee:
        """The part of the request that every answer carries back."""
        return Addressee.model_construct(**{name: getattr(self, name) for name in Addressee.model_fields})


def saying_when(sentence: str, wait_seconds: int) -> str:
    """A sentence for the end user, and after it when to try again: «Попробуйте через 12 минут.».

    Rounded up to seconds below a minute, to minutes below a day, to hours beyond.
    """
    minutes = math.ceil(wait_seconds / 60)
    hours = math.ceil(minutes / 60)
    if wait_seconds < 60:
        parts = [(max(wait_seconds, 1), ("секунду", "секунды", "секунд"))]
    elif minutes < 24 * 60:
        parts = [(minutes // 60, ("час", "часа", "часов")), (minutes % 60, ("минуту", "минуты", "минут"))]
    else:
        parts = [(hours // 24, ("день", "дня", "дней")), (hours % 24, ("час", "часа", "часов"))]
    when = " ".join(f"{number} {_plural(number, forms)}" for number, forms in parts if number)
    return f"{sentence} Попробуйте через {when}."


def _plural(number: int, forms: tuple[str, str, str]) -> str:
    """The form of a Russian noun that goes with a number: 1 минуту, 2 минуты, 5 минут, 11 минут, 21 минуту."""
    if number % 10 == 1 and number % 100 != 11:
        return forms[0]
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return forms[1]
    return forms[2]


Verdict = Literal["Подходит", "Не подходит"]
SUITABLE: Final = "Подходит"
UNSUITABLE: Final = "Не подходит"

MAX_RECOMMENDATION = 700  # characters; the storage service's `recommendation VARCHAR(700)`


class Assessment(BaseModel):
    """The part of an answer that scoring makes; the bounds are the storage service's columns."""

    model_config = _FROZEN

    score: int = Field(ge=0, le=100)
    matches: tuple[str, ...]
    recommendation: str = Field(max_length=MAX_RECOMMENDATION)
    verdict: Verdict


class ScoredResponse(Assessment, Addressee):  # the addressee's fields come first in its JSON
    """`response` of a successful notification."""


class Notification(BaseModel):
    """A message of the notifications topic (key `new_notifications`): exactly one per `processing_id`."""

    model_config = _FROZEN

    success: bool
    response: ScoredResponse | Addressee
    message_error: str | None
    wait_seconds: int | None


class Failure(Enum):
    """Why a request ends without a score: what its user reads. The name is the metrics' label.

    A sentence or two, in Russian, without internals.
    """

    TOO_LARGE = "Вакансия и резюме вместе слишком велики для обработки. Сократите текст и отправьте запрос снова."
    OUT_OF_TIME = "Не удалось обработать резюме вовремя: сервис оценки недоступен. Отправьте запрос ещё раз позже."
    QUEUE_TOO_LONG = "Сервис оценки перегружен, и очередь не дойдёт до запроса вовремя."  # and when to come back
    BROKEN_ANSWER = "Модель не смогла оценить это резюме. Проверьте текст вакансии и резюме и отправьте запрос снова."
    NO_CRITERIA = "В вакансии нет проверяемых требований. Уточните требования к кандидату и отправьте запрос снова."
    REFUSED = "Сервис оценки не принял этот запрос. Проверьте текст вакансии и резюме и отправьте запрос снова."
    UNAVAILABLE = "Сервис оценки не отвечает. Отправьте запрос ещё раз позже."
    UNPUBLISHABLE = "Результат оценки не удалось передать: он слишком велик. Сократите текст и отправьте запрос снова."
    INTERNAL = "Не удалось обработать резюме из-за внутренней ошибки. Отправьте запрос ещё раз."


# --- Between the bridge and the worker ---------------------------------------------------------------------

TASK_NAME = "score_resume"
QUEUE_NAME = "ai_handler"


class Dispatch(BaseModel):
    """A request as the worker gets it."""

    model_config = _FROZEN

    request: ScoringRequest
    deadline_at: float  # Unix time, seconds: past it only a failure notification may follow
    place: float = 0.0  # in the order of the starts, see bridge/fair_order.py
    traceparent: str | None = None  # W3C trace context of the span that hands it over, else of the sender's


class Outcome(BaseModel):
    """How a request ended: the exact message bodies to publish. The bridge adds nothing to them."""

    model_config = _FROZEN

    notification: str = Field(repr=False)
    processing: str | None = Field(repr=False)  # None: a failure, nothing for the storage service

    @property
    def success(self) -> bool:
        """Whether it is a score."""
        return self.processing is not None

    @classmethod
    def scored(cls, addressee: Addressee, assessment: Assessment) -> Self:
        """A success: both topics get a message."""
        response = ScoredResponse(**addressee.model_dump(), **assessment.model_dump())
        notification = Notification(success=True, response=response, message_error=None, wait_seconds=None)
        return cls(
            notification=notification.model_dump_json(),
            processing=response.model_dump_json(exclude={"callback_url"}),
        )

    @classmethod
    def failed(cls, addressee: Addressee, message: str, *, wait_seconds: int | None = None) -> Self:
        """A failure: only the notifications topic hears of it.

        Args:
            addressee: whom to tell.
            message: a Russian sentence for the end user.
            wait_seconds: only where waiting helps, since the notifications service turns it into HTTP 429. It drops
                the number, so the sentence says it too.
        """
        if wait_seconds is not None:
            message = saying_when(message, wait_seconds)
        notification = Notification(success=False, response=addressee, message_error=message, wait_seconds=wait_seconds)
        return cls(notification=notification.model_dump_json(), processing=None)


# --- Redis keys --------------------------------------------------------------------------------------------

# Everything of ours in Redis but the processed marks begins with this, so an operator can tell it apart.
KEY_PREFIX = "ai_handler:"


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
    somebody was answered. Nothing in it: nobody was.
    """
    return f"{KEY_PREFIX}profile:{model}"


def reasoning_key(model: str) -> str:
    """A list of how many tokens the latest answers spent on reasoning, the newest first."""
    return f"{KEY_PREFIX}profile:{model}:reasoning"


def scout_key(model: str) -> str:
    """Holds the claim's token of the one request that tries a profile with which nobody was answered yet."""
    return f"{KEY_PREFIX}profile:{model}:scout"


def answered_key(model: str) -> str:
    """Exists while the endpoint has answered anybody within the last half minute."""
    return f"{KEY_PREFIX}profile:{model}:answered"


def spent_key(day: str) -> str:
    """Holds the US dollars that the workers have spent on a day of UTC (`2026-11-24`)."""
    return f"{KEY_PREFIX}spent:{day}"


# A hash that the bridge moves in one step with the processed marks: it tells whether they are all there. See
# bridge/marks.py.
MARKS_KEY = f"{KEY_PREFIX}marks"

# A hash of who is alive: each process' name, and what it says of itself every other second. See presence.py.
PRESENT_KEY = f"{KEY_PREFIX}present"

# A hash of how requests ended: "<number of ten minutes since 1970> <how>" and how many. See bridge/tally.py.
TALLY_KEY = f"{KEY_PREFIX}tally"

# Written by `python -m bridge resume`: the Unix time up to which dead letters no longer count.
RESUMED_KEY = f"{KEY_PREFIX}dead_letters_resumed"

# Written by the bridge when it finds Redis emptied, read and deleted by the limiter: "<requests answered within the
# last minute> <... within the last day> <Unix time>". Kafka remembers what the limiter has forgotten, so a flush
# neither grants a second day's quota nor stops the first, and nothing answered means full buckets.
ANSWERED_KEY = f"{KEY_PREFIX}limits:answered"

# Written by the limiter with a start: the virtual time that fair shares have reached, which is the lowest place that
# waited then. The bridges read it, and write it where Redis has forgotten it.
REACHED_KEY = f"{KEY_PREFIX}limits:reached"

# A sorted set of users, scored by where their next place begins: the bridges' alone. Who is behind REACHED_KEY is
# removed.
USERS_KEY = f"{KEY_PREFIX}users"
