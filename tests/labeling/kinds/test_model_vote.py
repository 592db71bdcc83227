import pickle
import subprocess
import sys
import threading
import warnings

import numpy as np
import polars as pl
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

import weaklabel as wl
from weaklabel.errors import DatasetError, LabelingFunctionError
from weaklabel.labeling.applying.fingerprint import fingerprint
from weaklabel.labeling.functions import Row
from weaklabel.labeling.kinds.model_vote import model_vote

NUMBERS = {"small": 0, "large": 1}


class Known:
    """Says of a row with the number n what it was given under n."""

    def __init__(self, probs, classes):
        self.probs, self.classes_ = np.array(probs), np.array(classes)

    def predict_proba(self, X):
        return self.probs[np.asarray(X, int).ravel()]


def frame(*values):
    return pl.DataFrame({"n": values}, strict=False)


@pytest.fixture(scope="module")
def tumours():
    return wl.datasets.load("breast_cancer")


@pytest.fixture(scope="module")
def measures(tumours):
    return [name for name, kind in tumours.schema.items() if kind.is_float()]


@pytest.fixture(scope="module")
def diagnosed(tumours, measures):
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return model.fit(tumours.select(measures).to_numpy(), tumours["label"].to_list())


def test_it_votes_the_most_probable_class_where_that_is_probable_enough():
    model = Known([[0.95, 0.05], [0.89, 0.11], [0.05, 0.95], [0.9, 0.1]], [0, 1])

    assert model_vote("m", model, column="n").votes(frame(0, 1, 2, 3)).to_list() == [0, -1, 1, 0]
    assert model_vote("m", model, column="n", confidence=0.95).votes(frame(0, 1, 2, 3)).to_list() == [0, -1, 1, -1]
    assert model_vote("m", model, column="n", confidence=0).votes(frame(0, 1, 2, 3)).to_list() == [0, 0, 1, 0]


def test_classes_that_are_equally_probable_abstain():
    model = Known([[0.4, 0.4, 0.2], [0.2, 0.3, 0.5]], [0, 1, 2])

    assert model_vote("m", model, column="n", confidence=0.1).votes(frame(0, 1)).to_list() == [-1, 2]


def test_nine_of_ten_trees_are_ninety_percent():
    nine_tenths = sum([0.1] * 9)  # 0.8999999999999999
    model = Known([[nine_tenths, 1 - nine_tenths]], [0, 1])

    assert nine_tenths < 0.9
    assert model_vote("m", model, column="n").votes(frame(0)).to_list() == [0]


def test_labels_say_which_number_each_class_is_and_a_class_without_one_abstains():
    model = Known(np.eye(3), ["ham", "offer", "spam"])

    by_name = model_vote("m", model, column="n", labels={"ham": 0, "spam": 1})
    in_order = model_vote("m", model, column="n", labels=["spam", "ham", "offer"])

    assert by_name.votes(frame(0, 1, 2)).to_list() == [0, -1, 1]
    assert in_order.votes(frame(0, 1, 2)).to_list() == [1, 2, 0]


@pytest.mark.parametrize("classes", [["ham", "spam"], [1, 2], [0, 2], [0.5, 1]])
def test_classes_that_are_no_class_numbers_need_labels(classes):
    with pytest.raises(LabelingFunctionError, match=r"'m': the classifier's classes are .*: say which class number"):
        model_vote("m", Known(np.eye(2), classes))


@pytest.mark.parametrize("classes", [[0, 1], [False, True], [0.0, 1.0]])
def test_class_numbers_need_none(classes):
    assert model_vote("m", Known(np.eye(2), classes), column="n").votes(frame(1, 0)).to_list() == [1, 0]


def test_a_label_of_no_class_is_refused():
    with pytest.raises(
        LabelingFunctionError, match="'m': labels name 'spm'; the classifier's classes are 'ham', 'spam'"
    ):
        model_vote("m", Known(np.eye(2), ["ham", "spam"]), labels={"ham": 0, "spm": 1})


@pytest.mark.parametrize("label", ["spam", 1.0, -2, None])
def test_a_label_that_is_no_class_number_is_refused(label):
    with pytest.raises(LabelingFunctionError, match=f"'m': 'ham' has the label {label!r}; a label is a class number"):
        model_vote("m", Known(np.eye(2), ["ham", "spam"]), labels={"ham": label})


@pytest.mark.parametrize("confidence", [-0.1, 1.1, 90, float("nan")])
def test_a_confidence_that_is_no_probability_is_refused(confidence):
    with pytest.raises(LabelingFunctionError, match=f"'m': confidence={confidence} is no probability"):
        model_vote("m", Known(np.eye(2), [0, 1]), confidence=confidence)


