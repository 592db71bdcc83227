"""Human in the loop: choose what to ask, write the tasks, take the answers."""

from pathlib import Path
from typing import Annotated

import typer

from weaklabel import plugins
from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Beliefs, Columns, IdColumn, Out


@command(
    "review",
    "weaklabel pick posterior.parquet --size 20 --table spam.parquet --votes votes.parquet --tasks review/",
)
def pick(
    posterior: Beliefs,
    size: Annotated[int, typer.Option("--size", "-n", help="How many items.")] = 20,
    strategy: Annotated[str, typer.Option(help=f"Strategy: {', '.join(plugins.names('strategy'))}.")] = "margin",
    seed: Annotated[int, typer.Option(help="Decides among equal scores.")] = 0,
    out: Out = Path("batch.parquet"),
    tasks: Annotated[
        Path | None, typer.Option(help="A folder to write Label Studio tasks to.", show_default=False)
    ] = None,
    table: Annotated[Path | None, typer.Option(help="The items, for the tasks.", show_default=False)] = None,
    votes: Annotated[
        Path | None, typer.Option(help="Votes, shown in the tasks as reasons.", show_default=False)
    ] = None,
    columns: Columns = [],  # noqa: B006  Typer copies it
    id_column: IdColumn = "id",
) -> None:
    """Choose the items most worth a person's time and, with --tasks, write them for Label Studio."""
    import weaklabel
    from weaklabel.review.backends.local_file import LocalFile

    if tasks is not None and table is None:
        raise typer.BadParameter("say with --table where the items are that the tasks show", param_hint="--tasks")
    beliefs = weaklabel.Posterior.load(posterior)
    batch = weaklabel.pick(beliefs, size, strategy, seed=seed)
    batch.save(out)
    terminal.note(f"picked {len(batch):,} of {batch.provenance['pool']:,} items by {strategy}")
    terminal.saved(out)
    if tasks is None or table is None:
        return
    made = weaklabel.make_tasks(
        batch,
        weaklabel.read_table(table, id_column),
        beliefs,
        None if votes is None else weaklabel.LabelMatrix.load(votes),
        columns=columns or None,
    )
    new = LocalFile(tasks).push(made)
    terminal.note(f"{new:,} new tasks in {tasks / 'tasks.json'}, {len(made) - new:,} were there already")
    terminal.note(f"in Label Studio: set up a project with {tasks / 'label_config.xml'}, import the tasks, answer,")
    terminal.note(f"export as JSON into {tasks}, and run: weaklabel fold {posterior} {tasks}")


@command("review", "weaklabel fold posterior.parquet review/ --out answered.parquet")
def fold(
    posterior: Beliefs,
    answers: Annotated[Path, typer.Argument(help="The folder of the tasks with exports in it, or one export.")],
    out: Out = Path("answered.parquet"),
) -> None:
    """Put people's answers in the place of what the label model believed."""
    import weaklabel
    from weaklabel.review.backends.local_file import LocalFile
    from weaklabel.review.formats import read_export

    annotations = LocalFile(answers).pull() if answers.is_dir() else read_export(answers)
    folded = weaklabel.fold(weaklabel.Posterior.load(posterior), annotations)
    folded.save(out)
    told = folded.provenance["answers"]
    terminal.note(
        f"{told['answered']:,} items answered by {told['annotators']:,} people, {told['skipped']:,} skipped, "
        f"{len(told['disagreed']):,} left open because people disagree"
    )
    terminal.saved(out)
