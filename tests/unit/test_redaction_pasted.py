"""The layouts that people paste: what a form, a table, a phone or a PDF makes of a resume."""

import pytest

from worker.assessment.redaction import redact

WORK = "\n\nОпыт работы\n2015-2019, ООО «Ромашка», сварщик\nСварка по ГОСТ 14771-76"
# What is pasted, before or behind the work; what must go of it; what must stay.
PASTED = [
    ("Иванов Иван\n14.03.1988\nСварщик" + WORK, ["14.03.1988"], ["Сварщик", "2015-2019"]),
    ("Щебетуха Ёлка Ивановна, 3 мая 1991 г.\nПовар" + WORK, ["мая", "1991", "Щебетуха", "Ёлка"], ["Повар"]),
    ("Иванов Иван, 1988\nг. Самара\n+7 926 123-45-67" + WORK, ["1988", "Самара"], []),
    ("Петров Семён Львович\nСлесарь\n05/03/92\nМосква" + WORK, ["05/03/92", "Семён"], ["Слесарь"]),
    ("Анна Смирнова | 12 March 1990 | Kazan\nQA engineer" + WORK, ["1990", "Смирнова"], ["QA engineer"]),
    (
        "ФИО\tИванов Иван\nДата рождения\t01.02.1990\nПол\tмужской\nВозраст\t35\nГражданство\tРФ\n"
        "Телефон\t+7 926 123 45 67" + WORK,
        ["01.02.1990", "мужской", "35", "РФ", "926"],
        [],
    ),
    ("Д.р.:\t05.03.1992\n" + WORK, ["05.03.1992"], []),
    (
        "BEGIN:VCARD\nN:Ivanov;Ivan\nFN:Ivan Ivanov\nBDAY:19920305\nTEL:+79261234567\nEND:VCARD" + WORK,
        ["19920305", "Ivanov", "9261234567"],
        [],
    ),
    ("ФИО:\nЮлдашева\nГулноза\nИкромовна\nДолжность: швея" + WORK, ["Юлдашева", "Гулноза", "Икромовна"], ["швея"]),
    (
        "Дата рождения\n01.02.1990\nПол\nженский\nГражданство\nУзбекистан\nАдрес\n"
        "г. Самара, ул. Мира, 5\nТелефон\n8 926 123-45-67" + WORK,
        ["1990", "женский", "Узбекистан", "Мира", "926", "Самара"],
        [],
    ),
    (
        "Дата рождения 01.02.1990\nПол мужской\nВозраст 35 лет\nГражданство РФ" + WORK,
        ["1990", "мужской", "35", "РФ"],
        [],
    ),
    ("Дата рождения = 01.02.1990; Пол = м; Возраст = 35" + WORK, ["1990", "35"], []),
    (
        "**Дата рождения:** 01.02.1990\n**Пол:** женский\n**ФИО:** Иванова Анна" + WORK,
        ["1990", "женский", "Иванова"],
        [],
    ),
    ("Дата рождения — 01 февраля 1990\nГод рождения: 1990\nВозраст – 35" + WORK, ["1990", "35"], []),
    (
        "Name\tJohn Brown\nDate of birth\t1990-02-01\nSex\tMale\nNationality\tBritish" + WORK,
        ["Brown", "1990", "Male", "British"],
        [],
    ),
    ("linkedin.com/in/pavel-\nzvyagin-1a2b\n" + WORK, ["pavel", "zvyagin"], []),
    ("GitHub: github.com/\nivan-petrov\nСварщик" + WORK, ["ivan-petrov"], ["Сварщик"]),
    ("Тел. +7 926 123-\n45-67" + WORK, ["926", "45-67"], []),
    ("тел: 8 (926)\n123 45 67" + WORK, ["926", "123 45"], []),
    ("Почта name@example\n.com" + WORK, ["name@", "example", ".com"], []),
    ("ivan.petrov@\ngmail.com" + WORK, ["ivan", "gmail"], []),
    ("Паспорт 45 10\n123456" + WORK, ["45 10", "123456"], []),
    ("Дата рождения: 05.03.\n1992" + WORK, ["05.03", "1992\n"], []),
    ("https://www.linkedin.com/in/\npavel-zvyagin/" + WORK, ["pavel"], []),
    ("+998 90 123\n45 67" + WORK, ["123", "45 67"], []),
    ("8·926·123·45·67" + WORK, ["926"], []),
    ("+7_926_123_45_67" + WORK, ["926"], []),
    ("Иванов&nbsp;Иван &#1048;&#1074;анович 8 926\\-123\\-45\\-67" + WORK, ["926", "Иван"], []),
    ("\\'c8\\'e2\\'e0\\'ed\\'ee\\'e2 \\'c8\\'e2\\'e0\\'ed" + WORK, ["Иванов"], []),
    ("Щебетуха Ёлка Ивановна\nШвея" + WORK, ["Щебетуха", "Ёлка"], ["Швея"]),
    ("María José García\nNurse" + WORK, ["García", "María"], ["Nurse"]),
    ("Nguyễn Thị Lan\nWelder" + WORK, ["Thị"], ["Welder"]),
    ("Oluwaseun Adeyemi\nSoftware Engineer" + WORK, ["Adeyemi"], ["Software Engineer"]),
    ("Jan van der Berg\nChef" + WORK, ["Berg"], ["Chef"]),
    ("И В А Н О В  И В А Н\nСварщик" + WORK, ["И В А Н"], ["Сварщик"]),
    ("Р Е З Ю М Е\nИванов Иван" + WORK, ["Иванов"], []),
    ("резюме Зайца Николая Трофимовича" + WORK, ["Зайца", "Николая"], ["резюме"]),
    ("Юлдашев Шерзод Алишер oʻgʻli\n" + WORK, ["Юлдашев", "gʻli", "Шерзод"], []),
    ("Yuldashev Sherzod Alisher o‘g‘li\n" + WORK, ["Yuldashev", "g‘li"], []),
    ("Юлдашев Шерзод Алишер ўғли\n" + WORK, ["Юлдашев"], []),
    ("Yuldashev Sherzod Alisher o`g`li\n" + WORK, ["Yuldashev", "g`li"], []),
    ("Мохаммед аль-Хусейни\nПовар" + WORK, ["Хусейни"], ["Повар"]),
    ("王小明\nEngineer" + WORK, ["王小明"], []),
    ("Иванов Иван\nСемья: Супруг — Антон, сын Матвей" + WORK, ["Антон", "Матвей"], []),
    (WORK + "\nРуководитель: Мельников\nЦех 4", ["Мельников"], ["Цех 4"]),
    (WORK + "\nReferences\n— John Whitfield, Head of Logistics", ["Whitfield"], ["Head of Logistics"]),
    (WORK + "\nРекомендации: начальник отдела Иванов И. И.", ["Иванов"], ["начальник отдела"]),
    (
        WORK + "\nРекомендации: Смирнова, главный бухгалтер ООО «Ромашка», 8 926 111-22-33",
        ["Смирнова", "111"],
        ["главный бухгалтер"],
    ),
    (WORK + "\nНачальник цеха Гусев дал отзыв", ["Гусев"], ["Начальник цеха"]),
    (WORK + "\nReference: Sarah Connor, CTO at Acme", ["Connor"], ["CTO at Acme"]),
    (WORK + "\nReported to Mark Thompson, Director", ["Thompson"], ["Director"]),
    (WORK + "\nМуж Сергей, дочь Алиса 5 лет", ["Сергей"], []),
    (WORK + "\nКонтактное лицо: Оксана (сестра)", ["Оксана"], []),
    (WORK + "\nОтзыв: директор школы Н. П. Громова", ["Громова"], []),
    (
        "Иванов Иван\ntg ivan_petrov90\nGitHub: IvanPetrov\nвконтакте id12345678" + WORK,
        ["petrov90", "IvanPetrov", "id12345678"],
        [],
    ),
    (
        "Иванов Иван\n443081, Самара, Московское шоссе, 55, кв. 3" + WORK,
        ["443081", "Московское", "55", "кв. 3", "Самара"],
        [],
    ),
    ("Иванов Иван\nНово-Садовая 3-14" + WORK, ["Садовая", "3-14"], []),
    (
        "Ivan Petrov\nMale, 32 years, born on 14 March 1993\n\n+7 926 1234567\n"
        "Reside in: Moscow, metro station Sokol\nCitizenship: Russia, work permit at: Russia\nReady to relocate" + WORK,
        ["Male", "32", "1993", "Moscow", "Sokol", "Russia"],
        ["Ready to relocate"],
    ),
    ("Водительское удостоверение 99 12 345678 кат. B" + WORK, ["345678"], ["кат. B"]),
    ("В/у: 9912 345678" + WORK, ["345678"], []),
    ("Водительское удостоверение № 9912345678" + WORK, ["9912345678"], []),
]
SIGNS = "‒―﹣⁃·•\t_*~=—"
KEPT = [
    "; НАКС НГДО (п. 1-4)",
    "Оборот 89 123 456 789 руб.",
    "Артикул 8-800-2000-600",
    "Ателье Вячеслава Зайцева",
    "Tinkoff Bank",
    "Philip Morris",
    "ПТО ГПМ (п. 3)",
    "Сварка РАД, МП",
    "ОХНВП КО (п. 2)",
    "Руководитель проекта",
    "Начальник Отдела Продаж",
    "Директор ресторана Якитория",
    "Начальник смены, Магнитогорск",
    "Руководитель: Отдел продаж",
    "Партнёр 1С, менеджер проекта",
    "Рекомендательные системы на Spark",
    "Менеджер Сбербанка",
    "Julia Data Frames",
    "Goldman Sachs",
    "Raiffeisen Bank",
    "МЧС России",
    "ЧОП Витязь",
    "Контактное лицо по тендерам",
    "Проект Сталь: мастер смены",
    "Салон Ольги Петровой, мастер",
    "Студия Артемия Лебедева",
    "Head of Logistics, Northern Express",
    "Morgan Stanley",
]


@pytest.mark.parametrize(("text", "secrets", "kept"), PASTED)
def test_the_person_goes_and_the_work_stays(text, secrets, kept):
    """However it was pasted, what identifies the person is not sent, and what tells a skill is."""
    shown = redact(text).text
    assert [secret for secret in secrets if secret in shown] == []
    assert [part for part in (*kept, "2015-2019, ООО «Ромашка», сварщик", "ГОСТ 14771-76") if part not in shown] == []


@pytest.mark.parametrize("sign", SIGNS)
def test_any_sign_may_stand_between_the_digits_of_a_number(sign):
    """Dashes of every kind, bullets and tabs do not hide a telephone number."""
    assert redact(f"Тел.: 8 (926) 123{sign}45{sign}67{WORK}").text == f"«[ТЕЛЕФОН]»{WORK}"


@pytest.mark.parametrize("line", KEPT)
def test_employers_papers_and_amounts_stay(line):
    """What only looks like a person is sent as it is, alone or within a resume."""
    assert redact(line).text == line
    assert redact(f"Иванов Иван\n+7 926 123-45-67{WORK}\n{line}").text.endswith(f"\n{line}")
