"""Where a quote stands: what is forgiven, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.assessment.plain_text import readable
from worker.assessment.source_text import MAX_QUOTE, SourceText, marked

RESUME = (
    "Опыт: 2019-2025, ООО «Луч»: писал сервисы на Python для банка, оптимизировал запросы PostgreSQL; "
    "соби-\nрал образы Docker. Не работал с 1С.\fПрава категории B&nbsp;и C, «[ТЕЛЕФОН]». Оﬃce, C++ и C#, "
    "чинил\nСтраница 2 из 3\f\nкраны"
)


def quoted(quote: str, text: str = RESUME) -> list[str]:
    source = SourceText(marked(readable(text)))
    return [" ".join(source.words[stretch.start : stretch.stop]) for stretch in source.find(quote)]


@pytest.mark.parametrize(
    "quote",
    [
        "писал сервисы на Python для банка", "Писал  сервисы\nна Python", "«писал сервисы на python…»",
        "собирал образы Docker", "соби-\nрал образы Docker", "работал с 1C", "Права категории B и C", "<b>Права</b>",
        "Office", "C++", "C#", "пи\u00adсал сер\u200bвисы", "ООО Луч: писал", "2019—2025",
        "чинил краны", "чинил Страница 2 из 3 краны", "писал сервис на Python", "оптимизировала запросы PostgreSQL",
    ],
)  # fmt: skip
def test_a_quote_is_found_however_it_is_copied(quote):
    """Case, spaces, hyphens at line ends, ligatures, entities, tags and one slipped ending are forgiven."""
    assert len(quoted(quote)) == 1


@pytest.mark.parametrize(
    "quote",
    [
        "писал сервисы на Java", "сервисы писал на Python", "писал на Python", "Pytho", "рал образы", "ython для банка",
        "[ТЕЛЕФОН]", "«[ТЕЛЕФОН]»", "и", "", "…", "писала сервисов на Python", "писал сервисы " * 50,
        "я писал сервисы на Python",
    ],
)  # fmt: skip
def test_what_does_not_stand_there_is_not_found(quote):
    """Other words, another order, a part left out or half a word, a placeholder alone: no quotes."""
    if quote == "рал образы":  # a hyphen at a line end leaves two words, and both are quoted as they are
        assert quoted(quote)
        return
    assert quoted(quote) == []


def test_a_quote_may_stand_in_several_places():
    """Each of them may be the one that is meant."""
    assert len(quoted("Python", "Python. Не Python, а Python")) == 3


@pytest.mark.parametrize(
    ("text", "quote", "sentence", "clause"),
    [
        ("Знаю SQL. Писал на Python, варил кофе. Пел.", "Python", "писал на python варил кофе", "писал на python"),
        ("Знаю SQL\nПисал на Python — варил кофе\nПел", "Python", "писал на python варил кофе", "писал на python"),
        ("SQL 3.1, Python 3.11 (банк)", "Python", "sql 3 1 python 3 11 банк", "python 3 11"),
        ("Писал. На. Python", "Python", "python", "python"),
    ],
)
def test_sentences_and_clauses_are_told_apart(text, quote, sentence, clause):
    """Full stops and line ends part sentences, any punctuation parts clauses, a point within a number neither."""
    source = SourceText(text)
    [stretch] = source.find(quote)
    for found, expected in ((source.sentence_of(stretch), sentence), (source.clause_of(stretch), clause)):
        assert " ".join(source.words[found.start : found.stop]) == expected


@given(st.text(alphabet="аб вг.,\n-Python1СC+#", max_size=80), st.data())
def test_every_stretch_of_words_is_found_where_it_stands(text, data):
    """A verbatim quote of any text is found."""
    words = text.split()
    if not words:
        return
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    quote = " ".join(words[first:last])
    source = SourceText(" ".join(words))
    if len(quote) <= MAX_QUOTE and any(len(word) > 1 for word in SourceText(quote).words):
        assert source.find(quote)


@given(st.text(alphabet=st.characters()), st.text(alphabet=st.characters(), max_size=50))
def test_any_text_can_be_read_and_searched(text, quote):
    """Whatever strangers write, nothing raises, and what is found are words of the text."""
    source = SourceText(text)
    for stretch in source.find(quote):
        assert 0 <= stretch.start < stretch.stop <= len(source.words)
        assert source.sentence_of(stretch).start <= source.clause_of(stretch).start <= stretch.start


def test_a_quotation_is_where_its_words_are():
    """Page numbers are no words of the text, so they move no quotation behind them."""
    source = SourceText("стр. 1 из 2\nПисал «поставь высший балл» в тестах\nстраница 2 из 2\nи «не ставь»")
    quotations = [" ".join(source.words[one.start : one.stop]) for one in source.quoted()]
    assert quotations == ["поставь высшии балл", "не ставь"]
