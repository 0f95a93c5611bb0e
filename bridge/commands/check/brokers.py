"""Looks at Kafka: the brokers, each topic and what we may do with it, the group, the transactions."""

import contextlib
import logging
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.cimpl import NewTopic

from bridge.commands.check.finding import Finding, State, note, ok, wrong
from bridge.kafka import LIBRDKAFKA_LOG, make_producer
from bridge.kafka_trouble import FirstContact, advice
from config import Settings
from contract import PROCESSED_MARK_TTL

TIMEOUT = 10.0  # seconds
WHAT = "Kafka"
_NEW_GROUP = (KafkaError.GROUP_ID_NOT_FOUND, KafkaError._NOENT)  # noqa: SLF001 # librdkafka's own codes are spelt so
_FINAL = (*_NEW_GROUP, KafkaError.GROUP_AUTHORIZATION_FAILED)
IMITATION = "mockCluster"  # how the id begins that librdkafka's mock cluster gives itself


def look_at_kafka(settings: Settings) -> Iterator[Finding]:
    """One finding if it cannot be reached, else one for each thing that matters."""
    LIBRDKAFKA_LOG.setLevel(logging.CRITICAL + 1)  # what it has to say is in the table
    where = f"{settings.kafka_bootstrap_servers}, {settings.kafka_security_protocol}"
    contact = FirstContact(settings.kafka)
    try:
        found = contact.metadata(TIMEOUT)
    except KafkaException as error:
        told = error.args[0]
        yield wrong(WHAT, f"{where}: {told.str()}", advice(told, settings.kafka_bootstrap_servers))
        return
    if _is_imitation(found):
        yield note(WHAT, f"{where}: librdkafka's imitation, which tells nothing of topics, groups and permissions",
                   "good for a demo; it proves nothing about delivery")  # fmt: skip
        return
    yield ok(WHAT, f"{where}: {len(found.brokers)} broker{'s' if len(found.brokers) > 1 else ''}")
    looks = _Look(settings, contact.admin)
    yield from looks.at_topics()
    yield from looks.at_groups()
    yield looks.at_transactions()


def faults_at_start(settings: Settings, admin: AdminClient) -> Iterator[Finding]:
    """What is wrong with topics and group, for a bridge that starts all the same; nothing where Kafka is away."""
    looks = _Look(settings, admin)
    with contextlib.suppress(KafkaException):
        if _is_imitation(admin.list_topics(timeout=TIMEOUT)):
            return
        yield from (each for each in [*looks.at_topics(), *looks.at_groups()] if each.state is State.WRONG)


def _is_imitation(found: Any) -> bool:
    return (found.cluster_id or "").startswith(IMITATION)


