"""Learns the weights of redaction's tagger from marked texts: `python -m dev.learn_tagger` writes them beside it.

`tests/data/redaction/lessons/*.txt` has invented people: a line `=== layout | origin`, then the text, in which
`‹kind|…›` marks what is theirs: n, the person's name; t, a third person's; p, a telephone; m, an e-mail address; l, a
link; h, a handle; b, a birth date or an age; d, a document; a, an address. `⇥ ⍽ ⊝ ⍾` stand for a tab, a hard space, a
soft hyphen, a zero-width space. `lookalikes.txt` has a line a line that has nothing of a person. The sets of JSON that
the rules were mended with are learnt from, too; `judged_once` is not. Each text is learnt from twice: as the rules
leave it, and with some of its marks replaced by chance, so that what rules know is not forgotten.

It takes some five minutes and is repeatable to the bit. Whether new weights are better, only a set says that
nobody learnt from: `python -m tests.support.redaction_judge`.
"""

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

from worker.assessment.plain_text import readable
from worker.assessment.redaction import redacting, tagger
from worker.assessment.redaction.placeholders import SYMBOLS, Kind, unspelled
from worker.assessment.redaction.sheet import Sheet

SETS: Final = Path(__file__).parents[1] / "tests" / "data" / "redaction"
KINDS: Final = {
    "n": Kind.NAME, "t": Kind.NAME, "p": Kind.PHONE, "m": Kind.EMAIL, "l": Kind.LINK, "h": Kind.HANDLE,
    "b": Kind.BIRTH_DATE, "d": Kind.DOCUMENT, "a": Kind.ADDRESS,
    "name": Kind.NAME, "third_person": Kind.NAME, "phone": Kind.PHONE, "mail": Kind.EMAIL, "link": Kind.LINK,
    "handle": Kind.HANDLE, "birth": Kind.BIRTH_DATE, "document": Kind.DOCUMENT, "address": Kind.ADDRESS,
}  # fmt: skip
_SIGNS: Final = str.maketrans({"⇥": "\t", "⍽": "\u00a0", "⊝": "\u00ad", "⍾": "\u200b"})
_MARK: Final = re.compile(r"‹(\w)\|([^‹›]*)›")
_MASKED: Final = 0.6  # of the marks
_SETTINGS: Final = {"c1": 0.5, "c2": 0.05, "max_iterations": 120, "feature.minfreq": 2}

Marks = list[tuple[int, int, Kind]]


def lessons() -> Iterator[tuple[str, Marks]]:
    """Every text and its marks."""
    for path in sorted((SETS / "lessons").glob("*.txt")):
        said = path.read_text("utf-8")
        if path.stem == "lookalikes":
            yield from ((line, []) for line in said.splitlines())
        else:
            yield from map(_read, re.split(r"^=== .*\n", said, flags=re.MULTILINE)[1:])
    for path in sorted((*SETS.glob("lookalikes*.txt"), *SETS.glob("work*.txt"))):
        yield from ((line, []) for line in path.read_text("utf-8").splitlines())
    for line in (SETS / "developed_with" / "lookalikes.jsonl").read_text("utf-8").splitlines():
        yield json.loads(line)["text"], []
    for line in (SETS / "developed_with" / "people.jsonl").read_text("utf-8").splitlines():
        one = json.loads(line)
        yield one["text"], [(*at, KINDS[mark["kind"]]) for mark in one["marks"] for at in _places(mark, one["text"])]


def _places(mark: dict[str, Any], text: str) -> Iterator[tuple[int, int]]:
    at = mark.get("at") or [found.start() for found in re.finditer(re.escape(mark["text"]), text)]
    return ((start, start + len(mark["text"])) for start in at)


def _read(marked: str) -> tuple[str, Marks]:
    text, done = "", 0
    marks: Marks = []
    marked = marked.strip("\n").translate(_SIGNS)
    for mark in _MARK.finditer(marked):
        text += marked[done : mark.start()]
        marks.append((len(text), len(text) + len(mark[2]), KINDS[mark[1]]))
        text += mark[2]
        done = mark.end()
    return text + marked[done:], marks


def _kinds(text: str, marks: Marks) -> list[Kind | None]:
    kinds: list[Kind | None] = [None] * len(text)
    for start, end, kind in marks:
        kinds[start:end] = [kind] * (end - start)
    return kinds


