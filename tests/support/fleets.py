"""What several workers share, once real and once fake: the same tests run over both, so the fakes cannot lie.

A fleet makes the adapters of one more worker, and lets a test look at and change what the workers share.
"""

from collections.abc import Callable

import redis

from contract import worker_key
from tests.support.fakes import FakeBreaker, FakeClock, FakeLeases, FakeMemory, FakeResults, FakeStore, eventually
from worker.asking.circuit_breaker import CircuitBreaker
from worker.asking.result_cache import ResultCache
from worker.leases import Leases
from worker.outcome_store import OutcomeStore


class RedisFleet:
    """Workers on a real Redis.

    Args:
        client: of the database that is the test's own.
        make_leases: `(client, seconds)`, closed after the test.
    """

    def __init__(self, client: redis.Redis, make_leases: Callable[[redis.Redis, float], Leases]) -> None:
        self.client = client
        self._make_leases = make_leases

    def leases(self, seconds: float = 1.0) -> Leases:
        return self._make_leases(self.client, seconds)

    def store(self, *, explanation_ttl: int = 60, decision_ttl: int = 600) -> OutcomeStore:
        leases = self.leases(10.0)
        return OutcomeStore(self.client, leases, explanation_ttl=explanation_ttl, decision_ttl=decision_ttl)

    def results(self, *, seconds: float = 1.0) -> ResultCache:
        return ResultCache(self.client, self.leases(seconds))

    def breaker(self) -> CircuitBreaker:
        return CircuitBreaker(self.client)

    def read(self, key: str) -> str | None:
        value = self.client.get(key)
        return None if value is None else value.decode()

    def write(self, key: str, value: str) -> None:
        self.client.set(key, value)

    def delete(self, key: str) -> bool:
        return bool(self.client.delete(key))

    def keys(self) -> list[str]:
        """All but the heartbeats of workers, which are no part of what is kept."""
        found = [key.decode() for key in self.client.scan_iter()]
        return [key for key in found if not key.startswith(worker_key(""))]

    def seconds_left(self, key: str) -> float:
        return self.client.pttl(key) / 1000

    def eventually(self, condition: Callable[[], object]) -> None:
        eventually(condition)


class FakeFleet:
    """Workers on a `FakeMemory`."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.memory = FakeMemory(self.clock)
        self.journal: list[str] = []
        self.read = self.memory.get
        self.write = self.memory.set
        self.delete = self.memory.delete
        self.keys = self.memory.keys

    def leases(self, seconds: float = 1.0) -> FakeLeases:
        return FakeLeases(self.memory, self.journal, seconds)

    def store(self, *, explanation_ttl: int = 60, decision_ttl: int = 600) -> FakeStore:
        return FakeStore(self.memory, self.leases(10.0), self.journal, explanation_ttl, decision_ttl)

    def results(self, *, seconds: float = 1.0) -> FakeResults:
        return FakeResults(self.memory, self.leases(seconds))

    def breaker(self) -> FakeBreaker:
        return FakeBreaker(self.memory)

    def seconds_left(self, key: str) -> float:
        return self.memory.seconds_left(key)

    def eventually(self, condition: Callable[[], object]) -> None:
        give_up = self.clock.now + 30.0
        while not condition():
            assert self.clock.now < give_up, "it never happened"
            self.clock.now += 0.1
