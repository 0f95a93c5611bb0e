"""What people read: the vacancy's own words, cleaned, between sentences that stand in this file.

No word of a resume or of the model comes here. A vacancy is a stranger's text as well, so its words lose markup,
links, contacts, and what a spreadsheet would take for a formula.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import re2

from worker.assessment.criteria import Kind
from worker.assessment.evidence import Proof, Reason
from worker.assessment.grading import Level
from worker.assessment.plain_text import one_line
from worker.assessment.rubric import Score, holds, is_gate

# What the storage service can hold (`recommendation VARCHAR(700)`), and what a person can read in a list.
MAX_RECOMMENDATION: Final = 700
MAX_MATCH: Final = 100
_MAX_NAME: Final = 60  # characters of a criterion within the recommendation
_MAX_NAMED: Final = 3  # criteria that one sentence names
NEAR_MISS: Final = 5  # points around the threshold that ask for a second look

_TAG: Final = re2.compile(r"<[^<>]{0,300}>|&[#\w]{1,10};")
_MARKDOWN_LINK: Final = re2.compile(r"!?\[([^\[\]]{0,200})\]\([^()]{0,300}\)")
_SCHEME: Final = re2.compile(r"(?i)(?:javascript|data|vbscript|file|https?|ftp|mailto|tel|tg)\s*:\S*")
_LINK: Final = re2.compile(
    r"(?i)(?:[\w-]+://|www\.)\S+|[\w.%+-]+@[\w.-]+|(?:^|\s)@\w{3,}|"
    r"[\w-]+(?:\.[\w-]+)*\.(?:ru|рф|com|org|su|info|biz|me|xyz|online|site|top|click|link)(?:/\S*|\b)|"
    r"[\w-]+\.[a-z]{2,6}/\S+"
)
_PHONE: Final = re2.compile(r"\+?\d[\d\s().‐‑–-]{8,24}\d")
_DIGITS_OF_A_PHONE: Final = 10  # a standard's number ("ГОСТ 2.105-2019") has fewer
_SIGNS: Final = "<>{}[]|\\^`~$"
_WITHOUT_SIGNS: Final = str.maketrans(_SIGNS, " " * len(_SIGNS))
_AT_THE_ENDS: Final = " \t=+-@*_#.,;:–—•·/!?&%\"'"
_KNOWN_NAMES: Final = frozenset({"hh.ru"})  # a site that a requirement may name, and no address to send people to


def _without_phone(match: Any) -> str:
    found = str(match[0])
    return " " if sum(map(str.isdecimal, found)) >= _DIGITS_OF_A_PHONE else found


@lru_cache(maxsize=4_000)
def cleaned(words: str, limit: int = MAX_MATCH) -> str:
    """A vacancy's words as they may be published; empty if nothing is left of them."""
    text = one_line(words)
    if any(mark in text for mark in "<&[("):
        text = _MARKDOWN_LINK.sub(lambda match: match[1], _TAG.sub(" ", text))
    text = _SCHEME.sub(" ", text)
    text = _LINK.sub(lambda match: match[0] if match[0].strip().lower() in _KNOWN_NAMES else " ", text)
    text = _PHONE.sub(_without_phone, text).translate(_WITHOUT_SIGNS)
    text = " ".join(text.replace("( )", " ").replace("()", " ").split())
    bare = text.lstrip(_AT_THE_ENDS)
    if text.startswith(".") and bare[:3].upper() == "NET":
        bare = "." + bare
    return _shortened(bare.rstrip(" \t=@*_.,;:–—•·/!?&\"'"), limit)


def matches(proofs: Sequence[Proof]) -> tuple[str, ...]:
    """The criteria that hold, in the vacancy's words."""
    names = (cleaned(proof.criterion.text) for proof in proofs if holds(proof))
    return tuple(dict.fromkeys(name for name in names if name))


def recommendation(proofs: Sequence[Proof], result: Score, *, threshold: int, flagged: bool) -> str:
    """At most 700 characters: what is confirmed, in part, missing; whether a person should look, and why.

    An unconfirmed gate is said first. The lists of criteria shrink until all the sentences fit.
    """
    for named in range(_MAX_NAMED, -1, -1):
        text = " ".join(_sentences(proofs, result, threshold, flagged=flagged, named=named))
        if len(text) <= MAX_RECOMMENDATION:
            return text
    return _shortened(text, MAX_RECOMMENDATION)


def _sentences(proofs: Sequence[Proof], result: Score, threshold: int, *, flagged: bool, named: int) -> list[str]:
    graded = [proof for proof in proofs if not is_gate(proof)]
    strong = [proof for proof in graded if proof.level is Level.STRONG]
    partial = [proof for proof in graded if proof.level is Level.PARTIAL]
    missing = [proof for proof in graded if proof.level is Level.NONE]
    said = []
    if result.closed:
        said.append(f"Не подтверждено обязательное условие{_named(result.closed, named)}.")
    confirmed = sum(is_gate(proof) and holds(proof) for proof in proofs)
    if confirmed:
        said.append(f"Подтверждено обязательных условий: {confirmed}.")
    if graded:
        said.append(f"Подтверждено полностью требований: {len(strong)} из {len(graded)}.")
    if partial:
        said.append(f"Частично{_named(partial, named)}.")
    if missing:
        said.append(f"Не подтверждено{_named(missing, named)}.")
    ask = [*result.closed, *(proof for proof in (*missing, *partial) if proof.criterion.kind is Kind.MUST)]
    if ask:
        said.append(f"Спросить на интервью{_named(ask, min(named, 2))}.")
    reasons = _why_a_person(proofs, result, threshold, flagged=flagged)
    if reasons:
        said.append(f"Нужна проверка человеком: {'; '.join(reasons)}.")
    return said


def _named(proofs: Sequence[Proof], count: int) -> str:
    names = [name for proof in proofs if (name := cleaned(proof.criterion.text, _MAX_NAME))]
    shown, others = names[:count], len(proofs) - len(names[:count])
    if not shown:
        return f": {len(proofs)}"
    listed = "; ".join(f"«{name}»" for name in shown)
    return f": {listed}" + (f" и ещё {others}" if others else "")


def _why_a_person(proofs: Sequence[Proof], result: Score, threshold: int, *, flagged: bool) -> list[str]:
    doubtful = {
        reason for proof in proofs for reason in proof.reasons if reason not in (Reason.ABSENT, Reason.YEARS_SHORT)
    }
    reasons = []
    if result.closed and result.of and 100 * result.points // result.of >= threshold:
        reasons.append("остальные требования подтверждены")
    if flagged:
        reasons.append("в тексте резюме есть обращения к проверяющему")
    if abs(result.score - threshold) <= NEAR_MISS and not result.closed:
        reasons.append("балл близок к порогу")
    if len(proofs) < 3:
        reasons.append("в вакансии меньше трёх проверяемых требований")
    if doubtful & _DOUBTS:
        reasons.append("часть цитат не принята как доказательство")
    return reasons


_DOUBTS: Final = frozenset(
    {Reason.UNRELATED, Reason.ECHO, Reason.ONE_FOR_MANY, Reason.REUSED, Reason.FUTURE, Reason.REVERSED}
)


def _shortened(text: str, limit: int) -> str:
    """The text in at most `limit` characters, cut between words where there is a gap."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace() and " " in head:
        head = head[: head.rindex(" ")]
    return head.rstrip(" ,;:—–-") + "…"
