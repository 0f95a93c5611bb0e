from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.limits.provider_limits import Denial, ProviderView, parse_duration, retry_after

RATE = "Rate limit reached for gpt-4.1-mini in organization org-secret on "


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("7m12s", 432.0),
        ("20ms", 0.02),
        ("1.5s", 1.5),
        ("1h2m3s", 3723.0),
        ("1d2h", 93600.0),
        ("0s", 0.0),
        ("17", 17.0),
        ("", None),
        (None, None),
        ("soon", None),
        ("-3s", None),
        ("nan", None),
        ("5 s", None),
    ],
)
def test_durations_are_read_as_the_provider_writes_them(text, seconds):
    """A wait is understood in every form that the provider uses, and garbage is nothing."""
    assert parse_duration(text) == (pytest.approx(seconds) if seconds is not None else None)


def test_headers_become_numbers():
    """All six rate limit headers are read, whatever the case of their names."""
    view = ProviderView.from_headers(
        {
            "X-RateLimit-Limit-Requests": "500",
            "x-ratelimit-remaining-requests": "499",
            "x-ratelimit-reset-requests": "120ms",
            "x-ratelimit-limit-tokens": "40000",
            "x-ratelimit-remaining-tokens": "38000",
            "x-ratelimit-reset-tokens": "3s",
        }
    )
    assert view == ProviderView(500, 499, 0.12, 40000, 38000, 3.0)


def test_missing_and_garbled_headers_are_none():
    """A provider without these headers, or with odd ones, is no reason to fail."""
    assert ProviderView.from_headers({}) == ProviderView()
    assert ProviderView.from_headers({"x-ratelimit-limit-tokens": "many"}) == ProviderView()
    assert ProviderView.from_headers({"x-ratelimit-remaining-tokens": "-1"}) == ProviderView()


@pytest.mark.parametrize(
    ("limit", "reset", "window"), [(10_000, 8.64, 86_400.0), (500, 0.12, 60.0)], ids=["day", "minute"]
)
def test_the_reset_time_gives_the_window_away(limit, reset, window):
    """It can be told whether the request headers speak of the day or of the minute."""
    view = ProviderView(limit_requests=limit, remaining_requests=limit - 1, reset_requests=reset)
    assert view.requests_window == pytest.approx(window)


def test_a_full_bucket_has_no_known_window():
    """Nothing is missing, so nothing can be told from the time to full."""
    assert ProviderView(500, 500, 0.0).requests_window is None


@pytest.mark.parametrize(
    ("message", "denial"),
    [
        (
            RATE + "tokens per min (TPM): Limit 10000, Used 8782, Requested 8172. Please try again in 41.724s.",
            Denial("rate_limit", "tpm", 10000, 8782, 8172, 41.724),
        ),
        (
            RATE + "requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. Visit ...",
            Denial("rate_limit", "rpm", 3, 3, 1, 20.0),
        ),
        (
            RATE + "requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.",
            Denial("rate_limit", "rpd", 200, 200, 1, 432.0),
        ),
        (
            RATE + "requests per min. Limit: 3 / min. Current: 4 / min. Please try again in 20s.",
            Denial("rate_limit", "rpm", 3, 4, None, 20.0),
        ),
        (
            "Request too large for gpt-4 on tokens per min (TPM): Limit 10000, Requested 12000. The input ...",
            Denial("too_large", "tpm", 10000, None, 12000, None),
        ),
        ("Something else entirely", Denial("rate_limit")),
    ],
)
def test_a_denial_says_what_was_short(message, denial):
    """The numbers in the body of a 429 are used, so that the wait is right to the millisecond."""
    body = {"error": {"message": message, "type": "tokens", "code": "rate_limit_exceeded"}}
    assert Denial.from_response({}, body) == denial
    assert Denial.from_response({}, body["error"]) == denial
    assert "org-secret" not in repr(denial)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("insufficient_quota", "insufficient_quota"),
        ("credit_balance_exhausted", "spend_limit"),
        ("project_spend_limit_exceeded", "spend_limit"),
        ("billing_hard_limit_reached", "spend_limit"),
        ("slow_down", "slow_down"),
        ("rate_limit_exceeded", "rate_limit"),
    ],
)
def test_money_is_told_from_rate(code, kind):
    """Spend limits are not retried in a loop, so they must not look like rate limits."""
    assert Denial.from_response({}, {"error": {"message": "no", "code": code}}).kind == kind


@pytest.mark.parametrize("body", [None, b"<html>", "text", [], {"error": None}, {"error": "gone"}, {"error": []}])
def test_any_body_is_a_denial(body):
    """A 429 from a proxy with a page in it still says how long to wait."""
    assert Denial.from_response({"retry-after": "7"}, body) == Denial("rate_limit", wait=7.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "20"}, 20.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "tomorrow"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_all_its_forms(headers, seconds):
    """Seconds, milliseconds and dates are understood; a date is compared with the server's own clock."""
    assert retry_after(headers) == seconds


def test_retry_after_date_without_the_servers_clock():
    """Without a date header, a date still gives a wait."""
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < retry_after({"retry-after": later}) < 3601


@given(st.text(), st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text()))
def test_nothing_a_provider_sends_raises(text, headers):
    """Garbage in headers and bodies never breaks a worker."""
    Denial.from_response(headers, {"error": {"message": text, "code": text}})
    ProviderView.from_headers(dict.fromkeys(["x-ratelimit-limit-tokens", "x-ratelimit-reset-tokens"], text))
