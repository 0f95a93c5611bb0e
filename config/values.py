"""How a setting is written: each kind of value that is more than a number or a word, read and checked.

Whatever is wrong raises a ValueError, whose text stands behind the setting's name and quotes nothing: it may be a
secret.
"""

import ipaddress
import math
import re
import shlex
import ssl
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_settings import NoDecode

from servers.provider_endpoint import address_fault, headers_in
from servers.redis_connection import CLUSTER, Address

Prices = tuple[float, float, float, float]  # US dollars for a million prompt, cached, answer and cache-written tokens

_REDIS_KINDS = {
    "sentinel": "set REDIS_SENTINELS and REDIS_SENTINEL_MASTER instead of a sentinel:// URL",
    **dict.fromkeys(
        ("redis+cluster", "rediss+cluster", "rediscluster"),
        CLUSTER,
    ),
}
_TOPIC_CHARACTERS = frozenset(string.ascii_letters + string.digits + "._-")  # Kafka's own rule
_HOST_CHARACTERS = _TOPIC_CHARACTERS  # an underscore is none by the RFC, and what compose calls a service


def _limit(value: object, number: ValidatorFunctionWrapHandler, info: ValidationInfo) -> int:
    least = 1_000 if info.field_name == "tpm" else 1
    try:
        limit: int = 0 if isinstance(value, str) and value.strip().lower() == "unlimited" else number(value)
    except ValidationError:
        limit = -1
    if limit != 0 and limit < least:
        raise ValueError(f"must be a whole number from {least}, or `unlimited`")
    return limit


def _countries(value: object) -> object:
    if not isinstance(value, str):
        return value
    codes = frozenset(code.strip().upper() for code in value.split(",") if code.strip())
    # Two letters, as ISO 3166 has them; a letter and a digit are Cloudflare's `T1`, which is Tor.
    if not codes or not all(re.fullmatch(r"[A-Z][A-Z0-9]", code) for code in codes):
        raise ValueError("must be country codes of two letters, with commas between them: RU,BY")
    return codes


def _addresses(value: object) -> object:
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


def _weights(value: object) -> object:
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


def _none(value: object) -> object:
    return None if isinstance(value, str) and value.lower() == "none" else value


def _unix_time(value: object) -> object:
    if isinstance(value, str):
        if value.lower() in ("earliest", "latest"):
            return value.lower()
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("must be `earliest`, `latest` or an ISO time") from None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    return value


def _topic(name: str) -> str:
    if not 0 < len(name) <= 249 or not _TOPIC_CHARACTERS.issuperset(name) or name in (".", ".."):
        raise ValueError("not a topic name: Kafka takes up to 249 of a-z, A-Z, 0-9, '.', '_' and '-'")
    return name


def _header_value(value: str) -> str:
    if not (value.isascii() and value.isprintable() and value == value.strip()):
        raise ValueError("has a character that no header may have")
    return value


def _readable(path: str) -> str:
    try:
        with Path(path).open("rb"):
            return path
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None


def _certificates(path: str) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(_readable(path))
    except ssl.SSLError:
        raise ValueError("has no certificate in it that can be read") from None
    return path


