"""The loop: ask, learn, judge, ask on or stop."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel import plugins
from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Settings
from weaklabel.cli.review import LONGEST_TITLE
from weaklabel.cli.review_options import Folder, TokenFile, Url, connection, wake
from weaklabel.cli.training import named_classifier

if TYPE_CHECKING:
    from weaklabel import Journal, Loop, Round, SimulatedPeople
    from weaklabel.protocols import AnnotationBackend

KEPT = "run"  # the journal's setting for the options
FIXED = ("seed", "share")  # what the audit's order and the budget's bookkeeping rest on
PARTS = {"audit": "for the audit", "repair": "about labeling functions", "second": "second opinions"}
DEFAULTS = {"size": 20, "measure": "accuracy", "price": 1.0, "share": 0.25, "seed": 0, "id_column": "id", "blind": 0.0}


def _option(help_: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_, show_default=False, **more)


@command(
    "review",
    "weaklabel review run review/ --table spam.parquet --votes votes.parquet --target 0.95 --budget 400 --watch\n"
    "weaklabel review run trial/ --table spam.parquet --votes votes.parquet --oracle label --budget 200 --watch",
    group="review",
)
def run(
    folder: Folder,
    table: Annotated[Path | None, _option("The items.")] = None,
    votes: Annotated[
        Path | None, _option("Votes, as `apply` writes them; without, it learns from answers alone.")
    ] = None,
    size: Annotated[int | None, _option("Questions a batch; default 20.", "--size", "-n")] = None,
    target: Annotated[float | None, _option("Stop where the score is surely there.")] = None,
    measure: Annotated[str | None, _option("The score: accuracy (default), f1 or log_loss.")] = None,
    budget: Annotated[float | None, _option("What may be spent in all; never more is asked.")] = None,
    price: Annotated[float | None, _option("Of one answer, in the budget's unit; default 1.")] = None,
    worth: Annotated[
        float | None, _option("What 0.01 of the score is worth: stop where answers surely cost more.")
    ] = None,
    strategy: Annotated[
        str | None, _option(f"How to choose; default lf_aware: {', '.join(plugins.names('strategy'))}.")
    ] = None,
    share: Annotated[float | None, _option("Of each batch that goes to the audit; default 0.25.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until it stops, not one step.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two looks while people answer.")] = 30.0,
    oracle: Annotated[
        str | None, _option("Try it out: a column of the table answers in the place of people.", metavar="COLUMN")
    ] = None,
    oracle_accuracy: Annotated[
        list[float],
        typer.Option(help="How often each simulated person is right; may be repeated. One is always right."),
    ] = [],  # noqa: B006  Typer copies it
    files: Annotated[bool, typer.Option("--files", help="Tasks and answers as files, without a server.")] = False,
    title: Annotated[str | None, _option("The project's title, at the first step.")] = None,
    shown: Annotated[list[str], _option("A column that people see; may be repeated.", "--column", metavar="NAME")] = [],  # noqa: B006
    features: Annotated[
        list[str], _option("A column to learn from; may be repeated.", "--feature", metavar="NAME")
    ] = [],  # noqa: B006
    classes: Annotated[
        list[str], _option("A possible answer, without votes; may be repeated.", "--class", metavar="NAME")
    ] = [],  # noqa: B006
    blind: Annotated[float | None, _option("Share of the tasks shown without pre-label and votes; default 0.")] = None,
    classifier: Annotated[
        str | None, _option("A scikit-learn classifier; default logistic regression.", metavar="MODULE.CLASS")
    ] = None,
    parameters: Settings = [],  # noqa: B006
    embeddings: Annotated[str | None, _option("Sentence embeddings instead of TF-IDF.", metavar="MODEL")] = None,
    seed: Annotated[int | None, _option("Of the audit's order; stays as it was at the first step.")] = None,
    id_column: Annotated[str | None, _option("The table's column of unique ids; default id.", "--id")] = None,
    page: Annotated[Path | None, _option("Draw it here, too: an HTML page with charts.")] = None,
    url: Url = None,
    token_file: TokenFile = None,
) -> None:
    """Lead a review: take in answers, learn, judge, ask the next batch or stop. Options are remembered."""
    import weaklabel

    given = {
        "table": _absolute(table), "votes": _absolute(votes), "size": size, "target": target, "measure": measure,
        "budget": budget, "price": price, "worth": worth, "strategy": strategy, "share": share, "oracle": oracle,
        "oracle_accuracy": oracle_accuracy or None, "files": files or None, "shown": shown or None,
        "features": features or None, "classes": classes or None, "blind": blind, "classifier": classifier,
        "parameters": parameters or None, "embeddings": embeddings, "seed": seed, "id_column": id_column,
    }  # fmt: skip
    with weaklabel.Journal(folder) as journal:
        options = _remembered(journal, given)
        job = _job(options)
        place = {"title": title or f"weaklabel: {folder.resolve().name}"[:LONGEST_TITLE]}
        by_files = bool(options.get("files") or job.people)
        backend = weaklabel.LocalFile(folder) if by_files else connection(journal, place, url, token_file)
        with terminal.interruptible(f"everything is noted; go on with: weaklabel review run {folder}"):
            _lead(job, journal, backend, watch, every)
        _say_where(journal, backend, page)


@dataclass(frozen=True)
class _Job:
    """What the options come to."""

    loop: "Loop"
    people: "SimulatedPeople | None"


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


def _remembered(journal: "Journal", given: dict[str, Any]) -> dict[str, Any]:
    """What is given now over what was given before over the defaults."""
    before = journal.setting(KEPT, {})
    now = {name: value for name, value in given.items() if value is not None}
    for name in FIXED:
        if before and now.get(name, before[name]) != before[name]:
            raise typer.BadParameter(
                f"it was {before[name]} at the first step and stays so: use another folder", param_hint=f"--{name}"
            )
    options = {**DEFAULTS, **before, **now}
    if "table" not in options:
        raise typer.BadParameter("say where the items are", param_hint="--table")
    journal.remember(KEPT, options)
    return options


def _job(options: dict[str, Any]) -> _Job:
    import weaklabel

    oracle = options.get("oracle")
    rows = weaklabel.read_table(options["table"], options["id_column"], text=[oracle] if oracle else [])
    L = weaklabel.LabelMatrix.load(options["votes"]) if "votes" in options else None
    known = None
    if oracle:
        if oracle not in rows.columns:
            raise typer.BadParameter(f"the table has no column {oracle!r}", param_hint="--oracle")
        known = dict(zip(rows["id"], rows[oracle], strict=True))
        rows = rows.drop(oracle)  # neither learned from nor shown
    named = options.get("classes") or (sorted({one for one in known.values() if one is not None}) if known else None)
    embedder = options.get("embeddings")
    learner = weaklabel.Learner(
        rows,
        L,
        columns=options.get("features"),
        classifier=named_classifier(options.get("classifier"), options.get("parameters", ())),
        text_features=None if embedder is None else weaklabel.embeddings(embedder),
        classes=None if L is not None else named,
        seed=options["seed"],
    )
    people = None
    if known is not None:
        accuracies = tuple(options.get("oracle_accuracy") or (1.0,))
        people = weaklabel.SimulatedPeople(known, learner.classes, accuracies, options["seed"])
    return _Job(_loop(learner, options), people)


def _loop(learner: Any, options: dict[str, Any]) -> "Loop":
    import weaklabel

    limit = options.get("budget")
    return weaklabel.Loop(
        learner,
        options["size"],
        options.get("target"),
        options["measure"],
        None if limit is None else weaklabel.Budget(limit, options["price"]),
        options.get("worth"),
        options["share"],
        options.get("strategy"),
        seed=options["seed"],
        tasks={"columns": options.get("shown"), "blind": options["blind"]},
    )


def _lead(job: _Job, journal: "Journal", backend: "AnnotationBackend", watch: bool, every: float) -> None:
    import weaklabel

    answer = None
    if job.people is not None:
        terminal.note("SIMULATED: a column of the table answers, no person does")
        answer = partial(job.people.answer_file, journal, journal.folder)
    weaklabel.review_run(
        job.loop, journal, backend, every=every, tell=_tell, answer=answer, rounds=None if watch else 1
    )


def _tell(found: "Round") -> None:
    if found.state == "waiting":
        terminal.note(f"{terminal.counted(found.open, 'question')} open")
        return
    told = found.record
    marked = "SIMULATED " if told["simulated"] else ""
    terminal.note(f"round {found.number}: {told['answers']:,} {marked}answers, {told['audited']:,} of the audit")
    if told["verdict"] is not None:
        terminal.note(f"  {told['verdict']['said']}")
    for flag in told["flags"]:
        terminal.note(f"  people contradict {flag['lf']}: right in {flag['precision']:.0%}; {flag['action']} it")
    if told["batch"] is not None:
        named = {**PARTS, "chosen": f"by {told['strategy']}"}
        parts = [f"{n} {named[part]}" for part, n in told["batch"].items() if n]
        terminal.note(f"  asked {sum(told['batch'].values())}: {', '.join(parts)}")


def _say_where(journal: "Journal", backend: "AnnotationBackend", page: Path | None) -> None:
    import weaklabel
    from weaklabel.report.loop import loop_section

    if isinstance(backend, weaklabel.LabelStudio) and journal.ledger.open():
        wake(backend)
        terminal.note(f"answer at {backend.web_url}?labeling=1, then run it again, or with --watch")
    for name in ("beliefs.parquet", "labels.parquet", "training.parquet"):
        if (journal.folder / name).exists():
            terminal.saved(journal.folder / name)
    if page is not None:
        from weaklabel import report

        section = loop_section(journal.frame("rounds"))
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(report.page(section.title, [section]), encoding="utf-8")
        terminal.saved(page)
