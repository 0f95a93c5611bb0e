"""A vacancy's criteria: spans that the model copies and the code finds again, whatever the layout."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.assessment.criteria import MAX_ANSWER_TOKENS, MAX_CRITERIA, RESPONSE_FORMAT, Criteria, parse_criteria
from worker.assessment.grounds import Ground, parted
from worker.assessment.json_answer import BrokenAnswer
from worker.assessment.vacancy import MAX_SPAN, Vacancy, read_vacancy
from worker.limits.tokens import count_tokens

WANTED = ["Опыт коммерческой разработки на Python от 3-х лет", "PostgreSQL", "Docker", "английский не ниже B1"]
LAYOUTS = {
    "lines": "Требования:\n- {}\n- {}\n- {}\n- {}",
    "one paragraph": "Ищем разработчика. Требования: {}, {}, {}, {}. Условия: офис.",
    "inline bullets": "Требования: • {} • {} • {} • {}",
    "HTML in one line": "<p>Требования:</p><ul><li>{}</li><li>{}</li><li>{}</li><li>{}</li></ul>",
    "entities": "Требования:&nbsp;&laquo;{}&raquo;;&nbsp;{};&nbsp;{};&nbsp;{}",
    "Markdown": "## Требования\n* **{}**\n* *{}*\n* `{}`\n* {}",
    "a table": "Требование\tКомментарий\n{}\tобязательно\n{}\tобязательно\n{}\t-\n{}\t-",
    "numbered": "1) {} 2) {} 3) {} 4) {}",
}


def answer(*listed: object, forbidden: object = (), **changes: object) -> str:
    criteria = [one if isinstance(one, dict) else {"text": one, "kind": "must", "years": None} for one in listed]
    return json.dumps({"criteria": criteria, "forbidden": list(forbidden), **changes}, ensure_ascii=False)


def chosen(vacancy: str, *listed: object, **changes: object) -> Criteria:
    return parse_criteria(answer(*listed, **changes), read_vacancy(vacancy))


def texts(criteria: Criteria) -> list[str]:
    return [item.text for item in criteria.items]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_layout_of_a_vacancy_does_not_matter(layout):
    """Lines, a paragraph, HTML or a table: the same requirements become the same criteria, markup aside."""
    assert texts(chosen(layout.format(*WANTED), *WANTED)) == WANTED


@pytest.mark.parametrize(
    ("copied", "kept"),
    [
        ("опыт коммерческой разработки на python", "Опыт коммерческой разработки на Python"),
        ("- Опыт коммерческой разработки на Python;", "Опыт коммерческой разработки на Python"),
        ("Опыт коммерческих разработок на Python", "Опыт коммерческой разработки на Python"),
        ("Опыт разработки на Python от 3 лет", "Опыт коммерческой разработки на Python от 3-х лет"),
        ("<li>PostgreSQL</li>", "PostgreSQL"),
        ("«1С: Зарплата»", "1С:Зарплата"),
        ("работа с .NET", "работа с .NET"),
        ("права категории B (легковые)", "Права категории B (легковые)"),
        ("медкнижка", "мед. книжка"),
        ("образование (экономич.)", "Образование (экономич.)"),
        ("програмирование станков", "программирование станков"),
    ],
)
def test_a_slip_is_snapped_to_the_vacancys_own_words(copied, kept):
    """What people read are the vacancy's words, however the model wrote them."""
    vacancy = (
        "Опыт коммерческой разработки на Python от 3-х лет, PostgreSQL; 1С:Зарплата, работа с .NET.\n"
        "Права категории B (легковые), мед. книжка, программирование станков. Образование (экономич.), 5/2"
    )
    assert Vacancy(vacancy).span(copied) == kept


@pytest.mark.parametrize(
    "invented",
    [
        "Опыт на Марсе",
        "отчёты и ведомости",
        "отчёт о продажах",
        "Kubernetes",
        "Python от 5 лет и Java",
        "",
        "и",
        "Требования " * 60,
        "[ИМЯ]",
    ],
)
def test_what_is_not_in_the_vacancy_is_no_criterion(invented):
    """A model can invent, reword or soften nothing."""
    assert Vacancy("Требования: Python от 3 лет, SQL и отчёты").span(invented) is None


