"""Whether requests may leave: never from a country that is blocked, or not allowed, and never when it is unknown.

The platform's first rule: requests must not leave from Russian territory. OpenAI is behind Cloudflare, whose
`/cdn-cgi/trace` at the API's own host tells in which country its edge sees us; asked through the same route
as the requests themselves. No answer means no request: it fails closed.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from worker import metrics
from worker.asking.exit_country import country_of, may_leave_from
from worker.errors import SendingBlockedError
from worker.ports import Egress

log = logging.getLogger(__name__)

TIMEOUT = 10.0  # seconds to answer
LOOK_EVERY = 300.0  # seconds for which a good answer holds
RECHECK_AFTER = 15.0  # seconds, while the answer is bad


@dataclass(eq=False, repr=False)
class EgressCheck:
    # `(url, timeout in seconds) -> text or None`, through the route of the requests.
    fetch: Callable[[str, float], str | None]
    url: str  # the trace page
    _: KW_ONLY
    blocked: frozenset[str]  # country codes
    allowed: frozenset[str] = frozenset()  # country codes; where there are any, those alone
    interval: float = LOOK_EVERY  # seconds for which a good answer holds
    provider: str = ""  # whose rule it is, where there are several
    clock: Callable[[], float] = time.monotonic  # seconds, monotonic

    def __post_init__(self) -> None:
        self._said = f"egress of {self.provider}" if self.provider else "egress"
        self._lock = threading.Lock()
        self._valid_until = 0.0
        self._country: str | None = None
        self._asked = False

    def require(self) -> None:
        """Return if requests may leave now.

        Raises:
            SendingBlockedError: they may not; look again after its seconds.
        """
        with self._lock:  # one thread asks, the others wait for its answer
            now = self.clock()
            if not self._asked or now >= self._valid_until:
                self._look()
                now = self.clock()
            if self._country is None:
                raise SendingBlockedError(f"{self._said}: the exit's country is unknown", self._valid_until - now)
            if not self._permits(self._country):
                raise SendingBlockedError(
                    f"{self._said}: requests would leave from {self._country}", self._valid_until - now
                )

    def distrust(self) -> None:
        """Ask again before the next request: after a network error the route may be another."""
        with self._lock:
            self._valid_until = 0.0

    @property
    def state(self) -> str:
        """For operators: the country, or that it is unknown."""
        return self._country or ("unknown" if self._asked else "not asked yet")

    def _permits(self, country: str) -> bool:
        return may_leave_from(country, blocked=self.blocked, allowed=self.allowed)

    def _look(self) -> None:
        page = self.fetch(self.url, TIMEOUT)
        country = None if page is None else country_of(page)
        allowed = country is not None and self._permits(country)
        if country != self._country or not self._asked:
            log.log(
                logging.INFO if allowed else logging.ERROR,
                "%s: requests leave from %s: %s",
                self._said,
                country or "an unknown country",
                "allowed" if allowed else "nothing is sent",
            )
        metrics.EGRESS_OPEN.labels(self.provider).set(allowed)
        self._asked = True
        self._country = country
        self._valid_until = self.clock() + (self.interval if allowed else min(RECHECK_AFTER, self.interval))


def keep_watching(egress: Egress, stopping: threading.Event) -> None:
    """Look where requests would leave, as often as they would: operators see it of a worker without any, too."""
    pause = 0.0
    while not stopping.wait(pause):
        try:
            egress.require()
        except SendingBlockedError as blocked:
            pause = max(1.0, blocked.seconds)
        else:
            pause = LOOK_EVERY


class UncheckedEgress:
    """`EGRESS_CHECK=off`, for providers without a trace page: everything may leave, and a warning says so."""

    state: str = "off"

    def __init__(self, provider: str = "") -> None:
        metrics.EGRESS_OPEN.labels(provider).set(1)
        switch = f"egress_check of {provider}" if provider else "EGRESS_CHECK"
        log.warning("%s is off: nobody checks from which country requests leave", switch)

    def require(self) -> None:
        """Return: nothing is checked."""

    def distrust(self) -> None:
        """Do nothing: nothing is checked."""


class ForbiddenEgress:
    """`MODE=TEST` with the real OpenAI as the endpoint: nothing may leave."""

    state: str = "closed: MODE=TEST never calls the real OpenAI"

    def require(self) -> None:
        raise SendingBlockedError(f"egress {self.state}", 60.0)

    def distrust(self) -> None:
        """Do nothing: it is closed anyway."""
