"""Compare label models on these votes: which is best here, and whether any is better than counting votes."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel import plugins, progress
from weaklabel.artefacts import ABSTAIN, LabelMatrix, Posterior, checks
from weaklabel.artefacts.posterior import TIE
from weaklabel.errors import ModelError, WeaklabelError
from weaklabel.labeling.denoise import label_model
from weaklabel.labeling.held_out import halves, held_out
from weaklabel.labeling.reasons import reasons
from weaklabel.numerics import Floats
from weaklabel.protocols import LabelModel

MAJORITY = "majority"
AGAINST_GOLD = ("accuracy", "macro_f1", "log_loss", "calibration_error")
HELD_OUT = "vote_log_likelihood"
BETTER, SAME, WORSE = "better than majority vote", "not better than majority vote here", "worse than majority vote"
FORETELLS = "foretells votes better", "foretells votes no better", "foretells votes worse"  # which is not to be right
UNTOLD = "cannot be told from these votes"
N_BOOTSTRAP = 500
FEW_KNOWN = 200
ROUNDING = 1e-9  # of a difference that ought to be 0

Rows = NDArray[np.intp]
Gold = NDArray[np.int64]
Measure = Callable[[Rows], dict[str, float]]
Measured = dict[str, tuple[float, float, float]]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Label models side by side.

    Attributes
    ----------
    frame
        One row per model, best first: model; accuracy (a tie counts by share, an item without votes as a guess among
        k classes), macro_f1, log_loss (nats), calibration_error, null without gold; vote_log_likelihood (nats per
        held-out vote), null with gold; each with _lower and _upper, 95 % bootstrap percentiles over items; difference
        (from majority vote, paired: of accuracy with gold, else of the likelihood) with its interval; verdict, or why
        the model could not be fitted.
    best
        The model with the highest accuracy (log-loss decides ties), or likelihood; "majority" where nothing tells.
    why
        Some sentences.
    """

    frame: pl.DataFrame
    best: str
    why: str


def compare(
    L: LabelMatrix, models: Sequence[str] = (), gold: NDArray[np.integer] | None = None, seed: int = 0
) -> Comparison:
    """Fit label models to the same votes, and say which is best here and whether it beats majority vote.

    With known classes, every model learns from all votes and from none of the classes, and is scored on them. Without,
    it learns from one half of the items, and is scored on how well it foretells a vote in the other half from the other
    votes on the item. That is a weak guide: functions that err together foretell each other well.

    Parameters
    ----------
    L
        n items, m functions.
    models
        Names of label models; by default all that there are. Majority vote is always among them.
    gold
        Shape (n,): the known class, -1 where unknown; drawn at random, and as many as can be had.
    seed
        Of the resampling, of the halves (a hash of it and the item's id decides), and of models that take one. The
        order of the rows changes nothing.

    Raises
    ------
    UnknownNameError
        There is no such model.
    TableError
        `gold` has another shape or holds no class number.

    Source: bootstrap percentiles: Efron and Tibshirani, An Introduction to the Bootstrap, 1993.
    """
    wanted = [MAJORITY, *(name for name in dict.fromkeys(models or plugins.names("model")) if name != MAJORITY)]
    for name in wanted:
        plugins.get("model", name)
    known = np.full(len(L.votes), ABSTAIN) if gold is None else checks.gold(gold, len(L.votes), L.classes)
    if (known != ABSTAIN).any():
        return _with_gold(L, wanted, known, seed)
    return _without_gold(L, wanted, seed)


def _with_gold(L: LabelMatrix, wanted: Sequence[str], gold: Gold, seed: int) -> Comparison:
    rows = _by_id(L.item_ids, gold != ABSTAIN)

    def measure(name: str) -> Measure:
        return _against_gold(_fitted(name, L, seed).predict_proba(L), gold, rows)

    measures, refused = _tried(wanted, measure)
    found = _bootstrapped(measures, len(rows), "accuracy", seed)
    ranked = sorted(found, key=lambda name: (-found[name]["accuracy"][0], found[name]["log_loss"][0]))
    verdicts = {name: _verdict(name, found[name], (BETTER, SAME, WORSE)) for name in ranked}
    why = _why_with_gold(L, gold, found, ranked[0])
    return Comparison(_frame(found, {**verdicts, **refused}), ranked[0], " ".join(why))


