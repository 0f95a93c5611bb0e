"""Words that say nothing about a skill, Russian and English: they neither match nor fail to."""

EMPTY_WORDS = """
без более больше будет быть в вам вас во все выше где год года году для до его если есть желательно за
знание знания и из иметь к как кто лет либо мы на навыки наличие нам не нет ниже но о об обязательно
один опыт опыта опытом от по под понимание при работа работать работы рф с свободное свои со так также
тебя то требуется уверенное уверенный умение уровень уровня уровне хорошее хорошо человек чем что эти
это владение a an and as at be by experience for from good in is it knowledge least of on our plus
skills strong than the to understanding we with work working year years you your
"""
