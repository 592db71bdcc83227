"""Turn rules, clicks and a few human answers into training data.

The public face: each name is loaded from its home when it is first used, so that importing weaklabel costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from weaklabel._version import __version__

if TYPE_CHECKING:
    from weaklabel import datasets as datasets
    from weaklabel import report as report
    from weaklabel import testing as testing
    from weaklabel.artefacts import ABSTAIN as ABSTAIN
    from weaklabel.artefacts import Annotation as Annotation
    from weaklabel.artefacts import Batch as Batch
    from weaklabel.artefacts import LabelMatrix as LabelMatrix
    from weaklabel.artefacts import Posterior as Posterior
    from weaklabel.artefacts import Propensities as Propensities
    from weaklabel.artefacts import RelevanceLabels as RelevanceLabels
    from weaklabel.artefacts import Task as Task
    from weaklabel.artefacts import TrainingSet as TrainingSet
    from weaklabel.clicks.anchors import as_anchors as as_anchors
    from weaklabel.clicks.anchors import calibrate as calibrate
    from weaklabel.clicks.as_votes import as_votes as as_votes
    from weaklabel.clicks.as_votes import p_relevant as p_relevant
    from weaklabel.clicks.checks.clicked_above import clicked_above as clicked_above
    from weaklabel.clicks.checks.confounding import contexts_differ as contexts_differ
    from weaklabel.clicks.checks.confounding import key_matters as key_matters
    from weaklabel.clicks.checks.diagnosis import Diagnosis as Diagnosis
    from weaklabel.clicks.checks.specification import specification as specification
    from weaklabel.clicks.counting import count as count
    from weaklabel.clicks.counts import ClickCounts as ClickCounts
    from weaklabel.clicks.debias import debias as debias
    from weaklabel.clicks.diagnose import diagnose as diagnose
    from weaklabel.clicks.estimate import estimate as estimate
    from weaklabel.clicks.evaluate import evaluate as evaluate
    from weaklabel.clicks.evaluating.result import Evaluation as Evaluation
    from weaklabel.clicks.grading import pairs_of as pairs_of
    from weaklabel.clicks.grading import pick_pairs as pick_pairs
    from weaklabel.clicks.log import ClickLog as ClickLog
    from weaklabel.clicks.log import read_log as read_log
    from weaklabel.clicks.online.experiment import compare_arms as compare_arms
    from weaklabel.clicks.online.interleaving import interleaving as interleaving
    from weaklabel.clicks.online.interleaving import team_draft as team_draft
    from weaklabel.clicks.online.sample_size import detectable_lift as detectable_lift
    from weaklabel.clicks.online.sample_size import sample_size as sample_size
    from weaklabel.clicks.rank import Ranker as Ranker
    from weaklabel.clicks.rank import rank as rank
    from weaklabel.clicks.ranking.metrics import compare_rankings as compare_rankings
    from weaklabel.clicks.ranking.metrics import dcg as dcg
    from weaklabel.clicks.ranking.metrics import mrr as mrr
    from weaklabel.clicks.ranking.metrics import ndcg as ndcg
    from weaklabel.clicks.reading.letor import read_letor as read_letor
    from weaklabel.clicks.sampling import sample_sessions as sample_sessions
    from weaklabel.clicks.simulate import simulate as simulate
    from weaklabel.clicks.simulate import simulate_to as simulate_to
    from weaklabel.clicks.simulate import truth as truth
    from weaklabel.clicks.simulating.rankings import graded_rankings as graded_rankings
    from weaklabel.clicks.simulating.rankings import relevance_of_grades as relevance_of_grades
    from weaklabel.clicks.simulating.rankings import weak_rankers as weak_rankers
    from weaklabel.clicks.simulating.serving import Logging as Logging
    from weaklabel.engine.backend import run_on as run_on
    from weaklabel.errors import WeaklabelError as WeaklabelError
    from weaklabel.labeling.accuracy import lf_accuracy as lf_accuracy
    from weaklabel.labeling.apply import apply as apply
    from weaklabel.labeling.apply_file import Applied as Applied
    from weaklabel.labeling.apply_file import apply_file as apply_file
    from weaklabel.labeling.augment import augment as augment
    from weaklabel.labeling.augment import load_tfs as load_tfs
    from weaklabel.labeling.compare import Comparison as Comparison
    from weaklabel.labeling.compare import compare as compare
    from weaklabel.labeling.denoise import denoise as denoise
    from weaklabel.labeling.denoise import label_model as label_model
    from weaklabel.labeling.denoise_file import denoise_file as denoise_file
    from weaklabel.labeling.duplicates import duplicates as duplicates
    from weaklabel.labeling.embeddings import embeddings as embeddings
    from weaklabel.labeling.export import export as export
    from weaklabel.labeling.files import load_lfs as load_lfs
    from weaklabel.labeling.functions import LabelingFunction as LabelingFunction
    from weaklabel.labeling.functions import labeling_function as labeling_function
    from weaklabel.labeling.items import items as items
    from weaklabel.labeling.kinds.expression import expression as expression
    from weaklabel.labeling.kinds.keywords import keywords as keywords
    from weaklabel.labeling.kinds.lookup import lookup as lookup
    from weaklabel.labeling.kinds.model_vote import model_vote as model_vote
    from weaklabel.labeling.kinds.nearest import nearest as nearest
    from weaklabel.labeling.kinds.prompt import prompt as prompt
    from weaklabel.labeling.kinds.regex import regex as regex
    from weaklabel.labeling.kinds.threshold import threshold as threshold
    from weaklabel.labeling.kinds.worker import worker as worker
    from weaklabel.labeling.pairs import conflicts as conflicts
    from weaklabel.labeling.pairs import correlation as correlation
    from weaklabel.labeling.pairs import pairs as pairs
    from weaklabel.labeling.remarks import remarks as remarks
    from weaklabel.labeling.saved import load_label_model as load_label_model
    from weaklabel.labeling.slices import load_slices as load_slices
    from weaklabel.labeling.slices import slice_masks as slice_masks
    from weaklabel.labeling.slices import slice_scores as slice_scores
    from weaklabel.labeling.summary import class_coverage as class_coverage
    from weaklabel.labeling.summary import summary as summary
    from weaklabel.labeling.train import EndModel as EndModel
    from weaklabel.labeling.train import train as train
    from weaklabel.labeling.training_set import training_set as training_set
    from weaklabel.labeling.vote_counts import count_votes as count_votes
    from weaklabel.metrics import Scores as Scores
    from weaklabel.metrics import score as score
    from weaklabel.review.ask_again import ask_again as ask_again
    from weaklabel.review.audit.budget import Budget as Budget
    from weaklabel.review.audit.functions import audit_accuracy as audit_accuracy
    from weaklabel.review.audit.functions import denoise_with_answers as denoise_with_answers
    from weaklabel.review.audit.gain import audit_gain as audit_gain
    from weaklabel.review.audit.held_out import held_out as held_out
    from weaklabel.review.audit.permutation import audit_next as audit_next
    from weaklabel.review.audit.permutation import audit_quota as audit_quota
    from weaklabel.review.audit.permutation import audit_slice as audit_slice
    from weaklabel.review.audit.repair import repair as repair
    from weaklabel.review.audit.repair import repair_next as repair_next
    from weaklabel.review.audit.score import audit_score as audit_score
    from weaklabel.review.audit.stopping import verdict as verdict
    from weaklabel.review.backends.label_studio import LabelStudio as LabelStudio
    from weaklabel.review.backends.local_file import LocalFile as LocalFile
    from weaklabel.review.export_journal import export_journal as export_journal
    from weaklabel.review.fold import fold as fold
    from weaklabel.review.grades import grades as grades
    from weaklabel.review.journal import Journal as Journal
    from weaklabel.review.learning.learner import Learned as Learned
    from weaklabel.review.learning.learner import Learner as Learner
    from weaklabel.review.loop.options import Loop as Loop
    from weaklabel.review.loop.rounds import Round as Round
    from weaklabel.review.loop.running import review_run as review_run
    from weaklabel.review.loop.stepping import review_step as review_step
    from weaklabel.review.pairs import askable as askable
    from weaklabel.review.pairs import pairs_with_texts as pairs_with_texts
    from weaklabel.review.people.agreement import agreement as agreement
    from weaklabel.review.people.anchoring import anchoring as anchoring
    from weaklabel.review.people.answers import for_class as for_class
    from weaklabel.review.people.consensus import consensus as consensus
    from weaklabel.review.people.flags import annotators as annotators
    from weaklabel.review.pick import pick as pick
    from weaklabel.review.pick_file import pick_file as pick_file
    from weaklabel.review.pull import Pulled as Pulled
    from weaklabel.review.pull import pull as pull
    from weaklabel.review.push import Pushed as Pushed
    from weaklabel.review.push import push as push
    from weaklabel.review.resuggest import resuggest as resuggest
    from weaklabel.review.simulated import SimulatedPeople as SimulatedPeople
    from weaklabel.review.status import Status as Status
    from weaklabel.review.status import status as status
    from weaklabel.review.tasks import make_tasks as make_tasks
    from weaklabel.tables import as_table as as_table
    from weaklabel.tables import gold_labels as gold_labels
    from weaklabel.tables import read_table as read_table

HOMES = {
    "weaklabel.artefacts": (
        "ABSTAIN", "Annotation", "Batch", "LabelMatrix", "Posterior", "Propensities", "RelevanceLabels", "Task",
        "TrainingSet",
    ),
    "weaklabel.clicks.anchors": ("as_anchors", "calibrate"),
    "weaklabel.clicks.as_votes": ("as_votes", "p_relevant"),
    "weaklabel.clicks.checks.clicked_above": ("clicked_above",),
    "weaklabel.clicks.checks.confounding": ("contexts_differ", "key_matters"),
    "weaklabel.clicks.checks.diagnosis": ("Diagnosis",),
    "weaklabel.clicks.checks.specification": ("specification",),
    "weaklabel.clicks.counting": ("count",),
    "weaklabel.clicks.counts": ("ClickCounts",),
    "weaklabel.clicks.debias": ("debias",),
    "weaklabel.clicks.diagnose": ("diagnose",),
    "weaklabel.clicks.estimate": ("estimate",),
    "weaklabel.clicks.evaluate": ("evaluate",),
    "weaklabel.clicks.evaluating.result": ("Evaluation",),
    "weaklabel.clicks.grading": ("pairs_of", "pick_pairs"),
    "weaklabel.clicks.log": ("ClickLog", "read_log"),
    "weaklabel.clicks.online.experiment": ("compare_arms",),
    "weaklabel.clicks.online.interleaving": ("interleaving", "team_draft"),
    "weaklabel.clicks.online.sample_size": ("detectable_lift", "sample_size"),
    "weaklabel.clicks.rank": ("rank", "Ranker"),
    "weaklabel.clicks.ranking.metrics": ("compare_rankings", "dcg", "mrr", "ndcg"),
    "weaklabel.clicks.reading.letor": ("read_letor",),
    "weaklabel.clicks.sampling": ("sample_sessions",),
    "weaklabel.clicks.simulate": ("simulate", "simulate_to", "truth"),
    "weaklabel.clicks.simulating.rankings": ("graded_rankings", "relevance_of_grades", "weak_rankers"),
    "weaklabel.clicks.simulating.serving": ("Logging",),
    "weaklabel.engine.backend": ("run_on",),
    "weaklabel.errors": ("WeaklabelError",),
    "weaklabel.labeling.accuracy": ("lf_accuracy",),
    "weaklabel.labeling.apply": ("apply",),
    "weaklabel.labeling.apply_file": ("Applied", "apply_file"),
    "weaklabel.labeling.augment": ("augment", "load_tfs"),
    "weaklabel.labeling.compare": ("compare", "Comparison"),
    "weaklabel.labeling.denoise": ("denoise", "label_model"),
    "weaklabel.labeling.denoise_file": ("denoise_file",),
    "weaklabel.labeling.duplicates": ("duplicates",),
    "weaklabel.labeling.embeddings": ("embeddings",),
    "weaklabel.labeling.export": ("export",),
    "weaklabel.labeling.files": ("load_lfs",),
    "weaklabel.labeling.functions": ("labeling_function", "LabelingFunction"),
    "weaklabel.labeling.items": ("items",),
    "weaklabel.labeling.kinds.expression": ("expression",),
    "weaklabel.labeling.kinds.keywords": ("keywords",),
    "weaklabel.labeling.kinds.lookup": ("lookup",),
    "weaklabel.labeling.kinds.model_vote": ("model_vote",),
    "weaklabel.labeling.kinds.nearest": ("nearest",),
    "weaklabel.labeling.kinds.prompt": ("prompt",),
    "weaklabel.labeling.kinds.regex": ("regex",),
    "weaklabel.labeling.kinds.threshold": ("threshold",),
    "weaklabel.labeling.kinds.worker": ("worker",),
    "weaklabel.labeling.pairs": ("conflicts", "correlation", "pairs"),
    "weaklabel.labeling.remarks": ("remarks",),
    "weaklabel.labeling.saved": ("load_label_model",),
    "weaklabel.labeling.slices": ("load_slices", "slice_masks", "slice_scores"),
    "weaklabel.labeling.summary": ("class_coverage", "summary"),
    "weaklabel.labeling.train": ("EndModel", "train"),
    "weaklabel.labeling.training_set": ("training_set",),
    "weaklabel.labeling.vote_counts": ("count_votes",),
    "weaklabel.metrics": ("score", "Scores"),
    "weaklabel.review.ask_again": ("ask_again",),
    "weaklabel.review.audit.budget": ("Budget",),
    "weaklabel.review.audit.functions": ("audit_accuracy", "denoise_with_answers"),
    "weaklabel.review.audit.gain": ("audit_gain",),
    "weaklabel.review.audit.held_out": ("held_out",),
    "weaklabel.review.audit.permutation": ("audit_next", "audit_quota", "audit_slice"),
    "weaklabel.review.audit.repair": ("repair", "repair_next"),
    "weaklabel.review.audit.score": ("audit_score",),
    "weaklabel.review.audit.stopping": ("verdict",),
    "weaklabel.review.backends.label_studio": ("LabelStudio",),
    "weaklabel.review.backends.local_file": ("LocalFile",),
    "weaklabel.review.export_journal": ("export_journal",),
    "weaklabel.review.fold": ("fold",),
    "weaklabel.review.grades": ("grades",),
    "weaklabel.review.journal": ("Journal",),
    "weaklabel.review.learning.learner": ("Learned", "Learner"),
    "weaklabel.review.loop.options": ("Loop",),
    "weaklabel.review.loop.rounds": ("Round",),
    "weaklabel.review.loop.running": ("review_run",),
    "weaklabel.review.loop.stepping": ("review_step",),
    "weaklabel.review.pairs": ("askable", "pairs_with_texts"),
    "weaklabel.review.people.agreement": ("agreement",),
    "weaklabel.review.people.anchoring": ("anchoring",),
    "weaklabel.review.people.answers": ("for_class",),
    "weaklabel.review.people.consensus": ("consensus",),
    "weaklabel.review.people.flags": ("annotators",),
    "weaklabel.review.pick": ("pick",),
    "weaklabel.review.pick_file": ("pick_file",),
    "weaklabel.review.pull": ("pull", "Pulled"),
    "weaklabel.review.push": ("push", "Pushed"),
    "weaklabel.review.resuggest": ("resuggest",),
    "weaklabel.review.simulated": ("SimulatedPeople",),
    "weaklabel.review.status": ("status", "Status"),
    "weaklabel.review.tasks": ("make_tasks",),
    "weaklabel.tables": ("as_table", "gold_labels", "read_table"),
}  # fmt: skip
MODULES = ("datasets", "report", "testing")

_home = {name: home for home, names in HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_home), *MODULES]


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return importlib.import_module(f"weaklabel.{name}")
    if name not in _home:
        raise AttributeError(f"module 'weaklabel' has no attribute {name!r}")
    return getattr(importlib.import_module(_home[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