def _without_gold(L: LabelMatrix, wanted: Sequence[str], seed: int) -> Comparison:
    half = halves(L.item_ids, seed)
    telling = [j for j in range(len(L.lf_names)) if len(np.setdiff1d(L.votes[:, j], [ABSTAIN])) > 1]
    ordered = _by_id(L.item_ids, ~half)
    learn, test = _part(L, np.flatnonzero(half)), _part(L, ordered)
    asked = (test.votes[:, telling] != ABSTAIN) & ((test.votes != ABSTAIN).sum(axis=1, keepdims=True) > 1)

    def measure(name: str) -> Measure:
        return _mean_of(held_out(_fitted(name, learn, seed), learn, test, telling, L.votes), asked)

    measures, refused = _tried(wanted, measure)
    found = _bootstrapped(measures, len(ordered), HELD_OUT, seed) if asked.any() else {name: {} for name in measures}
    ranked = sorted(found, key=lambda name: -found[name][HELD_OUT][0]) if asked.any() else list(found)
    verdicts = {name: _verdict(name, found[name], FORETELLS) for name in ranked}
    why = _why_without_gold(L, telling, int(asked.sum()), found, ranked[0])
    return Comparison(_frame(found, {**verdicts, **refused}), ranked[0], " ".join(why))


def _tried(wanted: Sequence[str], measure: Callable[[str], Measure]) -> tuple[dict[str, Measure], dict[str, str]]:
    """How to measure each model, and why others could not be fitted."""
    measures, refused = {}, {}
    for name in progress.track(wanted, "label models", len(wanted)):
        try:
            measures[name] = measure(name)
        except (WeaklabelError, ImportError) as error:
            refused[name] = f"cannot be fitted: {error}"
    return measures, refused


def _fitted(name: str, L: LabelMatrix, seed: int) -> LabelModel:
    parameters = [field for field in dataclasses.fields(plugins.get("model", name)) if field.init]
    missing = dataclasses.MISSING
    if needed := [field.name for field in parameters if field.default is field.default_factory is missing]:
        raise ModelError(f"it has no default for {', '.join(needed)}")
    takes_seed = any(field.name == "seed" for field in parameters)
    return label_model(name, **({"seed": seed} if takes_seed else {})).fit(L)


def _against_gold(posterior: Posterior, gold: Gold, rows: Rows) -> Measure:
    y, probs, labels = gold[rows], posterior.probs[rows], posterior.labels()[rows]
    k = len(posterior.classes)
    sureness = probs.max(axis=1)
    tied = probs >= sureness[:, None] - TIE
    share = tied[np.arange(len(y)), y] / tied.sum(axis=1)
    credit = np.where(posterior.covered[rows], share, 1 / k)
    surprise = -np.log(np.clip(probs[np.arange(len(y)), y], np.finfo(float).eps, 1.0))

    def measure(i: Rows) -> dict[str, float]:
        return {
            "accuracy": float(credit[i].mean()),
            "macro_f1": macro_f1(y[i], labels[i], k),
            "log_loss": float(surprise[i].mean()),
            "calibration_error": calibration_error(sureness[i], share[i]),
        }

    return measure


def macro_f1(y: NDArray[np.integer], labels: NDArray[np.integer], k: int) -> float:
    """Mean F1 of the classes that occur in either; an abstention (-1) predicts nothing."""
    right = np.bincount(y[y == labels], minlength=k)
    both = np.bincount(y, minlength=k) + np.bincount(labels[labels != ABSTAIN], minlength=k)
    return float((2 * right[both > 0] / both[both > 0]).mean())


def calibration_error(sureness: Floats, right: Floats, bins: int = 10) -> float:
    """Expected calibration error, as `metrics.calibration_error`; but a tie is right by share, whatever the order."""
    place = np.minimum((sureness * bins + 1e-9).astype(int), bins - 1)
    return float(np.abs(np.bincount(place, sureness - right)).sum() / len(right))


def _mean_of(surprise: Floats, asked: NDArray[np.bool_]) -> Measure:
    total, count = (surprise * asked).sum(axis=1), asked.sum(axis=1)
    return lambda i: {HELD_OUT: float(total[i].sum() / max(count[i].sum(), 1))}


def _part(L: LabelMatrix, rows: Rows) -> LabelMatrix:
    return LabelMatrix(L.votes[rows], L.item_ids.gather(rows), L.lf_names, L.classes)


def _by_id(item_ids: pl.Series, chosen: NDArray[np.bool_]) -> Rows:
    """The chosen rows in the order of their ids, so that resampling does not depend on that of the rows."""
    order = item_ids.arg_sort().to_numpy().astype(np.intp)
    return np.asarray(order[chosen[order]])


def _bootstrapped(measures: Mapping[str, Measure], n: int, deciding: str, seed: int) -> dict[str, Measured]:
    """Each metric with its interval, and the paired `difference` of the deciding one from majority vote's."""
    every = np.arange(n)
    values = {name: measure(every) for name, measure in measures.items()}
    drawn = {name: [measure(i) for i in _draws(n, seed)] for name, measure in measures.items()}
    found = {}
    for name, value in values.items():
        found[name] = {each: _interval(value[each], [draw[each] for draw in drawn[name]]) for each in value}
        gaps = np.array([draw[deciding] for draw in drawn[name]]) - [draw[deciding] for draw in drawn[MAJORITY]]
        if deciding == "accuracy" and name != MAJORITY:
            gaps += _unseen(n, seed)
        found[name]["difference"] = _interval(value[deciding] - values[MAJORITY][deciding], gaps)
    return found


