"""The platform's other services, played with their own settings on a real Kafka: what docs/interop.md promises them."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
import uuid

import pytest
import redis
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from bridge.kafka import make_producer
from config import Settings
from dev.kafka_server import CHECKOUT
from tests.support.fleet import scoring_request
from tests.support.storage_2026 import Storage2026
from tests.support.supervisor import Supervisor

# As the notifications and the storage service set them up, the group that they share included.
NEIGHBOURS_CONSUMER = {"auto.offset.reset": "smallest", "enable.auto.commit": False}


LAUNCHER = str(CHECKOUT / "tests" / "support" / "crash_at.py")


class Neighbour:
    """A service that reads one topic with the platform's settings."""

    def __init__(self, kafka, topic, group):
        self._consumer = Consumer({"bootstrap.servers": kafka, "group.id": group, **NEIGHBOURS_CONSUMER})
        self._consumer.subscribe([topic])
        self.read = []  # (key, body), in the order in which they came
        self._next = 0  # offset; whoever joins the group later takes it back to what it has committed

    def look(self):
        message = self._consumer.poll(0.05)
        if message is not None and message.error() is None and message.offset() >= self._next:
            self._next = message.offset() + 1
            self.read.append((message.key().decode(), json.loads(message.value().decode())))

    def close(self):
        self._consumer.close()


@pytest.fixture
def meet(kafka):
    """Makes neighbours that leave their group in the end."""
    neighbours = []

    def make(topic, group):
        neighbours.append(Neighbour(kafka, topic, group))
        return neighbours[-1]

    yield make
    for neighbour in neighbours:
        neighbour.close()


def send(kafka, topic, key, body):
    """What the platform's producers do: one key, ASCII JSON, everything else left at its default."""
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topic, key=key.encode(), value=json.dumps(body).encode())
    assert producer.flush(30) == 0


def as_cached(request):
    """A request whose resume came out of the cache that upload and storage share."""
    resume = json.dumps({"resume_id": request["resume_id"], "user_id": 11, "resume": request["resume"]})
    return {**request, "resume": resume}


def test_upload_here_storage_and_notifications(kafka, make_fleet, meet, eventually):
    """Requests of the upload service reach both readers, in the order of storage and with the reader's own key."""
    fleet = make_fleet(KAFKA_KEY_FOR_NOTIFICATIONS="new_request", KAFKA_CREATE_TOPICS="on")
    fleet.worker()
    fleet.bridge()
    group = f"foo-{uuid.uuid4().hex[:8]}"
    notifications = meet(fleet.names.notifications, group)
    storage = meet(fleet.names.uploads, group)
    needed = [("new_user", {"user_id": 11}), ("new_resume", {"resume_id": 1}), ("new_requirements", {"id": 301})]
    for key, body in needed:
        send(kafka, fleet.names.uploads, key, body)
    requests = [scoring_request(number) for number in range(1, 4)]
    requests[1]["callback_url"] += "?" + "x" * (2_082 - len(requests[1]["callback_url"]))
    for request in [requests[0], as_cached(requests[1]), requests[2], requests[0]]:
        send(kafka, fleet.names.requests, "new_request", request)

    def all_read():
        notifications.look()
        storage.look()
        return len(notifications.read) >= 3 and len(storage.read) >= 6

    eventually(all_read, "three notifications and three results", 60)
    assert [body for key, body in storage.read[:3]] == [body for _, body in needed]
    assert {key for key, _ in storage.read[3:]} == {"new_processing"}
    assert {key for key, _ in notifications.read} == {"new_request"}
    told = {body["response"]["processing_id"]: body for _, body in notifications.read}
    assert sorted(told) == [1, 2, 3]
    assert len(told[2]["response"]["callback_url"]) == 2_083
    # The same resume, wrapped or not, is the same resume.
    assert {told[number]["response"]["score"] for number in told} == {told[1]["response"]["score"]}
    assert told[1]["response"]["score"] >= 40  # skills in a list, nothing about them: half
    assert "\\u" not in json.dumps(told[2]["response"]["matches"], ensure_ascii=False)
    assert fleet.drained(20)
    for _ in range(20):
        all_read()
    assert (len(notifications.read), len(storage.read)) == (3, 6)


