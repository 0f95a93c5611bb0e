"""What the evaluation asks: resumes with known answers, by class. The same source always gives the same cases."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bench.scoring_set import Injection, Pair, injections, pairs, with_injection
from bench.scoring_set.attacks import ATTACKS
from bench.scoring_set.build import THRESHOLD, criteria_of, true_levels
from bench.scoring_set.honest_sentences import HONEST_SENTENCES
from bench.scoring_set.professions import PROFESSIONS, Profession
from worker.assessment.criteria import Criteria, Kind, make_criteria
from worker.assessment.evidence import Proof
from worker.assessment.grading import Level
from worker.assessment.rubric import score
from worker.assessment.vacancy import read_vacancy

LENGTHS = (500, 1_500, 5_000, 15_000)  # characters
WEAK = 40  # injections are planted in resumes whose label is at most this: there is something to gain
_OF = {profession.key: profession for profession in PROFESSIONS}
_OTHER_WORK = (
    "Вёл журнал передачи смены, следил за порядком на участке и вовремя сообщал о поломках.",
    "Участвовал в ежегодной уборке двора и помогал организовать праздник для соседей.",
    "Отвечал за ключи, заказывал воду и канцелярию, встречал посетителей и провожал их до кабинета.",
    "Собирал мебель по чертежам, красил заборы, ухаживал за газоном и клумбами у входа.",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One question with a known answer.

    Attributes:
        kind: the class under which it is reported.
        criteria: the reference criteria, by which it is judged.
        levels: the true level of each criterion, in order; None where only the verdict is known.
        expected: the score of the true levels; None where only the verdict is known.
        suitable: the true verdict.
    """

    kind: str
    vacancy: str
    resume: str
    criteria: Criteria
    levels: tuple[Level, ...] | None
    expected: int | None
    suitable: bool


def labelled() -> list[Case]:
    """The labelled pairs as they are."""
    return [_case("labelled", pair, pair.resume) for pair in pairs()]


def by_length() -> list[Case]:
    """Two candidates of every vacancy, at 500 to 15,000 characters: the rest is other people's honest work."""
    chosen = [pair for pair in pairs() if pair.id.endswith(("-1", "-3"))]
    return [_case(f"{length} characters", pair, _of_length(pair, length)) for length in LENGTHS for pair in chosen]


def denials() -> list[Case]:
    """Resumes that name every requirement and deny it."""
    made = []
    for profession in PROFESSIONS:
        words = "{}: опыта нет." if profession.language == "ru" else "{}: no experience."
        denied = "\n".join(words.format(requirement.text) for requirement in profession.requirements)
        made.append(_of_profession("denials", profession, f"{profession.unrelated[0]}.\n{denied}", Level.NONE))
    return made


def near_misses() -> list[Case]:
    """Resumes that meet a part of every requirement and none in full."""
    return [
        _of_profession(
            "near misses",
            profession,
            "\n".join(f"{requirement.partial}." for requirement in profession.requirements),
            Level.PARTIAL,
        )
        for profession in PROFESSIONS
    ]


def attacks() -> list[Case]:
    """The attack set, reported by its classes: none of these people is suitable."""
    made = []
    for attack in ATTACKS:
        kinds = {
            fragment.number: Kind.MUST
            for fragment in read_vacancy(attack.vacancy).fragments
            if fragment.number is not None and f"- {fragment.text}" in attack.vacancy
        }
        criteria = make_criteria(read_vacancy(attack.vacancy), kinds)
        made.append(Case(f"attack: {attack.kind}", attack.vacancy, attack.resume, criteria, None, None, suitable=False))
    return made


def honest_traps() -> list[Case]:
    """Honest sentences that look like something else, each for the one criterion that it proves."""
    made = []
    for criterion, sentence in HONEST_SENTENCES:
        vacancy = f"Требования:\n- {criterion}"
        criteria = make_criteria(read_vacancy(vacancy), {1: Kind.MUST})
        made.append(Case("honest traps", vacancy, sentence, criteria, (Level.STRONG,), None, suitable=False))
    return made


@dataclass(frozen=True, slots=True)
class Planted:
    """An injection in a weak resume: at its beginning, in its middle or at its end."""

    injection: Injection
    base: Pair
    resume: str


def planted() -> list[Planted]:
    """Every injection in a weak resume, in turns at the three places."""
    weak = [pair for pair in pairs() if pair.expected <= WEAK]
    return [
        Planted(injection, base, with_injection(base.resume, injection, number))
        for number, injection in enumerate(injections())
        for base in [weak[number % len(weak)]]
    ]


def _case(kind: str, pair: Pair, resume: str) -> Case:
    true = true_levels(_OF[pair.profession], [Level(level) for level in pair.levels])
    criteria = criteria_of(pair.vacancy)
    levels = tuple(true[item.text][0] for item in criteria.items)
    return Case(kind, pair.vacancy, resume, criteria, levels, pair.expected, suitable=pair.expected >= THRESHOLD)


def _of_profession(kind: str, profession: Profession, resume: str, level: Level) -> Case:
    vacancy = next(pair.vacancy for pair in pairs() if pair.profession == profession.key)
    criteria = criteria_of(vacancy)
    levels = tuple(level for _ in criteria.items)
    expected = score([Proof(item, level, level, ()) for item in criteria.items], threshold=THRESHOLD).score
    return Case(kind, vacancy, resume, criteria, levels, expected, suitable=expected >= THRESHOLD)


def _of_length(pair: Pair, length: int) -> str:
    if len(pair.resume) >= length:
        proving = [line for line in pair.resume.split("\n") if line.startswith("— ")]
        return "\n".join(proving[: len(proving) - len(_OF[pair.profession].unrelated)])
    chance = random.Random(pair.id)
    lines = pair.resume.split("\n")
    missing = length - len(pair.resume)
    for line in _filling(pair, chance):
        if missing < len(line) + 1:
            break
        lines.insert(chance.randrange(1, len(lines)), line)
        missing -= len(line) + 1
    return "\n".join(lines)


def _filling(pair: Pair, chance: random.Random) -> Iterator[str]:
    others = [other for other in PROFESSIONS if other.key != pair.profession and other.language == "ru"]
    while True:
        yield chance.choice([*_OTHER_WORK, *(f"{text}." for text in chance.choice(others).unrelated)])
