"""How families of models and endpoints differ: what each refuses and in which words, how it wraps what it says.

Data: one row a family, each with the reports that it was made from. A row imitates what is reported, no more: where
reports of one family differ, the stricter one stands here. ``refusals`` has the words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from dev.openai_standin import refusals
from dev.openai_standin.refusals import Check

FamilyName = Literal[
    "gpt-4.1",
    "gpt-5",
    "gpt-5.6",
    "gpt-6",
    "gpt-6.2",
    "o",
    "azure",
    "yandex",
    "vllm",
    "ollama",
    "openrouter",
    "deepseek",
    "groq",
    "mistral",
]

Wrap = Callable[[str, bool], Any]
"""What stands in ``content``, of the answer's text and whether the model has reasoned."""

TOKENS_OF_EFFORT: Mapping[str, int] = {
    "none": 0,
    "minimal": 0,
    "low": 200,
    "default": 400,
    "medium": 800,
    "high": 2_000,
    "xhigh": 4_000,
    "max": 8_000,
}
"""How many tokens the stand-in's models reason; nobody publishes such a table, the order of size is that of reports."""

THOUGHT = "Кандидат описал опыт, требования перечислены. Сверяю по порядку. {не JSON}"


def _plain(text: str, _: bool) -> Any:
    return text


def _fenced(text: str, reasoned: bool) -> Any:
    thought = f"<think>\n{THOUGHT}\n</think>\n\n" if reasoned else ""
    return f"{thought}```json\n{text}\n```"


def _thinking(text: str, _: bool) -> Any:
    return _fenced(text, reasoned=True)


def _parts(text: str, _: bool) -> Any:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}
    half = len(text) // 2
    return [thought, {"type": "text", "text": text[:half]}, {"type": "text", "text": text[half:]}]


WRAPS: Mapping[str, Wrap] = {"plain": _plain, "thinking": _thinking, "parts": _parts}
"""By the names of the faults that ask for them."""

THOUGHTS_IN_TEXT = frozenset({_fenced, _thinking})
"""What these reason stands in the text, and is counted there."""


@dataclass(frozen=True)
class Family:
    """One row.

    Attributes:
        sources: the reports.
        checks: look at a request in this order; the first that complains answers it.
        effort: how it reasons when nobody says; None: it never does, or does so apart from what it counts.
        deaf: it reasons as it likes, whatever effort is asked for.
        ignores_schema: a schema is accepted, and no more than that.
        wrap: makes the ``content``.
        context: tokens of a prompt that it reads; what is longer is cut without a word.
        stumbles: how many of the first answers are an error in an HTTP 200.
        path: of the base URL, its query included.
    """

    sources: tuple[str, ...]
    checks: tuple[Check, ...] = ()
    effort: str | None = None
    deaf: bool = False
    ignores_schema: bool = False
    wrap: Wrap = _plain
    context: int | None = None
    stumbles: int = 0
    path: str = "/v1"

    def reasoning_tokens(self, request: Mapping[str, Any]) -> int:
        """What a request makes it reason."""
        effort = self.effort if self.deaf or self.effort is None else request.get("reasoning_effort") or self.effort
        return TOKENS_OF_EFFORT[effort or "none"]

    def counted_prompt(self, tokens: int) -> int:
        """How many tokens of a prompt it reads, and says that it has read."""
        return tokens if self.context is None or tokens <= self.context else self.context // 2 + 2


ANY = Family(sources=())
"""No family: takes everything, as if there were only one way to ask."""

