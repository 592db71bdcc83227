"""Names that stand in every label config and every task, and in the place of names that are not known."""

import re

CONTROL = "label"  # the choices
ROW = "wl_row"  # the table
VOTES = "wl_votes"  # the folded panel
KIND = "wl_kind"  # in a task's data: how it is asked, where that is not a single choice
BLIND = "wl_blind"  # in a task's data, and only where true
VARIABLE = re.compile(r"(?!wl_|label\Z)[A-Za-z_]\w*", re.ASCII)  # what Label Studio can call $name, and is not ours
UNKNOWN = "unknown"  # an annotator of whom the server knows nothing any more
GONE = "Deleted"  # what the server calls everybody who left
PAIRED = "wl_pair"  # in a task's data: the fields compared, a and b
