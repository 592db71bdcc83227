"""From beliefs to an end model."""

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Beliefs, Columns, GoldColumn, IdColumn, Out, Settings, TableFile, settings
from weaklabel.errors import ModelError, UnknownNameError, first_line

Training = Annotated[Path, typer.Argument(help="A training set, as `training-set` writes it.")]


@command(
    "labeling",
    "weaklabel training-set posterior.parquet spam.parquet --strategy soft --votes votes.parquet",
    name="training-set",
)
def training_set(
    posterior: Beliefs,
    table: TableFile,
    out: Out = Path("training.parquet"),
    strategy: Annotated[
        str, typer.Option(help="soft: probabilities; hard: the best class; confident: only sure ones.")
    ] = "soft",
    prior: Annotated[
        str,
        typer.Option(help="uniform: a class balance that the label model was told is divided out; balance: it stays."),
    ] = "uniform",
    weight: Annotated[
        str | None, typer.Option(help="A column of weights, or `confidence` or `balanced`.", show_default=False)
    ] = None,
    votes: Annotated[
        Path | None, typer.Option(help="The votes behind it: keeps who voted what.", show_default=False)
    ] = None,
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
        prior=prior,  # type: ignore[arg-type]  # so is this
        weight=weight,
        votes=None if votes is None else weaklabel.LabelMatrix.load(votes),
        threshold=threshold,
        answer_weight=answer_weight,
    )
    chosen.save(out)
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in chosen.left_out.items() if count)
    terminal.note(f"{len(chosen):,} items to train on; left out: {left_out or 'none'}")
    terminal.saved(out)


@command("labeling", "weaklabel export training.parquet --out spam_dataset")
def export(
    training: Training,
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="A .parquet, .csv or .jsonl file; or a folder, for Hugging Face.", show_default=False
        ),
    ],
) -> None:
    """Write a training set for other tools, such as a folder that Hugging Face's load_dataset reads."""
    import weaklabel

    weaklabel.export(weaklabel.TrainingSet.load(training), out)
    terminal.saved(out)


@command(
    "labeling",
    "weaklabel train training.parquet --test test.parquet --out predictions.parquet\n"
    "weaklabel train training.parquet --test test.parquet --classifier sklearn.svm.LinearSVC --set C=0.5",
)
def train(
    training: Training,
    test: Annotated[Path, typer.Option(help="A table to predict.", show_default=False)],
    out: Out = Path("predictions.parquet"),
    columns: Columns = [],  # noqa: B006
    classifier: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE.CLASS", help="A scikit-learn classifier. Default: logistic regression.", show_default=False
        ),
    ] = None,
    parameters: Settings = [],  # noqa: B006
    embeddings: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Sentence embeddings instead of TF-IDF, if installed.", show_default=False),
    ] = None,
    gold_column: GoldColumn = "label",
    id_column: IdColumn = "id",
    seed: Annotated[int, typer.Option(help="Of the default classifier.")] = 0,
) -> None:
    """Train an end model on uncertain labels, predict a table, and score it where it has known classes."""
    import weaklabel
    from weaklabel.report import Table

    rows = weaklabel.read_table(test, id_column, text=[gold_column])
    chosen = weaklabel.TrainingSet.load(training)
    model = weaklabel.train(
        replace(chosen, table=chosen.table.drop(gold_column, strict=False)),  # what is to be foretold is no feature
        columns=columns or None,
        classifier=named_classifier(classifier, parameters),
        text_features=None if embeddings is None else weaklabel.embeddings(embeddings),
        seed=seed,
    )
    predicted = model.predict_proba(rows)
    predicted.save(out)
    if gold_column in rows.columns and rows[gold_column].drop_nulls().len():
        gold = weaklabel.gold_labels(rows, predicted.item_ids, predicted.classes, gold_column)
        scores = weaklabel.score(predicted, gold)
        terminal.table(Table(f"on {scores.n:,} items with a known {gold_column}, 95 % intervals:", scores.to_frame()))
    else:
        what = "known class in" if gold_column in rows.columns else "column"
        terminal.note(f"{test} has no {what} {gold_column!r}, so nothing is scored")
    terminal.saved(out)


def named_classifier(name: str | None, parameters: Sequence[str]) -> Any:
    """The classifier of that dotted name with NAME=VALUE parameters; None for the default."""
    if name is None:
        if parameters:
            raise typer.BadParameter("--set is for the parameters of a --classifier", param_hint="--set")
        return None
    module, _, kind = name.rpartition(".")
    sys.path.append(os.getcwd())  # a classifier of the user's own stands there
    try:
        made = getattr(importlib.import_module(module), kind)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnknownNameError(
            f"no classifier {name!r} ({error}): give its dotted name, such as sklearn.naive_bayes.MultinomialNB"
        ) from error
    try:
        return made(**settings(parameters))
    except Exception as error:  # each class has its own
        raise ModelError(f"{name} cannot be made: {first_line(error)}") from error
