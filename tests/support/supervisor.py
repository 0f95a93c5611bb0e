"""Keeps processes running, as a container engine would, while somebody kills and freezes them."""

from collections import Counter
from collections.abc import Callable

from dev.processes import ChildProcess


class Supervisor:
    """Keeps a number of processes running, whatever happens to them.

    Args:
        start: starts a process, by its name.
        names: of the processes.
    """

    def __init__(self, start: Callable[[str], ChildProcess], names: list[str]) -> None:
        self._start = start
        self._processes = {name: start(name) for name in names}
        self._expected: set[str] = set()
        self._frozen: dict[str, float] = {}
        self.deaths: Counter[str] = Counter()

    def look(self, now: float) -> None:
        """Start again what has died; let go on what was stopped for long enough."""
        for name, until in list(self._frozen.items()):
            if now >= until:
                self._processes[name].resume()
                del self._frozen[name]
        for name, process in self._processes.items():
            if not process.is_running:
                if name not in self._expected:
                    self.deaths[f"{name.split('-')[0]} ended by itself, code {process.returncode}"] += 1
                self._expected.discard(name)
                self._processes[name] = self._start(name)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self._frozen.pop(name, None)
        self._expected.add(name)
        self._processes[name].kill()

    def freeze(self, name: str, until: float) -> None:
        """SIGSTOP, until then."""
        self._processes[name].pause()
        self._frozen[name] = until

    @property
    def awake(self) -> list[str]:
        """The processes that run and are not stopped."""
        return [name for name, process in self._processes.items() if process.is_running and name not in self._frozen]
