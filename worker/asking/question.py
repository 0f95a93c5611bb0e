"""What is asked of a model, and what came of it: plain shapes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from worker.ports import Answer, Call, Way

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    kind: str  # `criteria` or `grades`, for logs and metrics
    digest: str  # names the question; the same digest gets the same answer without a call. See `digest_of`.
    keep: int  # seconds for which its answer is kept; 0: it is asked every time
    # Makes the call, anew for each attempt: a resume is fenced by a delimiter that is never reused.
    make_call: Callable[[], Call]
    # Makes of an answer what it means. Raises `BrokenAnswer`, whose text quotes nothing.
    parse: Callable[[Answer], T]
    meaning: type[T]  # the model class that `parse` returns and that is kept as JSON
    # Says of an answer whether who has it asks another question then; None: nobody ever does.
    leads_on: Callable[[T], bool] | None = None
    # What this process still knows of the answer: Redis may have lost it, and who asks again may be answered otherwise.
    remembered: Callable[[], T | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """The meaning of an answer; `answer` is None where it was known already.

    `way` is that of the model which was asked, now or then, `question` the digest of what it was asked.
    """

    meaning: T
    answer: Answer | None
    way: Way
    question: str


def digest_of(*parts: str) -> str:
    """A digest of what is asked and of the versions that decide its answer; it tells nothing about the texts."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return digest.hexdigest()
