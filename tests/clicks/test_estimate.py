import polars as pl
import pytest

from weaklabel import plugins
from weaklabel.clicks.counting import count
from weaklabel.clicks.estimate import estimate
from weaklabel.clicks.estimators.randomized import Randomized
from weaklabel.clicks.log import ClickLog
from weaklabel.errors import ModelError, NotIdentifiedError, UnknownNameError


@pytest.fixture
def log():
    """One document, four times at each of two places: two clicks at the first, one at the second."""
    return ClickLog(
        pl.DataFrame(
            {"query_id": ["q"] * 8, "doc_id": ["a"] * 8, "position": [1, 2] * 4, "click": [1, 1, 1, 0, 0, 0, 0, 0]}
        )
    )


def test_the_default_estimator_learns_from_documents_shown_at_several_positions(log):
    found = estimate(log, max_se=2.0)

    assert found.examination.tolist() == pytest.approx([1.0, 0.5])
    assert found.provenance["estimator"] == "harvesting"


def test_a_log_and_its_counts_give_the_same(log):
    assert estimate(count(log), "randomized").to_frame().equals(estimate(log, "randomized").to_frame())


def test_parameters_reach_the_named_estimator(log):
    assert estimate(log, "randomized", level=0.5).level == 0.5


def test_an_estimator_may_be_given_as_an_object(log):
    assert estimate(log, Randomized(level=0.8)).level == 0.8


def test_parameters_beside_an_object_are_refused_rather_than_ignored(log):
    with pytest.raises(ModelError, match="has its parameters already: set level there"):
        estimate(log, Randomized(), level=0.8)


def test_an_unknown_parameter_is_refused_with_those_there_are(log):
    with pytest.raises(ModelError, match=r"no parameter 'levle' \(did you mean 'level'\?\); it has: level, alpha"):
        estimate(log, "randomized", levle=0.8)


def test_an_unknown_estimator_is_refused_with_those_there_are(log):
    with pytest.raises(UnknownNameError, match=r"'randomised'.*there are: .*randomized"):
        estimate(log, "randomised")


def test_what_the_log_cannot_tell_is_an_error_and_not_a_number(log):
    with pytest.raises(NotIdentifiedError, match="only position 1"):
        estimate(log.upto(1))


def test_every_estimator_that_ships_is_found_by_its_file_name():
    found = {name: plugins.get("estimator", name) for name in plugins.names("estimator")}

    assert found["randomized"] is Randomized
    assert all(hasattr(estimator, "estimate") for estimator in found.values())
