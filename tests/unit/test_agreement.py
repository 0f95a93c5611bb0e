"""The evaluation's statistics, against values worked out by hand."""

import pytest

from bench.agreement import band, spearman, weighted_kappa


def test_spearman_of_the_same_order_is_one():
    """Any rising relation is full rank agreement, however crooked."""
    assert spearman([1, 2, 3, 4], [10, 11, 50, 1000]) == pytest.approx(1)


def test_spearman_of_the_opposite_order_is_minus_one():
    """Scores that turn the labels round are called so."""
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)


def test_spearman_without_ties_is_the_textbook_formula():
    """1 - 6 * sum(d^2) / (n * (n^2 - 1)), here with d = 0, 1, 1, 1, 1."""
    assert spearman([1, 2, 3, 4, 5], [1, 3, 2, 5, 4]) == pytest.approx(1 - 6 * 4 / (5 * 24))


def test_spearman_gives_ties_their_mean_rank():
    """Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4."""
    assert spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(4.5 / (4.5 * 5) ** 0.5)


@pytest.mark.parametrize(("one", "other"), [([], []), ([1], [1]), ([5, 5, 5], [1, 2, 3])])
def test_spearman_says_when_it_is_not_defined(one, other):
    """A run where every score is the same shows "not defined", not a made-up number."""
    assert spearman(one, other) is None


def test_spearman_needs_pairs():
    """Unequal lengths are a mistake of the caller."""
    with pytest.raises(ValueError, match="length"):
        spearman([1, 2], [1])


def test_kappa_of_full_agreement_is_one():
    """Every band right."""
    assert weighted_kappa([0, 1, 2, 4], [0, 1, 2, 4], categories=5) == pytest.approx(1)


def test_kappa_of_opposite_judges_is_minus_one():
    """Two judges who always disagree as far as they can."""
    assert weighted_kappa([0, 0, 1, 1], [1, 1, 0, 0], categories=2) == pytest.approx(-1)


def test_kappa_of_chance_is_zero():
    """Agreement as often as chance gives."""
    assert weighted_kappa([0, 0, 1, 1], [0, 1, 0, 1], categories=2) == pytest.approx(0)


def test_kappa_weighs_far_misses_more():
    """Being two bands off counts four times as much as one band off."""
    labels = [0, 1, 2, 3, 4]
    assert weighted_kappa(labels, [1, 1, 2, 3, 4], categories=5) == pytest.approx(1 - 5 * 1 / 85)
    assert weighted_kappa(labels, [2, 1, 2, 3, 4], categories=5) == pytest.approx(1 - 5 * 4 / 80)


def test_kappa_refuses_what_is_no_band():
    """A score outside of the scale is a mistake of the caller."""
    with pytest.raises(ValueError, match="category"):
        weighted_kappa([5], [0], categories=5)


@pytest.mark.parametrize(
    ("score", "number"),
    [(0, 0), (20, 0), (21, 1), (40, 1), (41, 2), (60, 2), (61, 3), (80, 3), (81, 4), (100, 4)],
)
def test_bands_have_these_borders(score, number):
    """Five bands, the caps of the rubric on their borders."""
    assert band(score) == number
