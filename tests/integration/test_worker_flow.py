"""The worker's own composition on a real Redis and the stand-in: a request as the bridge puts it, to its outcome."""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import pytest
from celery import Celery

from config import Settings
from contract import (
    ANSWERED_KEY,
    QUEUE_NAME,
    TASK_NAME,
    Dispatch,
    Failure,
    Outcome,
    answer_key,
    claim_key,
    explanation_key,
    outcome_key,
    request_key,
    too_early_key,
)
from dev.kafka_server import CHECKOUT
from dev.processes import ChildProcess
from tests.support.answers import criteria_of
from tests.support.fakes import SECRET_WORDS, eventually, request
from tests.support.graded_cases import cases
from worker.app import make_scoring
from worker.assessment.vacancy import read_vacancy
from worker.progress import Park, Progress

FRESH = Progress()
TO_REVIEWER = CHECKOUT / "tests/data/scoring/to_reviewer.jsonl"
GENEROUS = {"rpm": 6_000, "rpd": 1_000_000, "tpm": 10_000_000}

REQUIREMENTS = """Вакансия: бэкенд-разработчик Кедропромысла
Требования:
- Python от 3 лет
- PostgreSQL
- Apache Kafka
- Kubernetes
- английский B2"""
RESUME = (
    "Зебрович Клавдия. 2018 — 2024: пишу сервисы на Python и FastAPI. Администрировала кластеры PostgreSQL. "
    "Настраивала потоки в Apache Kafka."
)
WEAK_RESUME = "Зебрович Клавдия. Продавец-консультант, пять лет продаю обувь. Немного писала на Python для себя."


@pytest.fixture
def standin(standin):
    standin.set(**GENEROUS, latency=0.0)
    return standin


@pytest.fixture
def make(redis_url, redis_client, standin):
    """Makes the Scoring of one more worker, as worker/app.py composes it; the vacancy's criteria are known."""
    opened = ExitStack()

    def make(*, criteria_known=True, **changes):
        settings = Settings(
            **{
                "openai_key": "sk-fake",
                "openai_base_url": f"{standin.url}/v1",
                "egress_trace_url": f"{standin.url}/cdn-cgi/trace",
                "egress_check": True,
                "mode": "TEST",
                "redis_url": redis_url,
                **GENEROUS,
                **changes,
            },
        )
        scoring = make_scoring(settings, opened)
        scoring.ports.ways[0].limiter.reset(full=True)
        if criteria_known:
            names = [line.removeprefix("- ") for line in REQUIREMENTS.splitlines()[2:]]
            criteria = criteria_of(REQUIREMENTS, *names)
            question = scoring.questions.criteria(scoring.ports.ways[0], REQUIREMENTS, read_vacancy(REQUIREMENTS))
            redis_client.set(answer_key(question.digest), criteria.model_dump_json())
        return scoring

    with opened:
        yield make


@pytest.fixture
def put(redis_client):
    """Puts a request into Redis as the bridge does before it sends the hint."""

    def put(processing_id=7, *, resume=RESUME, requirements=REQUIREMENTS, deadline_in=3_600.0):
        asked = request(processing_id, resume=resume, requirements=requirements)
        dispatch = Dispatch(request=asked, deadline_at=time.time() + deadline_in)
        redis_client.set(request_key(processing_id), dispatch.model_dump_json())

    return put


@pytest.fixture
def outcome(redis_client):
    """The notification and the processing message of a finished request, or None."""

    def outcome(processing_id=7):
        body = redis_client.get(outcome_key(processing_id))
        if body is None:
            return None
        stored = Outcome.model_validate_json(body)
        return json.loads(stored.notification), stored.processing and json.loads(stored.processing)

    return outcome


def calls(standin):
    return len(standin.attempts())


