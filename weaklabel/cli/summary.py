"""Look at labeling functions: what each does, and where."""

from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Gold, GoldColumn, IdColumn, TableOut, Votes, known_classes


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
