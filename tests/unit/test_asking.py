"""What names a question."""

from tests.support.fakes import REQUIREMENTS, RESUME, SECRET_WORDS, World
from worker.asking.question import digest_of
from worker.progress import Progress

VERSION = "model 1 1"


def test_another_question_has_another_digest():
    """Another text, another model, prompt or rubric, or a letter moved from one text to the other: asked anew."""
    others = [
        digest_of(VERSION, REQUIREMENTS, RESUME + " "),
        digest_of(VERSION, REQUIREMENTS + " ", RESUME),
        digest_of(VERSION, REQUIREMENTS + RESUME[0], RESUME[1:]),
        digest_of(VERSION, RESUME, REQUIREMENTS),
        digest_of("model 1 2", REQUIREMENTS, RESUME),
    ]
    assert len({digest_of(VERSION, REQUIREMENTS, RESUME), *others}) == len(others) + 1


def test_keys_tell_nothing_of_the_texts():
    """Who lists the keys of Redis reads digests only."""
    world = World()
    world.dispatch()
    world.scoring.run(7, Progress())
    keys = " ".join(world.memory.keys())
    assert not [word for word in SECRET_WORDS if word in keys]
    assert len(world.digest()) == 64
