"""What the provider says about its limits: `x-ratelimit-*` headers and the bodies of denials. Pure.

Everything here is tolerant: what is missing, garbled or absurd becomes None, and nothing raises. Only numbers
and fixed words are kept, never the provider's text, which may name the organisation. A text is read up to
`MOST_READ` characters, so that no pattern has time to be slow.

The formats are OpenAI's (platform.openai.com/docs/guides/rate-limits and public error reports), among them the
older `Limit: 60.000000 / min. Current: 70.000000 / min.`, and those of Azure ("Please retry after 86400
seconds"), Groq, vLLM and gateways that imitate the API; the table in tests/unit/test_provider_limits.py lists
them.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, Self

from worker.limits.answers import Bucket

DenialKind = Literal["rate_limit", "too_large", "slow_down"]

MOST_READ = 1_000  # characters of a message
LONGEST_WAIT = 2 * 86_400.0  # seconds; a longer one is no rate limit's
LARGEST = 10**12  # requests or tokens; no limit is larger

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_NUMBER = r"(\d{1,3}(?:[,_'\u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?([kKmM]\b)?"
_AGAIN = r"(?:try again|retry) (?:in|after) "
_TRY_AGAIN = re.compile(rf"{_AGAIN}((?:{_PART.pattern})+)(?![a-z])", re.IGNORECASE)
_TRY_AGAIN_IN_WORDS = re.compile(rf"{_AGAIN}(\d+(?:\.\d+)?) ?(millisecond|second|sec|minute|min|hour)", re.IGNORECASE)
_WORDS = {"millisecond": 1e-3, "second": 1.0, "sec": 1.0, "minute": 60.0, "min": 60.0, "hour": 3600.0}
_LIMIT = re.compile(rf"\blimit:? +{_NUMBER}", re.IGNORECASE)
_USED = re.compile(rf"\b(?:used|current):? +{_NUMBER}", re.IGNORECASE)
_REQUESTED = re.compile(rf"\brequested:? +{_NUMBER}", re.IGNORECASE)
# In this order: what a message says of the day must not be taken for the minute.
_BUCKETS: tuple[tuple[Bucket | None, re.Pattern[str]], ...] = (
    ("rpm", re.compile(r"\bRPM\b|requests per min", re.IGNORECASE)),
    ("rpd", re.compile(r"\bRPD\b|requests per day", re.IGNORECASE)),
    ("tpm", re.compile(r"\bTPM\b|tokens per min", re.IGNORECASE)),
    (None, re.compile(r"\bTPD\b|\b(?:tokens|images) per|per (?:day|hour|second|week|month)", re.IGNORECASE)),
    ("tpm", re.compile(r"token rate limit|limit reached for tokens", re.IGNORECASE)),
    ("rpm", re.compile(r"call rate limit|limit reached for requests|requests rate limit", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class ProviderView:
    """What the headers of one answer say: the buckets as they were when the request was admitted.

    `limit_*` and `remaining_*` are requests or tokens; `reset_requests` is the seconds until that bucket is full.
    Where the project has limits of its own, the tighter of the two is kept.
    """

    limit_requests: int | None = None
    remaining_requests: int | None = None
    reset_requests: float | None = None
    limit_tokens: int | None = None
    remaining_tokens: int | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self:
        """Parse an answer's headers, whatever the case of their names."""
        named = _lowercase(headers)
        limit_tokens, remaining_tokens, _ = _tightest(named, "tokens")
        return cls(*_tightest(named, "requests"), limit_tokens, remaining_tokens)

    @property
    def requests_window(self) -> float | None:
        """The window in seconds (about 60 or 86,400) of the bucket that the `requests` headers speak of.

        A bucket refills at limit / window, so what is missing and the time to full give it away. None where
        nothing is missing or a header is.
        """
        if not self.limit_requests or self.remaining_requests is None or not self.reset_requests:
            return None
        missing = self.limit_requests - self.remaining_requests
        return self.limit_requests * self.reset_requests / missing if missing > 0 else None