@pytest.mark.parametrize(
    "model", [LogisticRegression(), RandomForestClassifier(), make_pipeline(TfidfVectorizer(), LogisticRegression())]
)
def test_a_classifier_that_is_not_fitted_is_refused_with_the_functions_name(model):
    with pytest.raises(LabelingFunctionError, match="'m': the [A-Z][A-Za-z]+ is not fitted: call its fit"):
        model_vote("m", model)


def test_a_classifier_without_probabilities_is_refused_with_what_to_do():
    X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    model = LinearSVC().fit(X, y)

    with pytest.raises(LabelingFunctionError, match="the LinearSVC has no predict_proba, .*: wrap it in .*Calibrated"):
        model_vote("m", model)

    assert model_vote("m", CalibratedClassifierCV(model, cv=2).fit(X, y)).columns == ("text",)


def test_on_real_measures_it_votes_as_the_classifier_does_where_that_is_sure(tumours, measures, diagnosed):
    probs = diagnosed.predict_proba(tumours.select(measures).to_numpy())
    expected = np.where(probs.max(axis=1) >= 0.99, probs.argmax(axis=1), -1)

    lf = model_vote("m", diagnosed, columns=measures, confidence=0.99, labels=["benign", "malignant"])

    assert lf.columns == tuple(measures)
    assert (lf.votes(tumours).to_numpy() == expected).all()
    assert 0.5 < (expected >= 0).mean() < 0.9


def test_a_missing_number_abstains_and_leaves_the_others_alone(tumours, measures, diagnosed):
    lf = model_vote("m", diagnosed, columns=measures, confidence=0.6, labels=["benign", "malignant"])
    rows = tumours[:4]
    gap = rows.with_columns(
        pl.Series(measures[0], [None, *rows[measures[0]][1:]]), pl.Series(measures[1], [1.0, float("nan"), 2.0, 3.0])
    )

    alone = [lf.votes(gap[i : i + 1])[0] for i in range(4)]

    assert lf.votes(gap)[:2].to_list() == [-1, -1]
    assert lf.votes(gap).to_list() == alone
    assert lf.votes(gap[:2]).to_list() == [-1, -1]


@pytest.mark.parametrize(
    "model",
    [RandomForestClassifier(10, random_state=0), GaussianNB(), make_pipeline(StandardScaler(), LogisticRegression())],
    ids=lambda model: type(model).__name__,
)
def test_a_vote_is_the_same_whatever_rows_stand_beside_it(tumours, measures, model):
    model.fit(tumours[::3].select(measures).to_numpy(), tumours["label"][::3].to_list())
    rows = tumours[:70]
    for confidence in (0, 0.5, 0.9, 1):
        lf = model_vote("m", model, columns=measures, confidence=confidence, labels=["benign", "malignant"])

        parts = [[lf.votes(rows[start : start + size]) for start in range(0, len(rows), size)] for size in (1, 7)]

        assert all(pl.concat(votes).equals(lf.votes(rows)) for votes in parts)


def test_a_classifier_that_knows_the_names_of_its_columns_reads_those_and_never_warns(tumours, measures):
    named = make_pipeline(StandardScaler(), LogisticRegression()).fit(
        tumours.select(measures), tumours["label"].to_list()
    )
    lf = model_vote("m", named, labels=["benign", "malignant"])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        votes = lf.votes(tumours.select(reversed(tumours.columns)))

    probs = named.predict_proba(tumours.select(measures))
    assert lf.columns == tuple(measures)
    assert (votes.to_numpy() == np.where(probs.max(axis=1) >= 0.9, probs.argmax(axis=1), -1)).all()


def test_a_classifier_of_several_kinds_of_columns_gets_a_frame():
    rows = pl.DataFrame({"text": ["win", "win a prize", "see you", "you"], "price": [9.0, 8.0, 0.0, 1.0]})
    features = make_column_transformer((TfidfVectorizer(), "text"), (StandardScaler(), ["price"]))
    model = make_pipeline(features, LogisticRegression(C=100)).fit(rows, [1, 1, 0, 0])

    lf = model_vote("m", model, columns=["text", "price"], confidence=0.8)

    assert lf.votes(rows).to_list() == [1, 1, 0, 0]
    assert lf(Row(text="a prize", price=9.0)) == 1


def test_a_column_of_vectors_is_read_as_a_matrix():
    rows = pl.DataFrame({"embedding": [[0.0, 1.0], [0.1, 0.9], [1.0, 0.0], None]})
    model = LogisticRegression(C=1000).fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])

    assert model_vote("m", model, column="embedding", confidence=0.8).votes(rows).to_list() == [0, 0, 1, -1]


