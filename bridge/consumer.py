"""The bridge's loop: polls Kafka, hands messages to their partition's work, pauses what is full.

Lifecycle: `run()` until `stop()` is called from a signal handler; then what has ended is published, the rest
stays where it is (Kafka's offsets and Redis), and the group is left cleanly.

A partition is paused while it *recovers* (its state is read from Kafka), while its window is full, or while there were
too many dead letters. librdkafka serves everything from `poll`, so nothing here blocks for
long.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from kombu.exceptions import OperationalError

from bridge.announcements import Announcements
from bridge.dead_letter import DeadLetterCap
from bridge.health import SAY_EVERY, Health
from bridge.kafka import Contact
from bridge.offsets import LogChanged
from bridge.partition import PartitionWork
from bridge.publisher import PublishError
from bridge.start import StartAwaited
from bridge.topic_watch import TopicWatch
from servers.redis_trouble import short as trouble_with_redis

log = logging.getLogger(__name__)

POLL = 0.02  # seconds to wait for Kafka or for an announced outcome
TAKE_FOR = 0.1  # seconds; then the partitions have their turn, however much there is to take
RETRY_AFTER = 1.0  # seconds between two tries of something that failed
REDIS_PATIENCE = 10.0  # seconds without an answer
RECOVERY_PATIENCE = 30.0  # seconds from the first failure to a partition that works again

Key = tuple[str, int]


@dataclass(eq=False)
class Bridge:
    """Owns the consumer and the work of each assigned partition."""

    consumer: Consumer  # not yet subscribed, with automatic commits off
    topic: str
    topics: TopicWatch  # what the brokers say of it, and of those that are written
    make_work: Callable[[TopicPartition], PartitionWork]  # builds the work of an assigned partition
    announcements: Announcements  # started and closed here, as health is
    cap: DeadLetterCap
    resumed_at: Callable[[], float]  # when an operator last resumed after too many dead letters; Unix time, seconds
    contact: Contact
    health: Health
    clock: Callable[[], float] = time.monotonic  # seconds, monotonic

    def __post_init__(self) -> None:
        self._works: dict[Key, PartitionWork] = {}
        self._paused: set[Key] = set()
        self._retry_at: dict[Key, float] = {}
        self._failing_since: dict[Key, float] = {}
        self._say_at: dict[tuple[str, int, str], float] = {}  # when a failure may be told again
        self._redis_said = ""  # the last that was wrong with it
        self._stopping = False

    def stop(self) -> None:
        """Ask `run` to end after the round that it is in; safe in a signal handler."""
        self._stopping = True

    def watermarks(self) -> dict[Key, int]:
        """Of each partition that is worked on, the offset below which everything is finished; from any thread."""
        return {key: work.watermark for key, work in self._works.copy().items() if not work.is_recovering}

    @property
    def _running(self) -> list[PartitionWork]:
        return [work for work in self._works.values() if not work.is_recovering]

    def run(self) -> None:
        """Work until stopped.

        Raises:
            StartUnknown: an operator has to choose where to begin.
            KafkaException: Kafka refuses us for good (authorisation, a fatal client error).
        """
        self.consumer.subscribe([self.topic], on_assign=self._on_assign, on_revoke=self._on_gone, on_lost=self._on_gone)
        self.announcements.start()
        try:
            while not self._stopping:
                self.topics.glance()
                self._take_messages()
                self._step()
                if self.health.is_due:
                    self._look_after_health()
        finally:
            for work in self._works.values():
                work.close()
            self.consumer.close()  # first: nobody in the group should wait because Redis does not answer
            self.announcements.close()
            self.health.close()

    def _take_messages(self) -> None:
        """Poll until nothing is ready, or others should have their turn; waits a moment for the first message only."""
        until = self.clock() + TAKE_FOR
        message = self._await_news()
        while message is not None:
            error = message.error()
            key = (message.topic() or "", message.partition() if message.partition() is not None else -1)
            if error is not None:
                if error.fatal():
                    raise KafkaException(error)
                log.warning("Kafka: %s", error.str())
            elif key in self._works and not self._works[key].is_recovering:  # else it is read again
                self._take(key, message)
            message = self.consumer.poll(0) if self.clock() < until else None

    def _take(self, key: Key, message: Message) -> None:
        try:
            self._works[key].take(message)
        except LogChanged as error:
            self._start_over(key, error)
        self._pause_or_resume(key)

    def _await_news(self) -> Message | None:
        """Wait on Kafka and on Redis at once: a message to take, or None, when outcomes may be ready to look at."""
        if not any(work.awaits_outcomes for work in self._running):
            return self.consumer.poll(POLL)
        message = self.consumer.poll(0)
        if message is not None:
            return message
        if announced := self.announcements.wait(self._until_next_look()):
            for work in self._running:
                work.look_soon(announced)
        return self.consumer.poll(0)

    def _until_next_look(self) -> float:
        """Seconds, `POLL` at most: a look that was put off for a moment should not wait for the next round, too."""
        now = self.clock()
        looks = (max(work.look_in, self._retry_at.get(key, 0.0) - now) for key, work in self._works.items())
        return min(POLL, *looks)

    def _step(self) -> None:
        for key, work in list(self._works.items()):
            if self._stopping:
                return  # a frozen Redis costs each of them a timeout
            if self.clock() < self._retry_at.get(key, 0.0):
                continue
            recovers = work.is_recovering
            try:
                work.step()
            except (PublishError, LogChanged) as error:
                # Its rebalance, if that is the reason, is told by the next poll, before the recovery.
                self._start_over(key, error)
            except (redis.RedisError, OperationalError, KafkaException, StartAwaited) as error:
                self._try_later(key, "cannot read its state yet" if recovers else "waiting", error)
            else:
                if not recovers:
                    self._failing_since.pop(key, None)
            self._pause_or_resume(key)

    def _start_over(self, key: Key, error: Exception) -> None:
        self._try_later(key, "reading its state from Kafka", error)
        self._works[key].start_over()

    def _try_later(self, key: Key, what: str, error: Exception) -> None:
        now = self.clock()
        said = f"{type(error).__name__}: {error}"
        if isinstance(error, (redis.RedisError, OperationalError)):
            said = self._redis_said = trouble_with_redis(error)
        self._retry_at[key] = now + RETRY_AFTER
        self._failing_since.setdefault(key, now)
        if now >= self._say_at.get((*key, what), now):  # each second it is tried, and each minute it is told
            self._say_at[(*key, what)] = now + SAY_EVERY
            log.warning("%s-%d: %s (%s)", *key, what, said)

    def _pause_or_resume(self, key: Key) -> None:
        # Only what was paused is resumed; a few at a time would fetch again for each request.
        work = self._works[key]
        if key not in self._paused and work.free <= 0:
            self.consumer.pause([TopicPartition(*key)])
            self._paused.add(key)
        elif key in self._paused and work.free >= work.room_to_resume:
            self.consumer.resume([TopicPartition(*key)])
            self._paused.discard(key)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign(partitions)
        if partitions:
            consumer.pause(partitions)
        for partition in sorted(partitions, key=lambda each: each.partition):  # the first chooses where all begin
            key = (partition.topic, partition.partition)
            log.info("assigned %s-%d", *key)
            self._works[key] = self.make_work(partition)
            self._paused.add(key)
            self._retry_at.pop(key, None)
            self._failing_since.pop(key, None)

    def _on_gone(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Nothing has to be committed here: every transaction has committed its own offsets."""
        for partition in partitions:
            key = (partition.topic, partition.partition)
            log.info("%s-%d is another bridge's", *key)
            if work := self._works.pop(key, None):
                work.close()
            self._failing_since.pop(key, None)
        consumer.incremental_unassign(partitions)

    def _look_after_health(self) -> None:
        """Once a second: has an operator resumed, and what is in the way of the work?"""
        redis_trouble = ""
        if self.cap.tripped or not self._running:  # else the partitions ask Redis all the time
            try:
                self.cap.resume(self.resumed_at())
            except redis.RedisError as error:
                redis_trouble = trouble_with_redis(error)
        self.health.beat(self._troubles(redis_trouble))

    def _troubles(self, redis_trouble: str) -> dict[str, str]:
        now = self.clock()
        troubles = {}
        silent = max((now - work.redis_answered_at for work in self._running), default=0.0)
        if redis_trouble or silent > REDIS_PATIENCE:
            troubles["redis"] = redis_trouble or f"{self._redis_said or 'no answer'}, for {silent:.0f} s"
        if self.contact.trouble:
            troubles["kafka"] = self.contact.trouble
        stuck = [key for key, since in self._failing_since.items() if now - since > RECOVERY_PATIENCE]
        if stuck:
            troubles["partitions"] = "no progress in " + ", ".join(f"{topic}-{number}" for topic, number in stuck)
        if self.topics.troubles:
            troubles["topics"] = ", ".join(f"{topic}: {why}" for topic, why in self.topics.troubles.items())
        if self.cap.tripped:
            troubles["dead_letters"] = self.cap.reason
        return troubles
