"""What tokens cost. Pure."""

from dataclasses import dataclass

from worker.ports import Usage

MILLION = 1_000_000
TIERS = {"flex": 0.5}  # of the listed price: OpenAI, "Flex processing"; for others list the tier's own price


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of each kind, as providers list them."""

    prompt: float  # what the provider had not in its prefix cache
    cached: float  # what it had
    completion: float  # the answer, what was reasoned for it included
    written: float  # what was written into that cache

    def of(self, usage: Usage) -> float:
        """What an answer cost, in US dollars, at the tier that it was given at."""
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        written = min(usage.written_tokens, usage.prompt_tokens - cached)
        fresh = usage.prompt_tokens - cached - written
        prompt = fresh * self.prompt + cached * self.cached + written * self.written
        return TIERS.get(usage.tier, 1.0) * (prompt + usage.completion_tokens * self.completion) / MILLION
