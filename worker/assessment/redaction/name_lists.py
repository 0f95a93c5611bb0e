"""Names that the Russian dictionary lacks or that are written in Latin letters, and what only looks like a name.

Latin names are compared as `latin_key` folds them, so one entry stands for several transliterations.
"""

import unicodedata
from typing import Final

from worker.assessment.redaction.word_cache import remembered
from worker.assessment.redaction.word_list import words

_TO_LATIN: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    "ў": "u", "қ": "k", "ғ": "g", "ҳ": "h", "і": "i", "ї": "i", "є": "e", "ә": "a", "ө": "o", "ү": "u", "ұ": "u",
    "ң": "n",
}  # fmt: skip


def _bare(letter: str) -> str:
    """A Latin letter without its marks; «й» is a letter of its own."""
    return letter if "Ѐ" <= letter <= "ӿ" else unicodedata.normalize("NFD", letter)[0]


@remembered(10_000)
def latin_key(word: str) -> str:
    """What the usual transliterations of one name have in common («Юлия», Yuliya, Iuliia, Julia: `iulia`)."""
    lower = word.lower()
    if not lower.isascii():
        lower = "".join(map(_bare, lower))
    key = "".join(_TO_LATIN.get(letter, letter) for letter in lower)
    for old, new in (
        ("shch", "sch"), ("kh", "h"), ("x", "ks"), ("j", "i"), ("y", "i"), ("w", "v"), ("q", "k"), ("iie", "ie"),
        ("ii", "i"), ("ie", "e"), ("tz", "ts"), ("ck", "k"), ("ph", "f"), ("'", ""), ("’", ""),
    ):  # fmt: skip
        key = key.replace(old, new)
    return "".join(letter for number, letter in enumerate(key) if not number or key[number - 1] != letter)


