"""What the brokers say of our topics: which one the input topic is, where it begins, which outputs cannot be written.

A topic that is removed and made again keeps its name; its id tells it apart. A transaction that fails does not say
which of its topics was to blame; a topic that is missing, or that we may not write, tells of itself.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._listoffsets import OffsetSpec

from bridge import metrics

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds
ANSWER_WITHIN = 3.0  # seconds
_NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"  # of brokers before 2.8


class _Asked(NamedTuple):
    """What was asked and is not answered yet: about each topic, and where each partition begins and ends."""

    topics: Mapping[str, "Future[Any]"]
    starts: Mapping[TopicPartition, "Future[Any]"]
    ends: Mapping[TopicPartition, "Future[Any]"]

    def is_answered(self) -> bool:
        return all(future.done() for asked in self for future in asked.values())


@dataclass(eq=False)
class TopicWatch:
    """The input topic and those that are written, as they were when last looked at."""

    admin: AdminClient  # any client
    source: str  # the input topic
    answers: Collection[str]  # the topics that outcomes go to
    dead_letters: str  # the topic of what nobody can read
    clock: Callable[[], float] = time.monotonic  # seconds, monotonic

    def __post_init__(self) -> None:
        self._asked: _Asked | None = None
        self._ask_at = self.clock()
        self._is_silent = False  # the last answer was none
        self.source_id: str | None = None  # None: not known
        self.partitions = 0  # of the input topic; 0: not known
        self.log_starts: Mapping[int, int] = {}  # the lowest offset of each, as far as known: it may be higher by now
        self.log_ends: Mapping[int, int] = {}  # beyond the highest of each; empty while the brokers do not answer
        self.missing: tuple[str, ...] = ()
        self.troubles: Mapping[str, str] = {}  # by topic: what keeps it from being read or written

    def exists(self, partition: str) -> bool:
        """Whether `<topic>-<number>` is a partition of the input topic, as far as anybody knows."""
        topic, _, number = partition.rpartition("-")
        return not self.partitions or (topic == self.source and number.isdigit() and int(number) < self.partitions)

    def may_write_answers(self) -> bool:
        return self.troubles.keys().isdisjoint(self.answers)

    def may_write_letters(self) -> bool:
        return self.dead_letters not in self.troubles

    def look(self) -> None:
        """Ask, and wait for the answer; without one all stays as it was.

        librdkafka asks the cluster's controller, which may be away while the rest is there; its imitation has none.
        """
        waits = not self._is_silent
        self._asked, self._ask_at = self._ask(), self.clock()
        if waits:
            self._note(self._asked)
            self._asked = None

    def glance(self) -> None:
        """The same every now and then, without waiting."""
        if self._asked is None and self.clock() >= self._ask_at:
            self._asked = self._ask()
        if self._asked is not None and self._asked.is_answered():
            self._note(self._asked)
            self._asked = None

    def _ask(self) -> _Asked:
        topics = self.admin.describe_topics(
            TopicCollection([self.source, *self.answers, self.dead_letters]),
            include_authorized_operations=True,
            request_timeout=ANSWER_WITHIN,
        )
        earliest: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call] # its stubs say nothing
        latest: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call] # likewise
        return _Asked(topics, self._offsets(earliest), self._offsets(latest))

    def _offsets(self, which: OffsetSpec) -> Mapping[TopicPartition, "Future[Any]"]:
        places = {TopicPartition(self.source, number): which for number in range(self.partitions)}
        return self.admin.list_offsets(places, request_timeout=ANSWER_WITHIN) if places else {}

    def _note(self, asked: _Asked) -> None:
        self._ask_at = self.clock() + LOOK_EVERY
        try:
            self._understand(asked)
        except (KafkaException, TimeoutError) as error:
            self._is_silent, self.log_ends = True, {}
            log.debug("the brokers do not describe our topics: %s", error)
        else:
            self._is_silent = False

    def _understand(self, asked: _Asked) -> None:
        troubles: dict[str, str] = {}
        missing = []
        for name, future in asked.topics.items():
            try:
                found = future.result(ANSWER_WITHIN + 1)
            except KafkaException as error:
                fault = error.args[0]
                if fault.code() not in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED):
                    raise
                troubles[name] = fault.name()
                missing += [name] * (fault.code() == KafkaError.UNKNOWN_TOPIC_OR_PART)
                continue
            if name == self.source:
                topic_id = str(found.topic_id)
                self.source_id = None if topic_id == _NO_ID else topic_id
                self.partitions = len(found.partitions)
            # None where the brokers have no such list.
            elif found.authorized_operations and AclOperation.WRITE not in found.authorized_operations:
                troubles[name] = "we may not WRITE"
        if troubles != self.troubles:
            metrics.TOPIC_TROUBLE.clear()
            for topic, why in troubles.items():
                metrics.TOPIC_TROUBLE.labels(topic, why).set(1)
        self.troubles, self.missing = troubles, tuple(missing)
        self.log_starts, self.log_ends = _answered(asked.starts), _answered(asked.ends)


def _answered(asked: Mapping[TopicPartition, "Future[Any]"]) -> dict[int, int]:
    offsets = {}
    for place, found in asked.items():
        with suppress(KafkaException):  # its topic may have been made again with fewer
            offsets[place.partition] = found.result(ANSWER_WITHIN + 1).offset
    return offsets
