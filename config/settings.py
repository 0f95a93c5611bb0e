"""The settings as the service has them: the fields, read from their sources, and what follows from several of them."""

import math
import os
import shlex
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args, get_origin
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.fields import FLEX_TIMEOUT, NO_KEY, Fields
from config.files import PROJECT, EnvFile, SecretFiles
from config.values import Prices, is_near, prices_in
from contract import DIALECTS, Dialect
from servers.provider_endpoint import ProviderEndpoint, headers_in
from servers.redis_connection import RedisConnection

Role = Literal["bridge", "worker", "tool"]

_SECRETS_DIR = Path(os.environ.get("SECRETS_DIR") or "/run/secrets")
# The provider of the platform of 2026, with the limits that its own handler keeps. It is in the country that requests
# must not leave to GPT from, so where they leave from is no question there.
_YANDEX = {
    "openai_base_url": "https://ai.api.cloud.yandex.net/v1", "egress_check": False,
    "rpm": 15, "rpd": 500, "tpm": 40_000,
}  # fmt: skip
# For the default number of calls under way in one worker: seconds, tokens, calls.
SLOW_ANSWER, SHORT_PROMPT, FEWEST_CALLS, MOST_CALLS = 15.0, 1_500, 16, 500


class Settings(Fields):
    """Every setting, checked, and what follows from several."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,  # `OPENAI_PROXY=` in a .env file means "not set"
        secrets_dir=_SECRETS_DIR if os.environ.get("SECRETS_DIR") or _SECRETS_DIR.is_dir() else None,
        extra="ignore",  # the platform's .env has other services' variables too
        frozen=True,
        hide_input_in_errors=True,  # an input may be a secret
    )

    env_file: ClassVar[Path] = Path(os.environ.get("ENV_FILE") or PROJECT / ".env")

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
    def _in_any_case(cls, values: dict[str, Any]) -> dict[str, Any]:
        """A choice of words may be written in small letters or capitals; what is none of them is left, and refused."""
        found = {}
        for name, value in values.items():
            field = cls.model_fields.get(name)
            if field and get_origin(field.annotation) is Literal and isinstance(value, str):
                words = {word.lower(): word for word in get_args(field.annotation)}
                found[name] = words.get(value.lower(), value)
        return values | found

    @model_validator(mode="before")
    @classmethod
    def _as_the_platform_has_it(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What the contract and the platform's own provider imply; a default that is spelt out is nothing else said."""
        implied: dict[str, Any] = {}
        if values.get("contract") == "2026":
            requests, answers = DIALECTS["2026"].topics
            implied = {"kafka_topic_for_ai_handler": requests, "kafka_topic_for_notifications": answers}
        default, theirs = cls.model_fields["openai_base_url"].default, _YANDEX["openai_base_url"]
        base = values.get("openai_base_url", default)
        # Another endpoint is not theirs: neither their key nor their leave to go unchecked is for it.
        is_theirs = base == default or str(base).rstrip("/") == theirs
        if is_theirs and (folder := values.get("yandex_cloud_folder_id")) and not values.get("openai_key"):
            key = values.get("yandex_cloud_api_key")
            implied |= {**_YANDEX, "openai_project": folder, "openai_model": f"gpt://{folder}/yandexgpt-lite/latest"}
            implied |= {"openai_key": key} if key and not values.get("openai_key_command") else {}
        if values.get("egress_allowed_countries"):  # those alone; the default of the other rule would forbid home
            implied |= {"egress_blocked_countries": frozenset()}
        defaults = {name: str(cls.model_fields[name].default) for name in implied}
        return values | {
            name: found for name, found in implied.items() if str(values.get(name, defaults[name])) == defaults[name]
        }

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        if contradictions := "\n".join(self._contradictions()):
            raise ValueError(contradictions)
        return self

    def _contradictions(self) -> Iterator[str]:
        outgoing = (*self.answer_topics, self.dead_letter_topic)
        if self.kafka_topic_for_ai_handler in outgoing:
            yield "KAFKA_TOPIC_FOR_AI_HANDLER must be a topic of its own: we would read what we write"
        if len({*outgoing}) < len(outgoing):
            yield (
                "KAFKA_TOPIC_FOR_NOTIFICATIONS, KAFKA_TOPIC_FOR_UPLOADING_DATA and that of dead letters, "
                f"{self.dead_letter_topic}, must be different topics"
            )
        if not self._asks_for_sasl and (self.kafka_sasl_username or self.kafka_sasl_password):
            yield "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD need KAFKA_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT"
        if self.openai_budget and self.openai_price is None:
            yield "OPENAI_BUDGET needs the price of OPENAI_MODEL in OPENAI_PRICES"
        if both := self.egress_allowed_countries & self.egress_blocked_countries:
            yield f"EGRESS_ALLOWED_COUNTRIES and EGRESS_BLOCKED_COUNTRIES both name {', '.join(sorted(both))}"
        yield from self._contradictions_of_the_way_out()
        if bool(self.kafka_ssl_certificate_location) != bool(self.kafka_ssl_key_location):
            yield "KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION go together"
        yield from self._contradictions_of_redis()

    def _contradictions_of_the_way_out(self) -> Iterator[str]:
        proxy = urlsplit(self.openai_proxy.get_secret_value() if self.openai_proxy else "")
        if not proxy.hostname or proxy.scheme == "https" or is_near(proxy.hostname):
            return
        for name, url in (("OPENAI_BASE_URL", self.openai_base_url), ("EGRESS_TRACE_URL", self.egress_trace_url)):
            if url and urlsplit(url).scheme == "http":
                yield f"{name} begins with http://, and OPENAI_PROXY leads it across the internet: use https://"

    def _contradictions_of_redis(self) -> Iterator[str]:
        if self.redis_sentinels and self.redis_url is not None:
            yield "REDIS_URL names one server: with REDIS_SENTINELS use the single settings"
        if self.redis_url is not None and (others := self._beside_the_redis_url()):
            yield f"REDIS_URL says otherwise than {', '.join(others)}: leave one of the two out"
        elif self.redis_url is None and self.redis_username and not self.redis_password:
            yield "REDIS_USERNAME needs REDIS_PASSWORD"
        if self.redis_tls_ca and not self.redis.startswith("rediss:"):
            yield "REDIS_TLS_CA needs REDIS_TLS=on, or a REDIS_URL that begins with rediss://"

    def missing(self, role: Role) -> Iterator[str]:
        """What this role cannot do without, and others do."""
        if role == "bridge" and self._asks_for_sasl and not (self.kafka_sasl_username and self.kafka_sasl_password):
            yield "KAFKA_SECURITY_PROTOCOL needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
        if role != "worker":
            return
        command, has_key = self.provider.key_command, self.openai_key != NO_KEY
        if self.providers is None and not has_key and not command:
            half = "; YANDEX_CLOUD_API_KEY and YANDEX_CLOUD_FOLDER_ID together, at their own endpoint, take its place"
            yield "OPENAI_KEY: required" + (half if self.yandex_cloud_api_key or self.yandex_cloud_folder_id else "")
        if has_key and command:
            yield "OPENAI_KEY and OPENAI_KEY_COMMAND both give the key: leave one of the two out"
        if command and shutil.which(command[0]) is None:
            yield "OPENAI_KEY_COMMAND: its program is not there, or must not be run"

    def _beside_the_redis_url(self) -> list[str]:
        """The single settings of Redis that are set, and are not what the URL says."""
        parts = urlsplit(self.redis_url.get_secret_value() if self.redis_url else "")
        said = {
            "redis_host": self.redis_host if self.redis_host.lower().strip("[]") == parts.hostname else parts.hostname,
            "redis_port": parts.port or 6379,
            "redis_db": int(parts.path[1:]),
            "redis_username": unquote(parts.username or "") or None,
            "redis_password": SecretStr(unquote(parts.password)) if parts.password else None,
            "redis_tls": parts.scheme == "rediss",
        }
        fields = type(self).model_fields
        return [
            name.upper()
            for name, value in said.items()
            if getattr(self, name) not in (value, fields[name].default)  # a default that is spelt out says nothing
        ]

    @property
    def _asks_for_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL")

    @property
    def dialect(self) -> Dialect:
        return DIALECTS[self.contract]

    @property
    def answer_topics(self) -> tuple[str, ...]:
        """The topics of others that outcomes go to."""
        records = (self.kafka_topic_for_uploading_data,) if self.dialect.has_records else ()
        return (self.kafka_topic_for_notifications, *records)

    @property
    def repeats(self) -> dict[str, int]:
        """Seconds after which an answer is said again, by the consumer group that keeps how far that has come."""
        if self.repeat_after == "off" or not self.dialect.is_read_uncommitted:
            return {}
        return {f"{self.kafka_group_id}.repeat-{int(delay)}": int(delay) for delay in self.repeat_after.split(",")}

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
            tuple(shlex.split(self.openai_key_command.get_secret_value())) if self.openai_key_command else (),
        )

    @property
    def openai_price(self) -> Prices | None:
        """US dollars for a million prompt, cached, answer and cache-written tokens; None: nobody has said."""
        return (prices_in(self.openai_prices) or {}).get(self.openai_model)

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
            host = f"[{self.redis_host.strip('[]')}]" if ":" in self.redis_host else self.redis_host
            url = f"{scheme}://{user}{host}:{self.redis_port}/{self.redis_db}"
        parts = urlsplit(url)
        if parts.scheme != "rediss":
            return url
        query = {"ssl_cert_reqs": "required"}  # nothing else may stand there, see values.py
        if self.redis_tls_ca:
            query["ssl_ca_certs"] = self.redis_tls_ca
        return urlunsplit(parts._replace(query=urlencode(query, safe="/")))

    @property
    def redis_connection(self) -> RedisConnection:
        """How Redis is reached, secrets included: never log it."""
        password = self.redis_sentinel_password
        return RedisConnection(
            self.redis,
            ca_location=self.redis_tls_ca,
            sentinels=self.redis_sentinels,
            master=self.redis_sentinel_master,
            sentinel_password=password.get_secret_value() if password else None,
        )

    @property
    def logging(self) -> dict[str, Any]:
        """The arguments of `logs.configure_logging`."""
        return {"level": self.log_level, "style": self.log_format, "file": self.log_file}

    @property
    def dead_letter_topic(self) -> str:
        return f"{self.kafka_topic_for_ai_handler}.DLQ"

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

    def calls_in_flight(self, rate: float, parallel: int) -> int:
        """How many calls one worker may have under way: a thread each, made when it is first needed.

        `rate` and `parallel` are those of all providers together.

        Calls start at a rate that the limits grant and last as long as a slow model takes, so that is what they keep
        busy; never fewer than the small limits' burst, never more than one core can look after (docs/capacity.md), and
        no crowd that waits for others' calls to end.
        """
        if self.worker_concurrency is not None:
            return self.worker_concurrency
        most = min(MOST_CALLS, 2 * parallel or MOST_CALLS)
        return max(FEWEST_CALLS, round(min(most, rate * SLOW_ANSWER)))

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
        if self._asks_for_sasl and self.kafka_sasl_password:
            options |= {"sasl.mechanism": self.kafka_sasl_mechanism, "sasl.username": self.kafka_sasl_username}
            options["sasl.password"] = self.kafka_sasl_password.get_secret_value()
        return {name: value for name, value in options.items() if value is not None}
