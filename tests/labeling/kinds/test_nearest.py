import math
import pickle

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.pipeline import make_pipeline

import weaklabel as wl
from weaklabel.errors import DatasetError, LabelingFunctionError
from weaklabel.labeling.applying.fingerprint import fingerprint
from weaklabel.labeling.functions import Row
from weaklabel.labeling.kinds import nearest as module
from weaklabel.labeling.kinds.nearest import nearest

SEEDS = {"win a cash prize": 1, "claim your free prize": 1, "see you at lunch": 0, "are you at home": 0}


def votes(lf, *texts):
    return lf.votes(pl.DataFrame({"text": texts}, schema={"text": pl.String})).to_list()


def degrees(texts):
    """A direction in the plane for each text that is an angle; no direction for others."""
    angles = [math.radians(float(text)) if text.strip().isdigit() else None for text in texts]
    return np.array([[0, 0] if angle is None else [math.cos(angle), math.sin(angle)] for angle in angles])


@pytest.fixture(scope="module")
def messages():
    try:
        return wl.datasets.load("sms_spam", "train")
    except DatasetError as error:
        pytest.skip(str(error))


def test_it_votes_where_a_seed_is_similar_enough():
    lf = nearest("near", ["0"], 1, vectorizer=degrees, min_similarity=math.cos(math.radians(30)))

    assert votes(lf, "0", "29", "30", "31", "180") == [1, 1, 1, -1, -1]


def test_the_label_of_the_nearest_seed_is_voted_and_a_tie_between_labels_abstains():
    lf = nearest("near", {"0": 0, "40": 1, "80": 1, "81": -1}, vectorizer=degrees, min_similarity=0.9)

    assert votes(lf, "10", "19", "20", "21", "60", "79", "85", "150") == [0, 0, -1, 1, 1, 1, -1, -1]


def test_two_seeds_of_one_label_that_are_equally_near_are_no_tie():
    assert votes(nearest("near", ["0", "40"], 1, vectorizer=degrees), "20") == [1]


def test_a_seed_is_as_similar_to_itself_as_can_be():
    lf = nearest("same", SEEDS, min_similarity=1)

    assert votes(lf, *SEEDS) == list(SEEDS.values())
    assert votes(lf, "win a cash price", "see you at home") == [-1, -1]


def test_case_and_endings_matter_little_by_default_and_unknown_words_not_at_all():
    lf = nearest("near", SEEDS)

    assert votes(lf, "Claim your PRIZES", "xyzzy are you at home xyzzy", "xyzzy") == [1, 0, -1]


def test_missing_blank_and_unknown_texts_abstain():
    lf = nearest("near", SEEDS, min_similarity=0.001)
    embedded = nearest("near", ["0"], 1, vectorizer=lambda texts: np.ones((len(texts), 2)))

    assert votes(lf, None, "", " \n", "1234567") == [-1, -1, -1, -1]
    assert votes(embedded, None, "", " \n", "anything") == [-1, -1, -1, 1]
    assert lf(Row(text=None)) == lf(Row(text="")) == -1


def test_another_column_can_be_read():
    lf = nearest("near", ["lunch"], 0, column="subject")

    assert lf(Row(text="", subject="Lunch")) == 0
    assert lf.columns == ("subject",)


def test_a_fitted_vectorizer_is_used_as_it_is_and_another_is_fitted_on_the_seeds(messages):
    texts = messages["text"].to_list()
    fitted, fresh = TfidfVectorizer().fit(texts), TfidfVectorizer()

    whole, own = (nearest("near", texts[:20], 1, vectorizer=each) for each in (fitted, fresh))

    similarity = cosine_similarity(fitted.transform(texts), fitted.transform(texts[:20])).max(axis=1)
    assert (whole.votes(messages).to_numpy() == np.where(similarity.round(6) >= 0.5, 1, -1)).all()
    assert own.resources["vectors"].shape[1] < len(fitted.vocabulary_)
    assert not hasattr(fresh, "vocabulary_")


@pytest.mark.parametrize(
    "vectorizer",
    [
        CountVectorizer(),
        HashingVectorizer(),
        make_pipeline(TfidfVectorizer(), TruncatedSVD(2, random_state=0)),
        degrees,
    ],
    ids=lambda each: getattr(each, "__name__", type(each).__name__),
)
def test_any_vectorizer_serves(vectorizer):
    lf = nearest(
        "near", {"10 20": 0, "50 60": 1} if vectorizer is not degrees else {"10": 0, "50": 1}, vectorizer=vectorizer
    )

    assert votes(lf, "10", "50", "word") == [0, 1, -1]


