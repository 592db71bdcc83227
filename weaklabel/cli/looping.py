"""The loop: ask, learn, judge, ask on or stop."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel import plugins
from weaklabel.cli import terminal
from weaklabel.cli.app import command
from weaklabel.cli.loop_options import KEPT, Job, absolute, kept_if_askable, merged, prepared
from weaklabel.cli.loop_told import say_next, tell, warned_once
from weaklabel.cli.options import Settings
from weaklabel.cli.review import LONGEST_TITLE
from weaklabel.cli.review_options import Folder, TokenFile, Url, connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from weaklabel import Journal, Round
    from weaklabel.protocols import AnnotationBackend

UNFED = ("committee", "relabel")  # strategies that a loop cannot use
STRATEGIES = ", ".join(name for name in plugins.names("strategy") if name not in UNFED)


def _option(help_: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help_, show_default=False, **more)


@command(
    "review",
    "weaklabel review run review/ --table spam.parquet --votes votes.parquet --target 0.95 --budget 400 --watch\n"
    "weaklabel review run trial/ --table spam.parquet --votes votes.parquet --oracle label --budget 200 --watch",
    group="review",
)
def run(
    folder: Folder,
    table: Annotated[Path | None, _option("The items.")] = None,
    votes: Annotated[
        Path | None, _option("Votes, as `apply` writes them; without, it learns from answers alone.")
    ] = None,
    size: Annotated[int | None, _option("Questions a batch; default 20.", "--size", "-n")] = None,
    target: Annotated[float | None, _option("Stop where the score is surely there.")] = None,
    measure: Annotated[str | None, _option("The score: accuracy (default), f1 or log_loss.")] = None,
    budget: Annotated[float | None, _option("What may be spent in all; never more is asked.")] = None,
    price: Annotated[float | None, _option("Of one answer, in the budget's unit; default 1.")] = None,
    worth: Annotated[
        float | None, _option("What 0.01 of the score is worth: stop where answers surely cost more.")
    ] = None,
    strategy: Annotated[
        str | None, _option(f"How to choose; default lf_aware, without votes margin: {STRATEGIES}.")
    ] = None,
    share: Annotated[float | None, _option("Of each batch that goes to the audit; default 0.25.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until it stops, not one step.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two looks while people answer.")] = 30.0,
    oracle: Annotated[
        str | None, _option("Try it out: a column of the table answers in the place of people.", metavar="COLUMN")
    ] = None,
    oracle_accuracy: Annotated[
        list[float],
        typer.Option(help="How often each simulated person is right; may be repeated. One is always right."),
    ] = [],  # noqa: B006  Typer copies it
    files: Annotated[bool, typer.Option("--files", help="Tasks and answers as files, without a server.")] = False,
    title: Annotated[str | None, _option("The project's title, at the first step.")] = None,
    shown: Annotated[list[str], _option("A column that people see; may be repeated.", "--column", metavar="NAME")] = [],  # noqa: B006
    features: Annotated[
        list[str], _option("A column to learn from; may be repeated.", "--feature", metavar="NAME")
    ] = [],  # noqa: B006
    classes: Annotated[
        list[str], _option("A possible answer, without votes; may be repeated.", "--class", metavar="NAME")
    ] = [],  # noqa: B006
    blind: Annotated[float | None, _option("Share of the tasks shown without pre-label and votes; default 0.")] = None,
    classifier: Annotated[
        str | None,
        _option(
            "A scikit-learn classifier; default logistic regression. A round fits it some hundred times.",
            metavar="MODULE.CLASS",
        ),
    ] = None,
    parameters: Settings = [],  # noqa: B006
    embeddings: Annotated[str | None, _option("Sentence embeddings instead of TF-IDF.", metavar="MODEL")] = None,
    seed: Annotated[int | None, _option("Of the audit's order; stays as it was at the first step.")] = None,
    forget: Annotated[
        list[str], _option("An option of earlier steps to take back, such as target; may be repeated.", metavar="NAME")
    ] = [],  # noqa: B006
    id_column: Annotated[str | None, _option("The table's column of unique ids; default id.", "--id")] = None,
    page: Annotated[Path | None, _option("Draw it here, too: an HTML page with charts.")] = None,
    url: Url = None,
    token_file: TokenFile = None,
) -> None:
    """Lead a review: take in answers, learn, judge, ask the next batch or stop. Options are remembered."""
    import weaklabel
    from weaklabel.review.journal.journal import FILE

    given = {
        "table": absolute(table), "votes": absolute(votes), "size": size, "target": target, "measure": measure,
        "budget": budget, "price": price, "worth": worth, "strategy": strategy, "share": share, "oracle": oracle,
        "oracle_accuracy": oracle_accuracy or None, "files": files or None, "shown": shown or None,
        "features": features or None, "classes": classes or None, "blind": blind, "classifier": classifier,
        "parameters": parameters or None, "embeddings": embeddings, "seed": seed, "id_column": id_column,
    }  # fmt: skip
    if not (folder / FILE).is_file():
        merged({}, given, forget)  # a folder is made only for what can begin
    with warned_once(), weaklabel.Journal(folder) as journal:
        before = journal.setting(KEPT, {})
        options = merged(before, given, forget)
        backend = _backend(journal, options, title, url, token_file)
        with terminal.interruptible("nothing is changed; run it again with the same options"):
            ready = prepared(journal, options)
        on = f"everything is noted; go on with: weaklabel review run {folder}"
        with terminal.interruptible(on), kept_if_askable(journal, before):
            found = _led(journal, backend, ready, options, watch, every)
            say_next(found, journal, backend)
        if page is not None:
            from weaklabel.report.loop import loop_section

            terminal.drawn(loop_section(journal.frame("rounds")), page)


def _backend(
    journal: "Journal", options: dict[str, Any], title: str | None, url: str | None, token_file: Path | None
) -> "AnnotationBackend":
    """Where people answer, or those who stand in for them."""
    import weaklabel

    place = journal.setting("place") or {}
    by_files = bool(options.get("files") or options.get("oracle"))
    if by_files and place.get("backend", "local_file") != "local_file":
        raise typer.BadParameter(
            f"people answer the questions of {journal.folder} at {place.get('url')}: use another folder",
            param_hint="--oracle" if options.get("oracle") else "--files",
        )
    if by_files and not place:
        return weaklabel.LocalFile(journal.folder)
    named = {"title": title or f"weaklabel: {journal.folder.resolve().name}"[:LONGEST_TITLE]}
    return connection(journal, named, url, token_file)


def _led(
    journal: "Journal",
    backend: "AnnotationBackend",
    ready: "Callable[[], Job]",
    options: dict[str, Any],
    watch: bool,
    every: float,
) -> "Round":
    import weaklabel

    answer = None
    if options.get("oracle"):
        terminal.note("SIMULATED: a column of the table answers, no person does")
        people = ready().people
        answer = None if people is None else partial(people.answer_file, journal, journal.folder)
    return weaklabel.review_run(
        lambda: ready().loop, journal, backend, every=every, tell=tell, answer=answer, rounds=None if watch else 1
    )
