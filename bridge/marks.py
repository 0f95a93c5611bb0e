"""The processed marks: Redis' copy of what the notifications topic says is finished.

Kafka is the truth, the marks are a view of it. Redis may vanish, or be rolled back to an older copy of itself (a
restored backup, a failover to a replica that missed the last writes), and then misses marks without saying so.
One hash, `contract.MARKS_KEY`, tells whether the view can be believed:

    position:<notifications partition>   everything below this offset that is young enough has its mark
    sequence:<input partition>           how often its owner has written marks; the owner remembers the last value

Every field moves in one step with the marks that it speaks of, and only if it still has the value that its writer
has seen (compare-and-set). So a position never stands over missing marks, whatever happens to Redis between two
commands; and an owner that reads another sequence than the one that it has written knows that writes are gone. It
catches up then, from the position that the older copy holds, before it says anything.

Catching up is done in bounded steps: neither time between two steps nor memory nor one command of Redis grows with
the topic.
"""

import json
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import redis
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from bridge.kafka import KAFKA_TIMEOUT, OffsetRange, as_bytes, header, offset_ranges, read_batches, sent_at
from contract import (
    ANSWERED_KEY,
    DIALECT,
    HEADER_PROCESSING_ID,
    HEADER_REPEATED,
    MARKS_KEY,
    NOTIFICATION_KEY,
    PROCESSED_MARK_TTL,
    Dialect,
    claim_key,
    of_provider,
    outcome_key,
    processed_mark,
    request_key,
    source_key,
)

MINUTE, DAY = 60.0, 86_400.0  # seconds
HIDDEN_PATIENCE = 0.5  # seconds; a transaction that is being published ends within this
IDS_A_STEP = 200  # one script with so many ids takes Redis about a millisecond
LONGEST_BODY = 65_536  # bytes; a notification without our header is parsed up to this size
MAX_ID = 2**31 - 1
_NO_COUNT = ("", "")

# KEYS[1] MARKS_KEY; then five for each id: its mark, request, outcome, claim, source.
# ARGV[1] a field of MARKS_KEY, ARGV[2] its expected value ('' if absent), ARGV[3] its new value, ARGV[4] and ARGV[5]
# how many to add to the counts of a first reading ('': it is none); then one for each id: the seconds its mark lives.
# Sets the marks that are not there, removes what else was kept for the ids, moves the field on. Returns 1, or 0 where
# the field has neither the expected nor the new value (a repeated call finds the new one): then it stays.
_MARK = """
for i = 6, #ARGV do
  local k = 2 + (i - 6) * 5
  redis.call('SET', KEYS[k], '_', 'EX', ARGV[i], 'NX')
  redis.call('UNLINK', KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4])
end
local found = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if found ~= ARGV[2] and found ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] ~= '' and found ~= ARGV[3] then
  redis.call('HINCRBY', KEYS[1], 'last_minute', ARGV[4])
  redis.call('HINCRBY', KEYS[1], 'last_day', ARGV[5])
end
return 1
"""

# KEYS[1] MARKS_KEY, then ANSWERED_KEY of each provider: who answered what is not known. ARGV[1] a sequence's field,
# ARGV[2] its new value, ARGV[3] Unix time in seconds; then pairs of a position's field and the least value that it must
# have.
# The end of catching up: the owner's sequence starts if no position went back meanwhile. Returns 1 if it did.
_START_SEQUENCE = """
for i = 4, #ARGV, 2 do
  local found = redis.call('HGET', KEYS[1], ARGV[i])
  if not found or tonumber(found) < tonumber(ARGV[i + 1]) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local day = redis.call('HGET', KEYS[1], 'last_day')
local minute = redis.call('HGET', KEYS[1], 'last_minute')
for k = 2, #KEYS do
  if #ARGV == 3 then redis.call('SET', KEYS[k], '0 0 ' .. ARGV[3], 'NX') end  -- there is no topic yet
  if day then redis.call('SET', KEYS[k], minute .. ' ' .. day .. ' ' .. ARGV[3]) end
end
if day then redis.call('HDEL', KEYS[1], 'last_minute', 'last_day') end
return 1
"""


class _PositionMovedError(Exception):
    """Another bridge has moved a position on, or Redis was emptied or rolled back: read from where it is now."""