def _unseen(n: int, seed: int) -> Floats:
    """What two more items would add to the draws, one on which each of two models alone is right.

    Without them models that happen to agree on few known items would surely agree on all (Bonett and Price, Adjusted
    Wald confidence interval for a difference of binomial proportions based on paired data, 2012): where they differ
    on 1 item in 33, "95 %" of 50 known items covers 63 %; with them 95 % or more.
    """
    one, other = np.random.default_rng([seed, n]).poisson(1, (2, N_BOOTSTRAP))
    return np.asarray((one - other) / n)


def _draws(n: int, seed: int) -> Iterator[Rows]:
    rng = np.random.default_rng(seed)
    return (rng.integers(n, size=n) for _ in range(N_BOOTSTRAP))


def _interval(value: float, drawn: Sequence[float] | Floats) -> tuple[float, float, float]:
    lower, upper = np.quantile(drawn, [0.025, 0.975])
    return value, float(lower), float(upper)


def _verdict(name: str, found: Measured, verdicts: tuple[str, str, str]) -> str:
    if name == MAJORITY:
        return "majority vote"
    if not found:
        return UNTOLD
    _, lower, upper = found["difference"]
    better, same, worse = verdicts
    return better if lower > ROUNDING else worse if upper < -ROUNDING else same


def _frame(found: Mapping[str, Measured], verdicts: Mapping[str, str]) -> pl.DataFrame:
    """A row for each verdict, in that order."""
    metrics = (*AGAINST_GOLD, HELD_OUT, "difference")
    columns = [f"{metric}{end}" for metric in metrics for end in ("", "_lower", "_upper")]
    rows = [
        (name, *(value for metric in metrics for value in found.get(name, {}).get(metric, (None,) * 3)), verdict)
        for name, verdict in verdicts.items()
    ]
    schema = {"model": pl.String, **dict.fromkeys(columns, pl.Float64), "verdict": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _why_with_gold(L: LabelMatrix, gold: Gold, found: Mapping[str, Measured], best: str) -> Iterator[str]:
    n = int((gold != ABSTAIN).sum())
    ours, majority = found[best], found[MAJORITY]
    better = [name for name, each in found.items() if each["difference"][1] > ROUNDING]
    if best == MAJORITY:
        yield f"On {n:,} items of known class majority vote is right on {majority['accuracy'][0]:.1%},"
        yield "and no model on more."
    else:
        gap, lower, upper = (_points(value) for value in ours["difference"])
        yield f"On {n:,} items of known class {best} is right on {ours['accuracy'][0]:.1%},"
        yield f"majority vote on {majority['accuracy'][0]:.1%}: {gap} points, 95 % interval {lower} to {upper}."
    if better:
        yield f"Better than majority vote here: {', '.join(better)}."
        if len(found) > 2:
            yield "The best was chosen on the items that it is scored on, so its lead is a little flattered."
        return
    yield "No model is better than majority vote here."
    if n < FEW_KNOWN:
        yield f"{n:,} known classes do not show small differences: label more items."
    yield from reasons(L, gold)
    if ours["log_loss"][0] < majority["log_loss"][0]:
        losses = f"log-loss {ours['log_loss'][0]:.2f} against {majority['log_loss'][0]:.2f}"
        yield f"The probabilities of {best} are the better ones, though ({losses})."


def _points(difference: float) -> str:
    return f"{round(100 * difference, 1) + 0.0:+.1f}"  # + 0.0: no "-0.0"


def _why_without_gold(
    L: LabelMatrix, telling: Sequence[int], asked: int, found: Mapping[str, Measured], best: str
) -> Iterator[str]:
    if not asked:
        yield "No class is known, and held-out votes tell nothing:"
        if not telling:
            yield "each function votes for one class only, so that its vote, where there is one, is no surprise."
        else:
            yield "no function that votes for several classes has another beside it."
        yield "So nothing shows that a model is better than majority vote; some known classes would."
        return
    value, lower, upper = found[best]["difference"]
    yield f"No class is known, so the models foretold {asked:,} held-out votes from the other votes on the item."
    if best == MAJORITY:
        yield "Majority vote foretells them best."
    else:
        told = "better" if lower > ROUNDING else "no better"
        interval = f"95 % interval {lower:+.3f} to {upper:+.3f}"
        yield f"{best} does so {told} than majority vote ({value:+.3f} nats a vote, {interval})."
    if silent := len(L.lf_names) - len(telling):
        yield f"Of {len(L.lf_names)} functions {silent} vote for one class only, and were not foretold."
    yield "This is a weak guide to who is right: functions that err together foretell each other well, and majority"
    yield "vote, being always sure, foretells badly even where it labels well. Some known classes say more."
