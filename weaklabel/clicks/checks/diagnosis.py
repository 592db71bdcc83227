"""What was found in a click log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from weaklabel.artefacts import Propensities
from weaklabel.clicks.checks.clicked_above import ClickedAbove
from weaklabel.clicks.checks.confounding import ContextTest, KeyTest
from weaklabel.clicks.checks.fit_checks import HeldOut
from weaklabel.clicks.checks.linkage import Linkage
from weaklabel.clicks.checks.page_fit import PageFit
from weaklabel.clicks.checks.specification import Specification
from weaklabel.numerics import Floats


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found, part by part; what a log does not allow is None or empty.

    Attributes
    ----------
    shown
        position, impressions, clicks, click_rate.
    linkage
        What links the positions.
    propensities
        The estimate; of the positions that can be compared, where not all can; None where there is none.
    refused
        Why the estimator refused; empty if it did not.
    specification, clicked_above, page_fit
        Whether users are position-based.
    contexts, keys
        Whether columns matter.
    rates, held_out
        What the model predicts.
    weights
        Shape (documents,): by how much the clicks of each are weighted up, on account of where it stood.
    """

    shown: pl.DataFrame
    linkage: Linkage
    propensities: Propensities | None = None
    refused: str = ""
    specification: Specification | None = None
    clicked_above: ClickedAbove | None = None
    page_fit: PageFit | None = None
    contexts: tuple[ContextTest, ...] = ()
    keys: tuple[KeyTest, ...] = ()
    rates: pl.DataFrame | None = None
    held_out: HeldOut | None = None
    weights: Floats | None = None


@dataclass(frozen=True, eq=False)
class Diagnosis(Findings):
    """Findings, and what is to be said of them.

    Attributes
    ----------
    remarks
        Sentences, the most important first.
    """

    remarks: tuple[str, ...] = ()

    @property
    def positions(self) -> pl.DataFrame:
        """One row per position: impressions, clicks, click_rate, informative_clicks, group, and the estimate if any."""
        found = self.linkage
        known = {"position": found.position, "informative_clicks": found.informative_clicks, "group": found.group + 1}
        frame = self.shown.join(pl.DataFrame(known), on="position", how="left", maintain_order="left")
        if self.propensities is None or self.propensities.context is not None:
            return frame
        curve = self.propensities.to_frame().select("position", "examination", "lower", "upper")
        return frame.join(curve, on="position", how="left", maintain_order="left")

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """Everything as frames, by name; only what was found."""
        parts: dict[str, pl.DataFrame | None] = {
            "positions": self.positions,
            "propensities": None if self.propensities is None else self.propensities.to_frame(),
            "tests": _tests(self),
            "specification": None if self.specification is None else self.specification.curves,
            "clicked_above": None if self.clicked_above is None else self.clicked_above.by_position,
            "rates": self.rates,
            "held_out": None if self.held_out is None else self.held_out.positions,
        }
        return {name: frame for name, frame in parts.items() if frame is not None and len(frame)}


def _tests(found: Findings) -> pl.DataFrame:
    """One row per test: what was asked, the verdict, and its p-value."""
    schema = {"question": pl.String, "verdict": pl.String, "p_value": pl.Float64}
    return pl.DataFrame(list(_answers(found)), schema=schema, orient="row").with_columns(
        pl.col("p_value").fill_nan(None)
    )


def _answers(found: Findings) -> Iterator[tuple[str, str, float]]:
    if (one := found.specification) is not None:
        yield "do relevant and irrelevant documents share a curve", one.verdict, one.test.p_value
    if (clicked := found.clicked_above) is not None:
        yield "does a click above change the clicks below", clicked.verdict, clicked.p_value
    for context in found.contexts:
        yield f"do curves differ by {', '.join(context.columns)}", _said(context.differ), context.test.p_value
    for key in found.keys:
        yield f"did documents move because relevance did, by {key.column}", _said(key.matters), key.p_value


def _said(answer: bool | None) -> str:
    return "cannot tell" if answer is None else "yes" if answer else "no"
