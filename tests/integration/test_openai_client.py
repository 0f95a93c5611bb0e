"""One call of the model over real HTTP: what each answer and each fault becomes."""

import gzip
import json
import threading
import traceback
from dataclasses import replace
from typing import get_args
from urllib.parse import parse_qsl, urlsplit

import bpe_openai
import httpx2
import pytest
import socksio

from contract import Failure
from dev.lone_profile import LoneProfile
from dev.openai_standin.families import FamilyName
from dev.processes import free_port
from tests.support.fakes import RESUME, SECRET_WORDS, criteria_of
from tests.support.local_web import http_proxy, reply, socks5_proxy, web_server
from worker.asking.faults import CUT, DECLINED, EMPTY
from worker.asking.openai_client import OpenAIClient
from worker.asking.profile import MOST_LESSONS, Profile
from worker.asking.route import LONGEST_ANSWER
from worker.asking.service_tier import ServiceTier
from worker.assessment.grading import RESPONSE_FORMAT, parse_grading
from worker.assessment.prompt import grading_messages
from worker.assessment.resume import read_resume
from worker.errors import (
    BrokenAnswerError,
    CallError,
    DeniedError,
    LessonError,
    RefusedCallError,
    TransientError,
    TrippingError,
)
from worker.ports import Call, Usage

CRITERIA = criteria_of()
IDS = [item.id for item in CRITERIA.items]
CALL = Call(
    grading_messages(CRITERIA, read_resume(RESUME, redaction=False), delimiter="012345678901234567"),
    RESPONSE_FORMAT,
    1_200,
)
COUNT = bpe_openai.get_encoding("o200k_base").encode_ordinary


@pytest.fixture
def standin(standin):
    standin.set(rpm=10_000, rpd=10_000, tpm=10_000_000, latency=0.0)
    return standin


@pytest.fixture
def make_client(make_route):
    def make(url, *, proxy=None, timeout=20.0, output="auto", profile=None, tier=None):
        address = urlsplit(url)
        return OpenAIClient(
            make_route(proxy=proxy),
            key="sk-fake",
            base_url=f"{address.scheme}://{address.netloc}{address.path or '/v1'}",
            query=dict(parse_qsl(address.query)),
            model="gpt-4.1-mini",
            count=lambda text: len(COUNT(text)),
            timeout=timeout,
            profiles=profile or LoneProfile(Profile.pinned_by(temperature="auto", effort="auto", output=output)),
            tier=ServiceTier(tier),
        )

    return make


@pytest.fixture
def client(standin, make_client):
    return make_client(standin.url)


def fault_of(client, kind=CallError):
    """The error that asking raises; whatever it is, it tells nothing of the texts and of the key."""
    with pytest.raises(kind) as caught:
        client.ask(CALL)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not [word for word in SECRET_WORDS if word in told]
    return caught.value


# --- answers ---


