"""What labeling functions do, as a section of a page and as one JSON document."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from weaklabel.artefacts import LabelMatrix, Posterior
from weaklabel.labeling.accuracy import lf_accuracy
from weaklabel.labeling.duplicates import residual_correlation
from weaklabel.labeling.pairs import kappa, meetings
from weaklabel.labeling.remarks import remarks
from weaklabel.labeling.summary import class_coverage, summary
from weaklabel.numerics import Floats
from weaklabel.report import charts
from weaklabel.report.looking import classes_table, functions_table
from weaklabel.report.section import Chart, Section

MOST = 75  # functions in one chart; the names of more cannot be read

Gold = NDArray[np.integer] | None


def labeling_section(L: LabelMatrix, gold: Gold = None, posterior: Posterior | None = None) -> Section:
    """What each function does, what is done for each class, who conflicts with whom, and who is like whom.

    Parameters
    ----------
    L
        n items, m functions; charts show the 75 that vote most.
    gold
        Shape (n,): the known class, -1 where unknown; with it come accuracies.
    posterior
        What a label model believes of the same items; with it the last chart is of errors given the class.
    """
    functions = summary(L, gold)
    return Section(
        "Labeling functions",
        [f"{sentence[:1].upper()}{sentence[1:]}." for sentence in remarks(L, gold)],
        [functions_table(L, functions), classes_table(L, class_coverage(L, gold))],
        _pictures(L, functions, gold, posterior) if len(L.lf_names) else [],
    )


def labeling_document(L: LabelMatrix, gold: Gold = None, posterior: Posterior | None = None) -> dict[str, Any]:
    """The same as JSON can hold it: tables as lists of rows, matrices as lists of lists in the order of `functions`."""
    return {
        "items": len(L.votes),
        "classes": list(L.classes),
        "functions": summary(L, gold).to_dicts(),
        "by_class": class_coverage(L, gold).to_dicts(),
        "conflicts": _differ(L).tolist(),
        "correlation": [[value if np.isfinite(value) else None for value in row] for row in _alike(L, posterior)],
        "faults": [vars(fault) for fault in L.faults],
        "remarks": remarks(L, gold),
    }


def _pictures(L: LabelMatrix, functions: pl.DataFrame, gold: Gold, posterior: Posterior | None) -> list[Chart]:
    if len(L.lf_names) > MOST:
        chosen = np.sort(np.argsort(-functions["coverage"].to_numpy(), kind="stable")[:MOST])
        L = replace(L, votes=L.votes[:, chosen], lf_names=tuple(L.lf_names[j] for j in chosen))
        functions = functions[chosen]
    some = f" The {MOST} functions that vote most." if len(functions) == MOST else ""
    accuracy = None if gold is None else lf_accuracy(L, gold=gold)
    alike = "Correlation of errors given the class" if posterior is not None else "Cohen's kappa of all that they do"
    return [
        Chart(
            "What each function covers" + ("." if gold is None else ", and how often it is right.") + some,
            charts.function_bars(functions, accuracy),
        ),
        Chart(
            f"On how many items each two functions vote differently.{some}",
            charts.heat_map(L.lf_names, _differ(L), "items"),
        ),
        Chart(
            f"{alike}, abstaining, too: how alike each two are beyond chance.{some}",
            charts.heat_map(L.lf_names, _alike(L, posterior), "kappa" if posterior is None else "correlation"),
        ),
    ]


def _differ(L: LabelMatrix) -> NDArray[np.int64]:
    return meetings(L)[1]


def _alike(L: LabelMatrix, posterior: Posterior | None) -> Floats:
    return kappa(L) if posterior is None else residual_correlation(L, posterior)
