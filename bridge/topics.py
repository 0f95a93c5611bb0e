"""Creates the topics that are missing. What exists is left as it is."""

import logging

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

log = logging.getLogger(__name__)

TIMEOUT = 30.0  # seconds

# A dead letter is its original plus headers, so it must be allowed to be larger than the original.
DEAD_LETTER_MAX_BYTES = 2 * 1024 * 1024


def create_missing_topics(
    admin: AdminClient, names: list[str], *, dead_letters: str, partitions: int, replication: int
) -> None:
    """Create each of `names` and the dead-letter topic, unless it is there.

    Raises:
        KafkaException: the brokers are away, or refuse.
    """
    existing = admin.list_topics(timeout=TIMEOUT).topics
    wanted = [
        NewTopic(name, num_partitions=partitions, replication_factor=replication, config=config)
        for name, config in [
            *((name, {}) for name in names),
            (dead_letters, {"max.message.bytes": str(DEAD_LETTER_MAX_BYTES)}),
        ]
        if name not in existing
    ]
    if not wanted:
        return
    for name, future in admin.create_topics(wanted, operation_timeout=TIMEOUT).items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # two bridges start at once
                raise
        else:
            log.info("created topic %s", name)
