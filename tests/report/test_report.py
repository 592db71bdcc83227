import datetime
import re
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import polars as pl
import pytest

from weaklabel.artefacts import Posterior, Propensities
from weaklabel.metrics import Scores, score
from weaklabel.report import Chart, Section, Table, charts, page
from weaklabel.report.section import between, with_interval

CURVE = [Scores({"accuracy": a}, {"accuracy": (a - 0.1, a + 0.1)}, 50, 1.0) for a in (0.8, 0.9)]
NASTY = "<script>alert('x')</script> & \"co\""


def posterior(p, covered=True, classes=("ham", "spam")):
    p = np.asarray(p, float)
    return Posterior(np.stack([1 - p, p], axis=1), [str(i) for i in range(len(p))], classes, np.full(len(p), covered))


def pictures():
    gold = np.array([0, 1, 1, 0])
    return [
        Chart("histogram", charts.posterior_histogram(posterior([0.1, 0.8, 0.9, 0.6]))),
        Chart("calibration", charts.calibration({"majority": (posterior([0.1, 0.8, 0.9, 0.6]), gold)})),
        Chart("bias", charts.position_bias(Propensities([1, 2], [1, 0.5], [1, 0.4], [1, 0.6], [9, 9], [4, 2]))),
        Chart("curve", charts.learning_curve([0, 10], {"margin": CURVE}, "accuracy")),
    ]


def a_page():
    frame = pl.DataFrame({"lf": ["has_link", NASTY], "votes": [1200, 3]})
    return page("Run 1", [Section("Labels", ["Fine."], [Table("One function a row", frame)], pictures())])


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def texts(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_a_page_loads_nothing_from_anywhere_and_runs_nothing():
    html = a_page()
    found = Elements(html).found

    assert not {tag for tag, _ in found} & {"script", "link", "img", "iframe", "object", "embed", "base"}
    links = [value for _, attrs in found for name, value in attrs.items() if name.split(":")[-1] in ("href", "src")]
    assert links
    assert {link[0] for link in links} == {"#"}
    assert not [name for _, attrs in found for name in attrs if name.startswith("on")]
    assert "@import" not in html
    assert set(re.findall(r"url\((.)", html)) <= {"#"}


def test_every_link_of_a_page_leads_somewhere_in_it():
    found = Elements(a_page()).found
    ids = {attrs.get("id") for _, attrs in found}

    for _, attrs in found:
        for name, value in attrs.items():
            if name.endswith("href"):
                assert value.removeprefix("#") in ids


def test_text_is_shown_as_text_wherever_it_stands():
    frame = pl.DataFrame({NASTY: [NASTY]})

    html = page(NASTY, [Section(NASTY, [NASTY], [Table(NASTY, frame)], [Chart(NASTY, "<svg></svg>")])])

    assert "<script" not in html
    assert Elements(html).text.count(NASTY) == 7  # title, heading, link, section, lead, caption, column, cell, picture
    assert "<svg></svg>" in html


def test_a_page_shows_its_sections_in_order_with_their_tables_and_pictures():
    html = page("Run 1", [Section("First", tables=[Table("", pl.DataFrame({"n": [1]}))]), Section("Second")])

    assert html.index('id="part-1"') < html.index("First</h2>") < html.index("<td") < html.index('id="part-2"')
    assert a_page().count("<figure>") == 4


def test_the_same_input_gives_the_same_page():
    assert a_page() == a_page()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (0.12345, "0.123"),
        (2.0, "2.000"),
        (float("nan"), "nan"),
        (1234567, "1,234,567"),
        (-3, "-3"),
        (True, "yes"),
        (False, "no"),
        (None, ""),
        ("a <b>", "a <b>"),
        (datetime.date(2024, 1, 31), "2024-01-31"),
    ],
)
def test_a_cell_is_written_as_people_read_it(value, cell):
    assert Table("", pl.DataFrame({"x": [value]})).cells() == [[cell]]


def test_numbers_stand_right_and_so_do_numbers_with_intervals():
    frame = pl.DataFrame(
        {"lf": ["a"], "n": [1], "f1": ["0.943 [0.915, 0.970]"], "drop": ["-0.1 [-0.2, 0.0]"], "b": [True]}
    )

    html = page("", [Section("", tables=[Table("", frame)])])

    assert Table("", frame).numeric == [False, True, True, True, False]
    assert [attrs.get("class") for tag, attrs in Elements(html).found if tag == "td"] == [
        None,
        "number",
        "number",
        "number",
        None,
    ]


def test_a_number_is_written_with_its_interval():
    scores = score(posterior([0.1, 0.9]), np.array([0, 1]), n_bootstrap=5)

    assert between(0.9432, 0.9149, 0.97) == "0.943 [0.915, 0.970]"
    assert with_interval(scores, "accuracy") == "1.000 [1.000, 1.000]"


