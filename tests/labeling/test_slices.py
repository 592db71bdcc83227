import logging

import numpy as np
import polars as pl
import pytest
from snorkel.analysis import Scorer
from snorkel.slicing import SFApplier, slicing_function

from weaklabel.artefacts import Posterior
from weaklabel.errors import LabelingFunctionError, TableError
from weaklabel.labeling.applying.rows import Row
from weaklabel.labeling.functions import labeling_function
from weaklabel.labeling.slices import load_slices, slice_masks, slice_scores
from weaklabel.metrics import METRICS, score


@slicing_function()
def large(x):
    return x.n >= 60


@slicing_function()
def odd(x):
    return int(x.n % 2)


@slicing_function()
def never(x):
    return False


@labeling_function(batch=True, columns=["n"])
def small(rows):
    return rows["n"] < 10


def data(n=100, seed=0):
    rng = np.random.default_rng(seed)
    table = pl.DataFrame({"id": [f"c-{i}" for i in range(n)], "n": range(n)})
    p = rng.random(n)
    posterior = Posterior(np.stack([1 - p, p], axis=1), table["id"], ("ham", "spam"), np.ones(n, bool))
    return posterior, rng.integers(0, 2, n), table


def test_masks_say_which_items_are_in_which_slice():
    found = slice_masks([odd, small], data()[2][8:12])

    assert found.rows() == [("c-8", False, True), ("c-9", True, True), ("c-10", False, False), ("c-11", True, False)]


def test_an_abstention_is_outside():
    @slicing_function()
    def snorkel_like(x):
        return -1 if x.n else 0

    assert slice_masks([snorkel_like], data()[2])["snorkel_like"].any() is False


def test_where_a_slicing_function_fails_the_item_is_outside_and_a_warning_says_so(caplog):
    @slicing_function()
    def picky(x):
        return 1 // (x.n - 3) >= 0

    with caplog.at_level(logging.WARNING):
        found = slice_masks([picky], data(10)[2])

    assert found["picky"].to_list() == [False] * 4 + [True] * 6
    assert "'picky' failed on 1 rows, which are not in its slice; first on item 'c-3' (row 3): Zero" in caplog.text


def test_scores_are_those_of_the_items_of_each_slice():
    posterior, gold, table = data()
    gold[::7] = -1

    found = slice_scores(posterior, gold, [large, odd], table, n_bootstrap=20, seed=4)

    assert found["slice"].to_list() == ["overall", "large", "odd"]
    assert found["items"].to_list() == [100, 40, 50]
    assert found["known"].to_list() == [(gold >= 0).sum(), (gold[60:] >= 0).sum(), (gold[1::2] >= 0).sum()]
    inside = np.arange(100) >= 60
    alone = score(
        Posterior(posterior.probs[inside], table["id"][60:], posterior.classes, inside[inside]), gold[60:],
        n_bootstrap=20, seed=4,
    )  # fmt: skip
    for metric in METRICS:
        assert found[metric][1] == alone.value[metric]
        assert (found[f"{metric}_lower"][1], found[f"{metric}_upper"][1]) == alone.interval[metric]


def test_they_are_what_snorkels_scorer_finds():
    posterior, gold, table = data(seed=5)
    slices = [large, odd]
    masks = SFApplier(slices).apply([Row(**row) for row in table.to_dicts()], progress_bar=False)
    names = ["accuracy", "f1", "precision", "recall", "roc_auc"]
    expected = Scorer(metrics=names).score_slices(masks, gold, posterior.labels(), posterior.probs)

    found = slice_scores(posterior, gold, slices, table, n_bootstrap=0)

    for row in found.iter_rows(named=True):
        for ours, theirs in zip(("accuracy", "f1", "precision", "recall", "auc"), names, strict=True):
            assert row[ours] == pytest.approx(expected[row["slice"]][theirs])


def test_a_small_slice_is_marked_and_has_the_wide_interval_of_few_items():
    posterior, _, table = data()
    gold = posterior.labels().astype(int)  # right on all: a bootstrap would say [1, 1]

    found = slice_scores(posterior, gold, [small, large], table, n_bootstrap=20)

    assert found["few"].to_list() == [False, True, False]
    few = found.row(1, named=True)
    assert (few["known"], few["accuracy"], few["accuracy_upper"]) == (10, 1, 1)
    assert few["accuracy_lower"] == pytest.approx(0.722, abs=1e-3)  # Wilson's, of 10 of 10
    assert few["f1"] is not None
    assert few["f1_lower"] is None


def test_a_slice_without_known_items_has_no_numbers():
    posterior, gold, table = data()
    gold[:10] = -1

    found = slice_scores(posterior, gold, [never, small], table, n_bootstrap=5)

    assert found.select("items", "known", "few").rows()[1:] == [(0, 0, True), (10, 0, True)]
    assert found[1:].select(METRICS).null_count().row(0) == (2,) * len(METRICS)


def test_a_slice_of_one_class_has_no_auc():
    posterior, gold, table = data()
    gold[60:] = 1

    found = slice_scores(posterior, gold, [large], table, n_bootstrap=5)

    assert found["auc"][1] is None
    assert found["recall"][1] is not None


def test_the_table_may_be_in_another_order_and_hold_more():
    posterior, gold, table = data()
    part = Posterior(posterior.probs[5:50], table["id"][5:50], posterior.classes, posterior.covered[5:50])

    found = slice_scores(part, gold[5:50], [small], table.reverse(), n_bootstrap=0)

    assert found["items"].to_list() == [45, 5]


def test_a_slice_called_overall_is_refused():
    posterior, gold, table = data()

    @slicing_function(name="overall")
    def mine(x):
        return True

    with pytest.raises(TableError, match="a slicing function is called 'overall', .* rename it"):
        slice_scores(posterior, gold, [mine], table)


def test_an_item_without_a_row_is_refused():
    posterior, gold, table = data()

    with pytest.raises(TableError, match="no row for 50 of the items, first 'c-50'"):
        slice_scores(posterior, gold, [small], table[:50])


def test_without_slicing_functions_there_is_nothing_to_do():
    with pytest.raises(LabelingFunctionError):
        slice_masks([], data()[2])


FILE = """
from snorkel.slicing import slicing_function
from weaklabel import labeling_function

@labeling_function
def votes(x):
    return 1
"""


def test_a_file_gives_snorkels_slicing_functions_and_without_any_its_labeling_functions(tmp_path):
    (tmp_path / "both.py").write_text(f"{FILE}\n@slicing_function()\ndef short(x):\n    return True\n")
    (tmp_path / "ours.py").write_text(FILE)

    assert [each.name for each in load_slices(tmp_path / "both.py")] == ["short"]
    assert [each.name for each in load_slices(tmp_path / "ours.py")] == ["votes"]
