import numpy as np
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from weaklabel.artefacts import Posterior, TrainingSet
from weaklabel.errors import ModelError, TableError
from weaklabel.labeling.train import train
from weaklabel.labeling.training_set import training_set
from weaklabel.metrics import score

CLASSES = ("ham", "spam")


def numbers(n=200, seed=0):
    """Points around -1 (class 0) and +1 (class 1), and beside them what must not be learned from."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    points = pl.DataFrame({"id": range(n), "x": rng.normal(2 * y - 1), "noise": rng.normal(size=n)})
    return points.with_columns(pl.col("id").cast(pl.String), label=y, split=y), y


def texts(n=60):
    y = np.arange(n) % 2
    said = ["free prize" if spam else "lunch at home" for spam in y]
    return pl.DataFrame({"id": [str(i) for i in range(n)], "text": said, "length": y * 1.0}), y


def training(table, probs, weight=None, classes=CLASSES):
    return TrainingSet(table, np.asarray(probs), np.ones(len(table)) if weight is None else weight, classes)


def test_a_text_column_alone_is_learned_from_words():
    table, y = texts()
    model = train(training(table, np.eye(2)[y]))

    found = model.predict_proba(pl.DataFrame({"id": ["new", "other"], "text": ["a FREE Prize!", "at home"]}))

    assert model.columns == ("text",)
    assert found.labels().tolist() == [1, 0]
    assert found.item_ids.to_list() == ["new", "other"]
    assert found.covered.all()


def test_without_text_every_number_is_learned_from_but_neither_id_nor_label_nor_split():
    table, y = numbers()

    model = train(training(table, np.eye(2)[y]))

    assert model.columns == ("x", "noise")
    right = (model.predict_proba(table).labels() == y).mean()
    assert 0.75 < right < 0.95  # the best rule, the sign of x, is right with probability 0.84


def test_text_and_numbers_can_be_mixed():
    table, y = texts()
    noise = np.random.default_rng(0).integers(0, 2, len(y))
    flip = np.where(noise, 1 - y, y)  # the text says `noise`, the number says `y`
    mixed = table.with_columns(text=pl.Series(["one" if n else "zero" for n in noise]), x=pl.Series(flip * 1.0))

    model = train(training(mixed, np.eye(2)[flip]), columns=["text", "x"])

    assert (model.predict_proba(mixed).labels() == flip).all()
    assert model.columns == ("text", "x")


def test_certain_soft_labels_train_what_hard_labels_train():
    table, y = numbers()
    beliefs = Posterior(np.eye(2)[y], table["id"], CLASSES, np.ones(len(y), bool))

    soft, hard = (train(training_set(beliefs, table, strategy)) for strategy in ("soft", "hard"))

    assert (soft.classifier.coef_ == hard.classifier.coef_).all()


def test_soft_labels_are_learned_as_the_shares_they_are():
    rows = pl.DataFrame({"id": range(400), "x": [0.0, 1.0] * 200}).with_columns(pl.col("id").cast(pl.String))

    model = train(training(rows, [[0.9, 0.1], [0.3, 0.7]] * 200))

    assert model.predict_proba(rows[:2]).probs == pytest.approx(np.array([[0.9, 0.1], [0.3, 0.7]]), abs=0.01)


def test_a_row_of_weight_two_counts_as_two_rows():
    # Doubling a row and its mirror image leaves mean and spread of each column alone, so that the scaling is the same.
    corners = pl.DataFrame({"id": list("abcd"), "x": [1.0, 1, -1, -1], "y": [1.0, -1, 1, -1]})
    probs = np.array([[0.1, 0.9], [0.3, 0.7], [0.6, 0.4], [0.8, 0.2]])
    twice = [0, 0, 1, 2, 3, 3]
    repeated = corners[twice].with_columns(id=pl.Series(list("abcdef")))

    weighted = train(training(corners, probs, weight=np.array([2.0, 1, 1, 2])))
    copied = train(training(repeated, probs[twice]))

    assert weighted.classifier.coef_ == pytest.approx(copied.classifier.coef_, abs=1e-4)
    assert np.abs(weighted.classifier.coef_ - train(training(corners, probs)).classifier.coef_).max() > 0.01


def test_a_classifier_of_ones_own_is_trained_and_left_as_it_was():
    table, y = numbers()
    own = GaussianNB()

    model = train(training(table, np.eye(2)[y]), columns=["x"], classifier=own)

    assert isinstance(model.classifier, GaussianNB)
    assert not hasattr(own, "classes_")
    assert (model.predict_proba(table).labels() == y).mean() > 0.75


def test_a_classifier_that_takes_no_weights_learns_from_copies():
    table, y = numbers()
    unsure = training(table, np.where(np.eye(2)[y] > 0, 0.8, 0.2))

    model = train(unsure, columns=["x"], classifier=KNeighborsClassifier(99))

    assert (model.predict_proba(table).labels() == y).mean() > 0.75


def test_a_classifier_without_probabilities_is_calibrated():
    table, y = numbers()

    found = train(training(table, np.eye(2)[y]), columns=["x"], classifier=LinearSVC()).predict_proba(table)

    assert (found.labels() == y).mean() > 0.75
    assert score(found, y).value["calibration_error"] < 0.15


def test_a_pipeline_gets_the_only_text_column_as_texts():
    table, y = texts()
    piped = make_pipeline(TfidfVectorizer(), MultinomialNB())

    model = train(training(table, np.eye(2)[y]), classifier=piped)

    assert (model.predict_proba(table).labels() == y).all()
    assert not hasattr(piped[-1], "classes_")


def test_a_pipeline_gets_other_columns_as_a_frame():
    table, y = texts()
    parts = make_column_transformer((CountVectorizer(), "text"), ("passthrough", ["length"]))
    piped = make_pipeline(parts, MultinomialNB())

    model = train(training(table, np.eye(2)[y]), columns=["text", "length"], classifier=piped)

    assert (model.predict_proba(table).labels() == y).all()
    assert model.columns == ("text", "length")


def test_a_search_over_a_pipeline_gets_texts_and_weights():
    table, y = texts()
    search = GridSearchCV(make_pipeline(TfidfVectorizer(), MultinomialNB()), {"multinomialnb__alpha": [0.1, 1]}, cv=3)

    model = train(training(table, np.where(np.eye(2)[y] > 0, 0.9, 0.1)), classifier=search)

    assert (model.predict_proba(table).labels() == y).all()


def test_texts_may_become_other_features():
    table, y = texts()

    model = train(training(table, np.eye(2)[y]), text_features=HashingVectorizer(n_features=16))

    assert (model.predict_proba(table).labels() == y).all()
    assert model.classifier.coef_.shape == (1, 16)


def test_other_features_beside_a_pipeline_are_refused():
    table, y = texts()
    piped = make_pipeline(TfidfVectorizer(), MultinomialNB())

    with pytest.raises(ModelError, match="Pipeline of MultinomialNB makes its own features: leave text_features out"):
        train(training(table, np.eye(2)[y]), classifier=piped, text_features=HashingVectorizer())


@pytest.mark.parametrize("classifier", [KNeighborsClassifier, object(), Ridge()])
def test_what_is_no_classifier_is_refused(classifier):
    table, y = numbers(20)

    with pytest.raises(ModelError, match="is a class, not a classifier|is no scikit-learn classifier"):
        train(training(table, np.eye(2)[y]), classifier=classifier)


def test_features_that_cannot_be_made_are_said_with_the_columns():
    table, y = texts()
    empty = table.with_columns(text=pl.lit("..."))

    with pytest.raises(ModelError, match="no features can be made of text: empty vocabulary"):
        train(training(empty, np.eye(2)[y]))


def test_items_of_no_weight_are_not_learned_from():
    table, y = numbers()
    half = np.arange(200) < 100
    wrong = np.where(half, y, 1 - y)

    model = train(training(table, np.eye(2)[wrong], weight=half.astype(float)), columns=["x"])

    assert (model.predict_proba(table).labels() == y).mean() > 0.75


def test_where_labels_came_from_is_no_feature():
    table, y = numbers(20)
    origin = pl.DataFrame({"weak_pattern": y, "weak_voters": ["x=spam" if spam else "" for spam in y]})

    model = train(TrainingSet(table, np.eye(2)[y], np.ones(20), CLASSES, origin=origin))

    assert model.columns == ("x", "noise")


def test_a_single_class_cannot_be_trained_and_is_named():
    table, y = numbers(20)

    with pytest.raises(ModelError, match="every one of the 20 training items is 'spam': a classifier needs two"):
        train(training(table, np.eye(2)[y * 0 + 1]))


def test_a_class_that_no_item_has_gets_no_probability():
    table, y = numbers()
    model = train(training(table, np.eye(3)[y * 2], classes=("ham", "rare", "spam")))

    found = model.predict_proba(table)

    assert found.probs.shape == (200, 3)
    assert not found.probs[:, 1].any()
    assert (found.labels() == y * 2).mean() > 0.75


def test_no_items_get_no_predictions():
    table, y = numbers()

    assert train(training(table, np.eye(2)[y])).predict_proba(table[:0]).probs.shape == (0, 2)


def test_two_trainings_give_the_same_model():
    table, y = texts()

    one, two = (train(training(table, np.eye(2)[y]), seed=3).predict_proba(table).probs for _ in range(2))

    assert (one == two).all()


def test_a_column_that_is_missed_at_prediction_is_named():
    table, y = numbers()
    model = train(training(table, np.eye(2)[y]))

    with pytest.raises(
        TableError, match="no column 'noise'; there are: id, x, label, split; the end model was trained"
    ):
        model.predict_proba(table.drop("noise"))


def test_a_column_that_is_missed_at_training_is_named():
    table, y = numbers(20)

    with pytest.raises(TableError, match="the training set has no column 'y'; there are: id, x, noise"):
        train(training(table, np.eye(2)[y]), columns=["x", "y"])


def test_a_table_without_features_is_refused():
    table, y = numbers(20)

    with pytest.raises(TableError, match="no column 'text' and none with numbers among id, label, split"):
        train(training(table.select("id", "label", "split"), np.eye(2)[y]))


def test_a_missing_text_is_named_at_training_and_at_prediction():
    table, y = texts()
    hole = table.with_columns(text=pl.when(pl.col("id") == "7").then(None).otherwise("text"))

    with pytest.raises(TableError, match="item '7' has no text: fill it in, or leave the item out"):
        train(training(hole, np.eye(2)[y]))
    with pytest.raises(TableError, match="item '7' has no text"):
        train(training(table, np.eye(2)[y])).predict_proba(hole)


def test_a_model_remembers_what_it_was_trained_on():
    table, y = numbers()
    model = train(training(table, np.eye(2)[y]), columns=["x"], classifier=LogisticRegression(C=2))

    assert model.provenance["columns"] == ["x"]
    assert model.predict_proba(table).provenance["model"] == "LogisticRegression(C=2)"


def test_what_a_column_no_longer_holds_is_said_at_prediction():
    table, y = numbers()
    model = train(training(table, np.eye(2)[y]), columns=["x"])

    with pytest.raises(
        ModelError, match="LogisticRegression cannot predict this table: .*NaN.*; the columns x must hold"
    ):
        model.predict_proba(table.with_columns(x=pl.lit(None, pl.Float64)))
    with pytest.raises(ModelError, match="cannot predict this table"):
        model.predict_proba(table.with_columns(x=pl.lit("16 mm")))


def test_a_text_that_was_read_as_a_number_is_a_text():
    table, y = texts()
    model = train(training(table, np.eye(2)[y]))

    found = model.predict_proba(pl.DataFrame({"id": ["a", "b"], "text": [7, 8]}))

    assert found.probs[0].tolist() == found.probs[1].tolist()


def test_augmented_copies_stay_in_the_fold_of_their_item():
    from sklearn.model_selection import GridSearchCV

    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    table = pl.DataFrame({"id": [f"{i}" for i in range(40)], "x": x, "augmented_from": [None] * 40})
    copies = table.with_columns(id=pl.col("id") + "~1", augmented_from=pl.col("id"))
    labels = np.eye(2)[rng.integers(0, 2, 40)]  # by chance: nothing can be learned
    both = pl.concat([table.with_columns(pl.col("augmented_from").cast(pl.String)), copies])

    search = GridSearchCV(KNeighborsClassifier(1), {"n_neighbors": [1]}, cv=5)
    model = train(training(both, np.concatenate([labels, labels])), columns=["x"], classifier=search)

    assert model.classifier.cv_results_["mean_test_score"][0] < 0.75


def test_a_stack_and_a_vote_of_pipelines_are_trained():
    from sklearn.ensemble import StackingClassifier, VotingClassifier
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    table, y = numbers()
    stack = train(training(table, np.eye(2)[y]), columns=["x"], classifier=StackingClassifier([("nb", GaussianNB())]))
    said, z = texts()
    voter = VotingClassifier([("nb", make_pipeline(CountVectorizer(), MultinomialNB()))], voting="soft")
    vote = train(training(said, np.eye(2)[z]), columns=["text"], classifier=voter)

    assert (stack.predict_proba(table).labels() == y).mean() > 0.75
    assert (vote.predict_proba(said).labels() == z).all()
