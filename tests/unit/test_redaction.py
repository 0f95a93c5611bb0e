"""What leaves for another country: nobody's name, contacts or particulars, and everything that tells a skill."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.redaction import HOSTILE, lost, missed
from bench.redaction_set.layouts import documents, fresh_documents, held_out_documents
from bench.redaction_set.lookalikes import FRESH_LOOKALIKES, LOOKALIKES
from bench.redaction_set.variants import groups
from worker.assessment.redaction import redact, redacting, rules
from worker.assessment.redaction.named_text import stem
from worker.assessment.redaction.placeholders import SPELLINGS, WORDS, Kind
from worker.assessment.redaction.rules import RuleSet, replaced
from worker.assessment.redaction.sheet import Sheet
from worker.assessment.redaction.word_list import pattern
from worker.assessment.source_text import SourceText, marked

CHECKOUT = Path(__file__).parents[2]

REDACTED = {
    "phone with spaces": ("Звоните: +7 926 123 45 67, вечером", "926"),
    "phone with an extension": ("тел. 8-495-123-45-67 доб. 123", "123"),
    "phone of a city": ("тел.: 123-45-67", "123-45-67"),
    "phone after a slash of labels": ("WhatsApp/Telegram: +7 926 123-45-67", "WhatsApp"),
    "e-mail with spaces": ("Почта ivan @ mail.ru", "mail"),
    "e-mail in Cyrillic": ("иван@почта.рф", "почта"),
    "e-mail with a dog": ("ivan собака mail точка ru", "ivan"),
    "e-mail in brackets": ("ivan [at] mail [dot] ru", "mail"),
    "link without a scheme": ("github.com/ivan-petrov/project", "ivan"),
    "link of a personal domain": ("Сайт: ivanov.ru", "ivanov"),
    "link with a query": ("https://hh.ru/resume/1?q=Иван#x", "resume"),
    "handle behind a messenger": ("Skype: live:ivan.petrov_1", "ivan"),
    "handle of a sentence": ("пишите @ivan_petrov в любое время", "ivan"),
    "passport with its issuer": ("Паспорт 45 10 123456 выдан ОВД Тверское 12.03.2010", "Тверское"),
    "pension number": ("СНИЛС 112-233-445 95", "112"),
    "tax number": ("ИНН: 500100732259", "5001"),
    "driving licence": ("В/у 99 12 345678, категории B, C", "345678"),
    "diploma": ("Диплом № 107718 0123456", "107718"),
    "birth date in words": ("Родилась 3 марта 1991 года в г. Тула", "Тула"),
    "birth year": ("1990 г.р.", "1990"),
    "birth date in English": ("Born: May 12, 1994", "1994"),
    "age with a label": ("Возраст: 45 лет", "45"),
    "age in a sentence": ("Мне 34 года, ищу работу", "34"),
    "age in English": ("33 years old", "33"),
    "sex": ("Пол: женский", "женский"),
    "family": ("Семейное положение: разведена, двое детей", "двое"),
    "leave for a child": ("2019-2021 отпуск по уходу за ребёнком", "ребёнком"),
    "citizenship": ("Гражданин Республики Узбекистан, есть разрешение на работу: Россия", "Узбекистан"),
    "nationality": ("Национальность: татарка", "татарка"),
    "street": ("офис рядом, ул. Алабяна, д. 10, корп. 5", "Алабяна"),
    "address with a label": ("Адрес: Московская обл., Химки, Мира 5-12", "Химки"),
    "home": ("Проживаю в Харькове, готов к переезду", "Харькове"),
    "picture": ("Фото: ![я](https://example.org/1.png)", "example"),
    "encoded picture": ("data:image/png;base64,iVBORw0KGgo=", "iVBOR"),
    "name in capitals": ("ИВАНОВ ПЁТР", "ПЁТР"),
    "name in small letters": ("петров семен львович водитель", "семен"),
    "initials behind": ("Рекомендует Сидоров А. Б.", "Сидоров"),
    "initials before": ("Рекомендует А. Б. Сидоров", "Сидоров"),
    "double name": ("Сидорова-Белых Анна-Мария Карловна", "Мария"),
    "oghlu": ("Мастер Гасанов Эльшан Ариф оглы", "Ариф"),
    "name of a third person": ("под началом Смирнова Алексея Петровича", "Смирнова"),
    "name one word a line": ("Петров\nСемён\nЛьвович\nВодитель", "Семён"),
    "name in Latin letters": ("Name: Ivan Shcherbakov, Moscow", "Shcherbakov"),
    "English name": ("JOHN DOE\nSoftware Engineer", "DOE"),
    "name in a greeting": ("Добрый день! Меня зовут Оля, я швея", "Оля"),
    "name in a signature": ("С уважением, Ольга", "Ольга"),
    "decomposed letters": ("Андреи\u0306 Сергеевич Гуров", "Андре"),
    "soft hyphens": ("Ива\u00adнов Иван Ива\u00adнович", "Ива"),
}


@pytest.mark.parametrize("case", REDACTED)
def test_personal_data_goes(case):
    """Every kind of personal data is replaced in the shapes people write it in."""
    text, secret = REDACTED[case]
    assert secret not in redact(text).text
    assert "«[" in redact(text).text


@pytest.mark.parametrize("line", [*LOOKALIKES, *FRESH_LOOKALIKES])
def test_lookalikes_stay(line):
    """Versions, standards, amounts, periods, products and employers are sent as they are."""
    assert redact(line).text.replace("Вел ", "Вёл ") == line


@pytest.mark.parametrize("written", [documents, held_out_documents, fresh_documents])
def test_synthetic_people_cannot_be_recognised_and_their_skills_can(written):
    """Of 130 people in eleven layouts contacts, documents, dates and links go without exception, and nothing else."""
    secrets, left, gone = Counter(), Counter(), []
    for document in written()[::3]:  # every person, in every layout; `python -m bench.redaction` takes them all
        shown = redact(document.text).text
        secrets.update(kind for kind, _ in document.secrets)
        left.update(kind for kind, _ in missed(document, shown))
        gone += lost(document, shown)
    assert left.pop("name", 0) <= 0.03 * secrets["name"]
    assert left == {}
    assert gone == []


@pytest.mark.parametrize("group", groups(), ids=lambda group: group.attribute)
def test_who_the_person_is_does_not_change_the_prompt(group):
    """Resumes that differ in the person only become the same bytes."""
    assert len({redact(text).text for text in group.texts}) == 1


def test_phones_of_every_country():
    """An international number of any region of the world is found."""
    left = []
    for region in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number(region)
        for shape in (phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164):
            number = phonenumbers.format_number(example, shape)
            if redact(f"Связь {number}, звоните").text != "Связь «[ТЕЛЕФОН]», звоните":
                left.append((region, number))
    assert left == []


def test_the_surname_goes_wherever_it_stands():
    """A surname found once is found again in any case and in Latin letters."""
    text = redact(
        "Воронцов Кирилл\nИнженер\nРаботу Воронцова хвалили. С Воронцовым легко. Vorontsov speaks English."
    ).text
    assert "ронцов" not in text
    assert "orontsov" not in text


def test_an_employer_stays_unless_it_is_the_candidate():
    """«Иванов и партнёры» is a place of work; of Ivanov himself it is a name."""
    employer = "ООО «Иванов и партнёры», юрист"
    assert employer in redact(f"Сидоров Олег\n{employer}").text
    assert "Иванов" not in redact(f"Иванов Олег\n{employer}").text


def test_neighbours_become_one():
    """What is told of a person, and in which order, leaves no trace in a header."""
    assert redact("Иванов Иван, 31 год, женат\nтел. +7 926 123-45-67\n\nСварщик").text == "«[ЛИЧНЫЕ ДАННЫЕ]»\n\nСварщик"
    assert redact("Контакты: a@b.ru, c@d.ru").text == "«[EMAIL]»"


def test_sentences_stay_apart():
    """Two sentences about somebody do not become one."""
    text = redact("Помощник Смирнова Алексея Петровича. Смирнов отметил успехи.").text
    assert text == "Помощник «[ИМЯ]». «[ИМЯ]» отметил успехи."


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Вела отчётность, сдавала декларации", "Вел отчётность, сдавал декларации"),
        ("ПРОШЛА АТТЕСТАЦИЮ", "ПРОШЕЛ АТТЕСТАЦИЮ"),
        ("Сама разработала регламент", "Сам разработал регламент"),
        ("Была назначена старшей смены", "Был назначен старшей смены"),
        ("Компания выросла, выручка удвоилась", "Компания выросла, выручка удвоилась"),
        ("Команда внедрила CRM, настроила телефонию", "Команда внедрила CRM, настроила телефонию"),
        ("Разработана модель, которая дала прирост", "Разработана модель, которая дала прирост"),
    ],
)
def test_the_writers_sex_does_not_show_in_verbs(written, sent):
    """«Вела» and «вёл» are sent alike, and what somebody or something else did stays."""
    assert redact(written).text == sent


def test_quotes_with_a_placeholder_can_be_verified():
    """A quote of the text that was sent holds though a placeholder is in it."""
    text = redact("Под началом Смирнова Алексея Петровича вёл склад, дата рождения 12.05.1994.").text
    assert SourceText(marked(text)).find("Под началом «[ИМЯ]» вел склад")


def test_counts_by_kind():
    """The counts say what was found, for logs and metrics."""
    assert redact("Иванов Иван, a@b.ru, c@d.ru").counts == {"name": 2, "email": 2}


def test_the_text_is_in_no_repr():
    """A redacted text may still tell who it is about, and a repr ends in logs."""
    assert "сварщик" not in repr(redact("сварщик"))


def test_placeholders_are_single_tokens():
    """No placeholder can be broken over lines, and no two look alike."""
    assert len(set(SPELLINGS.values())) == len(Kind) == len(WORDS)
    assert not any("-" in word or "\n" in word for word in WORDS.values())


WORDS_OF_RESUMES = [
    "Иванов", "Иван", "Иванович", "Ли", "И.", "оглы", "ФИО:", "Name:", "31", "год", "лет", "Пол:", "м", "женат", "дети",
    "+7 926 123-45-67", "8", "912", "a@b.ru", "@abc", "t.me/a", "«[ИМЯ]»", "«[", "]»", "«[ЛИЧНЫЕ ДАННЫЕ]»", ",",
    ".", "\n", "|",
    "вела", "сама", "система", "Адрес:", "ул. А, 5", "г.", "12.05.1994", "г.р.", "имени", "«", "»", "ООО", "John",
    "Smith", "и",
    "Телефон", "Telegram:", "тел", "Роман", "меня зовут", "Москва", "проживаю в", "паспорт", "4510 123456", "—",
    "-", "/",
]  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(st.sampled_from(WORDS_OF_RESUMES), max_size=25).map(" ".join),
        st.lists(st.sampled_from(WORDS_OF_RESUMES), max_size=25).map("".join),
    )
)
def test_any_text_is_redacted_once(text):
    """Whatever the text: no error, a second redaction finds nothing, the result is bounded and can be sent."""
    shown = redact(text).text
    assert redact(shown).text == shown
    assert len(shown) <= 10 * len(text) + 20
    shown.encode()


@pytest.mark.parametrize("count", [2, 5, 40])
def test_numbers_that_touch_each_other_go_at_once(count):
    """As some forms glue them together; one at a time they would outlast the rounds."""
    assert not re.search(r"\d", redact("+79161234567" * count).text)


@pytest.mark.parametrize(
    ("surname", "form"),
    [
        ("иванов", "ивановым"),
        ("иванова", "ивановой"),
        ("бродский", "бродского"),
        ("цой", "цоя"),
        ("жук", "жука"),
        ("глинка", "глинке"),
        ("черных", "черных"),
    ],
)
def test_declension(surname, form):
    """The cases of a name share a beginning."""
    assert stem(form) == stem(surname)


def test_a_surname_is_no_case_of_a_given_name():
    """«Иванов» is not meant where Иван is."""
    assert stem("иванов") != stem("иван")


SETS = tuple(dict.fromkeys(name for name, *_ in rules._ROWS))
RULES = RuleSet(*SETS).rules


def test_patterns_fit_their_automaton():
    """A pattern too large for RE2's automaton would run fifty times slower."""
    found = [(rule.kind, rule.pattern.programsize) for rule in RULES]
    package = Path(redacting.__file__).parent
    named = {
        name for file in package.glob("*.py") for name in re.findall(r'pattern\("([^"]+)"\)', file.read_text("utf-8"))
    }
    found += [(name, pattern(name).programsize) for name in named]
    assert len(found) > 50
    assert [(name, size) for name, size in found if size > 8_000] == []


