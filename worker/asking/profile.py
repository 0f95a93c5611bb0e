"""What a request to one model of one endpoint may carry, and what a refusal teaches about that. Pure.

Models differ by family and by month in what they take, and name it when they refuse. So there is no list of them here:
a request begins with what most take, and each refusal that names a parameter of ours changes one thing, up to
`MOST_LESSONS`.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, Self

from worker.asking.faults import Problem

MOST_LESSONS: Final = 12
EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
JSON_MODE: Final = {"type": "json_object"}

# Tokens of reasoning that an effort is given room for until enough was seen of it.
FIRST_ROOM: Final = {"none": 0, "minimal": 256, "low": 1_024, "medium": 4_096, "high": 8_192}
LEAST_ROOM, WHOLE_PARAMETER = 1_024, "reasoning_effort"
ENOUGH_SEEN, PERCENTILE, SPARE = 20, 0.95, 1.5  # answers, and what is given above what nineteen of twenty took

_OUTPUTS: Final = ("strict", "json", "none")
_ROLES: Final = ("system", "developer", "user")
_TEACHING: Final = frozenset({400, 404, 415, 422, 500, 501})
_UNKNOWN_PARAMETER: Final = (
    "unrecognized", "unknown", "unexpected", "unsupported parameter", "unsupported_parameter", "not permitted",
    "extra inputs", "extra_forbidden",
)  # fmt: skip
_BAD_VALUE: Final = ("unsupported value", "unsupported_value", "invalid", "does not support")
_NAMES: Final = {
    "temperature": ("temperature",),
    "effort": ("reasoning_effort", "reasoning effort", "reasoning.effort"),
    "output": (
        "response_format", "response format", "json_schema", "json schema", "json_object", "json mode",
        "structured output", "grammar", "guided_json", "guided decoding",
    ),
    "role": (
        "messages[0].role", "system role", "system message", "system prompt", "system instruction", "developer role",
        "developer message", "roles must alternate", "'developer'", "'system'",
    ),
}  # fmt: skip
# How many tokens may be asked for: OpenAI, DeepSeek, Groq.
_MOST: Final = re.compile(r"(?:at most |range of max_tokens is \[1, ?|less than or equal to `?)(\d{2,7})\b")
LEAST_OUTPUT = 64  # tokens; a smaller cap is about something else
_CAPS: Final = ("max_completion_tokens", "max_tokens")
_WORD: Final = re.compile(r"[a-z_]+")
# What the text says of a role that is refused. A resume that "overrides the system prompt" is refused, too.
_OF_ROLES: Final = ("support", "enabled", "allowed", "alternate", "unexpected", "unknown", "invalid", "should be")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# By the field: whether what stands in Redis can be one.
_SOUND: Final[Mapping[str, Callable[[Any], bool]]] = {
    "temperature": lambda value: value is None or (isinstance(value, int | float) and not isinstance(value, bool)),
    "effort": lambda value: value is None or value in EFFORTS,
    "cap": lambda value: value in _CAPS,
    "output": lambda value: value in _OUTPUTS,
    "most": lambda value: value is None or _is_count(value),
    "role": lambda value: value in _ROLES,
    "keeps_schema": lambda value: isinstance(value, bool),
    "floor": _is_count,
    "refused": lambda value: all(isinstance(one, str) for one in value),
    "lessons": _is_count,
}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a request carries, and what was learned of how it is taken."""

    temperature: float | None = 0.0  # None: none is sent
    effort: str | None = None  # `reasoning_effort`; None: none is sent
    cap: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"  # the name of the output cap
    output: Literal["strict", "json", "none"] = "strict"  # `strict` schema, `json` mode, or `none`
    # Tokens of output that may be asked for at most, since more were refused; None: nobody has said.
    most: int | None = None
    # Of the message that instructs; `user`: all messages are one.
    role: Literal["system", "developer", "user"] = "system"
    keeps_schema: bool = True  # False: a schema is taken, and answers do not follow it
    # Tokens of reasoning that there is room for at least, since an answer was cut by less, until enough answers were
    # seen.
    floor: int = 0
    refused: tuple[str, ...] = ()  # efforts and names of the cap that are; `reasoning_effort`: the parameter itself is
    pinned: frozenset[str] = frozenset()  # fields that a setting decides
    lessons: int = 0  # how many were learned

    @classmethod
    def pinned_by(cls, *, temperature: str, effort: str, output: str) -> Self:
        """Where to begin, as settings say: `auto` is to be learned; `off` for temperature and effort: never sent."""
        pins: dict[str, Any] = {}
        if temperature != "auto":
            pins["temperature"] = None if temperature == "off" else float(temperature)
        if effort != "auto":
            pins["effort"] = None if effort == "off" else effort
        if output != "auto":
            pins["output"] = output
        return cls(**pins, pinned=frozenset(pins))

    def learned(self) -> str:
        """What a fleet shares, as JSON."""
        return json.dumps({one.name: getattr(self, one.name) for one in fields(self)} | {"pinned": sorted(self.pinned)})

    def knowing(self, learned: str | bytes) -> Self | None:
        """This one with what the fleet has learned, but for what is pinned here or there; None: it is no profile."""
        try:
            found = json.loads(learned)
            pinned = {"pinned", *self.pinned, *found["pinned"]}
            known = {one.name: found[one.name] for one in fields(self) if one.name not in pinned}
            known["refused"] = tuple(known["refused"])
            sound = all(_SOUND[name](value) for name, value in known.items())
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        return replace(self, **known) if sound else None

    def parameters(self, response_format: Mapping[str, Any], most_tokens: int) -> dict[str, object]:
        """What stands in a request beside its model and messages."""
        formats = {"strict": response_format, "json": JSON_MODE, "none": None}
        carried = {
            self.cap: most_tokens if self.most is None else min(most_tokens, self.most),
            "response_format": formats[self.output],
            "temperature": self.temperature,
            "reasoning_effort": self.effort,
        }
        return {name: value for name, value in carried.items() if value is not None}

    def messages(self, messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        """The messages as this model takes them; the first is the one that instructs."""
        if self.role == "user":
            return [{"role": "user", "content": "\n\n".join(message["content"] for message in messages)}]
        return [
            {**message, "role": self.role if message["role"] == "system" else message["role"]} for message in messages
        ]

    def room(self, seen: Sequence[int], most: int) -> int:
        """Tokens of reasoning to leave room for.

        Args:
            seen: how many late answers took.
            most: that a setting allows.
        """
        room = FIRST_ROOM.get(self.effort, 2 * FIRST_ROOM["high"]) if self.effort is not None else 0
        if len(seen) >= ENOUGH_SEEN:
            room = math.ceil(SPARE * sorted(seen)[math.ceil(PERCENTILE * len(seen)) - 1])
        else:
            room = max(room, math.ceil(SPARE * max(seen, default=0)), self.floor)
        return min(room, most)


def lesson(problem: Problem, sent: Profile) -> Profile | None:
    """What a refusal of a request as it was `sent` teaches, or None: it names nothing that this could do without."""
    if problem.status not in _TEACHING:
        return None
    for name in _blamed(problem, sent):
        learned = {
            "temperature": _of_temperature,
            "effort": _of_effort,
            "cap": _of_cap,
            "output": _of_output,
            "role": _of_role,
        }[name](problem, sent)
        if learned is not None:
            return learned
    return None


def room_after_cut(room: int, most: int) -> int:
    """The room to ask next of a request whose answer ended in its reasoning; 0: there is no more."""
    return min(most, max(2 * room, LEAST_ROOM)) if room < most else 0


def after_cut(sent: Profile, wanted: int) -> Profile:
    """What an answer teaches that ended in its reasoning, so that its request asks for more room."""
    return replace(sent, floor=max(wanted, sent.floor), lessons=sent.lessons + 1)


def after_early_cut(sent: Profile) -> Profile | None:
    """What an answer teaches that ended far below the cap: the endpoint ignores it by this name."""
    known = sent.cap == "max_tokens" or "max_tokens" in sent.refused or sent.most is not None
    return None if known else replace(sent, cap="max_tokens", lessons=sent.lessons + 1)


def after_answer(sent: Profile, reasoning_tokens: int, *, bare: bool) -> Profile | None:
    """What an answer teaches; None: nothing new.

    Args:
        sent: the profile of the request.
        reasoning_tokens: that it took.
        bare: it is nothing but a JSON object.
    """
    if sent.output == "strict" and sent.keeps_schema and not bare:
        return _wiser(sent, keeps_schema=False)
    untold = sent.effort is None and "effort" not in sent.pinned
    if reasoning_tokens and untold and (effort := _lowest(sent.refused)):
        return _wiser(sent, effort=effort)
    return None


def _wiser(sent: Profile, **changes: Any) -> Profile | None:
    if changes.keys() & sent.pinned:
        return None
    return replace(sent, **changes, lessons=sent.lessons + 1)


def _blamed(problem: Problem, sent: Profile) -> list[str]:
    """What it names of all that was sent, likeliest first: a parameter's own field, then its order in the text."""
    names = {**_NAMES, "cap": (sent.cap,)}
    if "required" in problem.text or "missing" in problem.codes:
        names["cap"] = tuple(cap for cap in _CAPS if cap in problem.params) or names["cap"]
    carried = {
        "temperature": sent.temperature is not None,
        "effort": sent.effort is not None,
        "output": sent.output != "none",
        "role": sent.role != "user",
    }
    if problem.status >= 500:  # a bare fault may say anything; a schema that breaks the server says so
        carried |= {"temperature": False, "effort": False, "role": "alternate" in problem.text}
        names["cap"] = ()
    said_of_role = any(word in problem.text for word in _OF_ROLES) or "messages[0].role" in problem.params
    carried["role"] = carried["role"] and said_of_role
    places = {}
    text = "\n".join((*problem.params, *problem.codes, problem.text))
    for name, words in names.items():
        found = [at for word in words if (at := text.find(word)) >= 0]
        if found and carried.get(name, True):
            places[name] = min(found)
    if "cap" in places and not problem.params and all(re.search(rf"\b{cap}\b", text) for cap in _CAPS):
        places["cap"] = -1  # who names both says which of them is meant
    if not places and "parameters" in text and ("no endpoints" in text or "no provider" in text):
        return [name for name in ("output", "effort", "temperature") if carried[name]]
    return sorted(places, key=places.__getitem__)


def _of_temperature(_problem: Problem, sent: Profile) -> Profile | None:
    """A model that refuses one is one that reasons, and may take one while it does not."""
    effort = _lowest(sent.refused) if sent.effort is None and "effort" not in sent.pinned else None
    return _wiser(sent, temperature=None) if effort is None else _wiser(sent, effort=effort)


def _of_effort(problem: Problem, sent: Profile) -> Profile | None:
    if sent.effort is None:
        return None
    said = "\n".join((problem.text, *problem.codes))
    start = max(said.find(word) for word in ("supported", "one of", "should be", "must be", "expected", "allowed"))
    told = _WORD.findall(said[start:]) if start >= 0 else []
    listed = [word for word in told if word in EFFORTS and word != sent.effort]
    about_value = any(word in said for word in _BAD_VALUE)
    unknown = any(word in said for word in _UNKNOWN_PARAMETER)
    if not listed and (unknown or not about_value):
        return _wiser(sent, effort=None, refused=(*sent.refused, WHOLE_PARAMETER))
    unlisted = [one for one in EFFORTS if listed and one not in listed]
    refused = tuple(dict.fromkeys((*sent.refused, sent.effort, *unlisted)))
    lowest = _lowest(refused)
    return _wiser(sent, effort=lowest, refused=refused if lowest else (*refused, WHOLE_PARAMETER))


def _lowest(refused: Sequence[str]) -> str | None:
    left = (effort for effort in EFFORTS if effort not in refused)
    return None if WHOLE_PARAMETER in refused else next(left, None)


def _of_cap(problem: Problem, sent: Profile) -> Profile | None:
    """The other name, unless that is refused, too: then two backends differ, and each is right."""
    told = _MOST.search(problem.text)
    if told is not None and LEAST_OUTPUT <= int(told[1]) < (sent.most or math.inf):
        return _wiser(sent, most=int(told[1]))
    other = next(cap for cap in _CAPS if cap != sent.cap)
    return None if other in sent.refused else _wiser(sent, cap=other, refused=(*sent.refused, sent.cap))


def _of_output(_problem: Problem, sent: Profile) -> Profile | None:
    return _wiser(sent, output=_OUTPUTS[_OUTPUTS.index(sent.output) + 1])


def _of_role(problem: Problem, sent: Profile) -> Profile | None:
    one = "alternate" in problem.text
    return _wiser(sent, role="user" if one else _ROLES[_ROLES.index(sent.role) + 1])
