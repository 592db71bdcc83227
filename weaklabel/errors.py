"""Every error that weaklabel raises on purpose.

::

    WeaklabelError
    ├── TableError (ValueError)              a table: missing column, duplicate or empty ids, unreadable file
    ├── LabelingFunctionError (ValueError)   a labeling function or its file cannot be used
    ├── VoteError (ValueError)               a vote outside -1..k-1
    ├── ModelError (ValueError)              a model cannot be fitted to this input
    │   └── ConvergenceError (ArithmeticError)   it was tried and diverged
    ├── ClickLogError (ValueError)           a row of a click log is outside its range
    ├── AssumptionError (ValueError)         the log contradicts what the estimator assumes
    │   └── NotIdentifiedError               the log cannot tell what was asked
    ├── AnswerError (ValueError)             answers from people cannot be read or matched
    ├── JournalError (ValueError)            the record of a review is damaged, newer, or in use
    ├── ServerError (ConnectionError)        an annotation server cannot be reached or refuses
    │   └── InDoubtError                     nobody can tell whether it did what was asked
    ├── ArtefactError (ValueError)           a file was truncated, edited, or holds something else
    ├── DatasetError (OSError)               a data set cannot be fetched or is not what it was
    ├── EngineError (RuntimeError)           a part of long work failed again and again, or its workers died
    ├── ScriptError (ImportError)            a Python file is missing or cannot be run
    └── UnknownNameError (LookupError)       no plug-in, pipeline or data set of that name

Each says what was wrong (with its value), where (item, labeling function, row, file) and what to do.
"""


def first_line(error: BaseException) -> str:
    """What another library's error says first, or its type where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class WeaklabelError(Exception):
    """The root: catch it to catch everything that weaklabel raises on purpose."""


class TableError(WeaklabelError, ValueError):
    """A table lacks a column, repeats an id, or its file cannot be read."""


class LabelingFunctionError(WeaklabelError, ValueError):
    """A labeling function, or the file that holds it, cannot be used."""


class VoteError(WeaklabelError, ValueError):
    """A vote is neither -1 (abstain) nor one of the classes."""


class ModelError(WeaklabelError, ValueError):
    """A model cannot be fitted to this input."""


class ConvergenceError(ModelError, ArithmeticError):
    """Training diverged."""


class ClickLogError(WeaklabelError, ValueError):
    """A row of a click log is outside its range."""


class AssumptionError(WeaklabelError, ValueError):
    """The log contradicts what the estimator assumes."""


class NotIdentifiedError(AssumptionError):
    """The log holds no information about what was asked."""


class AnswerError(WeaklabelError, ValueError):
    """Answers from people cannot be read, or belong to other items."""


class JournalError(WeaklabelError, ValueError):
    """The record of a review is damaged, was written by a newer weaklabel, or another process is writing to it."""


class ServerError(WeaklabelError, ConnectionError):
    """An annotation server cannot be reached, or refuses what was asked."""


class InDoubtError(ServerError):
    """A request left, and nobody can tell whether the server did what it asked."""


class ArtefactError(WeaklabelError, ValueError):
    """A file was truncated or edited, or holds another kind of artefact."""


class DatasetError(WeaklabelError, OSError):
    """A data set cannot be fetched, or its file is not what it was."""


class EngineError(WeaklabelError, RuntimeError):
    """A part of long work failed again and again, its workers died, or what should run it cannot."""


class ScriptError(WeaklabelError, ImportError):
    """A Python file is missing or cannot be run."""


class UnknownNameError(WeaklabelError, LookupError):
    """No plug-in, pipeline or data set has that name."""
