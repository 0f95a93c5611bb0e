"""What operators may set of a partition's work."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.start import Start
from contract import DIALECT, Dialect


@dataclass(frozen=True, slots=True)
class PartitionPolicy:
    """Seconds and requests.

    Attributes:
        window_cap: unfinished requests at most.
        request_rate: requests a second that the provider's limits allow.
        request_deadline: from a request's Kafka timestamp to its end.
        redispatch_after: the first pause before a hint goes again.
        lease: a worker's claim lives so long without it.
        start: where to begin in a topic that was never committed.
        look_ahead: unfinished requests to hold so that users can take turns, however few the limits keep busy.
        fair: users take turns; False: the topic's order, whoever asks.
        weights: of users that get more than one place in a turn, or less.
        answers_a_day: that a user gets; 0: as many as there are.
        dialect: of the platform's contract.
    """

    window_cap: int
    request_rate: float
    request_deadline: float
    redispatch_after: float
    lease: float
    start: Start | None = None
    look_ahead: int = 2_000
    fair: bool = True
    weights: Mapping[int, float] = field(default_factory=dict)
    answers_a_day: int = 0
    dialect: Dialect = DIALECT
