"""For tests and demonstrations: a stand-in for the people who answer, and what every label model must do."""

from weaklabel.testing.answers import answer_from_gold as answer_from_gold
from weaklabel.testing.label_models import check_label_model as check_label_model

__all__ = ["answer_from_gold", "check_label_model"]
