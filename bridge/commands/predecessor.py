"""Says what an earlier handler has answered, and where to begin after it: `python -m bridge predecessor`.

Stop the earlier handler first. A request is answered once its notification can be read, whoever wrote it. The place to
begin is the first request that is not: what is answered above it is known from the notifications, and stays silent.

Exit codes: 0 said, and set where that was asked; 1 a setting or Kafka is wrong; 2 the group has members.
"""

import argparse
import time
from collections.abc import Container
from contextlib import closing

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from bridge import intake
from bridge.commands import say
from bridge.intake import Accepted, Rejected
from bridge.kafka import KAFKA_TIMEOUT, OffsetRange, as_bytes, offset_ranges, read_range, sent_at
from bridge.marks import answered_id
from config import Settings
from contract import NOTIFICATION_KEY, PROCESSED_MARK_TTL, Dialect

GROUP_IS_BUSY = 2


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bridge predecessor", add_help=False)
    parser.add_argument("--set", action="store_true", help="put our group, which must be empty, where to begin")
    return parser


def run(options: argparse.Namespace, settings: Settings, reader: Consumer) -> int:
    """The reader asks and commits what our consumer group has, and does not join it."""
    with closing(reader):
        keys = {NOTIFICATION_KEY, settings.kafka_key_for_notifications.encode()}
        # What happened before it cannot be told: its notification may be deleted, or its mark would have ended.
        since = time.time() - PROCESSED_MARK_TTL
        answered = set()
        for part in offset_ranges(reader, settings.kafka_topic_for_notifications):
            for number, message in enumerate(read_range(reader, part)):
                if number == 0 and part.start > 0:
                    since = max(since, sent_at(message, time.time()))
                answered.add(answered_id(message, keys, settings.dialect))
        parts = offset_ranges(reader, settings.kafka_topic_for_ai_handler)
        places = [_beginning(reader, part, answered, since, settings.dialect) for part in parts]
        for place in reader.committed(places, timeout=KAFKA_TIMEOUT):
            stands = f"stands at offset {place.offset}" if place.offset >= 0 else "has no offset yet"
            say(f"group {settings.kafka_group_id}: {stands} in {place.topic}-{place.partition}")
        if not options.set:
            return 0
        try:
            reader.commit(offsets=places, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in (KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION):
                raise
            say("not set: the group has members; stop every bridge, and wait until they have left it")
            return GROUP_IS_BUSY
        say("set")
        return 0


def _beginning(
    reader: Consumer, part: OffsetRange, answered: Container[int | None], since: float, dialect: Dialect
) -> TopicPartition:
    """Say where a partition changes hands; of what was sent before `since` nobody knows whether it was answered."""
    count = still_open = unknown = 0
    last, begin = "", part.end
    for message in read_range(reader, part):
        processing_id, offset = _request_in(message, dialect), message.offset() or 0
        if processing_id is None:
            continue
        if processing_id in answered:
            count += 1
            last = f", the last at offset {offset} (processing_id {processing_id})"
        elif sent_at(message, time.time()) < since:
            unknown += 1
        else:
            still_open += 1
            begin = min(begin, offset)
    name = f"{part.topic}-{part.partition}"
    say(f"{name}: {count} requests are answered{last}; {still_open} are not")
    if unknown:
        say(f"{name}: {unknown} older ones without an answer are left alone: it may have been deleted")
    say(f"{name}: begin at offset {begin}")
    return TopicPartition(part.topic, part.partition, begin)


def _request_in(message: Message, dialect: Dialect) -> int | None:
    match intake.read(as_bytes(message.key()), as_bytes(message.value()), dialect):
        case Accepted(request=request):
            return request.processing_id
        case Rejected(addressee=addressee) if addressee is not None:
            return addressee.processing_id
    return None
