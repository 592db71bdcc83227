"""Rounds of review: ask what is most worth a person's time, learn from rules and answers together, judge the result."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

import weaklabel as wl
from weaklabel.report import Chart, Section, Table, charts, with_interval


@dataclass(frozen=True)
class Review:
    """What stays the same in every round.

    Attributes
    ----------
    learner
        The pool, what the labeling functions say of it, and how to learn from both.
    gold
        Item -> known class: answers in a person's place.
    size
        Questions a round.
    seed
        Of the audit's order, and of ties.
    """

    learner: wl.Learner
    gold: dict[str, str]
    size: int
    seed: int

    def rounds(self, strategy: str) -> Iterator[wl.Round]:
        """What is known before any answer, and after each further round."""
        loop = wl.Loop(self.learner, self.size, strategy=strategy, seed=self.seed)
        people = wl.SimulatedPeople(self.gold, self.learner.classes)
        with TemporaryDirectory() as folder, wl.Journal(folder) as journal:
            while True:
                yield wl.review_step(loop, journal, wl.LocalFile(folder))
                people.answer_file(journal, folder)

    def questions(self, last: wl.Round, strategy: str) -> tuple[wl.Batch, list[wl.Task]]:
        """Those that a person would be asked next."""
        beliefs, labels = last.learned.beliefs, last.learned.labels
        told = {"weak": last.learned.weak, "lf_accuracy": last.record["lf_accuracy"]}
        answered = labels.item_ids.filter(pl.Series(labels.answered))
        batch = wl.pick(beliefs, self.size, strategy, **told, exclude=answered, seed=self.seed)
        return batch, wl.make_tasks(batch, self.learner.table, beliefs, self.learner.L, model_version="end model")


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
        How to choose them: margin, lf_aware, entropy or least_confident.
    out
        Folder for the labels, and for the tasks that nobody has answered yet.
    seed
        Decides among equally doubtful items, and draws the audit.
    """
    rules = wl.load_lfs(heuristics)
    pool, test = (wl.datasets.load(dataset, split) for split in ("train", "test"))
    learner = wl.Learner(pool.drop("label"), wl.apply(rules.lfs, pool, rules.classes), seed=seed)
    review = Review(learner, dict(zip(pool["id"], pool["label"], strict=True)), size, seed)
    reviewed = {name: list(islice(review.rounds(name), rounds + 1)) for name in (strategy, "random")}

    last = reviewed[strategy][-1]
    last.learned.labels.save(out / "answered.parquet")
    batch, tasks = review.questions(last, strategy)
    with wl.Journal(out / "tasks") as journal:
        wl.push(tasks, journal, wl.LocalFile(journal.folder), batch=batch)

    gold = wl.gold_labels(test, test["id"], rules.classes)
    answers = [n * size for n in range(rounds + 1)]
    scores = {
        name: [wl.score(found.learned.end_model.predict_proba(test), gold) for found in done]
        for name, done in reviewed.items()
    }
    curve = charts.learning_curve(answers, scores, "f1")
    return Section(
        f"Human in the loop: {dataset}",
        (
            f"No person answered: the known classes stood in for one, {size} questions a round from "
            f"{len(pool):,} items, a quarter of them at random. Scored on {len(test):,} held-out items, 95 % bootstrap "
            "intervals.",
            _compared(strategy, *(found[-1] for found in scores.values())),
            _audited(last),
            f"The next {size} questions wait for a person: import {out / 'tasks' / 'tasks.json'} into a Label Studio "
            "project set up with the label_config.xml beside it.",
        ),
        (Table("F1 of the end model; corrected: answers that the label model did not give", _table(reviewed, scores)),),
        (Chart("What answers buy, by how they were chosen, with 95 % intervals.", curve),),
    )


def _compared(strategy: str, chosen: wl.Scores, drawn: wl.Scores | None = None) -> str:
    if drawn is None:
        return "The questions were drawn at random."
    (lower, upper), (drawn_lower, drawn_upper) = chosen.interval["f1"], drawn.interval["f1"]
    if lower <= drawn_upper and drawn_lower <= upper:
        return f"The intervals overlap: so few answers cannot tell whether {strategy} chooses better than chance."
    return (
        f"Choosing by {strategy} is {'better' if lower > drawn_upper else 'worse'} than chance, beyond the intervals."
    )


def _audited(last: wl.Round) -> str:
    """What the loop itself can know of its end model, without any held-out items."""
    if last.record["verdict"] is None:
        return f"The {last.record['audited']} random answers are too few to score the end model without held-out items."
    return f"The random answers alone, without held-out items, say: {last.record['verdict']['said']}."


def _corrected(found: wl.Round) -> int:
    """How many answers are not what the label model said, or it said nothing."""
    labels, weak = found.learned.labels, found.learned.weak
    return int((labels.labels() != weak.labels())[labels.answered].sum())


def _table(reviewed: dict[str, list[wl.Round]], scores: dict[str, list[wl.Scores]]) -> pl.DataFrame:
    columns: dict[str, list] = {"answers": [found.record["answers"] for found in next(iter(reviewed.values()))]}
    for name, done in reviewed.items():
        columns[f"{name}: f1"] = [with_interval(one, "f1") for one in scores[name]]
        columns[f"{name}: corrected"] = [_corrected(found) for found in done]
    return pl.DataFrame(columns)
