"""What a request and its answer are, whichever of the platform's contracts is spoken; each has a module of its own.

Everything outside this package knows requests, recipients and outcomes. Topics, fields, keys, and what a failure
carries are the `Dialect`'s.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr, field_validator

if TYPE_CHECKING:
    from contract.year_2025 import Notification

# An error's text must not quote its input: it may be a resume.
FROZEN = ConfigDict(frozen=True, hide_input_in_errors=True)

MAX_REQUIREMENTS = 5_000  # characters; the sender's own cap
MAX_RESUME = 15_000  # characters; the sender's own cap

# The storage service's columns are 32-bit INTEGER.
Id = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]

HEADER_PROCESSING_ID = "processing-id"
HEADER_TRACEPARENT = "traceparent"
HEADER_SCHEMA_VERSION = "schema-version"
SCHEMA_VERSION = b"1"
HEADER_REPEATED = "repeated-after"  # seconds; of an answer that was said before


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
    when = " ".join(f"{number} {plural(number, forms)}" for number, forms in parts if number)
    return f"{sentence} Попробуйте через {when}."


def plural(number: int, forms: tuple[str, str, str]) -> str:
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

    model_config = FROZEN

    score: int = Field(ge=0, le=100)
    matches: tuple[str, ...]
    recommendation: str = Field(max_length=MAX_RECOMMENDATION)
    verdict: Verdict


class Recipient(BaseModel):
    """Whom an answer belongs to."""

    model_config = FROZEN

    processing_id: Id

    def scored(self, assessment: Assessment) -> "Outcome":
        raise NotImplementedError

    def failed(self, message: str, wait_seconds: int | None) -> "Outcome":
        """What to publish for a failure; see `Outcome.failed`."""
        raise NotImplementedError


class Ids(BaseModel):
    user_id: Id
    resume_id: Id
    requirements_id: Id


class Texts(BaseModel):
    # A resume in a log line must take more than a forgotten repr().
    requirements: StrictStr = Field(max_length=MAX_REQUIREMENTS, repr=False)
    resume: StrictStr = Field(max_length=MAX_RESUME, repr=False)

    @field_validator("requirements", "resume")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("blank")
        return text


class Request(Texts, Ids, Recipient):
    """What the platform asks."""

    def addressee(self) -> Recipient:
        """The part of the request that every answer carries back."""
        raise NotImplementedError


class Failure(Enum):
    """Why a request ends without a score: what its user reads. The name is the metrics' label.

    A sentence or two, in Russian, without internals.
    """

    TOO_LARGE = "Вакансия и резюме вместе слишком велики для обработки. Сократите текст и отправьте запрос снова."
    OUT_OF_TIME = "Не удалось обработать резюме вовремя: сервис оценки недоступен. Отправьте запрос ещё раз позже."
    QUEUE_TOO_LONG = "Сервис оценки перегружен, и очередь не дойдёт до запроса вовремя."  # and when to come back
    USER_LIMIT = "Дневной лимит оценок исчерпан: этот запрос не будет обработан."  # and when to come back
    BROKEN_ANSWER = "Модель не смогла оценить это резюме. Проверьте текст вакансии и резюме и отправьте запрос снова."
    NO_CRITERIA = "В вакансии нет проверяемых требований. Уточните требования к кандидату и отправьте запрос снова."
    REFUSED = "Сервис оценки не принял этот запрос. Проверьте текст вакансии и резюме и отправьте запрос снова."
    UNAVAILABLE = "Сервис оценки не отвечает. Отправьте запрос ещё раз позже."
    UNPUBLISHABLE = "Результат оценки не удалось передать: он слишком велик. Сократите текст и отправьте запрос снова."
    INTERNAL = "Не удалось обработать резюме из-за внутренней ошибки. Отправьте запрос ещё раз."


class Outcome(BaseModel):
    """How a request ended: the exact message bodies to publish. The bridge adds nothing to them."""

    model_config = FROZEN

    notification: str = Field(repr=False)
    processing: str | None = Field(repr=False)  # for a topic of the storage service's own; None: nothing goes there
    is_score: bool | None = None  # None: it is one where there is something for the storage service

    @property
    def success(self) -> bool:
        return self.processing is not None if self.is_score is None else self.is_score

    @classmethod
    def failed(cls, addressee: Recipient, message: str, *, wait_seconds: int | None = None) -> "Outcome":
        """A failure.

        Args:
            addressee: whom to tell.
            message: a Russian sentence for the end user.
            wait_seconds: only where waiting helps. Nobody shows the number, so the sentence says it too.
        """
        if wait_seconds is not None:
            message = saying_when(message, wait_seconds)
        return addressee.failed(message, wait_seconds)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the platform's contracts."""

    request: type[Request]  # what a message of the input topic is read as; unknown fields are ignored
    recipient: type[Recipient]  # what is read of a message that is no request, so that somebody can be told
    request_key: bytes | None  # of requests, others are not ours; None: any key will do
    answer_key: bytes | None  # of answers, likewise
    # Where an answer's parsed body names its processing id; may raise what indexing raises.
    answered_id: Callable[[dict[str, Any]], object]
    # An answer's text, in the words of the first contract; raises `ValueError` where it is none.
    heard: Callable[[str], "Notification"]
    topics: tuple[str, str]  # the names of the input topic and of the answers' topic
    has_records: bool  # whether a topic of its own takes what the storage service is to keep
    settles: float = 0.0  # seconds from a request's Kafka timestamp within which nobody is ready to hear its answer
    # Whether readers see what a transaction takes back, so that answers are said outside of it, at least once, and may
    # be said again later.
    is_read_uncommitted: bool = False

    @property
    def fields(self) -> set[str]:
        """Of a request, as the platform names them."""
        return {str(field.validation_alias or name) for name, field in self.request.model_fields.items()}
