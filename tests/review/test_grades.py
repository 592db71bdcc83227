import logging
from itertools import count

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import weaklabel as wl
from weaklabel import plugins
from weaklabel.artefacts import Annotation, Batch
from weaklabel.errors import AnswerError, TableError, UnknownNameError
from weaklabel.review.grades import grades
from weaklabel.review.pairs import askable, pairs_with_texts
from weaklabel.testing import answer_from_gold

PAIR = ["query_id", "doc_id"]
NUMBERS = count()


def said(item, grade, who="ada", at="2024-01-01T00:00:00Z"):
    return Annotation(str(next(NUMBERS)), f"key of {item}", item, grade, who, updated_at=at)


def rows(frame, *names):
    return frame.select(names or ("query_id", "doc_id", "grade")).rows()


# grades


def test_the_grade_of_a_pair_is_the_median_of_what_people_said_and_tells_how_far_they_differ():
    one = [said("q/a", "3", "ada"), said("q/a", "2", "bob"), said("q/a", "0", "cyd")]
    other = [said("q/b", "1", "ada"), said("q/b", "2", "bob")]

    found = grades(other + one)

    assert found.columns == ["query_id", "doc_id", "grade", "people", "lowest", "highest"]
    assert found.rows() == [("q", "a", 2.0, 3, 0.0, 3.0), ("q", "b", 1.5, 2, 1.0, 2.0)]


def test_the_mean_of_grades_is_theirs():
    found = grades([said("q/a", "3", "ada"), said("q/a", "3", "bob"), said("q/a", "0", "cyd")], rule="mean")

    assert rows(found) == [("q", "a", 2.0)]


def test_skips_are_no_grades():
    found = grades([said("q/a", None), said("q/b", "1"), said("q/b", None, "bob")])

    assert rows(found, "doc_id", "grade", "people") == [("b", 1.0, 1)]


def test_of_a_person_the_latest_grade_counts():
    found = grades([said("q/a", "0", at="2024-01-02T00:00:00Z"), said("q/a", "3", at="2024-01-01T00:00:00Z")])

    assert rows(found, "grade", "people") == [(0.0, 1)]


def test_grades_in_words_count_by_their_place():
    found = grades([said("q/a", "good"), said("q/b", "bad")], classes=("bad", "fair", "good"))

    assert rows(found, "grade") == [(2.0,), (0.0,)]


def test_ids_with_slashes_are_read_by_the_table_of_pairs():
    pairs = {"id": ["ac/dc/1", "x"], "query_id": ["ac/dc", "q"], "doc_id": ["1", "2"]}

    found = grades([said("ac/dc/1", "1"), said("x", "0")], pairs=pairs)

    assert rows(found) == [("ac/dc", "1", 1.0), ("q", "2", 0.0)]


def test_two_items_about_one_pair_are_graded_together():
    pairs = {"id": ["x", "y"], "query_id": ["q", "q"], "doc_id": ["d", "d"]}

    found = grades([said("x", "0"), said("y", "2", "bob")], pairs=pairs)

    assert found.rows() == [("q", "d", 1.0, 2, 0.0, 2.0)]


@pytest.mark.parametrize(
    ("annotations", "options", "message"),
    [
        ([], {}, "nobody has graded a pair yet"),
        ([said("q/a", None)], {}, "nobody has graded a pair yet"),
        ([said("q/a", "good")], {}, "ada graded item 'q/a' 'good' .*no number from 0 to 64: name the grades"),
        ([said("q/a", "-1")], {}, "'-1' .*no number from 0 to 64"),
        ([said("q/a", "nan")], {}, "'nan' .*no number from 0 to 64"),
        ([said("q/a", "1e9")], {}, "'1e9' .*no number from 0 to 64"),
        ([said("q/a", ("1", "2"))], {}, r"'1 \+ 2' .*no number"),
        ([said("q/a", "best")], {"classes": ("bad", "good")}, "'best' .*none of the grades bad, good"),
        ([said("https://x/a", "1")], {}, "'https://x/a' does not tell its query from its document by a single slash"),
        ([said("plain", "1")], {}, "'plain' does not tell"),
        ([said("q/a", "1")], {"pairs": {"id": ["q/b"], "query_id": ["q"], "doc_id": ["b"]}}, "give the pairs of every"),
        ([said("q/a", "1")], {"rule": "expected"}, "several people graded 0 pairs, .*at least 20"),
    ],
)
def test_what_is_no_grade_is_refused(annotations, options, message):
    with pytest.raises(AnswerError, match=message):
        grades(annotations, **options)


