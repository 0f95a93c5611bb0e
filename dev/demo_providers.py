"""`make demo PROVIDERS=2`: two stand-ins, of which the first dies in the middle, and what moved to the second."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import redis

from contract import decision_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from dev.local_service import LocalService


KILLED_AFTER = 3  # answers: the others wait for the limits then


class Loss:
    """Kills the first stand-in while requests wait for it.

    Args:
        local: whose it is.
        screen: for people.
    """

    def __init__(self, local: LocalService, screen: Console) -> None:
        self._local = local
        self._screen = screen
        self._dead = False

    def go_on(self, answered: int) -> None:
        """Called again and again, with how many are answered."""
        if not self._dead and answered >= KILLED_AFTER:
            self._dead = True
            self._local.standins[0].kill()
            self._screen.print("[bold]KILLED[/] the first provider; the second takes over", highlight=False)

    def tell(self, processing_ids: Iterable[int]) -> None:
        """Say who graded, and of how many the recruiter is told that models were mixed."""
        with redis.Redis.from_url(self._local.service.redis_url) as store:
            kept = [store.get(decision_key(processing_id)) for processing_id in processing_ids]
        decisions = [json.loads(each) for each in kept if isinstance(each, bytes)]
        graded = Counter(each.get("provider") for each in decisions)
        mixed = sum("mixed" in each.get("suspicions", ()) for each in decisions)
        said = ", ".join(f"{count} by the {name}" for name, count in graded.items() if name)
        self._screen.print(
            f"\n[bold]Moved[/]  graded: {said}; {mixed} say «кандидатов этой вакансии оценивали разные модели»",
            highlight=False,
        )
