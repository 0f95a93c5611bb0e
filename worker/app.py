"""The Celery app, and the composition root: builds the adapters once per process."""

import hashlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import cache
from typing import Any

import redis
from celery import Celery
from celery.signals import celeryd_init, setup_logging, worker_ready, worker_shutting_down
from celery.utils.nodenames import default_nodename, nodename, nodesplit
from celery.worker import state
from opentelemetry.trace import Tracer
from prometheus_client import REGISTRY
from pydantic import SecretStr

from config import Settings
from config.providers import calls_in_flight, named, read_providers
from contract import LIMITS_PREFIX, LONGEST_COUNTDOWN, QUEUE_NAME, REACHED_KEY, of_provider
from logs import configure_logging
from presence import be_present
from startup import begin, flower_variables, keep_for_good, load_settings, otel_variables
from tracing import begin as begin_tracing
from watchdog import Watchdog
from worker import metrics
from worker.asking.after_call import WaitingPolicy
from worker.asking.circuit_breaker import EXPLAINED, CircuitBreaker
from worker.asking.egress import EgressCheck, ForbiddenEgress, UncheckedEgress, keep_watching
from worker.asking.key_command import KeyCommand
from worker.asking.model_watch import keep_looking
from worker.asking.money.metered_model import MeteredModel
from worker.asking.money.prices import Price
from worker.asking.money.spending import Spending
from worker.asking.openai_client import OpenAIClient
from worker.asking.profile import Profile
from worker.asking.profiles import Profiles
from worker.asking.questions import KeepingPolicy, model_id
from worker.asking.result_cache import ResultCache
from worker.asking.route import Route
from worker.asking.service_tier import ServiceTier
from worker.assessment.resume import read_resume
from worker.errors import TrippingError
from worker.leases import Leases
from worker.limits.answers import Limits
from worker.limits.rate_limiter import RateLimiter
from worker.limits.tokens import count_tokens
from worker.outcome_store import OutcomeStore
from worker.ports import Egress, Model, Ports, Way
from worker.running import control, redis_transport
from worker.running.fleet_metrics import FleetMetrics
from worker.running.line import Line
from worker.running.said import said_of
from worker.scoring import Scoring
from worker.spans import TracedModel
from worker.tasks import register

redis_transport.use()
log = logging.getLogger(__name__)
app = Celery("worker")
app.config_from_object("celeryconfig")
if "flower" in sys.argv[1:]:  # Celery has loaded us to run it, and it reads its environment next
    os.environ.update(flower_variables(load_settings()))

# Calls of the model last seconds, commands of Redis milliseconds: hundreds of calls share a few connections.
REDIS_CONNECTIONS = 32

stopping = threading.Event()

# What a request may meet, in seconds: a back-off doubles from its base; a wait longer than the short one is a Celery
# countdown; a longer one than the longest countdown asks again.
RETRY_BASE, RETRY_MAX = 1.0, 60.0
MAX_ATTEMPTS = 2  # answers to one question that may be of no use before the request fails; outages do not count
SHORT_WAIT, MAX_COUNTDOWN = 3.0, LONGEST_COUNTDOWN
JITTER = 1.0  # seconds for which it may be on its way to the provider, by which the buckets are held back

CRITERIA_TTL = 90 * 24 * 3_600  # seconds a vacancy keeps its criteria, by which all its resumes are measured
# Tokens that an answer's cap may leave for reasoning beside the answer, and which part of a minute's tokens at most.
MOST_ROOM, MOST_OF_TPM = 16_000, 4
PAGE_WITHIN = 15.0  # seconds for what the endpoint says of its models
HEALTH_EVERY = 2.0  # seconds
# Seconds after SIGTERM, beyond OPENAI_TIMEOUT, in which a call's answer is stored; below compose's grace period.
STORE_WITHIN = 10.0
# Seconds for Celery's farewell when nothing is in hand. With Redis away it has no end: its heartbeat waits in
# kombu's retry, in the main loop.
FAREWELL_WITHIN = 10.0


def connect(settings: Settings) -> redis.Redis:
    """A client whose calls end: a frozen Redis must not hang a task for ever."""
    return settings.redis_connection.client(max_connections=REDIS_CONNECTIONS)


def make_limiter(settings: Settings, store: redis.Redis, leases: Leases, name: str = "") -> RateLimiter:
    """The limiter of a provider that all workers share; turns are those of the whole fleet."""
    return RateLimiter(
        store,
        Limits(settings.rpm, settings.rpd, settings.tpm, settings.limits_to_find_out, settings.parallel),
        # A parked request comes back at the latest when a dead worker's lease has run out.
        unused_grace=settings.lease_seconds * 3,
        jitter=JITTER,
        burst=settings.limits_burst,
        prefix=of_provider(LIMITS_PREFIX, name),
        reached=REACHED_KEY,
        call_seconds=settings.call_timeout + STORE_WITHIN,
        heartbeat=leases.heartbeat,
        heartbeat_seconds=leases.seconds,
    )


