"""Judges redaction on people that somebody made up who had not read it: what of a person stands in what is sent?

`python -m tests.support.redaction_judge` prints the figures of both sets in tests/data/redaction: `judged_once` was
written before the code was changed, by three who had seen none of it, and is measured once afterwards; `developed_with`
likewise, four times over, but the rules were mended with it, and the tagger learnt from it. A set says its people
(`text`, its `marks` with what they identify, `work` that must survive) and look-alikes, lines that must stay.
"""

import html
import json
import re
import sys
from collections import Counter
from pathlib import Path

from worker.assessment.plain_text import readable
from worker.assessment.redaction import redact

SETS = Path(__file__).parents[1] / "data" / "redaction"
# Words of addresses and links that identify nobody.
GENERIC = frozenset(
    """улица улице переулок проспект проспекте бульвар шоссе площадь набережная проезд квартира город область обл
    район районе республика край посёлок поселок село деревня станция метро дом корпус строение микрорайон street
    avenue city apartment flat metro station region republic россия russia проживаю живу прописка room hostel
    university комната общежитие подъезд линия линии аул станица микр мкрн деревне хозяйки корп""".split()  # noqa: SIM905 - words, not a column of quotes
)
HOSTS = frozenset(
    """http https www linkedin com in ru github gitlab vk vkontakte me t telegram ok facebook instagram habr hh career
    resume net org io by kz ua users user profile id people channel u pub twitter x wa dev""".split()  # noqa: SIM905 - words, not a column of quotes
)
AROUND_A_YEAR = frozenset({"г", "год", "года", "г.р", "р", "род", "рождения", "born", "in"})
AT = r"\s*[(\[{<]\s*(?:собак\w+|at|dog)\s*[)\]}>]\s*|\s+(?:собак\w+|at|dog)\s+"
ENDING = re.compile(
    r"(?<=[а-я])(?:л\(а\)|л/а|\(ла\)|\(а\)|/ла|лась|лся|ла|л|ена|ен|на|ый|ая|ий|ой)(?![а-я(/])", re.IGNORECASE
)
KINDS_OF_CONTACTS = ("mail", "link", "handle")


def _plain(text):
    """One form for comparing: entities decoded, invisible characters away, blanks joined, lines kept."""
    text = re.sub("[\u00ad\u200b\ufeff]", "", html.unescape(text))
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def _flat(text):
    return " ".join(_plain(text).split())


def _times(piece, text):
    return len(re.findall(rf"(?<![^\W_]){re.escape(piece)}(?![^\W_])", text, re.IGNORECASE))


