from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.limits.provider_limits import Denial, ProviderView, parse_duration, retry_after


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
    """The rate limit headers are read, whatever the case of their names."""
    view = ProviderView.from_headers(
        {
            "X-RateLimit-Limit-Requests": "500",
            "x-ratelimit-remaining-requests": "499",
            "x-ratelimit-reset-requests": "120ms",
            "x-ratelimit-limit-tokens": "40000",
            "x-ratelimit-remaining-tokens": "38000",
        }
    )
    assert view == ProviderView(500, 499, 0.12, 40000, 38000)


def requests_headers(whose="", **values):
    return {f"x-ratelimit-{kind}-{whose}requests": value for kind, value in values.items()}


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ({}, (None, None, None)),
        (requests_headers(limit="many"), (None, None, None)),
        (requests_headers(remaining="-1"), (None, None, None)),
        (requests_headers(limit="0", remaining="0", reset="0s"), (None, None, None)),
        (requests_headers(limit="200,000", remaining="199,000"), (200_000, 199_000, None)),
        (requests_headers(limit="1e30", remaining="7"), (None, 7, None)),
        (requests_headers(limit="nan", remaining="inf"), (None, None, None)),
        (requests_headers(limit="40000.0", remaining="39999.6", reset="1m"), (40_000, 39_999, 60.0)),
        (requests_headers("project-", limit="60000", remaining="57000", reset="3s"), (60_000, 57_000, 3.0)),
        (
            requests_headers(limit="200000", remaining="190000", reset="3s")
            | requests_headers("project-", limit="60000", remaining="57000", reset="9s"),
            (60_000, 57_000, 9.0),
        ),
        (
            requests_headers(limit="200000", remaining="1000", reset="59s")
            | requests_headers("project-", limit="60000", remaining="57000", reset="3s"),
            (200_000, 1_000, 59.0),
        ),
        (
            requests_headers(limit="200000", remaining="190000", reset="3s")
            | requests_headers("project-", limit="0", remaining="0", reset="0s"),
            (200_000, 190_000, 3.0),
        ),
        (requests_headers(remaining="190000", limit="200000", reset="99999999h"), (200_000, 190_000, None)),
    ],
)
def test_odd_headers_are_none_and_the_tighter_of_two_limits_counts(headers, seen):
    """Zero, nonsense and absent headers say nothing; a project's own limits count where they are tighter."""
    assert ProviderView.from_headers(headers) == ProviderView(*seen)
    of_tokens = {name.replace("requests", "tokens"): value for name, value in headers.items()}
    assert ProviderView.from_headers(of_tokens) == ProviderView(None, None, None, *seen[:2])


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


ORG = "Rate limit reached for gpt-4.1-mini in organization org-secret on "
TOO_LARGE = "Request too large for gpt-4o in organization org-secret on "
OLD = "Rate limit reached for default-global-with-image-limits in organization org-secret on "
GROQ = "Rate limit reached for model `llama` in organization `org_1` service tier `on_demand` on "
AZURE = "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-05-01 have exceeded "
TIER = "of your current OpenAI S0 pricing tier. Please retry after "


def limited(bucket=None, limit=None, used=None, wait=None):
    return Denial("rate_limit", bucket, limit, used, wait)