def test_an_answer_comes_with_its_price_and_the_limits(standin, client):
    """What the model said, the tokens it cost, and what the headers say of the limits."""
    standin.set(rpm=500, rpd=10_000, tpm=200_000, used={"rpm": 0, "rpd": 0, "tpm": 0})
    answer = client.ask(CALL)
    assert parse_grading(answer.content, IDS)
    (attempt,) = standin.attempts()
    assert answer.prompt_tokens == attempt["prompt_tokens"]
    assert answer.completion_tokens == attempt["completion_tokens"] > 0
    assert answer.cached_tokens == 0
    assert (answer.seen.limit_requests, answer.seen.remaining_requests) == (500, 499)
    assert answer.seen.limit_tokens == 200_000
    assert 0 < answer.seen.reset_requests <= 0.12


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("gpt-4.1-mini-2025-04-14", "gpt-4.1-mini-2025-04-14"),
        ("accounts/x/models/llama-v3@latest", "accounts/x/models/llama-v3@latest"),
        (RESUME, None),
        ("x" * 101, None),
        ("", None),
        (["gpt"], None),
        (None, None),
    ],
)
def test_the_model_that_answered_is_known_by_its_name(make_client, said, understood):
    """Traces name the model that answered; anything else that stands in its place goes no further."""
    body = json.dumps({"choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}], "model": said}).encode()
    with web_server(lambda handler, _: reply(handler, 200, body)) as url:
        assert make_client(url).ask(CALL).model == understood


def test_the_prefix_cache_is_seen(client):
    """Where a prefix is long enough for the provider's cache, its use is reported."""
    system, criteria, resume = CALL.messages
    longer = {**system, "content": system["content"] * 2}
    client.ask(replace(CALL, messages=[longer, criteria, resume]))
    other = {**resume, "content": "Другое резюме."}
    assert client.ask(replace(CALL, messages=[longer, criteria, other])).cached_tokens >= 1_024


def test_no_reservation_is_smaller_than_the_charge(standin, client):
    """What a call is expected to cost covers what the provider charges at admission."""
    client.ask(CALL)
    (attempt,) = standin.attempts()
    assert attempt["tokens"] <= client.tokens(CALL) <= attempt["tokens"] + 300


def test_headers_may_be_missing(standin, client):
    """Providers that send no limit headers are understood as well."""
    standin.set(headers=False)
    seen = client.ask(CALL).seen
    assert seen.limit_requests is None
    assert seen.remaining_tokens is None


def test_what_is_sent(make_client):
    """The pinned model, temperature 0, the strict schema and the cap; nothing else about the request."""
    requests = []

    def note(handler, body):
        requests.append((handler.path, handler.headers["Authorization"], json.loads(body)))
        reply(handler, 500, b"{}")

    with web_server(note) as url:
        fault_of(make_client(url))
    ((path, authorization, body),) = requests
    assert (path, authorization) == ("/v1/chat/completions", "Bearer sk-fake")
    assert body == {
        "model": "gpt-4.1-mini",
        "messages": CALL.messages,
        "response_format": RESPONSE_FORMAT,
        "temperature": 0,
        "max_completion_tokens": 1_200,
    }


# --- faults ---


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("status_500", TransientError, "500 server_error"),
        ("status_503", TransientError, "503 service_unavailable_error"),
        ("slow_down", DeniedError, "503 slow_down"),
        ("rate_limit", DeniedError, "429 rate_limit_exceeded"),
        ("insufficient_quota", TrippingError, "429 insufficient_quota"),
        ("unsupported_country", TrippingError, "403 unsupported_country_region_territory"),
        ("invalid_key", TrippingError, "401 invalid_api_key"),
        ("model_not_found", TrippingError, "404 model_not_found"),
        ("bad_request", RefusedCallError, "400 invalid_value"),
        ("truncated", BrokenAnswerError, CUT.what),
        ("refusal", BrokenAnswerError, DECLINED.what),
        ("empty", BrokenAnswerError, EMPTY.what),
    ],
)
def test_each_fault_is_told_by_its_code(standin, client, fault, error, said):
    """Each of the provider's faults becomes one of ours, after a single attempt, and its text is a code."""
    standin.fault(fault)
    caught = fault_of(client, error)
    assert str(caught) == said
    assert len(standin.attempts()) == 1, "the SDK's own retries would bypass the limiter"
    assert caught.seen.limit_requests == 10_000, "the headers of a failed request count too"
    assert not getattr(caught, "network", False), "the provider did answer"


@pytest.mark.parametrize("fault", ["truncated", "refusal", "empty"])
def test_an_answer_that_is_of_no_use_says_its_tokens(standin, client, fault):
    """It is billed like any other, so the budget has to know of it."""
    standin.fault(fault)
    usage = fault_of(client, BrokenAnswerError).usage
    (attempt,) = standin.attempts()
    assert attempt["prompt_tokens"] > 0
    assert (usage.prompt_tokens, usage.completion_tokens) == (attempt["prompt_tokens"], attempt["completion_tokens"])


def test_an_answer_without_a_choice_says_its_tokens(make_client):
    """Whatever else is missing, what the provider counted is counted."""
    body = {"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 7}}
    with web_server(lambda handler, _: reply(handler, 200, json.dumps(body).encode())) as url:
        assert fault_of(make_client(url), BrokenAnswerError).usage == Usage(900, 0, 7)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("insufficient_quota", "quota"),
        ("unsupported_country", "region"),
        ("invalid_key", "credentials"),
        ("model_not_found", "model"),
    ],
)
def test_what_operators_must_mend_is_told_apart(standin, client, fault, reason):
    """Operators learn whether it is the bill, the country or the key."""
    standin.fault(fault)
    assert fault_of(client, TrippingError).reason == reason


