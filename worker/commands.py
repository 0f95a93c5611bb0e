"""The operators' commands, as `worker/__main__.py` has read them: explain, criteria, redact, forget."""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

import redis
from pydantic import ValidationError

from contract import MAX_REQUIREMENTS, MAX_RESUME
from servers.redis_trouble import short as trouble_with_redis
from startup import load_settings
from worker.app import connect, make_scoring
from worker.asking.questions import grades_digest, model_id
from worker.asking.result_cache import ResultCache
from worker.assessment.criteria import Criteria
from worker.assessment.resume import read_resume
from worker.errors import FailedError
from worker.explaining.decision_page import page
from worker.explaining.explanation import (
    Explanation,
    ExplanationStore,
    FailedExplanation,
    criteria_table,
    failure_table,
    table,
)
from worker.explaining.forgetting import Forgetting
from worker.explaining.taken_out import resume_in, taken_out
from worker.leases import Leases

ENDED_BY_THE_BRIDGE = (
    "answered, and nothing is kept: the bridge ended it (past REQUEST_DEADLINE, given up, or a dead letter: its "
    "log says which), or DECISION_TTL is over"
)


def run(parsed: argparse.Namespace) -> int:
    """Run the command; its exit code: 0 done, 1 nothing is kept."""
    if parsed.command == "explain":
        explanation = explanation_of(parsed.processing_id)
        if isinstance(explanation, str):
            print(f"{parsed.processing_id}: {explanation}")  # noqa: T201
            return 1
        if parsed.html is not None and isinstance(explanation, Explanation):
            resume = None if parsed.resume is None else _read(parsed.resume)
            _write(parsed.html, decision_page(parsed.processing_id, explanation, resume))
            return 0
        lines = lines_of(parsed.processing_id, explanation, as_json=parsed.json)
    elif parsed.command == "criteria":
        found = criteria_of(parsed.vacancy)
        if found is None:
            print(f"{parsed.vacancy}: no criteria are kept, and no such file")  # noqa: T201
            return 1
        lines = found
    elif parsed.command == "redact":
        lines = taken_out(resume_in(_read(parsed.file))[:MAX_RESUME])
    else:
        lines = [forgotten(resume_id=parsed.resume_id, processing_id=parsed.processing_id)]
    print("\n".join(lines))  # noqa: T201
    return 0


def explanation_of(processing_id: int) -> Explanation | FailedExplanation | str:
    """What is kept of a score or a failure, or why there is nothing."""
    with connect(load_settings()) as store:
        kept = ExplanationStore(store)
        try:
            if found := kept.read(processing_id):
                return found
            if kept.is_answered(processing_id):
                return ENDED_BY_THE_BRIDGE
        except redis.RedisError as error:
            sys.exit(f"Redis: {trouble_with_redis(error)}")
    return "nothing is kept (not scored here, or longer ago than DECISION_TTL)"


def lines_of(processing_id: int, explanation: Explanation | FailedExplanation, *, as_json: bool) -> list[str]:
    """An explanation for the terminal, or for a program."""
    if as_json:
        return [explanation.model_dump_json(indent=2, exclude_none=True)]
    if isinstance(explanation, FailedExplanation):
        return failure_table(processing_id, explanation)
    return table(processing_id, explanation)


def decision_page(processing_id: int, explanation: Explanation, resume: str | None) -> str:
    """An explanation as a page; a resume is shown as it would be sent."""
    if resume is None:
        return page(processing_id, explanation)
    settings = load_settings()
    sent = read_resume(resume[:MAX_RESUME], redaction=explanation.redaction_version is not None).sent
    model = model_id(settings.openai_base_url, explanation.model)
    versions = (explanation.prompt_version, explanation.rubric_version, explanation.criteria_digest)
    is_same = grades_digest(model, *versions, sent) == explanation.question
    return page(processing_id, explanation, sent, is_same=is_same)


def forgotten(*, resume_id: int | None, processing_id: int | None) -> str:
    """Delete what is kept of a resume, or of one request, and say how much that was."""
    with connect(load_settings()) as store:
        forgetting = Forgetting(store)
        try:
            count = forgetting.resume(resume_id) if resume_id is not None else forgetting.processing(processing_id or 0)
        except redis.RedisError as error:
            sys.exit(f"Redis: {trouble_with_redis(error)}")
    return f"deleted: {count} (what is still to be published stays until it is; Kafka keeps what its topics keep)"


def criteria_of(vacancy: str) -> list[str] | None:
    """The lines that show a vacancy's criteria: of an id from what is kept, of a file asked for where nobody has yet.

    None if nothing is kept of the id, or there is no such file.
    """
    settings = load_settings()
    file = Path(vacancy)
    with ExitStack() as opened:
        try:
            if vacancy.isdecimal() and not file.exists():
                store = opened.enter_context(connect(settings))
                results = ResultCache(store, Leases(store, settings.lease_seconds))
                kept = results.criteria_of(int(vacancy))
                return None if kept is None else criteria_table(Criteria.model_validate_json(kept))
            if not file.exists():
                return None
            text = file.read_text(encoding="utf-8")[:MAX_REQUIREMENTS]
            return criteria_table(make_scoring(settings, opened).criteria_of_text(text))
        except redis.RedisError as error:
            sys.exit(f"Redis: {trouble_with_redis(error)}")
        except FailedError as failed:
            sys.exit(failed.failure.value)
        except ValidationError:  # its text quotes what is kept
            sys.exit("the vacancy or what is kept of it cannot be read")


def _read(file: str) -> str:
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")


def _write(file: str, html: str) -> None:
    if file == "-":
        sys.stdout.buffer.write(html.encode())
        return
    path = Path(file)
    path.touch(mode=0o600)  # personal data
    path.write_text(html, encoding="utf-8")
