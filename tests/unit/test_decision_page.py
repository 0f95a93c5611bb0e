"""The page of a decision: what it says, and that strangers' words are only ever text."""

import base64
import hashlib
import re
import stat
import subprocess
import sys
from pathlib import Path

import html5lib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.browser import browser
from worker import __main__ as command
from worker import commands
from worker.assessment.proof import Lowering
from worker.explaining.decision_page import REASONS, page
from worker.explaining.explanation import Explanation
from worker.explaining.quote_places import pieces

HOSTILE = [
    "<script>document.title = 'owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "</style></pre></table></body><h1>owned</h1>",
    "<!-- owned",
    "<a href='javascript:owned()'>owned</a>",
    "&lt;b&gt; & &#60;i&#62; ]]>",
    "{{ owned }} ${owned} <% owned %>",
]
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "svg", "rect", "line", "table", "thead",
    "tbody", "tr", "th", "td", "q", "span", "br", "ul", "li", "pre", "mark", "sup", "dl", "dt", "dd",
}  # fmt: skip
RESUME = "Пять лет пишу сервисы на Python.\nАдминистрировала кластеры PostgreSQL."


def explanation(*, texts=("Python", "PostgreSQL", "Лицензия"), quote="пишу сервисы на Python", **changes):
    criteria = [
        {"id": 1, "text": texts[0], "kind": "must", "weight": 2, "claimed": "strong", "level": "strong", "points": 2,
         "quotes": [quote]},
        {"id": 2, "text": texts[1], "kind": "nice", "weight": 1, "claimed": "strong", "level": "partial", "points": 1,
         "quotes": ["Администрировала кластеры"], "reasons": ["years_short"], "years": 3,
         "months": 27},
        {"id": 3, "text": texts[2], "kind": "gate", "weight": 0, "claimed": "none", "level": "none", "points": 0},
    ]  # fmt: skip
    return Explanation.model_validate(
        {
            "score": 59, "verdict": "Не подходит", "threshold": 60, "cap": 59, "points": 5, "of": 6,
            "criteria": criteria, "criteria_digest": "0123456789abcdef", "question": "ff", "model": "some-model",
            "prompt_version": "7", "rubric_version": "2", "redaction_version": "3", "graded_in": "2026-11",
            "prompt_tokens": 1_500, "completion_tokens": 250, **changes,
        }
    )  # fmt: skip


