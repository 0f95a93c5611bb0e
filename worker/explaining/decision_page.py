"""A decision as one self-contained page, in Russian, for people who have to answer for it.

No script, no link, nothing is loaded: the policy in the page's head forbids all but its own style, by the style's hash.
The page is built as a tree, so that a stranger's words can only ever be text; what a person would not see of them
(controls, zero-width and bidirectional characters) is taken out.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from worker.assessment.durations import in_words
from worker.assessment.plain_text import visible
from worker.assessment.proof import Lowering
from worker.assessment.rubric import FEW_HOLD
from worker.assessment.wording import WHY_A_PERSON
from worker.explaining.explanation import CriterionExplanation, Explanation
from worker.explaining.quote_places import pieces

KINDS: Final = {"gate": "допуск", "must": "обязательное", "nice": "желательное"}
LEVELS: Final = {"none": "не подтверждено", "partial": "частично", "strong": "подтверждено"}
REASONS: Final[dict[str, str]] = {
    Lowering.ABSENT: "цитаты нет в резюме",
    Lowering.PRIVATE: "в цитате только личные данные",
    Lowering.CUT_OFF: "цитата обрезана сразу за отрицанием",
    Lowering.TO_REVIEWER: "предложение обращено к проверяющему",
    Lowering.ONE_FOR_MOST: "одна и та же фраза для большинства требований",
    Lowering.YEARS_SHORT: "срок меньше требуемого",
    Lowering.YEARS_UNDATED: "срок не подтверждён датами",
    Lowering.SECOND_LOOK: "сами по себе цитаты доказывают меньше",
}
SECOND_LOOKS: Final = {
    "kept": "Цитаты проверены вторым запросом к модели: оценки не изменились.",
    "lowered": "Цитаты проверены вторым запросом к модели: часть оценок снижена.",
    "missed": "Вторая проверка цитат не состоялась.",
}
STYLE: Final = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 60rem; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem; margin: 0 0 .3rem } h2 { font-size: 1.05rem; margin: 1.2rem 0 .4rem }
.score { font-size: 2rem; font-weight: 700 } .yes { color: #17692f } .no { color: #9b1c1c }
svg { display: block; width: 100%; height: 3.2rem; margin: .4rem 0 }
.empty { fill: #e4e4e4; stroke: #fff } .strong { fill: #2f8f4e } .partial { fill: #d9a404 } .total { fill: #5b6b7f }
.line { stroke: #1a1a1a; stroke-width: 3 } .cap { stroke: #1a1a1a; stroke-width: 3; stroke-dasharray: 6 4 }
table { border-collapse: collapse; width: 100% } th, td { border-top: 1px solid #bbb; padding: .3rem .4rem;
text-align: left; vertical-align: top } th { font-weight: 600 }
td:nth-child(2), pre, dd, li { overflow-wrap: anywhere } q { display: block; color: #333 }
.why { color: #555; display: block } .look { border-left: .3rem solid #5b6b7f; padding-left: .6rem; margin: .6rem 0 }
pre { white-space: pre-wrap; font: inherit; border: 1px solid #bbb; padding: .6rem } mark { background: #fde68a }
sup { font-size: .7em } dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: 0 }
dd { margin: 0 } .small { color: #555; font-size: .85rem }
@page { size: A4; margin: 12mm }
@media print { body { font-size: 10px; line-height: 1.3; margin: 0; max-width: none } tr { break-inside: avoid }
th, td { padding: .15rem .3rem } h2 { margin: .6rem 0 .2rem } p { margin: .3rem 0 }
* { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
_WIDE: Final = 1_000  # units of the drawing


def page(processing_id: int, explanation: Explanation, resume: str | None = None, *, is_same: bool = True) -> str:
    """The page, to be saved as UTF-8, of an explanation with its texts or without.

    Quotes are marked in the resume as it was sent to the model, if somebody has it; `is_same`: it was graded.
    """
    html = Element("html", lang="ru")
    head = SubElement(html, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY})
    SubElement(head, "meta", name="referrer", content="no-referrer")
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "title", f"Решение по запросу {processing_id}")
    SubElement(head, "style").text = STYLE
    body = SubElement(html, "body")
    _verdict(body, processing_id, explanation)
    _arithmetic(body, explanation)
    _criteria(body, explanation.criteria)
    _remarks(body, explanation)
    if resume is not None:
        _resume(body, explanation, resume, is_same=is_same)
    _origin(body, explanation)
    return "<!DOCTYPE html>\n" + tostring(html, encoding="unicode", method="html") + "\n"


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """An element with text; `class_` is the attribute `class`."""
    child = SubElement(parent, tag, {name.rstrip("_"): value for name, value in attributes.items()})
    child.text = visible(text)
    return child


def _verdict(body: Element, processing_id: int, explanation: Explanation) -> None:
    _add(body, "h1", f"Решение по запросу {processing_id}")
    suits = explanation.score >= explanation.threshold
    said = _add(
        body, "div", f"{explanation.score} из 100 — {explanation.verdict}", class_="score yes" if suits else "score no"
    )
    said.tail = f"«Подходит» — от {explanation.threshold}."
    if explanation.suspicions:  # first, as in the recommendation: whoever reads no further has read it
        why = "; ".join(WHY_A_PERSON.get(code, code) for code in explanation.suspicions)
        _add(body, "p", f"Нужна проверка человеком: {why}. Само по себе это балл не снижает.", class_="look")


def _arithmetic(body: Element, explanation: Explanation) -> None:
    """The sum in words, and as a bar: each criterion as wide as its weight, filled as far as it is confirmed."""
    _add(body, "h2", "Как получилась оценка")
    share = 100 * explanation.points // explanation.of if explanation.of else 100
    words = (
        f"Баллы с учётом веса: {explanation.points} из {explanation.of}, то есть 100 × {explanation.points} ÷ "
        f"{explanation.of} = {share}."
        if explanation.of
        else "В вакансии только допуски: баллов нет."
    )
    if explanation.cap < 100:
        words += f" Правила ограничили оценку: {_capped_by(explanation)}, поэтому не больше {explanation.cap}."
    _add(body, "p", words)
    drawing = SubElement(
        body, "svg", {"viewBox": f"0 0 {_WIDE} 60", "preserveAspectRatio": "none", "role": "img", "aria-label": words}
    )
    at = 0.0
    for one in explanation.criteria if explanation.of else ():
        width = _WIDE * 2 * one.weight / explanation.of
        if width:
            _bar(drawing, at, 8, width, 22, "empty", str(one.id))
            _bar(drawing, at, 8, width * one.points / 2, 22, one.level, str(one.id))
        at += width
    _bar(drawing, 0, 36, _WIDE, 16, "empty", "100")
    _bar(drawing, 0, 36, _WIDE * explanation.score / 100, 16, "total", str(explanation.score))
    marks = [("line", explanation.threshold)] + ([("cap", explanation.cap)] if explanation.cap < 100 else [])
    for kind, value in marks:
        x = f"{_WIDE * value / 100:.1f}"
        SubElement(drawing, "line", {"x1": x, "x2": x, "y1": "32", "y2": "56", "class": kind})
    _add(
        body, "p", "Вверху — требования по весу: зелёное подтверждено, жёлтое частично. Внизу — оценка; черта — порог"
        + (", пунктир — ограничение." if explanation.cap < 100 else "."), class_="small",
    )  # fmt: skip


def _capped_by(explanation: Explanation) -> str:
    """Which rule of `rubric.py` gave the cap: too little holds, or a gate is not confirmed."""
    gates = [one for one in explanation.criteria if one.kind == "gate"]
    held = sum(one.level == "strong" or (one.level == "partial" and one.kind != "gate") for one in explanation.criteria)
    most, asked = FEW_HOLD.get(explanation.cap, (-1, 0))
    if held <= most and len(explanation.criteria) >= asked:
        return f"подтвердилось хотя бы частично требований: {held} из {len(explanation.criteria)}"
    closed = ", ".join(f"№ {one.id}" for one in gates if one.level != "strong")
    return f"не подтверждён допуск ({closed})"


def _bar(drawing: Element, x: float, y: float, width: float, height: float, kind: str, title: str) -> None:
    if width <= 0:
        return
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
    _add(SubElement(drawing, "rect", {**place, "class": kind}), "title", title)


def _criteria(body: Element, criteria: Iterable[CriterionExplanation]) -> None:
    _add(body, "h2", "Требования вакансии")
    table = SubElement(body, "table")
    heading = SubElement(SubElement(table, "thead"), "tr")
    for name in ("№", "Требование и цитаты", "Вид", "Вес", "Уровень", "Баллы"):
        _add(heading, "th", name, scope="col")
    rows = SubElement(table, "tbody")
    for one in criteria:
        row = SubElement(rows, "tr")
        _add(row, "td", str(one.id))
        words = _add(row, "td", one.text or "(слова больше не хранятся)")
        for quote in one.quotes:
            _add(words, "q", quote, dir="auto")
        if one.years is not None and one.months is not None:
            told = in_words(one.months) if one.months else "не подтверждён датами"
            _add(words, "span", f"срок: {told}, нужно: {in_words(12 * one.years)}", class_="small")
        for reason in one.reasons:
            _add(words, "span", f"снижено: {REASONS.get(reason, reason)}", class_="why")
        _add(row, "td", KINDS[one.kind])
        _add(row, "td", str(one.weight) if one.kind != "gate" else "—")
        level = _add(row, "td", LEVELS[one.level])
        if one.claimed != one.level:
            SubElement(level, "br")
            _add(level, "span", f"модель: {LEVELS[one.claimed]}", class_="small")
        _add(row, "td", f"{one.points * one.weight} из {2 * one.weight}" if one.kind != "gate" else "—")


def _remarks(body: Element, explanation: Explanation) -> None:
    remarks = []
    if explanation.second_look is not None:
        remarks.append(SECOND_LOOKS.get(explanation.second_look, explanation.second_look))
    if explanation.forbidden:
        remarks.append(f"Требования, запрещённые законом, не учитывались: {', '.join(explanation.forbidden)}.")
    if remarks:
        _add(body, "h2", "Замечания")
        items = SubElement(body, "ul")
        for remark in remarks:
            _add(items, "li", remark)


def _resume(body: Element, explanation: Explanation, resume: str, *, is_same: bool) -> None:
    _add(body, "h2", "Резюме, каким его видела модель")
    if not is_same:
        _add(body, "p", "Внимание: оценивалось не это резюме или оно изменилось с тех пор.", class_="why")
    quotes = [(one.id, quote) for one in explanation.criteria for quote in one.quotes]
    text = SubElement(body, "pre", dir="auto")
    last: Element | None = None
    for piece, number in pieces(visible(resume), quotes):
        if number is not None:
            last = _add(text, "mark", piece)
            _add(last, "sup", str(number))
        elif last is None:
            text.text = (text.text or "") + piece
        else:
            last.tail = (last.tail or "") + piece


def _origin(body: Element, explanation: Explanation) -> None:
    _add(body, "h2", "Откуда это")
    rows = {
        "Модель": explanation.model + (f", провайдер {explanation.provider}" if explanation.provider else ""),
        "Ответ": "из кэша" if explanation.cached else "получен для этого запроса",
        "Версии": f"промпт {explanation.prompt_version}, правила {explanation.rubric_version}, "
        + (f"обезличивание {explanation.redaction_version}" if explanation.redaction_version else "без обезличивания"),
        "Набор требований": explanation.criteria_digest,
        "Оценено": explanation.graded_in,
    }
    if explanation.prompt_tokens is not None:
        rows["Токены"] = f"{explanation.prompt_tokens} в запросе, {explanation.completion_tokens} в ответе"
    listed = SubElement(body, "dl")
    for name, value in rows.items():
        _add(listed, "dt", name)
        _add(listed, "dd", value)
    _add(
        body, "p", "Модель только ставит уровни и приводит цитаты; проверяет их и считает оценку программа. Решение о "
        "человеке принимает человек. В странице могут быть личные данные: храните и передавайте её соответственно.",
        class_="small",
    )  # fmt: skip
