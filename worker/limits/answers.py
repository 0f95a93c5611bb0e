"""What the limiter is told and what it answers: plain shapes."""

from dataclasses import dataclass
from typing import Literal

Bucket = Literal["rpm", "rpd", "tpm"]

LEAST_TPM = 1_000  # no sane limit is below


@dataclass(frozen=True, slots=True)
class Limits:
    """The provider's limits: requests per minute, requests per day, tokens per minute; 0: there is none."""

    rpm: int
    rpd: int
    tpm: int
    # Those that nobody has set: the number is only where to begin, the provider's headers say the rest.
    auto: frozenset[Bucket] = frozenset()
    parallel: int | None = 0  # most calls under way at once; 0: any number. None: as before, where limits are changed.


@dataclass(frozen=True, slots=True)
class Granted:
    waited: float  # seconds since the reservation was first asked for
    first: bool = True  # False if it was granted before: whoever asked then may have used it
    plenty: bool = False  # the buckets hold so much more that those who come now need no line


@dataclass(frozen=True, slots=True)
class Reserved:
    """A place in the line is kept: ask again with the same id after `seconds`.

    `until_start` is how far away the start is by what is known now. No time is kept, each asking reckons anew: a long
    wait is told by halves.
    """

    seconds: float
    until_start: float = 0.0


class NeverFitsError(Exception):
    """More tokens than the configured limit ever grants at once."""