def make_egress(settings: Settings, route: Route, name: str = "") -> Egress:
    """The check of where requests leave, or what stands in for it."""
    if settings.mode == "TEST" and settings.provider.is_openai:
        return ForbiddenEgress()
    if not settings.egress_check:
        return UncheckedEgress(name)
    return EgressCheck(
        route.fetch,
        settings.trace_url,
        blocked=settings.egress_blocked_countries,
        allowed=settings.egress_allowed_countries,
        provider=name,
    )


def make_profiles(settings: Settings, store: redis.Redis, leases: Leases) -> Profiles:
    """What the fleet learns of the model."""
    return Profiles(
        store,
        leases,
        model_id(settings.openai_base_url, settings.openai_model),
        Profile.pinned_by(
            temperature=settings.openai_temperature,
            effort=settings.openai_reasoning_effort,
            output=settings.openai_output,
        ),
        # A request that reserves more than a minute's tokens would never start.
        most_room=min(MOST_ROOM, settings.tpm // MOST_OF_TPM) if settings.tpm else MOST_ROOM,
    )


def asks_as(settings: Settings) -> str:
    """A digest of whom this process asks, and as whom: the key, the URL, the model, the proxy and the like."""
    said = [
        value.get_secret_value() if isinstance(value := getattr(settings, name), SecretStr) else str(value)
        for name in sorted(Settings.model_fields)
        if name.startswith("openai_") and name not in ("openai_budget", "openai_prices")
    ]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]


def make_scoring(
    settings: Settings,
    opened: ExitStack,
    tracer: Tracer | None = None,
    around: Callable[[Model], Model] = lambda model: model,
    providers: Mapping[str, Settings] | None = None,
) -> Scoring:
    """Everything that one process needs to score requests.

    Args:
        settings: of the process.
        opened: closes what was opened for it.
        tracer: OpenTelemetry's.
        around: puts something around the model that is asked.
        providers: by their names; None: those of the settings.
    """
    store = connect(settings)
    opened.callback(store.close)
    leases = Leases(store, settings.lease_seconds)
    opened.callback(leases.close)
    providers = providers or read_providers(settings)[0]
    calls = calls_in_flight(settings, providers)

    ports = Ports(
        store=OutcomeStore(store, leases, explanation_ttl=settings.explanation_ttl, decision_ttl=settings.decision_ttl),
        results=ResultCache(store, leases),
        line=Line(store),
        ways=tuple(
            make_way(name, own, store, leases, opened, tracer, around, calls) for name, own in providers.items()
        ),
    )
    policy = WaitingPolicy(
        max_attempts=MAX_ATTEMPTS,
        retry_base=RETRY_BASE,
        retry_max=RETRY_MAX,
        short_wait=SHORT_WAIT,
        max_countdown=MAX_COUNTDOWN,
    )
    return Scoring(
        ports,
        policy,
        # A cached answer holds quotes, which are kept as long as the explanations that hold them.
        KeepingPolicy(criteria=CRITERIA_TTL, grades=settings.explanation_ttl),
        patience=settings.provider_patience,
        threshold=settings.verdict_threshold,
        second_look=settings.second_look,
        stopping=stopping,
        tracer=tracer,
    )


def make_way(
    name: str,
    settings: Settings,
    store: redis.Redis,
    leases: Leases,
    opened: ExitStack,
    tracer: Tracer | None,
    around: Callable[[Model], Model],
    calls: int,
) -> Way:
    """A provider's adapters, all made of its settings, for so many calls at once; the rest as in `make_scoring`."""
    metrics.describe_provider(name, settings.openai_model)
    if name and not settings.redaction:
        log.warning("redaction of %s is off: names and contacts in resumes are sent to it", name)
    provider = settings.provider
    route = Route(proxy=provider.proxy, connections=calls + 1, ca_location=provider.ca_location)
    opened.callback(route.close)
    explained = {reason: f"{name}: {named(text, name)}" if name else text for reason, text in EXPLAINED.items()}
    breaker = CircuitBreaker(store, asks_as(settings), name, explained)
    spending = Spending(store, breaker, budget=settings.openai_budget, provider=name)
    price = Price(*settings.openai_price) if settings.openai_price else None
    profiles = make_profiles(settings, store, leases)
    command = provider.key_command
    called = f"{name}: key_command" if name else "OPENAI_KEY_COMMAND"
    keys = KeyCommand(store, command, name=called) if command else None
    model = OpenAIClient(
        route,
        key=provider.key,
        keys=keys,
        base_url=provider.base_url,
        query=provider.query,
        headers=provider.headers,
        model=settings.openai_model,
        count=count_tokens,
        timeout=settings.call_timeout,
        tier=ServiceTier(settings.openai_service_tier),
        profiles=profiles,
    )

    def page(path: str) -> tuple[int, bytes] | None:
        try:
            found = route.get(provider.url(path), PAGE_WITHIN, provider.authorized(keys.current() if keys else None))
        except (TrippingError, redis.RedisError):  # the next request tells
            return None
        return None if found is None else (found.status_code, found.content)

    traced = TracedModel(model, tracer, settings.openai_model, settings.openai_base_url) if tracer else model
    return Way(
        name=name,
        model_name=settings.openai_model,
        model_id=model_id(settings.openai_base_url, settings.openai_model),
        max_output_tokens=settings.openai_max_output_tokens,
        redaction=settings.redaction,
        limiter=make_limiter(settings, store, leases, name),
        egress=make_egress(settings, route, name),
        breaker=breaker,
        model=around(MeteredModel(traced, settings.openai_model, price, spending.add, name)),
        profiles=profiles,
        spending=spending if price else None,
        page=page,
    )


