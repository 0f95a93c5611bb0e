"""A statistical look at what the rules left: how a person's data look in their place, as marked texts taught it.

A linear chain CRF over words, numbers and signs. What can be told of one (its ending, its neighbours, its line) has a
weight for each kind of data, their sum is its score, and kinds that stand side by side have one, too. `python -m
dev.learn_tagger` learns the weights.

A packed score is one whole number, the sum of each kind's score shifted to a field of its own, so that one addition
adds all kinds'. What a word contributes wherever it stands is remembered. Linear in the length.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Final, NamedTuple

from worker.assessment.redaction.morphology import Reading, readings
from worker.assessment.redaction.name_word import word_of
from worker.assessment.redaction.named_text import Mentions
from worker.assessment.redaction.placeholders import JOINT, KIND_OF, Kind, Span
from worker.assessment.redaction.word_cache import LONGEST, remembered
from worker.assessment.redaction.word_list import LETTERS

WEIGHTS: Final = Path(__file__).with_name("tagger.json")
NONE: Final = "O"  # what a trainer calls no kind
SCALE: Final = 256  # a score is a sum of weights times this
TOKEN: Final = re.compile(rf"[{LETTERS}]+(?:(?:['\-]|{JOINT}+)[{LETTERS}]+)*|[0-9]+|\n+|\t|  +|[^\w\s]|_")
NEAR: Final = (-2, -1, 1, 2)
CROSSED: Final = "\t"  # between what a line tells and the form of one of its tokens
EDGE: Final = "^"  # of the text: what stands beside its first and its last token
_LINE_END, _GAP, _HELD = "⏎", "⇥", "<>"
_LABELS_END: Final = frozenset((":", "|", _GAP))
_SIGNS: Final = " \t,.;:!?()[]{}/|•—-\"«»'*_#>="
_FLAGS: Final = ("given", "surname", "patronymic", "unknown", "common", "place", "people")
_READINGS: Final = (Reading.ANIMATE, Reading.INANIMATE, Reading.ADJECTIVE, Reading.NOUN, Reading.GENDERED)
_SHORTEST: Final = 4  # letters of a name that is looked for elsewhere
OF_RULES: Final = frozenset((Kind.EMAIL, Kind.LINK, Kind.PHONE))  # what they leave of these is a part, or none
_KEPT: Final = 8_000  # tokens that are remembered
_FIELD: Final = 24  # bits
# A field that is below zero borrows from the next, unless this is added to each; then its first bit tells the sign.
_HALF: Final = 1 << (_FIELD - 1)
_NEAR_HELD: Final = ("with", "over", "below")  # where placeholders are: within a line, or on a line beside it
# Short cuts; no set's figure moves by either. A token whose scores are all below the first is of no kind, whatever
# stands beside it. Of some side by side none is of a kind unless one reaches the second; nor of a whole line, unless
# one does before it is added what the line tells.
_POSSIBLE, _LIKELY = -6 * SCALE, 1 * SCALE


class Seen(NamedTuple):
    """What can be told of a token wherever it stands; its neighbours see its `word` and its `form`."""

    own: tuple[str, ...]
    word: str
    form: str


def seen(token: str) -> Seen:
    """Look at a match of `TOKEN`."""
    first = token[0]
    if first in "\n\t ":
        sign = _LINE_END if first == "\n" else _GAP
        return Seen((sign,), sign, sign)
    if token in KIND_OF:
        kind = f"<{KIND_OF[token].name}>"
        return Seen((kind,), kind, _HELD)
    if token.isdecimal():  # «❶» is a digit to Python, and no number
        return _number(token)
    return _word(token) if first.isalpha() else Seen((token,), token, token)


def _number(token: str) -> Seen:
    size, value, can_be = f"{min(len(token), 12)}d", int(token[:4]), []
    if len(token) == 4:
        can_be = ["birth year"] * (1940 <= value <= 2012) + ["work year"] * (1985 <= value <= 2030)
    elif len(token) < 3:
        can_be = ["month"] * (value <= 12) + ["day"] * (value <= 31) + ["age"] * (14 <= value <= 75)
    return Seen((size, f"{size} {token[0]}", *can_be), " ".join(can_be) or size, size)


def _word(token: str) -> Seen:
    word, lower = word_of(token), token.lower().replace("ё", "е").replace(JOINT, "")
    shape = "".join(dict.fromkeys("A" if letter.isupper() else "a" for letter in token)) + "1" * (len(token) == 1)
    script = "к" if word.cyrillic else "l" if token[0].isascii() else "u"
    flags = [flag for flag in _FLAGS if getattr(word, flag)]
    form = f"{shape}{script}{''.join(flag[:2] for flag in flags)}"
    reading = readings(lower) if word.cyrillic else Reading.UNKNOWN
    own = (
        lower, shape, script, *flags, form, f"{min(len(token), 8)} letters",
        *(f"-{lower[-size:]}" for size in (2, 3, 4) if len(lower) > size),
        *(f"{lower[:size]}-" for size in (3, 5) if len(lower) > size),
        *(str(one.name) for one in _READINGS if one in reading),
    )  # fmt: skip
    return Seen(own, lower, form)


def lines(tokens: list[Seen], end_of_head: int) -> Iterator[tuple[range, list[str], list[str]]]:
    """Of each line its tokens' numbers, what it tells of each, and what together with its form.

    The head has the first `end_of_head` tokens.
    """
    ends = [-1, *(number for number, one in enumerate(tokens) if one.word == _LINE_END), len(tokens)]
    bounds = [range(before + 1, end) for before, end in pairwise(ends)]
    held = [sorted({one.word for one in tokens[it.start : it.stop] if one.form == _HELD}) for it in bounds]
    over: list[str] = []
    above = closing = EDGE
    for number, (it, within, below) in enumerate(zip(bounds, held, [*held[1:], []], strict=True)):
        if it:  # a text may begin or end with an empty one
            first = tokens[it.start].word
            held_near = list(zip(_NEAR_HELD, (within, over, below), strict=True))
            zone = "head" if it.start < end_of_head else "body"
            told = [f"first {first}", zone, f"above {above}", f"closing {closing}"]
            crossed = [*told, f"{len(it).bit_length()} long", f"line {number.bit_length()}"]
            crossed += [where for where, kinds in held_near if kinds]
            yield it, told + [f"{where} {one}" for where, kinds in held_near for one in kinds], crossed
            above, closing, over = first, tokens[it.stop - 1].word, within


def labels(tokens: list[Seen], line: range) -> Iterator[str]:
    """For each token of a line what the word before the last sign that ends a label tells."""
    label = "no label"
    for number in line:
        yield label
        if number > line.start and tokens[number].word in _LABELS_END:
            label = f"label {tokens[number - 1].word}"


def near(one: Seen | None, step: int) -> set[str]:
    """What a token, or the text's edge, tells of the one from which it is `step` tokens away."""
    return {f"{step} {one.word}", f"{step} {one.form}"} if one is not None else {f"{step} {EDGE}"}


