"""The main job, end to end: valid requests, repeated ones and bad ones in; what the contract says out."""

from __future__ import annotations

import contextlib
import html
import json
import random
import re
import time
import urllib.request
from base64 import b64encode

import pytest
from celery import Celery

from contract import REQUEST_KEY, ScoringRequest
from dev.openai_standin.server import StandIn
from tests.support.delivery_checker import check, notification_faults
from tests.support.fleet import Fleet, scoring_request
from tests.support.launch import LAUNCHER

SECRET = "СЕКРЕТНЫЙТЕКСТ"  # in every resume and every vacancy; must be seen nowhere but in Kafka's bodies

VALID = [scoring_request(1000 + number, aside=SECRET) for number in range(30)]
REPEATED = VALID[::3]

# Two bad messages share this id: only one notification may follow.
SHARED_ID = 2013


def bad(number, /, *without, **changes):
    """A request's JSON with fields left out or changed."""
    request = {**scoring_request(number, aside=SECRET), **changes}
    return json.dumps({name: request[name] for name in request if name not in without}, ensure_ascii=False).encode()


# name: (Kafka key, value, reason code, processing id of the failure notification)
BAD = {
    "not_json": (REQUEST_KEY, b"{oops", "not_json", None),
    "empty": (REQUEST_KEY, b"", "empty_value", None),
    "null_value": (REQUEST_KEY, None, "empty_value", None),
    "json_but_a_list": (REQUEST_KEY, b"[1,2,3]", "not_an_object", None),
    "invalid_utf8": (REQUEST_KEY, bad(2000).replace(b"Python", b"\xff\xfe\xc3"), "not_utf8", None),
    "deeply_nested": (REQUEST_KEY, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "not_json", None),
    "nan": (REQUEST_KEY, bad(2001, user_id=float("nan")), "not_json", None),
    "duplicate_field": (REQUEST_KEY, bad(2002)[:-1] + b', "user_id": 12}', "duplicate_field", None),
    "missing_key": (None, bad(2003), "missing_key", 2003),
    "missing_callback_url": (REQUEST_KEY, bad(2004, "callback_url"), "missing_field", None),
    "missing_processing_id": (REQUEST_KEY, bad(2005, "processing_id"), "missing_field", None),
    "missing_user_id": (REQUEST_KEY, bad(2006, "user_id"), "missing_field", None),
    "missing_resume_id": (REQUEST_KEY, bad(2007, "resume_id"), "missing_field", None),
    "missing_requirements_id": (REQUEST_KEY, bad(2008, "requirements_id"), "missing_field", None),
    "missing_requirements": (REQUEST_KEY, bad(2009, "requirements"), "missing_field", 2009),
    "missing_resume": (REQUEST_KEY, bad(SHARED_ID, "resume"), "missing_field", SHARED_ID),
    "resume_is_null": (REQUEST_KEY, bad(SHARED_ID, resume=None), "invalid_field", SHARED_ID),
    "processing_id_is_text": (REQUEST_KEY, bad(2010, processing_id="abc"), "invalid_field", None),
    "processing_id_is_bool": (REQUEST_KEY, bad(2010, processing_id=True), "invalid_field", None),
    "processing_id_negative": (REQUEST_KEY, bad(2010, processing_id=-5), "invalid_field", None),
    "processing_id_too_large": (REQUEST_KEY, bad(2010, processing_id=2**63), "invalid_field", None),
    "resume_is_blank": (REQUEST_KEY, bad(2014, resume="   \n "), "blank_text", 2014),
    "callback_is_not_http": (REQUEST_KEY, bad(2015, callback_url="file:///etc/passwd"), "bad_callback_url", 2015),
    "value_of_900_kb": (REQUEST_KEY, bad(2016, resume="я" * 450_000), "oversize_text", 2016),
    "lone_surrogate": (REQUEST_KEY, bad(2017).replace(b"Python", rb"\ud800"), "invalid_field", 2017),
}

