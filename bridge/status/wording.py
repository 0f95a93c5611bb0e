"""The state in words, English or Russian: the sentence, then sections of rows, which terminal.py and page.py show."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bridge.status.figures import CREATE_TOPIC, InKafka, InRedis, Process, Status, Tripped
from bridge.status.verdict import Verdict, alerts, failures, judge, waits
from bridge.tally import DEAD_LETTER, SCORED

Language = Literal["en", "ru"]
UNITS: Final = {"en": ("d", "h", "m", "s"), "ru": ("д", "ч", "мин", "с")}

# What is shown of the model's profile, as the provider's own parameters are called.
PROFILE: Final = ("temperature", "reasoning_effort", "output", "cap", "room_for_reasoning", "lessons")

_BRING_BACK: Final = "bring it back, or see which setting is wrong"

# By a verdict's name; what is in braces is its facts.
_ENGLISH: Final = {
    "redis_away": "Redis at {where} cannot be used ({why}): nothing is asked or answered, nothing is lost. What to do: {advice}; more: python -m bridge check",
    "kafka_away": "Kafka at {where} cannot be used ({why}): nothing comes in or goes out. What to do: {advice}; more: python -m bridge check",
    "no_bridge": "no bridge is alive: start one (python -m bridge); requests that wait: {left}",
    "too_many_dead_letters": "nothing new is taken after too many unreadable messages (mostly {mostly}): look at them (python -m bridge dead-letters), mend the sender, then python -m bridge resume",
    "bridge_in_trouble": "a bridge is not ready: {why}",
    "no_worker": "no worker is alive: start one (celery -A worker worker); requests that wait: {left}",
    "breaker_open": "nothing is sent: {why}; requests that wait: {left}, the next try {next}",
    "exit_closed": "nothing is sent: requests would leave from a refused or unknown country ({where}). Set OPENAI_PROXY to an exit elsewhere; requests that wait: {left}",
    "nothing_ends": "no request was scored for a quarter of an hour, and no limit is in the way: look into the logs of the workers; requests that wait: {left}, the oldest for {oldest}",
    "many_failures": "{count} requests failed within 20 minutes (mostly {mostly}): see ManyFailures in docs/runbook.md",
    "dead_letters": "{count} messages within 20 minutes could not be read (mostly {mostly}): look at them (python -m bridge dead-letters) and mend the sender; all else is healthy",
    "waits_for_the_day": "healthy: {left} wait for today's quota, the next starts in {next}",
    "waits_for_the_limits": "healthy: {left} wait for the provider's limits, the next starts in {next}",
    "busy": "healthy: {left} in work, the oldest for {oldest}",
    "idle": "healthy: nothing waits",
}
_RUSSIAN: Final = {
    "redis_away": "Redis ({where}) недоступен ({why}): резюме не оцениваются, но ничего не потеряно. Что делать: {advice}; подробнее: python -m bridge check",
    "kafka_away": "Kafka ({where}) недоступна ({why}): запросы не приходят, ответы не уходят. Что делать: {advice}; подробнее: python -m bridge check",
    "no_bridge": "ни один мост не работает: запустите его (python -m bridge); запросов ждёт: {left}",
    "too_many_dead_letters": "новые запросы не принимаются: слишком много нечитаемых сообщений (чаще всего {mostly}). Посмотрите их (python -m bridge dead-letters), исправьте отправителя, затем python -m bridge resume",
    "bridge_in_trouble": "мост не готов к работе: {why}",
    "no_worker": "ни один воркер не работает: запустите его (celery -A worker worker); запросов ждёт: {left}",
    "breaker_open": "запросы к модели остановлены: {why}; запросов ждёт: {left}, следующая попытка {next}",
    "exit_closed": "запросы к модели остановлены: они ушли бы из запрещённой или неизвестной страны ({where}). Укажите в OPENAI_PROXY выход в другой стране; запросов ждёт: {left}",
    "nothing_ends": "за четверть часа не оценено ни одно резюме, хотя лимиты не исчерпаны: посмотрите логи воркеров; запросов ждёт: {left}, самый старый — {oldest}",
    "many_failures": "за 20 минут с ошибкой закончилось запросов: {count} (чаще всего {mostly}); см. ManyFailures в docs/runbook.ru.md",
    "dead_letters": "за 20 минут нечитаемых сообщений: {count} (чаще всего {mostly}). Посмотрите их (python -m bridge dead-letters) и исправьте отправителя; остальное в порядке",
    "waits_for_the_day": "всё в порядке: дневной квоты ждёт {left}, следующий запрос уйдёт через {next}",
    "waits_for_the_limits": "всё в порядке: лимитов провайдера ждёт {left}, следующий запрос уйдёт через {next}",
    "busy": "всё в порядке: в работе {left}, самый старый — {oldest}",
    "idle": "всё в порядке: очереди нет",
}
# In Russian, why the circuit breaker is open; in English it says so itself.
_TRIPPED_RU: Final = {
    "region": "провайдер не обслуживает нашу страну, направьте запросы через другую (OPENAI_PROXY)",
    "quota": "у провайдера исчерпаны квота, баланс или лимит расходов, загляните на страницу оплаты владельца OPENAI_KEY",
    "credentials": "провайдер отвергает ключ, его проект или права, либо программа не даёт ключа, проверьте OPENAI_KEY "
    "или OPENAI_KEY_COMMAND",
    "model": "у провайдера нет такой модели или она недоступна этому ключу, проверьте OPENAI_MODEL",
    "url": "по этому адресу API не отвечает, проверьте OPENAI_BASE_URL",
    "refused": "провайдер отклоняет все запросы и не говорит за что, проверьте OPENAI_MODEL, OPENAI_BASE_URL и закреплённое в OPENAI_OUTPUT, OPENAI_TEMPERATURE, OPENAI_REASONING_EFFORT",
    "provider": "провайдер не отвечает или сообщает о собственных сбоях, подождите; если у него всё в порядке, проверьте OPENAI_BASE_URL, OPENAI_PROXY и OPENAI_TIMEOUT",
    "budget": "дневной бюджет потрачен, подождите полуночи по UTC или поднимите OPENAI_BUDGET и перезапустите воркеры",
}
# What to do about Redis or Kafka, where what they say tells it; else the first of these.
_ADVICE_RU: Final = {
    _BRING_BACK: "восстановите работу сервера или проверьте настройки",
    CREATE_TOPIC: "создайте его или запустите мост с KAFKA_CREATE_TOPICS=on; верно ли задан KAFKA_TOPIC_FOR_AI_HANDLER?",
    "correct REDIS_SENTINELS, REDIS_SENTINEL_MASTER and REDIS_SENTINEL_PASSWORD": "исправьте REDIS_SENTINELS, REDIS_SENTINEL_MASTER и REDIS_SENTINEL_PASSWORD",
    "raise its `maxmemory`; `noeviction` is right, since it must not forget": "увеличьте `maxmemory`; `noeviction` оставьте: забывать Redis ничего не должен",
    "REDIS_TLS_CA must hold the CA that signed it, and REDIS_HOST the name that is in it": "в REDIS_TLS_CA нужен центр, подписавший сертификат, а в REDIS_HOST — имя из него",
    "correct REDIS_USERNAME and REDIS_PASSWORD": "исправьте REDIS_USERNAME и REDIS_PASSWORD",
    "give the user the permissions that `python -m bridge check` names": "дайте пользователю права, которые назовёт `python -m bridge check`",
    "this Redis has fewer databases: lower REDIS_DB, or raise `databases`": "баз в этом Redis меньше: уменьшите REDIS_DB или увеличьте `databases`",
    "run `python -m bridge check`": "запустите `python -m bridge check`",
    "does it speak TLS, and is REDIS_TLS set accordingly?": "проверьте, включён ли на сервере TLS и соответствует ли этому REDIS_TLS",
    "is it running, and are REDIS_HOST and REDIS_PORT its address as seen from here?": "проверьте, запущен ли сервер и верны ли отсюда REDIS_HOST и REDIS_PORT",
}
_CODES: Final = {"single_flight": "another's answer", "blocked": "breaker or exit", "fault": "another try"}
_WORDS: Final[dict[str, str]] = {
    "Processes": "Процессы", "Queue": "Очередь", "Quota": "Квота", "Money": "Деньги", "Ended": "Закончено",
    "Model": "Модель", "Alerts": "Алерты", "bridge": "мост", "worker": "воркер", "up": "работает", "gone": "пропал",
    "ago": "назад", "ready": "готов", "threads busy": "потоков занято", "exit": "выход", "answers": "отвечает",
    "unfinished": "не закончено", "the oldest for": "самый старый ждёт", "waiting for": "ждут",
    "limits": "лимитов", "blocked": "предохранителя или выхода", "fault": "новой попытки",
    "single_flight": "чужого ответа о том же", "hints in the queue": "задач Celery в очереди",
    "circuit breaker": "предохранитель", "closed": "замкнут", "open": "разомкнут", "the next try": "следующая попытка",
    "with the next request": "со следующим запросом", "in": "через", "limit": "лимит", "used": "занято",
    "left": "осталось", "full again in": "освободится через", "requests a minute": "запросов в минуту",
    "requests a day": "запросов в день", "tokens a minute": "токенов в минуту", "unlimited": "не ограничено",
    "learned from the provider": "выяснено у провайдера", "nobody may start for": "никто не начнёт ещё",
    "today, US dollars": "сегодня, долларов США", "of": "из", "not counted: no price": "не считается: нет цены",
    "last hour": "за час", "last day": "за сутки", "scored": "оценено", "failed": "ошибка", "unreadable": "не прочитано",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A title, and rows of cells that stand below each other."""

    title: str
    rows: list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Told:
    """What is shown: the sentence, its mood (see `Verdict`), and the sections."""

    sentence: str
    mood: str
    sections: list[Section]


