"""Was everything delivered, once, together and right? Compares what was sent with what both topics contain.

Pure: it is handed records and looks nothing up. `tests.support.topic_reader` gets them from Kafka.
"""

import hashlib
import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract import HEADER_PROCESSING_ID, NOTIFICATION_KEY, PROCESSING_KEY

IDS = ("processing_id", "user_id", "resume_id", "requirements_id")
SCORING = ("score", "matches", "recommendation", "verdict")


@dataclass(frozen=True, slots=True)
class Record:
    """A message as a consumer got it; `timestamp` is Unix time in seconds."""

    topic: str
    partition: int
    offset: int
    timestamp: float
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    def header(self, name: str) -> bytes | None:
        """The first header of that name."""
        return next((value for header, value in self.headers if header == name), None)


@dataclass(slots=True)
class Report:
    """What came of it; processing ids everywhere, seconds for times.

    Attributes:
        sent: how many different requests were sent.
        lost: no notification.
        doubled_notifications, doubled_uploads: more than one message in that topic.
        torn: a success in one topic only, or a failure that has a stored result.
        strangers: in an output topic, and never sent.
        wrong: what is not as the contract says, one line each.
        failed: ended with a failure notification, which is an end, but not the one that was hoped for.
        asked: how many requests asked the model how often.
        delays: from the request's arrival in Kafka to its notification.
    """

    sent: int = 0
    lost: list[int] = field(default_factory=list)
    doubled_notifications: list[int] = field(default_factory=list)
    doubled_uploads: list[int] = field(default_factory=list)
    torn: list[int] = field(default_factory=list)
    strangers: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    asked: Counter[int] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)

    @property
    def doubled(self) -> list[int]:
        """In either topic."""
        return sorted({*self.doubled_notifications, *self.doubled_uploads})

    @property
    def clean(self) -> bool:
        """Nothing lost, doubled, torn, strange or wrong. How often the model was asked is another matter."""
        return not (self.lost or self.doubled or self.torn or self.strangers or self.wrong)

    @property
    def asked_once(self) -> float:
        """The share of requests that asked the model exactly once."""
        return self.asked[1] / self.sent if self.sent else 1.0

    def rows(self) -> list[tuple[str, str]]:
        """The report as lines of a table: what, how many."""
        rows = [
            ("requests", str(self.sent)),
            ("lost", _count(self.lost)),
            ("duplicated in notifications", _count(self.doubled_notifications)),
            ("duplicated in uploading_data", _count(self.doubled_uploads)),
            ("torn (in one topic only)", _count(self.torn)),
            ("never sent", _count(self.strangers)),
            ("not as the contract says", str(len(self.wrong)) + "".join(f"\n{line}" for line in self.wrong[:10])),
            ("ended with a failure", _count(self.failed)),
            ("asked the model exactly once", f"{self.asked_once:.1%}"),
        ]
        rows += [
            (f"asked the model {times} times", str(self.asked[times])) for times in sorted(self.asked) if times != 1
        ]
        if self.delays:
            delays = sorted(self.delays)
            rows += [
                ("seconds from request to notification, median", f"{statistics.median(delays):.1f}"),
                ("the slowest of a hundred", f"{delays[int(0.99 * (len(delays) - 1))]:.1f}"),
                ("the slowest", f"{delays[-1]:.1f}"),
            ]
        return rows


def check(
    requests: Iterable[Mapping[str, Any]],
    *,
    inputs: Sequence[Record] = (),
    notifications: Sequence[Record],
    uploads: Sequence[Record],
    attempts: Sequence[Mapping[str, Any]] = (),
) -> Report:
    """Compare.

    Args:
        requests: the valid requests, as they were sent; the same one sent twice counts once.
        inputs: what the input topic contains, for the times.
        notifications: what that topic contains, read_committed.
        uploads: what `uploading_data` contains, read_committed.
        attempts: the stand-in's journal. Calls that it spoilt on purpose, or turned away, are not counted.
    """
    sent = {request["processing_id"]: request for request in requests}
    notified = _by_id(notifications, in_response=True)
    uploaded = _by_id(uploads, in_response=False)
    report = Report(sent=len(sent))
    report.lost = sorted(sent.keys() - notified.keys())
    report.doubled_notifications = sorted(pid for pid, found in notified.items() if len(found) > 1)
    report.doubled_uploads = sorted(pid for pid, found in uploaded.items() if len(found) > 1)
    report.strangers = sorted((notified.keys() | uploaded.keys()) - sent.keys())
    report.asked = _asked(sent, attempts)
    arrived = _first_arrivals(inputs)
    for processing_id, request in sent.items():
        ends = notified.get(processing_id, [])
        succeeded = any(body.get("success") is True for _, body in ends)
        if ends and not succeeded:
            report.failed.append(processing_id)
        if succeeded != (processing_id in uploaded):
            report.torn.append(processing_id)
        for record, body in ends:
            report.wrong += [
                f"notification {processing_id}: {fault}" for fault in notification_faults(record, body, request)
            ]
        for record, body in uploaded.get(processing_id, []):
            response = next((end["response"] for _, end in ends if end.get("success") is True), None)
            report.wrong += [
                f"upload {processing_id}: {fault}" for fault in upload_faults(record, body, request, response)
            ]
        if ends and processing_id in arrived:
            report.delays.append(ends[0][0].timestamp - arrived[processing_id])
    return report


