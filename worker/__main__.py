"""`python -m worker explain PROCESSING_ID`: why a request got its score, as a readable table."""

import argparse
import sys
from typing import Any

import redis

from config import load_settings
from worker.app import connect
from worker.leases import Leases
from worker.outcome_store import OutcomeStore


def main(arguments: list[str]) -> int:
    """Run the command; its exit code: 0 explained, 1 not kept."""
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    commands = parser.add_subparsers(required=True)
    explain = commands.add_parser("explain", help="print the grades and quotes behind a score")
    explain.add_argument("processing_id", type=int)
    processing_id = parser.parse_args(arguments).processing_id
    settings = load_settings()
    store = connect(settings)
    try:
        explanation = OutcomeStore(store, Leases(store, 1), explanation_ttl=0).explanation(processing_id)
    except redis.RedisError as error:
        sys.exit(f"Redis: {error}")
    if explanation is None:
        print(f"{processing_id}: nothing is kept (not scored here, or longer ago than EXPLANATION_TTL)")  # noqa: T201
        return 1
    print("\n".join(table(processing_id, explanation)))  # noqa: T201
    return 0


def table(processing_id: int, explanation: dict[str, Any]) -> list[str]:
    """The lines that explain a score: what was asked, what was found, what it earned, and the sum."""
    grades = explanation["grades"]
    points = sum(grade["points"] for grade in grades)
    lines = [f"processing_id {processing_id}: {explanation['score']} of 100, {explanation['verdict']}", ""]
    for number, grade in enumerate(grades, start=1):
        proof = f"«{grade['quote']}»" if grade["quote"] else "no quote"
        if grade["quote"] and not grade["verified"]:
            proof += "  (not in the resume: earns nothing)"
        lines += [
            f"{number}. {grade['requirement']}",
            f"   {grade['level']}, {grade['points']} of 2 points: {proof}",
        ]
    lines += ["", f"sum: 100 * {points} // (2 * {len(grades)}) = {100 * points // (2 * len(grades))}"]
    if explanation["cap"]:
        lines.append(f"cap: {explanation['cap']}")
    lines.append(f"verdict: «Подходит» from {explanation['threshold']}")
    if explanation["suspicions"]:
        lines.append(f"the resume addresses the reviewer: {', '.join(explanation['suspicions'])}")
    source = "answer from the cache" if explanation.get("cached") else "answered by the model"
    lines.append(
        f"{source}: {explanation['model']}, prompt {explanation['prompt_version']}, "
        f"rubric {explanation['rubric_version']}"
    )
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
