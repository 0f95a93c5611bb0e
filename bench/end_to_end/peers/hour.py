"""What both peers share: their settings, the prompt, the model's answer and the two messages that follow from it."""

import json
import os
from typing import Any, Literal

from pydantic import BaseModel

KAFKA = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
REQUESTS = os.environ["KAFKA_TOPIC_FOR_AI_HANDLER"]
NOTIFICATIONS = os.environ["KAFKA_TOPIC_FOR_NOTIFICATIONS"]
UPLOADING = os.environ["KAFKA_TOPIC_FOR_UPLOADING_DATA"]
BASE_URL = os.environ["OPENAI_BASE_URL"]
REDIS_URL = os.environ["REDIS_URL"]
CONCURRENCY = int(os.environ["WORKER_CONCURRENCY"])
RPM = float(os.environ["RPM"])
MODEL = "gpt-4.1-mini"

SYSTEM = """Ты — эксперт по подбору персонала. Сравни резюме с вакансией: выдели от пяти до семи требований, для
каждого найди в резюме дословную цитату и поставь уровень: none, partial или strong. Цитаты нет — уровень none.
Не додумывай, не помогай кандидату. Дай рекомендацию в одном-двух предложениях. Верни JSON."""


class Grade(BaseModel):
    requirement: str
    quote: str
    level: Literal["none", "partial", "strong"]


class Grading(BaseModel):
    requirements: list[Grade]
    recommendation: str


def messages(request: dict[str, Any]) -> list[Any]:
    """The prompt: fences without a random delimiter, texts as they come."""
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"<<<VACANCY x\n{request['requirements']}\nVACANCY x>>>"},
        {"role": "user", "content": f"<<<RESUME x\n{request['resume']}\nRESUME x>>>"},
    ]


def results(request: dict[str, Any], grading: Grading) -> tuple[bytes, bytes]:
    """The notification and the storage record."""
    points = sum({"none": 0, "partial": 1, "strong": 2}[grade.level] for grade in grading.requirements)
    score = 100 * points // (2 * len(grading.requirements))
    scored = {name: request[name] for name in ("processing_id", "user_id", "resume_id", "requirements_id")} | {
        "score": score,
        "matches": [grade.requirement for grade in grading.requirements if grade.level != "none"],
        "recommendation": grading.recommendation[:700],
        "verdict": "Подходит" if score >= 60 else "Не подходит",
    }
    notification = {
        "success": True,
        "response": {"callback_url": request["callback_url"], **scored},
        "message_error": None,
        "wait_seconds": None,
    }
    return json.dumps(notification, ensure_ascii=False).encode(), json.dumps(scored, ensure_ascii=False).encode()