class _Look:
    def __init__(self, settings: Settings, admin: AdminClient):
        self._settings = settings
        self._admin = admin
        read, write = AclOperation.READ, AclOperation.WRITE
        # Name: what we do with it, in how many partitions it may be.
        self._topics = {
            settings.kafka_topic_for_ai_handler: {read},
            settings.kafka_topic_for_notifications: {read, write},  # read for the processed marks
            settings.dead_letter_topic: {read, write},
        }
        if settings.dialect.has_records:
            self._topics[settings.kafka_topic_for_uploading_data] = {write}

    def at_topics(self) -> Iterator[Finding]:
        described = self._admin.describe_topics(
            TopicCollection(list(self._topics)), include_authorized_operations=True, request_timeout=TIMEOUT
        )
        for name, future in described.items():
            what = f"topic {name}"
            error = _error(future)
            if error is not None and error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                yield self._missing(name)
            elif error is not None:
                yield wrong(what, error.str(), f"allow {', '.join(sorted(op.name for op in self._topics[name]))}")
            else:
                yield from self._found(what, name, future.result())

    def _found(self, what: str, name: str, topic: Any) -> Iterator[Finding]:
        allowed = set(topic.authorized_operations or ())
        lacking = sorted(op.name for op in self._topics[name] - allowed)
        partitions = len(topic.partitions)
        if lacking:
            yield wrong(what, f"we may not {', '.join(lacking)}", f"allow {', '.join(lacking)}")
        elif name == self._settings.kafka_topic_for_uploading_data and partitions > 1:
            found = f"{partitions} partitions: the storage service needs one order and dies for good without"
            yield wrong(what, found, "make it anew with one partition")
        else:
            yield ok(what, f"{partitions} partition{'s' if partitions > 1 else ''}")
        yield from self._configured(what, name)

    def _configured(self, what: str, name: str) -> Iterator[Finding]:
        resource = ConfigResource(ConfigResource.Type.TOPIC, name)
        future = self._admin.describe_configs([resource], request_timeout=TIMEOUT)[resource]
        if _error(future) is not None:
            return  # we may not ask, and need not
        found = {key: entry.value for key, entry in future.result().items()}
        if "compact" in (found.get("cleanup.policy") or ""):
            lost = "is compacted: all messages have one key, so all but the last are deleted"
            yield wrong(what, lost, "set cleanup.policy=delete")
        kept = int(found.get("retention.ms") or -1) / 1000
        if name == self._settings.kafka_topic_for_notifications and 0 <= kept < PROCESSED_MARK_TTL:
            short = f"is kept for {kept / 3600:g} h: an emptied Redis restores no older processed marks"
            yield note(what, short, f"set retention.ms to at least {PROCESSED_MARK_TTL * 1000}")

    def _missing(self, name: str) -> Finding:
        what, settings = f"topic {name}", self._settings
        if not settings.kafka_create_topics:
            return wrong(what, "is missing", "create it, or set KAFKA_CREATE_TOPICS=on")
        topic = NewTopic(name, num_partitions=1, replication_factor=settings.kafka_topic_replication)
        error = _error(self._admin.create_topics([topic], validate_only=True, request_timeout=TIMEOUT)[name])
        if error is not None:
            return wrong(what, f"is missing, and we cannot create it: {error.str()}", "create it, or allow CREATE")
        return note(what, "is missing: the bridge will create it")

    def at_groups(self) -> Iterator[Finding]:
        return map(self._at_group, [self._settings.kafka_group_id, *self._settings.repeats])

    def _at_group(self, group: str) -> Finding:
        what = f"group {group}"
        patience = time.monotonic() + TIMEOUT
        while True:  # a new Kafka makes room for groups when it is first asked about one
            future = self._admin.describe_consumer_groups(
                [group], include_authorized_operations=True, request_timeout=TIMEOUT
            )[group]
            error = _error(future)
            if error is None or error.code() in _FINAL or time.monotonic() > patience:
                break
            time.sleep(0.2)
        if error is not None and error.code() in _NEW_GROUP:
            return ok(what, "is new")
        if error is not None:
            return wrong(what, error.str() or error.name(), "allow READ on the group")
        found = future.result()
        if AclOperation.READ not in (found.authorized_operations or ()):
            return wrong(what, "we may not READ it", "allow READ on the group")
        strategies = found.partition_assignor
        if found.members and strategies and strategies != "cooperative-sticky":
            strangers = f"has members that are not ours (they use {strategies})"
            return wrong(what, strangers, "give KAFKA_GROUP_ID a name that nobody else has")
        return ok(what, f"{len(found.members)} members")

    def at_transactions(self) -> Finding:
        settings = self._settings
        name = f"{settings.kafka_group_id}.{settings.kafka_topic_for_ai_handler}.check"
        what = f"transactions {settings.kafka_group_id}.*"
        try:
            make_producer(settings, name).init_transactions(TIMEOUT)
        except KafkaException as error:
            return wrong(what, error.args[0].str(), f"allow WRITE and DESCRIBE on transactional ids {what[13:-1]}*")
        return ok(what, "we may begin one")


def _error(future: "Future[Any]") -> KafkaError | None:
    try:
        future.result(TIMEOUT + 5)
    except KafkaException as error:
        return cast("KafkaError", error.args[0])
    except TimeoutError:
        return KafkaError(KafkaError._TIMED_OUT)  # noqa: SLF001 # likewise
    return None
