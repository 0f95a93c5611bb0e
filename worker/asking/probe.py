"""The smallest call: to ask whether the provider answers again is nobody's request, and costs nearly nothing."""

from typing import Final

from pydantic import BaseModel

from worker.assessment.json_answer import strict_schema
from worker.ports import Call


class Ready(BaseModel):
    """What is asked for; nobody reads it."""

    ready: bool


PROBE: Final = Call(
    [
        {"role": "system", "content": "You answer with one JSON object and nothing else."},
        {"role": "user", "content": 'Answer {"ready": true}'},
    ],
    strict_schema("ready", Ready),
    50,
)
