"""What a round leaves in the review's folder."""

from dataclasses import replace
from typing import Any

from weaklabel.labeling.training_set import training_set
from weaklabel.review.journal import Journal
from weaklabel.review.loop.evidence import Evidence
from weaklabel.review.loop.options import Loop

BELIEFS, LABELS, TRAINING = "beliefs.parquet", "labels.parquet", "training.parquet"


def write(loop: Loop, journal: Journal, known: Evidence, record: dict[str, Any]) -> None:
    """What the end model believes of every item, what is known of the labels, and the training set.

    Each says in its provenance how many answers it rests on, and whether they were simulated.
    """
    about = {"answers": record["answers"], "simulated": record["simulated"], "people": record["people"]}
    beliefs, labels = known.learned.beliefs, known.learned.labels
    replace(beliefs, provenance={**beliefs.provenance, "review": about}).save(journal.folder / BELIEFS)
    told = replace(labels, provenance={**labels.provenance, "review": about})
    told.save(journal.folder / LABELS)
    if told.covered.any():
        training_set(told, loop.learner.table, votes=loop.learner.L).save(journal.folder / TRAINING)