def test_a_denial_says_which_bucket_and_how_long(standin, client):
    """What the limiter needs of a 429: the bucket, its numbers, the wait."""
    standin.fault("rate_limit", bucket="tpm", limit=10_000, seconds=41.7)
    denial = fault_of(client, DeniedError).denial
    assert (denial.kind, denial.bucket, denial.limit) == ("rate_limit", "tpm", 10_000)
    assert denial.wait == pytest.approx(41.7, abs=0.1)


def test_slow_down_is_a_denial_of_its_own_kind(standin, client):
    """`slow_down` comes as a 503 and is no ordinary outage."""
    standin.fault("slow_down")
    assert fault_of(client, DeniedError).denial.kind == "slow_down"


def test_a_request_that_never_fits_is_told(standin, client):
    """More tokens than a minute has: too large, not too early."""
    standin.set(tpm=1_000)
    assert fault_of(client, DeniedError).denial.kind == "too_large"


@pytest.mark.parametrize("fault", ["garbage", "broken_schema"])
def test_a_wrong_answer_is_handed_on(standin, client, fault):
    """Whether an answer is a grading is judged where gradings are known."""
    standin.fault(fault)
    with pytest.raises(ValueError, match=r"the answer (breaks the schema|holds no such)"):
        parse_grading(client.ask(CALL).content, IDS)


def test_a_dropped_connection_is_a_network_error(standin, client):
    """The provider hung up: the exit is to be looked at again."""
    standin.fault("reset")
    assert fault_of(client, TransientError).network
    assert len(standin.attempts()) == 1


def test_a_refused_connection_is_a_network_error(make_client):
    """Nobody listens there."""
    assert fault_of(make_client(f"http://127.0.0.1:{free_port()}"), TransientError).network


def test_an_error_of_a_proxys_is_a_network_error(monkeypatch, make_client):
    """Where a SOCKS5 proxy answers in another protocol, what is raised is none of HTTP's."""

    async def answered(*_):
        raise socksio.ProtocolError("Malformed reply")

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", answered)
    assert fault_of(make_client("http://provider.example"), TransientError).network


def test_a_late_answer_is_not_waited_for(standin, make_client):
    """The call ends at its deadline, whatever the provider does."""
    standin.fault("timeout", seconds=100)
    caught = fault_of(make_client(standin.url, timeout=0.5), TransientError)
    assert str(caught) == "no answer within 0.5 s"
    assert caught.network


def test_an_answer_that_trickles_is_not_waited_for(make_client):
    """The deadline is for the whole answer: a byte now and then does not prolong it."""
    pause = threading.Event()
    sent = []

    def trickle(handler, _body):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        for _ in range(600):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            sent.append(" ")
            pause.wait(0.05)

    with web_server(trickle) as url:
        caught = fault_of(make_client(url, timeout=0.5), TransientError)
    assert str(caught) == "no answer within 0.5 s"
    assert sent, "it did begin to answer"


@pytest.mark.parametrize(
    ("status", "kind", "body", "error"),
    [
        (200, "application/json", b"{not json", BrokenAnswerError),
        (200, "application/json", b"[]", TransientError),
        (200, "application/json", b"{}", TransientError),
        (200, "application/json", b'{"choices": []}', TransientError),
        (200, "application/json", b'{"choices": [{"message": null, "finish_reason": "stop"}]}', BrokenAnswerError),
        (200, "application/json", b'{"choices": [{"message": {"content": [{}]}}]}', BrokenAnswerError),
        (200, "text/html", b"<!doctype html><p>Sign in", TransientError),
        (502, "text/html", b"<!doctype html><p>Bad gateway", TransientError),
        (408, "application/json", b"{}", TransientError),
        (403, "text/html", b"<!doctype html><p>Cloudflare", TrippingError),
        (429, "text/html", b"<!doctype html><p>Slow", DeniedError),
        (413, "text/plain", b"", RefusedCallError),
        (302, "text/plain", b"", CallError),
        (502, "text/html; charset=hex", b"ff", TransientError),
        (429, "text/html; charset=idna", b"\xff", DeniedError),
        (500, "text/html; charset=undefined", b"\xff", TransientError),
        (200, "text/html; charset=undefined", b"\xff", TransientError),
    ],
)
def test_answers_of_nobody_knows_whom(make_client, status, kind, body, error):
    """Portals, proxies and half-compatible servers lead to one of our errors, never to another exception."""
    with web_server(lambda handler, _: reply(handler, status, body, kind)) as url:
        fault_of(make_client(url), error)


