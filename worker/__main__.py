"""`python -m worker explain|criteria|forget ...`: what operators ask of what the workers keep.

python -m worker explain PROCESSING_ID        why a request got its score
python -m worker criteria REQUIREMENTS_ID     what the resumes for a vacancy are measured by
python -m worker criteria FILE                the same for a vacancy's text; the model is asked where nobody has yet
python -m worker forget --resume-id ID        delete what is kept of a resume: quotes, decisions, cached answers
python -m worker forget --processing-id ID    the same for one request
"""

import argparse
import sys


def main(arguments: list[str]) -> int:
    """Run the command; its exit code: 0 done, 1 nothing is kept."""
    parser = argparse.ArgumentParser(
        prog="python -m worker", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, dest="command")
    explain = commands.add_parser("explain", help="print the grades and quotes behind a score")
    explain.add_argument("processing_id", type=int)
    criteria = commands.add_parser("criteria", help="print what the resumes for a vacancy are measured by")
    criteria.add_argument("vacancy", metavar="REQUIREMENTS_ID|FILE")
    forget = commands.add_parser("forget", help="delete what is kept of a resume or of a request")
    which = forget.add_mutually_exclusive_group(required=True)
    which.add_argument("--resume-id", type=int)
    which.add_argument("--processing-id", type=int)
    parsed = parser.parse_args(arguments)
    from worker import app  # noqa: PLC0415 # it reads settings, and `--help` has to work without any

    if parsed.command == "explain":
        lines = app.explained(parsed.processing_id)
        if lines is None:
            lines = [f"{parsed.processing_id}: nothing is kept (not scored here, or longer ago than DECISION_TTL)"]
            print(*lines)  # noqa: T201
            return 1
    elif parsed.command == "criteria":
        lines = app.criteria_of(parsed.vacancy)
        if lines is None:
            print(f"{parsed.vacancy}: no criteria are kept, and no such file")  # noqa: T201
            return 1
    else:
        lines = [app.forgotten(resume_id=parsed.resume_id, processing_id=parsed.processing_id)]
    print("\n".join(lines))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
