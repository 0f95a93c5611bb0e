"""What people read: the vacancy's own words, cleaned, between sentences that stand in this file.

No word of a resume or of the model comes here. A vacancy is a stranger's text as well, so its words lose markup,
links, contacts, and what a spreadsheet would take for a formula.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import re2

from contract import MAX_RECOMMENDATION
from worker.assessment.durations import in_words
from worker.assessment.grading import Level
from worker.assessment.plain_text import visible
from worker.assessment.proof import Lowering, Proof
from worker.assessment.rubric import FEW_HOLD, Score
from worker.assessment.suspicion import Suspicion

MAX_MATCH: Final = 100  # characters that a person can read in a list
_MAX_NAME: Final = 60  # characters of a criterion within the recommendation
_MAX_NAMED: Final = 4  # criteria that one sentence names
WHY_A_PERSON: Final[Mapping[str, str]] = {
    Suspicion.TO_REVIEWER: "в резюме есть обращения к проверяющему",
    Suspicion.HIDDEN: "в резюме есть скрытый или закодированный текст",
    Suspicion.ECHO: "резюме повторяет слова вакансии",
    Suspicion.ONE_FOR_SEVERAL: "одна фраза подтверждает несколько требований",
    Suspicion.UNRELATED: "цитаты не называют то, что подтверждают",
    Suspicion.NOT_OWN_WORK: "рядом с цитатами отрицание, учёба, планы или другие люди",
    Suspicion.INVENTED: "модель приводила цитаты, которых в резюме нет",
    Suspicion.UNDATED: "срок опыта не подтверждён датами",
    Suspicion.MISSED: "повторная проверка цитат не состоялась",
    Suspicion.MIXED: "кандидатов этой вакансии оценивали разные модели",
    Suspicion.NEAR_THRESHOLD: "балл близок к порогу",
}

_MARKDOWN_LINK: Final = re2.compile(r"!?\[([^\[\]]{0,200})\]\([^()]{0,300}\)")
_SCHEME: Final = re2.compile(r"(?i)(?:javascript|data|vbscript|file|mailto|tel|tg)\s*:\S*|(?:http|ftp)s?\s*:[\s/]*\S*")
_ZONE: Final = r"(?:\.[\w-]+)*\.(?:ru|рф|com|org|su|info|biz|me|xyz|online|site|top|click|link)"
_MORE_ZONES: Final = r"(?:\.[\w-]+)*\.(?:net|io|dev|shop|store|app|co|ly|us|eu|by|kz|ua|cc|gg|ai|pro|page|live|world)"
_LINK: Final = re2.compile(
    rf"(?i)(?:[\w-]+://|www\.)\S+|[\w.%+-]+@[\w.-]+|(?:^|\s)@\w{{3,}}|[\w-]+{_ZONE}/\S+|\d+(?:\.\d+){{3}}[/:]\S+|"
    rf"[\w-]+{_MORE_ZONES}/\S+"
)
_SITE: Final = re2.compile(rf"(?i)([\w-]+){_ZONE}\b")
_PHONE: Final = re2.compile(
    r"(?:\+\d|\b[78])(?:[\s().‐‑–-]{0,3}\d){9,13}|\b9\d{9}\b|\(?\b\d{3}\)?[\s-]\d{3}[\s-]\d{2}[\s-]\d{2}\b"
)
_NO_SITES: Final = ("asp.net", "vb.net", "ado.net", "socket.io", "draw.io")  # names of tools
_WIDE: Final = str.maketrans("＠＝．。／：＋", "@=../:+")
_WITHOUT_SIGNS: Final = str.maketrans(dict.fromkeys("<>{}[]|\\^`~$", " "))
_AT_THE_ENDS: Final = " \t=+-@*_#.,;:–—•·/!?&%\"'"


@lru_cache(maxsize=4_000)
def cleaned(words: str, limit: int = MAX_MATCH) -> str:
    """A vacancy's words as they may be published; empty if nothing is left of them."""
    text = " ".join(visible(words).translate(_WIDE).split())
    text = _SCHEME.sub(" ", _MARKDOWN_LINK.sub(lambda match: match[1], text))
    # A requirement may name a site: its name stays, and is no address to send people to.
    text = _LINK.sub(lambda match: match[0] if match[0].lower().startswith(_NO_SITES) else " ", text)
    text = _PHONE.sub(" ", _SITE.sub(lambda match: match[1], text)).translate(_WITHOUT_SIGNS)
    text = " ".join(text.replace("( )", " ").replace("()", " ").split())
    bare = text.lstrip(_AT_THE_ENDS).rstrip(" \t=@*_.,;:–—•·/!?&\"'")
    return _shortened("." * text.upper().startswith(".NET") + bare, limit)


