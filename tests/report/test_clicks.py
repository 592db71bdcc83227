import json
import re

import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.counting import count
from weaklabel.clicks.diagnose import diagnose
from weaklabel.clicks.log import ClickLog
from weaklabel.report import charts, page
from weaklabel.report.clicks import clicks_document, clicks_section


def a_log(sessions=1_500, seed=0, *, moving=True):
    """Pages of four documents that one of three orders puts up, examined as 1 / position."""
    rng = np.random.default_rng(seed)
    query, ranker = rng.integers(20, size=sessions), rng.integers(3, size=sessions) * moving
    orders = np.argsort(rng.random((3, 20, 4)), axis=2)
    doc = orders[ranker, query]
    relevance = rng.uniform(0.2, 0.9, (20, 4))
    click = rng.random(doc.shape) < relevance[query[:, None], doc] / np.arange(1, 5)
    each = {"session_id": np.repeat(np.arange(sessions), 4), "query_id": np.repeat(query, 4)}
    device = np.repeat(rng.choice(["phone", "desk"], sessions), 4)
    places = {"doc_id": doc.ravel(), "position": np.tile(np.arange(1, 5), sessions), "click": click.ravel().astype(int)}
    return ClickLog(pl.DataFrame({**each, **places, "device": device}))


@pytest.fixture(scope="module")
def diagnosis():
    return diagnose(a_log())


def texts(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_the_section_leads_with_every_remark_as_a_sentence(diagnosis):
    lead = clicks_section(diagnosis).lead

    assert [sentence[1:-1] for sentence in lead] == [remark[1:] for remark in diagnosis.remarks]
    assert all(sentence[0].isupper() or not sentence[0].isalpha() for sentence in lead)
    assert all(sentence.endswith(".") for sentence in lead)


def test_the_first_table_has_each_position_with_its_examination_and_interval(diagnosis):
    table = clicks_section(diagnosis).tables[0].frame

    assert table["position"].to_list() == [1, 2, 3, 4]
    assert table["examination"][0] == "1.000 [1.000, 1.000]"
    assert "lower" not in table.columns


def test_every_test_is_a_row_with_its_question(diagnosis):
    captions = {table.caption: table.frame for table in clicks_section(diagnosis).tables}

    questions = captions["What was asked of the log:"]["question"].to_list()

    assert "do curves differ by device" in questions
    assert "does a click above change the clicks below" in questions


def test_there_are_pictures_of_curves_links_thirds_and_weights(diagnosis):
    pictures = clicks_section(diagnosis).charts

    assert len(pictures) == 4
    assert {"examination", "click rate"} <= set(texts(pictures[0].svg))
    assert {"least relevant third", "most relevant third"} <= set(texts(pictures[2].svg))
    assert all("mathdefault" not in chart.svg for chart in pictures)


def test_a_refused_log_has_a_section_too():
    section = clicks_section(diagnose(a_log(300, moving=False)))

    assert "every document has its place" in section.lead[0]
    assert "examination" not in section.tables[0].frame.columns
    assert len(section.charts) == 1  # what links the positions: nothing


def test_contexts_have_their_own_table():
    section = clicks_section(diagnose(count(a_log(), context="device")))

    contexts = section.tables[1].frame

    assert contexts["device"].unique().sort().to_list() == ["desk", "phone"]
    assert contexts["examination"][0].startswith("1.000 [")


def test_a_page_can_be_made_of_it(diagnosis):
    html = page("Clicks", [clicks_section(diagnosis)])

    assert html.count("<svg") == 4


def test_the_document_is_plain_json_and_says_the_same(diagnosis):
    document = json.loads(json.dumps(clicks_document(diagnosis), allow_nan=False))

    assert document["remarks"] == list(diagnosis.remarks)
    assert document["refused"] is None
    assert [row["position"] for row in document["positions"]] == [1, 2, 3, 4]


def test_lines_without_intervals_can_be_drawn():
    svg = charts.position_curves({"a": pl.DataFrame({"position": [1, 2], "value": [1.0, 0.5]})}, "how much")

    assert {"a", "position", "how much"} <= set(texts(svg))


@pytest.mark.parametrize("weights", [np.ones(5), np.array([0.5, 1, 300.0]), np.array([2.0])])
def test_weights_of_any_spread_have_plain_numbers_at_their_axes(weights):
    svg = charts.weight_histogram(weights)

    assert {"weight of a click", "documents"} <= set(texts(svg))
    assert any(re.fullmatch(r"[\d.]+", text) for text in texts(svg))