def _one_line(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().isprintable():
        raise ValueError("has a line break or another invisible character in it")
    return value


def _fits_a_header(value: SecretStr) -> SecretStr:
    key = value.get_secret_value()
    if not key.isascii() or not {" ", '"', "'"}.isdisjoint(key):
        raise ValueError("has a character that no API key has")
    if re.match(r"[A-Z_]*KEY=", key):
        raise ValueError("has the setting's name in it: leave the key alone")
    return value


def _model(name: str) -> str:
    if not name.isprintable() or name != name.strip() or not name:
        raise ValueError("has a blank before or after it, or an invisible character in it")
    return name


def _brokers(value: str) -> str:
    for broker in value.split(","):
        parts = _url_or_none(f"kafka://{broker.strip()}")
        if parts is None or parts.path or not _is_host(parts.hostname or "") or "@" in broker:
            raise ValueError("must be HOST:PORT, or several with commas between them")
    return value


def _host_alone(value: str) -> str:
    if "/" in value or "@" in value:
        raise ValueError("must be a host alone; a whole URL goes into REDIS_URL")
    if value.count(":") == 1:
        raise ValueError("must be a host alone; its port goes into REDIS_PORT")
    if not _is_host(_unbracketed(value)):
        raise ValueError("must be a host name or an address")
    return value


def _listening(value: str) -> str:
    if not _is_host(value):
        raise ValueError("must be a host name or an address, without http:// and port")
    return value


def _one_user(value: SecretStr) -> SecretStr:
    user, _, password = value.get_secret_value().partition(":")
    if not (user and password):
        raise ValueError("must be USER:PASSWORD")
    if "," in user + password:
        raise ValueError("must have no comma: Flower would cut the password there")
    return value


def _http_url(value: str, info: ValidationInfo) -> str:
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


def _command(value: SecretStr) -> SecretStr:
    try:
        words = shlex.split(value.get_secret_value())
    except ValueError:
        words = []
    if not words:
        raise ValueError("must be a program and its arguments, quoted as for a shell")
    return value


def _headers(value: SecretStr) -> SecretStr:
    if headers_in(value.get_secret_value()) is None:
        raise ValueError("must be Name: value, or several with semicolons between them, in ASCII; of HTTP's own none")
    return value


def _priced(value: str) -> str:
    if prices_in(value) is None:
        raise ValueError(
            "must be MODEL=PROMPT/CACHED/ANSWER or MODEL=PROMPT/CACHED/ANSWER/WRITTEN, or several with commas "
            "between them"
        )
    return value


def prices_in(text: str) -> dict[str, Prices] | None:
    """The prices by model, or None where the text cannot be understood."""
    prices: dict[str, Prices] = {}
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


def _proxy_url(value: SecretStr) -> SecretStr:
    parts = _url_parts(value.get_secret_value(), "an http:// or socks5:// URL")
    if parts.scheme not in ("http", "https", "socks5", "socks5h"):
        raise ValueError("must be an http:// or socks5:// URL")
    return value


def _redis_scheme(value: SecretStr) -> SecretStr:
    parts = _url_parts(value.get_secret_value(), "redis://[[USER]:PASSWORD@]HOST[:PORT]/DATABASE, or rediss://")
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError(_REDIS_KINDS.get(parts.scheme, "must begin with redis:// or rediss://"))
    if not _is_host(parts.hostname or ""):
        raise ValueError("must have a host name or an address in it")
    if not parts.path[1:].isdecimal():
        raise ValueError("must end with the number of the database, such as /1")
    if dict(parse_qsl(parts.query)).get("ssl_cert_reqs", "required") not in ("required", "CERT_REQUIRED"):
        raise ValueError("the certificate is always verified: leave ssl_cert_reqs out, set REDIS_TLS_CA")
    if parts.fragment or {*dict(parse_qsl(parts.query, keep_blank_values=True))} - {"ssl_cert_reqs"}:
        raise ValueError("must end with the number of the database: nothing after it is obeyed")
    return SecretStr(urlunsplit(parts))  # its scheme in small letters, as redis-py wants it


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


def _unbracketed(host: str) -> str:
    """An IPv6 address without its brackets; brackets around anything else stay, and are no host."""
    inner = host[1:-1]
    return inner if host == f"[{inner}]" and ":" in inner else host


def _is_host(text: str) -> bool:
    """Whether it is a name or an address, without brackets and port."""
    if ":" not in text:
        labels = text.removesuffix(".").split(".")
        return _HOST_CHARACTERS.issuperset(text) and all(0 < len(label) < 64 for label in labels)
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def written(pattern: str, sentence: str) -> AfterValidator:
    """A text of this form; the sentence says it to people."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {sentence}")
        return value

    return AfterValidator(check)


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=0, le=65_535)]
Limit = Annotated[int, WrapValidator(_limit)]
LogFile = Annotated[Path | None, BeforeValidator(_none)]
Start = Annotated[Literal["earliest", "latest"] | float | None, BeforeValidator(_unix_time)]
Topic = Annotated[str, AfterValidator(_topic)]
Brokers = Annotated[str, AfterValidator(_brokers)]
Host = Annotated[str, AfterValidator(_host_alone)]
Listening = Annotated[str, AfterValidator(_listening)]
Model = Annotated[str, AfterValidator(_model)]
Addresses = Annotated[tuple[Address, ...], NoDecode, BeforeValidator(_addresses)]
Countries = Annotated[frozenset[str], NoDecode, BeforeValidator(_countries)]
Weights = Annotated[Mapping[int, float], NoDecode, BeforeValidator(_weights)]
PriceList = Annotated[str, AfterValidator(_priced)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
ApiKey = Annotated[SecretStr, AfterValidator(_one_line), AfterValidator(_fits_a_header)]
# Those that may be missing.
HeaderValue = Annotated[str, AfterValidator(_header_value)] | None
OptionalHttpUrl = HttpUrl | None
Certificates = Annotated[str, AfterValidator(_certificates)] | None
ReadableFile = Annotated[str, AfterValidator(_readable)] | None
Secret = Annotated[SecretStr, AfterValidator(_one_line)] | None
Command = Annotated[SecretStr, AfterValidator(_one_line), AfterValidator(_command)] | None
Headers = Annotated[SecretStr, AfterValidator(_headers)] | None
ProxyUrl = Annotated[SecretStr, AfterValidator(_one_line), AfterValidator(_proxy_url)] | None
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_scheme)] | None
UserAndPassword = Annotated[SecretStr, AfterValidator(_one_user)] | None
