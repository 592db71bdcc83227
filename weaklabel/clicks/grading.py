"""Grading: which documents people should grade, so that clicks can be read by what they say."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from weaklabel import tables
from weaklabel.artefacts import Batch, Propensities
from weaklabel.clicks.counts import ClickCounts, as_counts
from weaklabel.clicks.log import ClickLog
from weaklabel.clicks.relevance import feature_prior, pair_ids, shrinkage
from weaklabel.clicks.relevance.corrections import Pairs, by_pair
from weaklabel.clicks.relevance.slot_bias import SlotBias, slot_bias
from weaklabel.errors import ClickLogError, ModelError, TableError
from weaklabel.numerics import Floats

Rows = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

POOL = 20_000  # pairs to choose from: those that say most by themselves
APART = 0.1  # standard deviation of a document's own relevance around its grade's: more clicks than that do not help
PLACES = 20  # groups of pairs by how high they stood
RIDGE = 0.1  # graded documents that each position is taken to have before the first


def pick_pairs(
    log: ClickLog | ClickCounts,
    propensities: Propensities | None = None,
    size: int = 100,
    *,
    features: Any = None,
    random_share: float = 0.2,
    exclude: Any = None,
    seed: int = 0,
) -> Batch:
    """The pairs of query and document that people should grade, to serve as anchors.

    At each position, clicks are to be regressed on grades (estimator "trust"): that takes documents that were shown
    there often, of little and of much relevance. Each pair in turn is the one that adds most to what is then known of
    intercept and slope at all positions together (greedy D-optimal design). The rest of the batch is drawn at random
    from all pairs, so that it also tells what documents are like in general, such as how well a calibration does.

    Parameters
    ----------
    log
        The log, or its counts.
    propensities
        Examination of each position. None: the click rate of each position stands for it, which is good enough to tell
        what is probably relevant.
    size
        How many pairs; fewer come back where fewer are left.
    features
        Frame of query_id, doc_id and numbers, by which relevance is guessed, as in `debias`. None: by where documents
        stood. A document's own clicks never tell whether it is picked, as that would bias what is learned of it.
    random_share
        Of the batch, in [0, 1].
    exclude
        Frame of query_id and doc_id: pairs graded already. They count as known, and are not picked again.
    seed
        Of the random share.

    Returns
    -------
    Batch
        Ids query_id/doc_id; those of the design first, with the nats of information each adds; then the random ones, in
        number `provenance["random"]`, with score 0.

    Raises
    ------
    ClickLogError
        Nothing was clicked, or a position has no propensity.
    ModelError
        `random_share` is outside its range.
    TableError
        `size` is below 1, no pair is left, or `exclude` lacks a column.
    """
    if size < 1:
        raise TableError(f"a batch of {size} pairs asks nothing: pick at least 1")
    if not 0 <= random_share <= 1:
        raise ModelError(f"random_share is {random_share}: a share lies between 0 and 1, such as 0.2")
    counts = as_counts(log)
    bias = _click_rates(counts) if propensities is None else slot_bias(counts, propensities)
    pairs = by_pair(counts, bias)
    known = _excluded(pairs, exclude)
    free = np.flatnonzero(~known)
    if not len(free):
        raise TableError(f"none of the {len(known)} pairs is left to grade: all are excluded")
    drawn = round(random_share * min(size, len(free)))
    at_random = np.random.default_rng(seed).permutation(free)[:drawn]
    taken = known.copy()
    taken[at_random] = True
    design = _Design(pairs, _guess(pairs, features, seed))
    chosen, gains = design.extend(np.flatnonzero(taken), min(size, len(free)) - drawn)
    ids = pair_ids.ids(pairs.frame)
    rows = np.concatenate([chosen, at_random])
    scores = np.concatenate([np.minimum.accumulate(gains), np.zeros(drawn)])
    provenance = {"seed": seed, "size": size, "pairs": len(known), "excluded": int(known.sum()), "random": drawn}
    return Batch(ids.gather(rows), scores, "anchors", provenance)


def pairs_of(batch: Batch, log: ClickLog | ClickCounts) -> pl.DataFrame:
    """The pairs of a batch, to be graded: id, query_id, doc_id and score, in its order.

    Raises
    ------
    TableError
        The log did not show one of them.
    """
    shown = as_counts(log).items.select(pair_ids.PAIR).unique(maintain_order=True)
    known = shown.with_columns(pair_ids.ids(shown))
    found = batch.to_frame().join(known, on="id", how="left", maintain_order="left")
    lost = found.filter(pl.col("query_id").is_null())
    if len(lost):
        raise TableError(f"the log never showed {lost['id'][0]!r} of the batch: give the log that it was picked from")
    return found.select("id", *pair_ids.PAIR, "score")


def _click_rates(counts: ClickCounts) -> SlotBias:
    """Click rates as examination; half a click more for each, so that none is 0."""
    cells = counts.cells
    rate = (cells.per_slot(cells.C) + 0.5) / (cells.per_slot(cells.N) + 1)
    return SlotBias(rate / rate.max(), np.zeros(len(rate)), np.empty((0, len(rate))))


def _excluded(pairs: Pairs, exclude: Any) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    if exclude is None:
        return np.zeros(len(pairs.frame), dtype=bool)
    frame = tables.as_frame(exclude)
    tables.require(frame, pair_ids.PAIR, "the table of pairs graded already")
    graded = frame.select(pl.col(pair_ids.PAIR).cast(pl.String)).unique().with_columns(graded=True)
    found = pairs.frame.join(graded, on=pair_ids.PAIR, how="left", maintain_order="left")
    return found["graded"].fill_null(False).to_numpy()


def _guess(pairs: Pairs, features: Any, seed: int) -> Floats:
    """Relevance of each pair, in [0, 1], shape (n,), as its features tell, or the places where rankers put it.

    Not as its own clicks tell: who picks what was clicked by luck, and what was not, teaches the wrong click rates.
    """
    clicks, exposure = pairs.per_pair(pairs.excess), pairs.exposure
    if not clicks.any():
        raise ClickLogError("the log has no click, so nothing tells which documents to grade: take a longer log")
    if features is None:
        relevance = _by_place(pairs, clicks, exposure)
    else:
        prior = shrinkage.learn(pairs.per_pair(pairs.C), exposure)
        known = feature_prior.Known(clicks, exposure, prior)
        relevance = feature_prior.cross_fit(feature_prior.matrix(features, pairs.frame), known, pairs.query, None, seed)
    low, high = np.quantile(relevance, [0.01, 0.99])
    return np.asarray(((relevance - low) / max(high - low, 1e-12)).clip(0, 1))


def _by_place(pairs: Pairs, clicks: Floats, exposure: Floats) -> Floats:
    """Clicks per exposure of all pairs that stood about as high on average."""
    place = pairs.per_pair(pairs.N * np.log1p(pairs.slot)) / pairs.per_pair(pairs.N)
    edges = np.quantile(place, np.linspace(0, 1, PLACES + 1)[1:-1])
    group = np.searchsorted(edges, place)
    rate = np.bincount(group, clicks, PLACES) / np.maximum(np.bincount(group, exposure, PLACES), 1e-12)
    return np.asarray(rate[group])


@dataclass
class _Design:
    """The information about intercept and slope at each slot, and what each pair would add.

    Attributes
    ----------
    pairs
        The cells.
    relevance
        Shape (n,), in [0, 1]: a guess.
    """

    pairs: Pairs
    relevance: Floats

    def __post_init__(self) -> None:
        slots = int(self.pairs.slot.max()) + 1
        # An intercept and a slope, as if a few documents of relevance 0 and 1 were graded.
        start = np.array([[1.0, 0.5], [0.5, 0.5]]) * RIDGE
        self.information = np.tile(start, (slots, 1, 1))
        share = self.pairs.N / (self.pairs.N + 0.25 / APART**2)
        self.weight = share

    def extend(self, known: Rows, size: int) -> tuple[Rows, Floats]:
        """The next pairs to grade and what each adds, after those known."""
        taken = np.zeros(len(self.relevance), dtype=bool)
        taken[known] = True
        self._add(np.flatnonzero(taken[self.pairs.pair]))
        cells = self._pool(taken)
        chosen, gains = [], []
        for _ in range(min(size, len(np.unique(self.pairs.pair[cells])))):
            gain = self._gain(cells)
            best = int(np.where(taken, -np.inf, gain).argmax())
            chosen.append(best)
            gains.append(float(gain[best]))
            taken[best] = True
            self._add(cells[self.pairs.pair[cells] == best])
        return np.array(chosen, dtype=np.int64), np.array(gains, dtype=np.float64)

    def _pool(self, taken: Any) -> Rows:
        """The cells of the pairs that are worth a look."""
        gain = np.where(taken, -1.0, self._gain(np.arange(len(self.weight))))
        looked_at = np.zeros(len(gain), dtype=bool)
        looked_at[np.argsort(-gain, kind="stable")[:POOL]] = True
        return np.flatnonzero((looked_at & ~taken)[self.pairs.pair])

    def _x(self, cells: Rows) -> Floats:
        g = self.relevance[self.pairs.pair[cells]]
        return np.stack([np.ones_like(g), g], axis=1)

    def _gain(self, cells: Rows) -> Floats:
        """By how much the log determinants of all slots rise with each pair, shape (n,)."""
        x, inverse = self._x(cells), np.linalg.inv(self.information)[self.pairs.slot[cells]]
        leverage = np.einsum("ci,cij,cj->c", x, inverse, x)
        nats = np.log1p(self.weight[cells] * leverage)
        return np.asarray(np.bincount(self.pairs.pair[cells], nats, len(self.relevance)), dtype=np.float64)

    def _add(self, cells: Rows) -> None:
        x = self._x(cells)
        np.add.at(self.information, self.pairs.slot[cells], self.weight[cells, None, None] * x[:, :, None] * x[:, None])