def test_an_unknown_rule_and_a_table_without_pairs_are_refused():
    with pytest.raises(UnknownNameError, match="'majority'; there are: median, mean, expected"):
        grades([said("q/a", "1")], rule="majority")
    with pytest.raises(TableError, match="no column 'query_id'"):
        grades([said("q/a", "1")], pairs={"id": ["q/a"]})


# the rule "expected"


def crowd(n, accuracy, top=2, seed=0):
    """The grades of n pairs, and what people of these accuracies say: any other grade in the place of the right one."""
    rng = np.random.default_rng(seed)
    grade = rng.integers(0, top + 1, n)
    wrong = (grade[:, None] + rng.integers(1, top + 1, (n, len(accuracy)))) % (top + 1)
    given = np.where(rng.random((n, len(accuracy))) < accuracy, grade[:, None], wrong)
    told = [said(f"q/{i:04}", str(given[i, j]), f"p{j}") for i in range(n) for j in range(len(accuracy))]
    return grade, told


def bias(found, grade, top=2):
    """The slope by which the true gain rises with the one found: 1 where errors do not flatten it."""
    gain, true = np.exp2(found["grade"].to_numpy()) - 1, np.exp2(grade) - 1.0
    return np.polyfit(gain, true, 1)[0]


def test_an_expected_gain_is_as_large_as_the_true_ones_are_on_average():
    grade, told = crowd(4000, (0.8, 0.8, 0.8))

    expected, median = (grades(told, rule=rule) for rule in ("expected", "median"))

    assert bias(expected, grade) == pytest.approx(1, abs=0.03)
    assert bias(median, grade) < 0.95


def test_who_errs_more_is_believed_less():
    _, told = crowd(400, (0.95, 0.95, 0.5))
    told += [said("q/x", "2", "p0"), said("q/x", "0", "p2"), said("q/y", "0", "p0"), said("q/y", "2", "p2")]

    found = dict(grades(told, rule="expected").select("doc_id", "grade").rows())

    assert found["x"] > 1.8
    assert found["y"] < 0.5


def test_people_who_always_agree_are_believed():
    told = [said(f"q/{i}", str(i % 3), who) for i in range(60) for who in ("ada", "bob")]

    found = grades(told, rule="expected")

    assert np.abs(found["grade"].to_numpy() - found["lowest"].to_numpy()).max() < 0.05


def test_one_grade_alone_is_itself():
    told = [said(f"q/{i}", "2", who) for i in range(20) for who in ("ada", "bob")]

    assert grades(told, rule="expected")["grade"].to_list() == [2.0] * 20


ANSWERS = st.lists(
    st.tuples(st.integers(0, 24), st.sampled_from("abcd"), st.sampled_from(["0", "1", "2", "3", None])), min_size=1
)


@pytest.mark.parametrize("rule", ["median", "mean", "expected"])
@settings(max_examples=25, deadline=None)
@given(answers=ANSWERS, data=st.data())
def test_neither_order_nor_repeats_nor_names_matter_and_grades_lie_between_what_people_said(rule, answers, data):
    sure = [said(f"q/{i}", str(i % 3), who) for i in range(22) for who in ("x", "y")]
    told = sure + [
        said(f"q/{i}", label, who) for i, who, label in {(i, who): (i, who, y) for i, who, y in answers}.values()
    ]
    shuffled = data.draw(st.permutations(told))
    renamed = [
        Annotation(one.remote_id, one.key, one.item_id, one.label, f"z{one.annotator}", updated_at=one.updated_at)
        for one in told
    ]

    found = grades(told, rule=rule)

    assert grades([*shuffled, *told[:5]], rule=rule).equals(found)
    assert grades(renamed, rule=rule).equals(found)
    if rule != "expected":
        assert found.select(pl.col("grade").is_between("lowest", "highest").all()).item()
    assert found["grade"].is_between(0, 3).all()


