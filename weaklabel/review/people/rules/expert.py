"""Named people overrule the others."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from weaklabel.artefacts import Annotation
from weaklabel.errors import AnswerError
from weaklabel.review.people.answers import Answers, labels
from weaklabel.review.people.verdict import Verdict, most_votes, unanimous

__all__ = ["Expert"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Expert:
    """Assumes that the experts know better: what they say counts, whatever the others say.

    Experts who disagree leave the item open. Where no expert answered, the majority decides.

    Parameters
    ----------
    experts
        Their names, as annotators; at least one.
    """

    experts: Sequence[str] = ()
    version: ClassVar[int] = 1

    def __call__(self, answers: Answers) -> dict[str, Verdict]:
        """Item -> verdict.

        Raises
        ------
        AnswerError
            No expert is named.
        """
        if isinstance(self.experts, str) or not self.experts:
            raise AnswerError(f"the rule 'expert' needs a list of the experts' names; it was given {self.experts!r}")
        known = {annotator for given in answers.values() for annotator in given}
        if unknown := sorted(set(self.experts) - known):
            _log.warning(
                "no answer is from the expert %s (answered have: %s)", ", ".join(unknown), ", ".join(sorted(known))
            )
        return {item: self._of(given) for item, given in answers.items()}

    def _of(self, given: Mapping[str, Annotation]) -> Verdict:
        said = labels(given)
        theirs = [label for annotator, label in said.items() if annotator in self.experts]
        if not theirs:
            return most_votes(said.values(), "majority")
        verdict = unanimous(theirs, "expert")
        reason = f"the experts disagree: {verdict.reason}" if verdict.label is None else ""
        return Verdict(verdict.label, verdict.support, "expert", reason)
