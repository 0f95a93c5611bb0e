"""The fields: every setting with its default, its bounds and what it is for. Names in capitals are its variables."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from config import values
from contract import PROCESSED_MARK_TTL

NO_KEY = SecretStr("")
FLEX_TIMEOUT = 900.0  # seconds, as OpenAI recommends ("Flex processing")


class Fields(BaseSettings):
    """The settings alone, by topic. Below each stands the unit, and what the value is for."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    # The platform's own names
    openai_key: values.ApiKey = NO_KEY
    """the API key; required by workers, unknown to all others"""
    redis_host: values.Host = "localhost"
    """Redis host"""
    redis_port: Annotated[int, Field(ge=1, le=65_535)] = 6379
    """Redis port"""
    kafka_bootstrap_servers: values.Brokers = "localhost:9092"
    """Kafka brokers, comma separated"""
    kafka_topic_for_ai_handler: values.Topic = "AI_handler"
    """input topic"""
    kafka_topic_for_uploading_data: values.Topic = "uploading_data"
    """results for the storage service"""
    kafka_topic_for_notifications: values.Topic = "notifications"
    """one notification per request"""
    mode: Literal["DEV", "TEST", "PROD"] = "PROD"
    """in `TEST` nothing is ever sent to the real OpenAI"""

    contract: Literal["2025", "2026"] = "2025"
    """the platform's contract that is spoken; `2026`: topics `processing.requested` and `processing.finished` where
    these have the names of the first contract"""
    repeat_after: Annotated[
        str, values.written(r"off|\d{1,6}(,\d{1,6})*", "`off`, or whole seconds with commas between them: 60,3600")
    ] = "60,3600"
    """seconds after which an answer is said again to the storage service of 2026, which may have been away; `off`:
    never"""
    yandex_cloud_api_key: values.Secret | None = None
    """the platform's key of 2026, in the place of `OPENAI_KEY`"""
    yandex_cloud_folder_id: (
        Annotated[str, values.written(r"[A-Za-z0-9_-]+", "the folder's id: letters, digits, `_` and `-`")] | None
    ) = None
    """with it and without `OPENAI_KEY`, what has its default is the platform's own provider: `OPENAI_BASE_URL`,
    `OPENAI_PROJECT`, `OPENAI_MODEL`, `RPM=15`, `RPD=500`, `EGRESS_CHECK=off`, see docs/interop.md"""

    # The provider and its limits
    rpm: values.Limit = Field(3, ge=0)
    """requests per minute that the provider allows; `0` or `unlimited`: it sets no such limit; not set: the default is
    where to begin, and the provider's headers say the rest"""
    rpd: values.Limit = Field(200, ge=0)
    """requests per day, likewise"""
    tpm: values.Limit = Field(40_000, ge=0)
    """tokens per minute, likewise; else at least 1,000"""
    parallel: values.Limit = Field(0, ge=0)
    """most calls under way at once that the provider allows, in the whole fleet; `0` or `unlimited`: it sets no such
    limit"""
    openai_key_command: values.Command | None = None
    """a program and its arguments, run without a shell, that prints the key, or JSON with it as `key` and the seconds
    that it is good for as `expires_in`; instead of `OPENAI_KEY`; may hold secrets, never shown"""
    openai_base_url: values.HttpUrl = "https://api.openai.com/v1"
    """any OpenAI-compatible endpoint, up to and without `/chat/completions`; a query stays:
    `…/deployments/NAME?api-version=…`; `http://` on this machine and in private networks alone"""
    openai_tls_ca: values.Certificates | None = None
    """path of CA certificates that are trusted beside the system's, for an endpoint with its own"""
    openai_organization: values.HeaderValue | None = None
    """sent as `OpenAI-Organization`"""
    openai_project: values.HeaderValue | None = None
    """sent as `OpenAI-Project`; Yandex wants its folder there"""
    openai_headers: values.Headers | None = None
    """more headers of every request, `Name: value; Name: value`; may hold secrets, never shown"""
    openai_model: values.Model = "gpt-6-luna"
    """the model; pinned where its name has a version"""
    openai_prices: values.PriceList = "gpt-6-luna=0.10/0.01/0.50/0.125"
    """US dollars for a million tokens of each model, comma separated: prompt, cached, answer, and a fourth where
    writing into the cache has a price of its own; the money of a model that is not among them is not counted"""
    openai_budget: values.Money = 0.0
    """US dollars a day of UTC, at which the circuit breaker opens until the next; 0: none"""
    openai_proxy: values.ProxyUrl | None = None
    """`http://` or `socks5://` proxy for every request"""
    openai_timeout: values.Seconds = Field(
        60.0, description=f"seconds, total deadline of one call; `flex` has at least {FLEX_TIMEOUT:g}"
    )
    openai_service_tier: Annotated[str, values.written(r"[a-z_]{1,20}", "one word in small letters: flex")] | None = (
        None
    )
    """`flex`: half the price, slower, and the usual tier for ten minutes where it has no room; or another that the
    endpoint has; empty: none is asked for"""
    openai_max_output_tokens: int = Field(1_260, ge=200, le=16_000)
    """tokens, cap of one answer; grades reserve 60, 85 a criterion and 100 where it asks for years, never more than
    this"""
    openai_output: Literal["auto", "strict", "json"] = "auto"
    """`strict` schema, `json` mode, or `auto`: strict until the endpoint refuses it, then JSON mode, then neither, read
    tolerantly"""
    openai_temperature: Annotated[
        str,
        values.written(
            r"auto|off|[01](\.\d+)?|2(\.0+)?", "`auto`, `off`, or a number from 0 to 2 with a point in it: 0.5"
        ),
    ] = "auto"
    """`auto`: 0 until the model refuses it; a number: always sent; `off`: never"""
    openai_reasoning_effort: Annotated[
        str, values.written(r"[a-z]{1,20}", "`auto`, `off`, or one word in small letters: low")
    ] = "auto"
    """`auto`: not sent until the model shows that it reasons, then the lowest that it takes; `low` or another: always
    sent; `off`: never"""
    providers: Path | None = None
    """path of a TOML file with a table for each of several providers, in order of preference, see docs/providers.md;
    `RPM`, `RPD`, `TPM`, `OPENAI_…`, `EGRESS_…`, `LIMITS_BURST` and `REDACTION` are without effect then; empty: these
    settings are the only provider"""
    provider_patience: values.Seconds = 30.0
    """seconds within which a request has to start at a provider, else the next one is tried"""
    provider_mix: bool = False
    """`on`: several providers may have one model, and a request goes to whichever of them can start it first; `off`:
    the same model twice is a mistake"""
    limits_burst: values.Seconds = 60.0
    """seconds of refill that may be spent at once; below 60 where shorter spans are enforced"""

    # Where requests leave the network
    egress_check: bool = True
    """`on`: nothing is sent unless the exit's country is known and allowed; `off`: unchecked"""
    egress_trace_url: values.HttpUrl | None = None
    """page that tells where we appear to be; empty: `/cdn-cgi/trace` at the API's own host"""
    egress_blocked_countries: values.Countries = frozenset({"RU"})
    """country codes from which nothing may be sent, comma separated"""

    egress_allowed_countries: values.Countries = frozenset()
    """country codes from which alone anything may be sent, likewise; empty: any but those"""

    # Redis
    redis_db: int = Field(1, ge=0)
    """logical database; 0 is left to the notifications service"""
    redis_username: str | None = None
    """ACL user"""
    redis_password: values.Secret | None = None
    """password"""
    redis_tls: bool = False
    """`on` connects with TLS (`rediss://`)"""
    redis_tls_ca: values.ReadableFile | None = None
    """path of the CA certificates; empty: the system's"""
    redis_url: values.RedisUrl | None = None
    """a whole URL instead of these settings"""
    redis_sentinels: values.Addresses = ()
    """`host:port,host:port,…` of the sentinels that know the primary; empty: Redis is one server"""
    redis_sentinel_master: str = "mymaster"
    """the sentinels' name for the primary"""
    redis_sentinel_password: SecretStr | None = None
    """password of the sentinels themselves"""

    # Kafka
    kafka_group_id: str = "ai-handler"
    """consumer group, and prefix of the transactional ids"""
    kafka_start: values.Start = None
    """where to begin where the group has no offsets: `earliest`, `latest` or an ISO time (UTC unless it says
    otherwise); empty: refuse where older requests may have been answered before"""
    kafka_key_for_notifications: str = Field("new_notifications", min_length=1)
    """key of our messages to the notifications service"""
    kafka_create_topics: bool = True
    """`on` creates missing topics at start"""
    kafka_topic_replication: int = Field(1, ge=1)
    """replicas of a topic that the bridge creates"""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """how to talk to the brokers"""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """used with the SASL protocols"""
    kafka_sasl_username: str | None = None
    """SASL user"""
    kafka_sasl_password: values.Secret | None = None
    """SASL password"""
    kafka_ssl_ca_location: values.ReadableFile | None = None
    """path of the CA certificates; empty: the system's"""
    kafka_ssl_certificate_location: values.ReadableFile | None = None
    """path of the client certificate"""
    kafka_ssl_key_location: values.ReadableFile | None = None
    """path of the client key"""
    kafka_session_timeout_ms: int = Field(10_000, gt=0)
    """milliseconds after which a dead bridge's partitions move to another"""

    # The bridge
    user_rpd: int = Field(0, ge=0)
    """most answers a user gets to the requests of one day of UTC; 0: there is no such limit"""
    fair_by: Literal["user", "none"] = "user"
    """`user`: users with requests waiting take turns; `none`: the input topic's order"""
    user_weights: values.Weights = {}
    """`USER=WEIGHT,…`: users that get so many turns where others get one, 0.01 to 100"""
    request_deadline: Annotated[float, Field(gt=0, lt=PROCESSED_MARK_TTL)] = 43_200.0
    """seconds from a request's Kafka timestamp to its end, whatever it waits for"""
    health_folder: Path = Path("run")
    """of `bridge.health`, `bridge.ready` and `worker.health`, which are touched while all is well"""
    bridge_metrics_port: values.Port = 0
    """Prometheus metrics of the bridge, its `/livez` and `/readyz`, its state as a page, `/`; 0: off"""

    # The worker
    worker_concurrency: int | None = Field(None, ge=1)
    """calls that one worker may have under way; empty: as many as the limits keep busy"""
    worker_metrics_port: values.Port = 0
    """Prometheus metrics of the worker; 0: off"""
    metrics_host: values.Listening = "127.0.0.1"
    """address the metrics are served on"""
    lease_seconds: Annotated[float, Field(ge=1, le=600)] = 10.0
    """seconds after which a killed worker's request is another's; after half of them a hint goes again"""

    # Scoring
    redaction: bool = True
    """`on`: names, contacts and other personal data are taken out of a resume before it is sent"""
    second_look: Literal["off", "doubtful", "always"] = "doubtful"
    """when the model is asked once more what the quotes prove by themselves: where something is suspicious
    (`doubtful`), `always`, or `off`; one small call"""
    verdict_threshold: int = Field(60, ge=1, le=100)
    """score from which the verdict is «Подходит»"""
    explanation_ttl: int = Field(259_200, ge=0)
    """seconds that quotes are kept, in explanations and in the answers that the same question gets; 0: off"""
    decision_ttl: int = Field(15_552_000, ge=0)
    """seconds that decisions are kept: grades, reasons, versions and digests, no texts; 0: off"""

    # Logs
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """least severe level logged"""
    log_format: Literal["text", "json"] = "text"
    """one line a record either way"""
    log_file: values.LogFile = Path("logs/auth_service.log")
    """the name the platform's collector reads; `none`: stdout only"""

    # Flower (read by celeryconfig.py's neighbour in compose, listed here so that there is one list)
    flower_basic_auth: values.UserAndPassword | None = None
    """`user:password` of Flower; required by compose"""