def type_the_steps(fleet, heading):
    """What docs/interop.md tells whoever takes over to type, as it stands; what each says. The last runs on."""
    page = (CHECKOUT / "docs/interop.md").read_text()
    section = page.partition(f"# {heading}\n")[2].partition("\n## ")[0]
    if "\n3. Go on with steps 3 and 4 of [taking over](#taking-over-from-an-earlier-handler)." in section:
        assert "```" not in section
        taking_over = page.partition("# Taking over from an earlier handler\n")[2].partition("\n## ")[0]
        section = taking_over[taking_over.index("\n3. ") :]
    blocks = re.findall(r"^```\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    *steps, last = "".join(blocks).splitlines()
    assert (len(steps), last) == (3, "python -m bridge")
    said = []
    for step in steps:
        python, *arguments = step.split()
        assert python == "python"
        ended = subprocess.run(
            [sys.executable, *arguments], env=fleet.environment, cwd=CHECKOUT, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        said.append(ended.stdout)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    fleet.bridge()
    return said


def test_taking_over_as_the_page_says(kafka, make_fleet):
    """Of 30 requests a predecessor has answered 20, out of order: with the page's steps each is answered once."""
    fleet = make_fleet(KAFKA_KEY_FOR_NOTIFICATIONS="new_request")
    fleet.create_topics()
    fleet.send(scoring_request(number) for number in range(1, 31))
    by_predecessor = [*range(1, 16), 17, 19, 20, 22, 30]
    for number in by_predecessor:
        response = {**scoring_request(number), "score": 70, "matches": [], "recommendation": "", "verdict": "Подходит"}
        body = {"success": True, "response": response, "message_error": None, "wait_seconds": None}
        send(kafka, fleet.names.notifications, "new_notifications", body)
    fleet.worker(wait=False)
    said = type_the_steps(fleet, "Taking over from an earlier handler")
    requests = fleet.names.requests
    assert f"{requests}-0: 20 requests are answered, the last at offset 29 (processing_id 30); 10 are not" in said[0]
    assert f"{requests}-0: begin at offset 15" in said[1]
    assert fleet.drained(60)
    notified = [json.loads(each.value)["response"]["processing_id"] for each in fleet.contents()["notifications"]]
    assert sorted(notified) == list(range(1, 31))
    # A bridge is at work now, so its group is not touched.
    again = [sys.executable, "-m", "bridge", "predecessor", "--set"]
    assert subprocess.run(again, env=fleet.environment, cwd=CHECKOUT, timeout=120, check=False).returncode == 2


def test_a_start_warns_of_what_check_calls_wrong(make_fleet, eventually):
    """A results topic with two partitions, which storage cannot follow, is told in the log of a bridge that starts."""
    fleet = make_fleet(partitions=2)
    fleet.create_topics()
    bridge = fleet.bridge()
    warning = f"topic {fleet.names.uploads}: 2 partitions: the storage service"
    eventually(lambda: warning in bridge.log_text(), "a warning")


def test_topics_of_others_have_one_partition(kafka, make_fleet):
    """Storage needs one order: what the bridge makes has one; an input topic that was made with more keeps them."""
    fleet = make_fleet()
    fleet.make_topic(fleet.names.requests, 3)
    fleet.bridge()
    topics = AdminClient({"bootstrap.servers": kafka}).list_topics(timeout=20).topics
    names = fleet.names
    every = (names.requests, names.notifications, names.uploads, names.dead_letters)
    found = {name: len(topics[name].partitions) for name in every}
    assert found == {names.requests: 3, names.notifications: 1, names.uploads: 1, names.dead_letters: 1}


@pytest.mark.parametrize(
    ("isolation", "seen"),
    [({}, ["aborted", "committed"]), ({"isolation_level": "read_committed"}, ["committed"])],
    ids=["aiokafka's default", "read_committed"],
)
def test_a_reader_with_aiokafka(kafka, topics, isolation, seen):
    """An aiokafka consumer sees what an aborted transaction left behind, unless it is told not to."""
    (topic,) = topics("notifications")
    settings = Settings(openai_key="-", kafka_bootstrap_servers=kafka)
    producer = make_producer(settings, f"neighbours-{uuid.uuid4().hex}")
    producer.init_transactions(30)
    for text in ("aborted", "committed"):
        producer.begin_transaction()
        producer.produce(topic, key=b"new_notifications", value=text.encode())
        producer.flush(30)
        producer.abort_transaction(30) if text == "aborted" else producer.commit_transaction(30)
    assert asyncio.run(read_with_aiokafka(kafka, topic, isolation)) == seen


@pytest.mark.parametrize(
    "isolation", [{}, {"isolation.level": "read_committed"}], ids=["librdkafka's default", "read_committed"]
)
def test_a_reader_with_librdkafka(kafka, topics, eventually, isolation):
    """The platform's own consumers are librdkafka's, which read committed messages unless they are told not to."""
    (topic,) = topics("notifications")
    settings = Settings(openai_key="-", kafka_bootstrap_servers=kafka)
    producer = make_producer(settings, f"neighbours-{uuid.uuid4().hex}")
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, key=b"k", value=b'"aborted"')
    producer.flush(30)
    producer.abort_transaction(30)
    send(kafka, topic, "k", "committed")
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": topic, **NEIGHBOURS_CONSUMER, **isolation})
    consumer.subscribe([topic])
    read = []

    def something_came():
        message = consumer.poll(0.1)
        if message is not None and message.error() is None:
            read.append(json.loads(message.value()))
        return read

    eventually(something_came, "a message")
    consumer.close()
    assert read == ["committed"]


async def read_with_aiokafka(kafka, topic, isolation):
    """All that an aiokafka consumer with these settings is given, up to "committed"."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka,
        group_id=topic,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **isolation,
    )
    await consumer.start()
    try:
        found = []
        while "committed" not in found:
            message = await asyncio.wait_for(consumer.getone(), 60)
            found.append(message.value.decode())
        return found
    finally:
        await consumer.stop()


# --- The platform of spring 2026 ----------------------------------------------------------------------------


def requested(processing_id, **fields):
    """What the platform of 2026 sends: other names, and nobody to call back."""
    old = scoring_request(processing_id)
    return {
        "processing_id": processing_id, "resume_id": old["resume_id"], "requirement_id": old["requirements_id"],
        "user_id": old["user_id"], "resume": old["resume"], "requirement": old["requirements"], **fields,
    }  # fmt: skip


@pytest.fixture
def of_2026(make_fleet):
    """Makes a service that speaks the second contract, and its storage service; stopped at the end."""
    stores = []

    def make(*, late_rows=False, **settings):
        fleet = make_fleet(CONTRACT="2026", **settings)
        fleet.make_topic(fleet.names.requests, 1)
        fleet.make_topic(fleet.names.notifications, 1)
        stores.append(Storage2026(fleet.kafka, fleet.names.requests, fleet.names.notifications, late_rows=late_rows))
        return fleet, stores[-1]

    yield make
    for store in stores:
        store.stop()


def test_the_storage_service_of_2026(of_2026, kafka, eventually):
    """Scores, failures and requests that are none fill their rows, and nothing ever stops that service."""
    fleet, storage = of_2026(REPEAT_AFTER="3")
    storage.start()
    fleet.worker(wait=False)
    fleet.bridge()
    send(kafka, fleet.names.requests, "whatever", requested(1))
    send(kafka, fleet.names.requests, "new_request", requested(2, requirement="Python\0 от 3 лет\n- SQL\0\n- Kafka"))
    send(kafka, fleet.names.requests, "", requested(3, requirement=" "))
    send(kafka, fleet.names.requests, "-", requested(4, resume="x" * 15_001))
    send(kafka, fleet.names.requests, "-", requested(1))
    eventually(lambda: storage.filled() == {1, 2, 3, 4}, "all four rows", 90)
    assert storage.faults == []
    assert [storage.rows[number]["success"] for number in range(1, 5)] == [True, True, False, False]
    assert storage.rows[1]["message_error"] == ""
    assert (storage.rows[3]["score"], storage.rows[3]["verdict"]) == (0, "")
    assert "длинный" in storage.rows[4]["message_error"]
    assert fleet.drained(30)
    answers = fleet.contents()["notifications"]
    eventually(lambda: len(fleet.contents()["notifications"]) == 8, "each is said once more")
    assert [len(bodies) for bodies in storage.bodies.values()] == [1, 1, 1, 1], "the same bytes again"
    sent_at = {json.loads(each.value)["processing_id"]: each.timestamp for each in fleet.contents()["requests"][:4]}
    said_at = {json.loads(each.value)["processing_id"]: each.timestamp for each in answers}
    assert all(said_at[number] - sent_at[number] > 4 for number in said_at), "not before their rows"
    assert not AdminClient({"bootstrap.servers": kafka}).list_topics(timeout=20).topics.keys() & {fleet.names.uploads}


def test_replacing_the_handler_of_2026_as_the_page_says(of_2026, kafka, eventually):
    """Its handler has answered 20 of 30 requests, some of them as failures: the other ten are ours, and no more."""
    fleet, storage = of_2026(REPEAT_AFTER="off")
    fleet.send(requested(number) for number in range(1, 31))
    storage.start()
    eventually(lambda: len(storage.rows) == 30, "the rows, before what is said of them")
    for number in [*range(1, 16), 17, 19, 20, 22, 30]:
        body = {
            "processing_id": number, "success": number != 22, "message_error": "", "wait_seconds": None, "score": 70,
            "matches": [], "recommendation": "its own", "verdict": "",
        }  # fmt: skip
        send(kafka, fleet.names.notifications, "its key", body)
    fleet.worker(wait=False)
    page = (CHECKOUT / "docs/interop.md").read_text().partition("# Replacing its handler\n")[2]
    assert "steps 3 and 4 of [taking over](#taking-over-from-an-earlier-handler)" in page
    type_the_steps(fleet, "Taking over from an earlier handler")
    eventually(lambda: storage.filled() == set(range(1, 31)), "every row")
    assert fleet.drained(30)
    assert storage.faults == []
    assert len(fleet.contents()["notifications"]) == 30
    assert sum(row["recommendation"] == "its own" for row in storage.rows.values()) == 20


def test_answers_that_come_before_their_rows(of_2026, standin, eventually):
    """A storage service that was away reads answers first and loses them all; the repeats fill its rows."""
    fleet, storage = of_2026(late_rows=True, REPEAT_AFTER="15,30")
    fleet.worker(wait=False)
    bridge = fleet.bridge(name="first")
    fleet.send(requested(number) for number in range(1, 21))
    assert fleet.drained(60)
    storage.start()
    eventually(lambda: storage.lost >= 20, "it has no row for any")
    asked = len(standin.attempts())
    bridge.kill()
    fleet.bridge(name="second")
    eventually(lambda: storage.filled() == set(range(1, 21)), "every row, once it is said again", 90)
    assert storage.faults == []
    assert {len(bodies) for bodies in storage.bodies.values()} == {1}
    assert len(standin.attempts()) == asked, "nothing is asked again"


@pytest.mark.parametrize(
    ("when", "place", "emptied"),
    [
        ("after", "bridge.publisher:Publisher._produce_output", False),
        ("after", "bridge.publisher:Publisher._say_outside", True),
        ("before", "bridge.publisher:Publisher._commit", False),
    ],
)
def test_a_bridge_that_dies_between_saying_and_committing(of_2026, private_redis, eventually, when, place, emptied):
    """What was said is known by its topic: nobody says it again, not even where Redis has lost the outcome."""
    fleet, storage = of_2026(redis_url=f"{private_redis.url}/1", REPEAT_AFTER="off")
    storage.start()
    fleet.worker(wait=False)
    # The first commit is of where it begins, and says nothing.
    call = "1" if place.endswith("_produce_output") else "2"
    dies = fleet.bridge(name="first", launcher=(LAUNCHER, when, place, call), wait=False)
    fleet.send([*(requested(number) for number in range(1, 4)), requested(4, resume=" ")])
    assert dies.wait(60) == -signal.SIGKILL
    if emptied:
        with redis.Redis.from_url(private_redis.url) as client:
            client.flushall()
    said = fleet.contents()["notifications"]
    assert 1 <= len(said) <= 4
    fleet.bridge(name="second")
    fleet.send(requested(number) for number in range(1, 5))
    assert fleet.drained(60)
    eventually(lambda: storage.filled() == {1, 2, 3, 4}, "every row")
    assert storage.faults == []
    assert {len(bodies) for bodies in storage.bodies.values()} == {1}
    assert len(fleet.contents()["notifications"]) == 4, "each once, since the successor reads before it speaks"


@pytest.mark.timeout(400)
def test_what_is_killed_while_storage_reads_everything(of_2026, private_redis, eventually):
    """200 requests, 20 kills, Redis killed twice: a reader of uncommitted messages finds each id, with one content."""
    fleet, storage = of_2026(redis_url=f"{private_redis.url}/1", REPEAT_AFTER="60")
    names = ["bridge-0", "bridge-1", "worker-0", "worker-1"]
    processes = Supervisor(
        lambda name: (fleet.bridge if name.startswith("bridge") else fleet.worker)(name=name, wait=False), names
    )
    storage.start()
    for number in range(1, 201):
        fleet.queue(requested(number))
    fleet.flush()
    for kill in range(20):
        now = time.monotonic()
        eventually(lambda now=now: time.monotonic() > now + 2, "two seconds of work")
        processes.look(time.monotonic())
        processes.kill(names[kill % 4])
        if kill in (6, 13):
            private_redis.kill()
            private_redis.start()

    def all_filled():
        processes.look(time.monotonic())
        return len(storage.filled()) == 200

    eventually(all_filled, "every row", 180)
    assert storage.faults == []
    assert storage.bodies.keys() == set(range(1, 201))
    assert {len(bodies) for bodies in storage.bodies.values()} == {1}
    assert all(row["success"] for row in storage.rows.values())
