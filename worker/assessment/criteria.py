"""A vacancy's criteria: which of its own words are graded, of which kind, with which threshold.

The model only names numbers of fragments (`vacancy.Fragment`). All the rest is code's: composite requirements are
split, repeated ones dropped, forbidden grounds dropped and reported, thresholds read, the number bounded.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final

import re2
from pydantic import BaseModel, ConfigDict, ValidationError

from worker.assessment.grounds import forbidden_ground
from worker.assessment.json_answer import complaint, find_object, strict_schema
from worker.assessment.plain_text import fold
from worker.assessment.reading import redacted_words
from worker.assessment.stems import stems_of
from worker.assessment.thresholds import Threshold, threshold_of
from worker.assessment.vacancy import Vacancy

CRITERIA_VERSION: Final = "2"
MAX_CRITERIA: Final = 12
MAX_ANSWER_TOKENS: Final = 400
"""The output cap of the call: three lists of at most `vacancy.MAX_FRAGMENTS` numbers and their keys."""

_MAX_PARTS: Final = 6
_MIN_LISTED: Final = 3  # parts from which half of them need a name
_MAX_LISTED: Final = 12
_MAX_WORDS: Final = 4  # of a part of a list, and of what introduces the list
_JOINTS: Final = re2.compile(r",\s+|\s+и\s+|\s+and\s+|\s+&\s+")
_ALTERNATIVES: Final = re2.compile(r"(?i)(?:^|\s)(?:или|либо|or|and/or|и/или)\s|\pL{3,} ?/ ?\pL{3,}")
_NAME: Final = re2.compile(r"^[«\"]?(?:[A-Z][\w.+#-]*|[\w.-]*\d[\w.-]*|[А-ЯЁ]{2,}[\w-]*|[a-z]+[.+#]\w*)[»\"]?$")
# What one has or has not, on paper. Without such a word the model's `gate` is only a `must`.
_PAPERS: Final = re2.compile(
    fold(
        r"лицензи|удостоверени|водительск[а-я]* прав|права категори|допуск|медкниж|медицинск[а-я]* книж|аттестаци|"
        r"аккредитаци|сертификат|разрешени[ея]|категори[яи] [a-eа-е]|групп[аы] по электро|свидетельств|справк|диплом|"
        r"медосмотр|осмотр|противопоказан|полис|квалификаци|наличие прав|электробезопасн|лицензир|"
        r"licen[cs]e|certificat|permit|clearance|accredit|registration|registered|qualification|diploma|"
    ).rstrip("|")
)


# Beside a forbidden ground these words say what to do with those whom it names.
_REFUSAL: Final = re2.compile(fold(r"не (?:брать|предлагать|рассматрива|беспокоить|звонить|подойд)|отказ"))


class BrokenCriteria(ValueError):
    """The model's answer names no fragments of this vacancy. The message never quotes it."""


class Kind(StrEnum):
    """How much a criterion weighs: a `gate` is never averaged away."""

    GATE = "gate"
    MUST = "must"
    NICE = "nice"


class Criterion(BaseModel):
    """One requirement as it is graded; `text` is the vacancy's own words."""

    model_config = ConfigDict(frozen=True)

    id: int
    text: str
    kind: Kind
    threshold: Threshold

    def __repr__(self) -> str:
        """Without the words: this may end in a log."""
        return f"Criterion(id={self.id}, kind={self.kind.value})"

    __str__ = __repr__


class Dropped(BaseModel):
    """Words of a vacancy that the law forbids to grade by."""

    model_config = ConfigDict(frozen=True)

    text: str
    ground: str


