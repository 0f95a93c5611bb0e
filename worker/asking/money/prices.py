"""What tokens cost. Pure."""

from dataclasses import dataclass

from worker.ports import Usage

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of each kind, as providers list them.

    Attributes:
        prompt: what the provider had not in its prefix cache.
        cached: what it had.
        completion: the answer.
    """

    prompt: float
    cached: float
    completion: float

    def of(self, usage: Usage) -> float:
        """What an answer cost, in US dollars."""
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        fresh = usage.prompt_tokens - cached
        return (fresh * self.prompt + cached * self.cached + usage.completion_tokens * self.completion) / MILLION
