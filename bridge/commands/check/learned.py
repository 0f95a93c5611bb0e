"""Looks at what the fleet has learned of the model: what requests carry now."""

from collections.abc import Iterator

import redis

from bridge.commands.check.finding import Finding, ok
from config import Settings
from worker.asking.profile import Profile
from worker.asking.profiles import learned_of
from worker.asking.questions import model_id

SAID = ("temperature", "effort", "output", "cap", "role")


def look_at_what_is_learned(settings: Settings) -> Iterator[Finding]:
    """One finding; none where Redis does not say, which others tell."""
    try:
        with settings.redis_connection.client() as store:
            learned = learned_of(store, model_id(settings.openai_base_url, settings.openai_model))
    except redis.RedisError:
        return
    pinned = Profile.pinned_by(
        temperature=settings.openai_temperature,
        effort=settings.openai_reasoning_effort,
        output=settings.openai_output,
    )
    profile = (pinned.knowing(learned) if learned else None) or pinned
    carried = ", ".join(f"{name} {'not sent' if (it := getattr(profile, name)) is None else it}" for name in SAID)
    lessons = f"{profile.lessons} lesson{'' if profile.lessons == 1 else 's'}" if learned else "nothing learned yet"
    yield ok("requests", f"{carried}; {lessons}")
