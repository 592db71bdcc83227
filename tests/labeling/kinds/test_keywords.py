import pytest

from weaklabel.errors import LabelingFunctionError
from weaklabel.labeling.applying.fingerprint import fingerprint
from weaklabel.labeling.functions import Row
from weaklabel.labeling.kinds.keywords import keywords


def votes(lf, *texts):
    return [lf(Row(text=text)) for text in texts]


def test_it_votes_its_label_where_a_word_stands_in_any_case():
    greeting = keywords("greeting", ["hello", "good morning"], label=0)

    assert votes(greeting, "Hello you", "a GOOD MORNING to all", "good evening") == [0, 0, -1]


def test_words_are_whole_unless_said_otherwise():
    whole, parts = keywords("w", ["win"], 1), keywords("p", ["win"], 1, whole_words=False)

    assert votes(whole, "win!", "to-win", "window", "twin", "win_2") == [1, 1, -1, -1, -1]
    assert votes(parts, "window", "twin", "loss") == [1, 1, -1]


def test_signs_in_a_word_mean_themselves_and_bound_it_like_letters():
    signs = keywords("signs", ["c++", ".net", "a|b", "(free)"], 1)

    assert votes(signs, "I write C++.", "in .NET", "a|b", "(free)") == [1, 1, 1, 1]
    assert votes(signs, "c+", "net", "a", "free", "vc++", "asp.net") == [-1] * 6


def test_letters_beyond_ascii_are_letters():
    words = keywords("words", ["café", "straße", "да", "奖"], 1)

    assert votes(words, "Au CAFÉ !", "die Straße", "ну ДА", "奖!") == [1, 1, 1, 1]
    assert votes(words, "cafés", "дача", "caf") == [-1, -1, -1]


def test_the_longest_phrase_does_not_hide_a_shorter_one():
    claim = keywords("claim", ["claim", "claim code"], 1)

    assert votes(claim, "claim codes", "claim code") == [1, 1]


def test_a_missing_or_empty_text_abstains():
    assert votes(keywords("k", ["none", "null"], 1), None, "") == [-1, -1]


def test_another_column_can_be_read():
    lf = keywords("k", ["mum"], 0, column="sender")

    assert lf(Row(text="nothing", sender="Mum")) == 0
    assert lf.columns == ("sender",)


@pytest.mark.parametrize("words", ["prize", [], [""], ["won", ""], [88600], ["won", None]])
def test_words_that_are_no_list_of_words_are_refused_with_the_functions_name(words):
    with pytest.raises(LabelingFunctionError, match=r"'prize': words are a list such as \['won', 'prize'\], not"):
        keywords("prize", words, 1)


def test_words_may_come_in_any_collection_and_order():
    words = ["win", "cash"]
    ways = [words, words[::-1], set(words), iter(words), (word for word in words)]
    made = [keywords("k", way, 1) for way in ways]

    assert [votes(lf, "you win", "cash", "no") for lf in made] == [[1, 1, -1]] * 5
    assert len({fingerprint(lf) for lf in made}) == 1