def matches(proofs: Sequence[Proof]) -> tuple[str, ...]:
    """The criteria that are fully confirmed, in the vacancy's words."""
    names = (cleaned(proof.criterion.text) for proof in proofs if proof.level is Level.STRONG)
    return tuple(dict.fromkeys(name for name in names if name))


def recommendation(proofs: Sequence[Proof], result: Score, suspicions: Sequence[Suspicion]) -> str:
    """At most 700 characters: what is confirmed, in part, missing; whether a person should look, and why.

    A gate that is not confirmed is said first. The lists of criteria shrink until all the sentences fit.
    """
    for named in range(_MAX_NAMED, -1, -1):
        text = " ".join(_sentences(proofs, result, suspicions, named))
        if len(text) <= MAX_RECOMMENDATION:
            return text
    return _shortened(text, MAX_RECOMMENDATION)


def _sentences(proofs: Sequence[Proof], result: Score, suspicions: Sequence[Suspicion], named: int) -> list[str]:
    others = [proof for proof in proofs if proof not in result.closed]
    confirmed, partial, missing = ([one for one in others if one.level is level] for level in reversed(Level))
    part = f"Подтверждено требований: {len(confirmed)} из {len(proofs)}"
    count = part if len(confirmed) < len(proofs) else "Подтверждены все требования"
    said = {
        f"Нет подтверждения обязательного условия{_named(result.closed, named)}.": result.closed,
        f"{count}{_named(confirmed, named, ' —')}.": confirmed,
        f"Частично{_named(partial, named)}.": partial,
        f"В резюме не видно{_named(missing, named)}.": missing,
        "Это стоит уточнить на интервью.": partial or missing,
        f"Балл не выше {result.cap}: подтвердилось слишком мало требований.": result.cap in FEW_HOLD and result.few,
        f"Нужна проверка человеком: {'; '.join(WHY_A_PERSON[one] for one in suspicions)}.": suspicions,
    }
    return [sentence for sentence, holds in said.items() if holds]


def _named(proofs: Sequence[Proof], count: int, colon: str = ":") -> str:
    shown = [name for proof in proofs if (name := _name(proof))][:count]
    others = f" и ещё {len(proofs) - len(shown)}" if len(proofs) > len(shown) else ""
    if not shown:
        return f"{colon} {len(proofs)}" if colon == ":" else ""
    return f"{colon} {'; '.join(shown)}{others}"


def _name(proof: Proof) -> str:
    name, years = cleaned(proof.criterion.text, _MAX_NAME), proof.criterion.years
    why = ""
    if Lowering.YEARS_SHORT in proof.reasons and proof.months and years:
        why = f" (срок {in_words(proof.months)}, нужно: {in_words(12 * years)})"
    elif Lowering.YEARS_UNDATED in proof.reasons:
        why = " (срок не подтверждён датами)"
    return f"«{name}»{why}" if name else ""


def _shortened(text: str, limit: int) -> str:
    """The text in at most `limit` characters, cut between words where there is a gap."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    cut = head if text[limit - 1].isspace() or " " not in head else head[: head.rindex(" ")]
    return cut.rstrip(" ,;:—–-") + "…"
