import numpy as np
import pytest

from weaklabel.artefacts import Posterior
from weaklabel.errors import TableError


def posterior(probs, covered=None, **fields):
    probs = np.array(probs, float)
    covered = np.ones(len(probs), bool) if covered is None else covered
    given = {"item_ids": [f"c-{i}" for i in range(len(probs))], "classes": ("a", "b", "c", "d")[: probs.shape[1]]}
    return Posterior(probs, **{**given, "covered": covered, **fields})


def test_the_label_is_the_most_probable_class():
    assert posterior([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.2, 0.3, 0.5]]).labels().tolist() == [1, 0, 2]


def test_an_item_of_which_nothing_is_known_gets_no_label_however_clear_the_prior():
    assert posterior([[0.1, 0.9], [0.1, 0.9]], covered=[True, False]).labels().tolist() == [1, -1]


def test_a_tie_of_the_best_two_gets_no_label():
    probs = [[0.5, 0.5, 0.0], [0.4, 0.2, 0.4], [0.4, 0.4 - 5e-6, 0.2 + 5e-6], [0.4, 0.3999, 0.2001], [0.5, 0.25, 0.25]]

    assert posterior(probs).labels().tolist() == [-1, -1, -1, 0, 0]


def test_no_items_get_no_labels():
    assert posterior(np.empty((0, 2))).labels().shape == (0,)


@pytest.mark.parametrize("wrong", [[0.5, 0.4], [0.7, 0.7], [1.5, -0.5], [float("nan"), 0.5], [float("inf"), 0.0]])
def test_a_row_that_is_no_distribution_is_named(wrong):
    with pytest.raises(TableError, match="the probabilities of item 'c-1' are .*: not a distribution"):
        posterior([[0.5, 0.5], wrong])


def test_rounding_is_no_error():
    assert len(posterior([[1 / 3 + 1e-9, 1 / 3, 1 / 3]]).probs) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"item_ids": ["only one"]},
        {"covered": [True]},
        {"answered": [True]},
        {"classes": ("a", "b", "c")},
    ],
)
def test_arrays_that_do_not_fit_are_refused(fields):
    with pytest.raises(TableError, match=r"probs have shape \(2, 2\)"):
        posterior([[0.5, 0.5], [0.1, 0.9]], **fields)


@pytest.mark.parametrize("prior", [[0.5], [0.5, 0.6], [1.0, 0.0], [1.5, -0.5], [float("nan"), 0.5], [[0.5, 0.5]]])
def test_a_prior_that_is_no_distribution_over_the_classes_is_refused(prior):
    with pytest.raises(TableError, match="the prior is .*: it needs 2 positive shares that sum to 1, or none"):
        posterior([[0.5, 0.5]], prior=np.array(prior))


def test_a_file_from_before_the_prior_was_kept_has_an_unknown_one():
    made = posterior([[0.1, 0.9]], prior=np.array([0.3, 0.7]))
    older = {name: value for name, value in made.meta().items() if name != "prior"}

    found = Posterior.from_frame(made.to_frame(), older)

    assert found.prior.shape == (0,)
    assert found.probs.tolist() == [[0.1, 0.9]]


def test_nobody_has_answered_until_somebody_says_so():
    assert posterior([[0.5, 0.5], [0.1, 0.9]]).answered.tolist() == [False, False]


def test_nothing_in_it_can_be_written_over():
    made = posterior([[0.1, 0.9]], prior=np.array([0.5, 0.5]))

    for array in (made.probs, made.covered, made.answered, made.prior):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_its_frame_names_the_classes_and_leaves_abstentions_empty():
    made = posterior([[0.1, 0.9], [0.5, 0.5]], answered=[True, False])

    assert made.to_frame().columns == ["id", "label", "p_a", "p_b", "covered", "answered"]
    assert made.to_frame().rows() == [("c-0", "b", 0.1, 0.9, True, True), ("c-1", None, 0.5, 0.5, True, False)]
