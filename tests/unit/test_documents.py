"""What the documentation names is there: links, files, commands, settings, metrics."""

import functools
import importlib.util
import inspect
import itertools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from celery.bin.celery import celery
from celery.worker.control import Panel

from bridge import __main__ as bridge_command
from contract import Notification, ScoringRequest
from dev.metrics_table import declared
from dev.settings_table import variables
from worker import __main__ as worker_command

CHECKOUT = Path(__file__).parents[2]
PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md"), *CHECKOUT.glob("bench/**/*.md")])
NAMES = [str(page.relative_to(CHECKOUT)) for page in PAGES]

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```[^\n]*\n(.*?)^```|`((?:[^`\n]|\n(?!\n))+)`", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?<![\w/.*{-])((?:[\w.-]+/)*[\w.-]+\.(?:py|md|lua|toml|yml|yaml|sh|txt)|(?:[\w.-]+/)+)(?![\w/*{])")
MAKE = re.compile(r"\bmake ([a-z]+)\b")
MODULE = re.compile(r"python -m ([a-z_][\w.]*)((?: +[\w./:=-]+)*)")
COMMAND = re.compile(
    r"(?:^|(?<=[ |]))(?:python -m (?:bridge|worker)|celery -A worker|docker[ -]compose)(?![\w.])[^|;&]*"
)
CONSTANT = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
FUNCTION = re.compile(r"([\w/]+\.(?:py|lua)):(\w+)")
METRIC = re.compile(r"\bai_handler_[a-z_]+\b")

# Names in capitals that compose, the demo and the tests read, or that stand for what the reader puts there.
OTHER_VARIABLES = {
    "CERTIFICATES",
    "ITS_GROUP",
    "COMPOSE_PROFILES",
    "KEY_FILE",
    "DEMO_KAFKA",
    "ENV_FILE",
    "TEST_KAFKA_BOOTSTRAP_SERVERS",
    "PLATFORM_NETWORK",
    "SECRETS",
    "SECRETS_DIR",
    "TEST_REDIS_URL",
    # OpenTelemetry's own
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_SDK_DISABLED",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
}
# Parts of URLs, and other people's programs.
NOT_OURS = {"cdn-cgi/", "kafka-consumer-groups.sh", "kafka-topics.sh"}


@pytest.fixture(params=PAGES, ids=NAMES)
def page(request):
    """A page of the documentation."""
    return request.param


def code_of(page):
    """What stands in code blocks and between backticks."""
    return [block.replace("\\\n", "") or " ".join(span.split()) for block, span in CODE.findall(page.read_text())]


def anchors(page):
    """The headings of a page as GitHub links to them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere(page):
    """No relative link is broken, and none leads to a heading that is gone."""
    for link in LINK.findall(page.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_named_files_exist(page):
    """Whoever looks for a file that a page names finds it, from the checkout's root."""
    named = {name for code in code_of(page) for name in FILE.findall(code)} - NOT_OURS
    assert {name for name in named if not (CHECKOUT / name).exists() and not ignored(name)} == set()


def test_named_functions_exist(page):
    """Whoever looks where a page says that something is decided finds it there."""
    for file, name in itertools.chain.from_iterable(map(FUNCTION.findall, code_of(page))):
        is_made = re.compile(rf"(?:def|class|function) {name}\b|^{name}\b.*=", re.MULTILINE)
        assert is_made.search((CHECKOUT / file).read_text()), f"{file}:{name}"


@functools.cache
def ignored(name):
    """Made at run time, so not in the repository: it is on git's list of such files."""
    ignores = (CHECKOUT / ".gitignore").read_text().splitlines()
    return any(name.strip("/").startswith(line.strip("/")) for line in ignores if line.strip())


def test_named_targets_of_make_exist(page):
    """`make ...` in a page is a target of the Makefile."""
    targets = re.search(r"^\.PHONY: (.*)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)[1].split()
    assert {target for code in code_of(page) for target in MAKE.findall(code)} <= set(targets)


def test_named_settings_exist(page):
    """A setting or a failure that was renamed is renamed in the documentation too."""
    named = {name for code in code_of(page) for name in CONSTANT.findall(code)}
    assert named - set(variables()) - OTHER_VARIABLES - constants_of_the_service() == set()


@functools.cache
def constants_of_the_service():
    """All that is spelt in capitals in its code: failures, options' values."""
    files = [
        *CHECKOUT.glob("config/*.py"),
        *CHECKOUT.glob("contract/*.py"),
        *CHECKOUT.glob("bridge/*.py"),
        *CHECKOUT.glob("worker/**/*.py"),
    ]
    return {name for file in files for name in CONSTANT.findall(file.read_text())}


def test_named_metrics_exist(page):
    """A page speaks of no metric that nobody serves."""
    served = {name for metrics in declared().values() for each in metrics for name in (each.name, *each.series)}
    assert {name for code in code_of(page) for name in METRIC.findall(code)} - served == set()


def commands():
    """(module, its subcommand or "", its options) of every `python -m ...` in the documentation."""
    found = {}
    for module, arguments in MODULE.findall("\n".join(itertools.chain.from_iterable(map(code_of, PAGES)))):
        words = arguments.split()
        subcommand = words[0] if words and module in ("bridge", "worker") and words[0].isalpha() else ""
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        found.setdefault((module, subcommand), set()).update(options)
    return [(module, subcommand, sorted(options)) for (module, subcommand), options in sorted(found.items())]


OURS = ("bench", "bridge", "dev", "tests", "worker")


@pytest.mark.parametrize(("module", "subcommand", "options"), [each for each in commands() if each[0] != "pytest"])
def test_named_commands_run(module, subcommand, options):
    """`python -m ...` in a page is a program, with that subcommand and those options."""
    assert importlib.util.find_spec(module), module
    if module.split(".")[0] in OURS and (subcommand or options):
        environment = {**os.environ, "OPENAI_KEY": "sk-fake", "LOG_FILE": "none", "ENV_FILE": os.devnull}
        command = [sys.executable, "-m", module, *filter(None, [subcommand]), "--help"]
        shown = subprocess.run(
            command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert shown.returncode == 0, shown.stderr
        assert [option for option in options if option not in shown.stdout] == []


def typed(*pages):
    """The words of every command that one can copy from these pages: ours, Celery's and compose's."""
    lines = itertools.chain.from_iterable(code.splitlines() for page in pages for code in code_of(page))
    found = {command.strip() for line in lines for command in COMMAND.findall(line.partition(" # ")[0])}
    return [shlex.split(command) for command in sorted(found)]


def ids_of(commands):
    return [" ".join(words) for words in commands]


TYPED = typed(*(page for page in PAGES if page.name != "CHANGELOG.md"))  # which only mentions them
OURS_TYPED = [words for words in TYPED if words[0] == "python"]
CELERY_TYPED = [words[3:] for words in TYPED if words[0] == "celery"]
COMPOSE_TYPED = [words for words in TYPED if words[0].startswith("docker")]


@pytest.mark.parametrize("words", OURS_TYPED, ids=ids_of(OURS_TYPED))
def test_our_commands_take_what_the_pages_give_them(words):
    """Subcommand, options, and the values of each: what one copies from a page is no wrong usage."""
    parse = {"bridge": bridge_command.parse, "worker": worker_command.parse}[words[2]]
    if words[2] == "worker" and len(words) < 5:  # a mention; no command of it goes without an argument
        assert words[3:] == [] or words[3] in ("explain", "criteria", "forget")
    else:
        parse(words[3:])


@pytest.mark.parametrize("words", CELERY_TYPED, ids=ids_of(CELERY_TYPED))
def test_celery_takes_what_the_pages_give_it(words, monkeypatch):
    """The program has those options; `inspect` and `control` know the command, and it takes those arguments."""
    monkeypatch.setenv("OPENAI_KEY", "sk-fake")
    importlib.import_module("worker.app")  # registers our own
    program, *arguments = words
    assert program in celery.commands
    if program in ("inspect", "control"):
        name, *values = arguments
        assert Panel.meta[name].type == program
        assert len(values) <= len(Panel.meta[name].args or ())
        given = {
            argument: kind(value) for (argument, kind), value in zip(Panel.meta[name].args or (), values, strict=False)
        }
        inspect.signature(Panel.data[name]).bind(None, **given)
    else:
        known = {option for each in celery.commands[program].params for option in each.opts} | {"--address"}  # Flower's
        assert {word.partition("=")[0] for word in arguments if word.startswith("-")} <= known


@pytest.mark.parametrize("words", COMPOSE_TYPED, ids=ids_of(COMPOSE_TYPED))
def test_compose_knows_what_the_pages_name(words):
    """Services and profiles of a copied command are in the compose files."""
    files = [yaml.safe_load(file.read_text()) for file in CHECKOUT.glob("docker-compose*.yml")]
    services = set().union(*(file["services"] for file in files))
    profiles = {name for file in files for each in file["services"].values() for name in each.get("profiles", ())}
    line = " ".join(words)
    assert set(re.findall(r"--scale (\w+)=\d+", line)) <= services
    assert set(re.findall(r"--profile (\S+)", line)) <= profiles
    verb = next(
        word for word in words if word in ("up", "exec", "run", "ps", "logs", "build", "config", "down", "pull")
    )
    rest = [word for word in words[words.index(verb) + 1 :] if not word.startswith("-") and "=" not in word]
    if verb in ("exec", "run", "ps", "logs"):
        assert set(rest[:1] if verb in ("exec", "run") else rest) <= services


def test_the_commands_of_the_runbook_are_found():
    """The three tests above look at them, those that are broken over two lines too."""
    found = ids_of(typed(CHECKOUT / "docs" / "runbook.md"))
    for command in (
        "celery -A worker control set_limits 500 10000 200000",
        "celery -A worker inspect limits",
        "docker compose up -d --scale worker=3",
        "python -m bridge replay --reason not_json",
    ):
        assert command in found


def test_the_readme_shows_the_contracts_fields():
    """Whoever writes a client from the README uses the names of the contract."""
    readme = (CHECKOUT / "README.md").read_text()
    for field in (*ScoringRequest.model_fields, *Notification.model_fields):
        assert f'"{field}"' in readme, field


def test_the_readme_is_short():
    """A newcomer reads it to the end; what is longer belongs under docs/."""
    assert len((CHECKOUT / "README.md").read_text().splitlines()) <= 150
