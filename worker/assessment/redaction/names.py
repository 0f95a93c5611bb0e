"""Where a text names a person: names of any origin that Russian resumes have, and later mentions of the same surname.

A word alone proves little (Лада is a car, Роман a novel), so a name is what stands in a place for names or beside
another part of one. An employer's name stays, though a person's is in it, but for the candidate's.
"""

import re
from itertools import islice, takewhile
from typing import Final

from worker.assessment.redaction import name_lists as lists
from worker.assessment.redaction.name_word import SURNAME_ENDING, Word, is_a_name
from worker.assessment.redaction.named_text import Mentions, NamedText
from worker.assessment.redaction.placeholders import KIND_OF, SYMBOLS, Kind, Span
from worker.assessment.redaction.word_list import pattern, terms

_LONGEST_NAME: Final = 6  # words
_LONGEST_LIST: Final = 6  # lines of people
_DATA: Final = frozenset((*KIND_OF, *"0123456789+"))

_NAMED = re.compile(f"[{SYMBOLS[Kind.NAME]}{SYMBOLS[Kind.PERSON]}]")


def find_names(text: str, end_of_head: int) -> list[Span]:
    """The spans of a resume's one form (`sheet`) that name a person, neither sorted nor free of overlaps."""
    return _Search(text).spans(end_of_head)


