"""From clicks to relevance: labels, grades by people that calibrate them, votes, rankers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklabel.cli import click_options, terminal
from weaklabel.cli.app import command
from weaklabel.cli.click_options import Format, LogFile, Mapped, UpTo, Where
from weaklabel.cli.options import Out, TableOut

if TYPE_CHECKING:
    import polars as pl

    from weaklabel import RelevanceLabels

Curve = Annotated[Path, typer.Argument(help="Propensities, as `estimate` writes them.")]
Labels = Annotated[Path, typer.Argument(help="Relevance, as `debias` writes it.")]
Features = Annotated[
    Path | None,
    typer.Option(help="A table of query_id, doc_id and numbers: what is known of documents.", show_default=False),
]


@command("clicks", "weaklabel debias log.parquet propensities.parquet --out relevance.parquet")
def debias(
    log: LogFile,
    propensities: Curve,
    out: Out = Path("relevance.parquet"),
    method: Annotated[str, typer.Option(help="shrunk, naive, ips, clipped or snips.")] = "shrunk",
    clip: Annotated[float, typer.Option(help="Least propensity that `clipped` divides by.")] = 0.1,
    prior: Annotated[str, typer.Option(help="Of `shrunk`: gamma or nonparametric.")] = "gamma",
    features: Features = None,
    upto: UpTo = None,
    columns: Mapped = [],  # noqa: B006  Typer copies it
    where: Where = [],  # noqa: B006
    format: Format = None,  # noqa: A002  the option's name
) -> None:
    """Relevance of each document for each query, corrected for position, with intervals."""
    import weaklabel
    from weaklabel.report import Table
    from weaklabel.tables import read_frame

    known = weaklabel.Propensities.load(propensities)
    counts = click_options.counts_for(known, log, columns, where, upto, format)
    about = None if features is None else read_frame(features, text=["query_id", "doc_id"])
    labels = weaklabel.debias(counts, known, method, clip, prior=prior, features=about)
    labels.save(out)
    terminal.table(Table(f"{len(labels):,} pairs of query and document, the most relevant:", _best(labels)))
    terminal.note(_weight(labels))
    terminal.saved(out)


def _best(labels: "RelevanceLabels", n: int = 5) -> "pl.DataFrame":
    """The first by relevance, with a number and its interval in one column."""
    import polars as pl

    from weaklabel.report.section import between

    known = labels.frame.sort("relevance", "query_id", "doc_id", descending=[True, False, False]).head(n)
    shown = known.select("query_id", "doc_id", "relevance", "impressions", "clicks", "effective_sample_size")
    if "lower" not in known.columns:
        return shown
    texts = [between(*row) for row in known.select("relevance", "lower", "upper").rows()]
    return shown.with_columns(relevance=pl.Series(texts, dtype=pl.String))


def _weight(labels: "RelevanceLabels") -> str:
    """What the labels rest on: where a prior is drawn to, it; and how evenly impressions carry them."""
    said = labels.provenance
    worth = (
        f"{labels.frame['impressions'].sum():,} impressions are worth {said['effective_sample_size']:,.0f} of equal "
        f"weight; the largest 1 % of the pairs have {said['top_1_percent_share']:.1%} of it"
    )
    if "prior" not in said:
        return worth
    return f"{worth}\nfor {said['prior_outweighs_share']:.0%} of the pairs the prior counts more than the clicks"


@command("clicks", "weaklabel calibrate relevance.parquet grades.csv --out calibrated.parquet")
def calibrate(
    labels: Labels,
    grades: Annotated[Path, typer.Argument(help="A table of query_id, doc_id and grade, by people.")],
    threshold: Annotated[
        float | None, typer.Option(help="The least grade that counts as relevant.", show_default=False)
    ] = None,
    out: Out = Path("calibrated.parquet"),
) -> None:
    """P(relevant) of each document, from what clicks say and what people said of a few hundred."""
    import weaklabel

    calibrated = weaklabel.calibrate(weaklabel.RelevanceLabels.load(labels), grades, threshold=threshold)
    calibrated.save(out)
    said = calibrated.provenance["calibration"]
    terminal.note(
        f"P(relevant) of {len(calibrated):,} pairs by {said['anchors']:,} graded ones, where a {said['scale']} of "
        f"{said['threshold']:g} or more is relevant"
    )
    terminal.note(
        f"log loss on pairs left out {said['log_loss']:.3f}, by their base rate alone {said['base_log_loss']:.3f}"
    )
    terminal.saved(out)


@command("clicks", "weaklabel click-votes relevance.parquet --items items.csv --join votes.parquet --out all.parquet")
def click_votes(
    labels: Labels,
    items: Annotated[
        Path | None,
        typer.Option(help="A table of id, query_id and doc_id: which item is which pair.", show_default=False),
    ] = None,
    join: Annotated[
        Path | None, typer.Option(help="Votes of rules on the same items, to stand beside.", show_default=False)
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="The least relevance that counts as relevant.", show_default=False)
    ] = None,
    certainty: Annotated[float, typer.Option(help="How sure a vote must be.")] = 0.95,
    out: Out = Path("votes.parquet"),
) -> None:
    """Clicks as one more voter: relevant, not relevant, or an abstention where they leave it open."""
    import weaklabel
    from weaklabel.tables import read_frame

    known = weaklabel.RelevanceLabels.load(labels)
    rules = None if join is None else weaklabel.LabelMatrix.load(join)
    pairs = None if items is None else read_frame(items, text=["id", "query_id", "doc_id"])
    named: dict[str, Any] = {} if rules is None else {"classes": rules.classes}
    votes = weaklabel.as_votes(known, threshold=threshold, certainty=certainty, items=pairs, **named)
    joined = votes if rules is None else rules.beside(votes)
    joined.save(out)
    cast = [f"{(votes.votes == code).sum():,} {name}" for code, name in reversed([*enumerate(votes.classes)])]
    share = (votes.votes != weaklabel.ABSTAIN).mean()
    terminal.note(f"clicks vote on {share:.1%} of {len(votes.item_ids):,} items: {', '.join(cast)}")
    said = votes.provenance["clicks"]
    if said["threshold"] is not None:
        terminal.note(f"relevant is what has a relevance above {said['threshold']:.3f} ({said['threshold_from']})")
    if rules is not None:
        terminal.note(f"beside {len(rules.lf_names)} labeling functions of {join}")
    terminal.saved(out)


@command("clicks", "weaklabel rank relevance.parquet features.parquet --gold grades.csv --out ranked.parquet")
def rank(
    labels: Labels,
    features: Annotated[Path, typer.Argument(help="A table of query_id, doc_id and numbers.")],
    model: Annotated[str, typer.Option(help="auto, lightgbm or sklearn.")] = "auto",
    test: Annotated[
        Path | None, typer.Option(help="Features of other documents, to rank instead.", show_default=False)
    ] = None,
    gold: Annotated[
        Path | None, typer.Option(help="A table of query_id, doc_id and grade, to score.", show_default=False)
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Of NDCG@k.")] = 10,
    seed: Annotated[int, typer.Option(help="Of the training.")] = 0,
    out: TableOut = None,
) -> None:
    """Train a ranker on relevance from clicks, and rank documents by their features."""
    import weaklabel
    from weaklabel.report.section import between
    from weaklabel.tables import read_frame, write_frame

    ids = ["query_id", "doc_id"]
    ranker = weaklabel.rank(
        weaklabel.RelevanceLabels.load(labels), read_frame(features, text=ids), model=model, seed=seed
    )
    ranked = ranker.score(read_frame(test or features, text=ids))
    terminal.note(f"trained by {ranker.provenance['model']} on {ranker.provenance['labels']:,} labels")
    if gold is not None:
        found = weaklabel.ndcg(ranked, read_frame(gold, text=ids), k=k)
        terminal.note(
            f"{found.metric} {between(found.value, found.lower, found.upper)} on {found.queries:,} queries with a "
            "relevant document"
        )
    if out is not None:
        write_frame(ranked, out)
        terminal.saved(out)
