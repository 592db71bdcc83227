"""One shape for everything big: a pure kernel over parts, on any backend, whose states add up.

A kernel takes one part and returns a small state, or writes an output part and returns what it adds up to. States are
whole numbers, so that any backend gives the same to the last bit; a task may run twice and change nothing.
"""

from weaklabel.engine.backend import run_on as run_on
from weaklabel.engine.backend import with_n_jobs as with_n_jobs
from weaklabel.engine.backend import workers as workers
from weaklabel.engine.mapping import mapped as mapped
from weaklabel.engine.parts import Part as Part
from weaklabel.engine.parts import in_parts as in_parts
from weaklabel.engine.parts import parts as parts
from weaklabel.engine.parts import parts_into as parts_into
from weaklabel.engine.parts import several as several
