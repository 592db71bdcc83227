from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from weaklabel.artefacts import Annotation
from weaklabel.errors import AnswerError
from weaklabel.review.people.agreement import agreement
from weaklabel.review.people.answers import for_class

# Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011, example C: four observers, missing answers.
FOUR_OBSERVERS = ("123321412...", "123322412" + "5.3", ".33323422" + "51.", "123324412" + "51.")


def says(item, label, who, at=""):
    return Annotation(f"{item}-{who}-{at}", f"key of {item}", item, label, who, updated_at=at)


def rows(*people):
    """Annotations from one text for each person, a letter for each item; a dot is no answer."""
    return [
        says(f"item {i:03}", letter, f"person {j}")
        for j, letters in enumerate(people)
        for i, letter in enumerate(letters)
        if letter != "."
    ]


def drawn(accuracies, n, k, seed, coverage=1.0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    said = [np.where(rng.random(n) < a, truth, (truth + rng.integers(1, k, n)) % k) for a in accuracies]
    return rows(*("".join(str(y) if rng.random() < coverage else "." for y in each) for each in said))


def test_two_observers_of_two_values_are_krippendorffs_example():
    found = agreement(rows("0100000010", "1110010000"))

    assert found.alpha == pytest.approx(0.095, abs=5e-4)
    assert found.items == 10
    assert found.reason == ""


def test_two_observers_of_five_values_are_krippendorffs_example():
    assert agreement(rows("aabbdcccedda", "babbbccceddd")).alpha == pytest.approx(0.692, abs=5e-4)


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_four_observers_with_missing_answers_are_krippendorffs_example(level, published):
    found = agreement(rows(*FOUR_OBSERVERS), level)

    assert found.alpha == pytest.approx(published, abs=5e-4)
    assert found.items == 11  # the twelfth was answered once
    assert found.interval[0] < found.alpha < found.interval[1]


def test_ordered_classes_need_no_numbers():
    words = dict(zip("12345", ["bad", "poor", "fair", "good", "great"], strict=True))
    annotations = [replace(said, label=words[said.label]) for said in rows(*FOUR_OBSERVERS)]

    found = agreement(annotations, "ordinal", classes=tuple(words.values()))

    assert found.alpha == pytest.approx(0.815, abs=5e-4)


def test_sets_of_classes_are_as_far_apart_as_masi_says():
    # Two items; {a} against {a, b} is 1 - 1/2 * 2/3 = 2/3 apart, and the second pair is equal. Of the four answers
    # {a}, {a, b}, {c}, {c} the pairs are 2/3 and four times 1 apart, and once 0: chance is (2/3 + 4) / 6 = 7/9.
    annotations = [
        says("1", ("a",), "ann"),
        says("1", ("b", "a"), "bob"),
        says("2", ("c",), "ann"),
        says("2", ("c",), "bob"),
    ]

    found = agreement(annotations)

    assert found.alpha == pytest.approx(1 - (2 / 3) / 2 / (7 / 9))
    assert found.disagreements["said"].to_list() == ["1 x a, 1 x a + b"]


def test_one_class_of_several_has_an_agreement_of_its_own():
    annotations = [
        *(says(str(i), ("a", "b"), "ann") for i in range(4)),
        *(says(str(i), ("a", "b") if i else ("b",), "bob") for i in range(4)),
        says("4", (), "ann"),
        says("4", (), "bob"),
    ]

    assert agreement(for_class(annotations, "b")).alpha == 1.0
    assert agreement(for_class(annotations, "a")).alpha < 1.0


def test_without_an_item_that_two_people_answered_there_is_no_alpha_but_a_reason():
    found = agreement(rows("ab..", "..ab"))

    assert (found.alpha, found.interval, found.items) == (None, None, 0)
    assert found.reason == "no item has answers of two people"
    assert found.pairs.is_empty()


def test_where_all_answers_are_alike_chance_is_unknown_and_so_is_alpha():
    found = agreement(rows("aaa", "aaa"))

    assert found.alpha is None
    assert found.reason == "all 6 answers are 'a', so chance is unknown"
    assert found.pairs["agreement"].to_list() == [1.0]
    assert found.pairs["kappa"].to_list() == [None]


def test_no_answers_at_all_have_no_agreement():
    found = agreement([says("1", None, "ann")])

    assert (found.alpha, found.items, found.annotators) == (None, 0, 0)


def test_a_skip_and_an_older_answer_do_not_count():
    final = rows("abab", "abba")
    before = says("item 002", "b", "person 0", at="2024-01-01")
    skip = says("item 000", None, "person 2")
    final = [replace(said, updated_at="2024-01-02") for said in final]

    assert agreement([*final, before, skip]).alpha == agreement(final).alpha


@pytest.mark.parametrize("seed", range(5))
def test_pairwise_kappa_is_scikit_learns(seed):
    annotations = drawn([0.8, 0.7, 0.6], 60, 3, seed, coverage=0.7)

    found = agreement(annotations, n_bootstrap=10).pairs

    assert len(found) == 3
    for row in found.iter_rows(named=True):
        one, other = (
            {said.item_id: said.label for said in annotations if said.annotator == row[name]}
            for name in ("annotator_a", "annotator_b")
        )
        common = sorted(one.keys() & other.keys())
        assert row["items"] == len(common)
        labels = [one[item] for item in common], [other[item] for item in common]
        assert row["kappa"] == pytest.approx(cohen_kappa_score(*labels))
        assert row["kappa_lower"] < row["kappa"] < row["kappa_upper"]


def test_kappa_of_grades_is_scikit_learns_with_quadratic_weights():
    annotations = drawn([0.6, 0.6], 80, 5, seed=1)

    found = agreement(annotations, "interval", n_bootstrap=10).pairs

    one, other = ([int(said.label) for said in annotations if said.annotator == f"person {j}"] for j in (0, 1))
    assert found["kappa"][0] == pytest.approx(cohen_kappa_score(one, other, weights="quadratic"))


def test_the_ends_of_an_agreement_are_wilsons_and_those_of_kappa_follow():
    # 8 of 10 equal; Wilson's 95 % interval of .8 of 10 is .490 to .943; chance is .6 * .6 + .4 * .4 = .52.
    found = agreement(rows("aaaaaabbbb", "aaaaabbbba"), n_bootstrap=10).pairs.row(0, named=True)

    assert found["agreement"] == 0.8
    assert (found["lower"], found["upper"]) == pytest.approx((0.490, 0.943), abs=5e-4)
    assert found["kappa"] == pytest.approx((0.8 - 0.52) / 0.48)
    assert found["kappa_lower"] == pytest.approx((found["lower"] - 0.52) / 0.48)


def test_the_ends_of_a_weighted_kappa_keep_how_far_apart_unequal_answers_are():
    found = agreement(rows("1234512345", "1234512344"), "interval", n_bootstrap=10).pairs.row(0, named=True)

    assert found["agreement"] == 0.9
    assert 1 - found["kappa_lower"] == pytest.approx((1 - found["kappa"]) * (1 - found["lower"]) / 0.1)


def test_a_few_items_without_disagreement_do_not_make_agreement_certain():
    few, many = (agreement(rows("ab" * n, "ab" * n)) for n in (3, 300))

    assert few.alpha == many.alpha == 1.0
    assert few.interval[0] < 0.3
    assert 0.97 < many.interval[0] < many.interval[1] == 1.0


def test_the_items_on_which_people_disagree_are_named_the_worst_first():
    found = agreement(rows("aab", "aac", "abd")).disagreements

    assert found.rows() == [
        ("item 002", 3, 1.0, "1 x b, 1 x c, 1 x d"),
        ("item 001", 3, pytest.approx(2 / 3), "2 x a, 1 x b"),
    ]


def test_the_interval_of_alpha_holds_the_alpha_of_many_items():
    # Two classes, accuracy .9 and .7: they agree on .66 of the items, so alpha is (.66 - .5) / .5 = .32.
    holds = 0
    for seed in range(100):
        lower, upper = agreement(drawn([0.9, 0.7], 100, 2, seed), n_bootstrap=200).interval
        holds += lower <= 0.32 <= upper

    assert holds >= 88


people = st.lists(
    st.builds(
        says,
        item=st.sampled_from("vwxyz"),
        label=st.sampled_from([None, "0", "1", "2"]),
        who=st.sampled_from(["ann", "bob", "eve"]),
        at=st.sampled_from(["", "2024-01-01", "2024-01-02"]),
    ),
    max_size=25,
)
# Of two answers of one person to one item at one moment either may be the latest; here there is but one.
said_once = people.map(lambda said: list({(a.item_id, a.annotator, a.updated_at): a for a in said}.values()))


def same(one, other):
    assert (one.alpha, one.interval, one.reason, one.items) == (other.alpha, other.interval, other.reason, other.items)
    assert one.pairs.equals(other.pairs)
    assert one.disagreements.equals(other.disagreements)


@settings(max_examples=40, deadline=None)
@given(people, st.sampled_from(["nominal", "ordinal", "interval"]), st.randoms())
def test_the_order_of_the_answers_and_repeating_them_change_nothing(annotations, level, shuffler):
    shuffled = annotations * 2
    shuffler.shuffle(shuffled)

    same(agreement(shuffled, level, n_bootstrap=20), agreement(annotations, level, n_bootstrap=20))


@settings(max_examples=40, deadline=None)
@given(said_once)
def test_other_names_for_items_people_and_classes_change_no_agreement(annotations):
    names = dict(zip("vwxyz", "bdace", strict=True)) | dict(zip("012", "cab", strict=True)) | {None: None}
    who = {"ann": "zoe", "bob": "al", "eve": "mo"}
    renamed = [
        replace(said, item_id=names[said.item_id], label=names[said.label], annotator=who[said.annotator])
        for said in annotations
    ]

    one, other = agreement(annotations, n_bootstrap=20), agreement(renamed, n_bootstrap=20)

    assert one.alpha == pytest.approx(other.alpha)
    assert sorted(one.pairs["agreement"]) == pytest.approx(sorted(other.pairs["agreement"]))


def test_the_seed_decides_the_interval():
    annotations = drawn([0.8, 0.7], 40, 2, seed=0)

    one, same_seed, other = (agreement(annotations, seed=seed).interval for seed in (1, 1, 2))

    assert one == same_seed != other


def test_a_level_that_does_not_exist_is_refused():
    with pytest.raises(AnswerError, match="the level is 'ratio'; it is one of nominal, ordinal, interval"):
        agreement(rows("ab", "ab"), "ratio")


def test_words_have_no_interval():
    with pytest.raises(AnswerError, match="the answer 'ham' is no number"):
        agreement([says("1", "ham", "ann"), says("1", "4", "bob")], "interval")


def test_a_class_without_a_place_is_refused():
    with pytest.raises(AnswerError, match="the answer 'c' has no place among the classes a, b"):
        agreement(rows("abc", "abc"), "ordinal", classes=("a", "b"))


def test_answers_to_two_questions_do_not_mix():
    with pytest.raises(AnswerError, match="ann answered 'a' on item '1', one class, and bob"):
        agreement([says("1", "a", "ann"), says("1", ("a",), "bob")])