class Criteria(BaseModel):
    """All that the resumes for one vacancy are measured by: none, if nothing in it can be checked."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Criterion, ...]
    dropped: tuple[Dropped, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What two sets of criteria share if and only if they measure the same."""
        body = json.dumps([item.model_dump() for item in self.items], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(f"{CRITERIA_VERSION} {body}".encode()).hexdigest()[:16]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: list[int]
    must: list[int]
    nice: list[int]


RESPONSE_FORMAT: Final[dict[str, Any]] = strict_schema("criteria", _Answer)


def parse_criteria(content: str, vacancy: Vacancy, *, strict: bool) -> Criteria:
    """Read the model's choice and make the criteria of it.

    Args:
        content: the answer.
        vacancy: the one that was asked about.
        strict: the endpoint promised the schema; otherwise fences and prose around the object are forgiven.

    Raises:
        BrokenCriteria: it is not JSON, not of the schema, or names a number that no fragment has.
    """
    chosen = _answer(content, strict=strict)
    kinds: dict[int, Kind] = {}
    for kind in (Kind.NICE, Kind.MUST, Kind.GATE):  # a number in two lists: the stricter kind counts
        kinds.update(dict.fromkeys(getattr(chosen, kind.value), kind))
    if any(vacancy.fragment(number) is None for number in kinds):
        raise BrokenCriteria("a number that no fragment has")
    return make_criteria(vacancy, kinds)


def make_criteria(vacancy: Vacancy, kinds: dict[int, Kind]) -> Criteria:
    """The criteria for chosen fragments, by their numbers."""
    dropped: list[Dropped] = []
    found: list[tuple[str, Kind]] = []
    seen: list[frozenset[str]] = []
    for number in sorted(kinds):
        text = vacancy.fragment(number) or ""
        kind = kinds[number] if kinds[number] is not Kind.GATE or _PAPERS.search(fold(text)) else Kind.MUST
        for part in _lawful(text, dropped):
            for single in split_composite(part):
                found_words = redacted_words(single)
                stems = stems_of(found_words) or frozenset(found_words)
                if stems and stems not in seen:
                    seen.append(stems)
                    found.append((single, kind))
    return Criteria(
        items=tuple(
            Criterion(id=number, text=text, kind=kind, threshold=threshold_of(text))
            for number, (text, kind) in enumerate(_most_important(found), start=1)
        ),
        dropped=tuple(dropped),
        flags=vacancy.flags,
    )


def _answer(content: str, *, strict: bool) -> _Answer:
    try:
        body = content if strict else json.dumps(_mended(json.loads(find_object(content, "must"))))
        return _Answer.model_validate_json(body, strict=True)
    except ValidationError as error:
        what = complaint(error)
    except ValueError as error:
        what = str(error) if not strict else "lone surrogates"
    raise BrokenCriteria(what)


def _mended(answer: dict[str, Any]) -> dict[str, Any]:
    """Forgiven where no schema is enforced: numbers as strings, null or nothing for an empty list, other keys."""
    lists = {kind.value: answer.get(kind.value) or [] for kind in Kind}
    return {
        kind: [_number(one) for one in chosen] if isinstance(chosen, list) else chosen for kind, chosen in lists.items()
    }


def _number(one: Any) -> Any:
    return int(one) if isinstance(one, str) and one.isdecimal() and len(one) < 4 else one


def _lawful(text: str, dropped: list[Dropped]) -> Iterator[str]:
    """The parts of a requirement without a forbidden ground; the others are noted."""
    if forbidden_ground(text) is None:
        yield text
        return
    for part in map(str.strip, text.split(",")):
        ground = forbidden_ground(part)
        if ground is not None or _REFUSAL.search(fold(part)):
            dropped.append(Dropped(text=part, ground=ground or "отказ"))
        elif part:
            yield part


def _most_important(found: list[tuple[str, Kind]]) -> Iterable[tuple[str, Kind]]:
    if len(found) <= MAX_CRITERIA:
        return found
    order = list(Kind)
    kept = sorted(range(len(found)), key=lambda place: (order.index(found[place][1]), place))[:MAX_CRITERIA]
    return [found[place] for place in sorted(kept)]


def split_composite(text: str) -> list[str]:
    """`Опыт с Docker и Kubernetes` is two requirements: the same beginning with each of the names.

    Split are only lists of names, of which each could stand alone; "или" and brackets make alternatives or examples.
    """
    if "(" in text or _ALTERNATIVES.search(text):
        return [text]
    introduction, colon, rest = text.rpartition(":")
    if not colon:
        first, *others = (part.strip() for part in _JOINTS.split(text))
        head, name = _head_and_name(first)
        if name and 1 <= len(others) < _MAX_PARTS and all(map(_is_name, others)):
            return [" ".join(filter(None, (head, part))) for part in (name, *others)]
    listed = [part.strip() for part in rest.split(",") if part.strip()]
    return listed if len(introduction.split()) <= _MAX_WORDS and _is_list(listed) else [text]


def _is_list(parts: list[str]) -> bool:
    """`Python, PostgreSQL, английский B2`: short parts, at least half of them with a name in it; of two parts both."""
    named = sum(any(_NAME.match(word) for word in part.split()) for part in parts)
    short = all(len(part.split()) <= _MAX_WORDS for part in parts)
    enough = 2 * named >= len(parts) if len(parts) >= _MIN_LISTED else named == len(parts)
    return 1 < len(parts) <= _MAX_LISTED and short and enough


def _is_name(part: str) -> bool:
    found = part.split()
    return 1 <= len(found) <= 3 and len(part) > 1 and all(_NAME.match(word) for word in found)


def _head_and_name(first: str) -> tuple[str, str]:
    found = first.split()
    at = len(found)
    while at > 0 and _NAME.match(found[at - 1]) and len(found[at - 1]) > 1:
        at -= 1
    if at == 0 and len(found) > 3:
        return "", ""
    return " ".join(found[:at]), " ".join(found[at:])