def around(before: str, me: str, behind: str) -> tuple[str, ...]:
    """What the forms of a token and its neighbours tell together."""
    return f"{before} {me} {behind}", f"{before} {me} -", f"- {me} {behind}"


def placed(from_start: int, from_end: int) -> tuple[str, ...]:
    """What a token's place in its line tells."""
    return f"from start {min(from_start, 3)}", f"from end {min(from_end, 3)}"


class _Weights:
    """Learnt scores, each kind's above that of no kind: packed by what is told, and of a kind that follows another."""

    def __init__(self, text: str) -> None:
        said = json.loads(text)
        *kinds, none = said["weights"]
        self.kinds = [Kind[name] for name in kinds]
        self.steps: list[list[int]] = said["steps"]  # from kind to kind; the last is none
        self.ones = sum(1 << _FIELD * kind for kind in range(len(kinds)))
        self.of: dict[str, int] = {}
        self.crossed: dict[str, dict[str, int]] = {}  # by what a line tells, and a form
        for number, kind in enumerate((*kinds, none)):
            unit = 1 << _FIELD * number if kind != none else -self.ones
            for what, weight in said["weights"][kind].items():
                line, sign, form = what.partition(CROSSED)
                of = self.crossed.setdefault(line, {}) if sign else self.of
                of[form or line] = of.get(form or line, 0) + weight * unit
        *others, nothing = self.steps
        # What a stretch of some kinds must be worth at least, and may win at most by the step from token to token.
        self.price = 2 * nothing[-1] - max(nothing[:-1]) - max(row[-1] for row in others)
        self.joined = max(0, *(step - nothing[-1] for row in others for step in row[:-1]))
        self.edge = [self.sum(near(None, step)) for step in NEAR]
        self.placed = [[self.sum(placed(start, end)) for end in range(4)] for start in range(4)]

    def sum(self, told: Iterable[str]) -> int:
        """What some things that are told are worth together."""
        return sum(self.of[one] for one in told if one in self.of)

    def best(self, scores: list[int]) -> list[Kind | None]:
        """The likeliest kinds of tokens side by side, of these packed scores, between some of none (Viterbi)."""
        none, positive = len(self.kinds), [score + self.ones * _HALF for score in scores]
        rows = [[(score >> _FIELD * kind & (2 * _HALF - 1)) - _HALF for kind in range(none)] for score in positive]
        if sum(max(0, *row) for row in rows) + self.joined * (len(rows) - 1) <= self.price:
            return [None] * len(rows)
        every = [kind for kind in range(none) if any(row[kind] >= _LIKELY for row in rows)] + [none]
        worth, ways = {kind: self.steps[none][kind] for kind in every}, []
        for row in rows:
            reached = {kind: worth[kind] + (row[kind] if kind < none else 0) for kind in every}
            way = {kind: max(every, key=lambda one: reached[one] + self.steps[one][kind]) for kind in every}
            worth = {kind: reached[way[kind]] + self.steps[way[kind]][kind] for kind in every}
            ways.append(way)
        kinds = [none]
        for way in reversed(ways):
            kinds.append(way[kinds[-1]])
        return [self.kinds[kind] if kind < none else None for kind in kinds[:0:-1]]


