"""How well scores agree with labels: two standard statistics, without numpy. Pure."""

import math
import random
from collections.abc import Sequence

BANDS = (20, 40, 60, 80)  # the highest score of each band but the last: 0-20, 21-40, 41-60, 61-80, 81-100


def band(score: int) -> int:
    """The number of the score's band, 0..4."""
    return sum(score > highest for highest in BANDS)


def spearman(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Spearman's rank correlation, -1..1; ties get the mean of their ranks.

    None where it is not defined: fewer than two values, or all of one side equal.

    Raises:
        ValueError: the sequences differ in length.
    """
    return _pearson(_ranks(one), _ranks(other))


def weighted_kappa(one: Sequence[int], other: Sequence[int], *, categories: int) -> float | None:
    """Cohen's kappa with quadratic weights: 1 is full agreement, 0 is what chance would give.

    The values are categories 0..categories-1. None where chance leaves nothing to disagree about.

    Raises:
        ValueError: the sequences differ in length, or a value is no category.
    """
    if any(not 0 <= value < categories for value in (*one, *other)):
        raise ValueError("a value is no category")
    observed = sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
    by_chance = sum((a - b) ** 2 for a in one for b in other)
    return None if by_chance == 0 else 1 - len(one) * observed / by_chance


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            ranks[index] = (start + 1 + end) / 2
        start = end
    return ranks


def _pearson(one: Sequence[float], other: Sequence[float]) -> float | None:
    if len(one) != len(other):
        raise ValueError("the sequences differ in length")
    if not one:
        return None
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    together = sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    apart = math.sqrt(sum((a - mean_one) ** 2 for a in one) * sum((b - mean_other) ** 2 for b in other))
    return None if apart == 0 else together / apart


def wilson(successes: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, 0..1; of nothing: the whole range."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, successes / of
    middle = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def bootstrap(values: Sequence[float], *, rounds: int = 1_000) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean; the same values always give the same interval."""
    if not values:
        return 0.0, 0.0
    chance = random.Random(len(values))
    means = sorted(math.fsum(chance.choices(values, k=len(values))) / len(values) for _ in range(rounds))
    return means[int(0.025 * rounds)], means[int(0.975 * rounds)]
