"""The options of `review run`: remembered from step to step, changed by giving them again, and what they come to."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from weaklabel.cli.training import named_classifier

if TYPE_CHECKING:
    import polars as pl

    from weaklabel import Journal, Learner, Loop, SimulatedPeople

KEPT = "run"  # the journal's setting for the options
FIXED = ("seed", "share")  # what the audit's order and the budget's bookkeeping rest on
DEFAULTS = {"size": 20, "measure": "accuracy", "price": 1.0, "share": 0.25, "seed": 0, "id_column": "id", "blind": 0.0}
TYPED = {"shown": "column", "features": "feature", "classes": "class", "parameters": "set", "id_column": "id"}
FILES = {"table": "where the items are", "votes": "where the votes are"}


@dataclass(frozen=True)
class Job:
    """What the options come to.

    Attributes
    ----------
    loop
        How the review is led.
    people
        Who stand in for people; None where people answer.
    """

    loop: "Loop"
    people: "SimulatedPeople | None"


def absolute(path: Path | None) -> str | None:
    """A path that still holds when the next step is made from another folder."""
    return None if path is None else str(path.resolve())


def merged(before: Mapping[str, Any], given: Mapping[str, Any], forgotten: Iterable[str]) -> dict[str, Any]:
    """What is given now over what was given before, but for what is forgotten, over the defaults.

    Raises
    ------
    typer.BadParameter
        There is no table, or an option is changed or forgotten that cannot be.
    """
    now = {name: value for name, value in given.items() if value is not None}
    for name in FIXED:
        if before and now.get(name, before[name]) != before[name]:
            raise typer.BadParameter(
                f"it was {before[name]} at the first step and stays so: use another folder", param_hint=f"--{name}"
            )
    gone = _forgettable(before, forgotten)
    kept = {name: value for name, value in before.items() if name not in gone}
    if "classifier" in now:
        kept.pop("parameters", None)  # they were another one's
    options = {**DEFAULTS, **kept, **now}
    if "table" not in options:
        raise typer.BadParameter("say where the items are", param_hint="--table")
    _check_files(options, now)
    return options


def _forgettable(before: Mapping[str, Any], forgotten: Iterable[str]) -> set[str]:
    typed = {TYPED.get(name, name).replace("_", "-"): name for name in before}
    names = {name.removeprefix("--") for name in forgotten}
    fixed = {*FIXED, "table"}
    if odd := sorted(names - {shown for shown, name in typed.items() if name not in fixed}):
        known = ", ".join(sorted(shown for shown, name in typed.items() if name not in {*fixed, *DEFAULTS}))
        raise typer.BadParameter(f"{odd[0]} cannot be; there are: {known or 'none'}", param_hint="--forget")
    return {typed[name] for name in names}


def _check_files(options: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """A remembered file that was moved is asked for by its option, since nobody typed its path."""
    for name, what in FILES.items():
        if name in options and name not in now and not Path(options[name]).is_file():
            raise typer.BadParameter(
                f"{options[name]} is gone, which an earlier step was given: say {what} now", param_hint=f"--{name}"
            )


def job(options: Mapping[str, Any]) -> Job:
    """Read the pool, and make of the options what leads the loop."""
    import weaklabel

    oracle = options.get("oracle")
    rows = weaklabel.read_table(options["table"], options["id_column"], text=[oracle] if oracle else [])
    known = None if oracle is None else _known(rows, oracle)
    learner = _learner(rows if oracle is None else rows.drop(oracle), known, options)  # not to be learned from or shown
    people = None
    if known is not None:
        accuracies = tuple(options.get("oracle_accuracy") or (1.0,))
        people = weaklabel.SimulatedPeople(known, learner.classes, accuracies, options["seed"])
    return Job(_loop(learner, options), people)


def _known(rows: "pl.DataFrame", column: str) -> dict[str, str | None]:
    if column not in rows.columns:
        raise typer.BadParameter(f"the table has no column {column!r}", param_hint="--oracle")
    if rows[column].dtype.is_nested() or rows[column].dtype.is_float():
        raise typer.BadParameter(
            f"column {column!r} holds {rows[column].dtype}, and classes are names or whole numbers",
            param_hint="--oracle",
        )
    return dict(zip(rows["id"], rows[column].cast(str), strict=True))


def _learner(rows: "pl.DataFrame", known: Mapping[str, str | None] | None, options: Mapping[str, Any]) -> "Learner":
    import weaklabel

    L = weaklabel.LabelMatrix.load(options["votes"]) if "votes" in options else None
    named = options.get("classes") or (sorted({one for one in known.values() if one is not None}) if known else None)
    if L is None and named is None:
        raise typer.BadParameter(
            "nothing says what the classes are: name each, or give --votes, which know them", param_hint="--class"
        )
    embedder = options.get("embeddings")
    return weaklabel.Learner(
        rows,
        L,
        columns=options.get("features"),
        classifier=named_classifier(options.get("classifier"), options.get("parameters", ())),
        text_features=None if embedder is None else weaklabel.embeddings(embedder),
        classes=options.get("classes") if L is not None else named,
        seed=options["seed"],
    )


def _loop(learner: "Learner", options: Mapping[str, Any]) -> "Loop":
    import weaklabel

    limit, worth, price = options.get("budget"), options.get("worth"), options["price"]
    if limit is None and worth is not None:
        worth /= price  # without a budget the loop counts in answers
    return weaklabel.Loop(
        learner,
        options["size"],
        options.get("target"),
        options["measure"],
        None if limit is None else weaklabel.Budget(limit, price),
        worth,
        options["share"],
        options.get("strategy"),
        seed=options["seed"],
        tasks={"columns": options.get("shown"), "blind": options["blind"]},
    )


def prepared(journal: "Journal", options: Mapping[str, Any]) -> Callable[[], Job]:
    """The job, once it is needed; at once where something changed, so that only what works is remembered."""
    from functools import cache

    from weaklabel.review.simulated import keep_apart

    ready = cache(lambda: job(options))
    simulated = options.get("oracle") is not None
    if simulated or options != journal.setting(KEPT):
        ready()
        keep_apart(journal, simulated=simulated)
        journal.remember(KEPT, dict(options))
    return ready


@contextmanager
def kept_if_askable(journal: "Journal", before: Mapping[str, Any]) -> Iterator[None]:
    """Take options back that make another question of it than was asked before, as other columns do."""
    from weaklabel.errors import AnswerError

    try:
        yield
    except AnswerError:
        journal.remember(KEPT, dict(before))
        raise