def notification_faults(record: Record, body: Mapping[str, Any], request: Mapping[str, Any]) -> list[str]:
    """What is wrong with a notification, field by field and type by type."""
    faults = _envelope_faults(record, NOTIFICATION_KEY, request)
    faults += _field_faults(body, {"success", "response", "message_error", "wait_seconds"})
    response = body.get("response")
    if not isinstance(response, dict):
        return [*faults, "response is no object"]
    message, wait = body.get("message_error"), body.get("wait_seconds")
    match body.get("success"):
        case True:
            faults += _field_faults(response, {"callback_url", *IDS, *SCORING})
            faults += _scoring_faults(response)
            if message is not None or wait is not None:
                faults.append("a success with message_error or wait_seconds")
        case False:
            faults += _field_faults(response, {"callback_url", *IDS})
            if not isinstance(message, str) or not any("а" <= letter <= "я" for letter in message.lower()):
                faults.append("message_error is no Russian sentence")
            if wait is not None and not (type(wait) is int and wait > 0):
                faults.append("wait_seconds is neither null nor a whole number above 0")
        case _:
            faults.append("success is no boolean")
    return faults + _echo_faults(response, request, ("callback_url", *IDS))


def upload_faults(
    record: Record, body: Mapping[str, Any], request: Mapping[str, Any], response: Mapping[str, Any] | None
) -> list[str]:
    """What is wrong with a stored result; `response` is that of the notification beside it."""
    faults = _envelope_faults(record, PROCESSING_KEY, request)
    faults += _field_faults(body, {*IDS, *SCORING})
    faults += _scoring_faults(body) + _echo_faults(body, request, IDS)
    if response is not None and {name: response[name] for name in response if name != "callback_url"} != body:
        faults.append("differs from the notification")
    return faults


def content_key(resume: str) -> str:
    """How the stand-in's journal names a resume."""
    return hashlib.sha256(resume.strip().encode()).hexdigest()


def _by_id(records: Iterable[Record], *, in_response: bool) -> dict[int, list[tuple[Record, dict[str, Any]]]]:
    found: dict[int, list[tuple[Record, dict[str, Any]]]] = defaultdict(list)
    for record in records:
        body = json.loads(record.value or b"{}")
        found[(body["response"] if in_response else body)["processing_id"]].append((record, body))
    return found


def _asked(sent: Mapping[int, Mapping[str, Any]], attempts: Iterable[Mapping[str, Any]]) -> Counter[int]:
    calls = Counter(attempt["key"] for attempt in attempts if attempt["admitted"] and attempt["fault"] is None)
    return Counter(calls[content_key(request["resume"])] for request in sent.values())


def _first_arrivals(inputs: Iterable[Record]) -> dict[int, float]:
    arrived: dict[int, float] = {}
    for record in inputs:
        try:
            processing_id = json.loads(record.value or b"")["processing_id"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue  # one of the bad ones
        if type(processing_id) is int:
            arrived[processing_id] = min(record.timestamp, arrived.get(processing_id, record.timestamp))
    return arrived


def _envelope_faults(record: Record, key: bytes, request: Mapping[str, Any]) -> list[str]:
    faults = []
    if record.key != key:
        faults.append(f"Kafka key {record.key!r}")
    if record.header(HEADER_PROCESSING_ID) != str(request["processing_id"]).encode():
        faults.append("header processing-id")
    return faults


def _field_faults(body: Mapping[str, Any], expected: set[str]) -> list[str]:
    faults = [f"{name} is missing" for name in sorted(expected - body.keys())]
    return faults + [f"{name} is too much" for name in sorted(body.keys() - expected)]


def _scoring_faults(body: Mapping[str, Any]) -> list[str]:
    score, matches = body.get("score"), body.get("matches")
    recommendation, verdict = body.get("recommendation"), body.get("verdict")
    faults = []
    if type(score) is not int or not 0 <= score <= 100:
        faults.append("score is no whole number from 0 to 100")
    if type(matches) is not list or not all(type(match) is str and match for match in matches):
        faults.append("matches is no list of texts")
    if type(recommendation) is not str or not 0 < len(recommendation) <= 700:
        faults.append("recommendation is no text of 1 to 700 characters")
    if verdict not in ("Подходит", "Не подходит"):
        faults.append("verdict is neither «Подходит» nor «Не подходит»")
    return faults


def _echo_faults(body: Mapping[str, Any], request: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    # `True == 1`, so types are compared too.
    return [
        f"{name} is not the request's"
        for name in names
        if body.get(name) != request[name] or type(body.get(name)) is not type(request[name])
    ]


def _count(processing_ids: Sequence[int]) -> str:
    some = ", ".join(map(str, processing_ids[:8]))
    return str(len(processing_ids)) + (f"  ({some}{', …' if len(processing_ids) > 8 else ''})" if some else "")
