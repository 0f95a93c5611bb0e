"""Reads what an endpoint answered with HTTP 200: an answer of the model, or what is wrong with it. Pure.

What is judged here is an answer's envelope; whether its text means anything is judged where the question is known.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from worker.asking.faults import (
    CUT,
    CUT_PROMPT,
    DECLINED,
    EMPTY,
    FILTERED,
    NO_COMPLETION,
    THOUGHT_TOO_LONG,
    UNREADABLE,
    Problem,
    Row,
    read_problem,
)
from worker.ports import Usage

MOST_PARTS = 1_000  # of an answer that comes in parts
LEAST_SHARE = 0.55  # of the tokens that we count which an endpoint counts that has read them all; tokenizers differ
MOST_TOKENS = 10**9  # that a count is believed
_THOUGHT = "</think>"
_NO_ERROR = frozenset({"0", "200", "none", "null", "ok", "success"})  # gateways fill the place of an error with it
_SAYS = ("code", "message", "msg", "detail", "base_resp")  # what stands in a body that is nothing but an error
LONGEST_NAME = 100  # characters of a model's name
_OF_NAMES = frozenset(string.ascii_letters + string.digits + "-._:/@")


@dataclass(frozen=True, slots=True)
class Completion:
    usage: Usage  # its tokens, as far as they were counted
    # The answer's text, without the thoughts that some models write down before it.
    content: str = field(default="", repr=False)
    reasoned: int = 0  # tokens that went into thoughts; estimated by their length where nobody counts them
    bare: bool = True  # it came as nothing but a JSON object
    model: str | None = None  # the one that answered, by its own account
    wrong: Row | None = None  # the row of the table about what is wrong, if anything
    problem: Problem | None = None  # the error inside, whose row has still to be found


def read_completion(body: object, *, sent_tokens: int) -> Completion:
    """Read the decoded body of HTTP 200.

    Args:
        body: JSON, or text where it is none.
        sent_tokens: of the messages, as we count; 0: nobody has counted.
    """
    usage = usage_of(body)
    if not isinstance(body, Mapping):
        # JSON that breaks off was paid for; a page is nobody's answer.
        begun = isinstance(body, str) and body.lstrip().startswith("{")
        return Completion(usage, wrong=UNREADABLE if begun else NO_COMPLETION)
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else {}
    finish = choice.get("finish_reason")
    error = body.get("error") or choice.get("error") or (choice if finish == "error" else None)
    if not error and not choice and any(body.get(name) for name in _SAYS):
        error = dict(body)
    if error and not (choice.get("message") and finish != "error" and _is_none(error)):
        return Completion(usage, problem=read_problem(200, error))
    message = choice.get("message")
    if not isinstance(message, Mapping):
        return Completion(usage, wrong=UNREADABLE if usage.prompt_tokens or choice else NO_COMPLETION)
    content = _text(message.get("content"))
    thoughts = _text(message.get("reasoning_content")) or _text(message.get("reasoning"))
    if not content.strip() and finish != "length" and thoughts.rstrip().endswith("}"):
        content, thoughts = thoughts, ""  # some take the whole answer of a model that reasons for thoughts
    wrong = _wrong(message, content, finish, usage)
    seen = usage.prompt_tokens + usage.cached_tokens  # some leave the cached ones out
    if wrong is None and usage.prompt_tokens and seen < LEAST_SHARE * sent_tokens:
        wrong = CUT_PROMPT
    said = content.strip()
    bare = not said or (said.startswith("{") and said.endswith("}"))
    before, _, said = content.rpartition(_THOUGHT)
    thought = len(before) + len(thoughts)
    reasoned = usage.reasoning_tokens or usage.completion_tokens * thought // max(1, thought + len(said))
    return Completion(usage, said, reasoned, bare, _name(body.get("model")), wrong)


def _wrong(message: Mapping[str, Any], content: str, finish: object, usage: Usage) -> Row | None:
    if finish == "length":
        thought = message.get("reasoning_content") or message.get("reasoning")
        # Without the opening tag, too: many templates put that into the prompt.
        unfinished = not content.lstrip().startswith(("{", "`")) and _THOUGHT not in content
        reasoned = usage.reasoning_tokens or thought or unfinished or not content.strip()
        return THOUGHT_TOO_LONG if reasoned else CUT
    if finish == "content_filter":
        return FILTERED
    if message.get("refusal"):
        return DECLINED
    return None if content.strip() else EMPTY


def _is_none(error: object) -> bool:
    said = error.get("code", "") if isinstance(error, Mapping) else error
    return isinstance(said, str | int) and str(said)[:LONGEST_NAME].lower() in _NO_ERROR


def _text(content: object) -> str:
    """The text of an answer, also of one in parts."""
    if isinstance(content, str):
        return content
    parts = content[:MOST_PARTS] if isinstance(content, list) else []
    texts = (part.get("text") if isinstance(part, Mapping) else part for part in parts)
    return "".join(text for text in texts if isinstance(text, str))


def usage_of(completion: object) -> Usage:
    """The tokens of a completion: only numbers will do, since not every endpoint counts, and some count otherwise."""
    counted = _part(completion, "usage")
    return Usage(
        prompt_tokens=_count(counted, "prompt_tokens"),
        cached_tokens=_count(_part(counted, "prompt_tokens_details"), "cached_tokens"),
        completion_tokens=_count(counted, "completion_tokens"),
        reasoning_tokens=_count(_part(counted, "completion_tokens_details"), "reasoning_tokens"),
        written_tokens=_count(_part(counted, "prompt_tokens_details"), "cache_write_tokens"),
        tier=_name(_part(completion, "service_tier")) or "",
    )


def _part(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None


def _count(usage: object, name: str) -> int:
    value = _part(usage, name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_TOKENS else 0


def _name(value: object) -> str | None:
    """What looks like a model's name, and nothing else that may stand in its place."""
    fits = isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and _OF_NAMES.issuperset(value)
    return str(value) if fits else None
