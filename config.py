"""Every setting of the service, read once from the environment and from `.env` beside this file.

The variable `ENV_FILE` names another file instead of `.env`; tests and the demo name an empty one. A setting may also
be a file of its name in the folder `SECRETS_DIR` (`/run/secrets` by default, where compose puts secrets): the
environment and `.env` go before it. How both are read: settings_files.py.

Names in capitals below are the environment variables. Only composition roots (`bridge/app.py`, `worker/app.py`,
`celeryconfig.py`, the tools in `dev/` and `bench/`) read them, by way of startup.py; everything else is handed what it
needs. `.env.example` and docs/settings.md are kept in step by a test.
"""

import ipaddress
import math
import os
import ssl
import string
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from contract import DIALECTS, PROCESSED_MARK_TTL, Dialect
from provider_endpoint import ProviderEndpoint, address_fault, headers_in
from redis_connection import CLUSTER, Address, RedisConnection
from settings_files import EnvFile, SecretFiles

PROJECT = Path(__file__).parent
_SECRETS_DIR = Path(os.environ.get("SECRETS_DIR") or "/run/secrets")
_NO_KEY = SecretStr("")
# The provider of the platform of 2026, with the limits that its own handler keeps. It is in the country that requests
# must not leave to GPT from, so where they leave from is no question there.
_YANDEX = {
    "openai_base_url": "https://ai.api.cloud.yandex.net/v1", "egress_check": False,
    "rpm": 15, "rpd": 500, "tpm": 40_000,
}  # fmt: skip
_REDIS_KINDS = {
    "sentinel": "set REDIS_SENTINELS and REDIS_SENTINEL_MASTER instead of a sentinel:// URL",
    **dict.fromkeys(
        ("redis+cluster", "rediss+cluster", "rediscluster"),
        CLUSTER,
    ),
}

# For the default number of calls under way in one worker: seconds, tokens, calls.
FLEX_TIMEOUT = 900.0  # seconds, as OpenAI recommends ("Flex processing")
SLOW_ANSWER, SHORT_PROMPT, FEWEST_CALLS, MOST_CALLS = 15.0, 1_500, 16, 500
_TOPIC_CHARACTERS = frozenset(string.ascii_letters + string.digits + "._-")  # Kafka's own rule
_HOST_CHARACTERS = _TOPIC_CHARACTERS  # an underscore is none by the RFC, and what compose calls a service


def _topic(name: str) -> str:
    if not 0 < len(name) <= 249 or not _TOPIC_CHARACTERS.issuperset(name) or name in (".", ".."):
        raise ValueError("not a topic name: Kafka takes up to 249 of a-z, A-Z, 0-9, '.', '_' and '-'")
    return name


def _header_value(value: str | None) -> str | None:
    if value is not None and not (value.isascii() and value.isprintable() and value == value.strip()):
        raise ValueError("has a character that no header may have")
    return value


def _readable(path: str | None) -> str | None:
    if path is not None:
        try:
            with Path(path).open("rb"):
                pass
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
    return path


def _certificates(path: str | None) -> str | None:
    if path is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except ssl.SSLError:
            raise ValueError("has no certificate in it that can be read") from None
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
    return path


Role = Literal["bridge", "worker", "tool"]
Topic = Annotated[str, AfterValidator(_topic)]
HeaderValue = Annotated[str | None, AfterValidator(_header_value)]
Certificates = Annotated[str | None, AfterValidator(_certificates)]
ReadableFile = Annotated[str | None, AfterValidator(_readable)]
Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65_535)]


