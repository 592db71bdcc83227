"""Evaluate: the value that a new ranking would have had, from the clicks on the rankings that were shown."""

import logging
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from weaklabel import progress, tables
from weaklabel.artefacts import Propensities, RelevanceLabels
from weaklabel.clicks.counts import ClickCounts, as_counts
from weaklabel.clicks.evaluating import policy, remarks, resampling, tabling
from weaklabel.clicks.evaluating.exposure import expose, layout
from weaklabel.clicks.evaluating.fitting import Fitted, fitted
from weaklabel.clicks.evaluating.options import Options, methods_of
from weaklabel.clicks.evaluating.ranking import LOGGED, rankings
from weaklabel.clicks.evaluating.result import Evaluation
from weaklabel.clicks.evaluating.values import Question, ask
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import ClickLogError, TableError
from weaklabel.numerics import Floats
from weaklabel.protocols import PropensityEstimator


def evaluate(
    log: ClickLog | ClickCounts,
    ranking: Any,
    *,
    estimator: str | PropensityEstimator | Propensities = "harvesting",
    k: int = 10,
    methods: Sequence[str] | None = None,
    metric: str = "dcg",
    clip: float | None = None,
    model: RelevanceLabels | pl.DataFrame | None = None,
    level: float = 0.95,
    intervals: str = "jackknife",
    resamples: int = 200,
    seed: int = 0,
) -> Evaluation:
    """What rankings would have been worth on the pages of a log, though other rankings were shown.

    A click on a document that the new ranking places at rank r counts 1 / log2(1 + r), divided by rho: the share of the
    query's pages on which the document was examined, wherever it stood. rho is the sum over positions of impressions
    times examination, over the pages of the query (counted as the most impressions that any one of its positions has).
    So a document may have been shown anywhere, or not on every page; one that was never shown has rho 0, and is
    reported.

    - "ips": unbiased for what was ever shown, if the curve is right; counts the rest as 0.
    - "snips": divides by the mean control weight, the share of the ranking's discounts at documents that were shown: as
      if the rest were as relevant as those.
    - "clipped": with rho no smaller than `clip`: less variance, some bias towards 0.
    - "doubly_robust": relevance by a model, corrected by the clicks that it does not explain; like IPS where rho is at
      least `clip`, drawn to the model below, and the model alone where never shown. The one to read where rankings
      place documents that were never shown: to compare such rankings by IPS is to compare what was shown of them.
    - "plug_in": the model alone.

    A ranking must not have been learned from the clicks that judge it, which favour the documents that were lucky;
    give a later log, or other pages. Intervals are for chance, not for what is assumed about documents never shown.

    The model is the log's own: clicks over exposure, shrunk to the mean by a gamma prior; or `model`.

    Parameters
    ----------
    log
        The log, or its counts. With key columns, a document's relevance is that within them.
    ranking
        Columns query_id, doc_id and `rank` (1 is the top), `score` or `relevance` (the highest is the top; ties share
        their discounts), in a frame, a file or relevance labels; or several such by name, compared in pairs and with
        what was shown.
    estimator
        Of examination; it is refitted in each resample, so that the intervals hold its error. Given propensities count
        as known unless they bring replicates.
    k
        Cut-off of the metric, at least 1.
    methods
        Of those above; all but the last by default.
    metric
        "dcg": linear in relevance, so that it can be estimated without bias. "plug_in_ndcg": divided, query by query,
        by the best order of the documents known, with shrunk relevance on both sides: biased, since the best of noisy
        values is too good; for it, only the method "plug_in".
    clip
        Least exposure a page, in (0, 1]; None is one over the root of the pages, so that clipping fades as a log grows.
    model
        Columns query_id, doc_id, relevance (in the units of the log: P(click) at the top position), say from features;
        where it says nothing the log's own model is used.
    level
        Confidence of the intervals.
    intervals
        "jackknife": each of 20 groups of sessions left out once, Student's t; or "bootstrap": the groups drawn anew,
        percentiles, the curve moved to first order. Without sessions the groups are of queries.
    resamples
        Of the bootstrap.
    seed
        Of the bootstrap.

    Returns
    -------
    Evaluation
        Values with intervals, what was shown ("logged") beside them, paired differences, how far the steepness of the
        curve decides, and remarks. "logged" and "observed" differ where the curve does not fit the log: a test of a
        curve from elsewhere, while one harvested from this very log fits it by construction, save for smoothing.

    Raises
    ------
    TableError
        A ranking lacks a column, has a document or a rank twice, or an impossible value.
    ClickLogError
        The log has none of the queries, or none of the documents, of the rankings.
    ModelError
        A parameter is outside its range.
    UnknownNameError
        There is no such method, metric or kind of interval.
    AssumptionError
        As `estimate` raises.

    Source: inverse propensity scoring of rankings: Joachims et al., WSDM 2017; policy-aware exposure: Oosterhuis and de
    Rijke, SIGIR 2020; self-normalised: Swaminathan and Joachims, NeurIPS 2015; doubly robust with expected treatment:
    Oosterhuis, TOIS 2023; the default clip: Ionides, Truncated Importance Sampling, JCGS 2008.
    """
    options = Options(k, methods_of(methods, metric), metric, clip, level, intervals, resamples, seed)
    counts, ranked = as_counts(log), rankings(ranking, k)
    question = _question(counts, ranked, _relevance(model), options)
    groups = resampling.groups(counts)
    fit = fitted(counts, estimator, groups)
    weights, interval = _plan(len(groups), options)
    outcome = tabling.Outcome(
        names=tuple(question.policies),
        methods=options.methods,
        value=ask(question, counts.cells.N, counts.cells.C, fit.base),
        replicates=_replicates(question, groups, fit, weights),
        swept=tabling.sweep(question, fit.base),
        interval=interval,
    )
    return _result(question, ranked, fit, outcome)


