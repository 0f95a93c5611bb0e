"""One call of the model, as the SDK would send it; the exceptions of HTTP become ours.

The SDK says where a call goes and what its headers are, once. Its own way of making each request costs more CPU than
sending it (`.parse()` 5.7 ms a call, `create` 4.3, `post` 2.5, this 1.5) and adds nothing here: no attempt is repeated
in secret, because failed requests count too (OpenAI, "Rate limits"), and bodies are made and read by the code here.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, InitVar, asdict, dataclass, field
from functools import lru_cache
from typing import NoReturn, Protocol

import httpx2
import openai

from contract import Failure
from worker.asking.answers import Completion, read_completion
from worker.asking.faults import (
    CUT,
    LESSON,
    THOUGHT_TOO_LONG,
    Follows,
    Problem,
    Row,
    decoded,
    read_problem,
    row_of,
)
from worker.asking.profile import Profile, after_early_cut, lesson
from worker.asking.route import Route
from worker.asking.service_tier import ServiceTier
from worker.errors import (
    BrokenAnswerError,
    DeniedError,
    LessonError,
    RefusedCallError,
    TransientError,
    TrippingError,
)
from worker.limits.provider_limits import Denial, ProviderView, retry_after
from worker.ports import Answer, Call, Usage

SHARED_TEXTS = 64  # messages before the last, which many calls share: their tokens are remembered

# Documented for chat completions: tokens that frame each message, and the answer.
TOKENS_PER_MESSAGE = 4
TOKENS_PER_REPLY = 3
FORBIDDEN = 403  # also what a firewall says that dislikes the text


class Learning(Protocol):  # what requests may carry; see `profiles.Profiles`
    @property
    def current(self) -> Profile: ...
    def learn(self, sent: Profile, learned: Profile, why: str) -> bool: ...
    def withdraw(self, sent: Profile, *, anew: bool = True) -> None: ...
    def cut(self, sent: Profile, room: int, why: str) -> int: ...
    def answered(self, sent: Profile, usage: Usage, *, reasoned: int, room: int, bare: bool, kind: str) -> None: ...


class Keys(Protocol):  # see `key_command.KeyCommand`
    def current(self) -> str: ...
    def refused(self, text: str) -> bool: ...


@dataclass(eq=False, repr=False)
class OpenAIClient:
    route: Route  # the way out
    _: KW_ONLY
    key: InitVar[str]  # for the API; not kept here, where a repr would show it
    base_url: InitVar[str]  # the endpoint, without a query
    model: str  # its name
    count: Callable[[str], int]  # counts the tokens of a text
    timeout: float  # seconds, in total, for one call
    profiles: Learning  # what requests may carry
    keys: Keys | None = None  # gives the key instead, where it changes
    query: InitVar[Mapping[str, str] | None] = None  # what every URL ends with
    headers: InitVar[Mapping[str, str] | None] = None  # that go with every request; never logged
    tier: ServiceTier = field(default_factory=lambda: ServiceTier(None))  # to ask for

    def __post_init__(
        self, key: str, base_url: str, query: Mapping[str, str] | None, headers: Mapping[str, str] | None
    ) -> None:
        sdk = openai.AsyncOpenAI(
            api_key=key or "-",  # the SDK insists on one
            base_url=base_url,
            default_headers=headers,
            http_client=self.route.client,
        )
        self._url = httpx2.URL(f"{str(sdk.base_url).rstrip('/')}/chat/completions", params=query or None)
        # Each costs; what the SDK tells of this host, in half of them, is nobody's business.
        said = {name: value for name, value in sdk.default_headers.items() if "Stainless" not in name}
        self._headers = self.route.client.headers.copy()
        for name, value in {**sdk.auth_headers, **said, **(headers or {})}.items():  # the later takes the other's place
            if isinstance(value, str):
                self._headers[name] = value
        self._count_shared = lru_cache(SHARED_TEXTS)(self.count)
        self._schema_tokens: dict[str, int] = {}  # by the schema's name

    def tokens(self, call: Call) -> int:
        """What the provider may charge at admission: the prompt and the whole output cap."""
        *shared, own = (message["content"] for message in call.messages)
        prompt = sum(map(self._count_shared, shared)) + self.count(own) + TOKENS_PER_MESSAGE * len(call.messages)
        return prompt + self._tokens_of_schema(call) + TOKENS_PER_REPLY + call.max_output_tokens

    def _tokens_of_schema(self, call: Call) -> int:
        name = call.kind
        if name not in self._schema_tokens:
            self._schema_tokens[name] = self.count(json.dumps(call.response_format, ensure_ascii=False))
        return self._schema_tokens[name]

    def ask(self, call: Call) -> Answer:
        """Ask once.

        Raises:
            CallError: one of its classes; the table in faults.py says which.
        """
        sent, tier = self.profiles.current, self.tier.current
        request = self._request(call, sent, tier)
        try:
            response = self.route.wait(self.route.send(request), self.timeout)
        except TimeoutError:
            raise TransientError(f"no answer within {self.timeout:g} s", network=True) from None
        except Exception as error:  # noqa: BLE001 # refused, reset; a proxy's and TLS's come as they are from below
            raise TransientError(type(error).__name__, network=True) from None
        body = decoded(response.content)
        if not response.is_success:
            problem = read_problem(response.status_code, body)
            if tier is not None and self.tier.refused(problem):
                raise LessonError(str(problem), ProviderView.from_headers(response.headers))
            self._explain(problem, response, sent, call, body)
        sent_tokens = call.counted and call.counted - call.max_output_tokens - self._tokens_of_schema(call)
        reading = read_completion(body, sent_tokens=sent_tokens)
        if reading.problem is not None:
            self._explain(reading.problem, response, sent, call, body)
        if reading.wrong is None or reading.wrong.follows not in (Follows.PROVIDER, Follows.LESSON):
            self.profiles.answered(
                sent, reading.usage, reasoned=reading.reasoned, room=call.room, bare=reading.bare, kind=call.kind
            )
        seen = ProviderView.from_headers(response.headers)
        if reading.wrong is not None:
            self._explain_answer(reading.wrong, reading, seen, sent, call)
        return Answer(
            **asdict(reading.usage),
            content=reading.content,
            seen=seen,
            model=reading.model,
        )

    def _request(self, call: Call, profile: Profile, tier: str | None) -> httpx2.Request:
        body = {
            "messages": profile.messages(call.messages),
            "model": self.model,
            **profile.parameters(call.response_format, call.max_output_tokens + call.room),
            **({} if tier is None else {"service_tier": tier}),
        }
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        request = httpx2.Request("POST", self._url, headers=self._headers, content=content)
        if self.keys:
            request.headers["Authorization"] = f"Bearer {self.keys.current()}"
        return request

    def _explain(
        self, problem: Problem, response: httpx2.Response, sent: Profile, call: Call, body: object
    ) -> NoReturn:
        """Raise what an error means. Only codes go into the texts: messages may quote the prompt."""
        seen = ProviderView.from_headers(response.headers)
        learned = lesson(problem, sent) if call.teaches else None
        row = row_of(problem, teaches=learned is not None)
        what = str(problem)
        if row is LESSON and learned is not None:
            if self.profiles.learn(sent, learned, what):
                raise LessonError(what, seen) from None
            self.profiles.withdraw(sent)
            what = f"{what}: a parameter is refused, whatever it is"
            raise TrippingError(what, "refused", seen, doubtful=True) from None
        match row.follows:
            case Follows.BREAKER:
                self._try_another_key(problem, row, response)
                doubtful = problem.status == FORBIDDEN or not row.certain(problem)
                raise TrippingError(what, row.reason, seen, doubtful=doubtful) from None
            case Follows.LIMITS:
                denial = Denial.from_response(response.headers, body)
                raise DeniedError(what, denial, seen) from None
            case Follows.PROVIDER:
                raise TransientError(what, seen, wait=retry_after(response.headers)) from None
            case Follows.AGAIN:
                raise BrokenAnswerError(what, seen) from None
            case Follows.END:
                if call.room:
                    self.profiles.withdraw(sent)  # the room may be what was learned last
                raise RefusedCallError(what, seen, failure=Failure[row.reason], room=call.room) from None
        self.profiles.withdraw(sent)
        ours = not sent.parameters(call.response_format, 1).keys().isdisjoint(problem.params)
        raise RefusedCallError(what, seen, ours=ours) from None

    def _try_another_key(self, problem: Problem, row: Row, response: httpx2.Response) -> None:
        """Return if there is no other, or that is not what is wrong. Else raises `LessonError`."""
        refused = row.reason == "credentials" and row.certain(problem) and problem.status != FORBIDDEN
        key = response.request.headers["Authorization"].removeprefix("Bearer ")
        if refused and self.keys and self.keys.refused(key):
            raise LessonError(f"{problem}: there is another key now", ProviderView.from_headers(response.headers))

    def _explain_answer(
        self, wrong: Row, reading: Completion, seen: ProviderView, sent: Profile, call: Call
    ) -> NoReturn:
        """Raise what is wrong with an answer that came with HTTP 200."""
        asked_for = call.max_output_tokens + call.room
        if wrong in (CUT, THOUGHT_TOO_LONG) and call.teaches and 0 < reading.usage.completion_tokens < asked_for // 2:
            learned = after_early_cut(sent)
            if learned is not None and self.profiles.learn(sent, learned, "cut far below the cap"):
                raise BrokenAnswerError(wrong.what, seen, usage=reading.usage)
        if wrong is THOUGHT_TOO_LONG:
            more = call.teaches and (sent.most is None or asked_for < sent.most)
            room = self.profiles.cut(sent, call.room, wrong.what) if more else 0
            if room:
                raise LessonError(wrong.what, seen, usage=reading.usage, room=room)
            self.profiles.withdraw(sent, anew=False)  # it may be the model that thinks so long
        if wrong.follows is Follows.PROVIDER:
            raise TransientError(wrong.what, seen)
        failure = Failure[wrong.reason] if wrong.reason else Failure.BROKEN_ANSWER
        raise BrokenAnswerError(wrong.what, seen, usage=reading.usage, failure=failure)
