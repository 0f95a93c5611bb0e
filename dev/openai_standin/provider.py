"""What happens to one call: key, limits, faults, and an answer. Knows nothing of HTTP servers."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from dev.openai_standin import faults, tokens
from dev.openai_standin.buckets import WINDOWS, BucketName, Buckets
from dev.openai_standin.families import THOUGHTS_IN_TEXT, WRAPS, Family, family
from dev.openai_standin.faults import Fault, FaultQueue
from dev.openai_standin.fences import Case, PlainCase, QuotesCase, VacancyCase, find_case
from dev.openai_standin.grading import grade, grade_plainly, grade_quotes
from dev.openai_standin.journal import Attempt, Journal, content_key
from dev.openai_standin.replies import (
    Reply,
    Usage,
    completion,
    error,
    error_in_choice,
    error_in_ok,
    limit_headers,
    rate_limited,
)
from dev.openai_standin.requests import ChatRequest, RefusedError, check_key, parse
from dev.openai_standin.schema import plainest_value
from dev.openai_standin.settings import Settings
from dev.openai_standin.tokens import Tokens
from dev.openai_standin.vacancy import criteria_of

AnyCase = VacancyCase | PlainCase | Case | QuotesCase | None
ASKS = {VacancyCase: "criteria", Case: "grades", PlainCase: "grades", QuotesCase: "second_look"}

_REFUSAL = "Извините, с этим я помочь не могу. (Отказ заглушки, а не OpenAI.)"


class ConnectionDroppedError(Exception):
    """A fault says that the connection closes without an answer."""


class Provider:
    """The state behind the endpoint: settings, buckets, faults, journal. For one event loop only."""

    def __init__(
        self, settings: Settings, *, seed: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._chance = random.Random(seed)  # noqa: S311  network jitter, no secret
        self._prefixes = tokens.PrefixCache()
        self.settings = settings
        self.buckets = Buckets(_limits(settings), clock)
        self.faults = FaultQueue(self._chance)
        self.journal = Journal()
        self._stumbled = 0
        self._under_way = 0
        self.buckets.configure(_limits(settings), settings.foreign_share)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Apply changed settings at once; ``used`` puts buckets, by name, into a known state.

        Raises ValueError for what makes no sense (pydantic's ValidationError is one), changing nothing.
        """
        used = {name: float(amount) for name, amount in changes.get("used", {}).items() if name in WINDOWS}
        if len(used) != len(changes.get("used", {})):
            raise ValueError(f"used: expected some of {', '.join(WINDOWS)}")
        self.settings = self.settings.changed({k: v for k, v in changes.items() if k != "used"})
        self.buckets.configure(_limits(self.settings), self.settings.foreign_share)
        self.buckets.set_used(used)

    async def complete(
        self, body: bytes, authorization: str, tag: str, query: Mapping[str, str] = MappingProxyType({})
    ) -> Reply:
        """Answer one call as the API would. Raises ConnectionDroppedError where it would just hang up."""
        sent = time.monotonic()
        await asyncio.sleep(self._jitter())
        attempt = self.journal.open(tag, sent)
        try:
            check_key(authorization)
            request = parse(body)
        except RefusedError as refused:
            attempt.status = refused.reply.status
            return refused.reply
        attempt.model = request.model
        for check in self._family.checks:
            if complaint := check(request.body, query):
                attempt.status, attempt.refused = complaint.reply.status, complaint.about
                return complaint.reply
        prompt = tokens.prompt_tokens(request.messages)
        case = find_case(request.messages)
        attempt.asks = ASKS.get(type(case), "other")
        attempt.key = content_key(_subject(case) or "\n".join(text for _, text in request.messages))
        attempt.prompt_tokens = self._family.counted_prompt(len(prompt))
        attempt.tokens = attempt.prompt_tokens + (request.output_cap or 0)

        denial = self.buckets.admit(attempt.tokens)
        headers = self._limit_headers()
        if denial:
            attempt.status = 429
            attempt.bucket = denial.bucket
            return _with_headers(rate_limited(request.model, denial), headers)
        attempt.admitted = True
        self._under_way += 1
        attempt.under_way = self._under_way
        try:
            reply = await self._admitted(request, prompt, case, attempt)
        except ConnectionDroppedError:
            attempt.status = 0
            raise
        finally:
            self._under_way -= 1
            attempt.ended = time.monotonic()
        attempt.status = reply.status
        if self.settings.charge == "use":
            self.buckets.refund_tokens(max(0, (request.output_cap or 0) - attempt.completion_tokens))
        return _with_headers(reply, headers)

    async def _admitted(self, request: ChatRequest, prompt: Tokens, case: AnyCase, attempt: Attempt) -> Reply:
        fault = self.faults.take(wants_schema=request.schema is not None)
        attempt.fault = fault.kind if fault else None
        late = fault.seconds if fault and fault.kind == "timeout" else 0.0
        await asyncio.sleep(self.settings.latency + self._jitter() + late)
        if fault and fault.kind == "reset":
            raise ConnectionDroppedError
        failure = faults.error_reply(fault, request.model) if fault else None
        if failure:
            return failure
        if self._stumbled < self._family.stumbles:
            self._stumbled += 1
            return error_in_ok(502) if self._stumbled % 2 else error_in_choice(request.model, 502)
        if fault and fault.kind == "cut_prompt":
            attempt.prompt_tokens //= 2
        attempt.cached_tokens = min(self._prefixes.cached_tokens(prompt), attempt.prompt_tokens)
        return self._written(request, _spoilt(fault, self._answer(request, case)), fault, attempt)

    def _written(
        self,
        request: ChatRequest,
        answer: tuple[str | None, str, str | None],
        fault: Fault | None,
        attempt: Attempt,
    ) -> Reply:
        """The answer as the family writes it, inside the cap: what was reasoned takes its part of that first."""
        text, finish_reason, refusal = answer
        reasoned = self._family.reasoning_tokens(request.body)
        wrap = WRAPS[fault.kind] if fault and fault.kind in WRAPS else self._family.wrap
        content = wrap(text, reasoned > 0) if text is not None else None
        if wrap in THOUGHTS_IN_TEXT:
            reasoned = 0
        cap = request.output_cap
        written = tokens.encode(_text_of(content) or refusal or "")
        if cap and reasoned + len(written) > cap:
            reasoned = min(reasoned, cap)
            content, finish_reason = tokens.cut(_text_of(content), cap - reasoned), "length"
            written = tokens.encode(content)
        attempt.reasoning_tokens = reasoned
        attempt.completion_tokens = reasoned + len(written)
        usage = Usage(attempt.prompt_tokens, attempt.completion_tokens, attempt.cached_tokens, reasoned)
        reply = completion(request.model, content, usage, finish_reason=finish_reason, refusal=refusal)
        reply.body["service_tier"] = request.body.get("service_tier") or "default"
        return reply

    def _answer(self, request: ChatRequest, case: AnyCase) -> str:
        if isinstance(case, VacancyCase) and _asks_for(request.schema, "criteria"):
            return json.dumps(criteria_of(case.vacancy), ensure_ascii=False)
        if isinstance(case, Case) and _asks_for(request.schema, "grades"):
            graded = grade(case, obey_injections=self.settings.obey_injections)
            return json.dumps(graded, ensure_ascii=False)
        if isinstance(case, QuotesCase) and _asks_for(request.schema, "proofs"):
            return json.dumps(grade_quotes(case), ensure_ascii=False)
        if isinstance(case, PlainCase) and _asks_for(request.schema, "requirements"):
            return json.dumps(grade_plainly(case), ensure_ascii=False)
        if request.schema is not None:
            return json.dumps(plainest_value(request.schema), ensure_ascii=False)
        return '{"answer": "openai-standin"}' if request.wants_json else "Это заглушка, а не OpenAI."

    def _limit_headers(self) -> dict[str, str]:
        if not self.settings.headers:
            return {}
        levels = self.buckets.levels()
        requests = levels["rpm" if self.settings.request_headers == "minute" else "rpd"]
        return limit_headers(requests, levels["tpm"])

    def model(self, name: str, authorization: str) -> Reply:
        """What the API says of one model."""
        try:
            check_key(authorization)
        except RefusedError as refused:
            return refused.reply
        if self.settings.models is not None and name not in self.settings.models:
            return faults.error_reply(Fault(kind="model_not_found"), name) or Reply(404, {})
        return Reply(200, self._model(name))

    def models(self, authorization: str) -> Reply:
        """Its list of models."""
        try:
            check_key(authorization)
        except RefusedError as refused:
            return refused.reply
        return Reply(200, {"object": "list", "data": [self._model(name) for name in self.settings.models or ()]})

    def _model(self, name: str) -> dict[str, Any]:
        dated = {"shutdown_date": self.settings.shutdown_date}
        return {"id": name, "object": "model", "created": 0, "owned_by": "openai-standin", **dated}

    @property
    def _family(self) -> Family:
        return family(self.settings.family)

    def _jitter(self) -> float:
        return self._chance.random() * self.settings.jitter


