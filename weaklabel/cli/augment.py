"""More training items from those there are."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel.cli import options, terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import IdColumn, Out, Settings

if TYPE_CHECKING:
    import polars as pl

    from weaklabel import TrainingSet


@command(
    "labeling",
    "weaklabel augment transformations.py training.parquet --out augmented.parquet\n"
    "weaklabel augment transformations.py spam.csv --policy each --set keep_original=false --out copies.csv",
)
def augment(
    transformations: Annotated[Path, typer.Argument(help="A Python file of Snorkel's transformation functions.")],
    items: Annotated[Path, typer.Argument(help="A training set, as `training-set` writes it, or a table.")],
    out: Out = Path("augmented.parquet"),
    policy: Annotated[str, typer.Option(help="random, mean_field, each, all or one.")] = "random",
    params: Settings = [],  # noqa: B006  Typer copies it
    seed: Annotated[int, typer.Option(help="Of the policy and of the transformations.")] = 0,
    id_column: IdColumn = "id",
) -> None:
    """Add transformed copies of items; those of a training set keep probabilities and weights."""
    import weaklabel
    from weaklabel.tables import write_frame

    tfs = weaklabel.load_tfs(transformations)
    data = _read(items, id_column)
    made = weaklabel.augment(data, tfs, policy, seed=seed, **options.settings(params))
    if isinstance(made, weaklabel.TrainingSet):
        made.save(out)
        rows = made.table
    else:
        write_frame(made, out)
        rows = made
    copies = len(rows) - rows["augmented_from"].null_count()
    terminal.note(f"{len(tfs)} transformation functions made {copies:,} copies; {len(rows):,} items in all")
    terminal.saved(out)


def _read(path: Path, id_column: str) -> "TrainingSet | pl.DataFrame":
    """The training set that the file holds, or else its table."""
    import polars as pl

    import weaklabel
    from weaklabel.artefacts.store import KEY

    if path.suffix == ".parquet" and path.is_file() and KEY in pl.read_parquet_metadata(path):
        return weaklabel.TrainingSet.load(path)
    return weaklabel.read_table(path, id_column)