# what people are shown


LOG = wl.ClickCounts(
    pl.DataFrame(
        {
            "query_id": ["q1", "q1", "q2", "q2"],
            "doc_id": ["a", "b", "a", "c"],
            "position": [1, 2, 1, 2],
            "impressions": [9, 9, 9, 9],
            "clicks": [3, 1, 2, 1],
        }
    )
)
BATCH = Batch(pl.Series("id", ["q2/c", "q1/a", "q1/b"]), np.array([2.0, 0.0, 0.0]), "anchors", {"random": 2, "seed": 7})
QUERIES = pl.DataFrame({"query_id": ["q1", "q2"], "query": ["red shoes", "hat"]})
DOCUMENTS = pl.DataFrame({"doc_id": ["c", "b", "a"], "title": ["C", "B", "A"], "price": [3, 2, 1]})


def test_pairs_are_shown_with_the_texts_of_their_query_and_document_in_the_order_of_the_batch():
    found = pairs_with_texts(BATCH, LOG, QUERIES, DOCUMENTS)

    assert found.columns == ["id", "query_id", "doc_id", "score", "query", "title", "price"]
    assert rows(found, "id", "query", "title") == [
        ("q2/c", "hat", "C"),
        ("q1/a", "red shoes", "A"),
        ("q1/b", "red shoes", "B"),
    ]


def test_without_tables_ids_are_shown():
    found = pairs_with_texts(BATCH, LOG)

    assert rows(found, "query", "document") == [("q2", "c"), ("q1", "a"), ("q1", "b")]


def test_a_document_may_read_otherwise_for_each_query():
    snippets = pl.DataFrame(
        {"query_id": ["q1", "q2", "q1", "q2"], "doc_id": ["a", "a", "b", "c"], "document": ["1a", "2a", "1b", "2c"]}
    )

    found = pairs_with_texts(BATCH, LOG, None, snippets)

    assert found["document"].to_list() == ["2c", "1a", "1b"]


def test_ids_that_are_numbers_are_found():
    log = wl.ClickCounts(LOG.frame.with_columns(doc_id=pl.Series(["1", "2", "1", "3"])))
    batch = Batch(pl.Series("id", ["q2/3", "q1/1"]), np.array([1.0, 0.5]), "anchors")

    found = pairs_with_texts(batch, log, None, pl.DataFrame({"doc_id": [1, 2, 3], "document": ["one", "two", "three"]}))

    assert found["document"].to_list() == ["three", "one"]


def test_pairs_without_a_text_are_left_out_and_the_batch_follows(caplog):
    with caplog.at_level(logging.WARNING):
        table = pairs_with_texts(BATCH, LOG, QUERIES, DOCUMENTS.filter(pl.col("doc_id") != "a"))
    left = askable(BATCH, table)

    assert "1 of 3 pairs have no text and are left out, first 'q1/a'" in caplog.text
    assert table["id"].to_list() == left.item_ids.to_list() == ["q2/c", "q1/b"]
    assert left.scores.tolist() == [2.0, 0.0]
    assert left.provenance == {"random": 1, "seed": 7, "without_text": 1}


