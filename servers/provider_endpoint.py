"""How the provider is reached: where it is, and what goes with every request. Read off the settings once."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# What the HTTP client writes itself; somebody else's word for it would break each request.
NOT_OURS = frozenset(
    {"accept-encoding", "connection", "content-length", "content-type", "host", "te", "transfer-encoding", "upgrade"}
)
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")  # RFC 9110, 5.6.2, in lower case

# What people paste with the address; the service adds what it needs.
_PATHS = ("/chat/completions", "/completions", "/responses", "/models")


@dataclass(frozen=True, slots=True, repr=False)
class ProviderEndpoint:
    """Where requests go, and with what. Holds secrets: never log it."""

    address: str  # `OPENAI_BASE_URL`, its query included
    key: str  # the API key
    headers: Mapping[str, str]  # that go with every request, beside the key
    proxy: str | None  # `http://` or `socks5://` URL, or None
    ca_location: str | None  # path of CA certificates that are trusted beside the system's, or None
    key_command: tuple[str, ...] = ()  # the program that prints the key, and its arguments; empty: there is none

    @property
    def base_url(self) -> str:
        """The address without its query."""
        return urlunsplit(urlsplit(self.address)._replace(query=""))

    @property
    def is_openai(self) -> bool:
        return (urlsplit(self.address).hostname or "").endswith("openai.com")

    @property
    def query(self) -> dict[str, str]:
        """What every request's URL ends with: Azure's `api-version`."""
        return dict(parse_qsl(urlsplit(self.address).query, keep_blank_values=True))

    def authorized(self, key: str | None = None) -> dict[str, str]:
        """The headers of a request; the key's (`key`, or that of the settings) unless another stands in its place."""
        return {"Authorization": f"Bearer {key or self.key}", **self.headers}

    def url(self, path: str) -> str:
        """The URL of a path below the address."""
        query = urlencode(self.query)
        return f"{self.base_url}{path}{'?' if query else ''}{query}"


def address_fault(address: str) -> str | None:
    """What is wrong with a base URL that is a URL, or None."""
    if not address.isprintable() or any(character.isspace() for character in address):
        return "has a blank, a line break or another invisible character in it"
    parts = urlsplit(address)
    if "@" in parts.netloc:
        return "has a user or a password in it: the key goes into OPENAI_KEY"
    if parts.fragment or address.endswith("#"):
        return "has a # in it"
    ending = next((path for path in _PATHS if parts.path.rstrip("/").endswith(path)), None)
    return f"ends with {ending}: leave that out, it is added" if ending else None


def headers_in(text: str) -> dict[str, str] | None:
    """The headers of `Name: value; Name: value`, or None where that is not what stands there."""
    headers: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, value = (part.strip() for part in entry.partition(":"))
        is_name = bool(name) and _TOKEN.issuperset(name.lower()) and name.lower() not in NOT_OURS
        if not (colon and is_name and value and value.isascii() and value.isprintable()):
            return None
        headers[name] = value
    return headers
