"""What people read: the vacancy's words and ours, and nothing of a stranger, a model or a machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.assessment.criteria import Criterion, Kind
from worker.assessment.evidence import Proof, Reason
from worker.assessment.grading import Level
from worker.assessment.rubric import score
from worker.assessment.thresholds import Threshold
from worker.assessment.wording import MAX_MATCH, MAX_RECOMMENDATION, cleaned, matches, recommendation

NONE, PARTIAL, STRONG = Level.NONE, Level.PARTIAL, Level.STRONG

PAYLOADS = [
    "<script>alert(1)</script> Python", "<img src=x onerror=alert(1)> Python", "[Python](javascript:alert(1))",
    "Python javascript:alert(1)", "Python https://evil.example/?q=1", "Python www.evil.example",
    "Python evil.ru", "Python t.me/evil", "Python +7 (912) 345-67-89", "Python 8-912-345-67-89",
    "Python evil@example.org", "Python @evil_handle", '=HYPERLINK("https://evil.example") Python',
    "+cmd|'/C calc'!A0 Python", "-2+3 Python", "@SUM(1) Python", "Python data:text/html;base64,AAAA",
    "![Python](https://evil.example/x.png)", "Python\x00\u202e\u200b", "&lt;b&gt; Python", "{{7*7}} ${7*7} Python",
]  # fmt: skip
BAD = ("<", ">", "script:", "http", "evil", "345", "@", "{", "}", "$", "\x00", "\u202e", "`", "base64", "&lt")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_active_payloads_do_not_survive(payload):
    """No markup, link, contact or formula of a vacancy reaches a recruiter's page or spreadsheet."""
    text = cleaned(payload)
    assert "Python" in text or "cmd" in text
    assert [bad for bad in BAD if bad in text.lower()] == []
    assert text[0] not in "=+-@\t"


@pytest.mark.parametrize(
    "text",
    [
        "Опыт расчёта зарплаты от 2 лет", "Уверенная работа в 1С:ЗУП 3.1", "ASP.NET и Node.js", ".NET Core", "C++ и C#",
        "Сдача отчётности в СФР и ФНС (ЕФС-1, 6-НДФЛ)", "CI/CD", "Работа с hh.ru и Авито Работа", "ГОСТ 2.105-2019",
        "Участие в тендерах по 44-ФЗ и 223-ФЗ", "Excel: сводные таблицы, ВПР", "Доход от 100 000 до 200 000 руб",
        "Python 3.11.7", "Группа по электробезопасности не ниже IV до и выше 1000 В", "TCP/IP", "socket.io",
    ],
)  # fmt: skip
def test_ordinary_requirements_stay_as_they_are(text):
    """Versions, standards, products and sums of money are no contacts."""
    assert cleaned(text) == text


@given(st.text(alphabet=st.characters()))
def test_any_requirement_can_be_published(text):
    """Whatever a vacancy holds, what is left fits the columns and carries no markup."""
    shown = cleaned(text)
    shown.encode()
    assert len(shown) <= MAX_MATCH
    assert not set("<>{}\x00\n") & set(shown)


def proofs(*graded: tuple[Kind, Level, str], reasons: tuple[Reason, ...] = ()) -> list[Proof]:
    return [
        Proof(Criterion(id=n, text=text, kind=kind, threshold=Threshold()), level, level, ("КРАЙНЕ",), reasons)
        for n, (kind, level, text) in enumerate(graded, 1)
    ]


def said(found: list[Proof], *, threshold: int = 60, flagged: bool = False) -> str:
    return recommendation(found, score(found, threshold=threshold), threshold=threshold, flagged=flagged)


SKILLS = [(Kind.MUST, STRONG, "Python"), (Kind.MUST, PARTIAL, "PostgreSQL"), (Kind.MUST, NONE, "Kafka"),
          (Kind.NICE, STRONG, "Docker")]  # fmt: skip


def test_matches_are_the_criteria_that_hold():
    """In the vacancy's words and order; a gate only if it is confirmed."""
    found = proofs(*SKILLS, (Kind.GATE, PARTIAL, "Лицензия"), (Kind.GATE, STRONG, "Допуск"))
    assert matches(found) == ("Python", "PostgreSQL", "Docker", "Допуск")


def test_the_recommendation_says_what_is_confirmed_and_what_to_ask():
    """A recruiter reads what holds, what holds in part, what is missing and what to ask."""
    assert said(proofs(*SKILLS)) == (
        "Подтверждено полностью требований: 2 из 4. Частично: «PostgreSQL». Не подтверждено: «Kafka». "
        "Спросить на интервью: «Kafka»; «PostgreSQL». Нужна проверка человеком: балл близок к порогу."
    )


def test_an_unconfirmed_gate_is_said_first():
    """Nobody has to read to the end to learn that the licence is missing."""
    text = said(proofs((Kind.GATE, NONE, "Лицензия охранника"), *[(Kind.MUST, STRONG, f"навык {n}") for n in range(3)]))
    assert text.startswith("Не подтверждено обязательное условие: «Лицензия охранника».")
    assert "Нужна проверка человеком: остальные требования подтверждены." in text


def test_a_flag_asks_for_a_person():
    """Who talks to the reviewer is looked at by a person, and the text says why."""
    assert "обращения к проверяющему" in said(proofs(*SKILLS), flagged=True)


def test_few_requirements_ask_for_a_person():
    """The platform caps such a score; the reader learns that it is the vacancy's doing."""
    assert "меньше трёх проверяемых требований" in said(proofs((Kind.MUST, STRONG, "Python")))


def test_rejected_quotes_ask_for_a_person():
    """Where evidence was not accepted, somebody should see it."""
    found = proofs(*SKILLS, reasons=(Reason.ECHO,))
    assert "часть цитат не принята" in said(found)


GRADED = st.lists(
    st.tuples(st.sampled_from(Kind), st.sampled_from(Level), st.text(max_size=400)), min_size=1, max_size=12
)


@given(GRADED, st.booleans())
def test_the_recommendation_always_fits(graded, flagged):
    """700 characters at most, of whole sentences, with nothing of a quote."""
    text = said(proofs(*graded), flagged=flagged)
    assert 0 < len(text) <= MAX_RECOMMENDATION
    assert "КРАЙНЕ" not in text
    assert not set("<>{}\n") & set(text)