def parsed(html):
    """The tree of a page; an error of its HTML ends the test."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)


def text(html):
    return " ".join("".join(parsed(html).find("body").itertext()).split())


def test_it_says_what_was_decided_and_why():
    """A colleague reads the score, each criterion with kind, weight, level and quote, what lowered it, and the sum."""
    flagged = {"suspicions": ["to_reviewer", "undated"], "second_look": "lowered"}
    said = text(page(1001, explanation(forbidden=["возраст"], **flagged)))
    for words in (
        "Решение по запросу 1001", "59 из 100 — Не подходит", "100 × 5 ÷ 6 = 83", "не больше 59", "«Подходит» — от 60",
        "Python", "пишу сервисы на Python", "обязательное", "желательное", "допуск", "частично", "модель: подтверждено",
        "снижено: срок меньше требуемого", "срок: 2 года 3 мес., нужно: 3 года",
        "4 из 4", "1 из 2", "возраст", "some-model",
        "Нужна проверка человеком: в резюме есть обращения к проверяющему; срок опыта не подтверждён датами.",
        "часть оценок снижена",
        "промпт 7, правила 2, обезличивание 3", "0123456789abcdef", "2026-11", "1500 в запросе, 250 в ответе",
    ):  # fmt: skip
        assert words in said, words


@pytest.mark.parametrize(
    ("cap", "levels", "rule"),
    [
        (59, ("strong", "partial", "none"), "не подтверждён допуск (№ 3), поэтому не больше 59"),
        (40, ("strong", "partial", "none"), "подтвердилось хотя бы частично требований: 2 из 3, поэтому не больше 40"),
        (20, ("strong", "none", "none"), "подтвердилось хотя бы частично требований: 1 из 3, поэтому не больше 20"),
    ],
)
def test_it_names_the_rule_that_capped(cap, levels, rule):
    """Whoever asks why it is not more reads which rule it was."""
    shown = explanation(cap=cap)
    criteria = [one.model_copy(update={"level": level}) for one, level in zip(shown.criteria, levels, strict=True)]
    assert f"Правила ограничили оценку: {rule}." in text(page(1, shown.model_copy(update={"criteria": criteria})))


def test_a_duration_that_no_date_confirms_is_called_so():
    """It is not said to be too short: nobody knows."""
    shown = explanation()
    undated = shown.criteria[1].model_copy(update={"months": 0, "reasons": ("years_undated",)})
    said = text(page(1, shown.model_copy(update={"criteria": [undated]})))
    assert "срок: не подтверждён датами, нужно: 3 года" in said
    assert "меньше" not in said.replace("не больше", "")


def test_a_person_is_asked_for_first():
    """Whoever reads no further than the score has read it; the words stay, with quotes or without."""
    said = text(page(1, explanation(suspicions=["to_reviewer"])))
    assert said.index("Нужна проверка человеком") < said.index("Как получилась оценка")


def test_the_bar_is_the_sum():
    """Each criterion is as wide as its weight and filled as far as it earned; gates have no width."""
    filled = [
        (bar.get("class"), float(bar.get("width")))
        for bar in parsed(page(1, explanation())).iter()
        if isinstance(bar.tag, str) and bar.tag.endswith("rect")
    ]
    assert filled == [
        ("empty", 666.7), ("strong", 666.7), ("empty", 333.3), ("partial", 166.7),
        ("empty", 1000.0), ("total", 590.0),
    ]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_are_text(hostile):
    """Whatever a resume, a vacancy or a model writes is read on the page, and is nothing but read."""
    shown = explanation(texts=(hostile,) * 3, quote=hostile, suspicions=[hostile], forbidden=[hostile], model=hostile)
    html = page(1, shown, f"{RESUME} {hostile}")
    tree = parsed(html)
    tags = {each.tag.rpartition("}")[2] for each in tree.iter() if isinstance(each.tag, str)}
    assert tags <= ALLOWED
    assert [each for each in tree.iter() if not isinstance(each.tag, str)] == [], "no comment began"
    assert text(html).count(hostile) >= 3 + 1 + 2 + 1
    names = {name for each in tree.iter() for name in each.attrib}
    assert not {name for name in names if str(name).startswith("on") or name in ("href", "src", "style")}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text())
def test_any_words_make_a_valid_page(words):
    """No character of any script breaks the page or cannot be written."""
    html = page(1, explanation(texts=(words,) * 3, quote=words), words)
    parsed(html.encode().decode())


def test_nothing_is_loaded_and_nothing_runs():
    """The policy forbids everything but the page's own style, which it names by its hash."""
    tree = parsed(page(1, explanation()))
    (policy,) = [each.get("content") for each in tree.iter("meta") if each.get("http-equiv")]
    style = tree.find("head/style").text
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


def test_invisible_characters_are_gone():
    """Words cannot be turned round or hidden by characters that nobody sees."""
    html = page(1, explanation(quote="a\u202eb\u200bc\x07\ud800"), "x\u2066y")
    assert not re.search("[\u202e\u200b\x07\u2066\ud800]", html)


def test_quotes_are_marked_in_the_resume():
    """One sees where in the resume a quote stands, and for which criterion."""
    marks = ["".join(each.itertext()) for each in parsed(page(1, explanation(), RESUME)).iter("mark")]
    assert marks == ["пишу сервисы на Python1", "Администрировала кластеры2"]
    assert "оценивалось не это резюме" not in text(page(1, explanation(), RESUME))
    assert "оценивалось не это резюме" in text(page(1, explanation(), RESUME, is_same=False))


def test_a_decision_without_its_texts_has_a_page_too():
    """After the quotes are forgotten the page still says what was decided, and that words are gone."""
    kept = Explanation.model_validate_json(explanation().without_texts())
    said = text(page(1, kept))
    assert "слова больше не хранятся" in said
    assert "59 из 100" in said


def test_of_several_providers_it_names_the_one_that_graded():
    """Whoever answers for the decision reads who graded, and that others did so for other candidates."""
    graded = explanation().model_copy(update={"provider": "home", "suspicions": ("mixed",)})
    said = text(page(1, graded))
    assert "провайдер home" in said
    assert "кандидатов этой вакансии оценивали разные модели" in said
    assert "провайдер" not in text(page(1, explanation()))


