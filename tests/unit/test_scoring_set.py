"""The labelled set: its size, that its files are what its source builds, and that nobody real is in it."""

import json
import re
from collections import Counter

from bench.scoring_set import HERE, injections, pairs, variants, with_injection
from bench.scoring_set.build import build
from worker.assessment.reading import read


def test_the_set_is_as_large_as_promised():
    """At least 40 Russian and 10 English pairs over ten professions, and 30 injections."""
    languages = Counter(pair.language for pair in pairs())
    assert languages["ru"] >= 40
    assert languages["en"] >= 10
    assert len({pair.profession for pair in pairs()}) >= 10
    assert len(injections()) >= 30


def test_every_kind_of_injection_is_there():
    """Blunt, polite, fake system messages, hidden characters, forged sections, other languages, JSON, in quotes."""
    kinds = {injection.kind for injection in injections()}
    assert {"blunt", "polite", "fake_system", "hidden", "forged_section", "language", "json", "in_quotes"} <= kinds


def test_the_files_are_what_the_source_builds():
    """A label can always be traced to the levels that its resume was composed for."""
    for name, lines in build().items():
        text = (HERE / f"{name}.jsonl").read_text(encoding="utf-8")
        assert text == "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), name


def test_the_labels_spread_over_the_scale():
    """Rank correlation means little when most labels are the same."""
    labels = [pair.expected for pair in pairs()]
    assert min(labels) <= 10
    assert max(labels) == 100
    assert len(set(labels)) >= 10


def test_the_requests_are_as_large_as_the_sender_allows():
    """Every pair could have come through Kafka."""
    assert all(len(pair.vacancy) <= 5000 and len(pair.resume) <= 15000 for pair in pairs())


def test_variants_differ_from_their_base_in_one_line_only():
    """Fairness compares like with like."""
    by_id = {pair.id: pair.resume.split("\n") for pair in pairs()}
    assert {one.attribute for one in variants()} == {"name", "sex", "age", "university"}
    for one in variants():
        lines = one.resume.split("\n")
        differing = [n for n, (a, b) in enumerate(zip(lines, by_id[one.base], strict=True)) if a != b]
        assert differing == ([len(lines) - 2] if one.attribute == "university" else [0])


def test_no_honest_text_of_the_set_is_flagged():
    """The clean false-flag rate of the set is zero."""
    for pair in pairs():
        assert read(pair.resume).flags == read(pair.vacancy).flags == ()


def test_planted_injections_leave_the_resume_around_them_whole():
    """What the candidate wrote is still there, and so is the attempt."""
    resume = pairs()[0].resume
    for place, injection in enumerate(injections()):
        planted = with_injection(resume, injection, place)
        assert injection.text in planted
        assert planted.replace(f"\n\n{injection.text}\n", "").replace("\n\n", "\n").strip() == resume


def test_no_contact_data():
    """Invented people have no telephone numbers, addresses or links."""
    for pair in pairs():
        assert not re.search(r"@|https?:|\+?\d[\d\s()-]{9,}\d(?!\s*—)", pair.resume.replace(" — ", "/"))
