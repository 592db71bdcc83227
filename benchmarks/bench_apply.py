"""Labeling functions on 5,574 text messages, beside Snorkel's PandasLFApplier."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from side_by_side import Result, compare
from snorkel.labeling import LabelingFunction, PandasLFApplier

import weaklabel as wl


def run() -> Iterator[Result]:
    """Snorkel's own functions, unchanged, in both; then our declarative ones beside the same rules in Snorkel."""
    rules, table = wl.load_lfs("sms_spam"), wl.datasets.load("sms_spam")
    theirs = [LabelingFunction(lf.name, f=lf) for lf in rules.lfs]
    frame = pd.DataFrame(table.to_dict(as_series=False))
    peer = PandasLFApplier(theirs)
    for name, lfs in (("the same Snorkel functions", theirs), ("the same rules, ours", rules.lfs)):
        yield compare(
            f"{len(lfs)} functions, {name}",
            lambda lfs=lfs: wl.apply(lfs, table, rules.classes).votes,
            lambda: peer.apply(frame, progress_bar=False),
            lambda ours, other: np.array_equal(ours, other),
        )