def test_on_real_messages_twenty_seeds_of_each_class_are_rarely_wrong(messages):
    seeds = {row["text"]: int(row["label"] == "spam") for y in ("ham", "spam") for row in _some(messages, y, 20)}
    rest = messages.filter(~pl.col("text").is_in(list(seeds)))

    voted = nearest("near", seeds).votes(rest).to_numpy()

    gold = (rest["label"] == "spam").to_numpy()
    assert (voted == 1).sum() > 30
    assert (voted == 0).sum() > 10
    assert (voted == gold)[voted >= 0].mean() > 0.98


def _some(messages, label, n):
    return messages.filter(pl.col("label") == label).sample(n, seed=0).iter_rows(named=True)


def test_one_process_and_two_say_the_same(messages):
    lf = nearest("near", messages["text"][:50].to_list(), 1)

    one, two = (wl.apply([lf], messages, ("ham", "spam"), n_jobs=n) for n in (1, 2))

    assert (one.votes == two.votes).all()
    assert (one.votes >= 0).sum() > 50
    assert not one.faults


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([*SEEDS, "prize", "you", "win lunch", "at home at", "", None]), min_size=1, max_size=12)
)
def test_a_vote_is_the_same_whatever_rows_stand_beside_it(texts):
    lf = nearest("near", SEEDS)

    assert votes(lf, *texts) == [votes(lf, text)[0] for text in texts] == [lf(Row(text=text)) for text in texts]


def test_it_compares_a_few_texts_at_a_time(messages, monkeypatch):
    lf = nearest("near", messages["text"][:50].to_list(), 1)
    at_once = lf.votes(messages)

    monkeypatch.setattr(module, "STEP", 7)

    assert lf.votes(messages).equals(at_once)


def test_its_fingerprint_changes_with_what_it_was_given_and_with_nothing_else():
    def of(seeds=SEEDS, **options):
        return fingerprint(nearest("near", seeds, **options))

    lf = nearest("near", SEEDS)
    votes(lf, "prize")

    assert of() == of() == fingerprint(lf) == fingerprint(pickle.loads(pickle.dumps(lf)))
    others = [
        of({**SEEDS, "bye": 0}), of({**SEEDS, "see you at lunch": 1}), of(min_similarity=0.4), of(column="body"),
        of(vectorizer=CountVectorizer()), of(vectorizer=lambda texts: degrees(["1"] * len(texts))),
        of(vectorizer=lambda texts: degrees(["2"] * len(texts))),
    ]  # fmt: skip
    assert len({of(), *others}) == len(others) + 1


@pytest.mark.parametrize("seeds", ["win a prize", [], {}, ["win", ""], ["win", None], [" "]])
def test_seeds_that_are_no_texts_are_refused_with_the_functions_name(seeds):
    with pytest.raises(LabelingFunctionError, match="'near': seeds are a list of texts, or texts with class numbers"):
        nearest("near", seeds, 1)


@pytest.mark.parametrize(("seeds", "label"), [(["win"], None), ({"win": 1}, 1)])
def test_seeds_say_their_label_or_the_label_is_given(seeds, label):
    with pytest.raises(LabelingFunctionError, match=f"'near': give either .* and their label, .*; label={label}"):
        nearest("near", seeds, label)


def test_a_label_that_is_no_class_number_is_refused():
    with pytest.raises(LabelingFunctionError, match="'near': 'win' has the label 'spam'; a label is a class number"):
        nearest("near", {"win": "spam"})
    with pytest.raises(LabelingFunctionError, match=r"'near': the list of seeds has the label 1.5; a label is"):
        nearest("near", ["win"], 1.5)


@pytest.mark.parametrize("least", [0, -0.5, 1.01, float("nan")])
def test_a_similarity_out_of_its_range_is_refused(least):
    with pytest.raises(LabelingFunctionError, match=f"'near': min_similarity={least} is not in"):
        nearest("near", ["win"], 1, min_similarity=least)


def test_a_seed_of_which_the_vectorizer_knows_nothing_is_refused():
    vectorizer = TfidfVectorizer().fit(["win a prize"])

    with pytest.raises(LabelingFunctionError, match="'near': the vectorizer knows nothing of the seed 'lunch': leave"):
        nearest("near", {"prize": 1, "lunch": 0}, vectorizer=vectorizer)