def test_a_request_ends_in_the_messages_to_publish(redis_client, make, put, outcome, standin):
    """What the bridge will publish is complete, addressed, and the score is the sum of the proven grades."""
    put()
    assert make().run(7, FRESH) is None
    notification, processing = outcome()
    assert notification["success"] is True
    assert (notification["message_error"], notification["wait_seconds"]) == (None, None)
    response = notification["response"]
    assert response["callback_url"] == "https://platform.example/callback"
    assert processing == {name: value for name, value in response.items() if name != "callback_url"}
    assert response["score"] == 60
    assert response["verdict"] == "Подходит"
    assert response["matches"] == ["Python от 3 лет", "PostgreSQL", "Apache Kafka"]
    assert calls(standin) == 1
    assert redis_client.get(claim_key(7)) is None
    explanation = json.loads(redis_client.get(explanation_key(7)))
    assert [one["level"] for one in explanation["criteria"]] == ["strong", "strong", "strong", "none", "none"]


def test_a_program_prints_the_key(make, put, outcome, standin, tmp_path):
    """One that the endpoint refuses is replaced, and nobody hears of it."""
    put()
    runs = tmp_path / "runs"
    program = f"/bin/sh -c 'echo run >> {runs}; echo key-$(grep -c . {runs})'"
    scoring = make(openai_key="", openai_key_command=program)
    standin.fault("invalid_key")
    assert scoring.run(7, FRESH) is None
    assert outcome()[0]["success"] is True
    assert runs.read_text() == "run\n" * 2
    assert scoring.ports.ways[0].breaker.state() == {}


def test_a_program_that_prints_no_key_opens_the_breaker(make, put, standin, caplog):
    """The request waits, the log says what is wrong, and nothing that was printed."""
    put()
    scoring = make(openai_key="", openai_key_command="/bin/sh -c 'echo t0p secret; exit 3'")
    assert isinstance(scoring.run(7, FRESH), Park)
    assert list(scoring.ports.ways[0].breaker.state()) == ["credentials"]
    assert "OPENAI_KEY_COMMAND ended with code 3" in caplog.text
    assert "t0p" not in caplog.text
    assert calls(standin) == 0


def test_a_hint_that_comes_again_changes_nothing(make, put, outcome, standin):
    """Celery's redelivery, in this worker or in another, asks nobody and leaves the outcome as it is."""
    put()
    scoring = make()
    scoring.run(7, FRESH)
    first = outcome()
    scoring.run(7, FRESH)
    make().run(7, FRESH)
    assert outcome() == first
    assert calls(standin) == 1