def _limits(settings: Settings) -> Mapping[BucketName, float]:
    return {"rpm": settings.rpm, "rpd": settings.rpd, "tpm": settings.tpm}


def _subject(case: AnyCase) -> str:
    """The text that a call is about."""
    match case:
        case VacancyCase(vacancy=vacancy):
            return vacancy
        case Case(resume=resume) | PlainCase(resume=resume):
            return resume
        case _:
            return ""


def _asks_for(schema: dict[str, Any] | None, key: str) -> bool:
    """Whether the service's schema is asked for; without any schema the prompt's fences alone say so."""
    return schema is None or key in schema.get("properties", {})


def _spoilt(fault: Fault | None, content: str) -> tuple[str | None, str, str | None]:
    """Content, finish reason and refusal of an answer after a fault had its way with it."""
    match fault.kind if fault else None:
        case "garbage":
            return "Извините, вот ваш ответ: {это не JSON", "stop", None
        case "broken_schema":
            return '{"unexpected": true, "grades": "not a list"}', "stop", None
        case "truncated":
            return content[: len(content) // 2], "length", None
        case "refusal":
            return None, "stop", _REFUSAL
        case "empty":
            return None, "stop", None
        case _:
            return content, "stop", None


def _text_of(content: Any) -> str:
    """All that a model wrote of an answer, for counting it."""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def _with_headers(reply: Reply, headers: dict[str, str]) -> Reply:
    return replace(reply, headers={**headers, **reply.headers})


def unknown_url(method: str, path: str) -> Reply:
    """The API's 404 for a path that it does not have."""
    return error(404, f"Unknown request URL: {method} {path}. (openai-standin)", code="unknown_url")