@dataclass(frozen=True, slots=True)
class Denial:
    """What a 429 (or a 503 `slow_down`) says."""

    # `rate_limit` wait and ask again; `too_large` did not fit into a full bucket; `slow_down` raise the rate gently.
    # What is about money is none: see the table in asking/faults.py.
    kind: DenialKind
    # The bucket that was short, None when it cannot be told, or is none of ours, or what is said of it makes no sense.
    bucket: Bucket | None = None
    # limit, used: requests or tokens of that bucket, at admission.
    limit: int | None = None
    used: int | None = None
    wait: float | None = None  # seconds until it is worth asking again

    @classmethod
    def from_response(cls, headers: Mapping[str, str], body: object) -> Self:
        """Parse a denial.

        Args:
            headers: of the response.
            body: the decoded JSON body or its `error` member (the SDK hands out either), or anything else.
        """
        error = body.get("error", body) if isinstance(body, dict) else {}
        if not isinstance(error, dict):
            error = {"message": error}
        message = next(filter(None, (_text(error.get(key)) for key in ("message", "detail", "title"))), "")
        code, error_type = _text(error.get("code")), _text(error.get("type"))
        limit, used, requested = (_number(pattern, message) for pattern in (_LIMIT, _USED, _REQUESTED))
        bucket = _bucket(message, error_type)
        kind = _kind(code, error_type, message, limit, requested)
        wait = _wait(message, headers)
        if limit == 0:  # "Limit 0" is what an account without access is told: it says nothing of any rate
            bucket = limit = used = None
        return cls(kind, bucket, limit, used, wait)


def parse_duration(text: str | None) -> float | None:
    """Seconds of a Go duration: `6m0s`, `7m12s`, `20ms`, `1.5s`, `1h2m3s`. A bare number is seconds."""
    if text is None or len(text) > MOST_READ:
        return None
    text = text.strip()
    if _DURATION.fullmatch(text):
        return _bearable(sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(text)))
    return _bearable(_positive(text))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms`, or from `retry-after` as seconds or as an HTTP date.

    A date is compared with the response's own `date` header where there is one: clocks differ.
    """
    named = _lowercase(headers)
    milliseconds = _positive(named.get("retry-after-ms"))
    if milliseconds is not None:
        return _bearable(milliseconds / 1000)
    seconds = parse_duration(named.get("retry-after"))
    if seconds is not None:
        return seconds
    until = _date(named.get("retry-after"))
    if until is None:
        return None
    now = _date(named.get("date")) or datetime.now(UTC)
    return _bearable(max(0.0, (until - now).total_seconds()))


def _tightest(named: Mapping[str, str], what: str) -> tuple[int | None, int | None, float | None]:
    """Limit, remaining, reset; of the organisation's and the project's own the set with less remaining."""
    sets = []
    for whose in ("", "project-"):
        limit = _whole(named.get(f"x-ratelimit-limit-{whose}{what}"))
        remaining = _whole(named.get(f"x-ratelimit-remaining-{whose}{what}"))
        if limit != 0 and not (limit is None and remaining is None):  # a limit of zero was not meant
            sets.append((limit, remaining, parse_duration(named.get(f"x-ratelimit-reset-{whose}{what}"))))
    return min(sets, key=lambda one: math.inf if one[1] is None else one[1], default=(None, None, None))


def _kind(code: str, error_type: str, message: str, limit: int | None, requested: int | None) -> DenialKind:
    if "slow_down" in (code, error_type) or "slow down" in message.lower():
        return "slow_down"
    never_fits = bool(limit) and limit is not None and requested is not None and requested > limit
    if never_fits or (limit != 0 and "request too large" in message.lower()):
        return "too_large"
    return "rate_limit"


def _bucket(message: str, error_type: str) -> Bucket | None:
    for bucket, pattern in _BUCKETS:
        if pattern.search(message):
            return bucket
    return "tpm" if error_type == "tokens" else None


def _wait(message: str, headers: Mapping[str, str]) -> float | None:
    if found := _TRY_AGAIN.search(message):
        return parse_duration(found[1])
    if found := _TRY_AGAIN_IN_WORDS.search(message):
        return _bearable(float(found[1]) * _WORDS[found[2].lower()])
    return retry_after(headers)


def _lowercase(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _text(value: object) -> str:
    return value[:MOST_READ] if isinstance(value, str) else ""


def _number(pattern: re.Pattern[str], message: str) -> int | None:
    found = pattern.search(message)
    if found is None:
        return None
    digits = "".join(character for character in found[1] if character.isdecimal())
    number = int(digits) * {"k": 1_000, "m": 1_000_000}.get((found[2] or "").lower(), 1)
    return number if number <= LARGEST else None


def _positive(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _bearable(seconds: float | None) -> float | None:
    return seconds if seconds is not None and seconds <= LONGEST_WAIT else None


def _whole(text: str | None) -> int | None:
    number = _positive(text.replace(",", "") if text else None)
    return None if number is None or number > LARGEST else int(number)


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
