"""From beliefs to an end model."""

from pathlib import Path
from typing import Annotated

import typer

from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Beliefs, Columns, GoldColumn, IdColumn, Out, TableFile


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
