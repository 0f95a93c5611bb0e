"""What a model takes, as one process learns it for itself: for benchmarks and tests that have no Redis."""

from worker.asking.profile import MOST_LESSONS, Profile, after_answer, after_cut, room_after_cut
from worker.ports import Usage


class LoneProfile:
    """The profile of a process that shares it with nobody. See `profiles.Profiles`."""

    def __init__(self, first: Profile, most_room: int = 16_000) -> None:
        self.current = first
        self._most_room = most_room

    def room(self) -> int:
        """Tokens of reasoning to leave room for."""
        return self.current.room((), self._most_room)

    def learn(self, sent: Profile, learned: Profile, why: str) -> bool:  # noqa: ARG002 # there is no log to tell it
        """Take what was learned."""
        self.current = learned if sent == self.current else self.current
        return learned.lessons <= MOST_LESSONS

    def cut(self, sent: Profile, room: int, why: str) -> int:
        """An answer ended in its reasoning: more room for the next, if there is any."""
        wanted = room_after_cut(room, self._most_room)
        if wanted:
            self.learn(sent, after_cut(sent, wanted), why)
        return wanted

    def withdraw(self, sent: Profile, *, anew: bool = True) -> None:
        """Nothing is kept of before."""

    def answered(self, sent: Profile, usage: Usage, *, bare: bool, **_kept: object) -> None:
        """Take what an answer shows."""
        learned = after_answer(sent, usage.reasoning_tokens, bare=bare)
        if learned is not None:
            self.learn(sent, learned, "")
