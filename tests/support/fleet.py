"""A service on topics of its own, and the platform around it: who sends requests and reads what comes out."""

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions, NewTopic

from contract import REQUEST_KEY
from dev.kafka_server import CHECKOUT, silent
from dev.processes import ProcessFailedError
from dev.service import Names, Service
from tests.support.delivery_checker import Record
from tests.support.forked import CAN_FORK, ForkedProcess, run_forked
from tests.support.topic_reader import TopicReader, read_topics

TIMEOUT = 30.0  # seconds

# Ample limits, and little patience: what tests wait for should come soon.
SETTINGS = {
    "RPM": "60000",
    "RPD": "20000000",
    "TPM": "200000000",
    "KAFKA_SESSION_TIMEOUT_MS": "6000",  # the least that a broker accepts by default
    "LEASE_SECONDS": "2",
}


def scoring_request(processing_id: int, *, aside: str = "") -> dict[str, Any]:
    """A valid request that no other one's answer fits: the resume says its id; `aside` goes into both texts."""
    return {
        "callback_url": f"https://client.example/callback/{processing_id}",
        "processing_id": processing_id,
        "user_id": 11,
        "resume_id": 2_000_000_000 + processing_id % 1000,
        "requirements_id": 301,
        "requirements": f"Вакансия: инженер\n- Python от 3 лет\n- SQL\n- Kafka\n- Docker\n- Английский B1\n{aside}",
        "resume": f"Кандидат № {processing_id}\nПишу на Python 5 лет, SQL, Kafka в продакшене, Docker. {aside}",
    }