FAMILIES: Mapping[FamilyName, Family] = {
    "gpt-4.1": Family(
        sources=(
            "https://github.com/davidmigloz/langchain_dart/issues/712",
            "https://github.com/formulahendry/wechat-acp/issues/16",
        ),
        checks=(refusals.unknown_arguments("reasoning_effort"),),
    ),
    "gpt-5": Family(
        sources=(
            "https://github.com/tmc/langchaingo/issues/1355",
            "https://github.com/QwenLM/qwen-code/issues/921",
            "https://github.com/openai/openai-agents-python/issues/2089",
        ),
        checks=(
            refusals.no_max_tokens,
            refusals.efforts("minimal", "low", "medium", "high"),
            refusals.only_default_temperature,
        ),
        effort="medium",
    ),
    "gpt-5.6": Family(
        sources=(
            "https://github.com/anomalyco/models.dev/issues/6639",  # any temperature with effort none
            "https://github.com/experientiallabs/experiential/issues/764",  # the efforts
            "https://github.com/khoj-ai/khoj/issues/1377",
        ),
        checks=(
            refusals.no_max_tokens,
            refusals.efforts("none", "low", "medium", "high", "xhigh", "max"),
            refusals.only_default_temperature_with_reasoning,
        ),
        effort="medium",
    ),
    "gpt-6": Family(
        sources=(
            "https://developers.openai.com/api/docs/models/gpt-6-luna",  # the efforts, medium if none is named
            "https://github.com/yologdev/yoagent/releases/tag/v0.27.4",  # no temperature unless effort is none
            "https://github.com/BerriAI/litellm/pull/39631",
        ),
        checks=(
            refusals.no_max_tokens,
            refusals.efforts("none", "low", "medium", "high", "xhigh", "max"),
            refusals.no_temperature_with_reasoning,
        ),
        effort="medium",
    ),
    "gpt-6.2": Family(
        sources=(
            "https://dev.to/routerbase_com/4-request-validation-gotchas-when-migrating-openai-clients-to-gpt-62-reasoning-models-1aoc",
            "https://github.com/bolna-ai/bolna/pull/1019",  # gpt-6-astra: the same, measured
        ),
        checks=(
            refusals.no_max_tokens,
            refusals.no_temperature,
            refusals.efforts("low", "medium", "high", "xhigh"),
        ),
        effort="medium",
    ),
    # o1-mini refuses both roles, o3 and o4-mini neither; the strictest of them stands for all.
    "o": Family(
        sources=(
            "https://github.com/janhq/jan/issues/4392",
            "https://github.com/QuantumNous/new-api/issues/847",  # not developer either
            "https://github.com/PowerShell/AIShell/pull/368",
        ),
        checks=(
            refusals.no_max_tokens,
            refusals.no_role("system", "developer"),
            refusals.no_temperature,
            refusals.efforts("low", "medium", "high"),
        ),
        effort="medium",
    ),
    "azure": Family(
        sources=(
            "https://github.com/openai/openai-python/issues/1724",
            "https://github.com/BerriAI/litellm/issues/8638",
            "https://github.com/quarkiverse/quarkus-langchain4j/issues/285",  # several at once
            "https://github.com/dotnet/extensions/issues/6130",  # schemas by version
        ),
        checks=(
            refusals.needs_api_version,
            refusals.unknown_arguments("max_completion_tokens", "reasoning_effort"),
        ),
        path="/openai/deployments/standin?api-version=2024-10-21",
    ),
    # What its OpenAI-compatible endpoint says to a parameter that it does not know, no report shows. `error` as a
    # string is how xAI says it.
    "yandex": Family(
        sources=(
            "https://yandex.cloud/en/docs/foundation-models/concepts/openai-compatibility",
            "https://github.com/chenyme/grok2api/issues/814",
        ),
        checks=(refusals.as_a_string("reasoning_effort"),),
    ),
    "vllm": Family(
        sources=(
            "https://github.com/vllm-project/vllm/issues/10078",  # max_tokens only, before 0.6.4
            "https://github.com/noonghunna/club-3090/issues/45",  # 500 with a grammar error
            "https://github.com/vllm-project/vllm/issues/57725",
        ),
        checks=(
            refusals.extra_inputs("max_completion_tokens", "reasoning_effort"),
            refusals.grammar_error,
        ),
    ),
    "ollama": Family(
        sources=(
            "https://github.com/ollama/ollama/issues/14645",  # the format is ignored
            "https://github.com/admonstrator/zettelrobbe/issues/74",  # <think> first
            "https://github.com/ollama/ollama/issues/17889",  # a prompt cut to 2,050 of 4,096 tokens, HTTP 200
            "https://github.com/ralphgrewe/TradingAgents/issues/168",
        ),
        checks=(refusals.ollama_efforts,),
        effort="medium",
        ignores_schema=True,
        wrap=_fenced,
        context=4_096,
    ),
    "openrouter": Family(
        sources=(
            "https://github.com/block/buzz/issues/3018",  # 404, "requested parameters"
            "https://github.com/xyOz-dev/Saturn/pull/43",  # an error in a 200
            "https://github.com/maximhq/bifrost/issues/5425",  # finish_reason "error", null usage
        ),
        checks=(refusals.no_endpoints,),
        stumbles=2,
    ),
    "deepseek": Family(
        sources=(
            "https://github.com/UKGovernmentBEIS/inspect_ai/issues/4916",
            "https://github.com/llm-exe/llm-exe/issues/662",
        ),
        checks=(refusals.format_unavailable,),
        effort="low",
        deaf=True,
    ),
    "groq": Family(
        sources=(
            "https://github.com/earendil-works/pi/issues/1745",
            "https://github.com/Alishahryar1/free-claude-code/issues/1348",
            "https://github.com/ItzCrazyKns/Vane/issues/980",
        ),
        checks=(refusals.format_with_a_blank, refusals.groq_efforts),
        effort="default",
    ),
    "mistral": Family(
        sources=(
            "https://github.com/Gitlawb/openclaude/issues/739",  # FastAPI's list, several at once
            "https://github.com/editor-code-assistant/eca/issues/231",
            "https://github.com/vercel/ai/pull/8072",  # content as a list of parts
        ),
        checks=(refusals.detail_list("max_completion_tokens", "reasoning_effort"),),
        wrap=_parts,
    ),
}


def family(name: FamilyName | None) -> Family:
    """The row of that name; `ANY` for None."""
    return ANY if name is None else FAMILIES[name]


NAMES: tuple[FamilyName, ...] = get_args(FamilyName)