@pytest.fixture(scope="module")
def messages():
    try:
        return wl.datasets.load("sms_spam", "train")
    except DatasetError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def reader(messages):
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10))
    return model.fit(messages["text"].to_list(), messages["label"].to_list())


def test_a_pipeline_of_texts_votes_on_real_ones_in_one_process_and_in_two(reader):
    table = wl.datasets.load("sms_spam", "test")
    classes = tuple(reader.classes_)
    probs = reader.predict_proba(table["text"].to_list())

    one, two = (
        wl.apply([model_vote("m", reader, confidence=0.7, labels=classes)], table, classes, n_jobs=n) for n in (1, 2)
    )

    assert (one.votes[:, 0] == np.where(probs.max(axis=1) >= 0.7, probs.argmax(axis=1), -1)).all()
    assert (one.votes == two.votes).all()
    assert one.provenance == two.provenance
    assert not one.faults


def test_a_missing_text_abstains(reader):
    lf = model_vote("m", reader, labels=list(reader.classes_), confidence=0)

    assert lf.votes(pl.DataFrame({"text": ["great", None]})).to_list()[1] == -1
    assert lf(Row(text=None)) == -1


def test_an_end_model_of_ours_votes_too():
    X = pl.DataFrame({"id": range(4), "text": ["win a prize", "win now", "see you", "you there"]})
    probs = np.array([[0, 0, 1], [0, 0, 1], [1, 0, 0], [1, 0, 0]], float)
    end = wl.train(wl.TrainingSet(X, probs, np.ones(4), ("ham", "offer", "spam")))

    by_number = model_vote("m", end, confidence=0.6)
    by_name = model_vote("m", end, confidence=0.6, labels={"spam": 0, "ham": 1})

    assert by_number.columns == ("text",)
    assert by_number.votes(X).to_list() == [2, 2, 0, 0]
    assert by_name.votes(X.drop("id")).to_list() == [0, 0, 1, 1]


def test_fitting_the_classifier_again_does_not_change_the_votes():
    model = LogisticRegression().fit([[0.0], [9.0]], [0, 1])
    lf = model_vote("m", model, column="n", confidence=0.6)

    model.fit([[0.0], [9.0]], [1, 0])

    assert lf.votes(frame(0, 9)).to_list() == [0, 1]


def test_its_fingerprint_changes_with_what_was_learned_and_with_nothing_else(messages, reader):
    texts, labels = messages["text"][:500].to_list(), messages["label"][:500].to_list()
    classes = list(reader.classes_)
    lf = model_vote("m", reader, labels=classes)
    other = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10)).fit(texts, labels)
    before = fingerprint(lf)

    lf.votes(messages[:5])

    assert fingerprint(lf) == before == fingerprint(model_vote("m", pickle.loads(pickle.dumps(reader)), labels=classes))
    assert before != fingerprint(model_vote("m", other, labels=classes))
    assert before != fingerprint(model_vote("m", reader, labels=classes, confidence=0.8))
    assert before != fingerprint(model_vote("m", reader, labels=classes[::-1]))


FITTED = """
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from weaklabel import model_vote, nearest
from weaklabel.labeling.applying.fingerprint import fingerprint

texts = ["win a prize", "win the cash", "lunch at home", "the lunch today"]
for vectorizer in (TfidfVectorizer(), TfidfVectorizer(stop_words="english"), TfidfVectorizer(stop_words=["the"])):
    model = make_pipeline(vectorizer, LogisticRegression()).fit(texts, [1, 1, 0, 0])
    for lf in (model_vote("m", model), nearest("n", texts, 1, vectorizer=vectorizer)):
        print(fingerprint(lf))
"""


def test_its_fingerprint_is_the_same_in_every_process():
    runs = [subprocess.check_output([sys.executable, "-c", FITTED], text=True).split() for _ in range(2)]

    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 6


def test_the_fingerprint_of_a_classifier_sees_the_code_of_a_function_in_it_or_says_that_it_cannot():
    def known(function):
        steps = make_pipeline(FunctionTransformer(function), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
        return fingerprint(model_vote("m", steps))

    class Sealed:
        def __init__(self):
            self.sealed = threading.Lock()

        def __call__(self, X):
            return X

        def __deepcopy__(self, memo):
            return self

    assert known(lambda X: X[:]) == known(lambda X: X[:]) != known(lambda X: X[0:])
    assert known(Sealed()).endswith("?")