class Fleet(Service):
    """As many bridges and workers as a test likes, with new topics.

    Args:
        folder: gets the logs.
        kafka: `bootstrap.servers`.
        redis_url: with the database.
        standin_url: of the stand-in for OpenAI, without `/v1`.
        partitions: of each topic that `create_topics` makes; the bridge makes those that are missing with one.
        settings: of the service, by the names of their environment variables, over `SETTINGS`.
        forked: its processes are forked from one that has imported what they need; else they are what users type.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kafka: str,
        redis_url: str,
        standin_url: str,
        partitions: int = 1,
        settings: Mapping[str, str] | None = None,
        forked: bool = True,
    ) -> None:
        super().__init__(
            folder,
            kafka=kafka,
            redis_url=redis_url,
            standin_url=standin_url,
            names=Names.new(),
            settings={**SETTINGS, **(settings or {})},
        )
        self.partitions = partitions
        self._forked = forked
        self._producer = self._new_producer()

    def create_topics(self) -> None:
        """For those who send before the bridge has made its topics."""
        topics = (self.names.requests, self.names.notifications, self.names.uploads, self.names.dead_letters)
        for created in self._admin().create_topics([NewTopic(topic, self.partitions, 1) for topic in topics]).values():
            created.result(timeout=TIMEOUT)

    def celery_says(self, *command: str) -> Any:
        """What `celery -A worker ...` prints, as JSON."""
        arguments = ["-m", "celery", "-A", "worker", *command, "--json"]
        ran = run_forked("worker", arguments, {**os.environ, **self.settings})
        return json.loads(ran.stdout)

    def make_topic(self, topic: str, partitions: int) -> None:
        """Make a topic that was removed a moment ago; somebody else may be faster."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                self._admin().create_topics([NewTopic(topic, partitions, 1)])[topic].result(TIMEOUT)
            except KafkaException as error:
                there = self._admin().list_topics(timeout=TIMEOUT).topics.get(topic)
                if there is not None and there.error is None and there.partitions:
                    if len(there.partitions) < partitions:
                        self._grow(topic, partitions)
                    return
                if time.monotonic() > deadline:
                    raise ProcessFailedError(f"{topic} cannot be made: {error}") from error
                time.sleep(0.1)
            else:
                return

    def remove_topic(self, topic: str) -> None:
        """Remove a topic with all that it holds."""
        self._admin().delete_topics([topic])[topic].result(TIMEOUT)

    def remake_requests(self, partitions: int) -> None:
        """Remove the input topic and make it again: what was not answered is gone."""
        self.flush()
        self.remove_topic(self.names.requests)
        self.make_topic(self.names.requests, partitions)
        self._meet_partitions(partitions)

    def add_partition(self, partitions: int) -> None:
        """Let the input topic have so many."""
        self._grow(self.names.requests, partitions)
        self._meet_partitions(partitions)

    def _grow(self, topic: str, partitions: int) -> None:
        self._admin().create_partitions([NewPartitions(topic, partitions)])[topic].result(TIMEOUT)

    def cut_requests(self) -> None:
        """What retention does, at its worst: every message of the input topic is deleted, read or not."""
        self.flush()
        reader = Consumer({"bootstrap.servers": self.kafka, "group.id": "nobody", "log_level": 0}, logger=silent)
        numbers = reader.list_topics(self.names.requests, timeout=TIMEOUT).topics[self.names.requests].partitions
        places = [TopicPartition(self.names.requests, number) for number in numbers]
        for place in places:
            place.offset = reader.get_watermark_offsets(place, timeout=TIMEOUT)[1]
        reader.close()
        for cut in self._admin().delete_records(places).values():
            cut.result(TIMEOUT)

    def _process(self, name, arguments, log_file, environment):
        if not self._forked or not CAN_FORK:
            return super()._process(name, arguments, log_file, environment)
        program = "bridge" if "bridge" in arguments else "worker"
        command = [sys.executable, *arguments]
        return ForkedProcess(program, name, command, log_file=log_file, environment=environment, folder=CHECKOUT)

    def _meet_partitions(self, count: int) -> None:
        """A sender that knows of all of them; the old one may hold on to what it knew."""
        self._producer = self._new_producer()
        deadline = time.monotonic() + TIMEOUT
        while (
            len(self._producer.list_topics(self.names.requests, timeout=TIMEOUT).topics[self.names.requests].partitions)
            < count
        ):
            if time.monotonic() > deadline:
                raise ProcessFailedError("the new partitions do not show")
            time.sleep(0.1)

    def _admin(self) -> AdminClient:
        """A client that knows the topics as they are now."""
        # Kept: what one was asked ends unanswered when it goes.
        self._newest_admin = AdminClient({"bootstrap.servers": self.kafka, "log_level": 0}, logger=silent)
        return self._newest_admin

    def _new_producer(self) -> Producer:
        return Producer({"bootstrap.servers": self.kafka, "acks": "all", "log_level": 0}, logger=silent)

    def send(self, requests: Iterable[Mapping[str, Any]]) -> None:
        """Put requests on the input topic, as the platform does, all to one partition."""
        for request in requests:
            self.queue(request)
        self.flush()

    def queue(
        self, request: Mapping[str, Any], *, partition: int = -1, headers: Mapping[str, bytes] | None = None
    ) -> None:
        """Queue a request; `flush` sends it."""
        value = json.dumps(request, ensure_ascii=False).encode()
        self.send_raw(REQUEST_KEY, value, partition=partition, headers=headers)

    def send_raw(
        self,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int = -1,
        headers: Mapping[str, bytes] | None = None,
    ) -> None:
        """Queue a message of one's own making; `flush` sends it."""
        self._producer.produce(
            self.names.requests, key=key, value=value, partition=partition, headers=dict(headers or {})
        )
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until Kafka has everything.

        Raises:
            TimeoutError: it did not take it.
        """
        if self._producer.flush(TIMEOUT):
            raise TimeoutError("Kafka did not take the requests")

    @contextlib.contextmanager
    def reader(self) -> Iterator[TopicReader]:
        """Follow both output topics."""
        with TopicReader(self.kafka, [self.names.notifications, self.names.uploads]) as reader:
            yield reader

    def contents(self) -> dict[str, list[Record]]:
        """All that is committed in `requests`, `notifications`, `uploads` and `dead_letters`."""
        found = read_topics(
            self.kafka,
            [self.names.requests, self.names.notifications, self.names.uploads, self.names.dead_letters],
        )
        return {
            "requests": found[self.names.requests],
            "notifications": found[self.names.notifications],
            "uploads": found[self.names.uploads],
            "dead_letters": found[self.names.dead_letters],
        }

    def lag(self) -> int:
        """How many messages of the input topic are not committed yet.

        Raises:
            KafkaException: Kafka did not say, for `TIMEOUT` seconds; a new group's coordinator takes its time.
        """
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                return self._lag()
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _lag(self) -> int:
        consumer = Consumer(
            {"bootstrap.servers": self.kafka, "group.id": self.names.group, "log_level": 0}, logger=silent
        )
        try:
            numbers = consumer.list_topics(self.names.requests, timeout=TIMEOUT).topics[self.names.requests].partitions
            places = [TopicPartition(self.names.requests, number) for number in numbers]
            lag = 0
            for place in consumer.committed(places, timeout=TIMEOUT):
                low, high = consumer.get_watermark_offsets(place, timeout=TIMEOUT)
                lag += high - max(place.offset, low)
            return lag
        finally:
            consumer.close()

    def drained(self, seconds: float) -> bool:
        """Wait until every message of the input topic is finished; False if that was not so in time."""
        deadline = time.monotonic() + seconds
        while self.lag():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True