@cache
def _weights() -> _Weights:
    return _Weights(WEIGHTS.read_text(encoding="utf-8"))


Token = tuple[Seen, str, int, list[int]]


@remembered(_KEPT)
def _token(text: str) -> Token:
    """What is seen of a token, its form again, its own score and what it adds to those near it."""
    one, weights = seen(text), _weights()
    return one, one.form, weights.sum(one.own), [weights.sum(near(one, step)) for step in NEAR]


@remembered(_KEPT)
def _among(forms: str) -> int:
    return _weights().sum(around(*forms.split(" ")))


Known = dict[tuple[tuple[str, ...], ...], list[tuple[int, Kind]]]
"""What was found in a line, by its tokens, two to both sides, and what it tells: tokens, counted in it, and kinds."""


def tagged(texts: list[str], end_of_head: int, known: Known) -> Iterator[tuple[int, Kind]]:
    """The numbers and kinds of tokens that are of some; the head as in `lines`. What is found gets `known`."""
    tokens = list(map(_token, texts))
    edge = (Seen((), EDGE, EDGE), EDGE, 0, _weights().edge)
    row = [edge, edge, *tokens, edge, edge]
    all_seen = [one[0] for one in tokens]
    for it, plain, crossed in lines(all_seen, end_of_head):
        key = tuple(texts[max(0, it.start - 2) : it.stop + 2]), tuple(plain), tuple(crossed)
        if key not in known:
            said = labels(all_seen, it)
            runs = scored(row[it.start : it.stop + 4], plain, crossed, said)
            known[key] = [
                (at, kind)
                for begin, scores in runs
                for at, kind in enumerate(_weights().best(scores), begin)
                if kind is not None and texts[it.start + at] not in KIND_OF
            ]
        yield from ((it.start + at, kind) for at, kind in known[key])


