"""Human in the loop: choose what to ask, put it where people answer, take the answers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel import plugins
from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.options import Beliefs, Columns, IdColumn, Out
from weaklabel.cli.review_options import Experts, Folder, Rule, TokenFile, Url, connection, ruled, wake

if TYPE_CHECKING:
    from weaklabel import Journal, Pushed, Task
    from weaklabel.protocols import AnnotationBackend

LONGEST_TITLE = 50  # characters, by Label Studio's rule

Kind = Annotated[str, typer.Option(help="The question: choice, choices, grade or pairwise.")]
Blind = Annotated[float, typer.Option(help="Share of the tasks shown without pre-label and votes, 0 to 1.")]
ItemsOption = Annotated[Path | None, typer.Option("--table", help="The items, for the tasks.", show_default=False)]
VotesOption = Annotated[Path | None, typer.Option(help="Votes, shown in the tasks as reasons.", show_default=False)]
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
    "weaklabel pick posterior.parquet --size 20 --table spam.parquet --votes votes.parquet --tasks review/",
)
def pick(
    posterior: Beliefs,
    size: Annotated[int, typer.Option("--size", "-n", help="How many items.")] = 20,
    strategy: Annotated[str, typer.Option(help=f"Strategy: {', '.join(plugins.names('strategy'))}.")] = "margin",
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
    columns: Columns = [],  # noqa: B006  Typer copies it
    id_column: IdColumn = "id",
) -> None:
    """Choose the items most worth a person's time and, with --tasks, write them for Label Studio."""
    import weaklabel

    if tasks is not None and table is None:
        raise typer.BadParameter("say with --table where the items are that the tasks show", param_hint="--tasks")
    beliefs = weaklabel.Posterior.load(posterior)
    batch = weaklabel.pick(beliefs, size, strategy, exclude=_asked(asked), seed=seed)
    batch.save(out)
    terminal.note(f"picked {len(batch):,} of {batch.provenance['pool']:,} items by {strategy}")
    terminal.saved(out)
    if tasks is None or table is None:
        return
    made = weaklabel.make_tasks(
        batch, weaklabel.read_table(table, id_column), beliefs, _votes(votes), columns=columns or None
    )
    with weaklabel.Journal(tasks) as journal:
        done = weaklabel.push(made, journal, weaklabel.LocalFile(tasks), batch=batch)
    terminal.note(f"{done.new:,} new tasks in {tasks / 'tasks.json'}, {done.known:,} were there already")
    terminal.note(f"in Label Studio: set up a project with {tasks / 'label_config.xml'}, import the tasks, answer,")
    terminal.note(f"export as JSON into {tasks}, and run: weaklabel fold {posterior} {tasks}")


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
    reasons = _votes(votes)
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


def _asked(folder: Path | None) -> list[str]:
    import weaklabel

    if folder is None:
        return []
    with weaklabel.Journal(folder, create=False) as journal:
        return journal.frame("items")["id"].to_list()


def _votes(path: Path | None) -> Any:
    import weaklabel

    return None if path is None else weaklabel.LabelMatrix.load(path)


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
