"""How what is in hand ends: as a publication, as a dead letter, or, where a topic refuses it, in some smaller form."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from confluent_kafka import TopicPartition

from bridge import metrics
from bridge.dead_letter import CUTS, HEADER_REASON, DeadLetter, DeadLetterCap, PendingLetter
from bridge.in_hand import InHand
from bridge.intake import MESSAGES, Reason, Rejected
from bridge.publisher import OutputRefused, Publication
from bridge.request_store import RequestStates
from bridge.supervisor import Unfinished
from bridge.tally import DEAD_LETTER, Tally, how
from contract import Failure, Outcome

log = logging.getLogger(__name__)

OUTCOMES_A_TRANSACTION = 1_000
LETTER_BYTES_A_TRANSACTION = 8_000_000
LETTERS_IN_HAND = 1_000  # beyond it, or beyond so many bytes, nothing is taken
LETTER_BYTES_IN_HAND = 32_000_000


@dataclass(slots=True)
class Ending:
    publications: list[Publication] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    processing_ids: list[int] = field(default_factory=list)


@dataclass(eq=False)
class Endings:
    """The endings of one partition, and the dead letters that wait to be written."""

    source: TopicPartition
    cap: DeadLetterCap  # the dead letters' rate limit
    may_write_letters: Callable[[], bool]  # whether the dead-letter topic can be written at all
    tally: Tally
    heard_until: Callable[[], float]  # Unix time, seconds: to what was sent later, nobody is ready to hear an answer

    def __post_init__(self) -> None:
        self._name = f"{self.source.topic}-{self.source.partition}"
        self._counted = -1  # the last dead letter's offset that the cap knows of
        self.forget(same_log=True)

    def forget(self, *, same_log: bool) -> None:
        """Start over; with offsets of another log where it is not the same."""
        self._letters: list[PendingLetter] = []
        self._untold: set[int] = set()  # ids of dead letters whose notification the topic does not take
        if not same_log:
            self._counted = -1

    def reject(self, letter: PendingLetter) -> None:
        self._letters.append(letter)

    @property
    def waiting(self) -> int:
        """Dead letters that are not written yet."""
        return len(self._letters)

    @property
    def are_full(self) -> bool:
        """Whether so many dead letters wait, or were written of late, that nothing more may be taken."""
        size = sum(letter.size for letter in self._letters)
        return self.cap.tripped or len(self._letters) >= LETTERS_IN_HAND or size > LETTER_BYTES_IN_HAND

    def ended(self, requests: Mapping[int, Unfinished], states: RequestStates) -> list[int]:
        until = self.heard_until()
        return [
            processing_id
            for processing_id, request in requests.items()
            if processing_id in states.marked or (request.outcome and request.sent_at <= until)
        ]

    def letters(self) -> list[PendingLetter]:
        """Dead letters to write: as many as one transaction should take."""
        letters: list[PendingLetter] = []
        until = self.heard_until()
        if not self.may_write_letters():
            return letters
        room = LETTER_BYTES_A_TRANSACTION
        for letter in self._letters:
            room -= letter.size
            if (letters and room < 0) or letter.sent_at > until:
                break
            if letter.offset > self._counted:  # a transaction that has to be made again counts once
                if not self.cap.count():
                    break
                self._counted = letter.offset
                metrics.DEAD_LETTERS.labels(letter.rejected.reason.value).inc()
            letters.append(letter)
        return letters

    def compose(
        self,
        requests: Mapping[int, Unfinished],
        ended: Sequence[int],
        letters: Sequence[PendingLetter],
        states: RequestStates,
    ) -> Ending:
        """One transaction's content: of those that ended as many as it should take, by what was read just now."""
        ending = Ending()
        for processing_id in ended[:OUTCOMES_A_TRANSACTION]:
            request = requests[processing_id]
            if processing_id in states.marked:
                metrics.DUPLICATES.inc()
            elif processing_id in states.elsewhere or request.outcome is None:
                continue
            else:
                ending.publications.append(
                    Publication(processing_id, request.outcome, request.traceparent, request.dispatch.traceparent)
                )
            ending.offsets += request.offsets
            ending.processing_ids.append(processing_id)
        for letter in letters:
            if letter.cut < len(CUTS):
                ending.dead_letters.append(letter.dead_letter())
            ending.offsets.append(letter.offset)
            self._notify_rejected(ending, letter, requests, states)
        return ending

    def _notify_rejected(
        self, ending: Ending, letter: PendingLetter, requests: Mapping[int, Unfinished], states: RequestStates
    ) -> None:
        addressee = letter.rejected.addressee
        if addressee is None or addressee.processing_id in self._untold:
            return
        processing_id = addressee.processing_id
        # One notification per id: a valid request in hand will have the last word itself.
        if processing_id in requests or processing_id in ending.processing_ids:
            return
        if processing_id in states.marked or processing_id in states.elsewhere:
            return
        outcome = Outcome.failed(addressee, MESSAGES[letter.rejected.reason])
        ending.publications.append(Publication(processing_id, outcome, letter.traceparent))
        ending.processing_ids.append(processing_id)

    def written(self, ending: Ending) -> None:
        """What `compose` has made is committed."""
        ended = set(ending.offsets)
        self._letters = [letter for letter in self._letters if letter.offset not in ended]
        reasons = [dict(letter.headers)[HEADER_REASON].decode() for letter in ending.dead_letters]
        self.tally.add(
            [*(how(each.outcome) for each in ending.publications), *(DEAD_LETTER + reason for reason in reasons)]
        )

    def make_smaller(self, refused: OutputRefused, in_hand: InHand) -> list[int]:
        """What a topic does not take as it is gets a bounded form; the offsets that are finished by that alone."""
        metrics.REFUSED.labels(refused.topic).inc()
        if isinstance(refused.output, DeadLetter):
            for letter in self._letters:
                if letter.offset == refused.output.offset:
                    letter.cut += 1
                    what = "is dropped" if letter.cut == len(CUTS) else f"is cut to {CUTS[letter.cut]} bytes"
                    log.error("%s offset %d: its dead letter %s (%s)", self._name, letter.offset, what, refused)
            return []
        processing_id = refused.output.processing_id
        about = {"processing_id": processing_id}
        unfinished = in_hand.all.get(processing_id)
        if unfinished is None:
            log.error("nobody is told: %s", refused, extra=about)
            self._untold.add(processing_id)
        elif not unfinished.refused:
            log.error("its outcome becomes a failure: %s", refused, extra=about)
            unfinished.refused, unfinished.traceparent = True, None
            unfinished.outcome = unfinished.failed(Failure.UNPUBLISHABLE)
        else:
            log.error("it becomes a dead letter: %s", refused, extra=about)
            in_hand.pop(processing_id)
            return self._bury(unfinished)
        return []

    def _bury(self, unfinished: Unfinished) -> list[int]:
        """Not even a failure can be said: the request becomes a dead letter without a value."""
        first, *others = sorted(unfinished.offsets)
        place = TopicPartition(self.source.topic, self.source.partition, first)
        self._letters.append(PendingLetter(place, Rejected(Reason.UNPUBLISHABLE)))
        return others
