"""Proofs to score: every rule of the platform, and the properties that must hold for any grades."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.assessment.criteria import Criterion, CriterionKind
from worker.assessment.grading import Level
from worker.assessment.proof import Proof
from worker.assessment.rubric import SUITABLE, UNSUITABLE, Score, score

NONE, PARTIAL, STRONG = Level.NONE, Level.PARTIAL, Level.STRONG
MUST, NICE, GATE = CriterionKind.MUST, CriterionKind.NICE, CriterionKind.GATE


def proofs(*graded: tuple[CriterionKind, Level]) -> list[Proof]:
    return [
        Proof(Criterion(id=number, text=f"навык {number}", kind=kind), level, level)
        for number, (kind, level) in enumerate(graded, 1)
    ]


def musts(*levels: Level) -> list[Proof]:
    return proofs(*((MUST, level) for level in levels))


def result(*graded: tuple[CriterionKind, Level], threshold: int = 60) -> Score:
    return score(proofs(*graded), threshold=threshold)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([STRONG] * 5, 100),
        ([STRONG] * 3 + [NONE] * 2, 60),
        ([STRONG, STRONG, PARTIAL, NONE, NONE], 50),
        ([PARTIAL] * 5, 50),
        ([STRONG, PARTIAL, PARTIAL, NONE, NONE, NONE, NONE], 28),
        ([STRONG] * 6 + [PARTIAL], 92),
        ([STRONG, STRONG], 100),
        ([STRONG, PARTIAL], 75),
        ([STRONG, NONE], 20),
        ([STRONG, STRONG, NONE, NONE], 40),
        ([PARTIAL, PARTIAL, NONE, NONE, NONE], 20),
        ([STRONG], 100),
        ([PARTIAL], 50),
        ([STRONG, STRONG, NONE], 40),
        ([STRONG, NONE, NONE, NONE, NONE, NONE], 16),
        ([NONE] * 5, 0),
    ],
)
def test_the_score_is_the_share_of_points_under_the_caps(levels, expected):
    """A recruiter can redo the sum; the caps are for vacancies that ask for at least so much."""
    assert score(musts(*levels), threshold=60).score == expected


def test_a_wish_weighs_half_of_a_must():
    """Four wishes do not make up for two musts."""
    assert result((MUST, STRONG), (MUST, STRONG), (NICE, NONE), (NICE, NONE), (NICE, PARTIAL)).score == 100 * 9 // 14
    assert result((MUST, NONE), (MUST, NONE), (NICE, STRONG), (NICE, STRONG), (NICE, STRONG)).score == 100 * 6 // 14


@pytest.mark.parametrize("level", [NONE, PARTIAL])
def test_a_gate_that_is_not_confirmed_closes(level):
    """Without the licence nobody is suitable, whatever else is met: the score stays below the threshold."""
    closed = result((GATE, level), *[(MUST, STRONG)] * 4)
    assert (closed.score, closed.verdict, closed.cap) == (59, UNSUITABLE, 59)
    assert [proof.criterion.id for proof in closed.closed] == [1]
    assert result((GATE, level), *[(MUST, STRONG)] * 4, threshold=1).score == 0


def test_a_confirmed_gate_adds_nothing():
    """A paper opens the door and outweighs no skill."""
    assert result((GATE, STRONG), (MUST, STRONG), (MUST, STRONG), (MUST, NONE)).score == 66
    assert result((MUST, STRONG), (MUST, STRONG), (MUST, NONE)).score == 40


def test_a_vacancy_of_papers_alone_is_met_by_papers():
    """Where nothing else is asked for, three confirmed papers are everything."""
    assert result(*[(GATE, STRONG)] * 3).score == 100
    assert result((GATE, STRONG), (GATE, STRONG), (GATE, NONE)).verdict == UNSUITABLE


@pytest.mark.parametrize(("threshold", "verdict"), [(59, SUITABLE), (60, SUITABLE), (61, UNSUITABLE)])
def test_the_verdict_follows_from_the_threshold(threshold, verdict):
    """Exactly at the threshold the candidate is suitable, one point below is not."""
    assert score(musts(*[STRONG] * 3, NONE, NONE), threshold=threshold).verdict == verdict


def test_the_verdicts_are_the_platforms_words():
    """Other services compare these strings."""
    assert (SUITABLE, UNSUITABLE) == ("Подходит", "Не подходит")


def test_the_cap_is_told_only_where_it_lowered_the_score():
    """The explanation of "why 40?" names the rule, and an uncapped score names none."""
    assert score(musts(STRONG, STRONG, NONE), threshold=60).cap == 40
    assert score(musts(STRONG, NONE), threshold=60).cap == 20
    assert score(musts(PARTIAL, PARTIAL, NONE, NONE, NONE), threshold=60).cap == 100


GRADED = st.lists(st.tuples(st.sampled_from(CriterionKind), st.sampled_from(Level)), min_size=1, max_size=12)


@given(GRADED, st.integers(1, 100))
def test_score_and_verdict_never_disagree(graded, threshold):
    """0 to 100, suitable from the threshold upwards and never with a closed gate."""
    scored = result(*graded, threshold=threshold)
    assert 0 <= scored.score <= 100
    assert (scored.verdict == SUITABLE) == (scored.score >= threshold)
    assert not (scored.closed and scored.verdict == SUITABLE)


@given(GRADED, st.data())
def test_a_better_grade_never_costs_points(graded, data):
    """Who proves more gets no less, and the order of the criteria changes nothing."""
    place = data.draw(st.integers(0, len(graded) - 1))
    kind, level = graded[place]
    better = [*graded[:place], (kind, max(level, PARTIAL, key=list(Level).index)), *graded[place + 1 :]]
    assert result(*better).score >= result(*graded).score
    assert result(*reversed(graded)).score == result(*graded).score
