"""`python -m worker explain|criteria|redact|forget ...`: what operators ask of what the workers keep, and would send.

python -m worker explain PROCESSING_ID        why a request got its score; --json: as it is kept
python -m worker explain ID --html FILE|-     the same as one page in Russian, to print or to send to a colleague
python -m worker explain ID --html FILE --resume RESUME   with the quotes marked in the resume (redacted first)
python -m worker criteria REQUIREMENTS_ID     what the resumes for a vacancy are measured by
python -m worker criteria FILE                the same for a vacancy's text; the model is asked where nobody has yet
python -m worker redact FILE|-                what would be sent of a resume (a text, or a request's JSON), and what not
python -m worker forget --resume-id ID        delete what is kept of a resume: quotes, decisions, cached answers
python -m worker forget --processing-id ID    the same for one request
"""

import argparse
import sys


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command and its options; `--help` and wrong arguments end the process here, before any setting is read."""
    parser = argparse.ArgumentParser(
        prog="python -m worker", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, dest="command")
    explain = commands.add_parser("explain", help="print the grades and quotes behind a score")
    explain.add_argument("processing_id", type=int)
    shape = explain.add_mutually_exclusive_group()
    shape.add_argument("--html", metavar="FILE|-", help="write one self-contained page, readable by you alone")
    shape.add_argument("--json", action="store_true", help="print what is kept")
    explain.add_argument("--resume", metavar="FILE|-", help="its text, to mark the quotes in; with --html")
    criteria = commands.add_parser("criteria", help="print what the resumes for a vacancy are measured by")
    criteria.add_argument("vacancy", metavar="REQUIREMENTS_ID|FILE")
    redact = commands.add_parser("redact", help="print what would be sent of a resume, with what was taken out marked")
    redact.add_argument(
        "file", metavar="FILE|-", help="a text, or the JSON of a request; needs neither Redis nor model"
    )
    forget = commands.add_parser("forget", help="delete what is kept of a resume or of a request")
    which = forget.add_mutually_exclusive_group(required=True)
    which.add_argument("--resume-id", type=int)
    which.add_argument("--processing-id", type=int)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run the command; its exit code."""
    parsed = parse(arguments)
    from worker import commands  # noqa: PLC0415 # it reads settings, and `--help` has to work without any

    return commands.run(parsed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