# --- answers that cost too much ---


def completion(content):
    """An answer that is a good one but for its size."""
    choice = {"message": {"content": content}, "finish_reason": "stop"}
    return json.dumps({"choices": [choice], "usage": {"prompt_tokens": 900, "completion_tokens": 7}}).encode()


@pytest.mark.parametrize(("layers", "size"), [(0, 8 * LONGEST_ANSWER), (1, 64 * LONGEST_ANSWER), (2, 64), (3, 64)])
@pytest.mark.parametrize(
    ("status", "error"),
    [(200, CallError), (429, DeniedError), (403, TrippingError), (503, TransientError)],
)
def test_an_answer_cannot_fill_the_memory(make_client, layers, size, status, error):
    """One that is huge, or compressed though we take none, is not read; its status still says what it is."""
    body = completion("x" * size)
    for _ in range(layers):
        body = gzip.compress(body, 1)

    def flood(handler, _body):
        assert handler.headers["Accept-Encoding"] == "identity"
        handler.send_response(status)
        handler.send_header("x-ratelimit-limit-requests", "500")
        if layers:
            handler.send_header("Content-Encoding", ", ".join(["gzip"] * layers))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with web_server(flood) as url:
        assert fault_of(make_client(url), error).seen.limit_requests == 500


def test_no_decoder_that_a_stranger_names_is_used(make_client):
    """Punycode takes minutes for 1 MiB, in the thread of all calls, which no deadline ends. JSON is UTF-8."""
    body = b'{"error": {"code": "insufficient_quota"}}'
    with web_server(lambda handler, _: reply(handler, 429, body, "application/json; charset=punycode")) as url:
        assert fault_of(make_client(url), TrippingError).reason == "quota"


def test_cookies_are_not_kept(make_client):
    """A new one with each answer would fill the memory, and every request after it."""
    cookies = []

    def set_cookies(handler, _body):
        cookies.append(handler.headers["Cookie"])
        body = completion("{}")
        handler.send_response(200)
        handler.send_header("Set-Cookie", f"first{len(cookies)}=x")
        handler.send_header("Set-Cookie", f"second{len(cookies)}=x")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with web_server(set_cookies) as url:
        client = make_client(url)
        client.ask(CALL)
        client.ask(CALL)
    assert cookies == [None, None]


def test_the_longest_answer_that_may_be_set_is_read(make_client):
    """OPENAI_MAX_OUTPUT_TOKENS at its most, in Russian, every letter of it escaped."""
    content = "резюме" * 10_000
    with web_server(lambda handler, _: reply(handler, 200, completion(content))) as url:
        assert make_client(url).ask(CALL).content == content


