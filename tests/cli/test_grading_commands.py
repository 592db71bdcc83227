"""Grading as a search engineer does it: pairs out, grades in, clicks read by them."""

import json
from functools import cache

import numpy as np
import polars as pl
import pytest

import weaklabel as wl
from weaklabel.cli import main
from weaklabel.testing import answer_from_gold

PAIR = ["query_id", "doc_id"]
QUERIES, DOCS = 20, 8


@cache
def documents():
    """Documents of grades 0 to 2, which three rankers order a little better than chance."""
    rng = np.random.default_rng(0)
    n = QUERIES * DOCS
    grade = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    ids = {"query_id": [f"q{i // DOCS}" for i in range(n)], "doc_id": [f"d{i % DOCS}" for i in range(n)]}
    scores = {f"ranker_{r}": grade + rng.normal(0, 1.2, n) for r in range(3)}
    return pl.DataFrame({**ids, "grade": grade, "relevance": wl.relevance_of_grades(grade, top=2), **scores})


@cache
def log():
    return wl.simulate(documents(), "trust", 12_000, depth=5).frame


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a log, and what its queries and documents say."""
    monkeypatch.chdir(tmp_path)
    log().write_parquet("log.parquet")
    known = documents()
    known.select("query_id", query=pl.format("query {}", "query_id")).unique().write_csv("queries.csv")
    known.select("doc_id", document=pl.format("text of {}", "doc_id")).unique().write_csv("documents.csv")
    return tmp_path


TEXTS = "--queries queries.csv --documents documents.csv"


def ask(batch="batch.parquet", pairs="pairs.parquet", folder="review", classes=("0", "1", "2")):
    """What `push` does, into a folder in the place of a server."""
    chosen, table = wl.Batch.load(batch), wl.read_table(pairs)
    with wl.Journal(folder) as journal:
        tasks = wl.make_tasks(chosen, table, None, kind="grade", classes=classes)
        wl.push(tasks, journal, wl.LocalFile(folder), batch=chosen)


def gold(names=("0", "1", "2")):
    return {f"{query}/{doc}": names[grade] for query, doc, grade in documents().select(*PAIR, "grade").rows()}


@pytest.fixture
def graded(here, weaklabel):
    """Sixty pairs asked about, of which a fifth was skipped."""
    weaklabel(f"pick-pairs log.parquet --size 60 --pairs pairs.parquet {TEXTS}")
    ask()
    answer_from_gold("review", gold(), skip=0.2)
    return here


def test_a_batch_and_its_table_of_texts_are_written_for_push(here, weaklabel):
    told = weaklabel(f"pick-pairs log.parquet --size 30 --out b.parquet --pairs p.parquet {TEXTS}")

    batch, table = wl.Batch.load("b.parquet"), pl.read_parquet("p.parquet")
    assert "30 pairs, 6 of them drawn at random" in told
    assert "weaklabel push b.parquet review/ --table p.parquet --kind grade" in told
    assert table["id"].to_list() == batch.item_ids.to_list()
    assert (table["query"] == "query " + table["query_id"]).all()
    assert (table["document"] == "text of " + table["doc_id"]).all()


def test_the_task_shows_the_query_and_then_the_document(graded):
    (first, *_) = json.loads((graded / "review" / "tasks.json").read_text())
    query, doc = first["data"]["wl_item"].split("/")

    assert first["data"]["query"] == f"query {query}"
    assert first["data"]["document"] == f"text of {doc}"


def test_a_table_to_fill_in_has_the_texts_beside_an_empty_grade(here, weaklabel):
    weaklabel(f"pick-pairs log.parquet --size 10 {TEXTS}")
    weaklabel("pick-pairs log.parquet --size 10 --out plain.csv")

    assert pl.read_csv("grade_these.csv").columns == ["query_id", "doc_id", "query", "document", "grade"]
    assert pl.read_csv("plain.csv").columns == ["query_id", "doc_id", "grade"]


def test_documents_without_a_text_are_not_asked_about(here, weaklabel):
    pl.read_csv("documents.csv").filter(pl.col("doc_id") != "d3").write_csv("documents.csv")

    weaklabel(f"pick-pairs log.parquet --size 60 --pairs p.parquet {TEXTS}")

    batch, table = wl.Batch.load("batch.parquet"), pl.read_parquet("p.parquet")
    assert 0 < len(batch) < 60
    assert batch.item_ids.to_list() == table["id"].to_list()
    assert not batch.item_ids.str.ends_with("/d3").any()


def test_grades_of_people_become_anchors_that_find_trust_and_calibrate_labels(graded, weaklabel):
    told = weaklabel("review grades review --out grades.parquet")
    weaklabel("estimate log.parquet --estimator trust --set anchors=grades.parquet")
    weaklabel("debias log.parquet propensities.parquet")
    calibrated = weaklabel("calibrate relevance.parquet grades.parquet")

    found = pl.read_parquet("grades.parquet")
    known = found.join(documents().select(*PAIR, true="grade"), on=PAIR)
    skipped = 60 - len(found)
    assert f"{len(found)} pairs graded by 1 person, {skipped} skipped" in told
    assert 5 <= skipped <= 20
    assert (known["grade"] == known["true"]).all()
    assert wl.Propensities.load("propensities.parquet").beta is not None
    assert f"by {len(found)} graded ones" in calibrated


def test_a_second_batch_asks_nothing_again(graded, weaklabel):
    weaklabel("review grades review")
    weaklabel("pick-pairs log.parquet --size 50 --exclude grades.parquet --out graded_out.csv")
    weaklabel("pick-pairs log.parquet --size 50 --asked review --out asked_out.csv")
    weaklabel("pick-pairs log.parquet --size 50 --asked review --exclude grades.parquet --out both_out.csv")

    asked = pl.read_parquet("pairs.parquet").select(PAIR)
    found = pl.read_parquet("grades.parquet")
    more = {name: pl.read_csv(f"{name}_out.csv") for name in ("graded", "asked", "both")}
    assert more["graded"].join(found, on=PAIR).is_empty()
    assert len(more["graded"].join(asked, on=PAIR)) > 0  # what was only skipped may come again
    assert more["asked"].join(asked, on=PAIR).is_empty()
    assert more["both"].join(asked, on=PAIR).is_empty()


def test_an_export_is_read_without_its_folder(graded, weaklabel):
    (export,) = (graded / "review").glob("export*.json")

    weaklabel("review grades review --out by_folder.csv")
    weaklabel(f"review grades {export} --out by_file.csv")

    assert pl.read_csv("by_file.csv").equals(pl.read_csv("by_folder.csv"))


def test_what_several_people_say_is_settled_and_their_differences_are_told(graded, weaklabel):
    (first,) = (graded / "review").glob("export*.json")
    other = json.loads(first.read_text())
    for task in other:
        for one in task["annotations"]:
            one |= {"id": one["id"] + 1000, "unique_id": f"other {one['id']}"}
            one["completed_by"] = {"id": 2, "email": "bob", "first_name": "", "last_name": ""}
            for region in one["result"]:
                region["value"]["choices"] = ["2" if grade == "0" else grade for grade in region["value"]["choices"]]
    (graded / "review" / "export-bob.json").write_text(json.dumps(other))

    told = weaklabel("review grades review")

    found = pl.read_parquet("grades.parquet")
    apart = found.filter(pl.col("highest") - pl.col("lowest") == 2)
    assert 0 < len(apart) < len(found)
    assert (found["people"] == 2).all()
    assert (apart["grade"] == 1).all()
    assert f"of {len(found)} that several people graded, {len(apart)} got grades 2 or more apart" in told
    query, doc = apart.select(PAIR).row(0)
    assert f"document {doc!r} of query {query!r}: 0 to 2" in told


def test_words_are_grades_in_the_order_named(here, weaklabel):
    words = ("bad", "fair", "good")
    weaklabel("pick-pairs log.parquet --size 20 --pairs pairs.parquet")
    ask(classes=words)
    answer_from_gold("review", gold(words))

    told = weaklabel("review grades review", code=1)
    weaklabel("review grades review --class bad --class fair --class good")

    assert "no number from 0 to 64" in told
    known = pl.read_parquet("grades.parquet").join(documents().select(*PAIR, true="grade"), on=PAIR)
    assert (known["grade"] == known["true"]).all()


def test_ids_with_slashes_need_the_tables_of_pairs_of_all_batches(here, weaklabel):
    slashed = pl.col("doc_id").str.replace("d", "http://x/", literal=True)
    log().with_columns(slashed).write_parquet("log.parquet")
    for n in (1, 2):
        weaklabel(f"pick-pairs log.parquet --size 10 --seed {n} --out b{n}.parquet --pairs p{n}.csv")
        ask(f"b{n}.parquet", f"p{n}.csv")
    answers = {
        f"{query}/{doc.replace('d', 'http://x/')}": g for key, g in gold().items() for query, doc in [key.split("/")]
    }
    answer_from_gold("review", answers)

    told = weaklabel("review grades review", code=1)
    weaklabel("review grades review --pairs p1.csv --pairs p2.csv")

    assert "does not tell its query from its document" in told
    found = pl.read_parquet("grades.parquet")
    assert found["doc_id"].str.starts_with("http://x/").all()
    assert 10 <= len(found) <= 20


@pytest.mark.parametrize(
    ("classes", "warning"),
    [
        (("1", "2", "3"), "the worst grade is 1, which counts as a little relevant"),
        (("0", "1", "2", "5"), "no pair has the best grade 5: relevance is measured against 2, the best"),
    ],
)
def test_a_scale_that_shifts_relevance_is_warned_of(here, capsys, weaklabel, classes, warning):
    weaklabel("pick-pairs log.parquet --size 30 --pairs pairs.parquet")
    ask(classes=classes)
    answer_from_gold("review", gold(classes))

    with pytest.raises(SystemExit):
        main(["review", "grades", "review"])

    assert warning in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("review grades review", "nobody has graded a pair yet"),
        ("review grades nowhere", "nowhere"),
        ("pick-pairs log.parquet --asked nowhere", "no journal in nowhere"),
        ("pick-pairs log.parquet --queries documents.csv", "the table of queries has no column 'query_id'"),
        ("review grades review --pairs documents.csv", "no column 'id'"),
    ],
)
def test_what_cannot_be_is_one_clear_line(here, weaklabel, line, said):
    weaklabel("pick-pairs log.parquet --size 10 --pairs pairs.parquet")
    ask()

    assert said in weaklabel(line, code=1)
