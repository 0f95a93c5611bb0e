"""Every metric of the bridge, declared once. Labels never carry ids or text."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter(
    "ai_handler_bridge_messages_total", "Messages taken from the input topic", ["kind"]
)  # kind: accepted, rejected, not_ours, known
DISPATCHES = Counter("ai_handler_bridge_dispatches_total", "Hints sent to the Celery queue", ["kind"])  # first, again
PUBLISHED = Counter("ai_handler_bridge_published_total", "Requests published", ["result"])  # scored, failed
DEAD_LETTERS = Counter("ai_handler_bridge_dead_letters_total", "Messages sent to the dead-letter topic", ["reason"])
DUPLICATES = Counter("ai_handler_bridge_duplicates_total", "Requests that were already finished or in hand")
UNFINISHED = Gauge("ai_handler_bridge_unfinished", "Requests taken from Kafka and not finished", ["partition"])
TRANSACTION_SECONDS = Histogram("ai_handler_bridge_transaction_seconds", "Duration of one Kafka transaction")
RECOVERIES = Counter("ai_handler_bridge_recoveries_total", "Partitions whose state was read from Kafka again")
REDIS_REFILLS = Counter("ai_handler_bridge_redis_refills_total", "Times Redis was found emptied or rolled back")
WINDOW = Gauge("ai_handler_bridge_window", "Unfinished requests that a partition may hold", ["partition"])
REFUSED = Counter("ai_handler_bridge_refused_total", "Messages that a topic did not take as they were", ["topic"])
GIVEN_UP = Counter("ai_handler_bridge_given_up_total", "Requests that took their workers down")
READY = Gauge("ai_handler_bridge_ready", "1 while nothing is in the way of the work")
TROUBLE = Gauge(
    "ai_handler_bridge_trouble", "1 while this is in the way of the work", ["name"]
)  # name: redis, kafka, partitions, publishing, dead_letters, starting