def _left_by_rules(text: str, marks: Marks) -> tuple[Sheet, list[Kind | None]]:
    """What the rules leave, and the kind of each of its characters."""
    sheet = redacting.by_rules(Sheet.of(unspelled(readable(text))), Counter())
    before = _kinds(text, marks)
    kinds: list[Kind | None] = [None] * len(sheet.text)
    for what, a, b, c, d in SequenceMatcher(None, text, sheet.text, autojunk=False).get_opcodes():
        if what == "equal":
            kinds[c:d] = before[a:b]
        elif what == "replace" and len(set(before[a:b])) == 1:
            kinds[c:d] = [before[a]] * (d - c)
    return sheet, kinds


def _masked(text: str, marks: Marks, chance: random.Random) -> tuple[Sheet, list[Kind | None]]:
    """The text with placeholders for some of its marks."""
    pieces, done = "", 0
    kinds: list[Kind | None] = []
    for start, end, kind in sorted(marks):
        if start >= done:
            masked = chance.random() < _MASKED or kind in tagger.OF_RULES
            said = SYMBOLS[kind] if masked else text[start:end]
            pieces += text[done:start] + said
            kinds += [None] * (start - done) + [None if masked else kind] * len(said)
            done = end
    return Sheet.of(pieces + text[done:]), kinds + [None] * (len(text) - done)


def told(tokens: list[tagger.Seen], end_of_head: int) -> Iterator[tuple[int, list[str]]]:
    """The number of each token that ends no line, and everything that is told of it."""
    for line, plain, crossed in tagger.lines(tokens, end_of_head):
        for number, label in zip(line, tagger.labels(tokens, line), strict=True):
            me = tokens[number]
            beside = {
                step: tokens[at] if 0 <= (at := number + step) < len(tokens) else None for step in (0, *tagger.NEAR)
            }
            forms = [one.form if (one := beside[step]) else tagger.EDGE for step in (-1, 0, 1)]
            yield number, [
                *me.own, *plain, label, *(f"{one}{tagger.CROSSED}{me.form}" for one in (*crossed, label)),
                *(said for step in tagger.NEAR for said in sorted(tagger.near(beside[step], step))),
                *tagger.around(*forms), *tagger.placed(number - line.start, line.stop - 1 - number),
            ]  # fmt: skip


def learn(path: Path) -> None:
    """Train, and write crfsuite's model."""
    import pycrfsuite  # noqa: PLC0415 - tests read the lessons without it

    trainer, chance = pycrfsuite.Trainer(verbose=False), random.Random(1)  # noqa: S311 - no secret
    for text, marks in lessons():
        views = [_left_by_rules(text, marks)]
        views += [_masked(text, marks, chance)] if marks else []
        for sheet, kinds in views:
            matches, head = tagger.read(sheet.look, sheet.end_of_head)
            of_each = dict(told([tagger.seen(match[0]) for match in matches], head))
            answers = [Counter(kinds[slice(*matches[number].span())]).most_common(1)[0][0] for number in of_each]
            names = [tagger.NONE if kind is None else kind.name for kind in answers]
            trainer.append(list(of_each.values()), names)
    trainer.set_params(_SETTINGS)
    trainer.train(str(path))


def written(path: Path) -> str:
    """A model as `tagger` reads it: in whole numbers."""
    import pycrfsuite  # noqa: PLC0415 - as above

    model = pycrfsuite.Tagger()
    model.open(str(path))
    known = model.info()
    kinds = sorted(set(known.labels) - {tagger.NONE})
    numbers = {kind: number for number, kind in enumerate((*kinds, tagger.NONE))}
    steps = [[0] * len(numbers) for _ in numbers]
    for (one, other), weight in known.transitions.items():
        steps[numbers[one]][numbers[other]] = round(weight * tagger.SCALE)
    weights: dict[str, dict[str, int]] = {kind: {} for kind in numbers}
    for (what, kind), weight in sorted(known.state_features.items()):
        weights[kind][what] = round(weight * tagger.SCALE)
    return json.dumps({"steps": steps, "weights": weights}, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    model = Path(sys.argv[1] if len(sys.argv) > 1 else "tagger.crfsuite")
    learn(model)
    tagger.WEIGHTS.write_text(written(model) + "\n", encoding="utf-8")
    model.unlink()
