import pytest

import weaklabel as wl
from weaklabel.errors import JournalError, ServerError
from weaklabel.review.loop import running


class Away(wl.LocalFile):
    """A folder that, like a server, is not always there."""

    failures = 0
    __module__ = wl.LocalFile.__module__  # by which the journal remembers a backend

    def changed(self, since="", after=""):
        if self.failures:
            self.failures -= 1
            raise ServerError("the server does not answer")
        return super().changed(since, after)


def running_trial(review, backend, **options):
    with wl.Journal(review.folder) as journal:
        return wl.review_run(
            review.loop, journal, backend, every=0, answer=lambda: review.people.answer_file(journal, review.folder),
            **options,
        )  # fmt: skip


def test_a_server_that_comes_back_is_waited_for(trial, caplog):
    review = trial(budget=wl.Budget(24))
    backend = Away(review.folder)
    backend.failures = 3

    last = running_trial(review, backend)

    assert last.state == "stopped"
    assert last.record["answers"] == 24
    assert caplog.text.count("the server does not answer; tried again") == 3


def test_a_server_that_stays_away_ends_the_run_and_the_next_one_goes_on(trial):
    review = trial(budget=wl.Budget(24))
    backend = Away(review.folder)
    backend.failures = running.PATIENCE + 1

    with pytest.raises(ServerError, match="does not answer"):
        running_trial(review, backend)

    assert running_trial(review, backend).record["answers"] == 24


def test_one_round_at_a_time_says_at_once_that_the_server_is_away(trial):
    review = trial()
    running_trial(review, wl.LocalFile(review.folder), rounds=1)
    backend = Away(review.folder)
    backend.failures = 1

    with pytest.raises(ServerError):
        running_trial(review, backend, rounds=1)


def test_each_round_is_told_once(trial):
    review, told = trial(budget=wl.Budget(24)), []

    running_trial(review, wl.LocalFile(review.folder), tell=told.append)

    assert [found.state for found in told] == ["asked", "asked", "stopped"]
    assert told[-1].learned.end_model.classes == ("no", "yes")


def test_questions_that_nobody_answers_do_not_keep_it_running_for_ever(trial):
    review = trial()

    with wl.Journal(review.folder) as journal, pytest.raises(JournalError, match="12 questions stay open"):
        wl.review_run(review.loop, journal, wl.LocalFile(review.folder), every=0, answer=lambda: None)
