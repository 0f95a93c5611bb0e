"""Looks at the way to the provider: where requests leave, are the key and the model known, can tokens be counted."""

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import httpx2

from bridge.commands.check.finding import Finding, State, note, ok, skipped, wrong
from config import Settings
from worker.limits.tokens import count_tokens

TIMEOUT = 15.0  # seconds
SAMPLE = "Требуется разработчик на Python."


def look_at_the_provider(settings: Settings) -> Iterator[Finding]:
    """Where requests leave comes first: from a refused country nothing more is sent."""
    yield _look_at_tokens()
    key = settings.openai_key.get_secret_value()
    host = urlsplit(settings.openai_base_url).hostname or ""
    if not key:
        yield skipped("exit", "no OPENAI_KEY here: look at it where the workers run")
        return
    if settings.mode == "TEST" and host.endswith("openai.com"):
        yield skipped("exit", "MODE=TEST never calls the real OpenAI")
        return
    proxy = settings.openai_proxy.get_secret_value() if settings.openai_proxy else None
    # As the workers do: through this proxy and no other.
    with httpx2.Client(proxy=proxy, trust_env=False, timeout=TIMEOUT) as client:
        leaving = _look_at_exit(settings, client)
        yield leaving
        if leaving.state is State.WRONG:
            yield skipped("model", "nothing is sent from there")
        else:
            yield _look_at_model(settings, client, key)


def _look_at_exit(settings: Settings, client: httpx2.Client) -> Finding:
    if not settings.egress_check:
        return note("exit", "EGRESS_CHECK is off: nobody checks from which country requests leave")
    try:
        answer = client.get(settings.trace_url)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        return wrong(
            "exit", f"unknown, so nothing is sent: {_short(error)}", _advice(error, proxied=bool(settings.openai_proxy))
        )
    fields = dict(line.partition("=")[::2] for line in answer.text[:10_000].splitlines())
    country = fields.get("loc", "")
    if answer.status_code != 200 or not (len(country) == 2 and country.isalpha() and country.isupper()):
        return wrong(
            "exit",
            f"unknown, so nothing is sent: {settings.trace_url} answers {answer.status_code} and names no country",
            "set EGRESS_TRACE_URL to a page that does, or EGRESS_CHECK=off for a provider without",
        )
    if country in settings.egress_blocked_countries:
        return wrong(
            "exit", f"requests would leave from {country}, so nothing is sent", "set OPENAI_PROXY to an exit elsewhere"
        )
    return ok("exit", f"requests leave from {country}")


def _look_at_model(settings: Settings, client: httpx2.Client, key: str) -> Finding:
    url = f"{settings.openai_base_url}/models/{quote(settings.openai_model, safe='')}"
    try:
        status = client.get(url, headers={"Authorization": f"Bearer {key}"}).status_code
    except httpx2.HTTPError as error:
        return wrong("model", _short(error), _advice(error, proxied=bool(settings.openai_proxy)))
    if status == 200:
        return ok("model", f"the key may use {settings.openai_model}")
    if status == 401:
        return wrong("model", "the provider refuses the key", "correct OPENAI_KEY")
    if status == 403:
        return wrong("model", "the provider refuses us: country, project or permission", "look at the key's project")
    if status == 404 and (urlsplit(settings.openai_base_url).hostname or "").endswith("openai.com"):
        return wrong("model", f"{settings.openai_model} is not known to this key", "correct OPENAI_MODEL")
    return note("model", f"{url} answers {status}, which says nothing")


def _look_at_tokens() -> Finding:
    try:
        tokens = count_tokens(SAMPLE)
    except Exception as error:  # noqa: BLE001 # whatever is wrong with its tables
        return wrong("tokens", f"cannot be counted: {_short(error)}", "install requirements.txt again")
    return ok("tokens", f"«{SAMPLE}» is {tokens}")


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _advice(error: Exception, *, proxied: bool) -> str:
    if isinstance(error, httpx2.ProxyError):
        return "correct OPENAI_PROXY"
    if "CERTIFICATE" in str(error).upper():
        return "somebody stands between us and the provider: no key is sent there"
    return "is OPENAI_PROXY running?" if proxied else "is there a way to it from here? Else set OPENAI_PROXY"
