"""What a person sees and what comes back, in Label Studio's language.

Everything of ours in a task's data is called wl_something: wl_key and wl_item find the way back, wl_rank sorts,
wl_votes explains, wl_row holds the fields that stand in a table, wl_kind says how it is asked where that is not a
single choice, wl_blind that no suggestion is shown, and wl_left which text of a pair stands on the left.
"""

from weaklabel.review.formats.comparing import same_question
from weaklabel.review.formats.decode import remote_task
from weaklabel.review.formats.exports import read_export
from weaklabel.review.formats.page import Page

__all__ = ["Page", "read_export", "remote_task", "same_question"]
