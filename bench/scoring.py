"""How good is the scoring? `python -m bench.scoring --base-url URL --model NAME` asks any OpenAI-compatible endpoint.

It runs the labelled set, the attack set, the honest traps and the redaction set through the service's own prompts,
client, parsers, redaction and gates, and prints, with 95 % intervals: which criteria the model finds and whether it
finds them again, agreement with the labels by class and by length, accuracy per criterion, stability, what the gates
did with the quotes, attacks and injections, fairness, redaction, tokens and cost. Key, proxy, egress check and limits
of one call come from the service's settings (`.env`).

Without `--base-url` it starts the stand-in of `dev/`, which grades by text overlap: that measures the plumbing and says
nothing about any model.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from bench import redaction, scoring_tables
from bench.model_under_test import ModelUnderTest, Reading
from bench.redaction_set.layouts import documents, held_out_documents
from bench.redaction_set.lookalikes import LOOKALIKES
from bench.scoring_cases import attacks, by_length, denials, honest_traps, labelled, near_misses, planted
from bench.scoring_set import pairs, variants
from bench.scoring_set.build import criteria_of
from bench.scoring_tables import Prices
from dev.openai_standin.server import StandIn
from startup import load_settings
from worker.asking.egress import EgressCheck, UncheckedEgress
from worker.asking.route import Route
from worker.assessment.criteria import CRITERIA_VERSION, Criteria
from worker.assessment.prompt import PROMPT_VERSION
from worker.assessment.redaction import redact
from worker.assessment.rubric import RUBRIC_VERSION

MODEL_OF_STAND_IN = "stand-in"

console = Console(width=150)
Jobs = Sequence[tuple[Criteria, str, str]]  # criteria, vacancy, resume
Asked = TypeVar("Asked")


def main() -> None:
    """Parse the arguments, ask, print."""
    arguments = _arguments()
    with _endpoint(arguments) as (model, name):
        console.print(
            f"Asking [bold]{name}[/bold], prompt {PROMPT_VERSION}, criteria {CRITERIA_VERSION}, "
            f"rubric {RUBRIC_VERSION}, {arguments.repeats} repeats"
        )
        _evaluate(model, arguments)
    if arguments.base_url is None:
        console.print(_plumbing_only())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scoring", description="Evaluate the scoring.")
    parser.add_argument("--base-url", help="an OpenAI-compatible endpoint; without it the local stand-in is used")
    parser.add_argument("--model", help="default: the setting OPENAI_MODEL")
    parser.add_argument("--repeats", type=int, default=3, help="how often each labelled pair is scored")
    parser.add_argument("--limit", type=int, help="use only so many pairs, injections and fairness variants")
    parser.add_argument("--parallel", type=int, default=4, help="calls at once")
    parser.add_argument("--stand-in-obeys", action="store_true", help="the stand-in does what injections say")
    parser.add_argument("--price-prompt", type=float, default=0.40, help="USD for a million tokens")
    parser.add_argument("--price-cached", type=float, default=0.10, help="USD for a million tokens")
    parser.add_argument("--price-completion", type=float, default=1.60, help="USD for a million tokens")
    return parser.parse_args()


@contextmanager
def _endpoint(arguments: argparse.Namespace) -> Iterator[tuple[ModelUnderTest, str]]:
    if arguments.base_url is not None:
        settings = load_settings().model_copy(update={"openai_base_url": arguments.base_url})
        proxy = settings.openai_proxy.get_secret_value() if settings.openai_proxy else None
        route = Route(proxy=proxy, connections=arguments.parallel)
        egress = (
            EgressCheck(
                route.fetch,
                settings.trace_url,
                blocked=settings.egress_blocked_countries,
            )
            if settings.egress_check
            else UncheckedEgress()
        )
        name = arguments.model or settings.openai_model
        yield (
            ModelUnderTest(
                route,
                egress,
                key=settings.openai_key.get_secret_value(),
                base_url=settings.openai_base_url,
                model=name,
                timeout=settings.openai_timeout,
                max_output_tokens=settings.openai_max_output_tokens,
                output=settings.openai_output,
                threshold=settings.verdict_threshold,
            ),
            f"{name} at {arguments.base_url}",
        )
        route.close()
        return
    console.print(_plumbing_only())
    with StandIn(rpm=1e6, rpd=1e6, tpm=1e9, latency=0.0, obey_injections=arguments.stand_in_obeys) as stand_in:
        route = Route(proxy=None, connections=arguments.parallel)
        egress = EgressCheck(route.fetch, f"{stand_in.url}/cdn-cgi/trace", blocked=frozenset({"RU"}), interval=3600)
        yield (
            ModelUnderTest(
                route,
                egress,
                key="stand-in",
                base_url=f"{stand_in.url}/v1",
                model=MODEL_OF_STAND_IN,
                timeout=30,
                max_output_tokens=1_260,
                output="strict",
                threshold=60,
            ),
            "the local stand-in" + (", which obeys injections" if arguments.stand_in_obeys else ""),
        )
        route.close()


def _plumbing_only() -> str:
    return (
        "[bold yellow]The endpoint is the local stand-in, which grades by text overlap. These figures test the plumbing"
        " only;\nthey say nothing about any model. Real-model figures: not measured.[/bold yellow]"
    )


def _evaluate(model: ModelUnderTest, arguments: argparse.Namespace) -> None:
    limit, parallel = arguments.limit, arguments.parallel
    prices = Prices(arguments.price_prompt, arguments.price_cached, arguments.price_completion)

    def ask(what: str, jobs: Jobs) -> list[Reading]:
        with ThreadPoolExecutor(parallel) as pool:
            return _tracked(what, pool.map(lambda job: model.read(*job), jobs), len(jobs))

    vacancies = list(dict.fromkeys(pair.vacancy for pair in pairs()))[:limit]
    choices = []
    for number in range(arguments.repeats):
        with ThreadPoolExecutor(parallel) as pool:
            what = f"criteria, {number + 1} of {arguments.repeats}"
            choices.append(_tracked(what, pool.map(model.choose, vacancies), len(vacancies)))
    true = [criteria_of(vacancy) for vacancy in vacancies]
    console.print(scoring_tables.choice_table(true, choices[0], choices))

    cases = labelled()[:limit]
    jobs = [(case.criteria, case.vacancy, case.resume) for case in cases]
    repeats = [ask(f"labelled set, {number + 1} of {arguments.repeats}", jobs) for number in range(arguments.repeats)]
    more = [
        case
        for classed in (by_length(), denials(), near_misses(), honest_traps(), attacks())
        for case in classed[:limit]
    ]
    extra = ask("lengths, denials, near misses, traps, attacks", [(c.criteria, c.vacancy, c.resume) for c in more])
    console.print(scoring_tables.agreement_table([*cases, *more], [*repeats[0], *extra]))
    console.print(scoring_tables.kappa_line(cases, repeats[0]))
    console.print(scoring_tables.criteria_accuracy_table([*cases, *more], [*repeats[0], *extra]))
    console.print(scoring_tables.stability_table(repeats))
    console.print(scoring_tables.quotes_table([reading for run in repeats for reading in run]))

    by_id = {pair.id: pair for pair in pairs()}
    injected, changed = planted()[:limit], variants()[:limit]
    bases = {pair.id: pair for pair in [*(one.base for one in injected), *(by_id[one.base] for one in changed)]}
    untouched = [(criteria_of(pair.vacancy), pair.vacancy, pair.resume) for pair in bases.values()]
    plain = dict(zip(bases, ask("untouched resumes", untouched), strict=True))
    after = ask("injections", [(criteria_of(one.base.vacancy), one.base.vacancy, one.resume) for one in injected])
    console.print(scoring_tables.injections_table(injected, after, plain))
    console.print(scoring_tables.flags_line(pairs()))
    others = ask(
        "fairness",
        [(criteria_of(by_id[one.base].vacancy), by_id[one.base].vacancy, one.resume) for one in changed],
    )
    console.print(scoring_tables.fairness_table(changed, others, plain))
    console.print(_redaction_line())
    everything = [*(reading for run in repeats for reading in run), *extra, *plain.values(), *after, *others]
    console.print(scoring_tables.cost_table(everything, prices))


def _tracked(what: str, running: Iterator[Asked], count: int) -> list[Asked]:
    return list(track(running, what, total=count, console=console, transient=True))


def _redaction_line() -> str:
    """Recall of redaction and its false alarms; `python -m bench.redaction` has the classes."""
    lines = []
    for title, written in (("developed on", documents()), ("held out", held_out_documents())):
        secrets = sum(len(document.secrets) for document in written)
        missed = sum(len(redaction.missed(document, redact(document.text).text)) for document in written)
        lines.append(f"{title}: {secrets - missed} of {secrets} secrets found")
    touched = sum(redact(text).text != text for text in LOOKALIKES)
    return f"Redaction, {', '.join(lines)}; look-alikes redacted: {touched} of {len(LOOKALIKES)}\n"


if __name__ == "__main__":
    main()
