"""Is a quote evidence of a criterion, and of how much? Every gate is a small pure function with a reason code.

A gate *bars* (the quote proves nothing) or *lowers* (it proves a part at most). Nothing is deleted from the resume, and
a sentence that one criterion may not use is as good as any for the next. The gates read the sentence in which the
quote stands, since a quote may be cut so that its meaning turns round.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Final

import re2

from worker.assessment.criteria import Criterion, Kind
from worker.assessment.dates import Span, months, possible
from worker.assessment.grading import Grade, Level
from worker.assessment.quotes import MAX_QUOTE, find_quote
from worker.assessment.reading import Reading, Sentence, redacted_words
from worker.assessment.stems import GENERIC_WORDS, PRIVATE, is_content, stem, stems_of
from worker.assessment.thresholds import LANGUAGE_LEVELS, language_level, stated_group, stated_months, stated_rank
from worker.assessment.vacancy import Vacancy, runs_of_three


class Reason(StrEnum):
    """Why a quote counts for less than the model said. The comment says what it does."""

    ABSENT = "absent"  # bars: it does not stand in the resume
    PRIVATE = "private"  # bars: nothing but a person's data
    TO_REVIEWER = "to_reviewer"  # bars: the sentence talks to the reviewer
    ANOTHER_PERSON = "another_person"  # bars: somebody else's experience
    ONLY_INTENDED = "only_intended"  # bars: a wish or a plan
    SPEAKS_OF_THE_VACANCY = "speaks_of_the_vacancy"  # bars: what is looked for, not what was done
    QUESTION = "question"  # bars
    DENIED = "denied"  # bars: the clause denies it
    DENIED_IN_PART = "denied_in_part"  # lowers: another part of the criterion is denied
    NOT_VALID = "not_valid"  # lowers: expired, lost, withdrawn
    FUTURE = "future"  # bars: it has not happened yet
    REVERSED = "reversed"  # lowers: it ends before it begins
    UNRELATED = "unrelated"  # lowers or bars: neither names the criterion, and so do most of the others
    REUSED = "reused"  # bars: the same sentence for many criteria, without this one's words
    ONE_FOR_MANY = "one_for_many"  # lowers: the same sentence for most criteria
    ECHO = "echo"  # lowers: the vacancy's words and nothing of one's own
    TEMPLATED = "templated"  # lowers: one and the same phrase about one skill after another
    THIN = "thin"  # lowers: a name and nothing about it
    HEDGED = "hedged"  # lowers: seen, heard of or tried, not done
    LISTED = "listed"  # lowers: a list of names
    YEARS_SHORT = "years_short"  # lowers: the dates add up to less than is asked for
    BELOW_GRADE = "below_grade"  # lowers: a lower rank, group or level than is asked for, or none stated


@dataclass(frozen=True, slots=True)
class Proof:
    """What is left of one grade after all the gates.

    Attributes:
        criterion: what was graded.
        claimed: the model's level.
        level: the level that counts.
        quotes: the model's quotes.
        reasons: why `level` is below `claimed`; sorted.
    """

    criterion: Criterion
    claimed: Level
    level: Level
    quotes: tuple[str, ...] = field(repr=False)
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class _Passage:
    """A quote where it stands: its words, and the sentences around it."""

    words: tuple[str, ...]
    numbers: range
    sentences: tuple[Sentence, ...]

    @cached_property
    def folded(self) -> str:
        return " . ".join(sentence.folded for sentence in self.sentences)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """All the words; the same for the same sentence, wherever it is repeated."""
        return tuple(word for sentence in self.sentences for word in sentence.words)

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset[str]().union(*(sentence.stems for sentence in self.sentences))


def prove(
    criteria: Sequence[Criterion], grades: Iterable[Grade], resume: Reading, vacancy: Vacancy, *, today: int
) -> tuple[Proof, ...]:
    """Check every quote of every grade; one proof for each criterion, in order.

    Args:
        criteria: what was asked.
        grades: what the model answered, at most one for each id.
        resume: the text that was sent, read.
        vacancy: read; a resume that repeats it proves nothing.
        today: the current month, as `dates.month` counts.
    """
    by_id = {grade.id: grade for grade in grades if grade.level is not Level.NONE}
    found = {number: tuple(_passages(grade, resume)) for number, grade in by_id.items()}
    used = Counter(key for passages in found.values() for key in {passage.key for passage in passages})
    weighed = {
        criterion.id: [
            (passage, *_worth(criterion, passage, used, vacancy, len(criteria), today))
            for passage in found.get(criterion.id, ())
        ]
        for criterion in criteria
    }
    limits = _unrelated(criteria, weighed, resume)
    templated = _templated(criteria, weighed)
    return tuple(
        _proof(
            criterion,
            by_id.get(criterion.id),
            weighed[criterion.id],
            resume,
            limits.get(criterion.id),
            today,
            templated,
        )
        for criterion in criteria
    )


_Weighed = tuple[_Passage, Level, set[Reason]]


def _proof(
    criterion: Criterion,
    grade: Grade | None,
    weighed: Sequence[_Weighed],
    resume: Reading,
    unrelated: Level | None,
    today: int,
    templated: frozenset[int],
) -> Proof:
    if grade is None:
        return Proof(criterion, Level.NONE, Level.NONE, ())
    admitted = _admitted(criterion, weighed)
    best, reasons = Level.NONE, set(_why_none(criterion, weighed))
    for _, limit, why in admitted:
        if _rank(limit) > _rank(best):
            best, reasons = limit, set(why)
    if best is Level.STRONG and criterion.id in templated:
        best, reasons = Level.PARTIAL, reasons | {Reason.TEMPLATED}
    if best is not Level.NONE and unrelated is not None:
        best, reasons = min(best, unrelated, key=_rank), reasons | {Reason.UNRELATED}
    if best is not Level.NONE:
        short = set(_below_threshold(criterion, [passage for passage, _, _ in admitted], resume, today))
        if short:
            best, reasons = Level.PARTIAL, reasons | short
    level = min(grade.level, best, key=_rank)
    lowering = tuple(sorted(reasons)) if _rank(level) < _rank(grade.level) else ()
    return Proof(criterion, grade.level, level, tuple(grade.quotes), lowering)


def _admitted(criterion: Criterion, weighed: Sequence[_Weighed]) -> list[_Weighed]:
    """The passages that are evidence: of those that name the criterion, if there are any; else of the others.

    Where the resume denies what is asked, no quote about something else makes up for it.
    """
    return [one for one in _relevant(criterion, weighed) if one[1] is not Level.NONE]


def _relevant(criterion: Criterion, weighed: Sequence[_Weighed]) -> Sequence[_Weighed]:
    keys = key_stems(criterion)
    return [one for one in weighed if keys & one[0].stems] or weighed


def _why_none(criterion: Criterion, weighed: Sequence[_Weighed]) -> set[Reason]:
    """Why there is no evidence: what barred the first passage that could have been some."""
    return next((why for _, limit, why in _relevant(criterion, weighed) if limit is Level.NONE), {Reason.ABSENT})


def _rank(level: Level) -> int:
    return list(Level).index(level)


def _passages(grade: Grade, resume: Reading) -> Iterator[_Passage]:
    """Where the grade's quotes stand; a sentence that is repeated is looked at once."""
    seen = set()
    for quote in grade.quotes:
        quoted = tuple(redacted_words(quote)) if len(quote) <= MAX_QUOTE else ()
        for numbers in find_quote(quote, quoted, resume):
            sentences = tuple(resume.sentences[number] for number in numbers)
            passage = _Passage(quoted, numbers, sentences)
            if (passage.words, passage.key) not in seen:
                seen.add((passage.words, passage.key))
                yield passage


