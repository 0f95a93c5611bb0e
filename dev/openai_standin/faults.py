"""Faults on request: which one hits the next call, and what the provider says then."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dev.openai_standin.buckets import WINDOWS, BucketName, Denial
from dev.openai_standin.replies import Reply, error, error_in_choice, error_in_ok, rate_limited

FaultKind = Literal[
    "status_500",
    "status_503",
    "slow_down",
    "insufficient_quota",
    "unsupported_country",
    "timeout",
    "reset",
    "garbage",
    "broken_schema",
    "truncated",
    "refusal",
    "empty",
    "rate_limit",
    "not_strict",
    "bad_request",
    "invalid_key",
    "model_not_found",
    "payment_required",
    "arrearage",
    "billing_hard_limit",
    "billing_not_active",
    "bad_request_key",
    "bad_request_country",
    "model_decommissioned",
    "unknown_parameter",
    "overloaded",
    "flex_capacity",
    "error_in_ok",
    "error_in_choice",
    "cut_prompt",
    "thinking",
    "parts",
]


class Fault(BaseModel):
    """One order for trouble: the next ``count`` calls, or a ``share`` of all calls until cleared.

    ``seconds`` is how late a ``timeout`` answers and how long a ``rate_limit`` tells one to wait;
    ``bucket`` and ``limit`` are what a ``rate_limit`` blames, ``code`` is what an error in a 200 says. ``retry_after``
    is sent as the header of an error, word for word.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    count: int | None = Field(None, ge=1)
    share: float | None = Field(None, ge=0, le=1)
    seconds: float = Field(1.0, ge=0)
    bucket: BucketName = "rpm"
    limit: int = Field(500, ge=1)
    code: int = 502
    retry_after: str | None = None

    @model_validator(mode="after")
    def _one_call_unless_said_otherwise(self) -> Self:
        if self.count is not None and self.share is not None:
            raise ValueError("a fault has either a count or a share")
        if self.count is None and self.share is None:
            self.count = 1
        return self

    def denial(self) -> Denial:
        """The bucket that a spurious ``rate_limit`` claims to be full, consistent with its wait."""
        requested = 1
        used = round(self.limit - requested + self.seconds / WINDOWS[self.bucket] * self.limit)
        return Denial(self.bucket, self.limit, used, requested, self.seconds)


class FaultQueue:
    """The faults in order; the first that fires hits the call."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queue one more."""
        self._faults.append(fault)

    def clear(self) -> None:
        """No more trouble."""
        self._faults.clear()

    def pending(self) -> list[Fault]:
        """What is still queued."""
        return list(self._faults)

    def take(self, *, wants_schema: bool) -> Fault | None:
        """The fault that hits this call, if any. ``not_strict`` waits for a call with a JSON schema."""
        for fault in self._faults:
            if fault.kind == "not_strict" and not wants_schema:
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count == 0:
                    self._faults.remove(fault)
                return fault
            if fault.share is not None and self._chance.random() < fault.share:
                return fault
        return None


def error_reply(fault: Fault, model: str) -> Reply | None:
    """The error that this fault is, or None when it is not an error but a bad answer."""
    if fault.kind == "rate_limit":
        return rate_limited(model, fault.denial())
    if fault.kind == "error_in_ok":
        return error_in_ok(fault.code)
    if fault.kind == "error_in_choice":
        return error_in_choice(model, fault.code)
    make = _ERRORS.get(fault.kind)
    if make is None:
        return None
    reply = make(model)
    return reply if fault.retry_after is None else replace(reply, headers={"retry-after": fault.retry_after})


_ERRORS: Mapping[FaultKind, Callable[[str], Reply]] = {
    "status_500": lambda _: error(
        500, "The server had an error while processing your request. Sorry about that!", kind="server_error"
    ),
    "status_503": lambda _: error(
        503,
        "The engine is currently overloaded, please try again later.",
        kind="service_unavailable_error",
    ),
    "slow_down": lambda _: error(
        503,
        "Slow down. A sudden increase in your request rate is impacting service reliability. Please "
        "reduce your request rate to its original level, keep it for at least 15 minutes, then gradually "
        "increase it.",
        kind="service_unavailable_error",
        code="slow_down",
    ),
    "insufficient_quota": lambda _: error(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information "
        "on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        kind="insufficient_quota",
        code="insufficient_quota",
    ),
    "unsupported_country": lambda _: error(
        403,
        "Country, region, or territory not supported",
        kind="request_forbidden",
        code="unsupported_country_region_territory",
    ),
    "not_strict": lambda _: error(
        400,
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
        param="response_format",
    ),
    "bad_request": lambda _: error(
        400, "Invalid request (the stand-in was told to say so).", code="invalid_value", param="messages"
    ),
    "invalid_key": lambda _: error(
        401,
        "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
    ),
    "model_not_found": lambda model: error(
        404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
    ),
    # DeepSeek: https://api-docs.deepseek.com/quick_start/error_codes
    "payment_required": lambda _: error(
        402, "Insufficient Balance", kind="unknown_error", code="invalid_request_error"
    ),
    # Alibaba's Model Studio: https://www.alibabacloud.com/help/en/model-studio/error-code
    "arrearage": lambda _: error(
        400, "Access denied, please make sure your account is in good standing.", kind="Arrearage", code="Arrearage"
    ),
    "billing_hard_limit": lambda _: error(
        400, "Billing hard limit has been reached", code="billing_hard_limit_reached"
    ),
    "billing_not_active": lambda _: error(
        429,
        "Your account is not active, please check your billing details on our website.",
        kind="billing_not_active",
        code="billing_not_active",
    ),
    # Google's OpenAI-compatible endpoint sends both as 400.
    "bad_request_key": lambda _: Reply(
        400,
        {
            "error": {
                "code": 400,
                "message": "API key not valid. Please pass a valid API key.",
                "status": "INVALID_ARGUMENT",
            }
        },
    ),
    "bad_request_country": lambda _: Reply(
        400,
        {
            "error": {
                "code": 400,
                "message": "User location is not supported for the API use.",
                "status": "FAILED_PRECONDITION",
            }
        },
    ),
    # Groq: https://console.groq.com/docs/deprecations
    "model_decommissioned": lambda model: error(
        400,
        f"The model `{model}` has been decommissioned and is no longer supported.",
        code="model_decommissioned",
    ),
    "unknown_parameter": lambda _: Reply(
        422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}
    ),
    "overloaded": lambda _: error(529, "Overloaded", kind="overloaded_error"),
    # "Flex processing": 429 Resource Unavailable, not charged: https://developers.openai.com/api/docs/guides/flex-processing
    "flex_capacity": lambda _: error(
        429, "Resource Unavailable", kind="resource_unavailable", code="resource_unavailable"
    ),
}