class _Search(NamedText):
    def spans(self, end_of_head: int) -> list[Span]:
        quoted = pattern("quoted") if '"' in self.text else lists.QUOTED_WITHOUT_STRAIGHT
        for looked_for in (quoted, pattern("named after"), pattern("brands")):
            for match in looked_for.finditer(self.text):
                self.protected.update(self.numbers_in(*match.span(match.lastindex or 0)))
        self._after_labels()
        self._in_the_head(end_of_head)
        self._in_lists_of_people()
        self._in_running_text()
        self._later_mentions()
        return [self.span(number) for number in self.taken] + self.extra

    def _after_labels(self) -> None:
        for name in ("labelled names", "introduced names"):
            for match in pattern(name).finditer(self.text):
                numbers = self.numbers_in(*match.span(match.lastindex))[:_LONGEST_NAME]
                named = list(takewhile(self._may_be_named, numbers))
                certain = any(part in match[0].lower() for part in lists.CERTAIN)
                unmistakable = certain and len(numbers) < 4 and all(word.capital for word in self.those(numbers))
                self.take(*(numbers if unmistakable else named))

    def _may_be_named(self, number: int) -> bool:
        word = self.words[number]
        sure = word.capital or word.only_given or not (word.unknown or word.common)
        return word.lower in terms("particles") or (sure and word.nameable)

    def _in_the_head(self, end: int) -> None:
        """The lines before the first section: once a name stands above, words that nobody knows are none."""
        above = _NAMED.search(self.text[:end])
        named = len(self.text) if above is None else above.start()
        seen = False  # a line that is more than a name
        for start, line, numbers in self.lines():
            if start >= end:
                break
            for match in lists.SEGMENT.finditer(line) if numbers else ():
                stop = start + match.end()
                found = self.numbers_in(start + match.start(), stop)
                while found and self.words[found[0]].lower in terms("headings"):
                    found = found[1:]
                words = self.those(found)
                if len(found) > _LONGEST_NAME or not any(word.nameable for word in words):
                    continue  # most of them
                unnamed = start < named and min(self.taken, default=len(self.words)) >= numbers.stop
                # On a line with other words a person's data follow the name, or the post.
                before, sign = line[: match.start()], self.text[stop : stop + 3].strip()
                followed = sign.strip(" ,|(•—")[:1] in _DATA or (not seen and sign[:1] in {*",(/|—"})
                alone = (followed or found.stop == numbers.stop) and not before.strip(" #*•-") and "\n" in self.text
                listed = line.count(",") > 1 and found.start != numbers.start  # «Гала, Фуджи, Гренни Смит»
                known = words[0].cyrillic and any(word.only_given and not word.surname for word in words)
                if (alone or (len(words) > 1 and (known or not listed))) and self.stand_together(found):
                    stranger = (unnamed and alone) or not self.taken.keys().isdisjoint(found)
                    self._segment(found, first=unnamed and not seen, stranger=stranger)
            seen = seen or any(number not in self.taken for number in numbers)

    def _segment(self, numbers: range, *, first: bool, stranger: bool) -> None:
        words = self.those(numbers)
        if len(words) == 1:
            word = words[0]
            known = (first and (word.given or (word.surname and not word.common))) or (stranger and word.only_given)
            foreign = stranger and word.text[0] > "ӿ"
            product = word.lower in terms("products")
            if word.capital and not product and (known or foreign):
                self.take(*numbers)
            return
        if is_a_name(words, first=first, stranger=stranger):
            # «Токарь Иванов Иван Иванович»: the post stays.
            post = len(numbers) > 3 and not words[0].nameable
            self.take(*(numbers[1:] if post else numbers))

    def _in_lists_of_people(self) -> None:
        """The first name in each of the lines below «Рекомендации»; who wrote: "Lindqvist, H.; Ochir T.; …"."""
        listed = any(sign in self.text for sign in (".,", ".;", ". and ", ". & ", ". и "))
        for match in pattern("authors").finditer(self.text) if listed else ():
            self.take(*(number for number in self.numbers_in(*match.span()) if len(self.words[number].text) > 1))
            self.extra.append((*match.span(), Kind.NAME))
        for heading in pattern("references").finditer(self.text):
            below = takewhile(lambda found: found[1].strip(), self.lines(heading.end() + 1))
            for start, line, numbers in islice(below, _LONGEST_LIST):
                for match in lists.SEGMENT.finditer(line) if numbers and not _NAMED.search(line) else ():
                    found = self.numbers_in(start + match.start(), start + match.end())
                    if len(found) > 1 and self.stand_together(found):
                        self._segment(found, first=False, stranger=True)
                    if not self.taken.keys().isdisjoint(found):
                        break

    def _in_running_text(self) -> None:
        # `tells_of_a_name` is whatever the first two of these ask for: change both.
        # What proves most goes first: in «Смирнова Алексея Петровича» the patronymic, not the given name.
        words = [(number, word) for number, word in enumerate(self.words) if word.short or word.tells_of_a_name]
        beside = {number + step for number, word in words if word.short for step in (-1, 1)}
        for look, numbers in (
            (self._at_a_patronymic, [number for number, word in words if word.patronymic]),
            (self._at_a_given_name, [number for number, word in words if word.given and word.capital]),
            (
                self._at_initials,
                [number for number in sorted(beside - {-1, len(self.words)}) if self.words[number].capital],
            ),
        ):
            for number in numbers:
                if number not in self.taken and number not in self.protected:
                    look(number, self.words[number])

    def _at_a_patronymic(self, number: int, word: Word) -> None:
        small = not word.capital  # «петров семен львович водитель»
        given = None if small and word.common else self.beside(number, -1, small=small)
        if given is None and not small and not word.people:
            self.take(number)  # «Палыч»
        if given is None:
            return
        named = self.words[given]
        known = named.only_given if small else named.nameable and (named.given or not named.common)
        if not known and (small or named.people or not self.within_a_phrase(given)):  # «охранник Сан Саныч»
            return
        self.take(given, number)
        before, behind = self.beside(given, -1, small=small), self.beside(number, +1)
        for other in (before,) if small else (before, behind):  # «Платон Игоревич Раздольный»
            if other is None:
                continue
            word = self.words[other]
            strange = word.surname or (word.unknown and not word.abbreviation)
            # «резюме Зайца Николая Трофимовича»: within a phrase only a name has a capital, or a post at its beginning.
            within = other == before and self.within_a_phrase(other) and not word.people
            if (word.surname and not word.common) or (not small and (strange or within)):
                self.take(other)
                return

    def _at_a_given_name(self, number: int, word: Word) -> None:
        sure = word.only_given and word.cyrillic
        for other in (self.beside(number, +1), self.beside(number, -1)):
            if other is None:
                continue
            neighbour = self.words[other]
            product = word.lower in terms("products") and not SURNAME_ENDING.fullmatch(neighbour.lower)
            if product or neighbour.lower in terms("products"):
                continue
            strict = neighbour.surname and not neighbour.common
            strange = neighbour.unknown and not (neighbour.given or neighbour.abbreviation)
            if strict or (sure and (neighbour.surname or (strange and not word.surname))):  # «Гренни Смит»
                self.take(number, other)
                return

    def _at_initials(self, number: int, word: Word) -> None:
        text, start, end = self.text, self.starts[number], self.ends[number]
        # Slices: RE2 encodes the whole of what it is handed, wherever it is to begin. Initials end with a full stop.
        following, before = text[end : end + 12], text[max(0, start - 7) : start]
        if len(word.text) < 2 or "." not in following[:8] + before:
            return
        bears = word.surname or word.only_given or (word.cyrillic and word.unknown and not word.text.isupper())
        begins, within = text[max(0, start - 1) : start] in {"", "\n"}, self.within_a_phrase(number) and not word.people
        behind = lists.INITIALS_BEHIND.match(following) if bears or begins or within else None
        if behind is not None:
            two, rest = sum(map(str.isalpha, behind[1])) > 1, following[behind.end(1) :]
            data = rest.strip(" ,;—-")[:1]
            # «Соболь Г. В., 12.05.1994»: a common word, but at a line's start and before a person's data.
            both = two and (bears or (within and not word.abbreviation) or data in KIND_OF) and not rest[:1].isalnum()
            one = word.only_given and not two  # «Мансур Х. — аналитик»
            if both or one or (word.surname and not data.isalnum() and (not word.common or begins)):
                self.take(number)
                self.extra.append((start, end + behind.end(1), Kind.NAME))
                return
        match = lists.INITIALS_BEFORE.search(before) if before.count(".") > 1 and not word.text.isupper() else None
        if match is not None and not before[: match.start()][-1:].isalnum():
            self.take(number)
            self.extra.append((start - len(before) + match.start(), end, Kind.NAME))

    def _later_mentions(self) -> None:
        named = Mentions(self.words[number] for number in self.taken).among(self.words)
        again = [number for number, word in enumerate(self.words) if word in named and number not in self.taken]
        # «Вера Роза» worked at «Роза ветров»
        again = [number for number in again if number not in self.protected or not self.words[number].common]
        self.take(*(number for number in again if len(self.words[number].text) > 2 or self.within_a_phrase(number)))
