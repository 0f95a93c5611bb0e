"""What an endpoint says of the model: does it list it, and when will it be shut down. No token is spent.

OpenAI's `GET /models/{id}` has `shutdown_date`: null, or a date as 2027-01-14 (developers.openai.com, "Deprecations").
Others have no date, and some no such page; many have the list of all models.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

WARN_WITHIN = timedelta(days=90)

Get = Callable[[str], tuple[int, bytes] | None]
"""`path -> (status, body)` below the endpoint's address, with the key; None: no answer."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    status: int  # of the model's own page
    listed: bool | None = None  # whether the endpoint has it; None: it does not say
    shutdown: date | None = None  # the day on which it ends, or None

    def ends_within(self, span: timedelta, today: date) -> bool:
        """Whether it is shut down by then, or already."""
        return self.shutdown is not None and self.shutdown - today <= span


def model_card(get: Get, model: str) -> ModelCard | None:
    """Ask for the model's page, and for the list of all where that page is not had. None: nobody answers."""
    page = get(f"/models/{quote(model, safe='')}")
    if page is None:
        return None
    status, body = page
    found = _object(body)
    if status == 200 and isinstance(found.get("id"), str):
        return ModelCard(status, listed=True, shutdown=_day(found.get("shutdown_date")))
    if status in (401, 403):
        return ModelCard(status)
    models = _models(get("/models"))
    if models is None:
        return ModelCard(status)
    named = {one["id"]: one for one in models}
    return ModelCard(status, model in named, _day(named.get(model, {}).get("shutdown_date")))


def _models(page: tuple[int, bytes] | None) -> list[dict[str, Any]] | None:
    if page is None or page[0] != 200:
        return None
    models = _object(page[1]).get("data")
    if not isinstance(models, list) or not models:
        return None
    return [one for one in models if isinstance(one, dict) and isinstance(one.get("id"), str)]


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
