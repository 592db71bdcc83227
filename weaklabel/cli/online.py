"""What a label is worth: the value of a ranking from a log, interleaving, experiments; and simulated users."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklabel import plugins
from weaklabel.cli import click_options, options, terminal
from weaklabel.cli.app import command
from weaklabel.cli.click_options import Format, LogFile, LogFiles, Mapped, UpTo, Where
from weaklabel.cli.options import Settings, TableOut

if TYPE_CHECKING:
    import polars as pl

Rate = Annotated[float, typer.Option(help="Click rate today, in (0, 1).")]
Power = Annotated[float, typer.Option(help="Chance of finding it.")]
Alpha = Annotated[float, typer.Option(help="Significance of the two-sided test.")]
Effect = Annotated[float, typer.Option("--design-effect", help="As `compare-arms` measures it.")]


@command("clicks", "weaklabel evaluate log.parquet new_ranking.csv --propensities propensities.parquet")
def evaluate(
    log: LogFile,
    rankings: Annotated[list[Path], typer.Argument(help="Tables of query_id, doc_id and rank or score.")],
    propensities: Annotated[
        Path | None, typer.Option(help="Propensities; estimated by harvesting if left out.", show_default=False)
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Of DCG@k.")] = 10,
    metric: Annotated[str, typer.Option(help="dcg, or plug_in_ndcg.")] = "dcg",
    intervals: Annotated[str, typer.Option(help="jackknife or bootstrap.")] = "jackknife",
    upto: UpTo = None,
    columns: Mapped = [],  # noqa: B006  Typer copies it
    where: Where = [],  # noqa: B006
    format: Format = None,  # noqa: A002  the option's name
    out: TableOut = None,
) -> None:
    """What rankings would have been worth, had they been shown in place of those logged."""
    import weaklabel
    from weaklabel.report.evaluation import evaluation_section
    from weaklabel.tables import read_frame, write_frame

    known = None if propensities is None else weaklabel.Propensities.load(propensities)
    counts = click_options.counts_for(known, log, columns, where, upto, format)
    named = {path.stem: read_frame(path, text=["query_id", "doc_id"]) for path in rankings}
    found = weaklabel.evaluate(counts, named, estimator=known or "harvesting", k=k, metric=metric, intervals=intervals)
    terminal.section(evaluation_section(found))
    if out is not None:
        write_frame(found.frame, out)
        terminal.saved(out)


@command("clicks", "weaklabel interleaving results.csv")
def interleaving(
    results: Annotated[Path, typer.Argument(help="A table of session_id, team (a or b) and clicks.")],
    unit: Annotated[str, typer.Option(help="What is won: a page, or a user.")] = "session_id",
) -> None:
    """Which of two interleaved rankings people clicked more (team draft), with a sign test."""
    import weaklabel
    from weaklabel.report import Table
    from weaklabel.tables import read_frame

    found = weaklabel.interleaving(read_frame(results, text=[unit]), unit=unit)
    terminal.table(Table("preference for a over b, from -0.5 to 0.5:", found.to_frame()))


@command("clicks", "weaklabel compare-arms log.parquet --arm bucket --control today")
def compare_arms(
    log: LogFiles,
    arm: Annotated[str, typer.Option(help="The column that says which arm it was.")] = "arm",
    control: Annotated[
        str | None, typer.Option(help="The arm to compare with; the first by name if left out.", show_default=False)
    ] = None,
    metric: Annotated[str, typer.Option(help="ctr or clicks_per_page.")] = "ctr",
    unit: Annotated[str, typer.Option(help="What was assigned to an arm at random.")] = "session_id",
    columns: Mapped = [],  # noqa: B006
    format: Format = None,  # noqa: A002
) -> None:
    """Click rates of two arms of an experiment, with intervals that know that impressions of a page go together."""
    import weaklabel
    from weaklabel.report import Table

    read = weaklabel.read_log([*log], options.pairs_of(columns, "--column"), format)
    found = weaklabel.compare_arms(read, arm=arm, control=control, metric=metric, unit=unit)
    terminal.table(Table(f"{metric} of the arms, the control first:", found.to_frame()))
    terminal.note(
        f"difference {found.difference:+.4f} [{found.lower:+.4f}, {found.upper:+.4f}], "
        f"lift {found.lift:+.1%} [{found.lift_lower:+.1%}, {found.lift_upper:+.1%}], p = {found.p_value:.2g}"
    )


@command("clicks", "weaklabel sample-size --rate 0.04 --lift 0.02")
def sample_size(
    rate: Rate,
    lift: Annotated[
        float | None, typer.Option(help="The least relative change worth finding.", show_default=False)
    ] = None,
    impressions: Annotated[
        int | None, typer.Option(help="Those there are in each arm: which lift could be seen?", show_default=False)
    ] = None,
    power: Power = 0.8,
    alpha: Alpha = 0.05,
    design_effect: Effect = 1.0,
) -> None:
    """How many impressions each arm of an experiment needs for a lift, or which lift those there are can show."""
    import weaklabel

    if (lift is None) == (impressions is None):
        raise typer.BadParameter("give one of --lift and --impressions", param_hint="--lift")
    how = {"power": power, "alpha": alpha, "design_effect": design_effect}
    if lift is not None:
        terminal.note(f"{weaklabel.sample_size(rate, lift, **how):,} impressions in each arm")
    elif impressions is not None:
        terminal.note(f"a lift of {weaklabel.detectable_lift(impressions, rate, **how):+.2%} or more")


@command("clicks", "weaklabel simulate graded.txt --users trust --sessions 100000 --out log.parquet")
def simulate(
    rankings: Annotated[
        Path,
        typer.Argument(
            help="Graded documents in LETOR's format, or a table of query_id, doc_id, relevance and a column of scores "
            "per ranker; or with grade and features f1, f2, ..."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to write the log (Parquet).")] = Path("log.parquet"),
    users: Annotated[str, typer.Option(help=f"Users: {', '.join(plugins.names('user'))}.")] = "position_based",
    sessions: Annotated[int, typer.Option(min=1, help="How many pages.")] = 10_000,
    depth: Annotated[int, typer.Option(min=1, help="Documents on a page.")] = 10,
    rankers: Annotated[int, typer.Option(min=1, help="Of graded documents: how many weak rankers to make.")] = 5,
    swap: Annotated[float, typer.Option(help="Share of pages on which rank 1 swaps with a lower one.")] = 0.0,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Pages in random order.")] = False,
    zipf: Annotated[float, typer.Option(help="How uneven the traffic of queries is.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same log.")] = 0,
    params: Settings = [],  # noqa: B006
) -> None:
    """A click log of users whose behaviour is known, to try an estimator on a truth that is known."""
    import weaklabel
    from weaklabel.report import Table

    shown = _shown(rankings, rankers, seed)
    logging = weaklabel.Logging(swap=swap, shuffle=shuffle, zipf=zipf)
    how = {"depth": depth, "seed": seed, "logging": logging, **options.settings(params)}
    rows = weaklabel.simulate_to(out, shown, users, sessions, **how)
    terminal.note(f"{rows:,} impressions on {sessions:,} pages of {shown['query_id'].n_unique():,} queries")
    found = weaklabel.truth(shown, users, sessions, **how)
    terminal.table(Table(f"how often {users} users examine each position, relative to the first:", found))
    terminal.saved(out)


def _shown(rankings: Path, rankers: int, seed: int) -> "pl.DataFrame":
    """Rankings as they stand in a table, or made of graded documents by weak rankers."""
    import weaklabel
    from weaklabel.tables import READERS, read_frame

    is_table = rankings.suffix.lower() in READERS
    frame = read_frame(rankings, text=["query_id", "doc_id"]) if is_table else weaklabel.read_letor(rankings)
    graded = "grade" in frame.columns and "relevance" not in frame.columns
    return weaklabel.graded_rankings(frame, rankers, seed=seed) if graded else frame
