"""The one sentence that tells the state, what stands below it, and how terminal and page show it."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest
import redis
import yaml
from confluent_kafka import KafkaError

from bridge.__main__ import parse
from bridge.commands.status import language_of
from bridge.status import collecting, terminal, wording
from bridge.status.figures import InKafka, InRedis, Process, Status, Tripped
from bridge.status.page import Overview, html
from bridge.status.verdict import alerts, judge
from bridge.status.wording import in_words, tell
from bridge.tally import DEAD_LETTER, REJECTED, Tally, how, within
from contract import Addressee, Assessment, Failure, Outcome
from servers.redis_trouble import short
from tests.support.fakes import FakeClock

PROJECT = Path(__file__).parents[2]
BUCKET = {"limit": 200, "level": 0.25, "rate": 200 / 86_400, "learned": None}
LIMITS = {
    "waiting": 0, "next_start": 0, "blocked": 0,
    "buckets": {"rpm": BUCKET | {"limit": 3, "rate": 0.05}, "rpd": BUCKET, "tpm": BUCKET | {"limit": "unlimited"}},
}  # fmt: skip
BRIDGE = Process("bridge", "host:1", 60, 1, {"troubles": {}})
WORKER = Process(
    "worker", "w@host:2", 60, 1, {"model": "m", "threads": 16, "busy": 0, "egress": "NL", "exit_closed": False}
)
HEALTHY = InRedis(at=1e9, processes=(BRIDGE, WORKER), limits=LIMITS)
BAD_KEY = Tripped("credentials", "the provider refuses the key: look at OPENAI_KEY", 42.0)
WAITING = LIMITS | {"waiting": 50, "next_start": 240.0}


def state(found=HEALTHY, kafka=InKafka(0)):  # noqa: B008 # frozen
    return Status(found, kafka, "redis:6379/1", "kafka:9092", priced=True, budget=5.0)


def bridge_says(**troubles):
    return replace(HEALTHY, processes=(replace(BRIDGE, said={"troubles": troubles}), WORKER))


CLOSED = replace(HEALTHY, processes=(BRIDGE, replace(WORKER, said=WORKER.said | {"exit_closed": True, "egress": "RU"})))
MINUTES = LIMITS | {"waiting": 2, "buckets": LIMITS["buckets"] | {"rpd": BUCKET | {"level": 90}}}
STATES = {
    "redis_away": state("ConnectionError"),
    "kafka_away": state(kafka="Local: Broker transport failure"),
    "no_bridge": state(replace(HEALTHY, processes=(WORKER,)), InKafka(7, 3.0)),
    "too_many_dead_letters": state(replace(bridge_says(dead_letters="100"), day={"dead_letter:not_json": 9})),
    "bridge_in_trouble": state(bridge_says(topics="notifications: missing")),
    "no_worker": state(replace(HEALTHY, processes=(BRIDGE,)), InKafka(7, 3.0)),
    "breaker_open": state(replace(HEALTHY, tripped=(BAD_KEY,)), InKafka(7, 3.0)),
    "exit_closed": state(CLOSED),
    "nothing_ends": state(kafka=InKafka(7, 1_000.0)),
    "many_failures": state(replace(HEALTHY, recent={"scored": 50, "unavailable": 9})),
    "dead_letters": state(replace(HEALTHY, recent={"scored": 50, "dead_letter:not_json": 20})),
    "waits_for_the_day": state(replace(HEALTHY, limits=WAITING), InKafka(53, 4_000.0)),
    "waits_for_the_limits": state(replace(HEALTHY, limits=MINUTES), InKafka(2, 4.0)),
    "busy": state(kafka=InKafka(3, 65.0)),
    "idle": state(),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_each_state_has_its_sentence(name):
    """Whoever is on duty reads first what is most in the way, in either language."""
    verdict = judge(STATES[name])
    assert verdict.name == name
    assert (verdict.mood == "good") == tell(STATES[name], "en").sentence.startswith("healthy")
    assert re.search("[а-я]{4}", tell(STATES[name], "ru").sentence)


def test_the_sentences_are_those_of_the_issue():
    """Figures stand in the sentence itself."""
    told = tell(STATES["waits_for_the_day"], "en")
    assert told.sentence == "healthy: 53 wait for today's quota, the next starts in 4 m"
    assert tell(STATES["breaker_open"], "en").sentence == (
        "nothing is sent: the provider refuses the key: look at OPENAI_KEY; requests that wait: 7, the next try in 42 s"
    )
    assert "OPENAI_KEY" in tell(STATES["breaker_open"], "ru").sentence
    assert tell(STATES["dead_letters"], "en").sentence.startswith("20 messages within 20 minutes could not be read")


def test_no_sentence_lacks_its_translation():
    """Both languages say the same, filled with the same facts, and name commands that there are."""
    english, russian = wording._ENGLISH, wording._RUSSIAN
    assert english.keys() == russian.keys() == STATES.keys()
    for name, sentence in english.items():
        assert set(re.findall(r"{\w+}", sentence)) == set(re.findall(r"{\w+}", russian[name]))
        commands = re.findall(r"python -m bridge ?([a-z][a-z -]*)?", sentence)
        assert commands == re.findall(r"python -m bridge ?([a-z][a-z -]*)?", russian[name])
        for command in commands:
            parse(command.split())


@pytest.mark.parametrize("name", STATES)
def test_no_word_is_left_in_english(name):
    """A Russian terminal shows English only where it is a name, a setting or a reason's code."""
    told = tell(STATES[name], "ru")
    labels = [section.title for section in told.sections] + [
        row[0] for section in told.sections for row in section.rows
    ]
    ours = {"Redis", "Kafka", "m", "-", "", *alerts(STATES[name])}
    assert not [label for label in labels if label not in ours and not re.search("[а-я]", label)]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", STATES)