def test_chunks_of_a_byte_cannot_fill_the_memory(make_client):
    """What costs memory is counted, not only what is inside: else an answer of 1 MiB costs thirty times that."""
    body = completion("x" * (LONGEST_ANSWER // 8))

    def drip(handler, _body):
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")

    with web_server(drip) as url:
        fault_of(make_client(url), BrokenAnswerError)


def test_an_answer_that_says_it_is_not_encoded_is_read(make_client):
    """`Content-Encoding: identity` is needless and right."""

    def plain(handler, _body):
        body = completion("{}")
        handler.send_response(200)
        handler.send_header("Content-Encoding", "Identity")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with web_server(plain) as url:
        assert make_client(url).ask(CALL).content == "{}"


def test_the_rest_of_a_huge_answer_is_nobodys_answer(make_client):
    """Its connection is closed; an ordinary answer's is used again."""
    sizes, connections = [8, LONGEST_ANSWER * 2, 8, 8], []

    def keep_alive(handler, _body):
        handler.protocol_version, handler.close_connection = "HTTP/1.1", False
        connections.append(handler.client_address)
        reply(handler, 200, completion("x" * sizes[len(connections) - 1]))

    with web_server(keep_alive) as url:
        client = make_client(url)
        client.ask(CALL)
        fault_of(client, BrokenAnswerError)
        client.ask(CALL)
        client.ask(CALL)
    first, huge, third, last = connections
    assert first == huge != third == last


# --- what may be told ---


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
def test_an_error_that_quotes_the_request_is_not_repeated(make_client, status):
    """A provider that puts prompt and key into its message cannot bring them into our logs."""

    def quote(handler, body):
        message = body.decode() + json.loads(body)["messages"][-1]["content"] + handler.headers["Authorization"]
        reply(handler, status, json.dumps({"error": {"message": message, "code": "some_code"}}).encode())

    with web_server(quote) as url:
        fault_of(make_client(url))


def test_the_client_itself_shows_no_key(client):
    """Neither its repr nor its vars' reprs do."""
    assert "sk-fake" not in repr(client)
    assert "sk-fake" not in repr(vars(client))


# --- faults that do not look like what they are, and answers that do not look like answers ---


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        ("payment_required", TrippingError, "quota"),
        ("arrearage", TrippingError, "quota"),
        ("billing_hard_limit", TrippingError, "quota"),
        ("billing_not_active", TrippingError, "quota"),
        ("bad_request_key", TrippingError, "credentials"),
        ("bad_request_country", TrippingError, "region"),
        ("model_decommissioned", TrippingError, "model"),
        ("overloaded", TransientError, None),
        ("error_in_choice", TransientError, None),
        ("error_in_ok", TransientError, None),
        ("flex_capacity", DeniedError, None),
    ],
)
def test_a_fault_is_blamed_on_what_caused_it(standin, client, fault, error, reason):
    """Whatever the status: 400 for money, key and country, 200 for an outage."""
    standin.fault(fault, **({"code": 502} if fault.startswith("error_in") else {}))
    assert getattr(fault_of(client, error), "reason", None) == reason


def test_an_error_in_http_200_has_its_own_status(standin, client):
    """A gateway's 429 is a 429."""
    standin.fault("error_in_ok", code=429)
    fault_of(client, DeniedError)


@pytest.mark.parametrize("said", ["30", "Mon, 30 Nov 2026 12:00:30 GMT"])
def test_an_outage_says_how_long_it_takes(make_client, said):
    """`Retry-After` comes as seconds and as a date."""

    def overloaded(handler, _body):
        handler.send_response_only(529)
        handler.send_header("Date", "Mon, 30 Nov 2026 12:00:00 GMT")
        handler.send_header("Retry-After", said)
        handler.end_headers()

    with web_server(overloaded) as url:
        assert fault_of(make_client(url), TransientError).wait == 30


@pytest.mark.parametrize("fault", ["thinking", "parts"])
def test_thoughts_fences_and_parts_are_read_past(standin, client, fault):
    """What is paid for and can be read is an answer."""
    standin.fault(fault)
    assert parse_grading(client.ask(CALL).content, IDS).grades


def test_a_prompt_that_was_cut_is_not_graded(standin, client):
    """The endpoint says that it has read half of it; nobody is judged by that."""
    standin.fault("cut_prompt")
    counted = replace(CALL, counted=client.tokens(CALL))
    with pytest.raises(BrokenAnswerError) as caught:
        client.ask(counted)
    assert caught.value.failure is Failure.TOO_LARGE
    assert client.ask(counted).content


@pytest.mark.parametrize("family", get_args(FamilyName))
def test_every_family_is_spoken_to_after_a_few_lessons(standin, make_client, family):
    """As many calls are refused as there is something to learn, and then none."""
    standin.set(family=family)
    profile = LoneProfile(Profile())
    client = make_client(standin.base_url, profile=profile)
    answered = 0
    for _ in range(MOST_LESSONS + 4):
        try:
            answer = client.ask(replace(CALL, room=profile.room(), counted=client.tokens(CALL)))
        except (LessonError, TransientError):
            continue
        assert parse_grading(answer.content, IDS).grades
        answered += 1
    refused = [attempt for attempt in standin.attempts() if attempt["status"] != 200]
    assert len(refused) <= profile.current.lessons <= 6
    assert answered >= MOST_LESSONS - 4


