"""`python -m dev.asyncapi`: writes docs/asyncapi.yaml (AsyncAPI 3.0), made from contract/.

A test compares the file with what this would write, and another validates it. Its examples are made by the code that
makes the real messages; the acceptance tests send the example of a request and hold the answers against the document.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bridge.dead_letter import (
    HEADER_FIELD,
    HEADER_OFFSET,
    HEADER_PARTITION,
    HEADER_REASON,
    HEADER_SHA256,
    HEADER_SIZE,
    HEADER_TIMESTAMP,
    HEADER_TOPIC,
)
from bridge.intake import Reason
from contract import (
    HEADER_PROCESSING_ID,
    HEADER_SCHEMA_VERSION,
    HEADER_TRACEPARENT,
    NOTIFICATION_KEY,
    PROCESSING_KEY,
    REQUEST_KEY,
    SCHEMA_VERSION,
    Addressee,
    Assessment,
    Failure,
    Notification,
    Outcome,
    ScoredResponse,
    ScoringRequest,
)
from dev.service import Names

if TYPE_CHECKING:
    from pydantic import BaseModel

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs" / "asyncapi.yaml"

Json = dict[str, Any]

# What each field means to the other side; contract/ has the types and the bounds.
MEANINGS = {
    "callback_url": "http or https address that the notifications service calls; carried back as it came",
    "processing_id": "of this request; it has one notification, whatever is sent again",
    "user_id": "carried back",
    "resume_id": "carried back",
    "requirements_id": "carried back",
    "requirements": "text of the vacancy, not blank",
    "resume": "text of the resume, not blank",
    "score": "how much of the vacancy the resume proves, 0 to 100",
    "matches": "what of the vacancy's requirements is proved",
    "recommendation": "for the recruiter, in Russian",
    "verdict": "follows from the score",
    "success": "whether there is a score",
    "response": "on success with the score, on failure with the callback and the ids alone",
    "message_error": "a Russian sentence for the end user; null on success",
    "wait_seconds": "seconds after which it may be sent again under a new processing_id; set where waiting helps",
}

EXAMPLE = ScoringRequest(
    callback_url="https://client.example/callback/1001",
    processing_id=1001,
    user_id=11,
    resume_id=201,
    requirements_id=301,
    requirements="Вакансия: инженер данных\n- Python от 3 лет\n- SQL\n- Kafka",
    resume="Иванова Мария\n2019 — 2025, «Пример»: сервисы на Python, SQL каждый день, Kafka в продакшене.",
)


def document() -> Json:
    """The whole document."""
    names = Names()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "AI Handler",
            "version": f"{SCHEMA_VERSION.decode()}.0.0",
            "description": (
                "Scores resumes against vacancies: a request comes in on Kafka, exactly one notification goes out, and "
                "on success the result for storage with it, in one transaction. Readers need "
                "isolation.level=read_committed. Topic names are settings; these are the defaults."
            ),
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "requests": _channel(names.requests, "newRequest"),
            "notifications": _channel(names.notifications, "newNotification"),
            "results": _channel(names.uploads, "newProcessing"),
            "deadLetters": _channel(names.dead_letters, "deadLetter"),
        },
        "operations": {
            "receiveRequest": _operation("receive", "requests", "newRequest", "Take a request to be scored."),
            "sendNotification": _operation(
                "send", "notifications", "newNotification", "Say how a request ended: once for each processing_id."
            ),
            "sendResult": _operation("send", "results", "newProcessing", "Hand a score to the storage service."),
            "sendDeadLetter": _operation(
                "send", "deadLetters", "deadLetter", "Keep a message that cannot be worked on, with the reason."
            ),
        },
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def resolved(node: Any, root: Json) -> Any:
    """A part of a document with every `$ref` replaced by what it refers to. Raises KeyError when that is not there."""
    if isinstance(node, list):
        return [resolved(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = root
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return resolved(target, root)
    return {name: resolved(value, root) for name, value in node.items()}


def page() -> str:
    """The document as docs/asyncapi.yaml has it."""
    head = "# Made by `python -m dev.asyncapi` from contract/; change that, not this.\n"
    plain = json.loads(json.dumps(document()))  # each part a copy of its own: no anchors and aliases
    return f"{head}{yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)}"


def _channel(topic: str, message: str) -> Json:
    return {
        "address": topic,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {"kafka": {"topic": topic, "bindingVersion": "0.5.0"}},
    }


def _operation(action: str, channel: str, message: str, summary: str) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
    }


def _messages() -> Json:
    addressee = EXAMPLE.addressee()
    assessment = Assessment(
        score=87,
        matches=("Python от 3 лет", "SQL", "Kafka"),
        recommendation="Пригласить на интервью.",
        verdict="Подходит",
    )
    scored = addressee.scored(assessment)
    failed = Outcome.failed(addressee, Failure.QUEUE_TOO_LONG.value, wait_seconds=720)
    told = {HEADER_PROCESSING_ID: str(EXAMPLE.processing_id), HEADER_SCHEMA_VERSION: SCHEMA_VERSION.decode()}
    return {
        "newRequest": _message(
            "a request to be scored",
            REQUEST_KEY,
            "ScoringRequest",
            {HEADER_TRACEPARENT: {"type": "string", "description": "W3C Trace Context; passed on to the answers"}},
            [{"name": "request", "payload": EXAMPLE.model_dump()}],
        ),
        "newNotification": _message(
            "how a request ended",
            NOTIFICATION_KEY,
            "Notification",
            _ANSWER_HEADERS,
            [
                {"name": "scored", "headers": told, "payload": json.loads(scored.notification)},
                {"name": "failed", "headers": told, "payload": json.loads(failed.notification)},
            ],
        ),
        "newProcessing": _message(
            "a score for the storage service",
            PROCESSING_KEY,
            "StoredResult",
            _ANSWER_HEADERS,
            [{"name": "scored", "headers": told, "payload": json.loads(scored.processing or "{}")}],
        ),
        "deadLetter": {
            "summary": "an input message that cannot be worked on, its key and value untouched where they fit",
            "contentType": "application/octet-stream",
            "headers": _headers(
                {
                    HEADER_REASON: {"type": "string", "enum": [reason.value for reason in Reason]},
                    HEADER_FIELD: {"type": "string", "enum": list(ScoringRequest.model_fields)},
                    HEADER_TOPIC: {"type": "string"},
                    HEADER_PARTITION: {"type": "string", "description": "a number"},
                    HEADER_OFFSET: {"type": "string", "description": "a number"},
                    HEADER_TIMESTAMP: {"type": "string", "description": "milliseconds since 1970"},
                    HEADER_SIZE: {"type": "string", "description": "bytes; only where the value was cut"},
                    HEADER_SHA256: {"type": "string", "description": "of the whole value; only where it was cut"},
                },
                required=[HEADER_REASON, HEADER_TOPIC, HEADER_PARTITION, HEADER_OFFSET, HEADER_TIMESTAMP],
            ),
            "payload": {"description": "whatever came"},
        },
    }


_ANSWER_HEADERS: Json = {
    HEADER_PROCESSING_ID: {"type": "string", "description": "a number"},
    HEADER_SCHEMA_VERSION: {"type": "string", "const": SCHEMA_VERSION.decode()},
    HEADER_TRACEPARENT: {"type": "string", "description": "of the request, where it had one"},
}


def _message(summary: str, key: bytes, schema: str, headers: Json, examples: list[Json]) -> Json:
    required = [name for name in (HEADER_PROCESSING_ID, HEADER_SCHEMA_VERSION) if name in headers]
    return {
        "name": key.decode(),
        "summary": summary,
        "headers": _headers(headers, required=required),
        "payload": {"$ref": f"#/components/schemas/{schema}"},
        "bindings": {"kafka": {"key": {"type": "string", "const": key.decode()}, "bindingVersion": "0.5.0"}},
        "examples": examples,
    }


def _headers(properties: Json, *, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _schemas() -> Json:
    schemas = {model.__name__: _schema(model) for model in (ScoringRequest, Notification, ScoredResponse, Addressee)}
    stored = json.loads(json.dumps(schemas["ScoredResponse"]))
    del stored["properties"]["callback_url"]
    stored["required"].remove("callback_url")
    stored["description"] = "The response of a successful notification, without its callback."
    return {**schemas, "StoredResult": stored}


def _schema(model: type[BaseModel]) -> Json:
    schema = model.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema.pop("title")
    schema["description"] = schema["description"].replace("\n", " ")
    for name, field in schema["properties"].items():
        field.pop("title")
        field["description"] = MEANINGS[name]
    return schema


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(CHECKOUT)}")