def test_a_terminal_of_80_columns_suffices(name, language):
    """No line is broken by the terminal, however long a name is, and what is printed to a file has no colours."""
    found = STATES[name].redis
    if isinstance(found, InRedis):
        long = tuple(replace(each, name=each.name + "x" * 90) for each in found.processes)
        shown = "\n".join(
            terminal.lines(tell(replace(STATES[name], redis=replace(found, processes=long)), language), colour=False)
        )
        assert "\x1b" not in shown
        assert max(map(len, shown.split("\n"))) <= 80
    assert next(terminal.lines(tell(STATES[name], language), colour=True)).startswith("\x1b[")


def test_the_alerts_are_those_that_prometheus_knows():
    """The names lead to the runbook."""
    groups = yaml.safe_load((PROJECT / "deploy/monitoring/alerts.yml").read_text())["groups"]
    known = {rule["alert"] for group in groups for rule in group["rules"]}
    fired = {name: alerts(status) for name, status in STATES.items()}
    assert {alert for names in fired.values() for alert in names} < known
    assert fired["redis_away"] == ["RedisAway"]
    assert fired["no_worker"] == ["WorkersAway"]
    assert fired["breaker_open"] == ["CircuitBreakerOpen"]
    assert fired["many_failures"] == ["ManyFailures"]
    assert fired["waits_for_the_day"] == ["RequestsWaitLong"]
    assert fired["idle"] == []


def test_the_budget_is_a_reason_to_look_and_none_to_get_up():
    """A brake that somebody has set is no fault."""
    spent = Tripped("budget", "the day's budget is spent", 3_600.0)
    assert judge(state(replace(HEALTHY, tripped=(spent,)))).mood == "look"
    assert alerts(state(replace(HEALTHY, tripped=(spent,)))) == ["BudgetSpent"]


