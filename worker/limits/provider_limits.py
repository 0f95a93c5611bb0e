"""What the provider says about its limits: `x-ratelimit-*` headers and the bodies of denials. Pure.

Everything here is tolerant: what is missing or garbled becomes None, and nothing raises. Only numbers and
fixed words are kept, never the provider's text, which may name the organisation.

The formats are OpenAI's (platform.openai.com/docs/guides/rate-limits and public error reports); providers
that imitate its API send the same headers, some of them or none.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Bucket = Literal["rpm", "rpd", "tpm"]
DenialKind = Literal["rate_limit", "too_large", "slow_down", "insufficient_quota", "spend_limit"]

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_TRY_AGAIN = re.compile(rf"try again in\s+((?:{_PART.pattern})+)", re.IGNORECASE)
_LIMIT = re.compile(r"\blimit:?\s+(\d+)", re.IGNORECASE)
_USED = re.compile(r"\b(?:used|current):?\s+(\d+)", re.IGNORECASE)
_REQUESTED = re.compile(r"\brequested:?\s+(\d+)", re.IGNORECASE)
_BUCKETS: tuple[tuple[Bucket, re.Pattern[str]], ...] = (
    ("rpm", re.compile(r"\bRPM\b|requests per min", re.IGNORECASE)),
    ("rpd", re.compile(r"\bRPD\b|requests per day", re.IGNORECASE)),
    ("tpm", re.compile(r"\bTPM\b|tokens per min", re.IGNORECASE)),
)
_SPEND_CODES = re.compile(r"insufficient_quota|credit_balance_exhausted|billing_.*|.*_limit_(exceeded|reached)")


@dataclass(frozen=True, slots=True)
class ProviderView:
    """What the headers of one answer say: the buckets as they were when the request was admitted.

    `limit_*` and `remaining_*` are requests or tokens; `reset_*` are the seconds until the bucket is full.
    """

    limit_requests: int | None = None
    remaining_requests: int | None = None
    reset_requests: float | None = None
    limit_tokens: int | None = None
    remaining_tokens: int | None = None
    reset_tokens: float | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> ProviderView:
        """Parse an answer's headers, whatever the case of their names."""
        named = _lowercase(headers)
        return cls(
            limit_requests=_whole(named.get("x-ratelimit-limit-requests")),
            remaining_requests=_whole(named.get("x-ratelimit-remaining-requests")),
            reset_requests=parse_duration(named.get("x-ratelimit-reset-requests")),
            limit_tokens=_whole(named.get("x-ratelimit-limit-tokens")),
            remaining_tokens=_whole(named.get("x-ratelimit-remaining-tokens")),
            reset_tokens=parse_duration(named.get("x-ratelimit-reset-tokens")),
        )

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
    """What a 429 (or a 503 `slow_down`) says.

    Attributes:
        kind: `rate_limit` wait and ask again; `too_large` will never fit; `slow_down` raise the rate gently;
            `insufficient_quota` and `spend_limit` are about money and are not retried in a loop.
        bucket: the bucket that was short, None when it cannot be told.
        limit, used, requested: requests or tokens of that bucket, at admission.
        wait: seconds until it is worth asking again.
    """

    kind: DenialKind
    bucket: Bucket | None = None
    limit: int | None = None
    used: int | None = None
    requested: int | None = None
    wait: float | None = None

    @classmethod
    def from_response(cls, headers: Mapping[str, str], body: object) -> Denial:
        """Parse a denial.

        Args:
            headers: of the response.
            body: the decoded JSON body or its `error` member (the SDK hands out either), or anything else.
        """
        error = body.get("error", body) if isinstance(body, dict) else {}
        if not isinstance(error, dict):
            error = {"message": error}
        message, code, error_type = (_text(error.get(key)) for key in ("message", "code", "type"))
        limit, used, requested = (_number(pattern, message) for pattern in (_LIMIT, _USED, _REQUESTED))
        try_again = _TRY_AGAIN.search(message)
        return cls(
            kind=_kind(code, error_type, message, limit, requested),
            bucket=_bucket(message),
            limit=limit,
            used=used,
            requested=requested,
            wait=parse_duration(try_again[1]) if try_again else retry_after(headers),
        )


def parse_duration(text: str | None) -> float | None:
    """Seconds of a Go duration: `6m0s`, `7m12s`, `20ms`, `1.5s`, `1h2m3s`. A bare number is seconds."""
    if text is None:
        return None
    text = text.strip()
    if _DURATION.fullmatch(text):
        return sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(text))
    return _positive(text)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms`, or from `retry-after` as seconds or as an HTTP date.

    A date is compared with the response's own `date` header where there is one: clocks differ.
    """
    named = _lowercase(headers)
    milliseconds = _positive(named.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    seconds = parse_duration(named.get("retry-after"))
    if seconds is not None:
        return seconds
    until = _date(named.get("retry-after"))
    if until is None:
        return None
    now = _date(named.get("date")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _kind(code: str, error_type: str, message: str, limit: int | None, requested: int | None) -> DenialKind:
    if "insufficient_quota" in (code, error_type):
        return "insufficient_quota"
    if code != "rate_limit_exceeded" and _SPEND_CODES.fullmatch(code):
        return "spend_limit"
    if "slow_down" in (code, error_type) or "slow down" in message.lower():
        return "slow_down"
    never_fits = limit is not None and requested is not None and requested > limit
    if never_fits or "request too large" in message.lower():
        return "too_large"
    return "rate_limit"


def _bucket(message: str) -> Bucket | None:
    return next((bucket for bucket, pattern in _BUCKETS if pattern.search(message)), None)


def _lowercase(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(pattern: re.Pattern[str], message: str) -> int | None:
    found = pattern.search(message)
    return int(found[1]) if found else None


def _positive(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _whole(text: str | None) -> int | None:
    number = _positive(text)
    return None if number is None else int(number)


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
