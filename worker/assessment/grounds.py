"""Grounds on which nobody may be refused work, so that no vacancy's words on them are graded.

The list follows the Labour Code of the Russian Federation, articles 3 and 64, and the EU's directives 2000/43, 2000/78
and 2006/54. The model names such words; the patterns here stand behind it, so precise that no lawful requirement
is hit: a trade may have the same words for its subject (teaching children, migration law, women's clothes). Health is a
ground only where the job does not ask for it by law: a medical book or an examination may stay.
"""

import re
from enum import StrEnum
from typing import Final

from worker.assessment.plain_text import unmarked


class Ground(StrEnum):
    """What a person may not be chosen by."""

    SEX = "пол"
    AGE = "возраст"
    LOOKS = "внешность"
    FAMILY = "семья"
    CITIZENSHIP = "гражданство"
    NATIONALITY = "национальность"
    RELIGION = "религия"
    HEALTH = "здоровье"
    RESIDENCE = "место жительства"


# A pattern a line; `AGE` is a number of years that a person may have.
_PATTERNS: Final = {
    Ground.SEX: r"""
        \b(?:мужчина|женщина|девушка|юноша|парень)\b|^\W*(?:мужчин|женщин|девуш)\w*\W*$
        \b(?:только|строго|ищ\w+|требу\w+|нуж\w+) (?:мужчин|женщин|девуш|юнош|парн)\w*|\b(?:мужчины|женщины) до\b
        \bпол ?[:—–-]? ?(?:мужскои|женскии|муж|жен|м|ж)\b|\b(?:мужского|женского) пола\b
        \b(?:fe)?males? (?:only|preferred|candidates?)|\bonly (?:(?:fe)?males?|(?:wo)?men)\b|\b(?:wo)?men only\b""",
    Ground.AGE: r"""
        \b(?:до|не старше|не более|старше|моложе|максимум) AGE лет\b|\b(?:старше|моложе) AGE\b
        \bAGE лет (?:максимум|макс)\b|\bAGE ?[—–-] ?AGE лет\b|^\W*до AGE\W*$
        ^\W*(?:от )?AGE ?(?:[—–-]|до) ?AGE(?: лет| года)?\W*$|\bот AGE до AGE лет
        \bвозраст\w* ?[:—–-]? ?(?:до|от|не|старше|моложе|в пределах|AGE)
        \bмолод(?:ои|ая|ые) (?:человек|люд|девушк|сотрудни|специалист|кандидат|парен)
        \b(?:under|over|below|up to) AGE years(?! (?:of )?exp)|^under AGE$|\baged? (?:AGE|limit)|\bAGE years? old""",
    Ground.LOOKS: r"""
        \b(?:приятн|презентабельн|модельн|привлекательн|ярк|европеиск|славянск|ухоженн)\w* (?:внешност|наружност)
        \bвнешност\w* (?:европеиск|славянск|модельн)|\bвнешние данные|\bмодельн\w+ (?:параметр|рост)
        \bрост (?:от|не ниже|выше|до) 1\d\d|\bбез (?:татуировок|тату|пирсинга)
        \bgood[ -]looking|\b(?:attractive|pleasant|presentable) (?:appearance|looks|candidate|girl|woman)""",
    Ground.FAMILY: r"""
        \bсемеин\w+ положени|\b(?:не)?замуж(?:ем|няя|них)\b|\b(?:не)?женат(?:ыи|ых)?\b|\bхолост(?:ои|ых)?\b
        \b(?:без|отсутствие|наличие|нет|взрослые) (?:(?:маленьк|малолетн|несовершенн)\w+ )?дет[еи]и?\b|\bдети старше
        \bналичие семьи|\bне (?:планир\w+|уход\w+) (?:в )?(?:декрет|беременн)|\bне беременн
        \b(?:un)?married\b|\bmarital\b|\b(?:no|without) (?:small |young )?(?:children|kids)\b""",
    Ground.CITIZENSHIP: r"""
        \bгражданств\w+|\bграждан(?:ин|ка|е)\b|\bтолько граждан|\bроссияне\b|\bвид на жительство
        \b(?:us|uk|eu|russian|only) citizens?\b|\bcitizens? only|\bcitizenship\b|\bpermanent resident""",
    Ground.NATIONALITY: r"""
        \bнациональност|\b(?:славян|кавказ)\w* (?:национальн|внешн|происхожд)|\bславян(?:е|ин|ка)\b
        \bтолько русск(?:ие|их)\b|\bне (?:кавказ|мигрант|приезж)
        \bбез акцента|\bnative (?:speakers?|russians?|english) only|\bno accent""",
    Ground.RELIGION: r"\bправославн|\bмусульман|\bхристиан|\bвероисповедан|\bрелигиозн|\bmuslim|\bchristian\b",
    Ground.HEALTH: r"""
        \bбез (?:инвалидност|хронических|заболевани)|\bне инвалид|\bфизически здоров|\bno disabilit
        \b(?:хорош|отличн|крепк)\w+ (?:состояние )?здоровь|\bgood health\b""",
    Ground.RESIDENCE: r"""
        \bпрописк|\b(?:постоянн|временн|московск|местн)\w+ регистраци|\bместн\w+ жител|\bмосквич|^\W*местные\W*$
        \bрегистраци\w+ (?:в|по) (?:москв|спб|санкт|город|област|мест)|\blocals only""",
}
_FORBIDDEN: Final = {
    ground: re.compile("|".join(map(str.strip, patterns.strip().splitlines())).replace("AGE", r"(?:1[6-9]|[2-6]\d)"))
    for ground, patterns in _PATTERNS.items()
}
# A part with one of these speaks of work with what it names.
_OF_A_TRADE: Final = re.compile(
    r"\b(?:знани|опыт|умени|навык|стаж|учет|оформлени|ведени|лечени|уход|обучени|преподава|консульт|продаж|пошив|стриж|"
    r"закон|кодекс|помощ|сопровожд|работ[аы] с|прием|гаранти|рынк|experience|knowledge|law|work with|teaching)"
)
_PARTS: Final = re.compile(r"[,;]|\. ")


def forbidden_ground(text: str) -> Ground | None:
    """The forbidden ground that a requirement's words plainly name, or None. The text is at most a few hundred long."""
    for part in map(str.strip, _PARTS.split(unmarked(text))):
        if not _OF_A_TRADE.search(part):
            for ground, pattern in _FORBIDDEN.items():
                if pattern.search(part):
                    return ground
    return None