# What is found in public issues (a comment names the thread), and what a hostile or broken proxy could make of it.
MESSAGES = [
    # OpenAI today; semanser/codel #72, vanderschaarlab/climb #1
    (ORG + "tokens per min (TPM): Limit 10000, Used 8782, Requested 8172. Please try again in 41.724s.",
     limited("tpm", 10_000, 8_782, 41.724)),
    (ORG + "tokens per min (TPM): Limit 30000, Used 14567, Requested 24754. Please try again in 18.642s. Visit x",
     limited("tpm", 30_000, 14_567, 18.642)),
    (ORG + "requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. Visit ...",
     limited("rpm", 3, 3, 20.0)),
    (ORG + "requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.",
     limited("rpd", 200, 200, 432.0)),
    (TOO_LARGE + "tokens per min (TPM): Limit 30000, Requested 30601. The input or output tokens must be reduced",
     Denial("too_large", "tpm", 30_000, None)),
    # more than the limit is too large, whatever it is called
    (ORG + "tokens per min (TPM): Limit 30000, Used 0, Requested 30601.", Denial("too_large", "tpm", 30_000, 0)),
    (ORG + "tokens per min (TPM): Limit 30000, Used 1, Requested 30000.", limited("tpm", 30_000, 1)),
    # OpenAI before; mmz-001/knowledge_gpt #5, stanford-crfm/helm #97
    (ORG + "requests per min. Limit: 3 / min. Current: 4 / min. Please try again in 20s.",
     limited("rpm", 3, 4, 20.0)),
    (OLD + "requests per min. Limit: 60.000000 / min. Current: 70.000000 / min.", limited("rpm", 60, 70)),
    ("Rate limit reached for tokens. Limit: 150000.000000 / min. Current: 176000.000000 / min.",
     limited("tpm", 150_000, 176_000)),
    # numbers as people write them
    (ORG + "tokens per min (TPM): Limit 200,000, Used 199,500, Requested 2,500. Please try again in 600ms.",
     limited("tpm", 200_000, 199_500, 0.6)),
    (ORG + "tokens per min (TPM): Limit 200\u202f000, Used 0", limited("tpm", 200_000, 0)),
    (ORG + "tokens per min (TPM): Limit 200k, Used 0.", limited("tpm", 200_000, 0)),
    (ORG + "tokens per min (TPM): Limit 2M, Used 1", limited("tpm", 2_000_000, 1)),
    # zero and nonsense
    (ORG + "tokens per min (TPM): Limit 0, Used 0, Requested 2500. Please try again in 6ms.", limited(wait=0.006)),
    (ORG + "requests per min. Limit: 0 / min. Current: 1 / min.", limited()),
    (ORG + "requests per min. Limit: 0.000000 / min. Current: 0.000000 / min.", limited()),
    (TOO_LARGE + "tokens per min (TPM): Limit 0, Requested 12.", limited()),
    (ORG + "tokens per min (TPM): Limit , Used , Requested .", limited("tpm")),
    (ORG + "tokens per min (TPM): Limit -5, Used nan", limited("tpm")),
    (ORG + "tokens per min (TPM): Limit 99999999999999999999999, Used 1", limited("tpm", None, 1)),
    (ORG + "requests per min (RPM): Limit 3. Please try again in 99999999h.", limited("rpm", 3)),
    # buckets that are not ours; continuedev/continue #10920
    (GROQ + "tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. Please try again in 9m38.016s.",
     limited(None, 100_000, 97_050, 578.016)),
    (ORG + "input-images per min: Limit 5, Used 5, Requested 1.", limited(None, 5, 5)),
    # Groq; openinterpreter/openinterpreter #408
    (GROQ + "tokens per minute (TPM): Limit 6000, Used 3513, Requested 3166. Please try again in 6.780999999s. Need",
     limited("tpm", 6_000, 3_513, 6.780999999)),
    # Azure; alex-wolf-ps/dbchatprov2 #2, Azure-Samples/azure-search-openai-demo #177
    (AZURE + "token rate limit " + TIER + "86400 seconds. Please go here", limited("tpm", wait=86_400.0)),
    (AZURE + "call rate limit " + TIER + "2 seconds.", limited("rpm", wait=2.0)),
    ("Rate limit is exceeded. Try again in 30 seconds.", limited(wait=30.0)),
    # gateways; xtekky/gpt4free #3456
    ("Requests rate limit exceeded", limited("rpm")),
    ("Token limit (500,000 per day) exceeded. Used: 508,311 tokens.", limited(None, None, 508_311)),
    ("Too many requests, please slow down", Denial("slow_down")),
    ("Something else entirely", limited()),
    ("", limited()),
]  # fmt: skip


@pytest.mark.parametrize(("message", "denial"), MESSAGES)
def test_a_denial_says_what_was_short(message, denial):
    """The numbers in the body of a 429 are used, so that the wait is right to the millisecond; nonsense is none."""
    code = None if message.startswith(("Something", "Too many")) else "rate_limit_exceeded"
    body = {"error": {"message": message, "type": "rate_limit", "code": code}}
    assert Denial.from_response({}, body) == denial
    assert Denial.from_response({}, body["error"]) == denial
    assert "org-secret" not in repr(denial)


@pytest.mark.parametrize(
    ("body", "denial"),
    [
        # vLLM and those that imitate it: no `error`, a number as the code
        ({"object": "error", "message": "Try again in 2 seconds", "type": "TooManyRequests", "code": 429},
         limited(wait=2.0)),
        # meta-llama/llama-models #354
        ({"title": "Too Many Requests", "detail": "You have exceeded the maximum number of tokens", "status": 429},
         Denial("rate_limit")),
        ({"detail": "Rate limit is exceeded. Try again in 30 seconds."}, limited(wait=30.0)),
        ({"error": {"code": "429", "message": AZURE + "token rate limit. Please retry after 6 seconds."}},
         limited("tpm", wait=6.0)),
        ({"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}},
         Denial("rate_limit", "tpm")),
        ({"error": {"message": None, "type": 7, "code": []}}, Denial("rate_limit")),
        ({"error": "Limit 3, Used 3 requests per min"}, Denial("rate_limit", "rpm", 3, 3)),
    ],
)  # fmt: skip
def test_bodies_of_other_providers_are_understood(body, denial):
    """Azure, vLLM, Groq and gateways answer in shapes of their own."""
    assert Denial.from_response({}, body) == denial


@pytest.mark.parametrize("code", ["rate_limit_exceeded", None])
def test_a_long_message_takes_no_time(code):
    """A megabyte of digits and spaces is cut before any pattern sees it."""
    for text in ("1" * 10**6, "limit " * 10**5, "try again in " + "1m" * 10**5, "x" * 10**6 + "Limit 3"):
        assert Denial.from_response({"retry-after": text}, {"error": {"message": text, "code": code}}).limit is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("slow_down", "slow_down"),
        ("rate_limit_exceeded", "rate_limit"),
    ],
)
def test_a_ramp_is_told_from_a_rate(code, kind):
    """Whoever raises the rate too fast is slowed down; the buckets have nothing to learn from it."""
    assert Denial.from_response({}, {"error": {"message": "no", "code": code}}).kind == kind


@pytest.mark.parametrize("body", [None, b"<html>", "text", [], {"error": None}, {"error": "gone"}, {"error": []}])
def test_any_body_is_a_denial(body):
    """A 429 from a proxy with a page in it still says how long to wait."""
    assert Denial.from_response({"retry-after": "7"}, body) == limited(wait=7.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "20"}, 20.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359"}, None),
        ({"retry-after": "999999999"}, None),
        ({"retry-after-ms": "inf"}, None),
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
