"""Lets a bridge go on after too many dead letters: `python -m bridge resume`.

Dead letters that were written up to now no longer count.
"""

import logging
import math
import time

import redis

from bridge.dead_letter import CAP_WINDOW
from config import Settings
from contract import RESUMED_KEY

log = logging.getLogger("bridge")


def run(settings: Settings) -> int:
    with settings.redis_connection.client() as client:
        client.set(RESUMED_KEY, f"{time.time():.3f}", ex=math.ceil(CAP_WINDOW))
    log.info("resumed: dead letters that were written up to now no longer count")
    return 0


def resumed_at(client: redis.Redis) -> float:
    """When an operator last resumed after too many dead letters: Unix time, 0 if never."""
    return float(client.get(RESUMED_KEY) or 0)