def _relevance(model: RelevanceLabels | pl.DataFrame | None) -> pl.DataFrame | None:
    """The model as query_id, doc_id, relevance."""
    if model is None:
        return None
    frame = model.to_frame() if isinstance(model, RelevanceLabels) else model
    tables.require(frame, ("query_id", "doc_id", "relevance"), "the model")
    ids = (pl.col(name).cast(pl.String) for name in ("query_id", "doc_id"))
    typed = frame.select(*ids, pl.col("relevance").cast(pl.Float64))
    twice = typed.filter(typed.select("query_id", "doc_id").is_duplicated())
    if len(twice):
        raise TableError(f"the model says two things about document {twice.row(0)[:2]}: give each one relevance")
    return typed


def _question(
    counts: ClickCounts, ranked: dict[str, pl.DataFrame], model: pl.DataFrame | None, options: Options
) -> Question:
    plan, items = layout(counts, options.k), counts.items
    chosen = policy.common(plan, list(ranked.values()))
    if not chosen.any():
        raise ClickLogError(_no_overlap(counts, ranked))
    policies = {
        name: policy.policy(plan, items, policy.with_model(frame, model), chosen) for name, frame in ranked.items()
    }
    _refuse_unseen(policies, options.k)
    known = policy.with_model(items, model)["relevance"].to_numpy()
    policies[LOGGED] = policy.logged(plan, known, chosen)
    clip = options.clip or 1 / math.sqrt(float(plan.pages(plan.cells.N) @ chosen))
    return Question(plan, policies, chosen, known, options, clip)


def _no_overlap(counts: ClickCounts, ranked: dict[str, pl.DataFrame]) -> str:
    name, frame = next(iter(ranked.items()))
    both = "all rankings have" if len(ranked) > 1 else f"ranking {name!r} has"
    return (
        f"the log has no query that {both}: the log has such as {counts.items['query_id'][0]!r}, ranking {name!r} such "
        f"as {frame['query_id'][0]!r}; check that both call them alike"
    )


def _refuse_unseen(policies: dict[str, policy.Policy], k: int) -> None:
    for name, one in policies.items():
        if (one.item < 0).all():
            raise ClickLogError(
                f"the log never showed any of the first {k} documents of ranking {name!r}: check that both call "
                "documents alike"
            )


def _plan(B: int, options: Options) -> tuple[Floats, resampling.Interval]:
    """Weights of the groups in each resample, and how an interval comes of them."""
    if options.intervals == "jackknife":
        return resampling.jackknife_weights(B), resampling.jackknife_interval(options.level)
    weights = resampling.bootstrap_weights(B, options.resamples, options.seed)
    return weights, resampling.bootstrap_interval(options.level)


def _replicates(question: Question, groups: resampling.Groups, fit: Fitted, weights: Floats) -> Floats | None:
    """The values of each resample; None where there is one group only, or a resample has no page."""
    if len(groups) < 2:
        return None
    drawn = progress.track(weights, "resampling", len(weights))
    values = np.array([ask(question, *groups.counted(w), fit.base.moved(fit.steps, w)) for w in drawn])
    return values if np.isfinite(values).all() else None


def _result(question: Question, ranked: dict[str, pl.DataFrame], fit: Fitted, outcome: tabling.Outcome) -> Evaluation:
    cells, plan, options = question.layout.cells, question.layout, question.options
    clicks = float(cells.C[question.chosen[plan.group[cells.item]]].sum())
    seen = question.seen(expose(plan, cells.N, cells.C, fit.base))
    frame, differences = tabling.values(outcome, seen, question, clicks), tabling.differences(outcome)
    return Evaluation(
        frame=frame,
        differences=differences,
        sensitivity=tabling.sensitivity(outcome),
        metric=options.metric,
        k=options.k,
        clip=question.clip,
        level=options.level,
        intervals=options.intervals,
        pages=round(question.pages(cells.N)),
        queries=plan.groups.filter(pl.Series(question.chosen))["query_id"].n_unique(),
        propensities=fit.propensities,
        remarks=(
            *_doubts(outcome),
            *remarks.about_queries(question, ranked),
            *remarks.about_size(frame, options.k),
            *remarks.about_support(frame, clicks, question.clip),
            *remarks.about_curve(question, fit),
            *remarks.about_values(outcome, differences),
        ),
    )


def _doubts(outcome: tabling.Outcome) -> tuple[str, ...]:
    """What makes the values doubtful, said in the program's log, too."""
    doubts = tuple(remarks.about_check(outcome))
    for doubt in doubts:
        logging.getLogger(__name__).warning(doubt)
    return doubts