def test_the_histogram_names_its_class_and_counts_covered_items_only():
    made = posterior([0.1, 0.8, 0.9], covered=[True, True, False])

    svg = charts.posterior_histogram(made)

    assert {"P(spam)", "items"} <= set(texts(svg))
    assert svg == charts.posterior_histogram(posterior([0.1, 0.8]))
    assert "P(ham)" in texts(charts.posterior_histogram(made, y=0))


def test_the_calibration_names_each_posterior_and_leaves_out_what_is_unknown():
    sure, gold = posterior([0.1, 0.8, 0.9, 0.6]), np.array([0, 1, 1, 0])
    more = posterior([0.1, 0.8, 0.9, 0.6, 0.7, 0.7], covered=[True] * 5 + [False])

    svg = charts.calibration({"majority": (sure, gold), "snorkel": (sure, gold)})

    assert {"majority", "snorkel", "perfect"} <= set(texts(svg))
    assert charts.calibration({"a": (more, np.array([0, 1, 1, 0, -1, 1]))}) == charts.calibration({"a": (sure, gold)})


def test_the_position_bias_has_a_tick_at_each_position():
    made = Propensities([1, 2, 5], [1, 1.2, 0.5], [1, 0.9, 0.4], [1, 1.4, 0.6], [9, 9, 9], [4, 4, 2])

    svg = charts.position_bias(made)

    assert {"1", "2", "5", "position"} <= set(texts(svg))
    assert not {"3", "4"} & set(texts(svg))


def test_the_learning_curve_has_a_line_for_each_strategy():
    names = [f"strategy {i}" for i in range(7)]  # more than there are colours

    svg = charts.learning_curve([0, 10], dict.fromkeys(names, CURVE), "accuracy")

    assert {*names, "answers", "accuracy", "0", "10"} <= set(texts(svg))


def test_a_class_may_be_called_anything():
    assert "P($5 to $9)" in texts(charts.posterior_histogram(posterior([0.5], classes=("a", "$5 to $9"))))
    assert "P(&lt;b&gt; &amp; $\\frac$)" in texts(
        charts.posterior_histogram(posterior([0.5], classes=("a", r"<b> & $\frac$")))
    )


def test_drawing_changes_nothing_of_matplotlib():
    before = dict(mpl.rcParams)

    pictures()

    assert dict(mpl.rcParams) == before


def functions():
    frame = pl.DataFrame({"lf": ["a", NASTY], "coverage": [0.5, 0.1], "overlaps": [0.4, 0.1], "conflicts": [0.1, 0.0]})
    accuracy = pl.DataFrame({"accuracy": [0.9, None], "lower": [0.8, None], "upper": [0.95, None]})
    return frame, accuracy


def test_the_bars_name_each_function_and_show_accuracies_where_they_are_known():
    frame, accuracy = functions()

    assert {"a", "share of all items", "it votes"} <= set(texts(charts.function_bars(frame)))
    assert "accuracy where it votes, 95 % intervals" in texts(charts.function_bars(frame, accuracy))
    assert "<script" not in charts.function_bars(frame, accuracy)


def test_a_heat_map_writes_its_numbers_while_there_is_room():
    few = charts.heat_map(["a", "b", "c"], np.array([[99, 63, 0], [63, 99, np.nan], [0, np.nan, 99]]), "items")

    assert texts(few).count("63") == 2
    assert "99" not in texts(few)  # the diagonal
    many = charts.heat_map([f"f{i}" for i in range(75)], np.full((75, 75), 7), "items")
    assert texts(many).count("f74") == 2
    assert len(many) < 200_000


def test_a_heat_map_of_numbers_below_0_has_as_much_colour_on_both_sides():
    svg = charts.heat_map(["a", "b"], np.array([[1, -0.5], [-0.5, 1]]), "kappa")

    assert texts(svg).count("-.5") == 2
    assert any(text in ("0.4", "0.50", "0.5") for text in texts(svg))


@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), np.full((2, 2), np.nan), np.zeros((1, 1))])
def test_a_heat_map_of_nothing_is_empty(matrix):
    assert "kappa" in texts(charts.heat_map(["a", "b"][: len(matrix)], matrix, "kappa"))


def test_a_wide_chart_says_so_to_its_page_and_loads_nothing():
    html = page("", [Section("", charts=[Chart("", charts.heat_map(["a", "b"], np.eye(2), "items"))])])

    found = dict(tag for tag in Elements(html).found if tag[0] == "svg")
    assert found["svg"]["class"] == "wide"
    links = [value for _, attrs in Elements(html).found for name, value in attrs.items() if name.endswith("href")]
    assert all(link.startswith(("#", "data:image/png;")) for link in links)