@dataclass(eq=False)
class ProcessedMarks:
    """Keeps `processed_messages:{processing_id}` = `_` (3 days) in step with the notifications topic.

    Made anew for each partition that a bridge is assigned.
    """

    store: redis.Redis
    make_reader: Callable[[], Consumer]  # of no group, of committed messages only; reports a partition's end
    topic: str  # the notifications topic
    source: str  # the input partition whose requests are marked, `<topic>-<number>`
    owner: str  # a name that no other bridge has, nor this one for another assignment
    # Of our notifications. Those of another handler lack our header, and have this key or the contract's own.
    notification_key: bytes = NOTIFICATION_KEY
    dialect: Dialect = DIALECT
    providers: Iterable[str] = ("",)  # their names; each one's limiter is told what was answered
    clock: Callable[[], float] = time.time  # Unix time, seconds

    def __post_init__(self) -> None:
        self._field = f"sequence:{self.source}"
        self._answered = [of_provider(ANSWERED_KEY, provider) for provider in self.providers]
        self._keys = {NOTIFICATION_KEY, self.notification_key}
        self._mark = self.store.register_script(_MARK)
        self._start_sequence = self.store.register_script(_START_SEQUENCE)
        self._number = 0
        self._sequence = ""  # none was written yet, or it is not to be relied on
        self._seen: dict[bytes, int] = {}  # the highest sequence of every other partition

    def catch_up(self) -> Iterator[int]:
        """Mark all that the topic has and Redis may not know of; then the marks are believable.

        Each step takes a fraction of a second and tells how many notifications were read so far.

        Raises:
            redis.RedisError, KafkaException: start again later; what was marked stays marked.
        """
        self._sequence = ""
        self._seen.clear()
        read = 0
        reader = self.make_reader()
        try:
            while True:
                reached: dict[int, int] = {}
                try:
                    for more in self._read(reader, reached, see_hidden=True):
                        read += more
                        yield read
                except _PositionMovedError:
                    continue
                if self._start(reached):
                    return
        finally:
            reader.close()

    def move_on(self) -> Iterator[int]:
        """Move the positions to the topic's end, in the same steps; a recovery then has little to read.

        Raises:
            redis.RedisError, KafkaException: not now.
        """
        reader = self.make_reader()
        try:
            yield from self._read(reader, {}, see_hidden=False)
        except _PositionMovedError:
            return  # another bridge is at it, or Redis has lost marks, which the next look finds out
        finally:
            reader.close()

    def finish(self, processing_ids: Collection[int]) -> bool:
        """Mark published requests and clear what was kept for them; False where Redis has lost marks: catch up.

        Raises:
            redis.RedisError: it is unknown whether it was done; call again with the same ids.
        """
        ids = list(processing_ids)
        for start in range(0, len(ids), IDS_A_STEP):
            step = ids[start : start + IDS_A_STEP]
            following = f"{self._number + 1} {self.owner}"
            lifetimes = dict.fromkeys(step, PROCESSED_MARK_TTL)
            expected = self._sequence or "unknown"  # no sequence: the marks are written, and not believed
            if not self._write(self._field, expected, following, lifetimes):
                self._sequence = ""
                return False
            self._number += 1
            self._sequence = following
        return True

    def are_believable(self, state: Mapping[bytes, bytes]) -> bool:
        """Whether no mark is missing that was ever written, given what MARKS_KEY held when it was last read.

        To be read *after* the marks in question, on the same connection.
        """
        if not self._sequence or state.get(self._field.encode()) != self._sequence.encode():
            return False
        for field, highest in self._seen.items():
            if _count(state.get(field)) < highest:
                return False
        for field, value in state.items():
            if field.startswith(b"sequence:") and field != self._field.encode():
                self._seen[field] = _count(value)
        return True

    def _read(self, reader: Consumer, reached: dict[int, int], *, see_hidden: bool) -> Iterator[int]:
        """Mark what each partition has above its position; fills `reached` with the new positions, yields counts."""
        state: dict[bytes, bytes] = self.store.hgetall(MARKS_KEY)  # type: ignore[assignment] # its answers are not decoded
        self._number = max(self._number, _count(state.get(self._field.encode())))
        positions = {
            int(field.removeprefix(b"position:")): int(value)
            for field, value in state.items()
            if field.startswith(b"position:")
        }
        counting = not positions or b"last_day" in state
        oldest = self.clock() - PROCESSED_MARK_TTL
        for whole in offset_ranges(reader, self.topic, since=oldest, may_be_missing=True):
            kept = positions.get(whole.partition)
            # A position above the end is of a topic that was removed and made again.
            start = max(whole.start, kept) if kept is not None and kept <= whole.end else whole.start
            position = "" if kept is None else str(kept)
            for part in self._parts(reader, whole._replace(start=start), see_hidden=see_hidden):
                for batch in read_batches(reader, part, IDS_A_STEP):
                    if batch:
                        read_to = (batch[-1].offset() or 0) + 1
                        position = self._move(part, position, read_to, batch, counting=counting)
                    yield len(batch)
                position = self._move(part, position, part.end, [], counting=counting)
                reached[part.partition] = part.end

    def _parts(self, reader: Consumer, part: OffsetRange, *, see_hidden: bool) -> Iterator[OffsetRange]:
        yield part
        if see_hidden and (end := _await_hidden(reader, part)) > part.end:
            yield part._replace(start=part.end, end=end)

    def _move(
        self, part: OffsetRange, expected: str, position: int, batch: Sequence[Message], *, counting: bool
    ) -> str:
        """One step: mark a batch's notifications, and move the partition's position on."""
        now = self.clock()
        found = ((answered_id(each, self._keys, self.dialect), sent_at(each, now)) for each in batch)
        young = {each: at for each, at in found if each is not None and at > now - PROCESSED_MARK_TTL}
        # A mark that is restored late ends when it would have ended.
        lifetimes = {each: math.ceil(at + PROCESSED_MARK_TTL - now) for each, at in young.items()}
        answered = [sum(at >= now - span for at in young.values()) for span in (MINUTE, DAY)] if counting else _NO_COUNT
        if not self._write(f"position:{part.partition}", expected, str(position), lifetimes, answered):
            raise _PositionMovedError
        return str(position)

    def _write(
        self,
        field: str,
        expected: str,
        new: str,
        lifetimes: Mapping[int, int],
        answered: Sequence[int | str] = _NO_COUNT,
    ) -> bool:
        kinds = (processed_mark, request_key, outcome_key, claim_key, source_key)
        keys = [MARKS_KEY, *(key(each) for each in lifetimes for key in kinds)]
        return bool(self._mark(keys=keys, args=[field, expected, new, *answered, *lifetimes.values()]))

    def _start(self, reached: Mapping[int, int]) -> bool:
        """The end of catching up; False where a position went back while the topic was read."""
        self._number += 1
        sequence = f"{self._number} {self.owner}"
        pairs = [part for number, end in reached.items() for part in (f"position:{number}", end)]
        args = [self._field, sequence, f"{self.clock():.3f}", *pairs]
        if not self._start_sequence(keys=[MARKS_KEY, *self._answered], args=args):
            return False
        self._sequence = sequence
        return True


