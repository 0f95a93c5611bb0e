"""Every metric of the bridge, declared once. Labels never carry ids or text.

The series of labels that are known beforehand are there from the start, at zero: `increase()` does not see a counter
that appears at one.
"""

import platform
from collections.abc import Iterable
from contextlib import suppress

import confluent_kafka
from prometheus_client import Counter, Gauge, Histogram

from bridge.intake import Reason
from contract import SCHEMA_VERSION


def _counter(name: str, meaning: str, label: str, values: Iterable[str]) -> Counter:
    counter = Counter(name, meaning, [label])
    for value in values:
        counter.labels(value)
    return counter


MESSAGES = _counter(
    "ai_handler_bridge_messages_total",
    "Messages taken from the input topic; known: finished in an earlier life of the partition",
    "kind",
    ["accepted", "rejected", "not_ours", "known"],
)
DISPATCHES = _counter(
    "ai_handler_bridge_dispatches_total",
    "Hints sent to the Celery queue; again: nobody had taken the request, or its worker was gone",
    "kind",
    ["first", "again"],
)
PUBLISHED = _counter("ai_handler_bridge_published_total", "Requests published", "result", ["scored", "failed"])
DEAD_LETTERS = _counter(
    "ai_handler_bridge_dead_letters_total", "Messages sent to the dead-letter topic", "reason", [*map(str, Reason)]
)
DUPLICATES = Counter("ai_handler_bridge_duplicates_total", "Requests that were already finished or in hand")
UNFINISHED = Gauge("ai_handler_bridge_unfinished", "Requests taken from Kafka and not finished", ["partition"])
LAG = Gauge(
    "ai_handler_bridge_lag",
    "Offsets of the input partition that are not finished; none while the brokers do not answer, "
    "negative where the partition ends below what is finished",
    ["partition"],
)
OLDEST = Gauge(
    "ai_handler_bridge_oldest_unfinished_seconds",
    "Age of the oldest of them, from its Kafka timestamp; 0: there is none",
    ["partition"],
)
WAITING_USERS = Gauge("ai_handler_bridge_waiting_users", "Users with unfinished requests", ["partition"])
LONGEST_WAIT = Gauge(
    "ai_handler_bridge_longest_wait_seconds",
    "Longest that a user with unfinished requests has waited for an answer: since the last one, or since the oldest "
    "request; 0: nobody waits",
    ["partition"],
)
END_TO_END = Histogram(
    "ai_handler_bridge_end_to_end_seconds",
    "From a request's Kafka timestamp to the end of the transaction that publishes its outcome",
    buckets=(0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 43_200),
)
TRANSACTION_SECONDS = Histogram("ai_handler_bridge_transaction_seconds", "Duration of one Kafka transaction")
RECOVERIES = Counter("ai_handler_bridge_recoveries_total", "Partitions whose state was read from Kafka again")
LOG_CHANGES = _counter(
    "ai_handler_bridge_log_changes_total",
    "Times an input partition was not the log that it was; lost_its_start: requests were deleted unread",
    "kind",
    ["made_anew", "lost_its_end", "lost_its_start"],
)
UNREAD = Counter(
    "ai_handler_bridge_unread_total", "Offsets of the input topic that Kafka deleted before they were read"
)
REDIS_REFILLS = Counter("ai_handler_bridge_redis_refills_total", "Times Redis was found emptied or rolled back")
WINDOW = Gauge("ai_handler_bridge_window", "Unfinished requests that a partition may hold", ["partition"])
REFUSED = Counter("ai_handler_bridge_refused_total", "Messages that a topic did not take as they were", ["topic"])
GIVEN_UP = Counter("ai_handler_bridge_given_up_total", "Requests that took their workers down")
READY = Gauge("ai_handler_bridge_ready", "1 while nothing is in the way of the work")
TROUBLE = Gauge("ai_handler_bridge_trouble", "1 while this is in the way of the work", ["name"])
for _name in ("redis", "kafka", "partitions", "topics", "dead_letters", "files"):
    TROUBLE.labels(_name)
TOPIC_TROUBLE = Gauge(
    "ai_handler_bridge_topic_trouble", "1 while this topic cannot be read or written, for this reason", ["topic", "why"]
)
BUILD = Gauge(
    "ai_handler_bridge_build_info",
    "Always 1; the labels say what this bridge is made of",
    ["schema", "librdkafka", "python"],
)
BUILD.labels(SCHEMA_VERSION.decode(), confluent_kafka.libversion()[0], platform.python_version()).set(1)


def forget(partition: str) -> None:
    for gauge in (UNFINISHED, OLDEST, WINDOW, WAITING_USERS, LONGEST_WAIT):
        gauge.labels(partition).set(0)
    show_lag(partition, None)


def show_lag(partition: str, lag: int | None) -> None:
    """Show a partition's lag; None: it is not known."""
    if lag is not None:
        LAG.labels(partition).set(lag)
        return
    with suppress(KeyError):
        LAG.remove(partition)
