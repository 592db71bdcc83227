"""Debias click logs: count, look, estimate how often each position is examined."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel import plugins
from weaklabel.cli import click_options, options, terminal
from weaklabel.cli.app import command
from weaklabel.cli.click_options import Context, Format, Key, LogFiles, Mapped, Period, UpTo, Where
from weaklabel.cli.options import Backend, Jobs, Out, Scheduler, Settings
from weaklabel.errors import ClickLogError, TableError

if TYPE_CHECKING:
    from weaklabel import ClickCounts, ClickLog, Diagnosis

ESTIMATORS = ", ".join(plugins.names("estimator"))
Estimator = Annotated[str, typer.Option(help=f"Estimator: {ESTIMATORS}.")]
About = Annotated[int, typer.Option("--pages", min=1, help="How many pages to read, where it is about whole pages.")]


@command(
    "clicks",
    "weaklabel count log.parquet --context device --out counts.parquet\n"
    "weaklabel count monday.parquet tuesday.parquet --out both.parquet\n"
    "weaklabel count days/ --n-jobs 8 --out counts.parquet",
)
def count(
    log: LogFiles,
    out: Out = Path("counts.parquet"),
    key: Key = [],  # noqa: B006  Typer copies it
    context: Context = [],  # noqa: B006
    period: Period = None,
    upto: UpTo = None,
    beyond: Annotated[
        str, typer.Option(help="Impressions beyond --upto: drop, keep, or merge into one position.")
    ] = "drop",
    columns: Mapped = [],  # noqa: B006
    where: Where = [],  # noqa: B006
    format: Format = None,  # noqa: A002  the option's name
    backend: Backend = None,
    n_jobs: Jobs = None,
    scheduler: Scheduler = None,
) -> None:
    """Impressions and clicks of each document at each position: all that the other commands need of a log."""
    with options.running_on(backend, n_jobs, scheduler), terminal.interruptible("nothing was written"):
        counted = click_options.counts(
            log, columns, where, upto, key=key, context=context, period=period, beyond=beyond, format=format
        )
    counted.save(out)
    terminal.note(_amount(counted))
    if not counted.buckets:
        terminal.note("the log has no session_id: intervals will be by query, and users cannot be checked page by page")
    terminal.saved(out)


def _amount(counted: "ClickCounts") -> str:
    impressions, clicks = counted.frame.select("impressions", "clicks").sum().row(0)
    apart = f", by {', '.join(told)}" if (told := counted.key + counted.context) else ""
    return (
        f"{impressions:,} impressions with {clicks:,} clicks, of {len(counted.items):,} documents of queries at "
        f"{counted.frame['position'].n_unique()} positions{apart}"
    )


@command(
    "clicks",
    "weaklabel diagnose log.parquet --check device --out diagnosis.html\nweaklabel diagnose log.parquet --json",
)
def diagnose(
    log: LogFiles,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Write it, too: tables and charts as .html, all of it as .json.", show_default=False
        ),
    ] = None,
    estimator: Estimator = "harvesting",
    params: Settings = [],  # noqa: B006
    check: Annotated[
        list[str],
        typer.Option("--check", metavar="COLUMN", help="A column that may matter; all of the log's if left out."),
    ] = [],  # noqa: B006
    about: About = click_options.SAMPLE,
    upto: UpTo = None,
    columns: Mapped = [],  # noqa: B006
    where: Where = [],  # noqa: B006
    format: Format = None,  # noqa: A002
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON document.")] = False,
) -> None:
    """What a log can tell, what it cannot and what would help, and whether its users are as the estimators assume."""
    import weaklabel
    from weaklabel.report.clicks import clicks_section

    _check_ending(out)
    source = _pages_or_counts(log, columns, where, upto, about, format, check)
    found = weaklabel.diagnose(source, estimator, columns=check or None, **options.settings(params))
    if as_json:
        terminal.note(_json(found))
    else:
        _note_sample(source, about)
        terminal.section(clicks_section(found))
    if out is not None:
        _write(out, found)
        if not as_json:  # which is all that there is to be on stdout
            terminal.saved(out)


def _check_ending(out: Path | None) -> None:
    if out is not None and out.suffix.lower() not in (".html", ".json"):
        raise TableError(f"cannot write {out}: the ending {out.suffix!r} is none of .html, .json")


def _pages_or_counts(
    log: list[str],
    columns: list[str],
    where: list[str],
    upto: int | None,
    about: int,
    format: str | None,  # noqa: A002
    check: list[str],
) -> "ClickLog | ClickCounts":
    if not any(map(click_options.is_counts, click_options.files(log))):
        # Without sessions most can be told all the same; any other reason is found in counting, too.
        with suppress(ClickLogError):
            return click_options.pages(log, columns, where, upto, about, format)
    return click_options.counts(log, columns, where, upto, context=check, format=format)


def _note_sample(source: "ClickLog | ClickCounts", about: int) -> None:
    from weaklabel import ClickLog

    if isinstance(source, ClickLog) and source.frame["session_id"].n_unique() >= about:
        terminal.note(f"of the log {about:,} pages were read, drawn at random: --pages reads more")


def _write(out: Path, found: "Diagnosis") -> None:
    from weaklabel.files import replacing
    from weaklabel.report import page
    from weaklabel.report.clicks import clicks_section

    shown = clicks_section(found)
    text = _json(found) if out.suffix.lower() == ".json" else page(shown.title, [shown])
    with replacing(out) as file:
        file.write(text.encode())


def _json(found: "Diagnosis") -> str:
    import json

    from weaklabel.report.clicks import clicks_document

    return json.dumps(clicks_document(found), ensure_ascii=False, default=str, allow_nan=False)


@command(
    "clicks",
    "weaklabel estimate log.parquet --out propensities.parquet\n"
    "weaklabel estimate counts.parquet --estimator trust --set anchors=grades.csv",
)
def estimate(
    log: LogFiles,
    out: Out = Path("propensities.parquet"),
    estimator: Estimator = "harvesting",
    params: Settings = [],  # noqa: B006
    key: Key = [],  # noqa: B006
    context: Context = [],  # noqa: B006
    upto: UpTo = None,
    columns: Mapped = [],  # noqa: B006
    where: Where = [],  # noqa: B006
    about: About = click_options.SAMPLE,
    format: Format = None,  # noqa: A002
) -> None:
    """How often each position is examined, relative to the first, with intervals."""
    import weaklabel
    from weaklabel.report.propensities import propensities_section

    built = plugins.build("estimator", estimator, **options.settings(params))
    by_page = getattr(built, "needs", "counts") == "pages"
    if by_page and (key or context):
        raise typer.BadParameter(f"{estimator} reads pages, and knows one curve: leave out --key and --context")
    source = (
        click_options.pages(log, columns, where, upto, about, format)
        if by_page
        else click_options.counts(log, columns, where, upto, key=key, context=context, format=format)
    )
    found = weaklabel.estimate(source, built)
    found.save(out)
    shown = propensities_section(found)
    terminal.table(shown.tables[0])
    _note_sample(source, about)
    for remark in shown.lead:
        terminal.note(remark)
    terminal.saved(out)
