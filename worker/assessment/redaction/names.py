"""Where a text names a person: names of any origin that Russian resumes have, and later mentions of the same surname.

A word alone proves little (Лада is a car, Роман a novel, Julia a language), so a name is what stands in a place for
names or beside another part of a name:

- a label («ФИО:», "Name", «меня зовут», «с уважением») or the first lines of the text;
- a patronymic and what is in front of it; «оглы», «кызы» and their kin;
- a given name beside a surname, in any order; a surname with initials; two capitalised Latin words on a line of
  their own.

Then the same surname and given name are looked for in the whole text, in any grammatical case and in either alphabet.

An employer's name stays, though a person's is in it: what stands in quotation marks, behind «ИП», behind «имени».
If it is the candidate's own surname, found elsewhere in the text, it goes: «ООО "Воронцов и " "партнёры"» tells who
Воронцов is.
"""

import re
from bisect import bisect_left
from itertools import pairwise
from typing import Final

from worker.assessment.redaction.head import end_of_head
from worker.assessment.redaction.mentions import Mentions
from worker.assessment.redaction.name_lists import (
    BRANDS,
    HEADING_WORDS,
    PARTICLES,
    PRODUCT_NAMES,
    TURKIC_PARTICLES,
)
from worker.assessment.redaction.name_places import (
    INITIALS_AND_DATA,
    INITIALS_BEFORE,
    INITIALS_BEHIND,
    INTRODUCED,
    LABELLED,
    NAMED_AFTER,
    QUOTED,
    QUOTED_WITHOUT_STRAIGHT,
    SEGMENT,
    SPACED_OUT,
)
from worker.assessment.redaction.name_word import SURNAME_ENDING, Word, word_of
from worker.assessment.redaction.placeholders import KIND_OF, SYMBOLS, Kind, Span
from worker.assessment.redaction.whole_name import is_a_name, may_be_named
from worker.assessment.redaction.word_list import phrases
from worker.assessment.redaction.word_list import words as listed

_HEADER_LINES: Final = 4  # that are still there when the names in them have gone
_LONGEST_NAME: Final = 6  # words

