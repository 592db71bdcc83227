"""Weak labels and people's answers in one end model."""

from weaklabel.review.learning.learned import Learned as Learned
from weaklabel.review.learning.learner import Learner as Learner
