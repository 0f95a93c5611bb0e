"""The operators' commands, as `worker/__main__.py` has read them: explain, criteria, redact, forget."""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

import redis
from pydantic import ValidationError

from contract import MAX_REQUIREMENTS, MAX_RESUME, processed_mark
from servers.redis_trouble import short as trouble_with_redis
from startup import load_settings
from worker.app import asked_model, connect, make_scoring
from worker.asking.questions import grades_digest
from worker.asking.result_cache import ResultCache
from worker.assessment.criteria import Criteria
from worker.assessment.resume import read_resume
from worker.errors import FailedError
from worker.explaining import kept
from worker.explaining.decision_page import page
from worker.explaining.explanation import Explanation, FailedExplanation, criteria_table, failure_table, table
from worker.explaining.taken_out import resume_in, taken_out
from worker.leases import Leases

ENDED_BY_THE_BRIDGE = (
    "answered, and nothing is kept: the bridge ended it (past REQUEST_DEADLINE, given up, or a dead letter: its "
    "log says which), or DECISION_TTL is over"
)
NOTHING_KEPT = "nothing is kept (not scored here, or longer ago than DECISION_TTL)"


def run(parsed: argparse.Namespace) -> int:
    """Run the command; its exit code: 0 done, 1 nothing is kept."""
    commands = {"explain": _explain, "criteria": _criteria, "redact": _redact, "forget": _forget}
    try:
        return commands[parsed.command](parsed)
    except redis.RedisError as error:
        sys.exit(f"Redis: {trouble_with_redis(error)}")


def explanation_of(processing_id: int) -> Explanation | FailedExplanation | str:
    """What is kept of a score or a failure, or why there is nothing."""
    with connect(load_settings()) as store:
        found = kept.read(store, processing_id)
        return found or (ENDED_BY_THE_BRIDGE if store.exists(processed_mark(processing_id)) else NOTHING_KEPT)


def _explain(parsed: argparse.Namespace) -> int:
    number, explanation = parsed.processing_id, explanation_of(parsed.processing_id)
    if isinstance(explanation, str):
        return _print(f"{number}: {explanation}", code=1)
    if parsed.html is not None and isinstance(explanation, Explanation):
        _write(parsed.html, _page(number, explanation, parsed.resume))
        return 0
    if parsed.json:
        return _print(explanation.model_dump_json(indent=2, exclude_none=True))
    if isinstance(explanation, FailedExplanation):
        return _print(*failure_table(number, explanation))
    return _print(*table(number, explanation))


def _page(processing_id: int, explanation: Explanation, file: str | None) -> str:
    """An explanation as a page; the resume of a file is shown as it would be sent."""
    if file is None:
        return page(processing_id, explanation)
    sent = read_resume(_read(file)[:MAX_RESUME], redaction=explanation.redaction_version is not None).sent
    model = asked_model(explanation.provider or "", explanation.model)
    versions = (explanation.prompt_version, explanation.rubric_version, explanation.criteria_digest)
    is_same = grades_digest(model, *versions, sent) == explanation.question
    return page(processing_id, explanation, sent, is_same=is_same)


def _criteria(parsed: argparse.Namespace) -> int:
    """Of an id what is kept, of a file what the model says where nobody has asked yet."""
    settings, file = load_settings(), Path(parsed.vacancy)
    criteria = None
    with ExitStack() as opened:
        try:
            if file.exists():
                text = file.read_text(encoding="utf-8")[:MAX_REQUIREMENTS]
                criteria = make_scoring(settings, opened).criteria_of_text(text)
            elif parsed.vacancy.isdecimal():
                store = opened.enter_context(connect(settings))
                body = ResultCache(store, Leases(store, settings.lease_seconds)).criteria_of(int(parsed.vacancy))
                criteria = None if body is None else Criteria.model_validate_json(body)
        except FailedError as failed:
            sys.exit(failed.failure.value)
        except ValidationError:  # its text quotes what is kept
            sys.exit("the vacancy or what is kept of it cannot be read")
    if criteria is None:
        return _print(f"{parsed.vacancy}: no criteria are kept, and no such file", code=1)
    return _print(*criteria_table(criteria))


def _redact(parsed: argparse.Namespace) -> int:
    return _print(*taken_out(resume_in(_read(parsed.file))[:MAX_RESUME]))


def _forget(parsed: argparse.Namespace) -> int:
    with connect(load_settings()) as store:
        if parsed.resume_id is not None:
            count = kept.forget_resume(store, parsed.resume_id)
        else:
            count = kept.forget_request(store, parsed.processing_id)
    kept_still = "what is still to be published stays until it is; Kafka keeps what its topics keep"
    return _print(f"deleted: {count} ({kept_still})")


def _print(*lines: str, code: int = 0) -> int:
    print("\n".join(lines))  # noqa: T201
    return code


def _read(file: str) -> str:
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")


def _write(file: str, html: str) -> None:
    if file == "-":
        sys.stdout.buffer.write(html.encode())
        return
    path = Path(file)
    path.touch(mode=0o600)  # personal data
    path.write_text(html, encoding="utf-8")