# One class of characters and a plus, joined by a character outside of it: linear in any engine.
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ‘`\-][^\W\d_]+)*")


_LAST_CYRILLIC: Final = "ӿ"
_NAMED = re.compile(f"[{SYMBOLS[Kind.NAME]}{SYMBOLS[Kind.PERSON]}]")
DATA: Final = frozenset((*KIND_OF, *"0123456789+"))
_SIDEBARS: Final = phrases("sidebars")
_FARTHEST: Final = 8  # words between one for people and the name
_ELSEWHERE: Final = listed("elsewhere")
_APPOSITION: Final = re.compile(r",? ?\(|, ?| ?[—-] ")


def find_names(text: str) -> list[Span]:
    """The spans of the text that name a person, neither sorted nor free of overlaps.

    The text's placeholders are single characters (`placeholders.SYMBOLS`).
    """
    return _Search(text).spans()


class _Search:
    def __init__(self, text: str) -> None:
        found = list(_WORD.finditer(text))
        self._text = text
        self._words = list(map(word_of, map(re.Match.group, found)))
        self._starts = list(map(re.Match.start, found))
        self._ends = list(map(re.Match.end, found))
        self._lines = self._lines_with_words()
        self._protected: set[int] = set()  # numbers of words
        self._taken: dict[int, None] = {}  # numbers of words, in the order of their finding
        self._extra: list[Span] = []  # initials

    def spans(self) -> list[Span]:
        self._protect()
        self._after_labels()
        self._in_the_head()
        self._one_below_the_other()
        self._in_running_text()
        self._beside_people()
        self._later_mentions()
        return [self._span(number) for number in self._taken] + self._extra

    def _span(self, number: int) -> Span:
        end = self._ends[number]
        initial = len(self._words[number].text) == 1 and self._text[end : end + 1] == "."
        return self._starts[number], end + initial, Kind.NAME

    # --- where no name is looked for ---

    def _protect(self) -> None:
        quoted = QUOTED if '"' in self._text else QUOTED_WITHOUT_STRAIGHT
        for pattern in (quoted, NAMED_AFTER):
            for match in pattern.finditer(self._text):
                self._protected.update(self._numbers_in(*match.span(match.lastindex or 0)))

    def _numbers_in(self, start: int, end: int) -> range:
        return range(bisect_left(self._starts, start), bisect_left(self._starts, end))

    def _lines_with_words(self) -> list[tuple[int, str, range]]:
        """Where each line begins, the line, and the numbers of its words."""
        lines = []
        start = 0
        for line in self._text.split("\n"):
            lines.append((start, line, self._numbers_in(start, start + len(line))))
            start += len(line) + 1
        return lines

    def _take(self, *numbers: int) -> None:
        for number in numbers:
            self._taken[number] = None

    # --- places for names ---

    def _after_labels(self) -> None:
        for match in LABELLED.finditer(self._text):
            numbers = self._numbers_in(*match.span(match.lastindex))[:_LONGEST_NAME]
            below = match.lastindex == 2
            stranger = next((number for number in numbers if not may_be_named(self._words[number])), None)
            if below and stranger is not None:
                numbers = range(numbers.start, stranger)
            label = match[0].lower()
            certain = any(part in label for part in ("фам", "surname", "last", "family"))
            if numbers and (
                self._may_be_labelled(numbers) or (certain and self._words[numbers[0]].capital and len(numbers) < 4)
            ):
                self._take(*numbers)
        for match in INTRODUCED.finditer(self._text):
            for place, number in enumerate(self._numbers_in(*match.span(1))):
                word = self._words[number]
                if place and word.capital and number - 1 in self._taken and self._beside(number, -1) == number - 1:
                    self._take(number)  # «Меня зовут Марк Голубь»
                    continue
                if not (word.given or word.surname or word.patronymic or (word.unknown and word.capital)):
                    break
                if not word.capital and not word.only_given and not (word.surname and not word.common):
                    break
                self._take(number)

    def _may_be_labelled(self, numbers: range) -> bool:
        words = [self._words[number] for number in numbers]
        # «Имя файла», "Name: string": words that are common and nothing else are no name.
        return any(word.given or word.surname or word.patronymic or word.unknown for word in words) and not (
            len(words) > 1 and all(word.common and not (word.given or word.surname) for word in words[:2])
        )

    def _in_the_head(self) -> None:
        """The lines before the first section: once a name stands above, words that nobody knows are none."""
        end = end_of_head(self._text)
        above = _NAMED.search(self._text[:end])
        named = len(self._text) if above is None else above.start()
        lines = 0
        sidebar = False  # of skills or languages, as LinkedIn has it
        for start, line, numbers in self._lines:
            if start >= end:
                break
            sidebar = line.strip(" :").lower() in _SIDEBARS or (sidebar and bool(line.strip()))
            for match in SEGMENT.finditer(line) if numbers else ():
                begin, stop = start + match.start(), start + match.end()
                found = self._numbers_in(begin, stop)
                unnamed = not self._taken and begin < named
                # On a line with other words a person's data follow the name.
                alone = len(found) == len(numbers) or self._text[stop : stop + 3].strip(" ,|(•—\t")[:1] in DATA
                self._segment(
                    found,
                    first=unnamed and lines == 0,
                    stranger=unnamed and not sidebar and alone and (len(self._lines) > 1 or len(found) < len(numbers)),
                    alone=alone,
                )
            lines += any(number not in self._taken for number in numbers)
        for match in SPACED_OUT.finditer(self._text[:end]):
            word = "".join(match[1].split())
            if word.lower() not in HEADING_WORDS and not word_of(word).common:
                self._extra.append((*match.span(1), Kind.NAME))

    def _segment(self, numbers: range, *, first: bool, stranger: bool, alone: bool) -> None:
        # Initials are words of one letter and belong to the name.
        while numbers and self._words[numbers[0]].lower in HEADING_WORDS:
            numbers = numbers[1:]
        if not numbers or not self._protected.isdisjoint(numbers) or not self._joined_by_spaces(numbers):
            return
        words = self._words[numbers.start : numbers.stop]
        if len(numbers) == 1:
            word = words[0]
            if (
                alone
                and word.capital
                and word.lower not in PRODUCT_NAMES
                and (
                    (first and (word.given or (word.surname and not word.common)))
                    or (stranger and (word.only_given or word.text[0] > _LAST_CYRILLIC))
                )
            ):
                self._take(numbers[0])
            return
        if len(numbers) > _LONGEST_NAME or any(
            len(word.text) == 1
            and not word.capital
            and self._text[end : end + 1] != "."
            and word.lower not in PARTICLES
            for word, end in zip(words, self._ends[numbers.start : numbers.stop], strict=True)
        ):
            return  # «Джонсон и Джонсон»
        if is_a_name(words, first=first, stranger=stranger):
            # «Токарь Иванов Иван Иванович»: the post stays.
            post = len(numbers) > 3 and not may_be_named(words[0])
            self._take(*(numbers[1:] if post else numbers))

    def _joined_by_spaces(self, numbers: range) -> bool:
        return all(
            not self._text[self._ends[one] : self._starts[other]].strip(" .") for one, other in pairwise(numbers)
        )

    def _one_below_the_other(self) -> None:
        """A surname and a given name on lines one below the other, in the first lines."""
        lone: list[int] = []
        for _start, line, numbers in [line for line in self._lines if line[1].strip(" \t•|,.—-")][: _HEADER_LINES + 3]:
            if len(numbers) == 1 and not any(map(str.isdigit, line)):
                lone.append(numbers[0])
            elif len(lone) > 1:
                break
            else:
                lone = []
        words = [self._words[number] for number in lone]
        if len(lone) > 1 and any(word.given for word in words) and any(word.surname for word in words):
            self._take(*(number for number, word in zip(lone, words, strict=True) if may_be_named(word)))

    # --- running text ---

    def _in_running_text(self) -> None:
        # `tells_of_a_name` is whatever the first three of these ask for: change both.
        # What proves most goes first: in «Смирнова Алексея Петровича» the patronymic, not the given name.
        words = [(number, word) for number, word in enumerate(self._words) if word.short or word.tells_of_a_name]
        beside = {number + step for number, word in words if word.short for step in (-1, 1)}
        beside_short = [number for number in sorted(beside - {-1, len(self._words)}) if self._words[number].capital]
        for look, numbers in (
            (self._at_a_particle, [number for number, word in words if word.lower in TURKIC_PARTICLES]),
            (self._at_a_patronymic, [number for number, word in words if word.patronymic]),
            (self._at_a_given_name, [number for number, word in words if word.given and word.capital]),
            (self._at_initials, beside_short),
        ):
            for number in numbers:
                if number not in self._taken and number not in self._protected:
                    look(number, self._words[number])

    def _beside(self, number: int, step: int, *, small: bool = False, mixed: bool = False) -> int | None:
        """The number of the next capitalised word (with `small`, of any), if only spaces are between.

        It is of the same alphabet, unless it may be `mixed`.
        """
        other = number + step
        if not 0 <= other < len(self._words):
            return None
        word, neighbour = self._words[number], self._words[other]
        between = self._text[self._ends[min(number, other)] : self._starts[max(number, other)]]
        if between.strip(" \t") or other in self._protected or len(neighbour.text) < 2:
            return None
        if not neighbour.capital and not small:
            return None
        return other if mixed or neighbour.cyrillic == word.cyrillic else None

    def _at_a_patronymic(self, number: int, word: Word) -> None:
        if not word.capital:
            # «петров семен львович водитель»
            given = None if word.common else self._beside(number, -1, small=True)
            if given is not None and self._words[given].only_given:
                self._take(given, number)
                before = self._beside(given, -1, small=True)
                if before is not None and self._words[before].surname and not self._words[before].common:
                    self._take(before)
            return
        given = self._beside(number, -1)
        if given is None:
            return
        named = self._words[given]
        if not (named.given or named.unknown or (named.surname and not named.common)):
            return
        self._take(given, number)
        before, behind = self._beside(given, -1), self._beside(number, +1)
        if before is not None and self._may_stand_before(before):
            self._take(before)
        elif behind is not None and (self._words[behind].surname or self._words[behind].unknown):
            self._take(behind)

    def _may_stand_before(self, number: int) -> bool:
        word, start = self._words[number], self._starts[number]
        if word.surname or (word.unknown and not word.abbreviation):
            return True
        # «резюме Зайца Николая Трофимовича»: within a phrase only a name has a capital, or a post at its beginning.
        within = start > 1 and self._text[start - 1] == " " and self._text[start - 2].isalpha()
        return within and not word.people and number - 1 not in self._protected

    def _at_a_particle(self, number: int, _word: Word) -> None:
        taken = [number]
        while len(taken) < 4 and (other := self._beside(taken[-1], -1, mixed=True)) is not None:
            taken.append(other)
        if len(taken) > 2 and any(may_be_named(self._words[other]) for other in taken[1:]):
            self._take(*taken)
            behind = self._beside(number, +1)
            if len(taken) == 3 and behind is not None and self._words[behind].surname:
                self._take(behind)

    def _at_a_given_name(self, number: int, word: Word) -> None:
        sure = word.only_given and word.cyrillic
        for other in (self._beside(number, +1), self._beside(number, -1)):
            if other is None:
                continue
            neighbour = self._words[other]
            pair = sorted((number, other))
            if " ".join(self._words[one].lower for one in pair) in BRANDS:
                return
            if neighbour.lower in PRODUCT_NAMES:
                continue
            if word.lower in PRODUCT_NAMES and not SURNAME_ENDING.fullmatch(neighbour.lower):
                continue
            strict = neighbour.surname and not neighbour.common
            if strict or (sure and (neighbour.surname or (neighbour.unknown and not neighbour.given))):
                self._take(*pair)
                return

    def _at_initials(self, number: int, word: Word) -> None:
        if len(word.text) < 2:
            return
        text, start, end = self._text, self._starts[number], self._ends[number]
        if word.common and not word.surname:
            # «Соболь Г. В., 12.05.1994»: a common word, but at a line's start and before a person's data.
            if start == 0 or text[start - 1] == "\n":
                signed = INITIALS_AND_DATA.match(text[end : end + 12])
                if signed is not None:
                    self._take(number)
                    self._extra.append((start, end + signed.end(1), Kind.NAME))
            return
        # A slice: RE2 encodes the whole of what it is handed, wherever it is to begin. Initials end with a full stop.
        following = text[end : end + 8]
        behind = INITIALS_BEHIND.match(following) if "." in following else None
        if behind is not None and self._is_initials(number, behind[0], end + behind.end()):
            self._take(number)
            self._extra.append((start, end + behind.end(), Kind.NAME))
            return
        before = text[max(0, start - 7) : start]
        match = INITIALS_BEFORE.search(before) if "." in before else None
        if match is not None and match[0].count(".") == 2 and self._may_bear_initials(word):
            begin = max(0, start - 7) + match.start()
            if begin == 0 or not text[begin - 1].isalnum():
                self._take(number)
                self._extra.append((begin, end, Kind.NAME))

    @staticmethod
    def _may_bear_initials(word: Word) -> bool:
        if not word.cyrillic:
            return word.surname
        return word.surname or (word.unknown and not word.text.isupper())

    def _is_initials(self, number: int, initials: str, end: int) -> bool:
        word, start = self._words[number], self._starts[number]
        if (end < len(self._text) and self._text[end].isalnum()) or not self._may_bear_initials(word):
            return False
        if initials.count(".") + initials.strip(" ,.").count(" ") > 1 or sum(map(str.isalpha, initials)) == 2:
            return True
        rest = self._text[end : end + 2].strip(" ")
        line_start = start == 0 or self._text[start - 1] == "\n"
        return word.surname and (not word.common or line_start) and (not rest or not rest[0].isalnum())

    # --- other people ---

    def _beside_people(self) -> None:
        """Names behind and before words for people: «Супруг — Антон», «Руководитель: Мельников», "John Whitfield, Head"."""
        for number, word in enumerate(self._words):
            if word.people:
                self._behind_people(number)
                self._before_people(number)

    def _behind_people(self, number: int) -> None:
        sign = ""
        for other in range(number + 1, min(number + _FARTHEST, len(self._words))):
            word = self._words[other]
            between = self._text[self._ends[other - 1] : self._starts[other]]
            if "\n" in between and not between.strip(" \t").startswith((":", "\n")):
                return
            if ";" in between or ". " in between or other in self._protected or word.lower in _ELSEWHERE:
                return
            sign = between if between.strip(" ") else sign
            if not word.capital or word.people or word.abbreviation:
                continue
            told = (":" in sign or "—" in sign or "- " in sign) and between == sign
            if self._is_somebody(other, told=told):
                self._take_name(other)
                return

    def _is_somebody(self, number: int, *, told: bool) -> bool:
        """Whether a capitalised word near one for people is a name; `told`, right behind a colon or a dash."""
        word = self._words[number]
        if word.lower in PRODUCT_NAMES or word.key in PRODUCT_NAMES:
            return told and word.given and word.cyrillic
        # «Гусев» is a town as well.
        if word.only_given or word.patronymic or (word.surname and (not word.common or (word.place and not told))):
            return True
        if not told:
            return False
        end = self._ends[number]
        alone = self._text[end : end + 2].lstrip(" ")[:1] in {"", "\n", ",", ".", ";", "(", "—", "-"}
        return word.given or (alone and ((word.unknown and word.cyrillic) or word.surname) and not word.place)

    def _take_name(self, number: int) -> None:
        """Take the word and what else of the name stands behind it."""
        self._take(number)
        for _ in range(2):
            behind = self._beside(number, 1)
            if behind is None or not may_be_named(self._words[behind]) or self._words[behind].abbreviation:
                return
            self._take(behind)
            number = behind

    def _before_people(self, number: int) -> None:
        start = self._starts[number]
        last = number - 1
        if last < 0 or not _APPOSITION.fullmatch(self._text[self._ends[last] : start]):
            return
        first = self._beside(last, -1)
        numbers = range(last if first is None else first, last + 1)
        words = self._words[numbers.start : numbers.stop]
        if not all(word.capital for word in words) or not self._protected.isdisjoint(numbers):
            return
        begin = self._starts[numbers.start]
        opens = not self._text[max(0, begin - 2) : begin].rstrip(" ")[-1:].isalnum()
        if len(words) == 2 and opens and not any(word.common or word.abbreviation for word in words):
            pair = " ".join(word.lower for word in words)
            if pair not in BRANDS and any(word.only_given for word in words):
                self._take(*numbers)
        elif len(words) == 1 and opens and words[0].cyrillic and words[0].surname and not words[0].common:
            self._take(*numbers)

    # --- the same people again ---

    def _later_mentions(self) -> None:
        if not self._taken:
            return
        mentions = Mentions(self._words[number] for number in self._taken)
        named = set(filter(mentions.has, set(self._words)))
        short: list[int] = []
        for number, word in enumerate(self._words):
            if word in named and number not in self._taken and len(word.text) > 1:
                if len(word.text) > 2:
                    self._take(number)
                else:
                    short.append(number)
        self._take(*(number for number in short if self._in_place(number)))

    def _in_place(self, number: int) -> bool:
        # «на Ли прилагается», «Ли Мэй»: so short a word needs a sentence or a name around it.
        start = self._starts[number]
        in_a_sentence = start > 1 and self._text[start - 1] == " " and self._text[start - 2].islower()
        return in_a_sentence or self._beside(number, 1) in self._taken or self._beside(number, -1) in self._taken