# --- the gates ---


def _worth(
    criterion: Criterion, passage: _Passage, used: Counter[tuple[str, ...]], vacancy: Vacancy, of: int, today: int
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


def private(passage: _Passage) -> Iterator[Reason]:
    """Nothing is quoted but names, contacts and digits."""
    if not any(word != PRIVATE and not word.isdecimal() and len(word) > 1 for word in passage.words):
        yield Reason.PRIVATE


def denials(criterion: Criterion, passage: _Passage) -> Iterator[Reason]:
    """The clause that speaks of the criterion denies it, or the next one does nothing but deny."""
    keys = key_stems(criterion)
    quoted = stems_of(passage.words)
    touched = [
        (clause, sentence.clauses[place + 1 :])
        for sentence in passage.sentences
        for place, clause in enumerate(sentence.clauses)
        if clause.stems & (quoted | keys)
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


def impossible_dates(passage: _Passage, today: int) -> Iterator[Reason]:
    """All that the sentence states is still to come, or ends before it begins."""
    spans = [span for sentence in passage.sentences for span in sentence.spans]
    if spans and not any(possible(span, today) for span in spans):
        yield Reason.FUTURE if any(span.start > today for span in spans) else Reason.REVERSED


def reuse(criterion: Criterion, passage: _Passage, used: Counter[tuple[str, ...]], of: int) -> Iterator[Reason]:
    """One sentence cannot prove most of what is asked."""
    uses = used[passage.key]
    if uses >= 3 and key_stems(criterion) and not key_stems(criterion) & passage.stems:
        yield Reason.REUSED
    elif uses > max(3, of // 2):
        yield Reason.ONE_FOR_MANY


def thinness(criterion: Criterion, passage: _Passage) -> Iterator[Reason]:
    """A lone name or a commonplace is quoted. A paper is proved by naming it."""
    content = [word for word in passage.words if is_content(word)]
    if len(content) < (1 if criterion.kind is Kind.GATE or _graded(criterion) else 2):
        yield Reason.THIN


_HEDGES: Final = (
    "стажировк", "стажер", "лекци", "вводн", "видел", "присутствовал", "наблюдал", "ознаком", "знаком", "понаслышке",
    "слышал", "слежу", "смотрел", "смотрю", "tutorial", "introductory", "shadowed", "observed", "familiar",
)  # fmt: skip
_HEDGED: Final = re2.compile(
    r"на моих глазах|при мне |чита(?:л[а-я]*|ть) (?:про|о) |базов(?:ы[а-я]*|ом) уров|начальны[а-я]* уров|"
    r"на уровне (?:запуск|чтени)|basic (?:level|knowledge)"
)


def hedges(passage: _Passage) -> Iterator[Reason]:
    """The sentence itself says that it was seen, heard of or tried."""
    if any(word.startswith(_HEDGES) for word in passage.key) or _HEDGED.search(passage.folded):
        yield Reason.HEDGED


def _graded(criterion: Criterion) -> bool:
    threshold = criterion.threshold
    return bool(threshold.rank or threshold.group or threshold.language)


_ITEM: Final = re2.compile(r"[,;/|•#\n]| [-–—] |(?:^|\s)[-–—]\s")
_MIN_NAMES: Final = 4


def listing(criterion: Criterion, passage: _Passage) -> Iterator[Reason]:
    """The sentence is a list of names: a skill that is named, not one that was used."""
    if criterion.kind is Kind.GATE:
        return
    found = [word for word in passage.key if is_content(word)]
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


def echo(criterion: Criterion, passage: _Passage, vacancy: Vacancy) -> Iterator[Reason]:
    """Next to the vacancy's words there is almost nothing of one's own. A paper is proved by naming it."""
    if criterion.kind is Kind.GATE or _graded(criterion):
        return
    covered: set[int] = set()
    for place, run in enumerate(runs_of_three(passage.key)):
        if run in vacancy.runs:
            covered.update(range(place, place + len(run)))
    rest = {stem(word) for place, word in enumerate(passage.key) if place not in covered and is_content(word)}
    content = passage.stems
    # A sentence that moves one fragment's words about is the nearest fragment's.
    own = min((len(rest - stems) for stems in vacancy.stems_by_sentence), default=len(rest))
    own += sum(1 for sentence in passage.sentences if sentence.spans)
    if content and (own == 0 or (own == 1 and len(content) >= _MANY_BORROWED)):
        yield Reason.ECHO


def key_stems(criterion: Criterion) -> frozenset[str]:
    """The stems by which a sentence is known to speak of the criterion."""
    return _key_stems(criterion.text)


@lru_cache(maxsize=2_000)
def _key_stems(requirement: str) -> frozenset[str]:
    return stems_of(word for word in redacted_words(requirement) if not word.isdecimal())


def _unrelated(
    criteria: Sequence[Criterion], weighed: Mapping[int, Sequence[_Weighed]], resume: Reading
) -> dict[int, Level]:
    """What criteria may earn at most whose evidence does not name them.

    Words differ where people mean the same, so a few such quotes are honest, unless they name another criterion. Where
    they are more than a third, the quotes were not chosen for what they say. A resume in another language than the
    vacancy is left to the model.
    """
    proved = {one.id: [passage for passage, _, _ in _admitted(one, weighed[one.id])] for one in criteria}
    keys = {one.id: key_stems(one) for one in criteria}
    strangers = [
        one.id
        for one in criteria
        if proved[one.id]
        and keys[one.id]
        and not any(keys[one.id] & passage.stems for passage in proved[one.id])
        and not _other_language(one, resume)
    ]
    count = sum(map(bool, proved.values()))
    if len(strangers) >= 2 and 3 * len(strangers) > count:
        return dict.fromkeys(strangers, Level.NONE if 2 * len(strangers) > count else Level.PARTIAL)
    named = frozenset[str]().union(*keys.values())
    # A quote in other words is believed where most of the others are good.
    good = sum(any(limit is Level.STRONG for _, limit, _ in weighed[number]) for number in proved if proved[number])
    doubtful = 2 * (good - 1) < count - 1
    return {
        number: Level.PARTIAL
        for number in strangers
        if doubtful or all(named & passage.stems for passage in proved[number])
    }


_LONGEST_TEMPLATE: Final = 4  # words beside the skill's name
_FEWEST_SKILLS: Final = 3


def _templated(criteria: Sequence[Criterion], weighed: Mapping[int, Sequence[_Weighed]]) -> frozenset[int]:
    """The criteria whose evidence is one short phrase, said of one skill after another: "Делал X проекты"."""
    named = frozenset[str]().union(*(key_stems(one) for one in criteria))
    phrases: dict[tuple[str, ...], dict[tuple[str, ...], set[int]]] = {}
    for one in criteria:
        for passage, _, _ in _admitted(one, weighed[one.id]):
            rest = tuple(word for word in passage.key if stem(word) not in named)
            if 0 < len(rest) <= _LONGEST_TEMPLATE:
                phrases.setdefault(rest, {}).setdefault(passage.key, set()).add(one.id)
    repeated = (said for said in phrases.values() if len(said) >= _FEWEST_SKILLS)
    return frozenset(number for said in repeated for numbers in said.values() for number in numbers)


def _other_language(criterion: Criterion, resume: Reading) -> bool:
    """Whether the resume as a whole is written in another alphabet than the criterion.

    Names of products are the same in all languages.
    """
    if criterion.text.isascii() and not any(word[0].islower() for word in criterion.text.split()):
        return False
    return resume.russian_share > 0.5 if criterion.text.isascii() else resume.russian_share < 0.12


# --- thresholds ---


_HEADER_REACHES: Final = 12  # sentences: a dated line speaks of the tasks that are listed below it


def _below_threshold(
    criterion: Criterion, passages: Sequence[_Passage], resume: Reading, today: int
) -> Iterator[Reason]:
    """What the admitted passages state is less than the criterion asks for."""
    asked = criterion.threshold
    if asked.months and not _long_enough(asked.months, passages, resume, today):
        yield Reason.YEARS_SHORT
    stated = " . ".join(passage.folded for passage in passages)
    if asked.rank and (stated_rank(stated) or 0) < asked.rank:
        yield Reason.BELOW_GRADE
    if asked.group and (stated_group(stated) or 0) < asked.group:
        yield Reason.BELOW_GRADE
    letters = _categories(criterion.text)
    if letters and not letters <= _categories(" ".join(p.folded for p in passages).upper(), anywhere=True):
        yield Reason.BELOW_GRADE
    if asked.language:
        found = language_level(stated)
        if found is None or LANGUAGE_LEVELS.index(found) < LANGUAGE_LEVELS.index(asked.language):
            yield Reason.BELOW_GRADE


_LIKE_LATIN: Final = str.maketrans("АВСЕДМ", "ABCEDM")


def _categories(text: str, *, anywhere: bool = False) -> frozenset[str]:
    """The letters of driving and loading categories ("C и E", "CE"), if the text speaks of categories."""
    if not anywhere and "категори" not in text.lower():
        return frozenset()
    found = (word.strip(",.;()«»").translate(_LIKE_LATIN) for word in text.replace("/", " ").split())
    return frozenset(letter for word in found if 0 < len(word) <= 2 and set(word) <= set("ABCDEM") for letter in word)


def _long_enough(asked: int, passages: Sequence[_Passage], resume: Reading, today: int) -> bool:
    spans = [span for passage in passages for span in _spans(passage, resume)]
    if months(spans, today) >= asked:
        return True
    # A duration that is only claimed counts where the dates of the whole resume leave room for it.
    claimed = max((stated_months(sentence.folded) for p in passages for sentence in p.sentences), default=0)
    return claimed >= asked and months(resume.months_worked, today) >= asked


def _spans(passage: _Passage, resume: Reading) -> tuple[Span, ...]:
    """The periods of the passage itself, or else of the dated line above it."""
    own = tuple(span for sentence in passage.sentences for span in sentence.spans)
    if own or any(stated_months(sentence.folded) for sentence in passage.sentences):
        return own
    first = passage.numbers.start
    for number in range(first - 1, max(-1, first - 1 - _HEADER_REACHES), -1):
        header = resume.sentences[number]
        if header.spans:
            return () if header.bullet and resume.sentences[first].bullet else header.spans
    return ()
