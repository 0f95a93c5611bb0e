"""What can be changed about the stand-in, at start or at run time (``POST /standin/set``)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dev.openai_standin.families import FamilyName


class Settings(BaseModel):
    """Every knob with its default; a value that makes no sense raises pydantic's ``ValidationError``.

    Units: limits are requests or tokens per window, times are seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rpm: float = Field(3, ge=1)
    rpd: float = Field(200, ge=1)
    tpm: float = Field(40_000, ge=1)
    charge: Literal["admission", "use"] = "admission"
    """``use`` gives the unused part of the output cap back once the request is answered."""
    foreign_share: float = Field(0.0, ge=0, le=1)
    """The part of every bucket's refill that somebody else with the same key takes."""

    latency: float = Field(0.05, ge=0)
    jitter: float = Field(0.0, ge=0)
    """Up to this much is added at random on the way in, before admission, and again on the way out."""

    headers: bool = True
    request_headers: Literal["minute", "day"] = "minute"
    """Which bucket ``x-ratelimit-*-requests`` speaks of: on small accounts it is the day's."""

    country: str = "NL"
    trace: Literal["ok", "missing", "slow", "garbage"] = "ok"
    trace_delay: float = Field(30.0, ge=0)

    obey_injections: bool = False

    family: FamilyName | None = None
    """Whose refusals and manners are imitated; None takes every request."""

    models: list[str] | None = None
    """What ``GET /v1/models`` lists; None: any model is known."""
    shutdown_date: str | None = None
    """When the provider says that its models end, as ``2027-01-14``."""

    def changed(self, changes: dict[str, object]) -> "Settings":
        """The same settings with ``changes`` applied and validated."""
        return Settings.model_validate({**self.model_dump(), **changes})
