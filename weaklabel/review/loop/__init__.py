"""The loop: ask, learn, look how good it is, and ask on or stop."""

from weaklabel.review.loop.options import Loop as Loop
from weaklabel.review.loop.rounds import Round as Round
from weaklabel.review.loop.running import review_run as review_run
from weaklabel.review.loop.stepping import review_step as review_step