def test_quota_says_what_is_left_and_when_it_frees():
    """Whole numbers, and a time."""
    told = tell(STATES["waits_for_the_day"], "en")
    (rows,) = [section.rows for section in told.sections if section.title == "Quota"]
    assert rows[2] == ("requests a day", "200", "200", "0", "23 h 58 m")
    assert rows[3] == ("tokens a minute", "unlimited")


@pytest.mark.parametrize(
    ("environment", "language"),
    [({"LANG": "ru_RU.UTF-8"}, "ru"), ({"LANG": "C"}, "en"), ({}, "en"), ({"LANG": "ru_RU", "LC_ALL": "en_US"}, "en")],
)
def test_the_language_is_that_of_the_terminal(environment, language):
    """`LANG=ru_RU.UTF-8` is Russian, unless something above it says otherwise."""
    assert language_of(environment) == language


def test_durations_are_told_in_two_units():
    """Nobody has to divide seconds."""
    assert [in_words(s) for s in (0, 59.6, 240, 4_320, 90_000)] == ["0 s", "1 m", "4 m", "1 h 12 m", "1 d 1 h"]
    assert in_words(4_320, "ru") == "1 ч 12 мин"


HOSTILE = "</h1><script>document.title='owned'</script>\u202e\x1b[2J&lt;"


def test_what_stands_on_the_page_is_text():
    """A host name, a reason or a setting cannot become markup; nothing is loaded, nothing runs."""
    found = replace(
        bridge_says(redis=HOSTILE), gone=(replace(WORKER, name=HOSTILE),), recent={DEAD_LETTER + HOSTILE: 9}
    )
    page = html(tell(replace(state(found), redis_at=HOSTILE), "en"), "en")
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    tags = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert tags <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "table", "tbody", "tr", "td"}
    assert "\u202e" not in page
    assert "\x1b" not in "".join(terminal.lines(tell(state(found), "en"), colour=False))
    assert 'http-equiv="refresh"' in page
    assert "default-src 'none'" in page


def test_many_who_ask_share_one_look():
    """A page that loads itself again in ten browsers asks the servers once."""
    looks = []

    def look():
        looks.append(1)
        return STATES["busy"]

    overview = Overview(look)
    assert 'lang="ru"' in overview.page("ru-RU,ru;q=0.9").decode()
    assert "healthy: 3 in work" in overview.page("en").decode()
    assert len(looks) == 1


def test_how_a_request_ended_is_told_by_its_outcome():
    """Failures are counted by their reason, with or without a time in the sentence."""
    to = Addressee(callback_url="https://c.example", processing_id=1, user_id=1, resume_id=1, requirements_id=1)
    scored = Assessment(score=1, matches=(), recommendation="", verdict="Не подходит")
    assert how(to.scored(scored)) == "scored"
    for failure in Failure:
        assert how(Outcome.failed(to, failure.value)) == failure.name.lower()
    assert how(Outcome.failed(to, Failure.QUEUE_TOO_LONG.value, wait_seconds=70)) == "queue_too_long"
    assert how(Outcome.failed(to, "Запрос не прочитан.")) == REJECTED


class FakeHash:
    """As much of Redis as a tally needs."""

    def __init__(self):
        self.fields = {}

    def pipeline(self, **_):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def hincrby(self, _key, field, count):
        self.fields[field.encode()] = str(int(self.fields.get(field.encode(), 0)) + count).encode()

    def hkeys(self, _key):
        return list(self.fields)

    def hdel(self, _key, *fields):
        for field in fields:
            del self.fields[field]

    def expire(self, *_):
        pass

    def execute(self):
        pass


def test_the_tally_is_of_the_last_day_and_bounded():
    """A week of requests leaves no more than a day's slots."""
    clock, store = FakeClock(1_000_000.0), FakeHash()
    tally = Tally(store, clock)
    for _ in range(7 * 144):
        tally.add(["scored", "scored", "unavailable"])
        clock.now += 600
    assert len(store.fields) <= 2 * 146
    now = clock.now - 600
    assert within(store.fields, now, 144) == {"scored": 288, "unavailable": 144}
    assert within(store.fields, now, 2) == {"scored": 4, "unavailable": 2}