def answered_id(message: Message, keys: Collection[bytes], dialect: Dialect) -> int | None:
    """The processing id that a message of the notifications topic answers; None where it is no notification.

    Our own say it in a header; those of a handler before us have it in their body alone, under one of these keys if
    keys matter. What is said again is no further answer.
    """
    if header(message, HEADER_REPEATED) is not None:
        return None
    value = header(message, HEADER_PROCESSING_ID)
    if value is not None:
        return int(value) if value.isdigit() and len(value) <= len(str(MAX_ID)) else None
    body = as_bytes(message.value())
    is_known = dialect.answer_key is None or as_bytes(message.key()) in keys
    if not is_known or not body or len(body) > LONGEST_BODY:
        return None
    try:
        processing_id = dialect.answered_id(json.loads(body))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return processing_id if type(processing_id) is int and 0 <= processing_id <= MAX_ID else None


def _await_hidden(reader: Consumer, part: OffsetRange) -> int:
    """The offset up to which everything that was there when the range's end was read can be seen.

    A reader of committed messages sees nothing from the oldest open transaction on, and a bridge that died in
    one leaves it open until its successor or the broker ends it. Behind it may be what others have published:
    to call the marks complete would mean to say that again.
    """
    place, end = TopicPartition(part.topic, part.partition), part.end
    # What the last fetch said of the real end; asking the broker tells the visible one.
    there = reader.get_watermark_offsets(place, cached=True)[1]
    patience = time.monotonic() + HIDDEN_PATIENCE
    while end < there:
        if time.monotonic() > patience:
            problem = "an open transaction hides the end of the notifications topic"
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, problem))  # noqa: SLF001 # librdkafka's own codes are spelt so
        time.sleep(0.02)
        end = reader.get_watermark_offsets(place, timeout=KAFKA_TIMEOUT)[1]
    return end


def _count(sequence: bytes | None) -> int:
    """The count in `<count> <owner>`; a new owner goes on from its predecessor's."""
    return int((sequence or b"0").partition(b" ")[0])