class _Sight:
    """What was sent of a person's text, beside that text with every mark cut out: what stands there too is no miss."""

    def __init__(self, one, out):
        self.out, rest = out, one["text"]
        for start, length in sorted(((at, len(m["text"])) for m in one["marks"] for at in m["at"]), reverse=True):
            rest = rest[:start] + " ■ " + rest[start + length :]
        self.lines, self.rest_lines = _plain(out).splitlines(), _plain(rest).splitlines()
        self.text, self.rest = _flat(out), " ".join(_plain(rest).split())
        self.uncontacted = self.text  # a contact that stayed is no name that stayed
        for other in one["marks"]:
            if other["kind"] in KINDS_OF_CONTACTS:
                self.uncontacted = self.uncontacted.replace(_flat(other["text"]), " ")

    def has(self, *pieces):
        return any(_times(piece, self.text) > _times(piece, self.rest) for piece in pieces)

    def has_name(self, text):
        if words := re.findall(r"[^\W\d_]{3,}", _plain(text)):
            return any(_times(word, self.uncontacted) > _times(word, self.rest) for word in words)
        words = [word for word in re.split(r"\s{2,}|\n", html.unescape(text)) if word.strip()]  # И В А Н О В
        return any(_flat(word).lower() in self.uncontacted.lower() for word in words)

    def has_number(self, text):
        digits = re.sub(r"\D", "", _plain(text))
        if not digits:
            return self.has(_flat(text))
        size = min(6, len(digits))
        lines, rest = ([re.sub(r"\D", "", line) for line in which] for which in (self.lines, self.rest_lines))
        runs = {digits[at : at + size] for at in range(len(digits) - size + 1)}
        return any(sum(line.count(run) for line in lines) > sum(line.count(run) for line in rest) for run in runs)

    def has_mail(self, text):
        local = re.split("@" if "@" in text else AT, _plain(text), maxsplit=1, flags=re.IGNORECASE)[0]
        return self.has(*([piece for piece in local.split() if len(piece) >= 3] or [_flat(text)]))

    def has_link(self, text):
        pieces = [piece.strip("@.,:") for piece in re.split(r"[/\s?=&]+", _plain(text))]
        pieces = [piece for piece in pieces if len(piece) >= 3 and piece.lower() not in HOSTS]
        own = [piece for piece in pieces if any(part.lower() not in HOSTS for part in re.split(r"[.:]", piece))]
        if len(own) > 1 and "." in own[0] and own[0] == pieces[0] and "/" in text:
            own = own[1:]
        return self.has(*(own or pieces))

    def has_birth(self, text):
        text = _plain(text)
        tokens = list(re.finditer(r"\w+", text))
        numbers = [at for at, token in enumerate(tokens) if token[0].isdigit()]
        if not numbers or len(tokens) == 1:
            return self.has(_flat(text))
        long = [at for at, token in enumerate(tokens) if re.fullmatch(r"(?:19|20)\d\d", token[0])]
        year = (long or numbers[-1:])[0]
        if len(numbers) == 1 and len(tokens) - 1 == sum(token[0].lower() in AROUND_A_YEAR for token in tokens):
            return self.has(tokens[year][0])
        first, last = (year - 1, year) if year else (0, 1)
        return self.has(_flat(text[tokens[first].start() : tokens[last].end()]))

    def has_address(self, text):
        words = [word for word in re.findall(r"[^\W\d_]{4,}", _plain(text)) if word.lower() not in GENERIC]
        return self.has(*(words or re.findall(r"[^\W\d_]{3,}", _plain(text)) or [_flat(text)]))


LOOKS = {
    "name": _Sight.has_name, "third_person": _Sight.has_name, "phone": _Sight.has_number,
    "document": _Sight.has_number, "mail": _Sight.has_mail, "link": _Sight.has_link, "handle": _Sight.has_link,
    "birth": _Sight.has_birth, "address": _Sight.has_address,
}  # fmt: skip


def _ungendered(text):
    return ENDING.sub("", _flat(text).replace("ё", "е").replace("шел", "шл"))


def _kept(piece, out):
    piece = readable(piece)  # tags and letter-spacing are none of the work
    return _flat(piece) in _flat(out) or _ungendered(piece) in _ungendered(out)


def judge(name):
    """Of a set: for each kind how many marks are gone and how many there are, likewise work and look-alikes kept."""
    good, every = Counter(), Counter()

    def note(kind, is_good):
        every[kind] += 1
        good[kind] += is_good

    for one in _read(name, "people"):
        for mark in one["marks"]:
            mark.setdefault("at", [found.start() for found in re.finditer(re.escape(mark["text"]), one["text"])])
        sight = _Sight(one, redact(one["text"]).text)
        for mark in one["marks"]:
            note(mark["kind"], not LOOKS[mark["kind"]](sight, mark["text"]))
        for piece in one["work"]:
            note("work", _kept(piece, sight.out))
    for line in _read(name, "lookalikes"):
        note("lookalike", _ungendered(redact(line["text"]).text) == _ungendered(line["text"]))
    return {kind: (good[kind], count) for kind, count in every.items()}


def _read(name, file):
    return [json.loads(line) for line in (SETS / name / f"{file}.jsonl").read_text("utf-8").splitlines()]


if __name__ == "__main__":
    for which in ("judged_once", "developed_with"):
        for what, (found, there) in judge(which).items():
            sys.stdout.write(f"{which:<16}{what:<14}{found:>5} of {there:>4}  {found / there:6.1%}\n")
