"""From which country requests leave, and whether they may: one rule for those who send and for those who look. Pure."""


def country_of(page: str) -> str | None:
    """The two letters of the field `loc`, or None; Cloudflare says `T1` for Tor and `XX` for unknown."""
    for line in page.splitlines():
        name, _, value = line.partition("=")
        if name == "loc" and len(value) == 2 and value.isalpha() and value.isupper() and value != "XX":
            return value
    return None


def may_leave_from(country: str, *, blocked: frozenset[str], allowed: frozenset[str]) -> bool:
    """Whether requests may leave from there; where any countries are allowed, those alone."""
    return country not in blocked and (not allowed or country in allowed)