FAILED = {"unavailable": 200}
OLD = InKafka(500, 36_000.0)
ALL_WAIT = LIMITS | {"waiting": 500}
LONG_UP = replace(HEALTHY, processes=(replace(BRIDGE, up=2_000), WORKER))


@pytest.mark.parametrize(
    ("status", "name"),
    [
        pytest.param(state(replace(HEALTHY, recent={"unavailable": 5}, day=FAILED)), "many_failures", id="all fail"),
        pytest.param(state(replace(HEALTHY, limits=ALL_WAIT), OLD), "nothing_ends", id="might start, and none does"),
        pytest.param(state(replace(HEALTHY, recent={"unavailable": 1}), OLD), "nothing_ends", id="one has failed"),
        pytest.param(state(LONG_UP, InKafka(500, None)), "nothing_ends", id="nobody knows how old they are"),
        pytest.param(state(HEALTHY, InKafka(500, None)), "busy", id="none is older than its bridge"),
        pytest.param(state(replace(HEALTHY, limits=WAITING), OLD), "waits_for_the_day", id="the day is spent"),
        pytest.param(
            state(replace(HEALTHY, limits=ALL_WAIT, hour={"scored": 1}), OLD), "waits_for_the_day", id="its turn is now"
        ),
        pytest.param(state(replace(HEALTHY, recent={"unavailable": 1}, day={"scored": 9})), "idle", id="one of many"),
    ],
)
def test_only_what_is_healthy_is_called_so(status, name):
    """Failures alone, and old work that nothing holds up, are no health."""
    verdict = judge(status)
    assert verdict.name == name
    assert tell(status, "en").sentence.startswith("healthy") == (name in ("busy", "waits_for_the_day", "idle"))


def test_a_bridge_that_begins_is_in_no_trouble_until_it_takes_long():
    """Each start is seen by whoever looks; one that does not come to an end is a trouble."""
    assert judge(state(bridge_says(starting="no partition yet"))).name == "bridge_in_trouble"
    begins = replace(BRIDGE, up=3, said={"troubles": {"starting": "no partition yet"}})
    assert judge(state(replace(HEALTHY, processes=(begins, WORKER)))).name == "idle"


REFUSALS = [
    redis.AuthenticationError("WRONGPASS invalid username-password pair"),
    redis.ResponseError("DB index is out of range"),
    redis.OutOfMemoryError("OOM"),
    redis.exceptions.NoPermissionError("NOPERM"),
    redis.ResponseError("READONLY You can't write against a read only replica."),
    redis.ConnectionError("Error 111"),
    redis.ConnectionError("Connection reset by peer"),
    redis.ConnectionError("certificate verify failed"),
    redis.sentinel.MasterNotFoundError(),
]


@pytest.mark.parametrize("error", REFUSALS, ids=repr)
def test_what_to_do_about_redis_is_what_it_says(error):
    """A wrong password is not mended by bringing Redis back; both languages name the same settings."""
    said = short(error)
    why, _, advice = said.partition(" -> ")
    english, russian = (tell(state(said), language).sentence for language in ("en", "ru"))
    assert f"({why}): nothing is asked or answered, nothing is lost. What to do: {advice}" in english
    assert re.findall("[A-Z]+_[A-Z_]+", english) == re.findall("[A-Z]+_[A-Z_]+", russian)
    assert re.search("[а-я]{4}", russian.partition("Что делать: ")[2].partition(";")[0])


class NoTopic:
    """Brokers that do not know the topic."""

    def list_topics(self, topic, **_):
        return type("Metadata", (), {"topics": {topic: self}})

    error = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)