def test_few_lost_spans_are_counted_and_many_make_the_answer_unusable():
    """One slip beyond repair costs one criterion; an answer that is mostly invented is asked for again."""
    criteria = chosen("Python, SQL, Docker", "Python", "SQL", "Docker", "Kubernetes")
    assert (texts(criteria), criteria.lost) == (["Python", "SQL", "Docker"], 1)
    with pytest.raises(BrokenAnswer, match="more than a third"):
        chosen("Python, SQL, Docker", "Python", "Kubernetes")


def test_gates_come_first_and_twelve_are_kept():
    """However long the list, what one cannot work without is never left out for a wish."""
    names = [f"навык{number}" for number in range(20)]
    kinds = ["nice"] * 10 + ["must"] * 8 + ["gate"] * 2
    listed = [{"text": name, "kind": kind, "years": None} for name, kind in zip(names, kinds, strict=True)]
    kept = chosen(", ".join(names), *listed).items
    assert [item.kind.value for item in kept] == ["gate"] * 2 + ["must"] * 8 + ["nice"] * 2
    assert [item.id for item in kept] == list(range(1, MAX_CRITERIA + 1))


def test_the_same_words_twice_are_one_criterion():
    """Nobody is graded twice for one requirement."""
    assert texts(chosen("Python, SQL", "Python", "python", "SQL")) == ["Python", "SQL"]


@pytest.mark.parametrize(
    ("span", "years", "kept"),
    [
        ("Опыт от 3-х лет", 3, 3), ("Опыт 1–3 года", 1, 1), ("от 3х лет", 3, 3), ("five years of Go", 5, 5),
        ("не менее двух лет", 2, 2), ("пятилетний опыт", 5, 5), ("опыт от года", 1, 1), ("от 36 месяцев", 3, 3),
        ("3 и более лет", 3, 3), ("5 or more years", 5, 5), ("3 календарных года", 3, 3), ("стаж: 3 г.", 3, 3),
        ("от двух (2) лет", 2, 2), ("3–6 лет", 6, None), ("полтора года", 1, 1), ("Опыт от 3 лет", 5, None),
        ("Опыт с Python", 3, None), ("Опыт от 3 лет", -3, None), ("Опыт 3+ Python", 3, 3), ("Опыт от 3 лет", 3.0, 3),
        ("Опыт от двадцати двух лет", 22, 22), ("Опыт с 2015 года", 15, None),
        ("Опыт от 3 лет", 0, None), ("двигатели", 2, None),
    ],
)  # fmt: skip
def test_years_count_only_where_the_span_names_them(span, years, kept):
    """A model that makes up a threshold refuses nobody."""
    [item] = chosen(span, {"text": span, "kind": "must", "years": years}).items
    assert item.years == kept


FORBIDDEN = {
    "пол": ["только мужчины", "девушка", "пол: женский", "Ищем парня", "male only", "мужчины до 45", "only men",
            "дружный коллектив ищет девушку"],
    "возраст": ["возраст до 35 лет", "от 25 до 40 лет", "не старше 45 лет", "молодой специалист", "40 лет максимум",
                "18–50", "under 35 years", "under 35"],
    "семья": ["без маленьких детей", "семейное положение: женат", "замужняя", "marital status", "только холостых",
              "наличие семьи"],
    "гражданство": ["гражданство РФ", "гражданин РФ"],
    "национальность": ["только русские", "национальность", "без акцента"],
    "место жительства": ["прописка в Москве", "местные жители", "москвичи"],
    "религия": ["православный", "вероисповедание"],
    "здоровье": ["без инвалидности", "крепкое здоровье"],
    "внешность": ["приятная внешность", "рост от 170", "славянская внешность"],
}  # fmt: skip
LAWFUL = [
    "Опыт работы с детьми от 3 лет", "Русский язык", "Гражданское право", "Опыт в женской консультации",
    "Знание национальных стандартов", "Регистрация сделок с недвижимостью", "Опыт от 3 лет", "Стаж не менее 20 лет",
    "Занятия с детьми дошкольного возраста", "Семейное право", "Медицинская книжка", "Английский B2",
    "Отсутствие медицинских противопоказаний", "Кредиты физическим лицам", "Рост продаж", "Детская хирургия",
    "Мужские стрижки", "Разработка на Go от 2 лет", "Уход за пожилыми людьми", "Охрана здоровья пациентов",
    "Работа с мигрантами и их документами", "race conditions", "Дизайн для молодых родителей",
    "Ability to lift up to 50 lbs", "Typing speed over 60 wpm", "Manage a team of up to 20 engineers",
    "Native iOS only", "Typing speed over 60", "Сеть магазинов, 20+",
    "Подъём грузов вес до 20 кг", "рост от 10% в год", "Численность подчинённых от 20 до 50", "Только русский язык",
    "Управлять командой молодых специалистов", "Смена от 16 до 20", "attractive landing pages",
    "Знание миграционного учёта граждан РФ", "Компания на рынке более 15 лет", "Приём граждан",
    "Over 20 years in banking", "over 20 years of C++", "группа детей в возрасте от 3 лет", "кредиты до 25 лет",
    "подготовка школьников 16–18 лет к ЕГЭ", "оформление РВП, вид на жительство, патент", "религиозный туризм",
    "обследование зданий старше 50 лет", "рост до 150% год к году", "временная регистрация гостей отеля",
    "реставрация православных храмов", "Christian Dior", "холостой ход: регулировка", "good health and safety record",
    "Настройка прописки VLAN", "укладка пола: пол м/ж санузлы", "дети в возрасте до 7 лет, занятия",
]  # fmt: skip


