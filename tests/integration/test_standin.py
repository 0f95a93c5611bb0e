"""The stand-in over real HTTP, called by the real ``openai`` client and as a real process."""

import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import openai
import pytest

from dev.openai_standin.server import StandIn

ROOT = Path(__file__).parents[2]
ASK = {
    "model": "gpt-4.1-mini",
    "messages": [{"role": "user", "content": "привет"}],
    "max_completion_tokens": 50,
}


@pytest.fixture
def standin():
    with StandIn(rpm=10_000, rpd=10_000, tpm=1_000_000, latency=0.0, seed=1) as running:
        yield running


@pytest.fixture
def client(standin):
    with openai.OpenAI(base_url=f"{standin.url}/v1", api_key="sk-test", max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def web(standin):
    with httpx2.Client(base_url=standin.url, timeout=10) as browser:
        yield browser


def test_the_sdk_reads_an_answer(client):
    """The SDK parses the completion and sees the usage and the limit headers."""
    raw = client.chat.completions.with_raw_response.create(**ASK)
    answer = raw.parse()
    assert "заглушка" in answer.choices[0].message.content
    assert answer.usage.prompt_tokens_details.cached_tokens == 0
    assert raw.headers["server"] == "openai-standin"
    assert raw.headers["x-ratelimit-remaining-requests"] == "9999"


def test_the_sdk_raises_rate_limit_error(standin, client):
    """A full bucket reaches the SDK as a RateLimitError with the wait in headers and body."""
    standin.set(rpm=3, used={"rpm": 3})
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**ASK)
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.type == "requests"
    assert caught.value.response.headers["retry-after"] == "20"
    assert "Limit 3, Used 3, Requested 1. Please try again in 20s." in caught.value.message


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("status_500", openai.InternalServerError, None),
        ("status_503", openai.InternalServerError, None),
        ("slow_down", openai.InternalServerError, "slow_down"),
        ("insufficient_quota", openai.RateLimitError, "insufficient_quota"),
        ("unsupported_country", openai.PermissionDeniedError, "unsupported_country_region_territory"),
        ("bad_request", openai.BadRequestError, "invalid_value"),
        ("invalid_key", openai.AuthenticationError, "invalid_api_key"),
        ("model_not_found", openai.NotFoundError, "model_not_found"),
        ("rate_limit", openai.RateLimitError, "rate_limit_exceeded"),
    ],
)
def test_the_sdk_raises_its_own_errors(standin, client, kind, error, code):
    """Each fault reaches the SDK as the exception that the real API's answer would raise."""
    standin.fault(kind)
    with pytest.raises(error) as caught:
        client.chat.completions.create(**ASK)
    assert caught.value.code == code


def test_a_reset_is_a_connection_error(standin, client):
    """A connection closed without an answer is the SDK's connection error, and the next call works."""
    standin.fault("reset")
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(**ASK)
    assert client.chat.completions.create(**ASK).choices


def test_a_late_answer_is_a_timeout(standin, client):
    """A client that does not wait as long as the fault lasts gets the SDK's timeout."""
    standin.fault("timeout", seconds=30)
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.2).chat.completions.create(**ASK)


def test_keys_are_checked(standin):
    """A bad key is an authentication error."""
    with (
        openai.OpenAI(base_url=f"{standin.url}/v1", api_key="bad-key", max_retries=0) as sdk,
        pytest.raises(openai.AuthenticationError),
    ):
        sdk.chat.completions.create(**ASK)


def test_trace_tells_the_country_and_its_changes(web):
    """The page has Cloudflare's format, and its country changes at run time."""
    page = web.get("/cdn-cgi/trace")
    fields = dict(line.split("=", 1) for line in page.text.splitlines())
    assert (fields["loc"], fields["colo"], fields["ip"]) == ("NL", "AMS", "127.0.0.1")
    assert page.headers["content-type"].startswith("text/plain")
    web.post("/standin/set", json={"country": "RU"}).raise_for_status()
    assert "\nloc=RU\n" in web.get("/cdn-cgi/trace").text


def test_trace_can_be_broken(web):
    """It can be missing, be no trace page at all, or take too long."""
    web.post("/standin/set", json={"trace": "missing"})
    assert web.get("/cdn-cgi/trace").status_code == 404
    web.post("/standin/set", json={"trace": "garbage"})
    assert "loc=" not in web.get("/cdn-cgi/trace").text
    web.post("/standin/set", json={"trace": "slow"})
    with pytest.raises(httpx2.ReadTimeout):
        web.get("/cdn-cgi/trace", timeout=0.2)


