"""The platform's storage service of spring 2026, played: aiokafka as it is configured there, and its rules for rows."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

from aiokafka import AIOKafkaConsumer

FIELDS = {
    "processing_id": int, "success": bool, "message_error": str, "wait_seconds": type(None), "score": int,
    "matches": list, "recommendation": str, "verdict": str,
}  # fmt: skip


class PoisonedError(Exception):
    """PostgreSQL refused a value; the session that everything shares is of no use until the service restarts."""


class Storage2026:
    """Makes a row of each request, and UPDATEs it with what is said of it; reads uncommitted messages.

    `start` until `stop`, and again with the same rows and offsets, as after a restart.

    Args:
        kafka: `bootstrap.servers`.
        requested, finished: the topics.
        late_rows: requests are read only after every answer that is there: nothing orders one topic by the other.
    """

    def __init__(self, kafka: str, requested: str, finished: str, *, late_rows: bool = False) -> None:
        self._kafka = kafka
        self._topics = {requested: self._insert, finished: self._update}
        self._finished = finished
        self._late_rows = late_rows
        self._poisoned = False
        self.rows: dict[int, dict[str, Any]] = {}
        self.bodies: dict[int, set[bytes]] = {}  # every content that an id was ever given
        self.faults: list[str] = []  # what broke a rule
        self.lost = 0  # answers that came before their row

    def start(self) -> None:
        """Begin to read, or go on."""
        self._poisoned = False
        self._ended = threading.Event()
        self._read_answers = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave the groups."""
        self._ended.set()
        self._thread.join(60)

    def filled(self) -> set[int]:
        """The ids whose row is no more "in progress"."""
        return {number for number, row in self.rows.copy().items() if row["success"] is not None}

    async def _serve(self) -> None:
        await asyncio.gather(*(self._follow(topic, handle) for topic, handle in self._topics.items()))

    async def _follow(self, topic: str, handle: Any) -> None:
        is_answers = topic == self._finished
        waits = self._late_rows and not is_answers
        while waits and not self._read_answers.is_set() and not self._ended.is_set():  # noqa: ASYNC110 # of a thread
            await asyncio.sleep(0.1)
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=self._kafka, group_id=f"storage-{topic}", auto_offset_reset="earliest",
            enable_auto_commit=False,
        )  # fmt: skip
        await consumer.start()
        try:
            while not self._ended.is_set():
                found = await consumer.getmany(timeout_ms=500)
                for message in (message for batch in found.values() for message in batch):
                    self._note(message.value, handle)
                if found:
                    await consumer.commit()
                elif is_answers and consumer.assignment():
                    self._read_answers.set()
        finally:
            await consumer.stop()

    def _note(self, value: bytes, handle: Any) -> None:
        if self._poisoned:
            return  # a lost result, or a lost request
        try:
            handle(value)
        except PoisonedError as fault:
            self._poisoned = True
            self.faults.append(str(fault))
        except (TypeError, ValueError) as fault:
            self.faults.append(f"{type(fault).__name__}: {fault}")

    def _insert(self, value: bytes) -> None:
        try:
            processing_id = json.loads(value)["processing_id"]
        except (ValueError, LookupError):
            return  # no request
        self.rows.setdefault(processing_id, {"success": None})

    def _update(self, value: bytes) -> None:
        answer = json.loads(value)
        if set(answer) != set(FIELDS):
            raise TypeError(f"unexpected fields {sorted(set(answer) ^ set(FIELDS))}")
        for name, kind in FIELDS.items():
            if type(answer[name]) is not kind:
                raise TypeError(f"{name} is no {kind.__name__}")
        texts = [answer["message_error"], answer["recommendation"], answer["verdict"], *answer["matches"]]
        if any("\0" in text or text != text.encode("utf-8", "ignore").decode() for text in texts):
            raise PoisonedError("a text that PostgreSQL does not keep")
        if len(answer["recommendation"]) > 1_500 or len(answer["verdict"]) > 50:
            raise PoisonedError("too long")
        if not (0 <= answer["processing_id"] < 2**31 and abs(answer["score"]) < 2**31):
            raise PoisonedError("integer out of range")
        self.bodies.setdefault(answer["processing_id"], set()).add(value)
        row = self.rows.get(answer["processing_id"])
        if row is None:
            self.lost += 1  # logged as done there
            return
        row.update({name: found for name, found in answer.items() if found is not None})
