"""The model's answer: what is accepted, what is mended, and that no exception repeats it."""

import json
import traceback

import pytest

from worker.assessment.criteria import MAX_CRITERIA, Criterion, CriterionKind
from worker.assessment.grading import (
    MAX_PERIODS,
    MAX_QUOTES,
    RESPONSE_FORMAT,
    DatedGrading,
    Grading,
    Level,
    answer_tokens,
    parse_grading,
)
from worker.assessment.json_answer import BrokenAnswer
from worker.limits.tokens import count_tokens

IDS = (1, 2, 3)


def grade(**changes: object) -> dict[str, object]:
    return {"id": 1, "quotes": ["пишу на Python"], "level": "strong", "periods": [], **changes}


def answer(*grades: object, **changes: object) -> str:
    return json.dumps({"grades": list(grades) or [grade()], **changes}, ensure_ascii=False)


def test_a_good_answer_is_read():
    """An answer that follows the schema arrives field by field, in the order of the criteria."""
    grading = parse_grading(answer(grade(id=2, level="partial"), grade()), IDS)
    assert [(one.id, one.level, one.quotes) for one in grading.grades] == [
        (1, Level.STRONG, ["пишу на Python"]),
        (2, Level.PARTIAL, ["пишу на Python"]),
    ]


BROKEN = {
    "empty": "",
    "not json": "Кандидат подходит",
    "truncated": answer()[:-20],
    "no grades": '{"grades": []}',
    "an id that was not asked for": answer(grade(), grade(id=4)),
    "missing level": answer({"id": 1, "quotes": []}).replace('"quotes"', '"level": 5, "quotes"'),
    "unknown level": answer(grade(level="excellent")),
    "level as a number": answer(grade(level=2)),
    "an id as a word": answer(grade(id="Python")),
    "grades not a list": '{"grades": "Python"}',
    "grade not an object": answer("Python"),
    "a bare list": json.dumps([grade()]),
    "deep nesting": '{"grades":' * 3_000,
    "far too long": answer(grade(quotes=["я" * 60_000])) + "{",
    "lone surrogate": answer().replace("пишу", "\ud800"),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_refused(content):
    """Nothing that breaks the schema becomes a score, whichever endpoint it came from."""
    with pytest.raises(BrokenAnswer):
        parse_grading(content, IDS)


def test_what_nobody_asked_for_is_ignored():
    """An invented score in the answer changes nothing."""
    assert parse_grading(answer(score=100), IDS) == parse_grading(answer(), IDS)


def test_periods_are_read():
    """Years and months arrive as the model wrote them; an endless list is cut."""
    spoken = [{"from": "2019-03", "to": "2021"}, {"from": "2022", "to": "now"}] * 30
    [one] = parse_grading(answer(grade(periods=spoken)), IDS).grades
    assert [(period.since, period.until) for period in one.periods[:2]] == [("2019-03", "2021"), ("2022", "now")]
    assert len(one.periods) == MAX_PERIODS


def test_a_kept_grading_is_the_same_when_it_is_read_again():
    """Who asks for the same resume again gets the same years: nothing of an answer is lost in the cache."""
    spoken = [{"from": "2019-03", "to": "2021"}, {"from": 2022, "to": None}]
    read = parse_grading(answer(grade(periods=spoken), grade(id=2, quotes=[])), IDS)
    kept = DatedGrading(grades=read.grades, year=2026, month=11)
    assert DatedGrading.model_validate_json(kept.model_dump_json()) == kept
    assert len(kept.grades[0].periods) == 2


@pytest.mark.parametrize(
    ("changes", "quotes", "periods"),
    [
        ({"periods": None}, 1, 0),
        ({"periods": ["2019 - 2021", {"to": "2020"}]}, 1, 0),
        ({"periods": [{"from": "2019"}]}, 1, 1),
        ({"periods": {"from": "2019"}}, 1, 0),
        ({"level": "None", "quotes": None}, 0, 0),
        ({"why": "Писал сам", "quotes": "пишу на Python"}, 1, 0),
    ],
)
def test_small_liberties_are_taken_as_they_are_meant(changes, quotes, periods):
    """An endpoint that leaves out, adds or misshapes something of little weight is understood."""
    [one] = parse_grading(answer(grade(**changes)), IDS).grades
    assert (len(one.quotes), len(one.periods)) == (quotes, periods)


@pytest.mark.parametrize(
    "content", [answer(grade(level="Секретное")), answer({**grade(id=None), "Секретное": 1}), '{"grades": "Секретное"}']
)
def test_the_exception_never_repeats_the_answer(content):
    """A traceback in the log cannot contain the resume that the answer quotes."""
    with pytest.raises(BrokenAnswer) as caught:
        parse_grading(content, IDS)
    assert "Секретное" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_one_odd_quote_or_period_costs_nobody_the_others():
    """A null among the quotes, a list for a date, a full stop behind the level: the rest is understood."""
    periods = [{"from": True, "to": ["x"]}, {"from": "2019", "to": None}]
    found = parse_grading(answer(grade(level="Strong.", quotes=[None, "пишу", 5], periods=periods)), [1])
    assert (found.grades[0].level, found.grades[0].quotes, len(found.grades[0].periods)) == (Level.STRONG, ["пишу"], 2)


def test_a_long_quote_is_cut_where_a_word_ends():
    """What is kept is what can be looked for, and no more."""
    (quote,) = parse_grading(answer(grade(quotes=["слово " * 120])), [1]).grades[0].quotes
    assert 590 <= len(quote) <= 600
    assert quote.endswith("слово")


def test_an_id_graded_twice_gets_the_lower_grade():
    """A model that grades one criterion twice does not get the better of two."""
    for pair in ((grade(), grade(level="none")), (grade(level="none"), grade())):
        [one] = parse_grading(answer(*pair), IDS).grades
        assert one.level is Level.NONE


def test_only_two_quotes_count():
    """A third quote is one too many: nobody proves a skill by quoting the whole resume."""
    [one] = parse_grading(answer(grade(quotes=list("абвг"))), IDS).grades
    assert one.quotes == ["а", "б"]
    assert len(one.quotes) == MAX_QUOTES


def test_repr_hides_the_texts():
    """Printing a grading into a log shows ids and levels only."""
    grading = Grading.model_validate_json(answer())
    for shown in (repr(grading), str(grading), repr(grading.grades[0])):
        assert "Python" not in shown
        assert "strong" in shown


BLEMISHED = {
    "code fence": f"```json\n{answer()}\n```",
    "prose around": f"Вот результат:\n{answer()}\nГотово!",
    "trailing commas": answer().replace('"periods": []}]', '"periods": [],},]'),
    "periods as numbers": answer(grade(periods=[{"from": 2019, "to": None}])),
    "no periods": answer({"id": 1, "quotes": ["пишу на Python"], "level": "strong"}),
    "extra keys": answer(grade(why={"a": [1]}), score=100),
    "raw line break in a string": answer().replace("пишу на", "пишу\nна"),
    "braces in prose": f"Формат {{grades}} понят. {answer()}",
    "thinking aloud": f"<think>{answer(grade(level='none'))}</think>{answer()}",
    "level in upper case": answer().replace("strong", " STRONG "),
    "level in Russian": answer().replace("strong", "Полностью"),
    "one quote that is no list": answer(grade(quotes="пишу на Python")),
    "quote under another name": answer({"id": 1, "quote": "пишу на Python", "level": "strong"}),
    "an id in quotation marks": answer(grade(id="1")),
}


@pytest.mark.parametrize("content", BLEMISHED.values(), ids=BLEMISHED.keys())
def test_blemishes_of_json_mode_are_mended(content):
    """An endpoint without schemas still gets its answer read when the content is all there."""
    [one] = parse_grading(content, IDS).grades
    assert (one.id, one.level, one.quotes[0].split()) == (1, Level.STRONG, ["пишу", "на", "Python"])


def test_null_is_none():
    """A model that writes null for "nothing found" is understood."""
    [one] = parse_grading(answer(grade(quotes=None, level=None)), IDS).grades
    assert (one.quotes, one.level) == ([], Level.NONE)


def test_commas_inside_strings_survive_mending():
    """Removing trailing commas never touches a quote."""
    quote = 'массив [1,] и {"a": 1,}, "кавычки"'
    [one] = parse_grading(answer(grade(quotes=[quote])), IDS).grades
    assert one.quotes == [quote]


def test_the_response_format_is_what_strict_mode_accepts():
    """OpenAI refuses a strict schema with an open object, an optional property or an unsupported keyword."""
    schema = RESPONSE_FORMAT["json_schema"]["schema"]
    assert RESPONSE_FORMAT["json_schema"]["strict"] is True
    grade = schema["properties"]["grades"]["items"]
    period = grade["properties"]["periods"]["items"]
    assert [set(one["properties"]) for one in (schema, grade, period)] == [
        {"grades"}, {"id", "quotes", "level", "periods"}, {"from", "to"}
    ]  # fmt: skip
    for one in (schema, grade, period):
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])
    assert grade["properties"]["level"]["enum"] == ["none", "partial", "strong"]
    for keyword in ("minItems", "maxItems", "minLength", "maxLength", "title", "description", "default"):
        assert f'"{keyword}"' not in json.dumps(schema)


def test_the_output_cap_fits_the_longest_answer_that_is_asked_for():
    """Two quotes of fifteen long words for every criterion are not cut off, and not a token more is reserved."""
    quote = (
        "сопровождение бухгалтерского учёта производственных предприятий: расчёт заработной платы, "
        "отчётность и налоговые проверки четырёх организаций"
    )
    periods = [{"from": "2019-03", "to": "2021-05"}] * 2
    for years, count in ((None, 1), (None, 6), (3, MAX_CRITERIA)):
        criteria = [Criterion(id=n, text="Учёт", kind=CriterionKind.MUST, years=years) for n in range(1, count + 1)]
        grades = [grade(id=one.id, quotes=[quote, quote], periods=periods if years else []) for one in criteria]
        tokens = count_tokens(answer(*grades))
        assert tokens <= answer_tokens(criteria) <= 2 * tokens
