"""Requests, claims and outcomes in Redis: the worker's side of what it shares with the bridge."""

import logging
from dataclasses import KW_ONLY, dataclass

import redis
from pydantic import ValidationError

from contract import (
    OUTCOMES_CHANNEL,
    PROCESSED_MARK_TTL,
    Dispatch,
    Outcome,
    claim_key,
    decision_key,
    explanation_key,
    outcome_key,
    processed_mark,
    request_key,
    trail_key,
)
from worker.leases import Leases
from worker.ports import Kept, Lease

log = logging.getLogger(__name__)

# KEYS: claim, outcome, processed mark, explanation, decision, trail.
# ARGV: token, outcome, seconds it is kept, then explanation and decision, each with the seconds it is kept (0: not at
# all), then what the trail notes, channel, processing id.
# Stores an outcome, ends the claim and says so on the channel in one step, for the claim's owner only: a worker
# that slept through its lease stores nothing. The trail lives as long as what it leads to. Returns 1 if it was stored.
_FINISH = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[2], KEYS[3]) > 0 then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
local longest = 0
for n = 0, 1 do
  local seconds = tonumber(ARGV[5 + 2 * n])
  if seconds > 0 then redis.call('SET', KEYS[4 + n], ARGV[4 + 2 * n], 'EX', seconds) end
  longest = math.max(longest, seconds)
end
if longest > 0 then
  redis.call('SADD', KEYS[6], ARGV[8])
  if redis.call('TTL', KEYS[6]) < longest then redis.call('EXPIRE', KEYS[6], longest) end
end
redis.call('PUBLISH', ARGV[9], ARGV[10])
return 1
"""


def _understood(body: bytes) -> Dispatch | None:
    try:
        return Dispatch.model_validate_json(body)
    except ValidationError:
        log.error("a request of another version: it has to be dispatched again")  # noqa: TRY400 # its text adds nothing
        return None


@dataclass
class OutcomeStore:
    """What the worker reads and writes about one request. Every method may raise `redis.RedisError`."""

    store: redis.Redis
    leases: Leases  # for the claims
    _: KW_ONLY
    explanation_ttl: int  # seconds that explanations are kept; 0: not at all
    decision_ttl: int  # likewise

    def __post_init__(self) -> None:
        self._finish = self.store.register_script(_FINISH)

    def claim(self, processing_id: int, token: str | None = None) -> tuple[Lease, Dispatch | None] | None:
        """The right to work on the request, or None: another worker has it, or it is finished.

        With it comes the request; None instead of it where Redis lost it, or another version wrote it, and the bridge
        will dispatch it again. `token` is that of a claim which was parked with a countdown, to go on with it.
        """
        done = (outcome_key(processing_id), processed_mark(processing_id))
        claim = self.leases.take(
            claim_key(processing_id), done_keys=done, token=token, read_key=request_key(processing_id)
        )
        if claim is None:
            return None
        return claim, None if claim.found is None else _understood(claim.found)

    def finish(self, claim: Lease, processing_id: int, outcome: Outcome, kept: Kept | None = None) -> bool:
        """Store the outcome for the bridge to publish, wake the bridge, and keep what operators may ask of a score.

        Returns:
            False if the claim was lost or the request is finished: nothing is stored then.
        """
        claim.forget()
        keys = [
            claim.key,
            outcome_key(processing_id),
            processed_mark(processing_id),
            explanation_key(processing_id),
            decision_key(processing_id),
            trail_key(kept.resume_id if kept else 0),
        ]
        texts: list[str | int] = ["", 0, "", 0, ""]
        if kept is not None:
            trail = f"{processing_id} {kept.question}"
            texts = [kept.explanation, self.explanation_ttl, kept.decision, self.decision_ttl, trail]
        args = [claim.token, outcome.model_dump_json(), PROCESSED_MARK_TTL, *texts, OUTCOMES_CHANNEL, processing_id]
        return bool(self._finish(keys=keys, args=args))