def one_by_one(text):
    counts = Counter()
    sheet = Sheet.of(text)
    for rule in RULES:
        sheet = replaced(sheet, rule.spans(sheet.look), counts)
    return sheet, counts


@pytest.mark.parametrize("memory", ["enough", "none"])
def test_a_set_of_rules_finds_what_its_rules_find_one_by_one(memory, monkeypatch):
    """Nothing personal slips through because one automaton was asked first, or because it had no memory left."""
    every = RuleSet(*SETS)
    if memory == "none":
        monkeypatch.setattr(every, "_patterns", type("Exhausted", (), {"Match": lambda *_: None})())
    for document in documents()[::10]:
        counts = Counter()
        assert (every.applied(Sheet.of(document.text), counts), counts) == one_by_one(document.text)


def test_hostile_text_costs_linear_time():
    """No text makes redaction slow: four times the length costs nowhere near sixteen times the CPU."""
    code = (
        "import json, sys\n"
        "from bench.text_cost import milliseconds\n"
        "from worker.assessment.redaction import redact\n"
        "units = json.load(sys.stdin)\n"
        "redact('Иванов Иван')\n"
        "of = lambda unit, size: milliseconds(lambda: redact((unit * size)[:size]), times=2)\n"
        "print(json.dumps({name: [of(unit, 4_000), of(unit, 16_000)] for name, unit in units.items()}))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        input=json.dumps(HOSTILE),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    costs = json.loads(run.stdout)
    assert {name: cost for name, cost in costs.items() if cost[1] > 10 * cost[0] + 50} == {}
