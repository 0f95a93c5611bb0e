"""Creating topics on a real Kafka."""

import threading
import uuid

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource

from bridge.kafka import create_missing_topics
from tests.support.samples import until


@pytest.fixture
def admin(kafka):
    return AdminClient({"bootstrap.servers": kafka})


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def partitions(admin, topic):
    """How many a topic has, once the broker has heard of it."""
    return len(until(lambda: admin.list_topics(timeout=10).topics.get(topic)).partitions)


def test_missing_topics_are_created(admin):
    """On an empty Kafka the bridge makes all the topics that it needs; dead letters may be larger than originals."""
    first, second, dead = unique("a"), unique("b"), unique("dead")
    create_missing_topics(admin, [first, second], dead_letters=dead, replication=1)
    assert [partitions(admin, topic) for topic in (first, second, dead)] == [1, 1, 1]
    resource = ConfigResource(ConfigResource.Type.TOPIC, dead)
    configured = admin.describe_configs([resource])[resource].result(20)
    assert int(configured["max.message.bytes"].value) == 2 * 1024 * 1024
    assert int(configured["retention.ms"].value) == 14 * 86_400_000
    assert int(configured["segment.ms"].value) == 86_400_000


def test_existing_topics_are_left_alone(admin, topics):
    """A topic that operators made keeps its partitions, and the missing ones are made beside it."""
    (existing,), missing, dead = topics("mine", partitions=2), unique("new"), unique("dead")
    for _ in range(2):
        create_missing_topics(admin, [existing, missing], dead_letters=dead, replication=1)
    assert (partitions(admin, existing), partitions(admin, missing)) == (2, 1)


def test_bridges_that_start_together_do_not_stumble(kafka):
    """Several bridges that create the same topics at the same moment all go on."""
    names, dead = [unique("c") for _ in range(3)], unique("dead")
    failures = []
    together = threading.Barrier(4)

    def start():
        admin = AdminClient({"bootstrap.servers": kafka})
        together.wait()
        try:
            create_missing_topics(admin, names, dead_letters=dead, replication=1)
        except Exception as failure:  # noqa: BLE001 - any is one too many
            failures.append(failure)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert partitions(AdminClient({"bootstrap.servers": kafka}), names[0]) == 1