# Given names as they are met in Russian resumes. The dictionary knows most of them; Latin keys are made from all.
_CYRILLIC_GIVEN: Final = words(
    "александр александра алексей алена алина алиса алла альберт альбина альфия амир анастасия анатолий",
    "ангелина андрей анжела анна антон антонина аркадий арсений артем артур ася белла богдан борис вадим",
    "валентин валентина валерий валерия варвара василий василиса вероника виктор виктория виталий",
    "виталина влад владимир владислав владислава всеволод вячеслав галина гарри геннадий георгий герман",
    "глеб глафира григорий давид дарья дарина демид денис диана дмитрий ева евгений евгения егор",
    "екатерина елена елизавета ефим жанна захар зинаида зоя иван игнат игорь илья инна иннокентий иосиф",
    "ирина камилла карина кира кирилл клавдия клим константин кристина ксения лариса лев леонид лиана",
    "лидия лилия любовь людмила макар максим маргарита марина мария марк марта мартин марат матвей мила",
    "милана мирон мирослав михаил мстислав надежда назар наталия наталья никита николай нина оксана олег",
    "олеся ольга павел петр платон полина прохор регина ренат римма роберт родион роман ростислав рудольф",
    "руслан савелий светлана святослав семен сергей снежана софия софья станислав степан таисия тамара",
    "тарас татьяна тимофей тихон ульяна федор феликс филипп эдуард элеонора элина эльвира эльмира эмиль",
    "эмилия эмма юлиан юлия юрий яков яна ярослав ярослава азамат азат азиз азиза айбек айгерим айгуль",
    "айдар айжан айнур айнура айрат айсылу акмаль алибек алижон алишер алия алмаз алсу амина амирхан",
    "анвар арман армен арсен асель аслан ахмед ахмет ашот баир батыр баходир бахром бахтиер бахтияр",
    "бекзат булат вагиф вардан вера вугар гаджимурад гаяне гаянэ гиви гоар гузель гулнора гульназ",
    "гульнара гульнур гульшат гурген дамир даниял данияр дилноза дилшод динара динара динар довлет дониер",
    "ерлан ермек жанар жанат жасур жасурбек жахонгир жибек заира зайнаб залина замира зарема зарина заур",
    "зафар зия зохид зулейха зульфия зураб ибрагим икром ильдар ильгиз ильнур ильнар ильсур ильшат инга",
    "индира иса исмаил каис камиль камила карен кайрат кемаль лаура лейла леван левон ляйсан магомед",
    "мадина малика манана мансур махмуд мелик мехмед миргуль мурад мурат муслим мухаммад мухаммед мухтар",
    "назим наиль наиля наринэ нарине насиба нигора нико нино нодир нурлан нурсултан нурбек олим отабек",
    "равиль равшан радик рамазан рамиль рамзан расим расул рафаэль рафик рахим рашид ринат роза рузанна",
    "рустам рушан сабина саид салават салим самвел самир самира санжар сардор сауле севиндж севда серик",
    "сирануш соня сослан сурен тагир таймураз талгат тамаз тариэл тахир темир темирлан тигран тимур тофик",
    "тулкин тунзале улугбек умар умида фанис фарид фарида фаррух фархад фарход фатима фаузия хасан",
    "хачатур хетаг хуршид цырен чингиз чынара шамиль шахзод шахноза шерзод шохрух шухрат эльдар эльнур",
    "эльнара эльчин эльшан юсуф явар ясин баяр саян аюна арюна сарана чимит доржи бато айдын аян айлана",
    "айаана алдын белек буян мерген начын оолак сайын чойгана шолбан айталина айыы кэскил ньургуун",
    "сардаана туйаара зоряна тарас остап мирослава назарий злата янина казимир стефания лукаш адам",
    "бауыржан нурсулу жандос санжар ержан бекжан айтуган огулджан мерет гульджахан бегенч сердар саша",
    "маша катя наташа дима юра вова костя лена настя оля света таня лиза даша женя коля миша паша петя",
    "гриша леша алеша вика галя",
    "ира",
)
EXTRA_GIVEN: Final = frozenset(word.replace("ё", "е") for word in _CYRILLIC_GIVEN)
# An Uzbek or an Azerbaijani writes ж or дж as j (Jasurbek), which is an i to most others.
LATIN_GIVEN: Final = (
    frozenset(map(latin_key, _CYRILLIC_GIVEN))
    | frozenset(map(latin_key, (word.replace("дж", "j").replace("ж", "j") for word in _CYRILLIC_GIVEN if "ж" in word)))
    | frozenset(
        map(
            latin_key,
            words(
                "aaron abdullah abdul abigail adrian agnes ahmad ahmed alan albert alex alexander alexandra alexey",
                "alexei alfred ali alice alicia allison amanda amelia amy andre andrea andreas andrew angela anil",
                "anita ann anne annie anthony antoine anton antonio arjun arthur ashley barbara beatrice ben benjamin",
                "bernard beth betty bill bob bradley brenda brian bruce bruno caleb cameron camille carl carla carlos",
                "carmen carol caroline catherine charlotte cheng chloe chris christian christina christine",
                "christopher cindy claire clara claudia colin craig cristina daniel daniela danielle david deborah",
                "deepak denise dennis derek diana diego dmitri dmitry dominic donald donna doris dorothy douglas",
                "edward eleanor elena elizabeth emily emma emmanuel eric erika ernest esther ethan eugene eva evelyn",
                "fatima felix fernando fiona florian frances francesca francesco francis frank frederick gabriel",
                "gabriela gary george gerald giovanni giulia gloria greg gregory guillaume hannah hans harold harry",
                "hassan heather heidi helen helena henry hiroshi howard hugo hussein ian ibrahim ines ingrid irene",
                "isaac isabel isabella ivan jack jacob jacques james jan jane janet jason javier jean jeff jeffrey",
                "jennifer jeremy jessica jim joan joanna joe johan john johnathan jonathan jorge jose joseph",
                "josephine joshua juan juanita judith karen karl katarina kate katherine kathleen keith kelly kenneth",
                "kevin kim kumar kyle larry laura lauren laurent leah leon leonard lewis lily linda lisa liam logan",
                "louis louise lucas lucia lucy luis luke magdalena manuel marc marcel marco marcus margaret maria",
                "marie mario mariana marion mark martha martin mary mathieu matthew maureen maurice megan mehmet",
                "melanie melissa michael michel michelle miguel mike mohamed mohammad mohammed molly monica nadia",
                "nancy naomi natalie nathan neil nicholas nicolas nicole nigel noah nora oliver olivia omar oscar",
                "pablo pamela patricia patrick paul paula pauline pedro peter philip philippe pierre priya rachel",
                "rahul raj rajesh ralph raymond rebecca ricardo richard robert roberto robin roger roland ronald rose",
                "roy russell ryan sabine samantha samuel sandra sanjay sarah scott sean sebastian sergio sharon",
                "shirley silvia simon sofia sophia sophie stefan stefano stephanie stephen steve steven stuart sunil",
                "susan suzanne sylvia tatiana teresa theodore theresa thomas tim timothy todd tom tony valentina",
                "vanessa veronica vijay vincent virginia walter wayne wendy wilhelm william wolfgang yusuf xiaolong",
                "xiaoming wei jing fang hui mei ying jun ming lei yan hoang thi van duc minh anh linh huong lan tuan",
                "hung phuong thanh quang dung hong",
            ),
        )
    )
)
# Surnames whose endings say nothing.
ASIAN_SURNAMES: Final = words(
    "ли ким пак цой нгуен ван чан чэнь лю ян хан тен шин югай тян нам кан лим чжан чжао фам ле",
)
LATIN_SURNAMES: Final = frozenset(
    map(
        latin_key,
        words(
            "smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez",
            "wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark",
            "ramirez lewis robinson walker young allen king wright scott torres nguyen hill flores green adams",
            "nelson baker hall rivera campbell mitchell carter roberts mueller schmidt schneider fischer weber",
            "meyer wagner becker schulz hoffmann dubois durand moreau rossi russo ferrari esposito singh kumar",
            "sharma patel gupta khan tran le pham wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu",
            "guo he lin kim park choi tsoi pak tanaka suzuki sato watanabe whitlow ostrander marbury halloway",
            "musin pushkin ter",
        ),
    )
)
TURKIC_PARTICLES: Final = words(
    "оглы оглу огли угли угли уғли ўғли улы ұлы уулу кызы кизи қизи қызы гызы кыз ogly oglu ogli ugli",
    "o'g'li kyzy kizi qizi gizi uly uulu",
)
# Given names that are more often something else in the resumes of our trades.
PRODUCT_NAMES: Final = words(
    "лада алиса маруся мила нива майя аврора iulia ruby cristal ada pascal casandra iasmine iest travis",
    "hudson victoria max maks robin iris alpine alexa rose iordan austin dart elm lisa grace chef van ian",
    "may april iune august le ma he sun park iade",
)
BRANDS: Final = frozenset(
    (
        "леруа мерлен", "мэри кэй", "эрнст энд", "ив роше", "филип моррис", "хуго босс", "жан поль", "карл маркс",
        "карла маркса", "петра великого", "александра невского", "ивана грозного", "роза люксембург", "иван чай",
        "иван купала", "дед мороз", "юлий цезарь", "марк формель",
        "hugo boss", "philip morris", "estee lauder", "mary kay", "thomas cook", "calvin klein", "tommy hilfiger",
        "louis vuitton", "marie claire", "jack daniels", "john deere", "henry schein", "grant thornton", "tom tailor",
        "arthur andersen", "ernst young", "yves rocher", "max mara", "karen millen", "anne klein", "victoria metrics",
        "carl zeiss", "robert bosch", "martin bauer", "johnson controls", "frank walter", "louis dreyfus", "jean paul",
        "morgan stanley", "goldman sachs", "merrill lynch", "wells fargo", "ralph lauren", "harley davidson", "marks spencer",
        "arthur little", "johnson matthey", "martin marietta", "charles schwab", "lloyds bank", "max factor", "jo malone",
        "paul smith", "marc jacobs", "michael kors", "kate spade", "donna karan", "tom ford", "giorgio armani", "zara home",
        "альфа банк", "макс мара", "коко шанель", "кристиан диор", "бритиш американ", "джон дир", "роберт бош", "карл цейс",
        "bill gates", "james webb", "ray tracing", "kim lee", "jack wolfskin", "harry winston", "helena rubinstein",
    )
)  # fmt: skip
# Words of headings and posts: no line of a resume that has one of them is a name.
ENGLISH_COMMON: Final = words(
    "a about academic account accountant achievements activities address admin administrator agile ai",
    "analyst analytics and android apache api app applications architect architecture area art assistant",
    "associate at auto automation aws azure backend back banking big blockchain boot bootstrap building",
    "business c candidate career certificate certificates certifications chief cloud coach code coding",
    "commerce company computer computing consultant contact contacts content core coordinator courses",
    "cover creative curriculum customer cv cyber data database deep delivery design designer desktop",
    "developer development devops digital director docker driver ecommerce editor education electrical",
    "embedded employment end engineer engineering english enterprise entity event excel executive",
    "experience expert finance financial flow for framework frontend front full game general google",
    "graphic hardware head health helm highlights hr human i in information infrastructure integration",
    "intelligence interests international internet interpreter ios it java javascript jenkins job junior",
    "kafka key kubernetes languages law lawyer lead leader learning legal letter level linux logistics",
    "machine mail maintenance management manager manual marketing master mechanical media medical",
    "microservices microsoft middle middleware mobile my native network networking new node nurse of",
    "office officer open operations operator oracle page partner performance personal platform pm",
    "portfolio power present product production profile program programmer project projects python qa",
    "quality query rails react references regional remote representative research resources",
    "responsibilities resume retail review sales sap school science scientist scrum security senior",
    "server service services skill skills social software solution solutions source spark specialist",
    "spring sql stack staff statement storage strategy studio studies summary supervisor supply support",
    "system systems talent teacher team tech technical technician technologies technology test tester",
    "testing the to tool tools top trading training translator ui university user ux vice video virtual",
    "visual vitae volunteer warehouse web windows with work worker writer northern express",
    "northernexpress adobe basic bi cisco amazon airflow actions intel sign single linkedin github",
    "telegram phone mobile email street road avenue city region russia russian moscow kazan photoshop",
    "illustrator corel draw bot teams free tier git gitlab ci cd unit rest soap http html css mongo",
    "mongodb redis django flask fast fastapi postgres postgresql clean martini campari bianco catalyst",
    "fanuc mikrotik grafana loki bank group holding ltd inc llc corp corporation co gmbh plc agency association club hotel",
    "restaurant airlines airways energy foods motors partners brothers sons house trade trust insurance capital investment",
    "ventures labs lab institute college academy foundation federal state national united public private chef cook pastry",
    "welder truck civil registered welding electrician plumber carpenter mason painter cashier secretary receptionist barista",
    "waiter bartender housekeeper cleaner guard soldier pilot captain sailor intern student graduate bachelor phd mba msc bsc",
    "male female years born available open relocation remote hybrid full-time part-time in at by on from and or for with",
    "kubernetes terraform ansible fluent native advanced intermediate beginner saint petersburg nizhny novgorod kazakhstan",
    "uzbekistan belarus ukraine germany london berlin new york united kingdom states city town village university",
)
# What somebody is to the candidate.
RELATIVES: Final = words(
    "муж мужа мужу мужем жена жены жене жену женой супруг супруга супруги супругу супругой супругом сын сына сыну сыном сыновья",
    "дочь дочери дочерью дочка дети ребенок мать мама матери маме отец папа отца отцу брат брата братом сестра сестры сестре",
    "сестрой бабушка дедушка тетя дядя опекун коллега коллеги партнер напарник бывший рекомендует хозяин врач",
)
POSTS: Final = (
    "начальник", "руководител", "директор", "заведующ", "мастер", "бригадир", "наставни", "рекоменд", "поручител", "менеджер",
    "инженер", "бухгалтер", "куратор", "тренер", "администратор", "управляющ", "владел", "основател", "президент", "прораб",
    "завуч", "замдиректор", "зам", "председател", "командир", "декан", "методист", "преподавател", "тимлид", "контактн", "лицо",
    "отзыв", "благодарност", "характеристик", "супервайзер", "специалист", "профессор", "доцент", "доктор", "врач", "повар", "шеф",
)  # fmt: skip
ENGLISH_PEOPLE: Final = words(
    "head director manager supervisor lead mentor boss chief reference references referee wife husband spouse son daughter",
    "mother father brother sister cto ceo cfo coo founder president professor colleague recommended recommendation owner vp hr",
    "contact emergency",
)
# Small words within names.
PARTICLES: Final = words("de da di do dos del della la le van von der den bin ibn ben al el abu аль эль ибн бин абу де да ван фон дер оол")
HEADING_WORDS: Final = words(
    "резюме cv curriculum vitae resume кандидат кандидата соискатель анкета фио имя name автор cv mr mrs ms dr г-н г-жа",
)
