"""Answers in the exact shapes of OpenAI's API: completions, errors, and the headers about limits."""

import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dev.openai_standin.buckets import BucketName, Denial, Level
from dev.openai_standin.durations import go_duration, milliseconds_up

_LEARN_MORE = "Visit https://platform.openai.com/account/rate-limits to learn more."

_BUCKET_WORDS: Mapping[BucketName, str] = {
    "rpm": "requests per min (RPM)",
    "rpd": "requests per day (RPD)",
    "tpm": "tokens per min (TPM)",
}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer: ``body`` is sent as JSON."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
) -> Reply:
    """An error body as the API words it."""
    return Reply(status, {"error": {"message": message, "type": kind, "param": param, "code": code}})


def rate_limited(model: str, denial: Denial) -> Reply:
    """The 429 of a full bucket, or of a request that is larger than the bucket."""
    kind = "tokens" if denial.bucket == "tpm" else "requests"
    where = f"{model} in organization org-standin on {_BUCKET_WORDS[denial.bucket]}: Limit {denial.limit}"
    if denial.wait is None:
        message = (
            f"Request too large for {where}, Requested {denial.requested}. The input or output tokens must "
            f"be reduced in order to run successfully. {_LEARN_MORE}"
        )
        return error(429, message, kind=kind, code="rate_limit_exceeded")
    message = (
        f"Rate limit reached for {where}, Used {denial.used}, Requested {denial.requested}. "
        f"Please try again in {go_duration(denial.wait)}. {_LEARN_MORE}"
    )
    reply = error(429, message, kind=kind, code="rate_limit_exceeded")
    wait_ms = milliseconds_up(denial.wait)
    headers = {"retry-after": str(math.ceil(wait_ms / 1000)), "retry-after-ms": str(wait_ms)}
    return Reply(reply.status, reply.body, headers)


def limit_headers(requests: Level, tokens: Level) -> dict[str, str]:
    """The six ``x-ratelimit-*`` headers."""
    return {
        "x-ratelimit-limit-requests": str(requests.limit),
        "x-ratelimit-limit-tokens": str(tokens.limit),
        "x-ratelimit-remaining-requests": str(requests.remaining),
        "x-ratelimit-remaining-tokens": str(tokens.remaining),
        "x-ratelimit-reset-requests": go_duration(requests.reset),
        "x-ratelimit-reset-tokens": go_duration(tokens.reset),
    }


@dataclass(frozen=True)
class Usage:
    """Tokens of one answered request."""

    prompt: int
    completion: int
    cached: int
    reasoning: int = 0  # of the completion's


def completion(
    model: str, content: Any, usage: Usage, *, finish_reason: str = "stop", refusal: str | None = None
) -> Reply:
    """A ``chat.completion`` object with one choice; ``content`` is a string, or what a family makes of it."""
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": refusal, "annotations": []}
    return Reply(
        200,
        {
            "id": f"chatcmpl-standin-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}],
            "usage": {
                "prompt_tokens": usage.prompt,
                "completion_tokens": usage.completion,
                "total_tokens": usage.prompt + usage.completion,
                "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
            },
            "system_fingerprint": "fp_openai_standin",
        },
    )


def error_in_ok(code: int) -> Reply:
    """An error in an HTTP 200, as gateways send it when who is behind them fails too late."""
    said = {"message": "Provider returned error", "code": code}
    return Reply(200, {"id": f"gen-standin-{uuid.uuid4().hex}", "choices": None, "error": said})


def error_in_choice(model: str, code: int) -> Reply:
    """The same, where a part of the answer is already there; what it cost is not known."""
    begun = {"role": "assistant", "content": '{"grades": [{"id'}
    choice = {"index": 0, "message": begun, "finish_reason": "error", "error": {"message": "Upstream", "code": code}}
    usage = {"prompt_tokens": None, "completion_tokens": None, "total_tokens": 0}
    return Reply(200, {"object": "chat.completion", "model": model, "choices": [choice], "usage": usage})