@pytest.mark.parametrize(
    ("queries", "documents", "message"),
    [
        (QUERIES.drop("query"), None, "table of queries has no column to show beside query_id"),
        (QUERIES.rename({"query_id": "id"}), None, "table of queries has no column 'query_id'"),
        (pl.concat([QUERIES, QUERIES]), None, "table of queries has several rows for .'q1',."),
        (QUERIES, DOCUMENTS.with_columns(query=pl.lit("x")), "table of documents has a column 'query', and so do"),
        (None, DOCUMENTS.drop("doc_id"), "table of documents has no column 'doc_id'"),
        (None, DOCUMENTS.head(0), "none of the 3 pairs has a query and a document to show, first 'q2/c'"),
    ],
)
def test_tables_that_cannot_be_shown_are_refused(queries, documents, message):
    with pytest.raises(TableError, match=message):
        pairs_with_texts(BATCH, LOG, queries, documents)


# the whole way


def planted():
    """Documents of grades 0 to 2 that five rankers show to users who trust the top."""
    rng = np.random.default_rng(0)
    grade = rng.choice(3, 240, p=[0.5, 0.3, 0.2])
    texts = {"query_id": np.repeat(np.arange(30), 8).astype(str), "doc_id": np.tile(np.arange(8), 30).astype(str)}
    scores = {f"ranker_{r}": grade + rng.normal(0, 1.2, 240) for r in range(5)}
    return pl.DataFrame({**texts, "grade": grade, "relevance": wl.relevance_of_grades(grade, top=2), **scores})


def test_from_a_log_of_trusting_users_to_grades_and_to_the_planted_curve(tmp_path):
    documents = planted()
    counts = wl.count(wl.simulate(documents, "trust", sessions=40_000, depth=6))
    gold = {f"{query}/{doc}": str(grade) for query, doc, grade in rows(documents)}
    # A quarter is skipped: a second batch makes up for them, and asks nothing twice.
    with wl.Journal(tmp_path) as journal:
        for seed in (0, 1):
            asked = [*{one.item_id for one in journal.annotations()}]
            done = pl.DataFrame([item.split("/") for item in asked], PAIR, orient="row") if asked else None
            batch = wl.pick_pairs(counts, size=60, exclude=done, seed=seed)
            table = pairs_with_texts(batch, counts)
            wl.push(
                wl.make_tasks(batch, table, None, kind="grade", classes=tuple("012")), journal, wl.LocalFile(tmp_path)
            )
            answer_from_gold(tmp_path, gold, skip=0.25, seed=seed)
            wl.pull(journal, wl.LocalFile(tmp_path))
        anchors = grades(journal.annotations())
    curve = wl.estimate(counts, "trust", anchors=anchors)

    known = anchors.join(documents.select(*PAIR, true="grade"), on=PAIR)
    assert 75 <= len(anchors) <= 105
    assert (known["grade"] == known["true"]).all()
    alpha, beta = plugins.build("user", "trust").affine(6)
    planted_high = alpha + beta  # of a document of relevance 1
    assert np.abs((curve.alpha + curve.beta) - planted_high).max() < 0.05
    naive = wl.estimate(counts)
    assert np.abs(naive.examination - planted_high / planted_high[0]).max() > 0.1


def test_two_people_grade_in_label_studio_and_one_skips(backend, annotator, tmp_path):
    table = pairs_with_texts(BATCH, LOG, QUERIES, DOCUMENTS.rename({"title": "document"}))
    with wl.Journal(tmp_path) as journal:
        wl.push(wl.make_tasks(BATCH, table, None, kind="grade", classes=tuple("0123")), journal, backend)
        remote = {item: int(number) for number, task in journal.ledger.open().items() for item in [task.item_id]}
        ada, bob = annotator("ada@weaklabel.test"), annotator("bob@weaklabel.test")
        ada.answer(remote["q2/c"], "3")
        bob.answer(remote["q2/c"], "2")
        ada.answer(remote["q1/a"], "0")
        bob.skip(remote["q1/b"])
        wl.pull(journal, backend)

        found = grades(journal.annotations())

    assert rows(found, "query_id", "doc_id", "grade", "people") == [("q1", "a", 0.0, 1), ("q2", "c", 2.5, 2)]
