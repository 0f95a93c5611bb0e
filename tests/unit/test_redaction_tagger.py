"""The tagger beside the rules: its arithmetic is a linear chain CRF's, and what it learnt from can be read."""

import itertools
import json
import random
from collections import Counter

import pytest

from dev.learn_tagger import lessons, told
from worker.assessment.redaction import redact, redacting, tagger
from worker.assessment.redaction.placeholders import Kind
from worker.assessment.redaction.sheet import Sheet

RESUMES = [
    "Саломов Бехруз\nг. Тверь\t34 года\n\nОпыт: склад «Сокол»; бригадир Нечаев\n  Почта: x@y.ru; ; | 12.03.1990",
    "Mary Ann Poe — Head of Sales\nReferences: Ian Roe, CTO\n\n",
    "",
    "\n\n* 77 *\n",
]


@pytest.mark.parametrize(("text", "is_said"), list(zip(RESUMES, (True, True, False, True), strict=True)))
def test_a_score_is_the_sum_of_what_is_told(text, is_said):
    """What is remembered, packed and left out on the way changes none of the scores."""
    weights = tagger._weights()
    sheet = Sheet.of(text)
    matches, head = tagger.read(sheet.look, sheet.end_of_head)
    tokens = [match[0] for match in matches]

    def worth(what):
        line, sign, form = what.partition(tagger.CROSSED)
        return weights.crossed.get(line, {}).get(form, 0) if sign else weights.of.get(line, 0)

    expected = {number: sum(map(worth, said)) for number, said in told(list(map(tagger.seen, tokens)), head)}
    edge = (tagger.Seen((), "^", "^"), "^", 0, weights.edge)
    row = [edge, edge, *map(tagger._token, tokens), edge, edge]
    scores = {}
    for it, plain, crossed in tagger.lines([one[0] for one in row[2:-2]], head):
        said = tagger.labels([one[0] for one in row[2:-2]], it)
        for begin, run in tagger.scored(row[it.start : it.stop + 4], plain, crossed, said):
            scores |= dict(enumerate(run, it.start + begin))
    assert scores == {number: expected[number] for number in scores}
    assert bool(scores) is is_said


def test_the_likeliest_kinds_are_found():
    """Of all ways to give kinds to four tokens, the one that is worth most."""
    weights, chance = tagger._weights(), random.Random(3)
    none = len(weights.kinds)
    for _ in range(5):
        fields = [[chance.randint(300 if likely else -2000, 2000) for _ in range(none)] for likely in (1, 0, 0, 0)]

        def worth(way, fields=fields):
            steps = sum(weights.steps[one][other] for one, other in itertools.pairwise((none, *way, none)))
            return steps + sum(field[kind] for field, kind in zip(fields, way, strict=True) if kind < none)

        packed = [sum(value << 24 * kind for kind, value in enumerate(field)) for field in fields]
        found = [none if kind is None else weights.kinds.index(kind) for kind in weights.best(packed)]
        assert worth(found) == max(map(worth, itertools.product(range(none + 1), repeat=4)))


def test_a_stretch_may_begin_with_one_kind_and_end_with_another():
    """Though neither kind alone is worth its beginning and its end."""
    steps = [[0, 0, -2_000], [0, 0, 0], [0, -2_000, 0]]
    weights = tagger._Weights(json.dumps({"steps": steps, "weights": {"NAME": {}, "ADDRESS": {}, "O": {}}}))
    assert weights.best([500, 500 << 24]) == [Kind.NAME, Kind.ADDRESS]


@pytest.mark.parametrize(
    ("text", "tagged", "found"),
    [
        ("Принял Бергер, сдал Бергеру; бергер", {"Бергер": Kind.NAME}, ["Бергер", "Бергеру"]),
        ("отзыв (Ли А.)", dict.fromkeys(["(", "Ли", "А", ".", ")"], Kind.NAME), ["Ли А."]),
        ("дом (ул. Мира, 5); 5 лет", dict.fromkeys(["(", "ул", ".", "Мира", ",", ")"], Kind.ADDRESS), ["ул. Мира"]),
        ("Тверь 1990", {"Тверь": Kind.ADDRESS, "1990": Kind.BIRTH_DATE}, ["Тверь", "1990"]),
        ("доб. 926", {"926": Kind.PHONE}, []),
        ("— ; —", {"—": Kind.NAME}, []),
    ],
)
def test_what_is_tagged_becomes_spans(text, tagged, found):
    """Tokens side by side are one, without the signs around them; a name goes elsewhere, too; a phone is the rules'."""
    matches = list(tagger.TOKEN.finditer(text))
    kinds = {number: tagged[match[0]] for number, match in enumerate(matches) if match[0] in tagged}
    assert [text[start:end] for start, end, _ in tagger._spans(text, matches, kinds)] == found


@pytest.mark.parametrize("bullet", ["❶", "⒈", "⑴", "➊", "²", "٣", "½", "Ⅳ"])
def test_a_sign_that_is_a_digit_of_its_own_stays(bullet):
    """Numbered bullets of word processors are no numbers that Python can read."""
    assert bullet in redact(f"Обязанности\n{bullet} сварка труб").text


def test_the_lessons_can_be_read():
    """No mark is misspelt, and there are enough texts with marks and without."""
    texts = list(lessons())
    assert not [text[:60] for text, _ in texts if "‹" in text or "›" in text]
    assert sum(map(bool, dict(texts).values())) > 1_000
    assert sum(not marks for _, marks in texts) > 1_000


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Опыт\nООО «Вымпел», сварщик, напарник Витёк, бригада 4 чел.", "Витёк"),
        ("Опыт работы\nКафе «Луна», повар. В подчинении Туяна и Арюна.", "Туяна Арюна"),
        ("Experience\nAcme Ltd, analyst. Mentored by Sibusiso Ndlovu.", "Sibusiso Ndlovu"),
    ],
)
def test_what_no_rule_finds_goes(text, names):
    """Other people in running text; the work around them stays."""
    by_rules = redacting.by_rules(Sheet.of(text), Counter()).text
    shown = redact(text).text
    assert all(name in by_rules for name in names.split())
    assert not [name for name in names.split() if name in shown]
    assert [word for word in text.split() if word.strip(".,") not in names and word not in shown] == []


def test_a_word_broken_at_a_hyphen_is_one():
    """A column of them is no error, either: what joins two lines is no word itself."""
    assert [match[0] for match in tagger.TOKEN.finditer(Sheet.of("Ведёр-\n  кин").look)] == [
        "Ведёр\ue0fe\ue0fe\ue0fe\ue0feкин"
    ]
    assert "Иванов" not in redact("Иванов-\nПетров " * 9).text