def scored(
    row: list[Token], plain: list[str], crossed: list[str], said: Iterable[str]
) -> Iterator[tuple[int, list[int]]]:
    """Where in a line tokens side by side begin of which one is likely of some kind, and their packed scores.

    `row` are the line's tokens (`_token`) and two to both sides, `said` the labels before each.
    """
    weights = _weights()
    # A score that reaches the least sets its field's first bit when this is added.
    first_bits, likely, possible = (weights.ones * one for one in (_HALF, _HALF - _LIKELY, _HALF - _POSSIBLE))
    alone = [
        own + second[0] + first[1] + third[2] + fourth[3] + _among(f"{before} {form} {behind}")
        for (_, _, _, second), (_, before, _, first), (_, form, own, _), (_, behind, _, third), (_, _, _, fourth)
        in zip(row, row[1:], row[2:], row[3:], row[4:], strict=False)
    ]  # fmt: skip
    if not any((score + likely) & first_bits for score in alone):
        return  # none becomes likely by what its line tells
    line, by_forms = weights.sum(plain), [weights.crossed[one] for one in crossed if one in weights.crossed]
    told: dict[tuple[str, str], int] = {}
    run: list[int] = []
    is_likely = last = 0
    for at, (score, label) in enumerate(zip(alone, said, strict=True)):
        form = row[at + 2][1]
        if (form, label) not in told:
            by_form = (*by_forms, weights.crossed.get(label, {}))
            told[form, label] = line + weights.of.get(label, 0) + sum(one[form] for one in by_form if form in one)
        whole = score + told[form, label] + weights.placed[min(at, 3)][min(len(alone) - 1 - at, 3)]
        if (whole + possible) & first_bits:
            run.append(whole)
            is_likely |= (whole + likely) & first_bits
            last = at
        else:
            if is_likely:
                yield last + 1 - len(run), run
            run, is_likely = [], 0
    if is_likely:
        yield last + 1 - len(run), run


def read(look: str, end_of_head: int) -> tuple[list[re.Match[str]], int]:
    """A form's tokens (`sheet`), and how many of them are the head, which has so many characters."""
    matches = list(TOKEN.finditer(look))
    return matches, bisect_left(matches, end_of_head, key=re.Match.start)


def find_tagged(look: str, end_of_head: int, known: Known) -> list[Span]:
    """The spans of a resume's one form (`sheet`) that are likelier somebody's data than not; its head ends there.

    `known` is what was found in lines of the same resume before, and grows.
    """
    matches, head = read(look, end_of_head)
    return _spans(look, matches, dict(tagged([match[0] for match in matches], head, known)))


def _spans(look: str, matches: list[re.Match[str]], kinds: dict[int, Kind]) -> list[Span]:
    named = [matches[number][0] for number, kind in kinds.items() if kind is Kind.NAME]
    names = Mentions(word_of(text) for text in named if text[0].isupper() and len(text) >= _SHORTEST)
    long = {match[0] for match in matches if len(match[0]) >= _SHORTEST and match[0].isalpha()} if named else ()
    again = {word.text for word in names.among(map(word_of, long)) if word.capital}
    spans: list[Span] = []
    before: tuple[int, Kind | None] = (-1, None)
    for number, match in enumerate(matches):
        kind = kinds.get(number, Kind.NAME if match[0] in again else None)
        if kind is None or kind in OF_RULES:
            continue
        joined = before == (number - 1, kind)
        spans.append((spans.pop()[0] if joined else match.start(), match.end(), kind))
        before = (number, kind)
    return [(*_core(look, start, end), kind) for start, end, kind in spans if any(map(str.isalnum, look[start:end]))]


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _core(look: str, start: int, end: int) -> tuple[int, int]:
    """The same span without the signs at its ends, to the ends of its words and of an initial."""
    said = look[start:end]
    start, end = end - len(said.lstrip(_SIGNS)), start + len(said.rstrip(_SIGNS))
    start -= sum(1 for _ in takewhile(_is_of_a_word, reversed(look[max(0, start - LONGEST) : start])))
    end += sum(1 for _ in takewhile(_is_of_a_word, look[end : end + LONGEST]))
    initial = look[end - 1 : end].isupper() and not look[end - 2 : end - 1].isalnum() and look[end : end + 1] == "."
    return start, end + initial
