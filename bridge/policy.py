"""How a partition's work is done: what operators may set of it, and its bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.start import Start
from contract import DIALECT, Dialect


@dataclass(frozen=True, slots=True)
class PartitionPolicy:
    """Seconds and requests."""

    window_cap: int  # unfinished requests at most
    request_rate: float  # requests a second that the provider's limits allow
    request_deadline: float  # from a request's Kafka timestamp to its end
    redispatch_after: float  # the first pause before a hint goes again
    lease: float  # a worker's claim lives so long without it
    start: Start | None = None  # where to begin in a topic that was never committed
    # Unfinished requests to hold so that users can take turns, however few the limits keep busy.
    look_ahead: int = 2_000
    fair: bool = True  # users take turns; False: the topic's order, whoever asks
    # Of users that get more than one place in a turn, or less.
    weights: Mapping[int, float] = field(default_factory=dict)
    answers_a_day: int = 0  # that a user gets; 0: as many as there are
    dialect: Dialect = DIALECT  # of the platform's contract