@pytest.mark.parametrize(("ground", "text"), [(ground, text) for ground, texts in FORBIDDEN.items() for text in texts])
def test_forbidden_grounds_are_found(ground, text):
    """What the law forbids to ask for is recognised by its own words, should the model miss it."""
    assert ground in parted(text, {})[0].values()


@pytest.mark.parametrize("text", LAWFUL)
def test_a_trades_own_subject_is_no_forbidden_ground(text):
    """Teaching children, civil law or women's clothes may be asked for."""
    assert parted(text, {}) == ({}, [text])


def test_forbidden_grounds_are_reported_and_not_graded():
    """Whether the model names them or the patterns do, nobody is measured by them."""
    vacancy = "Python, возраст до 35 лет, SQL, опыт, прописана в городе"
    criteria = chosen(
        vacancy, "Python", "возраст до 35 лет", "SQL", "прописана в городе",
        forbidden=[{"text": "прописана", "ground": "место жительства"}, {"text": "не сказано", "ground": "пол"}],
    )  # fmt: skip
    assert texts(criteria) == ["Python", "SQL"]
    assert [(one.text, one.ground) for one in criteria.forbidden] == [
        ("прописана", Ground.RESIDENCE), ("возраст до 35 лет", Ground.AGE),
    ]  # fmt: skip


@pytest.mark.parametrize("ground", Ground)
@pytest.mark.parametrize(
    "text",
    [
        "медкнижка",
        "опыт работы с детьми 3–7 лет",
        "допуск по форме 2",
        "свой человек",
        "Native apps",
        "командировки до 20 дней",
        "16-20 часов",
    ],
)
def test_a_model_that_names_a_lawful_requirement_is_not_believed(text, ground):
    """Its word alone deletes nothing: a word of that ground has to be there."""
    criteria = chosen(f"SQL; {text}", "SQL", text, forbidden=[{"text": text, "ground": ground}])
    assert (texts(criteria), criteria.forbidden) == (["SQL", text], ())


@pytest.mark.parametrize(
    ("text", "named", "rest"),
    [
        ("Водитель-мужчина категории CE, стаж от 3 лет", None, "категории CE, стаж от 3 лет"),
        ("Водитель-мужчина категории CE, стаж от 3 лет", "Водитель-мужчина", "категории CE, стаж от 3 лет"),
        ("девушка-администратор с опытом 1С", "девушка", "администратор с опытом 1С"),
        ("опыт продаж, девушка до 30", None, "опыт продаж"),
    ],
)
def test_what_is_lawful_beside_forbidden_words_stays(text, named, rest):
    """The licence and the years do not go with the sex."""
    forbidden = [{"text": named, "ground": "пол"}] if named else []
    criteria = chosen(f"SQL; {text}", "SQL", text, forbidden=forbidden)
    assert texts(criteria) == ["SQL", rest]
    assert Ground.SEX in {one.ground for one in criteria.forbidden}


def test_a_single_letter_may_be_asked_for():
    """C and R are languages; a preposition is none."""
    assert texts(chosen("Работа с людьми. Нужны:\n- C\n- R\n- SQL", "C", "R", "SQL")) == ["C", "R", "SQL"]
    assert texts(chosen("Работа с людьми. SQL, Go, Rust", "C", "SQL", "Go", "Rust")) == ["SQL", "Go", "Rust"]


