"""The layouts that people paste: what a form, a table, a phone or a PDF makes of a resume."""

import pytest

from worker.assessment.redaction import redact

WORK = "\n\nОпыт работы\n2015-2019, ООО «Ромашка», сварщик\nСварка по ГОСТ 14771-76"
# What is pasted, before or behind the work; what must go of it; what must stay.
PASTED = [
    ("Skills\n\nTemitope Oyelaran" + WORK + "\noyelaran.temitope@mail.ru", ["Oyelaran"], []),
    ("Иванов Иван\nt.me/plat0sha" + WORK + "\nранее известен как plat0sha", ["plat0sha"], []),
    ("Surname: ZHELTUKHIN   Name: ROMAN   Patronymic: ARKADYEVICH" + WORK, ["ZHELT", "ROMAN", "ARKAD"], []),
    (WORK + "\nСпасибо за внимание!\nСева", ["Сева"], []),
    (WORK + "\nадвокат, рег. № 78/4216", ["4216"], []),
    ("Иванов Иван" + WORK + "\nсейчас сижу в Тбилиси", ["Тбилиси"], []),
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
    ("М Е Л Ь Н И К О В\nА Н Т О Н\nО м с к , М и р а  1 0 - 4" + WORK, ["М Е Л", "А Н Т", "О м с"], []),
    (WORK + "\nЗаведующая отделом Г у с е в а  Л и д и я", ["Г у с", "Л и д"], ["Заведующая отделом"]),
    (WORK + "\nС уважением, Антон Игоревич Раздольный, технолог", ["Антон", "Раздольный"], ["технолог"]),
    ("Мельников Антон\nСварщик        anton@mail.ru          г. Самара" + WORK, ["Самара"], ["Сварщик"]),
    ('{"name":"Антон Мельников","city":"Самара","post":"Сварщик"}' + WORK, ["Самара"], ["Сварщик"]),
    ("Мельников Антон\nул. Ленина, д. 5,\nкв. 3" + WORK, ["Ленина", "кв. 3"], []),
    ("Мельников Антон\nПаспорт: серия 45\n10 № 123456" + WORK, ["123456"], []),
    (
        "Контактная информация\nanna@mail.ru\n\nОсновные навыки\nПодбор\n\nАнна Полозова (Грибова)\n"
        "HR-директор\nСанкт-Петербург и Ленинградская область\n\nОбщие сведения\n13 лет в HR" + WORK,
        ["Полозова", "Грибова", "Ленинградская"],
        ["Подбор", "HR-директор", "13 лет в HR"],
    ),
    ("Обо мне\n8 (347)\n255-08-14  Врач" + WORK, ["347", "255"], ["Обо мне", "Врач"]),
    ("Воинский билет ... АН № 1804473" + WORK, ["1804473"], []),
    ("Иванов Иван\nE-mail: i v a n _ p @ y a n d e x . r u" + WORK, ["i v a n", "y a n"], []),
    ("Иванов Иван\n+ 7 9 2 6 1 2 3 4 5 6 7\n1 4 . 0 3 . 1 9 8 8" + WORK, ["9 2 6", "1 9 8"], []),
    ("Иванов Иван, 14 сен-\nтября 1984\nСварщик" + WORK, ["1984", "сен"], ["Сварщик"]),
    ("Иванов Иван\n+7 926 123-45-67\nivanov-\nbim.ru" + WORK, ["ivanov-", "bim.ru"], []),
    ("Анна Иванова (Грибова)\nПовар" + WORK, ["Грибов"], ["Повар"]),
    ("Robert Brown\nNurse" + WORK + '\nRobert "Iggy" Brown', ["Iggy"], ["Nurse"]),
    ("Иванов Иван\n+7 926 123-45-67\nТула, готов к переезду" + WORK, ["Тула"], ["готов к переезду"]),
    ("Иванов Иван, живу в Самаре (Древлянка, Сортавальская 7б, 36)" + WORK, ["Сортавальская", "7б"], []),
    (WORK + "\nРодилась в деревне Верхние Лихоборы, работаю с 2010", ["Лихоборы", "Родил"], ["работаю с 2010"]),
    (WORK + "\nЯ родом из Дербента", ["Дербент"], []),
    (WORK + "\nДля связи: в телеграме я ivanpetrov", ["ivanpetrov"], []),
    (WORK + "\nЛучше пишите в тг petrov", ["petrov"], []),
    (WORK + "\nНайдёте меня: petrov_i в телеграме", ["petrov_i"], []),
]
PASTED += [
    ("Мельников Антон\n1.2 аул Верхняя Теберда\n1.3 Черкесск, Космонавтов 49-а, 71" + WORK, ["Черкесск", "49-а"], []),
    ("Мельников Антон\nSubstack anton.substack.com\nфорум «Флот»: anton51" + WORK, ["substack.com", "anton51"], []),
    ("Мельников Антон\nмоб. 06 12 34 56 78, 4510 за номером 123456" + WORK, ["12 34", "123456"], []),
    ("Мельников Антон\n19.VIII.1987, 14-Mar-88" + WORK, ["1987", "Mar"], []),
    ("O'Brien, Siobhan\nNurse" + WORK, ["Brien", "Siobhan"], ["Nurse"]),
    ("LIANG Xiaoqing (Sherry)\nWelder" + WORK, ["LIANG", "Sherry"], ["Welder"]),
    (WORK + "\nРодился седьмого ноября пятьдесят восьмого года", ["ноября", "пятьдесят"], []),
    (WORK + "\nЗвоните: 8-923-4-ноль-шесть-17-55 или 8-911-6оо-42-17", ["923", "911"], ["Звоните"]),
    (WORK + "\nДиплом: техникум, 18 СПА 0041730", ["0041730"], ["техникум"]),
    (WORK + "\nКарта поляка AX 0027731. Права девять-девять 17 тире 660124", ["0027731", "660124"], []),
    (WORK + "\nГ. Севасто-\nполь, завуч Щипа-\nнова О. Г.", ["Щипа"], ["завуч"]),
    (WORK + "\nМетрдотель Жанна Хворостянская, агроном Кевсер ханум Рамазанова", ["Жанна", "Рамазан"], ["агроном"]),
    (WORK + "\nушёл из-за Костылева (директор платформы)", ["Костылев"], ["директор платформы"]),
    (WORK + "\nСпросить: Таша Мышь (@tasha_mysh)", ["Таша", "Мышь"], []),
    (WORK + "\nДети: Раяна, Имран, Сафа", ["Раяна", "Имран", "Сафа"], []),
    ("\\u0418\\u0432\\u0430\\u043d\\u043e\\u0432 \\u0418\\u0432\\u0430\\u043d\nПовар" + WORK, ["Иванов"], ["Повар"]),
]
PEOPLE = [
    ("Мельников", "Антон", "Сергеевич", "Мельникова"),
    ("Юлдашев", "Шерзод", "Икромович", "Юлдашева"),
    ("Хачатрян", "Армен", "Суренович", "Хачатряна"),
]
SIGNS = "‒―﹣⁃·•\t_*~=—"
# A line below the name, and what of it must go.
HEAD_LINES = [
    ("14.03.1988 г.р.", "1988"),
    ("род. 14.03.1988", "1988"),
    ("14/03/1988", "1988"),
    ("14 марта 1988", "1988"),
    ("14 мар. 1988", "1988"),
    ("14th March 1988", "1988"),
    ("14.III.1988", "1988"),
    ("14.03.88 г.", "14.03.88"),
    ("д/р 14.03.1988", "1988"),
    ("дата рожд. 14.03.1988", "1988"),
    ("Рожд.: 14.03.1988", "1988"),
    ("Дата рождения: «14» марта 1988 г.", "1988"),
    ("Родился 14 марта 1988 года в Самаре", "1988"),
    ("DOB: 14 Mar 1988", "1988"),
    ("Born 14 March 1988", "1988"),
    ("Birthday: March 14", "March 14"),
    ("Возраст: 35 лет (14.03.1988)", "1988"),
    ("Полных лет: 35", "35"),
    ("Мне 35", "35"),
    ("Age - 35", "35"),
    ("Лет: 35", "35"),
    ("Дата рождения • 14.03.1988", "1988"),
    ("Дата рождения ........ 14.03.1988", "1988"),
    ("Сварщик, 14.03.1988", "1988"),
    ("* 14.03.1988", "1988"),
    ("8-926-1234567", "926"),
    ("+7 926 1234567", "926"),
    ("926-123-45-67", "926"),
    ("926 123 45 67", "926"),
    ("тел 123-45-67", "123-45"),
    ("89261234567(WhatsApp)", "926"),
    ("+7 926 123 45 67 доб. 12", "926"),
    ("Тел. дом.: 12-34-56", "34-56"),
    ("+99890 123 45 67", "45"),
    ("+49/151/23456789", "456"),
    ("WA +79261234567", "926"),
    ("8 (926) 12-34-567", "34-567"),
    ("8 926 123 45 6 7", "123"),
    ("тел. восемь 926 123-45-67", "123-45"),
    ("ivan.petrov @ mail . ru", "petrov"),
    ("ivan.petrov(собака)mail.ru", "petrov"),
    ("ivan.petrov at gmail.com", "petrov"),
    ("ivan.petrov＠mail.ru", "petrov"),
    ("почта ivan-petrov@yandex.ru.", "petrov"),
    ("иван.петров@почта.рф", "петров"),
    ("t.me/ivpetrov", "ivpetrov"),
    ("телега ivpetrov88", "ivpetrov"),
    ("telegram\tivpetrov", "ivpetrov"),
    ("Skype ivan.petrov", "petrov"),
    ("Instagram: ivan.petrov", "petrov"),
    ("vk.com/id12345", "12345"),
    ("ВКонтакте: ivan_petrov", "petrov"),
    ("GitHub — IvanPetrov", "IvanPetrov"),
    ("LinkedIn: linkedin.com/in/ivanpetrov", "petrov"),
    ("Discord: ivpetrov#1234", "1234"),
    ("hh.ru/resume/abc123", "abc123"),
    ("сайт ivanpetrov.ru", "ivanpetrov"),
    ("www.ivan-petrov.com", "petrov"),
    ("Хабр: ivpetrov", "ivpetrov"),
    ("TikTok @ivpetrov", "ivpetrov"),
    ("@ivpetrov", "ivpetrov"),
    ("ok.ru/profile/1234", "1234"),
    ("wa.me/79261234567", "926"),
    ("facebook.com/ivan.petrov.5", "petrov"),
    ("Kaggle: ivpetrov", "ivpetrov"),
    ("Steam: ivpetrov", "ivpetrov"),
    ("tg://resolve?domain=ivpetrov", "ivpetrov"),
    ("паспорт 4510123456", "123456"),
    ("Паспорт\t45 10 123456", "123456"),
    ("серия 4510 номер 123456", "123456"),
    ("Passport No: 75 1234567", "1234567"),
    ("Паспорт гражданина Узбекистана AB 1234567", "1234567"),
    ("СНИЛС: 11223344595", "112233"),
    ("ИНН 500100732259", "5001"),
    ("ИНН\n500100732259", "5001"),
    ("в/у 9912 345678", "345678"),
    ("Водительское удостоверение: серия 99 12 № 345678", "345678"),
    ("вод. удостоверение № 99 12 345678", "345678"),
    ("Driving licence No. 9912 345678", "345678"),
    ("Военный билет АН 1234567", "1234567"),
    ("полис ОМС 1234567890123456", "1234567"),
    ("ПИНФЛ 12345678901234", "1234567"),
    ("Удостоверение личности № 012345678", "12345"),
    ("карта 4276 1234 5678 9012", "5678"),
    ("Адрес: г. Самара, ул. Ленина, д. 5, кв. 3", "Ленина"),
    ("Адрес:\nСамара, Ленина 5-3", "Ленина"),
    ("443081 г. Самара Московское шоссе 55-3", "55-3"),
    ("ул Ленина 5 кв 3", "кв 3"),
    ("Самара, Ново-Садовая, 3-14", "3-14"),
    ("пр. Ленина, 16", "Ленина"),
    ("проспект Кирова, дом 12", "Кирова"),
    ("пос. Мехзавод, кв-л 4, д. 12", "Мехзавод"),
    ("с. Богатое, ул. Чапаева 3", "Чапаева"),
    ("Место жительства: Самара", "Самара"),
    ("Город проживания — Самара", "Самара"),
    ("г. Самара", "Самара"),
    ("Самара, м. Московская", "Московская"),
    ("Прописка - Пенза", "Пенза"),
    ("Location: Moscow, Russia", "Moscow"),
    ("12 Baker St, apt. 4", "Baker"),
    ("Lives in Kazan", "Kazan"),
    ("ул. 40 лет Победы, 12", "Победы"),
    ("Ленинский пр-т, 12-45", "Ленинский"),
    ("Адрес проживания: РФ, 443000, г.Самара, Стара-Загора 25-8", "Загора"),
    ("Республика Татарстан, Казань, Баумана, 5", "Баумана"),
    ("Алма-Ата, Достык 5, кв 12", "Достык"),
    ("Пол\tжен", "жен"),
    ("Женат, двое детей", "двое"),
    ("Семейное положение: женат", "женат"),
    ("Гражданство Россия", "Россия"),
    ("Гражданин Таджикистана", "Таджикистана"),
    ("Citizenship: Uzbekistan", "Uzbekistan"),
    ("Male, 32 years", "32"),
]
# Other people, by surname {s}, given name {g}, initials {i}, patronymic {p} and genitive {sg}.
OTHERS = [
    "Супруг — {g}, работает водителем",
    "Супруга: {g}",
    "Жена {g}, двое детей",
    "Семья: муж {g}, сын Матвей",
    "Дети: {g} (2010) и Матвей (2015)",
    "Мой брат {g} работает со мной",
    "Руководитель: {s}",
    "Руководитель — {s} {i}",
    "Непосредственный руководитель: {s} {g} {p}",
    "Руководитель отдела {g} {s}",
    "Начальник цеха {s}",
    "Начальник участка — {s}, тел. 8 926 111-22-33",
    "Под руководством {sg} {ig}",
    "под началом {sg}",
    "Рекомендации: {s} {g}, главный инженер",
    "Рекомендации: начальник отдела {s} {i}",
    "Рекомендации может дать {s} {g} {p}",
    "Рекомендатель: {g} {s}, директор",
    "Рекомендации:\n{s} {g} {p}, директор ООО «Вектор», +7 926 111-22-33",
    "Рекомендации\n— {g} {s}, мастер участка\n— Матвей Круглов, бригадир",
    "Контактное лицо: {s} {g}",
    "Отзыв директора {sg}",
    "Директор {s} {i} отметил работу",
    "Мастер производства {g} {p}",
    "наставник {s}",
    "Бригадир — {g}",
    "Поручитель: {s} {g} {p}",
    "В случае ЧП звонить: {g} (жена)",
    "Подчинялся {g} {s}, директору",
    "{s} {i}, начальник смены",
    "{g} {s} — главный бухгалтер, 8 926 111-22-33",
    "Научный руководитель: доц. {s} {i}",
    "научный руководитель к.т.н. {i} {s}",
    "Заместитель директора {s} {g}",
    "HR-менеджер: {g}",
    "Рекомендует: {s}, прораб",
    "Руководитель практики {s} {i}",
    "мама {g}, пенсионер",
    "отец — {s} {g} {p}",
    "— {g} {s}, Head of Logistics",
    "References: {g} {s}, CTO at Acme Corp",
    "Reference: {g} {s}, +44 20 7946 0958",
    "Manager: {g} {s}",
    "Supervisor — {g} {s}",
    "Reported to {g} {s}, VP of Engineering",
    "Reported directly to {g} {s}",
    "Referees\n{g} {s}, Senior Manager, Acme\na@b.com",
    "Recommended by {g} {s} (CEO)",
    "Spouse: {g}",
    "Wife {g}, two kids",
    "Emergency contact: {g} {s}",
    "Team lead: {g} {s}",
    "mentored by {g} {s}",
    "Head of department: {s}",
    "Director {g} {s} praised the work",
    "References\n1. {g} {s} — Plant Manager",
    "Dr. {g} {s}, thesis supervisor",
    "Mr. {s}, director",
    "line manager {g} {s}",
    "Начальник ........ {s}",
    "Наставник {g}-ака, плотник",
    '"spouse": "{g}"',
]
WORD_SURNAMES = ["Заяц", "Соловей", "Сорока", "Мороз", "Зима", "Коваль"]
# Names in columns, in transliteration, behind labels of other languages, of authors; and what must go of each.
NAMED = [
    (
        (
            "ОПЫТ РАБОТЫ               КОНТАКТЫ\nЗавод «Тор», мастер       +7 900 111-22-33\n"
            "2014–2019                 АЛЬФРЕД\nПечи, футеровка           ГАБДУЛЛИН\n"
            "ОБРАЗОВАНИЕ               КФУ, 2010"
        ),
        "АЛЬФРЕД ГАБДУЛЛИН",
    ),
    (
        (
            "КОНТАКТЫ              ОПЫТ\nanri@bk.ru            Порт Новороссийск\n"
            "ЗУРАБ                 Стропальщик, 2012–2020\nЛАГВИЛАВА             Краны Liebherr\n"
            "ГЕОРГИЕВИЧ            Смена 12 часов"
        ),
        "ЗУРАБ ЛАГВИЛАВА ГЕОРГИЕВИЧ",
    ),
    (
        (
            "EXPERIENCE\nPastry chef, Hotel Savoy\nCONTACT\n+33 6 12 34 56 78\nMARGUERITE ANNE\n"
            "Menus for 120 guests\nDESCHAMPS\nEDUCATION\nLycée hôtelier, 2011"
        ),
        "MARGUERITE DESCHAMPS",
    ),
    ("Мисирханов Селим\nводитель\n89285174630", "Мисирханов Селим"),
    ("Джабраилханов Хизри\n31\nготов выйти завтра", "Джабраилханов Хизри"),
    ("zdravstvuyte, menya zovut Farangis Nazarova, 33 goda, rabotala ofitsiantkoi v kafe", "Farangis Nazarova"),
    ("privet, ya Toktobek Asanaliev, iz Naryna, montazhnik 5 let", "Toktobek Asanaliev"),
    ("familiya Kurbonov, imya Shahriyor, otchestvo Davlatovich\nrabotal povarom", "Kurbonov Shahriyor Davlatovich"),
    ("rabotala v klininge\nrekomendaciya ot direktora Semen Arkadyevich, nomer dam", "Semen Arkadyevich"),
    ("muzh Rustam rabotaet tut zhe, deti Artem i Sofiya", "Rustam Artem Sofiya"),
    (WORK + "\nOsoba kontaktowa: Beata Wrona, 22 555 01 01", "Beata Wrona"),
    (WORK + "\nFamilienstand: verheiratet mit Sibel Aydoğan", "Sibel Aydoğan"),
    (WORK + "\nSituation: marié à Clothilde Vasseur", "Clothilde Vasseur"),
    (WORK + "\nEstado civil: casado con Itziar Mendizábal", "Itziar Mendizábal"),
    (WORK + "\nОтбасы: күйеуі Дәулет Сейітқали, ұлы Әлихан", "Дәулет Сейітқали Әлихан"),
    (WORK + "\nМать моя, Зубайдат, на пенсии", "Зубайдат"),
    (WORK + "\nConiuge: Ornella Bianchi", "Ornella Bianchi"),
    (WORK + "\nПубликации\n1. Сидоров П., Petersson L. Title of it // J. Chem. 2020. V. 1.", "Petersson"),
    (WORK + "\nПубликации\n2. Tsoi, K.; Brandt, O. Kinetics of welding. J. Weld. 2019, 4, 1–9.", "Brandt"),
    (WORK + "\nПубликации\n3. Okonjo A.B., Müller K.-H. Heat // Met. Sci. 2020. P. 12", "Okonjo Müller"),
    (WORK + "\nПубликации\nGonçalves M., Ким С. О свойствах швов // Сварка. 2020", "Gonçalves"),
    (
        (
            "Щукарёв Мефодий\nПовар\n\nОпыт работы\n2015-2019, ООО «Ромашка», повар\nРезюме_Щукарёв_М.docx\n"
            "shchukarev_rezume.pdf\nСпасибо Щукареву!"
        ),
        "Щукарёв Мефодий Щукареву shchukarev",
    ),
]
KEPT = [
    "Рисунок по Павлу Чистякову, перспектива",
    "J.P. Morgan, терминалы",
    "Лев, тигр, рысь: кипер",
    "Деревья Меркла, задачник Иродова",
    "По Михаилу Чехову: тренинг",
    "Яблони Гала, Фуджи, Гренни Смит",
    "Грамматики Хомского, компилятор на ANTLR",
    "Ant Yapı, Grand Tower",
    "Сварка по Бенардосу, плазма по Патону",
    "Fischer–Tropsch synthesis, Michaelis–Menten kinetics",
    "Векслер тесті, Люшер тесті",
    "Форум на https://stackoverflow.com/questions/11227809 разбирали с командой",
    "Ведение страницы https://vk.com/lenta, охват вырос",
    "Почта поддержки support@1c.ru, первая линия",
    "Номенклатурный номер 79 160 041 287, болт М24",
    "Реконструкция: Санкт-Петербург, Лиговский пр., 50, корп. 13",
    "Дом-музей М. Н. Ермоловой, смотритель",
    "Технология: хмель Жатецкий, Каскад",
    "Болезнь Паркинсона, проба Реберга",
    "Капремонт дома на ул. Ленина, 45 (12 подъездов)",
    "Сети по ул. Маршала Жукова от д. 8 до д. 64",
    "УМК Босовой, учебник Атанасяна и Еремина",
    "СНиП 3.05.05-84, ВСН 012-88, Р 50-601-46-2004",
    "Свидетельство о регистрации программы для ЭВМ № 2022613408",
    "Патент РФ № 2789134 от 30.01.2023",
    "Hugo Boss, Ralph Lauren, Calvin Klein — visual merchandiser",
    "Администрирование @channel-бота",
    "FANUC 0I-MF, SINUMERIK 840D SL",
    "Закрывал каждый квартал, 1С:Бухгалтерия",
    "Первый квартал 2023 — 120 %",
    "Площадь 1200 кв. м, 3 этажа",
    "Мастер участка, ISO 9001:2015",
    "DIN EN ISO 9606-1 (135, 136)",
    "ГОСТ ISO/IEC 17025-2019",
    "QA Lead — Huawei RRI",
    "Huawei Russian Research Institute",
    "Акушерское дело, 0859 34-772, до 2027",
    "Медицинская книжка: № 12, действительна до 2027",
    "Медкнижка действительна",
    "ул. не указана",
    "Магазин на ул. Ленина, директор",
    "Аккредитация: 7723, действительна до 12.2027",
    "Jan 2018 – Mar 2020, Acme",
    "Проект родился в Сколково",
    "Руководитель: Повар, бармен",
    "Пишите ботов: Telegram, VK",
    "Сварка НАКС НГДО (п. 1-4), ОХНВП (п. 16), СК (п. 1, 3)",
    "Оборот 89 123 456 789 руб., прибыль 8 912 345 678 руб.",
    "Ателье Вячеслава Зайцева, швея",
    "Клиника доктора Фомина",
    "Tinkoff Bank",
    "Raiffeisen Bank",
    "Deutsche Bahn",
    "Marks and Spencer",
    "Leroy Merlin",
    "Henkel Rus",
    "Bosch Siemens",
    "Thomson Reuters",
    "Louis Vuitton",
    "Магазин Пятёрочка",
    "Газпром Нефть",
    "Ростелеком Центр",
    "Аэрофлот Техникс",
    "Руководитель: отдел продаж",
    "Руководитель Группы Разработки",
    "Директор по персоналу",
    "Начальник участка Балаково",
    "Head of Logistics, Northern Express",
    "Manager: retail, B2B",
    "Team Lead, Backend",
    "Мастер СМР, г. Самара",
    "Наставник молодых специалистов",
    "Рекомендации: предоставлю при необходимости",
    "Контакты поставщиков и клиентов",
    "Жена и муж: консультации семейного психолога",
    "Дочернее общество ПАО «Газпром»",
    "Telegram Bot API, VK API, GitHub Actions",
    "GitHub: actions, pages",
    "VK Реклама, Telegram Ads",
    "tg-боты на aiogram 3",
    "Python 3.11.7, Django 4.2",
    "nginx/1.25.5, /etc/nginx/nginx.conf",
    "2015-2019 Уралмаш",
    "14.03.2008 - 12.05.2014 токарь",
    "12.05.2014 принят на должность мастера",
    "Диплом от 25.06.2008",
    "1998 - УПИ, инженер",
    "Свидетельство о квалификации, 2019",
    "Дома 1978 года",
    "Паспорта сделок, паспорт объекта",
    "ИНН и СНИЛС: проверка документов",
    "Московское шоссе: ремонт дороги, 12 км",
    "ЖК «Ново-Садовая 3», прораб",
    "Адресное хранение, 5 000 ячеек",
    "Квартира под ключ: 120 объектов",
    "Склад, г. Самара",
    "Гражданское право, гражданская оборона",
    "Пол: плитка, ламинат",
    "Возрастная группа 35+",
    "Мужчина-продавец не требуется",
    "35 лет в профессии",
    "Система Станиславского",
    "Театр имени Вахтангова",
    "Julia, Ruby, Crystal",
    "Лада Веста, Лада Гранта",
    "Apache Kafka, Apache Spark",
    "Ruby on Rails",
    "Jenkins Pipeline",
    "Adobe Photoshop",
    "Tekla Structures",
    "Siemens NX",
    "Станки 16К20, 1К62",
    "СБИС, Контур.Диадок",
    "МойСклад",
    "ISO 9001:2015",
    "ACCA F1-F9",
    "НАКС (НГДО, СК), РД",
    "ПБ А1, Б1.1, Б9.3",
    "ГО и ЧС",
    "ПТЭЭП, ПУЭ",
    "Ст. 159 УК РФ",
    "А. Б. В. — категории",
    "Телефонные продажи: 80 звонков в день",
    "Номер лицензии 77-01-012345",
    "Кадастровый номер 63:01:0123456:789",
    "EAN 4607177380025",
    "ОКВЭД 62.01",
    "Tender No. 0142300048519000123",
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


@pytest.mark.parametrize(("line", "secret"), HEAD_LINES)
def test_whatever_stands_below_the_name_goes(line, secret):
    """Dates, numbers, handles, papers and addresses, with any label or none."""
    shown = redact(f"Иванов Иван\n{line}{WORK}").text
    assert secret not in shown
    assert shown.endswith(WORK)


@pytest.mark.parametrize("line", OTHERS)
def test_other_people_go(line):
    """Who did not agree to anything is not named: relatives, superiors, referees."""
    for surname, given, patronymic, genitive in PEOPLE:
        initials = f"{given[0]}. {patronymic[0]}."
        names = {"s": surname, "g": given, "p": patronymic, "sg": genitive}
        said = line.format(**names, i=initials, ig=initials)
        shown = redact(f"Сидоров Пётр{WORK}\n{said}").text
        assert [name for key, name in names.items() if f"{{{key}}}" in line and name in shown] == []


@pytest.mark.parametrize(
    "line", ["Руководитель: {}", "Начальник цеха {}", "Директор {}, тел. 12", "Рекомендует {}, прораб"]
)
def test_a_surname_that_is_a_word_goes_beside_a_word_for_people(line):
    """«Заяц» behind a label is no animal."""
    said = [redact(f"Сидоров Пётр{WORK}\n{line.format(surname)}").text for surname in WORD_SURNAMES]
    assert [surname for surname, shown in zip(WORD_SURNAMES, said, strict=True) if surname in shown] == []


@pytest.mark.parametrize(("text", "names"), NAMED)
def test_a_name_goes_from_any_layout(text, names):
    """In a column of capitals, in Latin letters, behind labels of other languages, in a list of authors."""
    shown = redact(text).text
    assert [name for name in names.split() if name in shown] == []


@pytest.mark.parametrize("gate", ["Аккредитована", "Аттестована", "Сертифицирована", "Лицензирована"])
def test_a_gate_keeps_its_sense_in_the_masculine(gate):
    """A participle of the past becomes none of the present, which is spelled as a verb: «аккредитуем»."""
    assert redact(f"{gate}: Б.1, до 2028").text == f"{gate[:-1]}: Б.1, до 2028"


def test_a_resume_may_begin_with_a_month():
    """«Jan» is a given name and a month."""
    assert redact("Jan 2018 –\nAcme, developer").text == "Jan 2018 –\nAcme, developer"