def test_a_vacancy_of_papers_alone():
    """Where there are no points to add up, nothing is divided."""
    assert "только допуски" in text(page(1, explanation(points=0, of=0)))


def test_every_reason_has_its_words():
    """No code of ours stands on a page for people."""
    assert set(REASONS) == set(Lowering)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text("абё .-\n", max_size=60), st.lists(st.text("абе .", max_size=12), max_size=4))
def test_marking_changes_no_letter(words, quotes):
    """The resume on the page is the resume: marks are put around words, and nothing is lost or moved."""
    found = list(pieces(words, list(enumerate(quotes))))
    assert "".join(piece for piece, _ in found) == words


@pytest.fixture
def _kept(monkeypatch):
    """Request 7 has an explanation in Redis, as the command sees it."""
    monkeypatch.setattr(commands, "explanation_of", lambda number: explanation() if number == 7 else "nothing is kept")


@pytest.mark.usefixtures("_kept")
def test_the_command_writes_the_page(tmp_path):
    """`python -m worker explain 7 --html FILE` leaves a file that only its owner reads."""
    file = tmp_path / "page.html"
    assert command.main(["explain", "7", "--html", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == page(7, explanation())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert command.main(["explain", "8", "--html", str(file)]) == 1


@pytest.mark.usefixtures("_kept")
def test_the_command_prints_json(capsys):
    """`--json` is what is kept, for programs."""
    assert command.main(["explain", "7", "--json"]) == 0
    assert Explanation.model_validate_json(capsys.readouterr().out) == explanation()


@pytest.mark.usefixtures("_kept")
def test_a_resume_is_redacted_before_it_is_shown(tmp_path, monkeypatch):
    """Whoever gives the command the resume as it came sees it as the model saw it."""
    monkeypatch.setenv("OPENAI_KEY", "sk-fake")
    resume = tmp_path / "resume.txt"
    resume.write_text(f"Иванов Иван Иванович, +7 912 345-67-89.\n{RESUME}", encoding="utf-8")
    file = tmp_path / "page.html"
    assert command.main(["explain", "7", "--html", str(file), "--resume", str(resume)]) == 0
    said = text(file.read_text(encoding="utf-8"))
    assert "345-67-89" not in said
    assert "Администрировала" in said
    assert "оценивалось не это резюме" in said, "its digest is another"


def test_help_names_the_options():
    """`--help` works without settings."""
    done = subprocess.run(
        [sys.executable, "-m", "worker", "explain", "--help"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert {"--html", "--json", "--resume"} <= set(re.findall(r"--\w+", done.stdout))


def long_explanation():
    """As long as they get: a dozen criteria with two quotes each, and a resume of 15,000 characters."""
    one = explanation().model_dump()["criteria"][1]
    criteria = [
        {**one, "id": number, "text": f"Требование {number} " + "слово " * 15, "quotes": ["цитата " * 12] * 2}
        for number in range(1, 13)
    ]
    return explanation(criteria=criteria, points=12, of=24)


def test_a_browser_runs_nothing_of_it(tmp_path):
    """In a real browser hostile words are seen as they were written, and the page stays what it was."""
    everything = " ".join(HOSTILE)
    file = tmp_path / "page.html"
    shown = explanation(texts=(everything,) * 3, quote=everything, model=everything)
    file.write_text(page(5, shown, everything), encoding="utf-8")
    document = browser(tmp_path / "profile").document(file.as_uri())
    tree = html5lib.parse(document, namespaceHTMLElements=False)
    assert tree.find("head/title").text == "Решение по запросу 5"
    tags = {each.tag.rpartition("}")[2] for each in tree.iter() if isinstance(each.tag, str)}
    assert tags <= ALLOWED
    assert " ".join("".join(tree.find("body").itertext()).split()).count(everything) >= 5


def test_it_prints_on_two_sheets(tmp_path):
    """The longest decision fits on one sheet of paper and its back."""
    chromium, file = browser(tmp_path / "profile"), tmp_path / "page.html"
    file.write_text(page(5, explanation()), encoding="utf-8")
    assert chromium.printed(file.as_uri(), tmp_path / "short.pdf") == 1
    file.write_text(page(5, long_explanation()), encoding="utf-8")
    assert chromium.printed(file.as_uri(), tmp_path / "long.pdf") <= 2