def asked_model(provider: str, name: str) -> str:
    """What `model_id` says of a model that was asked of this provider, as far as the settings still have it."""
    providers = read_providers(load_settings())[0]
    return model_id(providers.get(provider, next(iter(providers.values()))).openai_base_url, name)


_building = threading.Lock()


@cache
def _scoring_of(_process_id: int) -> Scoring:
    tracer = begin_tracing("ai-handler-worker", otel_variables())
    settings = load_settings()
    made = make_scoring(settings, ExitStack(), tracer)  # open until the process ends
    # Once, before any request: threads that need the tables at the same moment would each make their own.
    count_tokens("")
    read_resume("Иван Иванов", redaction=settings.redaction)
    keep_for_good()
    return made


def scoring() -> Scoring:
    """This process' scoring. Connections and threads do not survive a fork, so each process has its own."""
    with _building:
        return _scoring_of(os.getpid())


score_resume = register(app, scoring)


@setup_logging.connect
def _set_up_logging(**_: Any) -> None:
    configure_logging(**load_settings().logging)


@celeryd_init.connect
def _begin(*, sender: str, instance: Any, **_: Any) -> None:
    settings = begin("worker")  # exits with every reason why it cannot start
    if sender == default_nodename(None):
        # Nobody named it. Two workers of one host by the same name answer for each other, and Flower shows one.
        instance.hostname = nodename(f"celery-{os.getpid()}", nodesplit(sender)[1])
    # A call at a slower tier may outlast that: it is left, and asked again by another worker.
    watchdog = Watchdog(
        settings.openai_timeout + STORE_WITHIN, idle=FAREWELL_WITHIN, busy=lambda: bool(state.active_requests)
    )
    watchdog.start()
    worker_shutting_down.connect(lambda **_: watchdog.stop_asked(), weak=False)


@worker_ready.connect
def _keep_health_file_young(sender: Any, **_: Any) -> None:
    # By the main loop's timer: while Redis is away that loop waits for it, and the file grows old.
    file = load_settings().health_folder / "worker.health"
    sender.timer.call_repeatedly(HEALTH_EVERY, file.touch)


@worker_ready.connect
def _show_state(sender: Any, **_: Any) -> None:
    """Let the metrics say what is true before the first request comes."""
    settings = load_settings()
    metrics.THREADS.set(sender.controller.concurrency)
    queue = connect(settings)
    REGISTRY.register(FleetMetrics(lambda: scoring().ports, lambda: queue.llen(QUEUE_NAME)))

    def watch(way: Way) -> None:
        if way.spending is not None:
            with suppress(redis.RedisError):  # the budget's own end comes at midnight
                way.spending.look_again()
        keep_watching(way.egress, stopping)

    for way in scoring().ports.ways:
        threading.Thread(target=watch, args=(way,), name="egress-watch", daemon=True).start()
        look = (way.page, way.model_name, way.egress, stopping, way.name)
        threading.Thread(target=keep_looking, args=look, name="model-watch", daemon=True).start()

    def say() -> dict[str, object]:
        at_work = scoring()
        return {
            **said_of(at_work.ports.ways),
            "threads": sender.controller.concurrency,
            "busy": len(state.active_requests),
            "waits": at_work.waits.counts(),
        }

    name = f"{sender.hostname}:{os.getpid()}"
    be_present(settings.redis_connection.client, "worker", name, say, stopping)


@worker_shutting_down.connect
def _hand_back(**_: Any) -> None:
    stopping.set()


control.register(lambda: scoring().ports)
