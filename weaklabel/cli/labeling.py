"""Build training sets: votes, beliefs, a training set, an end model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel import plugins
from weaklabel.cli import options, terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Columns, IdColumn, Out, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from weaklabel import LabelMatrix, Posterior

Votes = Annotated[Path, typer.Argument(help="Votes, as `apply` writes them.")]
Beliefs = Annotated[Path, typer.Argument(help="Probabilities, as `denoise` or `fold` writes them.")]
TableFile = Annotated[Path, typer.Argument(help="The items: CSV, TSV, JSON, JSONL or Parquet.")]
Gold = Annotated[
    Path | None, typer.Option("--gold", help="A table with known classes, to score against.", show_default=False)
]
TableOut = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write it here, too: .csv, .jsonl or .parquet.", show_default=False)
]
GoldColumn = Annotated[str, typer.Option("--gold-column", help="Its column of known classes.")]


@command("labeling", "weaklabel apply sms_spam spam.parquet --out votes.parquet")
def apply(
    heuristics: Annotated[str, typer.Argument(help="A Python file of labeling functions, or a shipped one's name.")],
    table: TableFile,
    out: Out = Path("votes.parquet"),
    id_column: IdColumn = "id",
    classes: Annotated[
        str, typer.Option(help="Class names with commas between; by default CLASSES in the file.", show_default=False)
    ] = "",
    n_jobs: Annotated[int, typer.Option("--n-jobs", "-j", help="Processes; -1 uses every core.")] = 1,
) -> None:
    """Let labeling functions vote on the items of a table."""
    import weaklabel
    from weaklabel.errors import LabelingFunctionError

    found = weaklabel.load_lfs(heuristics)
    names = tuple(classes.split(",")) if classes else found.classes
    if not names:
        raise LabelingFunctionError(f"{heuristics} sets no CLASSES: add CLASSES = (...) to it, or give --classes a,b")
    L = weaklabel.apply(found.lfs, weaklabel.read_table(table, id_column), names, n_jobs=n_jobs)
    L.save(out)
    _say_votes(L)
    terminal.saved(out)


@command("labeling", "weaklabel summary votes.parquet --gold spam.parquet")
def summary(
    votes: Votes,
    gold: Gold = None,
    gold_column: GoldColumn = "label",
    id_column: IdColumn = "id",
    out: TableOut = None,
) -> None:
    """What each labeling function does: coverage, overlap, conflict, polarity, accuracy where gold is given."""
    import weaklabel
    from weaklabel.report import Table
    from weaklabel.tables import write_frame

    L = weaklabel.LabelMatrix.load(votes)
    frame = weaklabel.summary(L, known_classes(L, gold, gold_column, id_column))
    terminal.table(Table(f"{len(L.lf_names)} labeling functions on {len(L.votes):,} items:", frame))
    if out is not None:
        write_frame(frame, out)
        terminal.saved(out)


@command(
    "labeling",
    "weaklabel denoise votes.parquet --gold some_known.csv\n"
    "weaklabel denoise votes.parquet --model snorkel --set n_epochs=500 --set class_balance=[0.87,0.13]",
)
def denoise(
    votes: Votes,
    out: Out = Path("posterior.parquet"),
    model: Annotated[str, typer.Option(help=f"Label model: {', '.join(plugins.names('model'))}.")] = "hybrid_em",
    params: Settings = [],  # noqa: B006  Typer copies it
    gold: Annotated[
        Path | None, typer.Option("--gold", help="A table with known classes, to learn from.", show_default=False)
    ] = None,
    gold_column: GoldColumn = "label",
    id_column: IdColumn = "id",
) -> None:
    """Turn votes into the probability of each class, by a label model; a few known classes make it better."""
    import weaklabel

    L = weaklabel.LabelMatrix.load(votes)
    known = known_classes(L, gold, gold_column, id_column)
    posterior = weaklabel.denoise(L, model, gold=known, **options.settings(params))
    posterior.save(out)
    _say_labels(posterior)
    terminal.saved(out)


@command("labeling", "weaklabel training-set posterior.parquet spam.parquet --strategy soft", name="training-set")
def training_set(
    posterior: Beliefs,
    table: TableFile,
    out: Out = Path("training.parquet"),
    strategy: Annotated[
        str, typer.Option(help="soft: probabilities; hard: the best class; confident: only sure ones.")
    ] = "soft",
    threshold: Annotated[float, typer.Option(help="Least probability for `confident`.")] = 0.9,
    answer_weight: Annotated[float, typer.Option(help="Weight of an item that a person answered.")] = 10.0,
    id_column: IdColumn = "id",
) -> None:
    """Choose what to train on; items about which nothing is known are left out and counted."""
    import weaklabel

    chosen = weaklabel.training_set(
        weaklabel.Posterior.load(posterior),
        weaklabel.read_table(table, id_column),
        strategy,  # type: ignore[arg-type]  # an unknown one is refused with a list
        threshold=threshold,
        answer_weight=answer_weight,
    )
    chosen.save(out)
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in chosen.left_out.items() if count)
    terminal.note(f"{len(chosen):,} items to train on; left out: {left_out or 'none'}")
    terminal.saved(out)


@command("labeling", "weaklabel train training.parquet --test test.parquet --out predictions.parquet")
def train(
    training: Annotated[Path, typer.Argument(help="A training set, as `training-set` writes it.")],
    test: Annotated[Path, typer.Option(help="A table to predict.", show_default=False)],
    out: Out = Path("predictions.parquet"),
    columns: Columns = [],  # noqa: B006
    gold_column: GoldColumn = "label",
    id_column: IdColumn = "id",
    seed: Annotated[int, typer.Option(help="Of the classifier.")] = 0,
) -> None:
    """Train an end model on uncertain labels, predict a table, and score it where it has known classes."""
    import weaklabel
    from weaklabel.report import Table

    rows = weaklabel.read_table(test, id_column)
    model = weaklabel.train(weaklabel.TrainingSet.load(training), columns=columns or None, seed=seed)
    predicted = model.predict_proba(rows)
    predicted.save(out)
    if gold_column in rows.columns:
        gold = weaklabel.gold_labels(rows, predicted.item_ids, predicted.classes, gold_column)
        scores = weaklabel.score(predicted, gold)
        terminal.table(Table(f"on {scores.n:,} items with a known {gold_column}, 95 % intervals:", scores.to_frame()))
    else:
        terminal.note(f"{test} has no column {gold_column!r}, so nothing is scored")
    terminal.saved(out)


def known_classes(L: "LabelMatrix", gold: Path | None, column: str, id_column: str) -> "NDArray[np.int64] | None":
    """The known classes of the matrix's items from a table, if one is given."""
    import weaklabel

    if gold is None:
        return None
    return weaklabel.gold_labels(weaklabel.read_table(gold, id_column), L.item_ids, L.classes, column)


def _say_votes(L: "LabelMatrix") -> None:
    terminal.note(f"{len(L.lf_names)} labeling functions voted on {int(L.covered.sum()):,} of {len(L.votes):,} items")
    for fault in L.faults:
        terminal.note(
            f"{fault.lf} raised on {fault.count:,} rows and abstains there; first on item {fault.item_id!r} "
            f"(row {fault.row}): {fault.error}"
        )


def _say_labels(posterior: "Posterior") -> None:
    labels = posterior.labels()
    counts = [f"{int((labels == y).sum()):,} {name}" for y, name in enumerate(posterior.classes)]
    terminal.note(f"{', '.join(counts)}, {int((labels == -1).sum()):,} without a label")
