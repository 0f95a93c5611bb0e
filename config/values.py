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
from collections.abc import Callable, Mapping
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
    **dict.fromkeys(("redis+cluster", "rediss+cluster", "rediscluster"), CLUSTER),
}
# Loopback, private and link-local. Python's own `is_private` has tunnels through the internet among them.
_NEAR_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
        "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
_NEAR_NAMES = (".local", ".internal", ".lan", ".svc", ".localhost")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")  # a resolver takes such a name for an address: 134744072 is 8.8.8.8
_HOST_AND_PORT = re.compile(r"(\[[^][]+:[^][]*]|[^][:]+)(:\d*)?")
_HOST_CHARACTERS = frozenset(string.ascii_letters + string.digits + "._-")  # `_` by compose's rule, not the RFC's


def _limit(value: object, number: ValidatorFunctionWrapHandler, info: ValidationInfo) -> int:
    least = 1_000 if info.field_name == "tpm" else 1
    try:
        limit: int = 0 if isinstance(value, str) and value.strip().lower() == "unlimited" else number(value)
    except ValidationError:
        limit = -1
    if limit != 0 and limit < least:
        raise ValueError(f"must be a whole number from {least}, or `unlimited`")
    return limit


def _countries(text: str) -> frozenset[str]:
    codes = frozenset(code.strip().upper() for code in text.split(",") if code.strip())
    # Two letters, as ISO 3166 has them; a letter and a digit are Cloudflare's `T1`, which is Tor.
    if not codes or not all(re.fullmatch(r"[A-Z][A-Z0-9]", code) for code in codes):
        raise ValueError("must be country codes of two letters, with commas between them: RU,BY")
    return codes


def _addresses(text: str) -> tuple[object, ...]:
    places = [urlsplit(f"//{place.strip()}") for place in text.split(",") if place.strip()]
    try:
        addresses = tuple((place.hostname, place.port or 26_379) for place in places)
    except ValueError:  # a port that is none; the message must not quote what was written
        addresses = ()
    if len(addresses) != len(places) or not all(host for host, _ in addresses) or any(p.path for p in places):
        raise ValueError("must be host:port,host:port")
    if any("@" in place.netloc for place in places):
        raise ValueError("must be host:port,host:port; the password goes into REDIS_SENTINEL_PASSWORD")
    return addresses


def _weights(text: str) -> dict[int, float]:
    try:
        pairs = [part.split("=") for part in text.split(",") if part.strip()]
        weights = {int(user): float(weight) for user, weight in pairs}
    except ValueError:
        raise ValueError("must be USER=WEIGHT,USER=WEIGHT") from None
    if len(weights) != len(pairs) or not all(0.01 <= weight <= 100 for weight in weights.values()):
        raise ValueError("must name each user once, with a weight from 0.01 to 100")
    return weights


def _unix_time(text: str) -> str | float:
    if text.lower() in ("earliest", "latest"):
        return text.lower()
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be `earliest`, `latest` or an ISO time") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


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


def _http_url(value: str, info: ValidationInfo) -> str:
    parts = _url_or_none(value)
    if parts is None or parts.scheme not in ("http", "https"):
        raise ValueError("must be an http or https URL")
    if parts.scheme == "http" and not is_near(parts.hostname or ""):
        raise ValueError(
            "unencrypted across the internet: use https://; http:// is for this machine, private addresses, and names "
            f"without a dot or in {', '.join(_NEAR_NAMES)}"
        )
    if info.field_name != "openai_base_url":
        return value
    if fault := address_fault(value):
        raise ValueError(fault)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/")))


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


