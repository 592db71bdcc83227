"""Human in the loop: choose what to ask."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel import plugins
from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Backend, Columns, IdColumn, Jobs, Out, Scheduler, pairs_of, running_on
from weaklabel.cli.review_options import VotesOption, loaded_votes

if TYPE_CHECKING:
    import polars as pl

    from weaklabel import Annotation, Batch, Posterior

ItemsOption = Annotated[
    str | None,
    typer.Option("--table", help="The items, for the tasks: a file, or Parquet parts.", show_default=False),
]
BeliefsOrParts = Annotated[
    str,
    typer.Argument(
        metavar="POSTERIOR",
        help="Probabilities, as `denoise` or `fold` writes them; or parts of them: a folder, a pattern, a URL.",
    ),
]


@command(
    "review",
    "weaklabel pick posterior.parquet --size 20 --table spam.parquet --votes votes.parquet --tasks review/",
)
def pick(
    posterior: BeliefsOrParts,
    size: Annotated[int, typer.Option("--size", "-n", help="How many items.")] = 20,
    strategy: Annotated[str, typer.Option(help=f"Strategy: {', '.join(plugins.names('strategy'))}.")] = "margin",
    features: Annotated[
        list[str],
        typer.Option("--feature", metavar="NAME", help="A column of --table, or of the parts; may be repeated."),
    ] = [],  # noqa: B006  Typer copies it
    weak: Annotated[
        str | None, typer.Option(help="What the label model believes, for lf_aware.", show_default=False)
    ] = None,
    lf_accuracy: Annotated[
        float | None,
        typer.Option(help="How often the label model is right, from an audit, for lf_aware.", show_default=False),
    ] = None,
    members: Annotated[
        list[Path],
        typer.Option("--member", help="What one of several models believes, for committee; may be repeated."),
    ] = [],  # noqa: B006
    answers: Annotated[
        Path | None, typer.Option(help="A review's folder: whose answers to doubt, for relabel.", show_default=False)
    ] = None,
    per_class: Annotated[
        list[str],
        typer.Option(
            "--per-class", metavar="NAME=N", help="So many items that are likely of a class; may be repeated."
        ),
    ] = [],  # noqa: B006
    seed: Annotated[int, typer.Option(help="Decides among equal scores.")] = 0,
    out: Out = Path("batch.parquet"),
    asked: Annotated[
        Path | None, typer.Option("--asked", help="A review's folder: what it asked is left out.", show_default=False)
    ] = None,
    tasks: Annotated[
        Path | None, typer.Option(help="A folder to write Label Studio's task files to.", show_default=False)
    ] = None,
    table: ItemsOption = None,
    votes: VotesOption = None,
    columns: Columns = [],  # noqa: B006
    id_column: IdColumn = "id",
    backend: Backend = None,
    n_jobs: Jobs = None,
    scheduler: Scheduler = None,
) -> None:
    """Choose the items most worth a person's time and, with --tasks, write them for Label Studio."""
    import weaklabel
    from weaklabel import engine

    parts = engine.several(posterior)
    if tasks is not None and table is None:
        raise typer.BadParameter("say with --table where the items are", param_hint="--tasks")
    known: dict[str, Any] = {
        "lf_accuracy": lf_accuracy,
        "exclude": _asked(asked),
        "seed": seed,
        "per_class": _counts(per_class),
    }
    if parts:
        _refuse_in_parts(members, answers)
        with running_on(backend, n_jobs, scheduler):
            batch = weaklabel.pick_file(posterior, size, strategy, features=features, weak=weak, **known)
    else:
        beliefs = weaklabel.Posterior.load(posterior)
        batch = weaklabel.pick(
            beliefs,
            size,
            strategy,
            features=_features(table, features, beliefs, id_column),
            weak=None if weak is None else weaklabel.Posterior.load(weak),
            members=[weaklabel.Posterior.load(path) for path in members],
            answers=_answers(answers),
            **known,
        )
    batch.save(out)
    terminal.note(f"picked {len(batch):,} of {batch.provenance['pool']:,} items by {strategy}")
    terminal.saved(out)
    if tasks is not None:
        items = _items(table, batch, id_column)
        said = _picked_beliefs(posterior, batch) if parts else beliefs
        made = weaklabel.make_tasks(batch, items, said, loaded_votes(votes), columns=columns or None)
        _write(made, tasks, batch, posterior)


def _refuse_in_parts(members: list[Path], answers: Path | None) -> None:
    for option, given in (("--member", members), ("--answers", answers)):
        if given:
            raise typer.BadParameter("needs the probabilities in one file, not in parts", param_hint=option)


def _items(table: str | None, batch: "Batch", id_column: str) -> "pl.DataFrame":
    """The rows of the picked items; of Parquet, only they are read."""
    import weaklabel
    from weaklabel import engine
    from weaklabel.review.picking.picked import picked_rows

    place = str(table)
    if engine.several(place) or place.lower().endswith(".parquet"):
        return picked_rows(place, batch.item_ids, id_column)
    return weaklabel.read_table(place, id_column)


def _picked_beliefs(parts: str, batch: "Batch") -> "Posterior":
    from weaklabel.review.picking.picked import picked_beliefs

    return picked_beliefs(parts, batch.item_ids)


def _write(made: Any, folder: Path, batch: "Batch", posterior: str) -> None:
    import weaklabel

    with weaklabel.Journal(folder) as journal:
        done = weaklabel.push(made, journal, weaklabel.LocalFile(folder), batch=batch)
    terminal.note(f"{done.new:,} new tasks in {folder / 'tasks.json'}, {done.known:,} were there already")
    terminal.note(f"in Label Studio: set up a project with {folder / 'label_config.xml'}, import the tasks, answer,")
    terminal.note(f"export as JSON into {folder}, and run: weaklabel fold {posterior} {folder}")


def _features(table: str | None, names: list[str], beliefs: "Posterior", id_column: str) -> Any:
    """The columns of numbers, a row for each item of the posterior."""
    import weaklabel
    from weaklabel import tables

    if not names:
        return None
    if table is None:
        raise typer.BadParameter("say with --table where the items are", param_hint="--feature")
    items = weaklabel.read_table(table, id_column)
    tables.require(items, names)
    if odd := [name for name in names if not items[name].dtype.is_numeric()]:
        raise typer.BadParameter(f"column {odd[0]!r} holds no numbers", param_hint="--feature")
    return tables.align(items, beliefs.item_ids).select(names).to_numpy().astype(float)


def _asked(folder: Path | None) -> list[str]:
    import weaklabel

    if folder is None:
        return []
    with weaklabel.Journal(folder, create=False) as journal:
        return journal.frame("items")["id"].to_list()


def _answers(folder: Path | None) -> "list[Annotation] | None":
    import weaklabel

    if folder is None:
        return None
    with weaklabel.Journal(folder, create=False) as journal:
        return journal.annotations()


def _counts(pairs: list[str]) -> dict[str, int] | None:
    named = pairs_of(pairs, "--per-class")
    if odd := [text for text in named.values() if not text.isdecimal()]:
        raise typer.BadParameter(f"{odd[0]!r} is no number of items", param_hint="--per-class")
    return {name: int(text) for name, text in named.items()} or None