def run_at_once(workers, processing_ids):
    """Run requests in a thread each, all starting together; the errors that came out."""
    barrier = threading.Barrier(len(processing_ids))
    errors, parks = [], []

    def run(scoring, processing_id):
        barrier.wait()
        try:
            parks.append(scoring.run(processing_id, FRESH))
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [
        threading.Thread(target=run, args=(workers[number % len(workers)], processing_id))
        for number, processing_id in enumerate(processing_ids)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert parks == [None] * len(processing_ids)


def test_the_same_question_asked_at_once_is_asked_once(make, put, outcome, standin):
    """Eight requests with the same texts, in two workers at the same moment: one call, eight equal scores."""
    standin.set(latency=0.3)
    for processing_id in range(8):
        put(processing_id)
    run_at_once([make(), make()], list(range(8)))
    assert calls(standin) == 1
    assert {outcome(processing_id)[0]["response"]["score"] for processing_id in range(8)} == {60}


def test_the_same_request_taken_by_many_is_asked_once(make, put, outcome, standin):
    """One request hinted eight times at the same moment is worked on by one thread."""
    standin.set(latency=0.3)
    put()
    run_at_once([make(), make()], [7] * 8)
    assert calls(standin) == 1
    assert outcome()[0]["success"]


def test_a_new_vacancy_is_asked_about_once(make, put, outcome, standin):
    """Eight resumes for a new vacancy, in two workers at once: one call for its criteria, eight for grades."""
    standin.set(latency=0.3)
    for processing_id in range(8):
        put(processing_id, resume=f"{RESUME} Вариант {processing_id}.")
    run_at_once([make(criteria_known=False), make(criteria_known=False)], list(range(8)))
    asked = [attempt["asks"] for attempt in standin.attempts()]
    assert (asked.count("criteria"), asked.count("grades")) == (1, 8)
    assert {outcome(processing_id)[0]["response"]["score"] for processing_id in range(8)} == {60}


def test_a_vacancy_without_requirements_costs_no_call_for_the_resume(make, put, outcome, standin):
    """Its user reads what to mend."""
    put(requirements="Условия: офис в Самаре, ДМС")
    make().run(7, FRESH)
    notification, processing = outcome()
    assert notification["message_error"].startswith("В вакансии нет проверяемых требований")
    assert (processing, notification["wait_seconds"]) == (None, None)
    assert [attempt["asks"] for attempt in standin.attempts()] == ["criteria"]


def test_a_fault_is_tried_again_after_its_countdown(make, put, outcome, standin, monkeypatch):
    """A provider that stumbles while it answers others costs a countdown; another worker goes on from there."""
    put(8, resume=WEAK_RESUME)
    make().run(8, FRESH)
    standin.forget_attempts()
    standin.fault("status_500")
    put()
    monkeypatch.setattr("worker.app.RETRY_BASE", 20.0)
    park = make().run(7, FRESH)
    assert isinstance(park, Park)
    assert outcome() is None
    assert make().run(7, FRESH) is None, "without its token the parked request is another's"
    assert outcome() is None
    make().run(7, park.progress)
    assert outcome()[0]["success"]
    assert calls(standin) == 2


@pytest.mark.parametrize("fault", ["garbage", "broken_schema", "truncated", "refusal", "empty", "not_strict"])
def test_a_bad_answer_costs_one_more_call(make, put, outcome, standin, fault):
    """The user does not notice one unusable answer."""
    standin.fault(fault)
    put()
    make().run(7, FRESH)
    assert outcome()[0]["response"]["score"] == 60
    assert calls(standin) == 2


def test_a_429_costs_a_wait_only(make, put, outcome, standin):
    """Somebody else used the key up: the request waits for as long as the provider says, then succeeds."""
    standin.fault("rate_limit", seconds=0.3, limit=6_000)
    put()
    make().run(7, FRESH)
    assert outcome()[0]["success"]
    assert [attempt["status"] for attempt in standin.attempts()] == [429, 200]


def test_limits_park_a_request_and_end_it_at_its_deadline(make, put, outcome, standin, monkeypatch):
    """With the minute used up one request waits in a countdown; one that cannot wait hears for how long it should."""
    monkeypatch.setattr("worker.app.JITTER", 0.0)
    scoring = make(rpm=1, explanation_ttl=0)
    for processing_id in (7, 8):
        put(processing_id, resume=RESUME + str(processing_id))
    put(9, resume=RESUME + "9", deadline_in=40)
    assert scoring.run(7, FRESH) is None
    assert scoring.run(8, FRESH).seconds > 10
    assert scoring.run(9, FRESH) is Failure.QUEUE_TOO_LONG
    notification, processing = outcome(9)
    assert processing is None
    assert 60 < notification["wait_seconds"] <= 120
    assert outcome(8) is None
    assert calls(standin) == 1


def test_a_request_that_never_fits_fails_at_once(make, put, outcome, standin):
    """More tokens than a minute has: the user hears of it, and nothing is sent."""
    put()
    make(tpm=1_000).run(7, FRESH)
    assert "слишком велики" in outcome()[0]["message_error"]
    assert outcome()[0]["wait_seconds"] is None
    assert calls(standin) == 0


# --- where requests may leave ---


@pytest.mark.parametrize("trace", [{"country": "RU"}, {"trace": "missing"}, {"trace": "garbage"}, {"country": "XX"}])
def test_nothing_leaves_unless_the_country_is_known_and_allowed(make, put, outcome, standin, trace):
    """From Russia, or from nobody knows where, not one request reaches the API; the request waits."""
    standin.set(**trace)
    put()
    scoring = make()
    assert isinstance(scoring.run(7, FRESH), Park)
    assert calls(standin) == 0
    assert outcome() is None
    assert scoring.ports.ways[0].egress.state in ("RU", "unknown")


def test_an_exit_that_moves_to_russia_stops_requests(make, put, outcome, standin):
    """What was allowed a moment ago is not, as soon as the check has looked again."""
    scoring = make()
    put(7)
    scoring.run(7, FRESH)
    assert outcome(7)[0]["success"]
    standin.set(country="RU")
    scoring.ports.ways[0].egress.distrust()  # as after a network error, or at the end of the interval
    put(8, resume=WEAK_RESUME)
    assert isinstance(scoring.run(8, FRESH), Park)
    assert calls(standin) == 1


def test_requests_go_on_once_the_exit_is_mended(make, put, outcome, standin):
    """A request that waited behind a closed exit is scored afterwards."""
    standin.set(country="RU")
    put()
    scoring = make()
    park = scoring.run(7, FRESH)
    standin.set(country="NL")
    scoring.ports.ways[0].egress.distrust()
    scoring.run(7, park.progress)
    assert outcome()[0]["success"]


def test_a_provider_that_answers_nobody_is_asked_by_one_for_all(make, put, outcome, standin, redis_client):
    """The breaker opens for a moment; a tiny call closes it, and whoever waited goes on."""
    one, other = make(), make()
    put(7)
    put(8, resume=WEAK_RESUME)
    standin.fault("status_503")
    park = one.run(7, FRESH)
    assert isinstance(other.run(8, FRESH), Park)
    assert [attempt["status"] for attempt in standin.attempts()] == [503]
    redis_client.delete(too_early_key("provider"))
    assert one.run(7, park.progress) is None
    assert outcome(7)[0]["success"]
    assert [attempt["asks"] for attempt in standin.attempts()] == ["grades", "other", "grades"]
    assert one.ports.ways[0].breaker.state() == {}


@pytest.mark.parametrize(
    "fault", ["unsupported_country", "payment_required", "arrearage", "invalid_key", "bad_request"]
)
def test_one_refusal_trips_the_breaker_for_the_fleet(make, put, outcome, standin, fault):
    """What one worker is told keeps the other from asking at all, at once."""
    one, other = make(), make()
    put(7)
    put(8, resume=WEAK_RESUME)
    standin.fault(fault)
    assert isinstance(one.run(7, FRESH), Park)
    assert isinstance(other.run(8, FRESH), Park)
    assert calls(standin) == 1
    assert (outcome(7), outcome(8)) == (None, None)
    other.ports.ways[0].breaker.reset()
    other.run(8, FRESH)
    assert outcome(8) is None, "its claim is parked"


def test_in_test_mode_the_real_openai_is_out_of_reach(make, put, outcome):
    """A forgotten OPENAI_BASE_URL in MODE=TEST costs no money: the request waits for ever instead."""
    put()
    scoring = make(openai_base_url="https://api.openai.com/v1", egress_check=False)
    assert isinstance(scoring.run(7, FRESH), Park)
    assert outcome() is None


# --- resumes that give orders ---


@pytest.mark.parametrize("obey", [False, True], ids=["model resists", "model obeys"])
@pytest.mark.parametrize("kind", ["blunt", "polite", "fake_system"])
def test_orders_to_the_reviewer_gain_nothing(make, put, outcome, standin, kind, obey):
    """A resume that asks for points gets none for it, even of a model that obeys and makes quotes up."""
    scoring = make()
    put(1, resume=WEAK_RESUME)
    scoring.run(1, FRESH)
    honest = outcome(1)[0]["response"]["score"]
    assert honest < 60
    standin.set(obey_injections=obey)
    orders = [case["text"] for case in cases(TO_REVIEWER) if case["kind"] == kind]
    for number, order in enumerate(orders, start=2):
        put(number, resume=f"{WEAK_RESUME}\n\n{order}")
        scoring.run(number, FRESH)
        response = outcome(number)[0]["response"]
        if not obey:
            assert response["score"] == honest
        assert response["verdict"] == "Не подходит"
        assert "100" not in response["recommendation"]


# --- a real worker process ---


def test_operators_can_look_into_a_running_worker(tmp_path, redis_url, redis_client, standin, put, outcome):
    """`inspect limits`, `control set_limits` and `rate_limit` work on a real worker, `explain` beside it."""
    environment = {
        **os.environ,
        "OPENAI_KEY": "sk-fake",
        "OPENAI_BASE_URL": f"{standin.url}/v1",
        "EGRESS_TRACE_URL": f"{standin.url}/cdn-cgi/trace",
        "MODE": "TEST",
        "REDIS_URL": redis_url,
        "RPM": "100",
        "RPD": "100000",
        "TPM": "1000000",
        "WORKER_CONCURRENCY": "4",
        "LOG_LEVEL": "DEBUG",
        "LOG_FILE": str(tmp_path / "auth_service.log"),
    }

    def command(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            env=environment,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def limits():
        (answer,) = json.loads(command("celery", "-A", "worker", "inspect", "limits", "--json", "--timeout=2")).values()
        return answer

    worker = ChildProcess(
        "worker",
        [sys.executable, "-m", "celery", "-A", "worker", "worker"],
        log_file=tmp_path / "worker.log",
        environment=environment,
        folder=CHECKOUT,
    )
    # As the bridge says it: nothing was answered so far. What is unknown counts as used when a limit is lowered.
    redis_client.set(ANSWERED_KEY, f"0 0 {time.time():.3f}")
    worker.start()
    try:
        worker.wait_ready(lambda: " ready." in worker.log_text(), timeout=60)
        with Celery("bridge", broker=redis_url, set_as_current=False) as bridge:

            def hint(processing_id, resume):
                put(processing_id, resume=resume)
                bridge.send_task(TASK_NAME, args=(processing_id,), queue=QUEUE_NAME, ignore_result=True)

            hint(7, RESUME)
            eventually(outcome)
            assert outcome()[0]["response"]["score"] == 60

            explained = command("worker", "explain", "7")
            assert explained.startswith("processing_id 7: 60 of 100, Подходит\n")
            assert "Apache Kafka: strong, must, 2 of 2 points" in explained
            assert "[must] Apache Kafka" in command("worker", "criteria", "4")
            vacancy = tmp_path / "vacancy.txt"
            vacancy.write_text("Требования:\n- Rust\n- только мужчины", encoding="utf-8")
            asked_for = command("worker", "criteria", str(vacancy))
            assert "1. [must] Rust" in asked_for
            assert "not graded, the law forbids it (пол): только мужчины" in asked_for

            before = limits()
            assert before["buckets"]["rpm"]["limit"] == 100
            assert (before["circuit_breaker"], before["egress"]) == ("closed", "NL")
            command("celery", "-A", "worker", "control", "set_limits", "500", "10000", "200000")
            after = limits()["buckets"]
            assert [after[name]["limit"] for name in ("rpm", "rpd", "tpm")] == [500, 10_000, 200_000]

            bridge.control.rate_limit(TASK_NAME, "1/h", reply=True)
            for processing_id in (8, 9):
                hint(processing_id, WEAK_RESUME + str(processing_id))
            eventually(lambda: outcome(8))

            def held_back():
                (active,) = bridge.control.inspect(timeout=2).active().values()
                return not active and redis_client.llen(QUEUE_NAME) == 0

            eventually(held_back)
            assert outcome(9) is None, "the brake holds the second one"
        worker.stop(timeout=30)
        assert worker.returncode == 0, worker.log_tail()
        assert redis_client.llen(QUEUE_NAME) == 1, "what it held back is given back"
    finally:
        worker.kill()
    logged = worker.log_text() + (tmp_path / "auth_service.log").read_text()
    assert "processing_id=7" in logged
    assert not [word for word in SECRET_WORDS if word in logged]
    assert redis_client.get(claim_key(9)) is None