def test_control_over_http(web, client):
    """Faults, the log and the state can be read, set and cleared over HTTP."""
    assert web.post("/standin/faults", json={"kind": "status_500", "share": 1}).status_code == 200
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**ASK, extra_headers={"x-standin-tag": "here"})
    assert web.delete("/standin/faults").json()["faults"] == []
    client.chat.completions.create(**ASK)
    log = web.get("/standin/log").json()
    assert [attempt["status"] for attempt in log["attempts"]] == [500, 200]
    assert log["attempts"][0]["tag"] == "here"
    assert log["totals"]["statuses"] == {"500": 1, "200": 1}
    assert web.get("/standin/state").json()["buckets"]["rpm"]["limit"] == 10_000
    web.delete("/standin/log")
    assert web.get("/standin/log").json()["attempts"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/standin/set", '{"rpm": "fast"}'),
        ("/standin/set", "[]"),
        ("/standin/set", "not json"),
        ("/standin/faults", '{"kind": "earthquake"}'),
    ],
)
def test_wrong_control_calls_are_told_so(web, path, body):
    """A typo in a test's control call is a 400 that says what is wrong."""
    answer = web.post(path, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_unknown_paths_look_like_the_api(web):
    """A wrong base URL gets the API's own kind of 404."""
    answer = web.post("/chat/completions", json=ASK)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_url"


def test_stopping_breaks_off_what_waits():
    """A stand-in with a call still waiting stops at once, and its caller gets a connection error."""
    with (
        StandIn(latency=0.0) as standin,
        openai.OpenAI(base_url=f"{standin.url}/v1", api_key="k", max_retries=0) as sdk,
        ThreadPoolExecutor(1) as background,
    ):
        standin.fault("timeout", seconds=60)
        call = background.submit(sdk.chat.completions.create, **ASK)
        while not any(attempt["admitted"] for attempt in standin.attempts()):
            pass
        standin.stop()
        assert isinstance(call.exception(timeout=20), openai.APIConnectionError)


def test_a_taken_port_is_told():
    """A port that is in use raises where start is called, instead of hanging."""
    with StandIn() as standin, pytest.raises(OSError, match="in use"):
        StandIn(port=int(standin.url.rsplit(":", 1)[1])).start()


def test_as_a_process():
    """Started as a command it prints one line with its address, serves as told, and ends on SIGTERM."""
    options = ["--rpm", "7", "--latency", "0", "--country", "KZ", "--request-headers", "minute"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dev.openai_standin", "--port", "0", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        found = re.fullmatch(r"openai-standin listening on (\S+) \(a stand-in, not OpenAI\)\n", line)
        assert found, line
        with openai.OpenAI(base_url=f"{found[1]}/v1", api_key="k", max_retries=0) as sdk:
            raw = sdk.chat.completions.with_raw_response.create(**ASK)
        assert raw.headers["x-ratelimit-limit-requests"] == "7"
        assert "\nloc=KZ\n" in httpx2.get(f"{found[1]}/cdn-cgi/trace").text
        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, rest, complaints) == (0, "", "")


def test_latency_is_waited(standin, client):
    """With a long latency a client that does not wait so long gets the SDK's timeout."""
    standin.set(latency=60)
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.2).chat.completions.create(**ASK)


def test_models_are_told_with_their_end(standin, web):
    """As the API does: one or all of them, a date where there is one, 404 for a stranger, 401 without a key."""
    key = {"Authorization": "Bearer sk-test"}
    assert web.get("/v1/models/any", headers=key).json()["shutdown_date"] is None
    standin.set(models=["gpt-6-luna", "a/model"], shutdown_date="2027-01-14")
    assert web.get("/v1/models/a%2Fmodel", headers=key).json()["shutdown_date"] == "2027-01-14"
    assert [model["id"] for model in web.get("/v1/models", headers=key).json()["data"]] == ["gpt-6-luna", "a/model"]
    assert web.get("/v1/models/other", headers=key).json()["error"]["code"] == "model_not_found"
    assert web.get("/v1/models/other").status_code == 401


def test_azure_is_asked_at_an_address_of_its_own(standin):
    """The client keeps the query that the base URL has."""
    standin.set(family="azure")
    url = httpx2.URL(standin.base_url)
    assert url.path.startswith("/openai/deployments/")
    query = {"api-version": url.params["api-version"]}
    with openai.OpenAI(
        base_url=str(url.copy_with(query=None)), default_query=query, api_key="sk-test", max_retries=0
    ) as sdk:
        assert sdk.chat.completions.create(**{**ASK, "max_completion_tokens": openai.omit}).choices
