"""The things that flow: arrays that travel together, frozen, checked once at birth."""

from weaklabel.artefacts.batch import Batch
from weaklabel.artefacts.label_matrix import ABSTAIN, Fault, LabelMatrix
from weaklabel.artefacts.posterior import Posterior
from weaklabel.artefacts.propensities import Propensities
from weaklabel.artefacts.relevance_labels import RelevanceLabels
from weaklabel.artefacts.remote import Changes, RemoteTask, Seen
from weaklabel.artefacts.task import Annotation, Label, Prelabel, Task
from weaklabel.artefacts.training_set import TrainingSet

__all__ = [
    "ABSTAIN",
    "Annotation",
    "Batch",
    "Changes",
    "Fault",
    "Label",
    "LabelMatrix",
    "Posterior",
    "Prelabel",
    "Propensities",
    "RelevanceLabels",
    "RemoteTask",
    "Seen",
    "Task",
    "TrainingSet",
]
