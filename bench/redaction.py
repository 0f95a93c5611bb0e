"""How well does redaction work? `python -m bench.redaction` prints recall and false alarms by class, CPU and memory.

Everything is measured on synthetic people (`bench.redaction_set`); the held-out part is printed beside the part
that the rules were developed on. `--misses` prints what was not found.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from bench.redaction_set.layouts import Document, documents, fresh_documents, held_out_documents
from bench.redaction_set.lookalikes import FRESH_LOOKALIKES, LOOKALIKES
from bench.redaction_set.variants import groups
from bench.text_cost import milliseconds
from worker.assessment.redaction import redact, redacting
from worker.assessment.redaction.placeholders import Span

console = Console()
HOSTILE = {
    "а": "а", "capital words": "Абв ", "given names": "Иван ", "initials": "Иванов И. И. ",
    "patronymics": "Иван Иванович ",
    "digits": "9", "phones": "+7 912 345 67 89 ", "addresses with @": "a@b.cc ", "@": "@", "dots": "a.",
    "labels": "Пол: ",
    "brackets": "«[", "placeholders": "«[ИМЯ]»", "line breaks": "\n", "one letter a line": "И\n", "commas": "а, ",
    "verbs": "вела ", "streets": "ул. А, ", "dates": "12.05.1994 ", "quotes": "«а» ", "links": "t.me/a ",
    "handles": "@abc ", "hyphens": "а-", "base64": "aB3/", "ages": "31 год, ", "spaces": " ",
    "long label": "ФИО: Иван ",
}  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.redaction", description="Measure redaction.")
    parser.add_argument("--misses", action="store_true", help="print what was missed, and in which layout")
    parser.add_argument("--no-held-out", action="store_true", help="leave the held-out part alone")
    arguments = parser.parse_args()
    before = resident()
    redact("Иванов Иван")
    console.print(f"memory of the first redaction in a process: {resident() - before:.0f} MB")
    _recall("developed on", documents(), misses=arguments.misses)
    if not arguments.no_held_out:
        _recall("held out", held_out_documents(), misses=arguments.misses)
        _recall("made up last", fresh_documents(), misses=arguments.misses)
    _lookalikes()
    _fairness()
    _cost()


def missed(document: Document, shown: str) -> list[tuple[str, str]]:
    """The secrets of a document that are still in what became of it."""
    folded = shown.casefold()
    return [(kind, secret) for kind, secret in document.secrets if _stands_in(secret.casefold(), folded)]


def lost(document: Document, shown: str) -> list[str]:
    """What should have stayed in a document and did not."""
    return [part for part in document.kept if part not in shown]


def _stands_in(secret: str, text: str) -> bool:
    at = text.find(secret)
    while at >= 0:
        end = at + len(secret)
        if not (at and text[at - 1].isalnum()) and not (end < len(text) and text[end].isalnum()):
            return True
        at = text.find(secret, at + 1)
    return False


def _recall(title: str, written: list[Document], *, misses: bool) -> None:
    all_of: Counter[str] = Counter()
    missed_of: Counter[str] = Counter()
    kept = gone = 0
    for document in written:
        all_of.update(kind for kind, _ in document.secrets)
        shown = redact(document.text).text
        left = missed(document, shown)
        missed_of.update(kind for kind, _ in left)
        lost_here = lost(document, shown)
        kept += len(document.kept)
        gone += len(lost_here)
        if misses:
            for kind, secret in left:
                console.print(f"missed  {document.layout:14} {kind:12} {secret}", highlight=False, markup=False)
            for part in lost_here:
                console.print(f"lost    {document.layout:14} {part}", highlight=False, markup=False)
    table = Table(title=f"{title}: {len(written)} resumes, {kept - gone} of {kept} honest passages kept")
    for heading in ("class", "found", "of", "recall"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    for kind, total in sorted(all_of.items()):
        table.add_row(kind, str(total - missed_of[kind]), str(total), f"{100 * (1 - missed_of[kind] / total):.1f} %")
    console.print(table)


def _lookalikes() -> None:
    lines = (*LOOKALIKES, *FRESH_LOOKALIKES)
    changed = [(line, redact(line).text) for line in lines if "«[" in redact(line).text]
    console.print(f"look-alikes redacted: {len(changed)} of {len(lines)}")
    for line, shown in changed:
        console.print(f"  {line}  ->  {shown}", highlight=False, markup=False)


def _fairness() -> None:
    for group in groups():
        base = redact(group.texts[0]).text
        different = [text for text in group.texts[1:] if redact(text).text != base]
        console.print(f"fairness, {group.attribute}: {len(different)} of {len(group.texts) - 1} variants differ")
        for text in different:
            console.print(_first_difference(base, redact(text).text), highlight=False, markup=False)


def _first_difference(base: str, other: str) -> str:
    pairs = zip(base.splitlines(), other.splitlines(), strict=False)
    return next((f"  {one!r} | {two!r}" for one, two in pairs if one != two), "  another length")


def _cost() -> None:
    table = Table(title="CPU, best of five")
    for heading in ("text", "characters", "all, ms", "of it names, ms", "of it the tagger, ms", "all else, ms"):
        table.add_column(heading, justify="left" if heading == "text" else "right")
    ordinary = {}
    for size in (1_500, 15_000):
        text = prose(size)
        ordinary[size] = milliseconds(partial(redact, text))
        parts = [min(_spent(name, text) for _ in range(5)) for name in ("find_names", "find_tagged")]
        costs = (ordinary[size], *parts, ordinary[size] - sum(parts))
        table.add_row("ordinary", str(size), *(f"{cost:.1f}" for cost in costs))
    console.print(table)
    worst = sorted(
        ((milliseconds(partial(redact, (unit * 15_000)[:15_000]), times=2), name) for name, unit in HOSTILE.items()),
        reverse=True,
    )
    for spent, name in worst[:6]:
        console.print(f"hostile, {name}: {spent:.1f} ms, {spent / ordinary[15_000]:.1f} times an ordinary text")


def _spent(name: str, text: str) -> float:
    """Milliseconds of CPU that one way of finding takes of one redaction."""
    spent, find = 0.0, getattr(redacting, name)

    def timed(*asked: object, **how: object) -> list[Span]:
        nonlocal spent
        started = time.process_time()
        found: list[Span] = find(*asked, **how)
        spent += time.process_time() - started
        return found

    with patch.object(redacting, name, timed):
        redact(text)
    return 1_000 * spent


def prose(size: int) -> str:
    """An ordinary resume of that many characters: people, skills and work of many kinds, no line twice in a row."""
    lines: Iterable[str] = (line for document in documents()[3::8] for line in (*document.text.splitlines()[:8], ""))
    mixed = [line for pair in zip(LOOKALIKES * 4, lines, strict=False) for line in pair]
    return "\n".join((documents()[0].text, *LOOKALIKES, *mixed))[:size]


def resident() -> float:
    """Megabytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096 / 1_048_576


if __name__ == "__main__":
    main()
