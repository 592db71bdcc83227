"""Human in the loop: put questions where people answer, take the answers, fold them in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Beliefs, Columns, IdColumn, Out
from weaklabel.cli.review_options import (
    Experts,
    Folder,
    Rule,
    TokenFile,
    Url,
    VotesOption,
    connection,
    loaded_votes,
    ruled,
    wake,
)

if TYPE_CHECKING:
    from weaklabel import Journal, Pushed, Task
    from weaklabel.protocols import AnnotationBackend

LONGEST_TITLE = 50  # characters, by Label Studio's rule

Kind = Annotated[str, typer.Option(help="The question: choice, choices, grade or pairwise.")]
Blind = Annotated[float, typer.Option(help="Share of the tasks shown without pre-label and votes, 0 to 1.")]
Images = Annotated[
    list[str],
    typer.Option("--image", metavar="NAME", help="A column of image addresses; may be repeated.", show_default=False),
]
Classes = Annotated[
    list[str],
    typer.Option(
        "--class",
        metavar="NAME",
        help="A possible answer, where no posterior names them; may be repeated.",
        show_default=False,
    ),
]


@command(
    "review",
    "weaklabel push batch.parquet review/ --table spam.parquet --posterior posterior.parquet --votes votes.parquet "
    '--title "Spam or ham"',
)
def push(
    batch: Annotated[Path, typer.Argument(help="The items to ask about, as `pick` writes them.")],
    folder: Folder,
    table: Annotated[Path, typer.Option(help="The items, for the tasks.")],
    posterior: Annotated[
        Path | None, typer.Option(help="Where the pre-labels come from; none without.", show_default=False)
    ] = None,
    votes: VotesOption = None,
    title: Annotated[
        str | None,
        typer.Option(help="The project's title, for the first push; by default the folder's name.", show_default=False),
    ] = None,
    kind: Kind = "choice",
    classes: Classes = [],  # noqa: B006  Typer copies it
    columns: Columns = [],  # noqa: B006
    images: Images = [],  # noqa: B006
    blind: Blind = 0.0,
    overlap: Annotated[int, typer.Option(min=1, help="How many people answer each task, for the first push.")] = 1,
    project: Annotated[
        int | None, typer.Option(help="Use this project, which must ask the same.", show_default=False)
    ] = None,
    model_version: Annotated[
        str | None, typer.Option(help="How the pre-labels are signed; by default by the model.", show_default=False)
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also tasks that somebody deleted there.")] = False,
    url: Url = None,
    token_file: TokenFile = None,
    id_column: IdColumn = "id",
) -> None:
    """Put tasks into Label Studio, each once; tasks that wait there get the new pre-labels, too."""
    import weaklabel

    chosen = weaklabel.Batch.load(batch)
    beliefs = None if posterior is None else weaklabel.Posterior.load(posterior)
    reasons = loaded_votes(votes)
    made = weaklabel.make_tasks(
        chosen,
        weaklabel.read_table(table, id_column),
        beliefs,
        reasons,
        columns=columns or None,
        images=images,
        kind=kind,
        classes=classes or None,
        blind=blind,
        model_version=model_version,
    )
    with weaklabel.Journal(folder) as journal:
        named = title or f"weaklabel: {folder.resolve().name}"[:LONGEST_TITLE]
        place = {"title": named, "project": project, "overlap": overlap}
        backend = connection(journal, place, url, token_file)
        waiting = [] if beliefs is None else weaklabel.resuggest(journal, beliefs, reasons, model_version=model_version)
        with terminal.interruptible("what was sent is noted; the same push again goes on from there"):
            done = _pushed(made, waiting, journal, backend, chosen, again)
    _say(done, len({task.key for task in made}))
    if isinstance(backend, weaklabel.LabelStudio):
        wake(backend)
        terminal.note(f"answer at {backend.web_url}?labeling=1, then run: weaklabel pull {folder}")


@command("review", "weaklabel pull review/")
def pull(
    folder: Folder,
    full: Annotated[bool, typer.Option("--full", help="Read all answers again, and look through all tasks.")] = False,
    url: Url = None,
    token_file: TokenFile = None,
) -> None:
    """Record what people answered, skipped, edited or deleted since the last pull."""
    import weaklabel

    noted = terminal.interruptible("what was read is recorded; the next pull goes on from there")
    with noted, weaklabel.Journal(folder, create=False) as journal:
        pulled = weaklabel.pull(journal, connection(journal, None, url, token_file), full=full)
    terminal.pulled(pulled)


@command("review", "weaklabel fold posterior.parquet review/ --out answered.parquet")
def fold(
    posterior: Beliefs,
    answers: Annotated[Path, typer.Argument(help="A review's folder, or one export of Label Studio's.")],
    rule: Rule = "majority",
    experts: Experts = [],  # noqa: B006  Typer copies it
    out: Out = Path("answered.parquet"),
) -> None:
    """Put people's answers in the place of what the label model believed."""
    import weaklabel

    beliefs = weaklabel.Posterior.load(posterior)
    folded = weaklabel.fold(beliefs, _answers(answers), **ruled(rule, experts))
    folded.save(out)
    told = folded.provenance["answers"]
    terminal.note(
        f"{told['answered']:,} items answered by {told['annotators']:,} people, {told['skipped']:,} skipped, "
        f"{len(told['disagreed']):,} left open because people disagree"
    )
    terminal.saved(out)


def _answers(source: Path) -> Any:
    import weaklabel
    from weaklabel.review import place
    from weaklabel.review.formats import read_export

    if not source.is_dir():
        return read_export(source)
    with weaklabel.Journal(source, create=False) as journal:
        if journal.setting("place", {}).get("backend") == "local_file":
            weaklabel.pull(journal, place.find(journal))  # its exports lie here
        return journal.annotations()


def _pushed(
    tasks: "list[Task]",
    waiting: "list[Task]",
    journal: "Journal",
    backend: "AnnotationBackend",
    batch: Any,
    again: bool,
) -> "Pushed":
    import weaklabel

    given = {task.key for task in tasks}
    rest = [task for task in waiting if task.key not in given]
    return weaklabel.push([*tasks, *rest], journal, backend, batch=batch, again=again)


def _say(done: "Pushed", asked: int) -> None:
    there = asked - done.new - done.tombstones
    terminal.note(f"{terminal.counted(done.new, 'new task')}, {max(there, 0):,} were there already")
    if done.tombstones:
        terminal.note(f"{done.tombstones:,} left out because somebody deleted them there (--again asks them again)")
    if done.refreshed:
        waiting = terminal.counted(done.refreshed, "task that waits shows a", "tasks that wait show a")
        terminal.note(f"{waiting} new pre-label")
    terminal.swept(done.swept)
