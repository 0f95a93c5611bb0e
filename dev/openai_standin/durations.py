"""Waits written as OpenAI writes them: Go's duration format, to the millisecond."""

import math

_FLOAT_NOISE = 1e-6


def milliseconds_up(seconds: float) -> int:
    """Whole milliseconds, rounded up, so that whoever waits this long has waited long enough."""
    return max(0, math.ceil(seconds * 1000 - _FLOAT_NOISE))


def go_duration(seconds: float) -> str:
    """``20ms``, ``8.64s``, ``7m12s``, ``6m0s``, ``1h0m0s``; nothing at all is ``0s``."""
    total = milliseconds_up(seconds)
    if 0 < total < 1000:
        return f"{total}ms"
    minutes, rest = divmod(total, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text
