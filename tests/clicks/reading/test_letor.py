from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_svmlight_file

from weaklabel.clicks.reading.letor import read_letor
from weaklabel.errors import TableError

RANK_TRAIN = Path(__file__).parents[3].parent / "shared/data/clicks/lightgbm_rank/rank.train"
LETOR = """\
2 qid:10 1:0.5 3:-2 # docid = GX-1 inc = 0.01 prob = 0.13
0 qid:10 2:1e-1 # docid = GX-2 inc = 1 prob = 0.2
1 qid:11 1:1 2:2 3:3 #docid=GX-1
"""


@pytest.fixture
def file(tmp_path):
    def write(text, **sides):
        path = tmp_path / "rank.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        for ending, side in sides.items():
            (tmp_path / f"rank.txt.{ending}").write_text(side)
        return path

    return write


def test_a_line_is_a_grade_a_query_features_and_a_document(file):
    frame = read_letor(file(LETOR))

    assert frame.columns == ["query_id", "doc_id", "grade", "f1", "f2", "f3"]
    assert frame.select("query_id", "doc_id", "grade").rows() == [
        ("10", "GX-1", 2),
        ("10", "GX-2", 0),
        ("11", "GX-1", 1),
    ]


def test_features_that_a_line_leaves_out_are_zero(file):
    frame = read_letor(file(LETOR))

    assert frame.select("f1", "f2", "f3").to_numpy() == pytest.approx(np.array([[0.5, 0, -2], [0, 0.1, 0], [1, 2, 3]]))


def test_documents_without_a_name_are_called_by_their_place_in_their_query(file):
    frame = read_letor(file("0 qid:a 1:1\n1 qid:b 1:1\n2 qid:a 1:1\n0 qid:b 1:1\n"))

    assert frame.select("query_id", "doc_id").rows() == [("a", "0"), ("b", "0"), ("a", "1"), ("b", "1")]


@pytest.mark.parametrize("ending", ["query", "group"])
def test_a_file_beside_it_may_say_how_many_documents_each_query_has(file, ending):
    path = file("0 1:1\n1 1:2\n2 1:3\n", **{ending: "1\n2\n"})

    frame = read_letor(path)

    assert frame.select("query_id", "doc_id", "grade").rows() == [("0", "0", 0), ("1", "0", 1), ("1", "1", 2)]


def test_features_may_be_counted_from_zero(file):
    assert read_letor(file("0 qid:1 0:7 1:8\n")).rows() == [("1", "0", 0, 7.0, 8.0)]


def test_empty_lines_and_comments_are_no_documents(file):
    frame = read_letor(file("# made by hand\n\n1 qid:1 1:2\r\n   \n0 qid:1\n"))

    assert frame.rows() == [("1", "0", 1, 2.0), ("1", "1", 0, 0.0)]


def test_a_file_without_features_has_only_grades(file):
    assert read_letor(file("1 qid:1\n0 qid:1\n")).columns == ["query_id", "doc_id", "grade"]


def test_a_file_longer_than_a_part_is_read_whole(file):
    n = 45_000

    frame = read_letor(file("".join(f"{i % 3} qid:{i // 10} {1 + i % 4}:{i}\n" for i in range(n))))

    assert frame["grade"].to_list() == [i % 3 for i in range(n)]
    assert frame["doc_id"].to_list() == [str(i % 10) for i in range(n)]
    assert frame.select("f1", "f2", "f3", "f4").to_numpy().sum(axis=1).tolist() == list(range(n))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no documents"),
        ("# nothing\n", "has no documents"),
        ("1 qid:1 1:2\nhigh qid:1 1:2\n", "line 2 has 'high': a grade is a whole number"),
        ("1 qid:1 1:2\n\n0.5 qid:1 1:2\n", r"line 3 has '0\.5': a grade is a whole number"),
        ("1 qid:1 1:2 x:3\n", "line 1 has 'x:3': a feature is its number"),
        ("1 qid:1 1:2 3\n", "line 1 has '3': a feature is its number"),
        ("1 qid:1 1:2\n1 qid:1 2:nan\n", "line 2 has '2:nan'"),
        ("1 qid:1 2:\n", "line 1 has '2:'"),
        ("1 qid:1 -1:3\n", "line 1 has '-1:3'"),
        ("1 qid:1 9999999999999:3\n", "line 1 has '9999999999999:3'"),
        ("1 qid:1 1:2\n1 1:2\n", "line 2 names no query, though others do"),
        ("1 1:2\n", r"names no queries: write qid:QUERY after each grade, or put rank\.txt\.query or"),
        ("1 qid:1 #docid = a\n\n1 qid:1 #docid = a\n", "lines 1 and 3 both hold document 'a' of query '1'"),
        (b"1 qid:1 1:2 # docid = \xff\xfe\n", "is no text in UTF-8, near line 1"),
        (b"\x1f\x8b\x08\x00\x9c", "is no text in UTF-8"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_line(file, text, message):
    with pytest.raises(TableError, match=message):
        read_letor(file(text))


@pytest.mark.parametrize(
    ("side", "message"), [("1\n1\n", "counts 2 documents; rank.txt has 3"), ("1\nx\n", "holds 'x'")]
)
def test_a_side_file_that_does_not_fit_is_refused(file, side, message):
    with pytest.raises(TableError, match=message):
        read_letor(file("0 1:1\n1 1:2\n2 1:3\n", query=side))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(TableError, match="no file at"):
        read_letor(tmp_path / "nowhere.txt")


@pytest.mark.skipif(not RANK_TRAIN.is_file(), reason="LightGBM's example is not in ../shared/data/clicks")
def test_lightgbms_example_reads_as_another_reader_reads_it():
    frame = read_letor(RANK_TRAIN)

    features, grades = load_svmlight_file(str(RANK_TRAIN), n_features=300)
    assert frame["query_id"].n_unique() == 201
    assert frame["grade"].to_list() == grades.tolist()
    assert frame.select(f"f{j}" for j in range(1, 301)).to_numpy() == pytest.approx(features.toarray(), abs=1e-6)
