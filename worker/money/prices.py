"""What tokens cost. Pure."""

from dataclasses import dataclass

from worker.ports import Answer

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

    def of(self, answer: Answer) -> float:
        """What an answer cost, in US dollars. `cached_tokens` are among `prompt_tokens`."""
        cached = min(answer.cached_tokens, answer.prompt_tokens)
        fresh = answer.prompt_tokens - cached
        return (fresh * self.prompt + cached * self.cached + answer.completion_tokens * self.completion) / MILLION
