"""Which quotes count as standing in the resume. One case per rule; each falls when its rule is broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.assessment.plain_text import fold
from worker.assessment.plain_text import words as words_of_folded
from worker.assessment.quotes import find_quote
from worker.assessment.reading import Reading, read, redacted_words

RESUME = """\
Кузнецова Ольга, 41 год.
Бухгалтер по заработной плате, ООО «Стройдвор», 2017—2025: расчёт зарплаты для 260 сотрудников в 1С:ЗУП 3.1.
Опыт 5 лет. Не работала с SAP. Без опыта в банке. Не только больничные, но и отпускные.
Писала на C++ и C#, знакома с ASP.NET и Node.js; Go — 2 года, английский B2.
Разра-
ботала регламенты; бизнес-
аналитик на полставки. Отзывы… хорошие. Курсы… экзамен... диплом… практика.
Монтаж по ГОСТ2012.
Managed a team of twelve nurses. Maintained SQL reports in React.
Full‑stack résumé: naïve café. Ｆｕｌｌ ｗｉｄｔｈ.
"""


def quote_holds(quote: str, resume: Reading) -> bool:
    return bool(find_quote(quote, redacted_words(quote), resume))


def words(text: str) -> list[str]:
    return words_of_folded(fold(text))


HELD = {
    "verbatim": "расчёт зарплаты для 260 сотрудников",
    "other case": "РАСЧЁТ ЗАРПЛАТЫ",
    "е for ё": "расчет зарплаты",
    "other whitespace": "расчёт \n\t зарплаты\u00a0для",
    "other punctuation": "ООО 'Стройдвор' - 2017-2025",
    "brackets around": "«расчёт зарплаты».",
    "combining accent": "расче\u0308т за\u0301рплаты",
    "zero-width characters": "рас\u200bчёт зар\u2060платы",
    "soft hyphen": "рас\u00adчёт зарплаты",
    "full-width digits": "для ２６０ сотрудников",
    "full-width in the resume": "Full width",
    "Latin C in 1С": "в 1C:ЗУП 3.1",
    "Latin letters in a Russian word": "pасчёт зapплaты",
    "word hyphenated over a line end": "Разработала регламенты",
    "the same copied as it is": "Разра-\nботала регламенты",
    "real hyphen at a line end": "бизнес-аналитик",
    "word after a hyphen": "аналитик на полставки",
    "non-breaking hyphen": "Full-stack resume",
    "accents dropped": "naive cafe",
    "C++": "Писала на C++",
    "C#": "C#",
    ".NET": "ASP.NET",
    "two-letter language": "Go",
    "name with a digit": "1С",
    "level with a digit": "английский B2",
    "dots of the resume itself": "Отзывы... хорошие",
    "many dots of the resume itself": "Курсы... экзамен... диплом... практика",
    "ellipsis between two passages": "расчёт зарплаты ... английский B2",
    "bracketed ellipsis, three passages": "расчёт зарплаты […] Писала на C++ … английский B2",
    "not only": "только больничные, но и отпускные",
    "whole negative sentence": "Не работала с SAP",
    "English": "managed a team of twelve nurses",
}
NEAR = {
    "changed ending": "расчёт зарплата для 260 сотрудников",
    "dropped ending": "расчёт зарплат",
    "English plural": "team of twelve nurse",
    "English -ed": "manage a team",
}
NOT_HELD = {
    "invented": "внедрение МСФО",
    "paraphrase": "начисление зарплаты для 260 сотрудников",
    "synonym in a long quote": "Бухгалтер по заработной плате ООО Стройдвор 2017—2025: начисление зарплаты",
    "reordered words": "зарплаты расчёт",
    "skipped word": "расчёт для 260 сотрудников",
    "added word": "расчёт всей зарплаты",
    "part of a word at its end": "платы для 260 сотрудников",
    "part of a word at its beginning": "сотрудн",
    "other number": "Опыт 6 лет",
    "more digits": "для 2600 сотрудников",
    "other version": "в 1С:ЗУП 3.0",
    "other English level": "английский B1",
    "two changed endings in three words": "расчёты зарплат для",
    "two changed endings in seven words": "расчёт зарплат для 260 сотрудника в 1С",
    "ending of more than three letters": "Бухгалтерские",
    "stem shorter than three letters": "Го",
    "short stem, long ending": "Опытный",
    "C is not C++": "Писала на C",
    "C# is not C++": "Писала на C#",
    "SQLite is not SQL": "Maintained SQLite",
    "Reactor is not React": "reports in Reactor",
    "passages in the wrong order": "английский B2 ... расчёт зарплаты",
    "one passage invented": "расчёт зарплаты ... внедрение МСФО",
    "four passages": "расчёт зарплаты ... Опыт ... больничные ... отпускные",
    "passage that says nothing": "расчёт зарплаты ... и ... английский B2",
    "empty": "",
    "punctuation only": " «…» . ",
    "ellipsis only": "...",
    "one letter": "и",
    "function words only": "но и",
    "other number in a word": "по ГОСТ2018",
    "number only": "2017",
    "numbers only": "2017—2025",
}


@pytest.mark.parametrize("quote", HELD.values(), ids=HELD.keys())
def test_the_resumes_own_words_hold(quote):
    """Spelling, typography and layout do not cost a candidate the credit."""
    assert quote_holds(quote, read(RESUME))


@pytest.mark.parametrize("quote", NEAR.values(), ids=NEAR.keys())
def test_one_changed_ending_is_forgiven(quote):
    """A model that drops or changes one ending has still quoted."""
    assert quote_holds(quote, read(RESUME))


@pytest.mark.parametrize("quote", NOT_HELD.values(), ids=NOT_HELD.keys())
def test_what_the_resume_does_not_say_earns_nothing(quote):
    """Invented, paraphrased, reordered, distorted and empty quotes are no evidence."""
    assert not quote_holds(quote, read(RESUME))


def test_a_long_quote_may_change_one_word_in_four():
    """Eight words allow two changed endings, but not three."""
    resume = read("опытный механик ремонтирует старые дизельные двигатели грузовых машин")
    assert quote_holds("опытный механика ремонтирует старые дизельные двигателя грузовых машин", resume)
    assert not quote_holds("опытного механика ремонтирует старые дизельные двигателя грузовых машин", resume)


def test_repr_hides_the_words():
    """A resume that was read shows nothing of itself in a log line."""
    assert "ольга" not in repr(read(RESUME)).lower()


def test_words_keep_what_names_a_technology():
    """C++, C#, 1С and version numbers survive; punctuation does not."""
    assert words("C++, C#; 1С:ЗУП (3.1) — .NET, 5+ лет") == [
        "c++", "c#", "1c", "зуп", "3", "1", "net", "5", "лет",
    ]  # fmt: skip


@given(st.text())
def test_any_text_can_be_looked_up(text):
    """No quote and no resume crashes the check, whatever characters they hold."""
    quote_holds(text[:600], read(text))


@given(
    st.lists(st.sampled_from(["python", "опыт", "склад", "docker", "лет", "5", "и"]), min_size=1, max_size=12),
    st.data(),
)
def test_every_stretch_of_the_resume_that_says_something_holds(resume_words, data):
    """Whatever the model copies holds, unless it is only numbers and function words."""
    start = data.draw(st.integers(0, len(resume_words) - 1))
    stop = data.draw(st.integers(start + 1, len(resume_words)))
    stretch = resume_words[start:stop]
    says_something = any(word not in {"5", "и"} for word in stretch)
    assert quote_holds(" ".join(stretch), read(" ".join(resume_words))) == says_something
