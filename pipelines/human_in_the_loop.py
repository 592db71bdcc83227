"""Rounds of review: ask about what the end model doubts most, fold the answers in, train again."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

import weaklabel as wl
from weaklabel.report import Chart, Section, Table, charts, with_interval

Round = tuple[wl.Posterior, wl.EndModel]


@dataclass(frozen=True)
class Review:
    """What stays the same in every round.

    Attributes
    ----------
    pool
        The items that may be asked about.
    votes, weak
        What the labeling functions say of them, and what the label model makes of it.
    size
        Questions a round.
    seed
        Decides among equally doubtful items, and seeds the classifier.
    """

    pool: pl.DataFrame
    votes: wl.LabelMatrix
    weak: wl.Posterior
    size: int
    seed: int

    def questions(self, labels: wl.Posterior, model: wl.EndModel, strategy: str) -> list[wl.Task]:
        """Tasks about the unanswered items that the end model doubts most."""
        answered = labels.item_ids.filter(pl.Series(labels.answered))
        beliefs = model.predict_proba(self.pool)
        batch = wl.pick(beliefs, self.size, strategy, exclude=answered, seed=self.seed)
        return wl.make_tasks(batch, self.pool, beliefs, self.votes, model_version="end model")

    def rounds(self, strategy: str) -> Iterator[Round]:
        """Labels and end model before any answer, and after each further round; the known classes answer."""
        gold = dict(zip(self.pool["id"], self.pool["label"], strict=True))
        labels = self.weak
        with TemporaryDirectory() as folder, wl.Journal(folder) as journal:
            backend = wl.LocalFile(folder)
            while True:
                model = wl.train(wl.training_set(labels, self.pool), seed=self.seed)
                yield labels, model
                wl.push(self.questions(labels, model, strategy), journal, backend)
                wl.testing.answer_from_gold(folder, gold)
                wl.pull(journal, backend)
                labels = wl.fold(self.weak, journal.annotations())

    def corrected(self, labels: wl.Posterior) -> int:
        """How many answers are not what the label model said, or it said nothing."""
        return int((labels.labels() != self.weak.labels())[labels.answered].sum())


def run(
    dataset: str = "sms_spam",
    heuristics: str = "sms_spam",
    rounds: int = 3,
    size: int = 20,
    strategy: str = "margin",
    out: Path = Path("out/human_in_the_loop"),
    seed: int = 0,
) -> Section:
    """Review a pool in rounds, with the known classes answering in a person's place, beside a random choice.

    Parameters
    ----------
    dataset
        A data set with known classes: those of the training items answer, those of the test items score.
    heuristics
        A Python file of labeling functions, or the name of one that ships.
    rounds
        How often to ask.
    size
        Questions a round.
    strategy
        How to choose them: margin, entropy or least_confident.
    out
        Folder for the labels, and for the tasks that nobody has answered yet.
    seed
        Decides among equally doubtful items.
    """
    rules = wl.load_lfs(heuristics)
    pool, test = (wl.datasets.load(dataset, split) for split in ("train", "test"))
    votes = wl.apply(rules.lfs, pool, rules.classes)
    review = Review(pool, votes, wl.denoise(votes, "snorkel", seed=seed), size, seed)
    reviewed = {name: list(islice(review.rounds(name), rounds + 1)) for name in (strategy, "random")}

    labels, model = reviewed[strategy][-1]
    labels.save(out / "answered.parquet")
    with wl.Journal(out / "tasks") as journal:
        wl.push(review.questions(labels, model, strategy), journal, wl.LocalFile(journal.folder))

    gold = wl.gold_labels(test, test["id"], rules.classes)
    answers = [n * size for n in range(rounds + 1)]
    scores = {name: [wl.score(end.predict_proba(test), gold) for _, end in done] for name, done in reviewed.items()}
    table, curve = _table(review, reviewed, scores, answers), charts.learning_curve(answers, scores, "f1")
    return Section(
        f"Human in the loop: {dataset}",
        (
            f"No person answered: the known classes stood in for one, {size} questions a round from "
            f"{len(pool):,} items. Scored on {len(test):,} held-out items, 95 % bootstrap intervals.",
            _verdict(strategy, *(found[-1] for found in scores.values())),
            f"The next {size} questions wait for a person: import {out / 'tasks' / 'tasks.json'} into a Label Studio "
            "project set up with the label_config.xml beside it.",
        ),
        (Table("F1 of the end model; corrected: answers that the label model did not give", table),),
        (Chart("What answers buy, by how they were chosen, with 95 % intervals.", curve),),
    )


def _verdict(strategy: str, chosen: wl.Scores, drawn: wl.Scores | None = None) -> str:
    if drawn is None:
        return "The questions were drawn at random."
    (lower, upper), (drawn_lower, drawn_upper) = chosen.interval["f1"], drawn.interval["f1"]
    if lower <= drawn_upper and drawn_lower <= upper:
        return f"The intervals overlap: so few answers cannot tell whether {strategy} chooses better than chance."
    return (
        f"Choosing by {strategy} is {'better' if lower > drawn_upper else 'worse'} than chance, beyond the intervals."
    )


def _table(
    review: Review, reviewed: dict[str, list[Round]], scores: dict[str, list[wl.Scores]], answers: list[int]
) -> pl.DataFrame:
    columns: dict[str, list] = {"answers": answers}
    for name, done in reviewed.items():
        columns[f"{name}: f1"] = [with_interval(one, "f1") for one in scores[name]]
        columns[f"{name}: corrected"] = [review.corrected(labels) for labels, _ in done]
    return pl.DataFrame(columns)