class Settings(BaseSettings):
    """The service's settings. Each description says the unit and what the value is for."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,  # `OPENAI_PROXY=` in a .env file means "not set"
        secrets_dir=_SECRETS_DIR if os.environ.get("SECRETS_DIR") or _SECRETS_DIR.is_dir() else None,
        extra="ignore",  # the platform's .env has other services' variables too
        frozen=True,
        hide_input_in_errors=True,  # an input may be a secret
    )

    env_file: ClassVar[Path] = Path(os.environ.get("ENV_FILE") or PROJECT / ".env")

    # The platform's own names
    openai_key: SecretStr = Field(_NO_KEY, description="the API key; required by workers, unknown to all others")
    redis_host: str = Field("localhost", description="Redis host")
    redis_port: Annotated[int, Field(ge=1, le=65_535)] = Field(6379, description="Redis port")
    kafka_bootstrap_servers: str = Field("localhost:9092", description="Kafka brokers, comma separated")
    kafka_topic_for_ai_handler: Topic = Field("AI_handler", description="input topic")
    kafka_topic_for_uploading_data: Topic = Field("uploading_data", description="results for the storage service")
    kafka_topic_for_notifications: Topic = Field("notifications", description="one notification per request")
    mode: Literal["DEV", "TEST", "PROD"] = Field(
        "PROD", description="in `TEST` nothing is ever sent to the real OpenAI"
    )

    contract: Literal["2025", "2026"] = Field(
        "2025",
        description="the platform's contract that is spoken; `2026`: topics `processing.requested` and "
        "`processing.finished` where these have the names of the first contract",
    )
    repeat_after: str = Field(
        "60,3600",
        pattern=r"^(off|\d{1,6}(,\d{1,6})*)$",
        description="seconds after which an answer is said again to the storage service of 2026, which may have been "
        "away; `off`: never",
    )
    yandex_cloud_api_key: SecretStr | None = Field(
        None, description="the platform's key of 2026, in the place of `OPENAI_KEY`"
    )
    yandex_cloud_folder_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="with it and without `OPENAI_KEY`, what has its default is the platform's own provider: "
        "`OPENAI_BASE_URL`, `OPENAI_PROJECT`, `OPENAI_MODEL`, `RPM=15`, `RPD=500`, "
        "`EGRESS_CHECK=off`, see docs/interop.md",
    )

    # The provider and its limits
    rpm: int = Field(
        3,
        ge=0,
        description="requests per minute that the provider allows; `0` or `unlimited`: it sets no such limit; "
        "not set: the default is where to begin, and the provider's headers say the rest",
    )
    rpd: int = Field(200, ge=0, description="requests per day, likewise")
    tpm: int = Field(40_000, ge=0, description="tokens per minute, likewise; else at least 1,000")
    openai_allow_http: bool = Field(
        False, description="`on` lets the key and resumes travel unencrypted, to an `http://` endpoint elsewhere"
    )
    openai_base_url: str = Field(
        "https://api.openai.com/v1",
        description="any OpenAI-compatible endpoint, up to and without `/chat/completions`; a query stays: "
        "`…/deployments/NAME?api-version=…`",
    )
    openai_tls_ca: Certificates = Field(
        None, description="path of CA certificates that are trusted beside the system's, for an endpoint with its own"
    )
    openai_organization: HeaderValue = Field(None, description="sent as `OpenAI-Organization`")
    openai_project: HeaderValue = Field(None, description="sent as `OpenAI-Project`; Yandex wants its folder there")
    openai_headers: SecretStr | None = Field(
        None, description="more headers of every request, `Name: value; Name: value`; may hold secrets, never shown"
    )
    openai_model: str = Field("gpt-6-luna", description="the pinned model")
    openai_prices: str = Field(
        "gpt-6-luna=0.10/0.01/0.50/0.125",
        description="US dollars for a million tokens of each model, comma separated: prompt, cached, answer, and a "
        "fourth where writing into the cache has a price of its own; the money of a model that is not among them is "
        "not counted",
    )
    openai_budget: Annotated[float, Field(ge=0)] = Field(
        0.0, description="US dollars a day of UTC, at which the circuit breaker opens until the next; 0: none"
    )
    openai_proxy: SecretStr | None = Field(None, description="`http://` or `socks5://` proxy for every request")
    openai_timeout: Seconds = Field(
        60.0, description=f"seconds, total deadline of one call; `flex` has at least {FLEX_TIMEOUT:g}"
    )
    openai_service_tier: str | None = Field(
        None,
        pattern=r"^[a-z_]{1,20}$",
        description="`flex`: half the price, slower, and the usual tier for ten minutes where it has no room; or "
        "another that the endpoint has; empty: none is asked for",
    )
    openai_max_output_tokens: int = Field(
        1_260,
        ge=200,
        le=16_000,
        description="tokens, cap of one answer; 60 and 100 a criterion are reserved, but never more than this",
    )
    openai_output: Literal["auto", "strict", "json"] = Field(
        "auto",
        description="`strict` schema, `json` mode, or `auto`: strict until the endpoint refuses it, then JSON mode, "
        "then neither, read tolerantly",
    )
    openai_temperature: str = Field(
        "auto",
        pattern=r"^(auto|off|[01](\.\d+)?|2(\.0+)?)$",
        description="`auto`: 0 until the model refuses it; a number: always sent; `off`: never",
    )
    openai_reasoning_effort: str = Field(
        "auto",
        pattern=r"^[a-z]{1,20}$",
        description="`auto`: not sent until the model shows that it reasons, then the lowest that it takes; `low` or "
        "another: always sent; `off`: never",
    )
    openai_max_reasoning_tokens: int = Field(
        16_000,
        ge=0,
        le=200_000,
        description="tokens, most room that an answer's cap may leave for reasoning beside the answer; it follows what "
        "the model uses, never takes more than a quarter of `TPM`, and is 0 for a model that does not reason",
    )
    limits_burst: Seconds = Field(
        60.0, description="seconds of refill that may be spent at once; below 60 where shorter spans are enforced"
    )
    task_rate_limit: str | None = Field(
        None,
        pattern=r"^\d+/[smh]$",
        description="Celery's brake on task starts of one worker, e.g. `10/m`; empty: too high to delay any",
    )

    # Where requests leave the network
    egress_check: bool = Field(
        True, description="`on`: nothing is sent unless the exit's country is known and allowed; `off`: unchecked"
    )
    egress_trace_url: str | None = Field(
        None, description="page that tells where we appear to be; empty: `/cdn-cgi/trace` at the API's own host"
    )
    egress_blocked_countries: Annotated[frozenset[str], NoDecode] = Field(
        frozenset({"RU"}), description="country codes from which nothing may be sent, comma separated"
    )

    # Redis
    redis_db: int = Field(1, ge=0, description="logical database; 0 is left to the notifications service")
    redis_username: str | None = Field(None, description="ACL user")
    redis_password: SecretStr | None = Field(None, description="password")
    redis_tls: bool = Field(False, description="`on` connects with TLS (`rediss://`)")
    redis_tls_ca: ReadableFile = Field(None, description="path of the CA certificates; empty: the system's")
    redis_url: SecretStr | None = Field(None, description="a whole URL instead of these settings")
    redis_sentinels: Annotated[tuple[Address, ...], NoDecode] = Field(
        (), description="`host:port,host:port,…` of the sentinels that know the primary; empty: Redis is one server"
    )
    redis_sentinel_master: str = Field("mymaster", description="the sentinels' name for the primary")
    redis_sentinel_password: SecretStr | None = Field(None, description="password of the sentinels themselves")

    # Kafka
    kafka_group_id: str = Field("ai-handler", description="consumer group, and prefix of the transactional ids")
    kafka_topic_for_dead_letters: Topic | None = Field(
        None, description="unreadable messages; empty: the input topic's name and `.DLQ`"
    )
    kafka_start: Literal["earliest", "latest"] | float | None = Field(
        None,
        description="where to begin where the group has no offsets: `earliest`, `latest` or an ISO time (UTC unless it "
        "says otherwise); empty: refuse where older requests may have been answered before",
    )
    kafka_key_for_notifications: str = Field(
        "new_notifications", min_length=1, description="key of our messages to the notifications service"
    )
    kafka_key_for_uploading_data: str = Field(
        "new_processing", min_length=1, description="key of our messages to the storage service"
    )
    kafka_create_topics: bool = Field(True, description="`on` creates missing topics at start")
    kafka_input_partitions: int = Field(
        1, ge=1, description="partitions of the input topic if the bridge creates it; the other topics get one"
    )
    kafka_topic_replication: int = Field(1, ge=1, description="replicas of a topic that the bridge creates")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how to talk to the brokers"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="used with the SASL protocols"
    )
    kafka_sasl_username: str | None = Field(None, description="SASL user")
    kafka_sasl_password: SecretStr | None = Field(None, description="SASL password")
    kafka_ssl_ca_location: ReadableFile = Field(None, description="path of the CA certificates; empty: the system's")
    kafka_ssl_certificate_location: ReadableFile = Field(None, description="path of the client certificate")
    kafka_ssl_key_location: ReadableFile = Field(None, description="path of the client key")
    kafka_session_timeout_ms: int = Field(
        10_000, gt=0, description="milliseconds after which a dead bridge's partitions move to another"
    )

    # The bridge
    window_size: int = Field(
        5_000,
        ge=1,
        le=5_000,
        description="most unfinished requests a bridge holds per partition; how many it does follows the limits",
    )
    look_ahead: int = Field(
        2_000,
        ge=1,
        le=5_000,
        description="unfinished requests a bridge holds per partition at least, however small the limits are: so far "
        "it sees whose turn it is; never more than `WINDOW_SIZE`",
    )
    user_rpd: int = Field(
        0, ge=0, description="most answers a user gets to the requests of one day of UTC; 0: there is no such limit"
    )
    fair_by: Literal["user", "none"] = Field(
        "user", description="`user`: users with requests waiting take turns; `none`: the input topic's order"
    )
    user_weights: Annotated[Mapping[int, float], NoDecode] = Field(
        {}, description="`USER=WEIGHT,…`: users that get so many turns where others get one, 0.01 to 100"
    )
    request_deadline: Annotated[float, Field(gt=0, lt=PROCESSED_MARK_TTL)] = Field(
        43_200.0, description="seconds from a request's Kafka timestamp to its end, whatever it waits for"
    )
    dead_letter_limit: int = Field(
        500, ge=1, description="dead letters in ten minutes at which the bridge takes nothing new"
    )
    dead_letter_retention: int = Field(
        1_209_600,
        ge=3_600,
        description="seconds that Kafka keeps a dead letter, set when the bridge creates that topic: resumes are in it",
    )
    health_folder: Path = Field(
        Path("run"),
        description="of `bridge.health`, `bridge.ready` and `worker.health`, which are touched while all is well",
    )
    bridge_metrics_port: Port = Field(
        0,
        description="Prometheus metrics of the bridge, its `/livez` and `/readyz`, its state as a page, `/`; 0: off",
    )

    # The worker
    worker_concurrency: int | None = Field(
        None, ge=1, description="calls that one worker may have under way; empty: as many as the limits keep busy"
    )
    worker_metrics_port: Port = Field(0, description="Prometheus metrics of the worker; 0: off")
    metrics_host: str = Field("127.0.0.1", description="address the metrics are served on")
    lease_seconds: Annotated[float, Field(ge=1, le=600)] = Field(
        10.0,
        description="seconds after which a killed worker's request is another's; after half of them a hint goes again",
    )
    max_attempts: int = Field(
        2,
        ge=1,
        description="answers to one question that may be of no use before the request fails; outages do not count",
    )

    # Scoring
    redaction: bool = Field(
        True,
        description="`on`: names, contacts and other personal data are taken out of a resume before it is sent",
    )
    second_look: Literal["off", "doubtful", "always"] = Field(
        "doubtful",
        description="when the model is asked once more what the quotes prove by themselves: where something is "
        "suspicious (`doubtful`), `always`, or `off`; one small call",
    )
    verdict_threshold: int = Field(60, ge=1, le=100, description="score from which the verdict is «Подходит»")
    criteria_ttl: int = Field(
        7_776_000, ge=3_600, description="seconds a vacancy keeps its criteria, by which all its resumes are measured"
    )
    result_cache_ttl: int = Field(
        604_800,
        ge=0,
        description="seconds the same question keeps its answer, but never longer than `EXPLANATION_TTL`; 0: off",
    )
    explanation_ttl: int = Field(
        259_200, ge=0, description="seconds that quotes are kept, in explanations and cached answers; 0: off"
    )
    decision_ttl: int = Field(
        15_552_000,
        ge=0,
        description="seconds that decisions are kept: grades, reasons, versions and digests, no texts; 0: off",
    )

    # Logs
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least severe level logged")
    log_format: Literal["text", "json"] = Field("text", description="one line a record either way")
    log_file: Path | None = Field(
        Path("logs/auth_service.log"),
        description="the name the platform's collector reads; `none`: stdout only",
    )

    # Flower (read by celeryconfig.py's neighbour in compose, listed here so that there is one list)
    flower_basic_auth: SecretStr | None = Field(None, description="`user:password` of Flower; required by compose")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 # pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 # likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Our own readers of files in the place of pydantic's."""
        return init_settings, env_settings, EnvFile(settings_cls, cls.env_file), SecretFiles(settings_cls)

    @model_validator(mode="before")
    @classmethod
    def _as_the_platform_has_it(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What the contract and the platform's own provider imply; a default that is spelt out is nothing else said."""
        implied: dict[str, Any] = {}
        if values.get("contract") == "2026":
            requests, answers = DIALECTS["2026"].topics
            implied = {"kafka_topic_for_ai_handler": requests, "kafka_topic_for_notifications": answers}
        if (folder := values.get("yandex_cloud_folder_id")) and not values.get("openai_key"):
            key = values.get("yandex_cloud_api_key")
            implied |= {**_YANDEX, "openai_project": folder, "openai_model": f"gpt://{folder}/yandexgpt-lite/latest"}
            implied |= {"openai_key": key} if key else {}
        defaults = {name: str(cls.model_fields[name].default) for name in implied}
        return values | {
            name: found for name, found in implied.items() if str(values.get(name, defaults[name])) == defaults[name]
        }

    @field_validator("mode", "log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("rpm", "rpd", "tpm", mode="wrap")
    @classmethod
    def _limit(cls, value: object, number: ValidatorFunctionWrapHandler, info: ValidationInfo) -> int:
        least = 1_000 if info.field_name == "tpm" else 1
        try:
            limit: int = 0 if isinstance(value, str) and value.strip().lower() == "unlimited" else number(value)
        except ValidationError:
            limit = -1
        if limit != 0 and limit < least:
            raise ValueError(f"must be a whole number from {least}, or `unlimited`")
        return limit

    @field_validator("egress_blocked_countries", mode="before")
    @classmethod
    def _countries(cls, value: object) -> object:
        if isinstance(value, str):
            return frozenset(code.strip().upper() for code in value.split(",") if code.strip())
        return value

    @field_validator("redis_sentinels", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        places = [urlsplit(f"//{place.strip()}") for place in value.split(",") if place.strip()]
        try:
            addresses = tuple((place.hostname, place.port or 26_379) for place in places)
        except ValueError:  # a port that is none; the message must not quote what was written
            addresses = ()
        if len(addresses) != len(places) or not all(host for host, _ in addresses) or any(p.path for p in places):
            raise ValueError("must be host:port,host:port")
        if any("@" in place.netloc for place in places):
            raise ValueError("must be host:port,host:port; the password goes into REDIS_SENTINEL_PASSWORD")
        return addresses

    @field_validator("user_weights", mode="before")
    @classmethod
    def _weights(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            pairs = [part.split("=") for part in value.split(",") if part.strip()]
            weights = {int(user): float(weight) for user, weight in pairs}
        except ValueError:
            raise ValueError("must be USER=WEIGHT,USER=WEIGHT") from None
        if len(weights) != len(pairs) or not all(0.01 <= weight <= 100 for weight in weights.values()):
            raise ValueError("must name each user once, with a weight from 0.01 to 100")
        return weights

    @field_validator("log_file", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        return None if isinstance(value, str) and value.lower() == "none" else value

    @field_validator("kafka_start", mode="before")
    @classmethod
    def _unix_time(cls, value: object) -> object:
        if isinstance(value, str) and value not in ("earliest", "latest"):
            try:
                time = datetime.fromisoformat(value)
            except ValueError:
                raise ValueError("must be `earliest`, `latest` or an ISO time") from None
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
        return value

    @field_validator("openai_key", "yandex_cloud_api_key", "openai_proxy", "redis_password", "kafka_sasl_password")
    @classmethod
    def _one_line(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().isprintable():
            raise ValueError("has a line break or another invisible character in it")
        return value

    @field_validator("openai_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if not key.isascii() or " " in key:
            raise ValueError("has a character that no API key has")
        return value

    @field_validator("kafka_bootstrap_servers")
    @classmethod
    def _brokers(cls, value: str) -> str:
        for broker in value.split(","):
            parts = _url_or_none(f"kafka://{broker.strip()}")
            if parts is None or parts.path or not _is_host(parts.hostname or "") or "@" in broker:
                raise ValueError("must be HOST:PORT, or several with commas between them")
        return value

    @field_validator("redis_host")
    @classmethod
    def _host_alone(cls, value: str) -> str:
        if "/" in value or "@" in value:
            raise ValueError("must be a host alone; a whole URL goes into REDIS_URL")
        if value.count(":") == 1:
            raise ValueError("must be a host alone; its port goes into REDIS_PORT")
        if not _is_host(value.removeprefix("[").removesuffix("]")):
            raise ValueError("must be a host name or an address")
        return value

    @field_validator("flower_basic_auth")
    @classmethod
    def _one_user(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            user, _, password = value.get_secret_value().partition(":")
            if not (user and password):
                raise ValueError("must be USER:PASSWORD")
            if "," in user + password:
                raise ValueError("must have no comma: Flower would cut the password there")
        return value

    @field_validator("openai_base_url", "egress_trace_url")
    @classmethod
    def _http_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        parts = _url_parts(value, "an http or https URL")
        if parts.scheme not in ("http", "https"):
            raise ValueError("must be an http or https URL")
        allowed = info.data.get("openai_allow_http", False) or _is_loopback(parts.hostname or "")
        if parts.scheme == "http" and not allowed:
            raise ValueError("unencrypted to another machine: use https, or set OPENAI_ALLOW_HTTP=on")
        if info.field_name != "openai_base_url":
            return value
        if fault := address_fault(value):
            raise ValueError(fault)
        return urlunsplit(parts._replace(path=parts.path.rstrip("/")))

    @field_validator("openai_headers")
    @classmethod
    def _headers(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and headers_in(value.get_secret_value()) is None:
            raise ValueError(
                "must be Name: value, or several with semicolons between them, in ASCII; of HTTP's own none"
            )
        return value

    @field_validator("openai_prices")
    @classmethod
    def _prices(cls, value: str) -> str:
        if _prices_in(value) is None:
            raise ValueError(
                "must be MODEL=PROMPT/CACHED/ANSWER or MODEL=PROMPT/CACHED/ANSWER/WRITTEN, or several with commas "
                "between them"
            )
        return value

    @field_validator("openai_proxy")
    @classmethod
    def _proxy_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = _url_parts(value.get_secret_value(), "an http:// or socks5:// URL")
            if parts.scheme not in ("http", "https", "socks5", "socks5h"):
                raise ValueError("must be an http:// or socks5:// URL")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = _url_parts(value.get_secret_value(), "redis://[[USER]:PASSWORD@]HOST[:PORT]/DATABASE, or rediss://")
            if parts.scheme not in ("redis", "rediss"):
                raise ValueError(_REDIS_KINDS.get(parts.scheme, "must begin with redis:// or rediss://"))
            if not parts.path[1:].isdecimal():
                raise ValueError("must end with the number of the database, such as /1")
            if dict(parse_qsl(parts.query)).get("ssl_cert_reqs", "required") not in ("required", "CERT_REQUIRED"):
                raise ValueError("the certificate is always verified: leave ssl_cert_reqs out, set REDIS_TLS_CA")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        contradictions = "\n".join(self._contradictions())
        if contradictions:
            raise ValueError(contradictions)
        return self

    def _contradictions(self) -> Iterator[str]:
        outgoing = (*self.answer_topics, self.dead_letter_topic)
        if self.kafka_topic_for_ai_handler in outgoing:
            yield "KAFKA_TOPIC_FOR_AI_HANDLER must be a topic of its own: we would read what we write"
        if self.openai_budget and self.openai_price is None:
            yield "OPENAI_BUDGET needs the price of OPENAI_MODEL in OPENAI_PRICES"
        if bool(self.kafka_ssl_certificate_location) != bool(self.kafka_ssl_key_location):
            yield "KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION go together"
        if self.redis_sentinels and self.redis_url is not None:
            yield "REDIS_URL names one server: with REDIS_SENTINELS use the single settings"
        if self.redis_tls_ca and not self.redis.startswith("rediss:"):
            yield "REDIS_TLS_CA needs REDIS_TLS=on, or a REDIS_URL that begins with rediss://"

    def missing(self, role: Role) -> Iterator[str]:
        """What this role cannot do without, and others do."""
        if role == "worker" and self.openai_key == _NO_KEY:
            yield "OPENAI_KEY: required"
        sasl = self.kafka_security_protocol.startswith("SASL")
        if role == "bridge" and sasl and not (self.kafka_sasl_username and self.kafka_sasl_password):
            yield "KAFKA_SECURITY_PROTOCOL needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"

    @property
    def dialect(self) -> Dialect:
        """What the platform's contract says."""
        return DIALECTS[self.contract]

    @property
    def answer_topics(self) -> tuple[str, ...]:
        """The topics of others that outcomes go to."""
        records = (self.kafka_topic_for_uploading_data,) if self.dialect.has_records else ()
        return (self.kafka_topic_for_notifications, *records)

    @property
    def repeats(self) -> list[int]:
        """Seconds after which an answer is said again."""
        off = self.repeat_after == "off" or not self.dialect.is_read_uncommitted
        return [] if off else [int(delay) for delay in self.repeat_after.split(",")]

    @property
    def provider(self) -> ProviderEndpoint:
        """How the provider is reached, secrets included: never log it."""
        named = {"OpenAI-Organization": self.openai_organization, "OpenAI-Project": self.openai_project}
        more = headers_in(self.openai_headers.get_secret_value()) if self.openai_headers else None
        return ProviderEndpoint(
            self.openai_base_url,
            self.openai_key.get_secret_value(),
            {name: value for name, value in named.items() if value} | (more or {}),
            self.openai_proxy.get_secret_value() if self.openai_proxy else None,
            self.openai_tls_ca,
        )

    @property
    def openai_price(self) -> tuple[float, float, float, float] | None:
        """US dollars for a million prompt, cached, answer and cache-written tokens; None: nobody has said."""
        return (_prices_in(self.openai_prices) or {}).get(self.openai_model)

    @property
    def limits_to_find_out(self) -> frozenset[Literal["rpm", "rpd", "tpm"]]:
        """The limits that nobody has set: the provider's headers say what they are."""
        names: tuple[Literal["rpm", "rpd", "tpm"], ...] = ("rpm", "rpd", "tpm")
        return frozenset(name for name in names if name not in self.model_fields_set)

    @cached_property
    def redis(self) -> str:
        """The Redis URL, secrets included: never log it. With TLS it says that the certificate is verified."""
        if self.redis_url is not None:
            url = self.redis_url.get_secret_value()
        else:
            password = self.redis_password.get_secret_value() if self.redis_password else ""
            user = f"{quote(self.redis_username or '', safe='')}:{quote(password, safe='')}@" if password else ""
            scheme = "rediss" if self.redis_tls else "redis"
            url = f"{scheme}://{user}{_bracketed(self.redis_host)}:{self.redis_port}/{self.redis_db}"
        parts = urlsplit(url)
        if parts.scheme != "rediss":
            return url
        query = dict(parse_qsl(parts.query)) | {"ssl_cert_reqs": "required"}
        if self.redis_tls_ca:
            query["ssl_ca_certs"] = self.redis_tls_ca
        return urlunsplit(parts._replace(query=urlencode(query, safe="/")))

    @property
    def redis_connection(self) -> RedisConnection:
        """How Redis is reached, secrets included: never log it."""
        sentinel_password = self.redis_sentinel_password
        return RedisConnection(
            self.redis,
            ca_location=self.redis_tls_ca,
            sentinels=self.redis_sentinels,
            master=self.redis_sentinel_master,
            sentinel_password=sentinel_password.get_secret_value() if sentinel_password else None,
        )

    @property
    def logging(self) -> dict[str, Any]:
        """The arguments of `logs.configure_logging`."""
        return {"level": self.log_level, "style": self.log_format, "file": self.log_file}

    @property
    def dead_letter_topic(self) -> str:
        """Where messages go that nobody can read."""
        return self.kafka_topic_for_dead_letters or f"{self.kafka_topic_for_ai_handler}.DLQ"

    @property
    def trace_url(self) -> str:
        """The page that tells which country the API's edge sees us in."""
        if self.egress_trace_url:
            return self.egress_trace_url
        parts = urlsplit(self.openai_base_url)
        return f"{parts.scheme}://{parts.netloc}/cdn-cgi/trace"

    @property
    def call_timeout(self) -> float:
        """Seconds, the total deadline of one call at the tier that is asked for."""
        return max(self.openai_timeout, FLEX_TIMEOUT) if self.openai_service_tier == "flex" else self.openai_timeout

    @property
    def calls_in_flight(self) -> int:
        """How many calls one worker may have under way: a thread each, made when it is first needed.

        Calls start at a rate that the limits grant and last as long as a slow model takes, so that is what they keep
        busy; never fewer than the small limits' burst, never more than one core can look after (docs/capacity.md).
        """
        if self.worker_concurrency is not None:
            return self.worker_concurrency
        return max(FEWEST_CALLS, round(min(MOST_CALLS, self.request_rate * SLOW_ANSWER)))

    @property
    def request_rate(self) -> float:
        """Requests a second that the limits allow, as far as they are set; infinite where none is."""
        unknown = self.limits_to_find_out
        per_minute = [float(self.rpm)] if self.rpm and "rpm" not in unknown else []
        if self.tpm and "tpm" not in unknown:
            per_minute.append(self.tpm / (self.openai_max_output_tokens + SHORT_PROMPT))
        return min(per_minute, default=math.inf) / 60

    @cached_property
    def kafka(self) -> dict[str, str | int]:
        """The settings of librdkafka, secrets included: never log them."""
        options: dict[str, str | int | None] = {
            "bootstrap.servers": self.kafka_bootstrap_servers,
            "security.protocol": self.kafka_security_protocol,
            "ssl.ca.location": self.kafka_ssl_ca_location,
            "ssl.certificate.location": self.kafka_ssl_certificate_location,
            "ssl.key.location": self.kafka_ssl_key_location,
        }
        if self.kafka_security_protocol.startswith("SASL") and self.kafka_sasl_password:
            options["sasl.mechanism"] = self.kafka_sasl_mechanism
            options["sasl.username"] = self.kafka_sasl_username
            options["sasl.password"] = self.kafka_sasl_password.get_secret_value()
        return {name: value for name, value in options.items() if value is not None}


def _prices_in(text: str) -> dict[str, tuple[float, float, float, float]] | None:
    """The prices by model, or None where the text cannot be understood."""
    prices: dict[str, tuple[float, float, float, float]] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        model, _, numbers = entry.rpartition("=")
        try:
            prompt, cached, completion, *more = map(float, numbers.split("/"))
            (written,) = more or [prompt]
        except ValueError:
            return None
        price = (prompt, cached, completion, written)
        if not model or not all(0 <= one < math.inf for one in price):
            return None
        prices[model.strip()] = price
    return prices


def _url_or_none(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # brackets of IPv6, a port that is no number
        return None
    return parts if usable else None


def _url_parts(url: str, what: str) -> SplitResult:
    parts = _url_or_none(url)
    if parts is None:
        raise ValueError(f"must be {what}")
    return parts


def _is_host(text: str) -> bool:
    """Whether it is a name or an address, without brackets and port."""
    if ":" not in text:
        return bool(text) and _HOST_CHARACTERS.issuperset(text)
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
