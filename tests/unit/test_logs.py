"""The log: one line a record, the processing id on each, nothing lost."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config import Settings
from logs import configure_logging, log_about

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def configure(tmp_path):
    """Configures logging into a file of the test's, and undoes it; returns how to read its lines."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    file = tmp_path / "logs" / "auth_service.log"

    def start(**settings):
        handler = configure_logging(**Settings(openai_key="sk-test", **{"log_file": file, **settings}).logging)

        def lines():
            handler.flush()
            return file.read_text().splitlines()

        return lines

    yield start
    for handler in root.handlers[:]:
        if handler not in before[0]:
            handler.close()
    root.handlers[:], root.level = before


def fail():
    try:
        int("first\nsecond")
    except ValueError:
        logging.getLogger("some").exception("went\r\nwrong")


def test_a_text_line(configure):
    """A line has its time in UTC, level, logger and message, and goes to the platform's file as well as stdout."""
    lines = configure()
    logging.getLogger("bridge").info("привет")
    (line,) = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO bridge привет", line)


def test_stdout_gets_the_same(configure, capsys):
    """`docker logs` shows what the file has."""
    lines = configure()
    logging.getLogger("bridge").info("once")
    written = lines()
    assert capsys.readouterr().out.splitlines() == written


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_traceback_is_one_line(configure, log_format):
    """A record is one line, tracebacks and line breaks in messages included: collectors split at line ends."""
    lines = configure(log_format=log_format)
    fail()
    (line,) = lines()
    assert "ValueError" in line
    assert "second" in line
    assert "wrong" in line


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_lines_about_a_request_carry_its_id(configure, log_format):
    """Everything that is logged while a request is worked on can be found by its processing id."""
    lines = configure(log_format=log_format)
    with log_about(1):
        logging.getLogger("a").info("inside")
        with log_about(2):
            logging.getLogger("b").info("deeper")
        logging.getLogger("c").info("named", extra={"processing_id": 3})
    logging.getLogger("d").info("outside")
    if log_format == "text":
        assert [re.findall(r"processing_id=(\d+)", line) for line in lines()] == [["1"], ["2"], ["3"], []]
    else:
        assert [json.loads(line)["processing_id"] for line in lines()] == [1, 2, 3, None]


def test_a_json_line(configure):
    """The JSON format has the same parts under plain names, in readable UTF-8."""
    lines = configure(log_format="json")
    logging.getLogger("bridge").warning("привет")
    (line,) = lines()
    record = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("time"))
    assert record == {"level": "WARNING", "logger": "bridge", "processing_id": None, "message": "привет"}
    assert "привет" in line


def test_the_level(configure):
    """Nothing below the set level is logged."""
    lines = configure(log_level="WARNING")
    logging.getLogger("bridge").info("quiet")
    logging.getLogger("bridge").warning("loud")
    assert len(lines()) == 1


@pytest.mark.parametrize("name", ["openai", "openai._base_client", "httpx2", "httpcore2.http11"])
def test_clients_never_log_requests(configure, name):
    """Even at DEBUG the HTTP clients' lines, which carry resumes, are not logged."""
    lines = configure(log_level="DEBUG")
    logging.getLogger(name).debug("Request options: {'json_data': 'a resume'}")
    logging.getLogger(name).info("HTTP Request")
    logging.getLogger("ours").debug("shown")
    assert len(lines()) == 1


def test_no_file(configure, tmp_path):
    """`LOG_FILE=none` writes no file."""
    configure(log_file=None)
    logging.getLogger("bridge").info("only to stdout")
    logging.getLogger().handlers[-1].flush()
    assert list(tmp_path.iterdir()) == []


WRITER = """
import logging, sys
from pathlib import Path
from config import Settings
from logs import configure_logging
configure_logging(**Settings(openai_key="sk", log_file=Path(sys.argv[1])).logging)
handler = next(h for h in logging.getLogger().handlers[-1].targets if hasattr(h, "backupCount"))
handler.clh.maxBytes = 2_000  # rotates again and again, as it does at midnight
handler.backupCount = 100
for number in range(60):
    logging.getLogger("w").info("%s-%d %s", sys.argv[2], number, "x" * 100)
    if number % 3 == 0:
        logging.getLogger().handlers[-1].flush()
"""


def test_several_processes_rotate_one_file_without_losing_a_line(tmp_path):
    """Bridge and workers on one host write one file; rotation loses and cuts none of their lines."""
    file = tmp_path / "auth_service.log"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), name], cwd=CHECKOUT, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for name in "abc"
    ]  # fmt: skip
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert (writer.returncode, errors) == (0, b"")
    files = [path for path in tmp_path.iterdir() if path.name.startswith("auth_service.log")]
    assert len(files) > 3, "it did not rotate"
    lines = [line for path in files for line in path.read_text().splitlines()]
    written = [re.fullmatch(r".* INFO w ([abc]-\d+) x{100}", line) for line in lines]
    assert all(written), "a line was cut"
    assert sorted(match[1] for match in written) == sorted(f"{name}-{n}" for name in "abc" for n in range(60))


ENDS = """
import logging, os, sys
from pathlib import Path
from config import Settings
from logs import configure_logging
configure_logging(**Settings(openai_key="sk", log_file=Path(sys.argv[1])).logging)
for number in range(1_000):
    logging.getLogger("w").info("%d", number)
if sys.argv[2] == "fork":
    if os.fork() == 0:
        logging.getLogger("w").info("child")
        sys.exit()
    os.wait()
elif sys.argv[2] == "error":
    raise SystemExit(1)
"""


@pytest.mark.parametrize("end", ["return", "error", "fork"])
def test_a_process_that_ends_has_written_everything_in_order(tmp_path, end):
    """The last lines, which tell why a process ended, are there; a forked child writes its own, and once."""
    file = tmp_path / "auth_service.log"
    subprocess.run(
        [sys.executable, "-c", ENDS, str(file), end], cwd=CHECKOUT, capture_output=True, timeout=60, check=False
    )
    lines = [line.rpartition(" ")[2] for line in file.read_text().splitlines()]
    assert [line for line in lines if line != "child"] == [str(number) for number in range(1_000)]
    assert lines.count("child") == (end == "fork")


def test_a_line_that_cannot_be_written_stops_nobody(configure, capsys):
    """A full disk or a wrong argument of a log call is told on stderr; the next line is written."""
    lines = configure()
    handler = logging.getLogger().handlers[-1]
    write = handler.targets[-1].emit
    handler.targets[-1].emit = lambda _: 1 / 0
    logging.getLogger("bridge").info("lost")
    handler.flush()
    handler.targets[-1].emit = write
    logging.getLogger("bridge").info("written")
    assert len(lines()) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_wrong_log_call_stops_nobody(configure, capsys):
    """A library's log call whose arguments do not fit is told on stderr and does not fail the request."""
    lines = configure()
    logging.getLogger("bridge").warning("%d requests", "no number")
    logging.getLogger("bridge").info("written")
    assert len(lines()) == 1
    assert "no number" in capsys.readouterr().err
