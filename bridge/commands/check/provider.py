"""Looks at the way to the provider: where requests leave, are the key and the model known, can tokens be counted."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import redis

from bridge.commands.check.finding import Finding, State, note, ok, skipped, wrong
from config import Settings
from worker.asking.exit_country import country_of, may_leave_from
from worker.asking.key_command import KeyCommand
from worker.asking.model_card import WARN_WITHIN, ModelCard, model_card
from worker.asking.route import tls_context
from worker.errors import TrippingError
from worker.limits.tokens import count_tokens

TIMEOUT = 15.0  # seconds
SAMPLE = "Требуется разработчик на Python."


def look_at_the_provider(settings: Settings) -> Iterator[Finding]:
    """Where requests leave comes first: from a refused country nothing more is sent."""
    provider = settings.provider
    if not provider.key and not provider.key_command:
        yield skipped("exit", "no OPENAI_KEY here: look at it where the workers run")
        return
    if settings.mode == "TEST" and provider.is_openai:
        yield skipped("exit", "MODE=TEST never calls the real OpenAI")
        return
    # As the workers do: through this proxy and no other.
    verify = tls_context(provider.ca_location)
    with httpx2.Client(proxy=provider.proxy, verify=verify, trust_env=False, timeout=TIMEOUT) as client:
        leaving = _look_at_exit(settings, client)
        yield leaving
        if leaving.state is State.WRONG:
            yield skipped("model", "nothing is sent from there")
            return
        key = None
        if provider.key_command:
            finding, key = _look_at_key(settings)
            yield finding
        if provider.key or key:
            yield from _look_at_model(settings, client, key)


def _look_at_key(settings: Settings) -> tuple[Finding, str | None]:
    """The key that a program prints, as the workers have it: one of theirs is not asked for again."""
    try:
        with settings.redis_connection.client() as store:
            key = KeyCommand(store, settings.provider.key_command).current()
    except TrippingError as error:
        return wrong("key", str(error), "run OPENAI_KEY_COMMAND by hand, as the user that the workers run as"), None
    except redis.RedisError as error:
        return wrong("key", f"Redis: {type(error).__name__}", "the fleet's key lies there: see above"), None
    return ok("key", "OPENAI_KEY_COMMAND gives one"), key


def _look_at_exit(settings: Settings, client: httpx2.Client) -> Finding:
    if not settings.egress_check:
        return note("exit", "EGRESS_CHECK is off: nobody checks from which country requests leave")
    try:
        answer = client.get(settings.trace_url)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        return wrong("exit", f"unknown, so nothing is sent: {_short(error)}", _advice(error, settings))
    country = country_of(answer.text[:10_000]) if answer.status_code == 200 else None
    if country is None:
        return wrong(
            "exit",
            f"unknown, so nothing is sent: {settings.trace_url} answers {answer.status_code} and names no country",
            "set EGRESS_TRACE_URL to a page that does, or EGRESS_CHECK=off for a provider without",
        )
    blocked, allowed = settings.egress_blocked_countries, settings.egress_allowed_countries
    if not may_leave_from(country, blocked=blocked, allowed=allowed):
        found = f"requests would leave from {country}, so nothing is sent"
        return wrong("exit", found, "set OPENAI_PROXY to an exit elsewhere")
    return ok("exit", f"requests leave from {country}")


def _look_at_model(settings: Settings, client: httpx2.Client, key: str | None) -> Iterator[Finding]:
    provider, model = settings.provider, settings.openai_model

    def get(path: str) -> tuple[int, bytes]:
        answer = client.get(provider.url(path), headers=provider.authorized(key))
        return answer.status_code, answer.content

    try:
        card = model_card(get, model)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        yield wrong("model", _short(error), _advice(error, settings))
        return
    if card is not None:
        yield _found(card, settings)
    if card is not None and card.ends_within(WARN_WITHIN, datetime.now(UTC).date()):
        found = f"{model} will be shut down on {card.shutdown}"
        yield note("model's end", found, "choose another in time: OPENAI_MODEL, and its price in OPENAI_PRICES")
    if settings.openai_price is None:
        yield note("model's price", f"{model} is not in OPENAI_PRICES", "its money is not counted")


def _found(card: ModelCard, settings: Settings) -> Finding:
    model = settings.openai_model
    if card.listed:
        return ok("model", f"the key may use {model}")
    if card.status == 401:
        return wrong("model", "the provider refuses the key", "correct OPENAI_KEY")
    if card.status == 403:
        return wrong("model", "the provider refuses us: country, project or permission", "look at the key's project")
    if card.listed is False or (card.status == 404 and settings.provider.is_openai):
        return wrong("model", f"{model} is not known to this key", "correct OPENAI_MODEL")
    return note("model", f"the endpoint's page of {model} answers {card.status}, which says nothing")


def look_at_tokens() -> Finding:
    try:
        tokens = count_tokens(SAMPLE)
    except Exception as error:  # noqa: BLE001 # whatever is wrong with its tables
        return wrong("tokens", f"cannot be counted: {_short(error)}", "install requirements.txt again")
    return ok("tokens", f"«{SAMPLE}» is {tokens}")


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _advice(error: Exception, settings: Settings) -> str:
    if isinstance(error, httpx2.ProxyError):
        return "correct OPENAI_PROXY"
    if "CERTIFICATE" in str(error).upper():
        return "somebody stands between us and the provider: no key is sent there"
    return (
        "is OPENAI_PROXY running?" if settings.openai_proxy else "is there a way to it from here? Else set OPENAI_PROXY"
    )