BROKEN = {
    "empty": "",
    "not json": "Требования: Python",
    "other keys": '{"must": [1]}',
    "a list": "[]",
    "unknown kind": answer({"text": "Python", "kind": "wish", "years": None}),
    "endless": answer(*["Python"] * 25),
    "lone surrogate": answer("Python").replace("Python", "\ud800"),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_an_answer_that_breaks_the_schema_is_refused(content):
    """It is asked for again; nothing of it is repeated in the exception."""
    with pytest.raises(BrokenAnswer) as caught:
        parse_criteria(content, read_vacancy("Python, SQL"))
    assert "Python" not in str(caught.value)


def test_an_endpoint_without_schemas_may_leave_things_out():
    """Fences, missing keys and numbers as strings do not fail another provider's vacancy."""
    listed = [{"text": "Python от 3 лет", "kind": "must", "years": "3"}, {"text": "SQL", "kind": "nice"}]
    content = f"```json\n{json.dumps({'criteria': listed})}\n```"
    criteria = parse_criteria(content, read_vacancy("Python от 3 лет, SQL"))
    assert [(item.text, item.years) for item in criteria.items] == [("Python от 3 лет", 3), ("SQL", None)]


def test_a_vacancy_is_decoded_once():
    """What is shown to the model and what is looked up in are the same text."""
    vacancy = Vacancy("Знание HTML: &amp;nbsp; и [ИМЯ] в письмах, C++ &lt;vector&gt;")
    assert vacancy.span("Знание HTML: &nbsp; и [ИМЯ] в письмах") == "Знание HTML: &nbsp; и [ИМЯ] в письмах"
    assert vacancy.span("C++ <vector>") == "C++ <vector>"


def test_what_is_odd_beside_the_spans_is_left_out():
    """Years that are no number and a ground outside of the list cost nobody the other criteria."""
    odd = {"text": "Python от 3 лет", "kind": "must", "years": "three"}
    criteria = chosen("Python от 3 лет, SQL, рост", odd, "SQL", forbidden=[{"text": "рост", "ground": "рост"}])
    assert ([item.years for item in criteria.items], criteria.forbidden) == ([None, None], ())


def test_nothing_named_is_no_criteria():
    """A vacancy without a requirement has none, and none is invented."""
    assert chosen("Ищем хорошего человека").items == ()


def test_the_digest_follows_from_what_is_measured():
    """Two candidates with the same digest were measured by the same words, kinds and years."""
    vacancy = "Python от 3 лет, SQL"
    one = chosen(vacancy, "Python от 3 лет", "SQL")
    assert Criteria.model_validate_json(one.model_dump_json()).digest == one.digest
    assert chosen(vacancy, "SQL", "Python от 3 лет").digest != one.digest
    assert chosen(vacancy, {"text": "Python от 3 лет", "kind": "must", "years": 3}, "SQL").digest != one.digest


def test_the_answer_is_small():
    """The call for a vacancy reserves few output tokens: twelve ordinary spans fit its cap."""
    span = "Опыт расчёта заработной платы для производства от 3 лет"
    worst = answer(*[{"text": span, "kind": "must", "years": 3}] * MAX_CRITERIA)
    assert count_tokens(worst) <= MAX_ANSWER_TOKENS


def test_the_response_format_is_what_strict_mode_accepts():
    """OpenAI refuses a strict schema with an open object or an optional property."""
    schema = RESPONSE_FORMAT["json_schema"]["schema"]
    listed = schema["properties"]["criteria"]["items"]
    forbidden = schema["properties"]["forbidden"]["items"]
    assert [list(one["properties"]) for one in (schema, listed, forbidden)] == [
        ["criteria", "forbidden"], ["text", "kind", "years"], ["text", "ground"]
    ]  # fmt: skip
    for one in (schema, listed, forbidden):
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])
    assert forbidden["properties"]["ground"]["enum"] == list(Ground)


def test_repr_hides_the_words():
    """Criteria in a log line show ids and kinds only."""
    assert "Docker" not in repr(chosen("Docker, SQL", "Docker").items[0])


@given(st.text(alphabet=st.characters(), max_size=300), st.text(max_size=MAX_SPAN + 10))
def test_any_vacancy_and_any_span_can_be_read(vacancy, copied):
    """Whatever strangers and models write, a span is the vacancy's own words or nothing."""
    source = Vacancy(vacancy)
    span = source.span(copied)
    assert span is None or span in " ".join(source.text.split())
    for word in vacancy.split()[:3]:
        found = source.span(word)
        assert found is None or found in " ".join(source.text.split())
