import json

import numpy as np
import pytest

from weaklabel.artefacts import Fault, LabelMatrix, Posterior
from weaklabel.report import page
from weaklabel.report.labeling import labeling_document, labeling_section

NAMES = ("prize", "short", "<b>call</b>", "lf")
L = LabelMatrix(
    np.array([[1, 0, -1, -1], [1, 1, 0, -1], [-1, 0, 0, -1], [-1, -1, -1, -1], [1, -1, -1, -1]]),
    list("abcde"), NAMES, ("ham", "spam"), (Fault("short", "KeyError: 'x'", "d", 3, 1),), seconds={"prize": 0.5},
)  # fmt: skip
GOLD = np.array([1, 1, 0, -1, 0])


def many(m):
    votes = np.random.default_rng(0).integers(-1, 2, (200, m))
    votes[:, 3] = -1
    return LabelMatrix.from_array(votes, lf_names=[f"rule {j}" for j in range(m)])


def test_a_section_says_shows_and_draws():
    found = labeling_section(L, GOLD)

    assert found.lead[0] == "'lf' never votes."
    assert [table.caption for table in found.tables] == [
        "4 labeling functions on 5 items:",
        "2 classes on 5 items:",
    ]
    assert [chart.caption.split()[0] for chart in found.charts] == ["What", "On", "Cohen's"]
    assert "<script" not in page("", [found])
    assert "<b>call" not in page("", [found])


def test_beliefs_turn_the_last_chart_into_one_of_errors():
    rng = np.random.default_rng(0)
    matrix = many(5)
    posterior = Posterior(rng.dirichlet([1, 1], 200), matrix.item_ids, matrix.classes, matrix.covered)

    assert labeling_section(matrix, posterior=posterior).charts[2].caption.startswith("Correlation of errors")


def test_of_very_many_functions_the_charts_show_those_that_vote_most():
    section = labeling_section(many(80))

    assert len(section.tables[0].frame) == 80
    for chart in section.charts:
        assert chart.caption.endswith("The 75 functions that vote most.")
        assert chart.svg.count(">rule ") == 75 * (1 if chart is section.charts[0] else 2)
        assert ">rule 3<" not in chart.svg


@pytest.mark.parametrize("shape", [(0, 2), (3, 0), (0, 0)])
def test_a_matrix_without_items_or_functions_has_a_section_too(shape):
    section = labeling_section(LabelMatrix.from_array(np.empty(shape, int)))

    assert len(section.charts) == (3 if shape[1] else 0)


def test_the_document_is_json_and_holds_everything():
    found = json.loads(json.dumps(labeling_document(L, GOLD), allow_nan=False))

    assert (found["items"], found["classes"]) == (5, ["ham", "spam"])
    assert [row["lf"] for row in found["functions"]] == list(NAMES)
    assert found["functions"][0]["seconds"] == 0.5
    assert found["by_class"][1]["known"] == 2
    assert found["conflicts"] == [[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert found["correlation"][3][3] is None
    assert found["faults"] == [{"lf": "short", "error": "KeyError: 'x'", "item_id": "d", "row": 3, "count": 1}]
    assert found["remarks"]
