"""What one passage may prove of one criterion. Every gate is a small pure function with a reason code.

A gate *bars* (the quote proves nothing) or *lowers* (it proves a part at most). The gates read the sentence in which
the quote stands, since a quote may be cut so that its meaning turns round.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import re2

from worker.assessment.criteria import Criterion, Kind
from worker.assessment.dates import possible
from worker.assessment.evidence.passage import Passage, key_stems
from worker.assessment.evidence.proof import Reason
from worker.assessment.grading import Level
from worker.assessment.reading import Sentence
from worker.assessment.stems import GENERIC_WORDS, PRIVATE, is_content, stems_of
from worker.assessment.vacancy import Vacancy, runs_of_three
from worker.assessment.word_cache import remembered


def worth(
    criterion: Criterion, passage: Passage, used: Counter[tuple[str, ...]], vacancy: Vacancy, of: int, today: int
) -> tuple[Level, set[Reason]]:
    """What the passage may prove at most, and why not more."""
    barring = {*voices(passage.sentences), *denials(criterion, passage), *(private(passage))}
    barring |= {*impossible_dates(passage, today)}
    barring |= {*reuse(criterion, passage, used, of)}
    bars = barring - _LOWERING
    if bars:
        return Level.NONE, bars
    lowering = barring | {
        *thinness(criterion, passage),
        *echo(criterion, passage, vacancy),
        *listing(criterion, passage),
    }
    lowering |= {*hedges(passage)}
    return (Level.PARTIAL if lowering else Level.STRONG), lowering


_LOWERING: Final = frozenset(
    {Reason.DENIED_IN_PART, Reason.NOT_VALID, Reason.REVERSED, Reason.ONE_FOR_MANY, Reason.ECHO, Reason.THIN}
)
_VOICES: Final = {
    "another_person": Reason.ANOTHER_PERSON,
    "only_intended": Reason.ONLY_INTENDED,
    "speaks_of_the_vacancy": Reason.SPEAKS_OF_THE_VACANCY,
    "question": Reason.QUESTION,
}


def voices(sentences: Iterable[Sentence]) -> Iterator[Reason]:
    """The sentence talks to the reviewer, of somebody else, of a wish, of what is looked for, or asks."""
    for sentence in sentences:
        for code in sentence.barred:
            yield _VOICES.get(code, Reason.TO_REVIEWER)


def private(passage: Passage) -> Iterator[Reason]:
    """Nothing is quoted but names, contacts and digits."""
    if not any(word != PRIVATE and not word.isdecimal() and len(word) > 1 for word in passage.words):
        yield Reason.PRIVATE


def denials(criterion: Criterion, passage: Passage) -> Iterator[Reason]:
    """The clause that speaks of the criterion denies it, or the next one does nothing but deny."""
    keys = key_stems(criterion)
    speaking = stems_of(passage.words) | keys
    touched = [
        (clause, sentence.clauses[place + 1 :])
        for sentence in passage.sentences
        for place, clause in enumerate(sentence.clauses)
        if clause.stems & speaking
    ]
    named = [(clause, following) for clause, following in touched if clause.stems & keys]
    denied = [
        clause.denies
        or bool(clause.without & keys)
        or (bool(following) and following[0].only_denies and not any(one.contrasts for one in following[1:2]))
        or any(one.denies_all for one in following)
        for clause, following in named or touched
    ]
    if denied and all(denied):
        yield Reason.DENIED
    elif named and any(denied):
        yield Reason.DENIED_IN_PART
    if any(one.invalid for clause, following in named or touched for one in (clause, *following[:1])):
        yield Reason.NOT_VALID


def impossible_dates(passage: Passage, today: int) -> Iterator[Reason]:
    """All that the sentence states is still to come, or ends before it begins."""
    spans = [span for sentence in passage.sentences for span in sentence.spans]
    if spans and not any(possible(span, today) for span in spans):
        yield Reason.FUTURE if any(span.start > today for span in spans) else Reason.REVERSED


def reuse(criterion: Criterion, passage: Passage, used: Counter[tuple[str, ...]], of: int) -> Iterator[Reason]:
    """One sentence cannot prove most of what is asked."""
    uses = used[passage.key]
    if uses >= 3 and key_stems(criterion) and not key_stems(criterion) & passage.stems:
        yield Reason.REUSED
    elif uses > max(3, of // 2):
        yield Reason.ONE_FOR_MANY


def thinness(criterion: Criterion, passage: Passage) -> Iterator[Reason]:
    """A lone name or a commonplace is quoted. A paper is proved by naming it."""
    if sum(map(is_content, passage.words)) < (1 if criterion.kind is Kind.GATE or _graded(criterion) else 2):
        yield Reason.THIN


_HEDGES: Final = (
    "стажировк", "стажер", "лекци", "вводн", "видел", "присутствовал", "наблюдал", "ознаком", "знаком", "понаслышке",
    "слышал", "слежу", "смотрел", "смотрю", "tutorial", "introductory", "shadowed", "observed", "familiar",
)  # fmt: skip
_HEDGED: Final = re2.compile(
    r"на моих глазах|при мне |чита(?:л[а-я]*|ть) (?:про|о) |базов(?:ы[а-я]*|ом) уров|начальны[а-я]* уров|"
    r"на уровне (?:запуск|чтени)|basic (?:level|knowledge)"
)
# One of these is in whatever the pattern finds; to ask RE2 costs ten times as much.
_HEDGED_MARKS: Final = ("глазах", "при мне ", "чита", "базов", "начальны", "на уровне ", "basic ")


def hedges(passage: Passage) -> Iterator[Reason]:
    """The sentence itself says that it was seen, heard of or tried."""
    if any(map(_hedges, passage.key)) or (
        any(mark in passage.folded for mark in _HEDGED_MARKS) and _HEDGED.search(passage.folded)
    ):
        yield Reason.HEDGED


@remembered(20_000)
def _hedges(word: str) -> bool:
    return word.startswith(_HEDGES)


def _graded(criterion: Criterion) -> bool:
    threshold = criterion.threshold
    return bool(threshold.rank or threshold.group or threshold.language)


_ITEM: Final = re2.compile(r"[,;/|•#\n]| [-–—] |(?:^|\s)[-–—]\s")
_MIN_NAMES: Final = 4


def listing(criterion: Criterion, passage: Passage) -> Iterator[Reason]:
    """The sentence is a list of names: a skill that is named, not one that was used."""
    if criterion.kind is Kind.GATE:
        return
    found = list(filter(is_content, passage.key))
    names = [word for word in found if word.isascii() and not word.isdecimal()]
    others = [word for word in found if not word.isascii()]
    if any(word.isalpha() and not word.isascii() for word in passage.key):
        if len(names) >= _MIN_NAMES and len(others) <= len(names) // 3 and not any(map(_acts, others)):
            yield Reason.LISTED
        return
    items = [item for item in _ITEM.split(passage.folded) if item.strip()]
    plain = not any(word.endswith(("ing", "ed")) or word in _ENGLISH_JOINTS for word in passage.key)
    if (len(items) > _MIN_NAMES and len(found) <= 2 * len(items) and plain) or (len(names) >= 6 and plain):
        yield Reason.LISTED


_ENGLISH_JOINTS: Final = frozenset("of for in on the with to at by from since over per a an our my".split())
_ACTS: Final = tuple(
    "ал ала али ил ила или ел ела ели ял яла ули ула ул лся лась лись ую юю аю яю ает яет ует ит ют "
    "ание ения ении ение аний анию ания овка овки авка авки".split()
)


def _acts(word: str) -> bool:
    return word.endswith(_ACTS) and word not in GENERIC_WORDS


_MANY_BORROWED: Final = 7  # words beside which a single one of one's own says nothing


def echo(criterion: Criterion, passage: Passage, vacancy: Vacancy) -> Iterator[Reason]:
    """Next to the vacancy's words there is almost nothing of one's own. A paper is proved by naming it."""
    if criterion.kind is Kind.GATE or _graded(criterion):
        return
    covered: set[int] = set()
    for place, run in enumerate(runs_of_three(passage.key)):
        if run in vacancy.runs:
            covered.update(range(place, place + len(run)))
    content = passage.stems
    rest = stems_of(word for place, word in enumerate(passage.key) if place not in covered) if covered else content
    # A sentence that moves one fragment's words about is the nearest fragment's.
    own = min((len(rest - stems) for stems in vacancy.stems_by_sentence), default=len(rest))
    own += sum(1 for sentence in passage.sentences if sentence.spans)
    if content and (own == 0 or (own == 1 and len(content) >= _MANY_BORROWED)):
        yield Reason.ECHO