def _redis_scheme(value: SecretStr) -> SecretStr:
    parts = _url_or_none(value.get_secret_value())
    if parts is None:
        raise ValueError("must be redis://[[USER]:PASSWORD@]HOST[:PORT]/DATABASE, or rediss://")
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
        # Of `evil.com[::1]` and `[::1]evil.com` it says that the host is `::1`, and so no more than it has read.
        is_read = _HOST_AND_PORT.fullmatch(parts.netloc.rpartition("@")[2])
        usable = bool(is_read and parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # brackets of IPv6, a port that is no number
        return None
    return parts if usable else None


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


def is_near(host: str) -> bool:
    """Whether a host, in small letters, is by its look this machine or one of a private network's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        has_no_dot = "." not in host and not _NUMBER.fullmatch(host)
        return _is_host(host) and (has_no_dot or host.removesuffix(".").endswith(_NEAR_NAMES))
    return any(address in network for network in _NEAR_NETWORKS)


def _is_broker(text: str) -> bool:
    parts = _url_or_none(f"kafka://{text.strip()}")
    return parts is not None and not parts.path and _is_host(parts.hostname or "") and "@" not in text


def _is_proxy(url: str) -> bool:
    parts = _url_or_none(url)
    return parts is not None and parts.scheme in ("http", "https", "socks5", "socks5h")


def _is_command(text: str) -> bool:
    try:
        return bool(shlex.split(text))
    except ValueError:
        return False


def _read(read: Callable[[str], object]) -> BeforeValidator:
    """What stands in a variable is read; a default is taken as it is."""
    return BeforeValidator(lambda value: read(value) if isinstance(value, str) else value)


def _held(holds: Callable[[str], object], sentence: str) -> AfterValidator:
    """A text, or a secret one, for which this holds; else the sentence says what is wrong."""

    def check(value: str | SecretStr) -> str | SecretStr:
        if not holds(value.get_secret_value() if isinstance(value, SecretStr) else value):
            raise ValueError(sentence)
        return value

    return AfterValidator(check)


def written(pattern: str, sentence: str) -> AfterValidator:
    """A text of this form; the sentence says it to people."""
    return _held(re.compile(pattern).fullmatch, f"must be {sentence}")


_ONE_LINE = _held(str.isprintable, "has a line break or another invisible character in it")

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=0, le=65_535)]
Limit = Annotated[int, WrapValidator(_limit)]
LogFile = Annotated[Path | None, _read(lambda text: None if text.lower() == "none" else text)]
Start = Annotated[Literal["earliest", "latest"] | float | None, _read(_unix_time)]
Topic = Annotated[
    str,
    _held(
        re.compile(r"(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}").fullmatch,  # Kafka's own rule
        "not a topic name: Kafka takes up to 249 of a-z, A-Z, 0-9, '.', '_' and '-'",
    ),
]
Brokers = Annotated[
    str,
    _held(lambda text: all(map(_is_broker, text.split(","))), "must be HOST:PORT, or several with commas between them"),
]
Host = Annotated[
    str,
    _held(lambda text: "/" not in text and "@" not in text, "must be a host alone; a whole URL goes into REDIS_URL"),
    _held(lambda text: text.count(":") != 1, "must be a host alone; its port goes into REDIS_PORT"),
    _held(lambda text: _is_host(_unbracketed(text)), "must be a host name or an address"),
]
Listening = Annotated[str, _held(_is_host, "must be a host name or an address, without http:// and port")]
Model = Annotated[
    str,
    _held(
        lambda name: name and name.isprintable() and name == name.strip(),
        "has a blank before or after it, or an invisible character in it",
    ),
]
Addresses = Annotated[tuple[Address, ...], NoDecode, _read(_addresses)]
Countries = Annotated[frozenset[str], NoDecode, _read(_countries)]
Weights = Annotated[Mapping[int, float], NoDecode, _read(_weights)]
PriceList = Annotated[
    str,
    _held(
        lambda text: prices_in(text) is not None,
        "must be MODEL=PROMPT/CACHED/ANSWER or MODEL=PROMPT/CACHED/ANSWER/WRITTEN, or several with commas between them",
    ),
]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
ApiKey = Annotated[
    SecretStr,
    _ONE_LINE,
    _held(lambda key: key.isascii() and {" ", '"', "'"}.isdisjoint(key), "has a character that no API key has"),
    _held(lambda key: not re.match(r"[A-Z_]*KEY=", key), "has the setting's name in it: leave the key alone"),
]
HeaderValue = Annotated[
    str,
    _held(
        lambda text: text.isascii() and text.isprintable() and text == text.strip(),
        "has a character that no header may have",
    ),
]
Certificates = Annotated[str, AfterValidator(_certificates)]
ReadableFile = Annotated[str, AfterValidator(_readable)]
Secret = Annotated[SecretStr, _ONE_LINE]
Command = Annotated[
    SecretStr, _ONE_LINE, _held(_is_command, "must be a program and its arguments, quoted as for a shell")
]
Headers = Annotated[
    SecretStr,
    _held(
        lambda text: headers_in(text) is not None,
        "must be Name: value, or several with semicolons between them, in ASCII; of HTTP's own none",
    ),
]
ProxyUrl = Annotated[SecretStr, _ONE_LINE, _held(_is_proxy, "must be an http:// or socks5:// URL")]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_scheme)]
UserAndPassword = Annotated[
    SecretStr,
    _held(lambda text: all(text.partition(":")[::2]), "must be USER:PASSWORD"),
    _held(lambda text: "," not in text, "must have no comma: Flower would cut the password there"),
]
