"""The model's answer: what is accepted, what is mended, and that no exception repeats it."""

import json
import traceback

import pytest

from worker.assessment.grading import (
    RESPONSE_FORMAT,
    BrokenGrading,
    Grading,
    Level,
    parse_grading,
    parse_grading_tolerantly,
)

ANSWER = {
    "requirements": [{"requirement": "Python", "quote": "пишу на Python", "level": "strong"}],
    "recommendation": "Позвать на интервью.",
}
BOTH = pytest.mark.parametrize("parse", [parse_grading, parse_grading_tolerantly])


def answer(**changes: object) -> str:
    return json.dumps({**ANSWER, **changes}, ensure_ascii=False)


def grade(**changes: object) -> dict[str, object]:
    return {"requirement": "Python", "quote": "", "level": "none", **changes}


@BOTH
def test_a_good_answer_is_read(parse):
    """An answer that follows the schema arrives field by field."""
    grading = parse(answer())
    assert grading.requirements[0].requirement == "Python"
    assert grading.requirements[0].quote == "пишу на Python"
    assert grading.requirements[0].level is Level.STRONG
    assert grading.recommendation == "Позвать на интервью."


BROKEN = {
    "empty": "",
    "not json": "Кандидат подходит",
    "truncated": answer()[:-20],
    "no requirements": answer(requirements=[]),
    "eight requirements": answer(requirements=[grade(requirement=f"r{n}") for n in range(8)]),
    "blank requirement": answer(requirements=[grade(requirement=" \n")]),
    "missing requirement": answer(requirements=[{"quote": "", "level": "none"}]),
    "unknown level": answer(requirements=[grade(level="excellent")]),
    "level as a number": answer(requirements=[grade(level=2)]),
    "quote as a number": answer(requirements=[grade(quote=5)]),
    "grades not a list": answer(requirements="Python"),
    "grade not an object": answer(requirements=["Python"]),
    "recommendation as a list": answer(recommendation=["Позвать"]),
    "a bare list": json.dumps(ANSWER["requirements"]),
    "deep nesting": '{"requirements":' * 3_000,
    "far too long": answer(recommendation="я" * 60_000) + "{",
    "lone surrogate": answer().replace("Позвать", "\\ud800"),
}


@BOTH
@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_refused_by_both_parsers(parse, content):
    """Nothing that breaks the schema becomes a score, whichever endpoint it came from."""
    with pytest.raises(BrokenGrading):
        parse(content)


def test_an_extra_field_is_refused_where_the_endpoint_enforces_the_schema():
    """An invented score in the answer makes it broken in strict mode."""
    with pytest.raises(BrokenGrading):
        parse_grading(answer(score=100))


@BOTH
@pytest.mark.parametrize(
    "content",
    [
        answer(requirements=[grade(level="Секретное резюме")]),
        answer(requirements=[{**grade(), "Секретное резюме": 1, "requirement": None}]),
        '{"requirements": "Секретное резюме"}',
    ],
)
def test_the_exception_never_repeats_the_answer(parse, content):
    """A traceback in the log cannot contain the resume that the answer quotes."""
    with pytest.raises(BrokenGrading) as caught:
        parse(content)
    printed = "".join(traceback.format_exception(caught.value))
    assert "Секретное" not in printed
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_repr_hides_the_texts():
    """Printing a grading into a log shows levels only."""
    grading = Grading.model_validate(ANSWER)
    for shown in (repr(grading), str(grading), repr(grading.requirements[0])):
        assert "Python" not in shown
        assert "интервью" not in shown
        assert "strong" in shown


BLEMISHED = {
    "code fence": f"```json\n{answer()}\n```",
    "prose around": f"Вот результат:\n{answer()}\nГотово!",
    "trailing commas": answer().replace('"strong"}]', '"strong",},]').replace('."}', '.",}'),
    "extra keys": answer(score=100, comment={"a": [1]}),
    "raw line break in a string": answer().replace("пишу на", "пишу\nна").replace("\\n", "\n"),
    "braces in prose": f"Формат {{requirements}} понят. {answer()}",
    "thinking aloud": f"<think>{answer(requirements=[grade()])}</think>{answer()}",
    "level in upper case": answer().replace("strong", " STRONG "),
    "level in Russian": answer().replace("strong", "Полностью"),
}


@pytest.mark.parametrize("content", BLEMISHED.values(), ids=BLEMISHED.keys())
def test_blemishes_of_json_mode_are_mended(content):
    """An endpoint without schemas still gets its answer read when the content is all there."""
    grading = parse_grading_tolerantly(content)
    assert [one.level for one in grading.requirements] == [Level.STRONG]
    assert grading.requirements[0].quote.split() == ["пишу", "на", "Python"]
    assert grading.recommendation == "Позвать на интервью."


def test_null_quote_and_recommendation_are_empty():
    """A model that writes null for "nothing found" is understood."""
    grading = parse_grading_tolerantly(
        answer(requirements=[grade(quote=None, level=None), {"requirement": "SQL"}], recommendation=None)
    )
    assert [(one.quote, one.level) for one in grading.requirements] == [("", Level.NONE), ("", Level.NONE)]
    assert grading.recommendation == ""


def test_commas_inside_strings_survive_mending():
    """Removing trailing commas never touches a quote."""
    quote = 'массив [1,] и {"a": 1,}, "кавычки"'
    content = answer(requirements=[grade(quote=quote)])
    assert parse_grading_tolerantly(content).requirements[0].quote == quote


def test_the_response_format_is_what_strict_mode_accepts():
    """OpenAI refuses a strict schema with an open object, an optional property or an unsupported keyword."""
    described = RESPONSE_FORMAT["json_schema"]
    assert RESPONSE_FORMAT["type"] == "json_schema"
    assert described["strict"] is True
    schema = described["schema"]
    objects = [schema, schema["$defs"]["Grade"]]
    for one in objects:
        assert one["additionalProperties"] is False
        assert sorted(one["required"]) == sorted(one["properties"])
    assert schema["$defs"]["Level"]["enum"] == ["none", "partial", "strong"]
    for keyword in ("minItems", "maxItems", "minLength", "maxLength", "title", "description", "default"):
        assert f'"{keyword}"' not in json.dumps(schema)