NOT_OURS = (b"something_else", bad(3000))


FLOWER_PAGES = (
    "/api/tasks",
    "/api/workers?refresh=1",
    "/tasks",
    "/workers",
    "/worker/{worker}",
    "/task/{task}",
    "/broker",
)


class Flower:
    """The operators' web page, behind its authentication."""

    def __init__(self, fleet):
        self._port = fleet.flower("--basic-auth=operator:secret")

    def get(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}")
        request.add_header("Authorization", "Basic " + b64encode(b"operator:secret").decode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()


@pytest.fixture(scope="module")
def job(tmp_path_factory, kafka, own_redis):
    """The job, done once; the tests below look at what it left from all sides."""
    folder = tmp_path_factory.mktemp("main-job")
    with contextlib.ExitStack() as stack:
        standin = stack.enter_context(StandIn(rpm=60_000, rpd=20_000_000, tpm=200_000_000, latency=3.0))
        fleet = stack.enter_context(
            Fleet(
                folder,
                kafka=kafka,
                redis_url=own_redis,
                standin_url=standin.url,
                settings={"WORKER_CONCURRENCY": "8", "LOG_LEVEL": "DEBUG"},
                forked=False,
            )
        )
        fleet.make_topic(fleet.names.requests, 3)
        fleet.worker(launcher=(LAUNCHER, "worker.app:RETRY_BASE=12"), events=True)
        fleet.bridge()
        flower = Flower(fleet)
        standin.fault("status_500", count=2)  # two requests wait in `inspect scheduled`
        send(fleet)
        job = Job(fleet, standin)
        job.watch(flower, own_redis)
        job.finish(flower)
        yield job


def send(fleet):
    """Valid, repeated and bad ones, shuffled; the repeated ones to other partitions too."""
    messages = [(REQUEST_KEY, json.dumps(request, ensure_ascii=False).encode(), -1) for request in VALID]
    messages += [
        (REQUEST_KEY, json.dumps(request, ensure_ascii=False).encode(), number % 3)
        for number, request in enumerate(REPEATED)
    ]
    messages += [(key, value, -1) for key, value, _, _ in BAD.values()]
    messages += [(*NOT_OURS, -1)]
    random.Random(1).shuffle(messages)
    for key, value, partition in messages:
        fleet.send_raw(key, value, partition=partition)
    fleet.flush()


class Job:
    """What the job left: topics, logs, and what operators saw meanwhile."""

    def __init__(self, fleet, standin):
        self.fleet = fleet
        self.worker = f"worker@{fleet.names.group}"
        self.standin = standin
        self.seen = {"active": "", "reserved": "", "scheduled": ""}  # by operators
        self.pages = {}

    def watch(self, flower, redis_url):
        """Look over the operators' shoulders until tasks at work and waiting ones have been seen."""
        inspect = Celery(broker=redis_url).control.inspect(timeout=1.0)
        deadline = time.monotonic() + 30
        while not (self.seen["active"] and self.seen["scheduled"]) and time.monotonic() < deadline:
            for kind in self.seen:
                answer = getattr(inspect, kind)() or {}
                if any(answer.values()):
                    self.seen[kind] += json.dumps(answer, ensure_ascii=False)
            if self.seen["active"]:
                self.standin.set(latency=0.05)  # the rest may be quick
        flower.get("/api/workers?refresh=1")
        self.pages["while it runs"] = flower.get(f"/worker/{self.worker}")

    def finish(self, flower):
        expected = len(VALID) + len({told for _, _, _, told in BAD.values() if told})
        with self.fleet.reader() as reader:
            notifications = reader.records[self.fleet.names.notifications]
            reader.wait(lambda: len(notifications) >= expected, 30)
        deadline = time.monotonic() + 20
        while (lag := self.fleet.lag()) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.lag = lag
        self.contents = self.fleet.contents()
        tasks = json.loads(flower.get("/api/tasks"))
        for page in FLOWER_PAGES:
            self.pages[page] = flower.get(page.format(worker=self.worker, task=next(iter(tasks))))


def test_every_valid_request_is_answered_once_as_the_contract_says(job):
    """30 requests, 10 of them sent twice: one notification and one stored result each, right in every field."""
    told = {told for _, _, _, told in BAD.values()}
    report = check(
        VALID,
        inputs=job.contents["requests"],
        notifications=[record for record in job.contents["notifications"] if id_of(record) not in told],
        uploads=job.contents["uploads"],
        attempts=job.standin.attempts(),
    )
    assert report.clean, report.rows()
    assert report.failed == []
    assert report.asked == {1: 30}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_is_kept_with_its_reason(job, name):
    """The dead-letter topic has it once, key and value untouched, and says why and from where."""
    key, value, reason, _ = BAD[name]
    letters = [letter for letter in job.contents["dead_letters"] if (letter.key, letter.value) == (key, value)]
    assert [letter.header("reason").decode() for letter in letters] == [reason]
    headers = dict(letters[0].headers)
    original = next(
        record
        for record in job.contents["requests"]
        if (record.partition, record.offset) == (int(headers["original-partition"]), int(headers["original-offset"]))
    )
    assert (original.key, original.value) == (key, value)
    assert headers["original-topic"].decode() == job.fleet.names.requests
    assert int(headers["original-timestamp"]) / 1000 == original.timestamp


def test_nothing_else_becomes_a_dead_letter(job):
    """Valid messages and those with another service's key do not."""
    assert len(job.contents["dead_letters"]) == len(BAD)


def test_whoever_can_be_told_is_told_once(job):
    """Where ids and callback can be read there is one failure notification, and elsewhere none."""
    expected = {told: scoring_request(told) for _, _, _, told in BAD.values() if told}
    expected[2015]["callback_url"] = "file:///etc/passwd"
    valid = {request["processing_id"] for request in VALID}
    told = [record for record in job.contents["notifications"] if id_of(record) not in valid]
    assert sorted(map(id_of, told)) == sorted(expected)
    for record in told:
        body = json.loads(record.value)
        assert body["success"] is False
        assert body["wait_seconds"] is None
        assert notification_faults(record, body, expected[id_of(record)]) == []


def test_all_offsets_are_committed(job):
    """Nothing is left over: lag is 0 in every partition."""
    assert job.lag == 0


def test_no_text_of_a_resume_or_vacancy_is_in_a_log(job):
    """Not even at log level DEBUG."""
    logs = job.fleet.logs()
    assert "published" in logs
    assert SECRET not in logs
    assert "Кандидат №" not in logs


def test_operators_see_tasks_and_no_texts(job):
    """`celery inspect active`, `reserved` and `scheduled` show the tasks by id, and nothing of the texts."""
    assert "score_resume" in job.seen["active"]
    assert "score_resume" in job.seen["scheduled"]
    for kind, answer in job.seen.items():
        assert SECRET not in answer, kind
        assert "Кандидат №" not in answer, kind


def test_flower_shows_tasks_and_no_texts(job):
    """No page of Flower, and no answer of its API, shows a text."""
    assert "score_resume" in job.pages["/api/tasks"]
    for page, source in job.pages.items():
        content = html.unescape(source)
        assert SECRET not in content, page
        assert SECRET not in content.encode().decode("unicode_escape"), page
        assert "Кандидат №" not in content, page


def test_headers_of_dead_letters_show_no_texts(job):
    """They say why and from where, and no content."""
    for letter in job.contents["dead_letters"]:
        assert {name for name, _ in letter.headers} - {"field"} == {
            "reason",
            "original-topic",
            "original-partition",
            "original-offset",
            "original-timestamp",
        }
        assert letter.header("field") in {None, *(name.encode() for name in ScoringRequest.model_fields)}
        for _, value in letter.headers:
            assert re.fullmatch(rb"[\w.-]+", value)


def id_of(record):
    return json.loads(record.value)["response"]["processing_id"]
