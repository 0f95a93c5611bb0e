"""What people read: the vacancy's words and ours, and nothing of a stranger, a model or a machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import MAX_RECOMMENDATION
from worker.assessment.criteria import Criterion, CriterionKind
from worker.assessment.grading import Level
from worker.assessment.proof import Lowering, Proof
from worker.assessment.rubric import score
from worker.assessment.suspicion import Suspicion
from worker.assessment.wording import MAX_MATCH, WHY_A_PERSON, cleaned, matches, recommendation

NONE, PARTIAL, STRONG = Level.NONE, Level.PARTIAL, Level.STRONG

PAYLOADS = [
    "<script>alert(1)</script> Python", "<img src=x onerror=alert(1)> Python", "[Python](javascript:alert(1))",
    "Python javascript:alert(1)", "Python https://evil.example/?q=1", "Python www.evil.example",
    "Python t.me/evil", "Python +7 (912) 345-67-89", "Python 8-912-345-67-89",
    "Python evil.io/345", "Python https:// evil.dev/a", "Python 1.2.3.4/evil",
    "Python 495 345-45-67", "Python 9163454567",
    "Python evil＠example.org", "＝Python", "Python evil.net/abc",
    "Python evil@example.org", "Python @evil_handle", '=HYPERLINK("https://evil.example") Python',
    "+cmd|'/C calc'!A0 Python", "-2+3 Python", "@SUM(1) Python", "Python data:text/html;base64,AAAA",
    "![Python](https://evil.example/x.png)", "Python\x00\u202e\u200b", "&lt;b&gt; Python", "{{7*7}} ${7*7} Python",
]  # fmt: skip
BAD = ("<", ">", "script:", "http", "evil", "345", "@", "{", "}", "$", "\x00", "\u202e", "`", "base64", "&lt", "＝")


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
        "Сдача отчётности в СФР и ФНС (ЕФС-1, 6-НДФЛ)", "CI/CD", "ГОСТ 2.105-2019",
        "Участие в тендерах по 44-ФЗ и 223-ФЗ", "Excel: сводные таблицы, ВПР", "Доход от 100 000 до 200 000 руб",
        "Python 3.11.7", "Группа по электробезопасности не ниже IV до и выше 1000 В", "TCP/IP", "socket.io",
    ],
)  # fmt: skip
def test_ordinary_requirements_stay_as_they_are(text):
    """Versions, standards, products and sums of money are no contacts."""
    assert cleaned(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Работа с hh.ru и avito.ru", "Работа с hh и avito"), ("СП 48.13330.2019", "СП 48.13330.2019"),
        ("Vue.js/Nuxt, тел. 8 (912) 345-67-89", "Vue.js/Nuxt, тел"),
    ],
)  # fmt: skip
def test_sites_keep_their_names(text, shown):
    """A product that is named for its address stays, and is no link; numbers of standards are no telephones."""
    assert cleaned(text) == shown


@given(st.text(alphabet=st.characters()))
def test_any_requirement_can_be_published(text):
    """Whatever a vacancy holds, what is left fits the columns and carries no markup."""
    shown = cleaned(text)
    shown.encode()
    assert len(shown) <= MAX_MATCH
    assert not set("<>{}\x00\n") & set(shown)


def proofs(*graded: tuple[CriterionKind, Level, str], **more: object) -> list[Proof]:
    return [
        Proof(Criterion(id=n, text=text, kind=kind, years=3), level, level, ("КРАЙНЕ",), **more)
        for n, (kind, level, text) in enumerate(graded, 1)
    ]


def said(found: list[Proof], *suspicions: Suspicion, threshold: int = 60) -> str:
    return recommendation(found, score(found, threshold=threshold), suspicions)


GATE, MUST, NICE = CriterionKind.GATE, CriterionKind.MUST, CriterionKind.NICE
SKILLS = [(MUST, STRONG, "Python"), (MUST, PARTIAL, "PostgreSQL"), (MUST, NONE, "Kafka"),
          (NICE, STRONG, "Docker")]  # fmt: skip


def test_matches_are_what_is_fully_confirmed():
    """In the vacancy's words; what holds in part is no match."""
    found = proofs(*SKILLS, (GATE, PARTIAL, "Лицензия"), (GATE, STRONG, "Допуск"))
    assert matches(found) == ("Python", "Docker", "Допуск")


def test_the_recommendation_reads_like_a_colleagues_note():
    """A recruiter reads what is confirmed, by name, what in part, what is missing and what to do about it."""
    assert said(proofs(*SKILLS), Suspicion.NEAR_THRESHOLD) == (
        "Подтверждено требований: 2 из 4 — «Python»; «Docker». Частично: «PostgreSQL». В резюме не видно: «Kafka». "
        "Это стоит уточнить на интервью. Нужна проверка человеком: балл близок к порогу."
    )
    assert said(proofs(*SKILLS[:1])) == "Подтверждены все требования — «Python»."


def test_an_unconfirmed_gate_is_said_first():
    """Nobody has to read to the end to learn that the licence is missing."""
    text = said(
        proofs(
            (GATE, NONE, "Лицензия охранника"),
            *[(MUST, STRONG, f"навык {n}") for n in range(3)],
        )
    )
    assert text.startswith("Нет подтверждения обязательного условия: «Лицензия охранника».")


def test_too_few_years_are_said_with_their_sum():
    """Who is asked about it on the phone knows what the dates add up to."""
    found = proofs((MUST, PARTIAL, "Сварка"), months=27, reasons=(Lowering.YEARS_SHORT,))
    assert "Частично: «Сварка» (срок 2 года 3 мес., нужно: 3 года)." in said(found)
    found = proofs((MUST, PARTIAL, "Сварка"), months=0, reasons=(Lowering.YEARS_UNDATED,))
    assert "Частично: «Сварка» (срок не подтверждён датами)." in said(found)


@pytest.mark.parametrize(("levels", "cap"), [([STRONG, STRONG, NONE], 40), ([STRONG, NONE], 20)])
def test_a_cap_is_said(levels, cap):
    """Why 40, with two of three confirmed? The text names the limit."""
    assert f"Балл не выше {cap}" in said(proofs(*((MUST, level, f"навык {n}") for n, level in enumerate(levels))))


@pytest.mark.parametrize("suspicion", Suspicion)
def test_every_suspicion_asks_for_a_person_and_says_why(suspicion):
    """No code word reaches a recruiter, and none is forgotten."""
    text = said(proofs(*SKILLS), suspicion)
    assert f"Нужна проверка человеком: {WHY_A_PERSON[suspicion]}." in text


GRADED = st.lists(
    st.tuples(st.sampled_from(CriterionKind), st.sampled_from(Level), st.text(max_size=400)), min_size=1, max_size=12
)


@given(GRADED, st.lists(st.sampled_from(Suspicion), unique=True))
def test_the_recommendation_always_fits(graded, suspicions):
    """700 characters at most, of whole sentences, with nothing of a quote."""
    text = said(proofs(*graded), *suspicions)
    assert 0 < len(text) <= MAX_RECOMMENDATION
    assert "КРАЙНЕ" not in text
    assert not set("<>{}\n") & set(text)