def test_a_missing_topic_is_named():
    """Kafka is there, and need not be brought back."""
    told = tell(state(kafka=collecting.from_kafka(NoTopic(), "AI_handler")), "en").sentence
    assert "(the topic AI_handler is missing)" in told
    assert "create it, or set KAFKA_CREATE_TOPICS=on" in told


@pytest.mark.parametrize(
    "value",
    [
        b"junk", b"5 []", b"5 \xff", b"x {}", b"5 null", b"5 " + b"[" * 100_000,
        b'5 {"role": "worker", "up": Infinity}',
        b'5 {"role": "worker", "up": 1, "waits": null}', b'5 {"role": "worker", "up": 1, "waits": {"fault": "x"}}',
        b'5 {"role": "bridge", "up": 1, "troubles": {"redis": 1}}', b'5 {"role": "worker", "up": 1, "model_ends": "x"}',
        b'5 {"role": "bridge", "up": 1, "watermarks": {"x": 1}}',
    ],
)  # fmt: skip
def test_who_else_writes_under_our_names_is_no_process(value):
    """The page stands, and shows those that are."""
    assert collecting._process(b"who", value, 6.0) is None
    assert collecting._process(b"w", b'5 {"role": "worker", "up": 1, "waits": {"fault": 2}}', 6.0).said


def test_foreign_counts_and_sums_are_passed_over():
    """What is no number is not counted, and keeps nothing from being counted."""
    clock, store = FakeClock(1_000_000.0), FakeHash()
    store.fields = {b"junk": b"1", b"\xff \xff": b"1", b"1666 refused": b"x", b"1666 rejected": b"9" * 5_000}
    Tally(store, clock).add(["scored"])
    assert within(store.fields, clock.now, 144) == {"scored": 1}
    assert collecting._money(b"junk") is None
    assert collecting._money(b"nan") is None
    assert tell(state(replace(HEALTHY, spent=None)), "en").sections[3].rows == [("today, US dollars", "? of 5.00")]


def test_a_bucket_that_is_shut_frees_never():
    """A limit of 0 is one that somebody may set."""
    shut = LIMITS | {"buckets": LIMITS["buckets"] | {"rpm": BUCKET | {"limit": 0, "level": -1, "rate": 0}}}
    (rows,) = [each.rows for each in tell(state(replace(HEALTHY, limits=shut)), "en").sections if each.title == "Quota"]
    assert rows[1] == ("requests a minute", "0", "0", "0", "-")


# The command, with a state instead of servers.
COMMAND = """
import sys
from dataclasses import replace
from bridge.__main__ import parse
from bridge.commands import status
from tests.unit.test_status import BAD_KEY, HEALTHY, state
found = state(replace(HEALTHY, tripped=(replace(BAD_KEY, why='\\x9b\\u202e\\u2014'),)))
status.make_look = lambda _: lambda: found
sys.exit(status.run(parse(["status", *sys.argv[1:]]), None))
"""


def command(*arguments, stdout=subprocess.PIPE, **variables):
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=PROJECT, env={**os.environ, **variables}, stdout=stdout, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_who_reads_a_pipe_gets_each_look_at_once_and_no_orders():
    """`status --watch --json | …`: a line a look, in ASCII."""
    with command("--watch", "--json") as process:
        line = process.stdout.readline()
        process.kill()
    assert line.isascii()
    assert json.loads(line)["state"] == "breaker_open"


def test_a_reader_that_leaves_is_no_traceback():
    """`status | true`, and an 8-bit terminal that lacks the dash."""
    ours, theirs = os.pipe()
    os.close(ours)
    with command("--watch", stdout=theirs) as process:
        os.close(theirs)
        assert process.communicate(timeout=60) == (None, b"")
    with command(LC_ALL="ru_RU.ISO8859-5", PYTHONIOENCODING="iso8859-5") as process:
        shown, trouble = process.communicate(timeout=60)
    assert trouble == b""
    assert "запросы к модели остановлены" in shown.decode("iso8859-5")