def tell(status: Status, language: Language) -> Told:
    verdict = judge(status)
    wording = _Wording(language)
    return Told(_visible(wording.sentence(verdict)), verdict.mood, list(wording.sections(status)))


def in_words(seconds: float, language: Language = "en") -> str:
    """A duration in its two largest units: "1 h 12 m", «1 ч 12 мин»."""
    day, hour, minute, second = UNITS[language]
    whole = max(0, round(seconds))
    parts = [
        (whole // 86_400, day), (whole // 3_600 % 24, hour), (whole // 60 % 60, minute), (whole % 60, second),
    ]  # fmt: skip
    first = next((n for n, (count, _) in enumerate(parts) if count), 3)
    said = [f"{count} {unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(said) or f"0 {second}"


def _visible(text: str) -> str:
    """Without what would steer a terminal or hide in a page: a server's words may hold anything."""
    return "".join(sign for sign in text if sign.isprintable())


class _Wording:
    def __init__(self, language: Language) -> None:
        self._language: Language = language

    def sentence(self, verdict: Verdict) -> str:
        facts = dict(verdict.facts)
        for name in ("oldest", "next"):
            if isinstance(facts.get(name), int | float):
                facts[name] = self._time(facts[name])
        facts["oldest"] = facts.get("oldest") or "?"
        advice = facts.get("advice") or _BRING_BACK
        facts["advice"] = _ADVICE_RU.get(advice, advice) if self._language == "ru" else advice
        if verdict.name == "breaker_open":
            facts["next"] = self._next_try(verdict.facts["next"])
            facts["why"] = self._why(verdict.facts["reason"], verdict.facts["why"])
        sentences = _RUSSIAN if self._language == "ru" else _ENGLISH
        return sentences[verdict.name].format(**facts)

    def sections(self, status: Status) -> Iterator[Section]:
        found = status.redis
        yield self._section("Processes", self._processes(status))
        yield self._section("Queue", self._queue(status))
        if isinstance(found, InRedis):
            for one in found.each:
                yield self._section("Quota", self._quota(one.limits), one.name)
            yield self._section("Money", self._moneys(status, found))
            yield self._section("Ended", self._ended(found))
            said = [worker.said.get("providers") or {"": worker.said} for worker in found.workers]
            yield self._section("Model", sorted({self._model(*one) for each in said for one in each.items()}))
        yield self._section("Alerts", [(name,) for name in alerts(status)])

    def _section(self, title: str, rows: Iterable[tuple[str, ...]], provider: str = "") -> Section:
        return Section(self._of(title, provider), [tuple(map(_visible, row)) for row in rows] or [("-",)])

    def _of(self, word: str, provider: str) -> str:
        return f"{self._w(word)}: {provider}" if provider else self._w(word)

    def _w(self, word: str) -> str:
        return (_WORDS if self._language == "ru" else _CODES).get(word, word)

    def _time(self, seconds: float) -> str:
        return in_words(seconds, self._language)

    def _why(self, reason: str, why: str) -> str:
        return _TRIPPED_RU.get(reason, why) if self._language == "ru" else why

    def _next_try(self, seconds: float) -> str:
        return f"{self._w('in')} {self._time(seconds)}" if seconds else self._w("with the next request")

    def _processes(self, status: Status) -> Iterator[tuple[str, ...]]:
        if isinstance(status.redis, InRedis):
            for process in status.redis.processes:
                up = f"{self._w('up')} {self._time(process.up + process.silent)}"
                yield self._w(process.role), process.name, up, self._says(process)
            for process in status.redis.gone:
                gone = f"{self._w('gone')}: {self._time(process.silent)} {self._w('ago')}"
                yield self._w(process.role), process.name, gone
        for name, where, found in ("Redis", status.redis_at, status.redis), ("Kafka", status.kafka_at, status.kafka):
            yield name, where, found.partition(" -> ")[0] if isinstance(found, str) else self._w("answers")

    def _says(self, process: Process) -> str:
        said = process.said
        if process.role == "bridge":
            return "; ".join(f"{name}: {text}" for name, text in said.get("troubles", {}).items()) or self._w("ready")
        threads = f"{said.get('busy')} {self._w('of')} {said.get('threads')} {self._w('threads busy')}"
        return f"{threads}, {self._w('exit')} {said.get('egress')}"

    def _queue(self, status: Status) -> Iterator[tuple[str, ...]]:
        if isinstance(status.kafka, InKafka):
            age = status.kafka.oldest
            oldest = f", {self._w('the oldest for')} {self._time(age)}" if age is not None else ""
            yield self._w("unfinished"), f"{status.kafka.unfinished}{oldest}"
        if isinstance(status.redis, str):
            return
        counts = ", ".join(f"{self._w(why)}: {count}" for why, count in waits(status.redis).items())
        yield self._w("waiting for"), counts or "-"
        yield self._w("hints in the queue"), str(status.redis.hints)
        for one in status.redis.each:
            yield self._of("circuit breaker", one.name), self._breaker(one.tripped)

    def _breaker(self, tripped: Iterable[Tripped]) -> str:
        reasons = [
            f"{self._w('open')}: {self._why(each.reason, each.why)}; {self._w('the next try')} "
            f"{self._next_try(each.seconds)}"
            for each in tripped
        ]
        return "; ".join(reasons) or self._w("closed")

    def _quota(self, limits: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
        yield "", *(self._w(word) for word in ("limit", "used", "left", "full again in"))
        names = {"rpm": "requests a minute", "rpd": "requests a day", "tpm": "tokens a minute"}
        for name, words in names.items():
            bucket = limits["buckets"][name]
            if not isinstance(bucket["limit"], int | float):
                yield self._w(words), self._w("unlimited")
                continue
            limit, left = round(bucket["limit"]), max(0, int(bucket["level"] + 0.001))
            frees = "-"
            if limit > left and bucket["rate"]:
                frees = self._time((bucket["limit"] - bucket["level"]) / bucket["rate"])
            yield self._w(words), str(limit), str(limit - left), str(left), frees
        learned = [
            f"{name.upper()} {round(bucket['learned'])}"
            for name, bucket in limits["buckets"].items()
            if bucket["learned"] is not None
        ]
        if learned:
            yield self._w("learned from the provider"), ", ".join(learned)
        if limits["blocked"] >= 1:
            yield self._w("nobody may start for"), self._time(limits["blocked"])

    def _moneys(self, status: Status, found: InRedis) -> Iterator[tuple[str, ...]]:
        if not status.priced:
            yield self._w("today, US dollars"), self._w("not counted: no price")
            return
        for one in found.each:
            budget = status.budgets.get(one.name, 0.0) if one.name else status.budget
            yield self._of("today, US dollars", one.name), self._money(one.spent, budget)

    def _money(self, spent: float | None, budget: float) -> str:
        return ("?" if spent is None else f"{spent:.2f}") + (f" {self._w('of')} {budget:.2f}" if budget else "")

    def _model(self, name: str, said: Mapping[str, Any]) -> tuple[str, ...]:
        carries = ", ".join(f"{name}: {said.get('profile', {}).get(name, '?')}" for name in PROFILE)
        return f"{name}: {said.get('model', '?')}" if name else str(said.get("model", "?")), carries

    def _ended(self, found: InRedis) -> Iterator[tuple[str, ...]]:
        yield "", self._w("last hour"), self._w("last day")
        shown = {SCORED: self._w(SCORED)}
        shown |= {end: self._of("failed", end) for end in sorted(failures(found.day))}
        unread = sorted(end for end in found.day if end.startswith(DEAD_LETTER))
        shown |= {end: self._of("unreadable", end.removeprefix(DEAD_LETTER)) for end in unread}
        for end, words in shown.items():
            yield words, str(found.hour.get(end, 0)), str(found.day.get(end, 0))