# --- endpoints without strict schemas ---


def test_auto_changes_to_json_mode_for_good(standin, client):
    """An endpoint that refuses the schema is asked in JSON mode from then on."""
    standin.fault("not_strict", share=1.0)
    fault_of(client, LessonError)
    for _ in range(2):
        answer = client.ask(CALL)
        assert parse_grading(answer.content, IDS)
    assert [attempt["status"] for attempt in standin.attempts()] == [400, 200, 200]


def test_strict_stays_strict(standin, make_client):
    """OPENAI_OUTPUT=strict rather fails than takes unchecked JSON."""
    standin.fault("not_strict", share=1.0)
    client = make_client(standin.url, output="strict")
    fault_of(client, RefusedCallError)
    assert fault_of(client, RefusedCallError).failure is None, "no request's own fault"


def test_json_never_sends_the_schema(standin, make_client):
    """OPENAI_OUTPUT=json is for endpoints that are known to have no schemas."""
    standin.fault("not_strict", share=1.0)
    assert parse_grading(make_client(standin.url, output="json").ask(CALL).content, IDS)


# --- the way out ---


def test_calls_go_through_the_http_proxy(standin, make_client):
    """With OPENAI_PROXY the call itself, not only the check, leaves through the proxy."""
    seen = []
    with http_proxy(seen) as address:
        make_client(standin.url, proxy=f"http://{address}").ask(CALL)
    assert seen == [f"POST {standin.url}/v1/chat/completions"]


def test_calls_go_through_the_socks_proxy(standin, make_client):
    """The same with SOCKS5."""
    seen = []
    with socks5_proxy(seen) as address:
        make_client(standin.url, proxy=f"socks5://{address}").ask(CALL)
    assert seen == [standin.url.removeprefix("http://")]


def test_a_broken_proxy_is_told_without_its_password(standin, make_client):
    """A proxy that is away is a network error; its address and password are not in the text."""
    client = make_client(standin.url, proxy=f"http://user:Кедропромысел@127.0.0.1:{free_port()}")
    assert fault_of(client, TransientError).network
    assert standin.attempts() == []


def test_calls_ignore_the_environments_proxies(monkeypatch, standin, make_client):
    """The SDK's habit of reading HTTP_PROXY is off."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert make_client(standin.url).ask(CALL).content


def test_a_cheaper_tier_without_room_is_left_for_a_while(standin, make_client):
    """A 429 for lack of room costs nobody an attempt: calls go at the usual tier until there may be room again."""
    client = make_client(standin.url, tier="flex")
    assert client.ask(CALL).tier == "flex"
    standin.fault("flex_capacity")
    assert str(fault_of(client, LessonError)) == "429 resource_unavailable"
    assert client.ask(CALL).tier == "default"


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_the_path_is_added_to_any_address(make_route, path):
    """DeepSeek's address has no path: what is added is never taken for a part of the host, where the key would go."""
    asked = []

    def answer(handler, _body):
        asked.append(handler.path)
        reply(handler, 500, b"{}")

    with web_server(answer) as url:
        client = OpenAIClient(
            make_route(), key="sk-fake", base_url=f"{url}{path}", model="gpt", count=len, timeout=20.0,
            profiles=LoneProfile(Profile()),
        )  # fmt: skip
        fault_of(client, TransientError)
    assert asked == [f"{path.rstrip('/')}/chat/completions"]


def test_query_and_headers_go_with_every_call(make_route):
    """Azure's version stands behind the path, and the headers that are set are sent."""
    asked = []

    def answer(handler, _body):
        asked.append((handler.path, handler.headers["X-Title"], handler.headers.get_all("Authorization")))
        reply(handler, 500, b"{}")

    with web_server(answer) as url:
        client = OpenAIClient(
            make_route(),
            key="sk-fake",
            base_url=f"{url}/deployments/gpt",
            query={"api-version": "2024-10-21"},
            headers={"X-Title": "AI Handler", "authorization": "Api-Key fake"},
            model="gpt",
            count=len,
            timeout=20.0,
            profiles=LoneProfile(Profile()),
        )
        fault_of(client, TransientError)
    assert asked == [("/deployments/gpt/chat/completions?api-version=2024-10-21", "AI Handler", ["Api-Key fake"])]
