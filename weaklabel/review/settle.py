"""Settle: find out of every task that was being sent whether it arrived."""

from weaklabel.protocols import AnnotationBackend
from weaklabel.review.journal import Journal
from weaklabel.review.journal.database import now


def settle(journal: Journal, backend: AnnotationBackend) -> None:
    """Tasks in flight become pushed where they are found, and pending where they are not."""
    doubtful = [task.key for task in journal.ledger.tasks("in_flight")]
    if doubtful:
        journal.remember("doubt", now())  # an import that is found missing may still come
        backend.ready()
        found = backend.find(doubtful)
        journal.ledger.move([key for key in doubtful if key not in found], "pending")
        if found:
            with journal.database.transaction():
                journal.ledger.arrived(found)
                journal.ledger.unsuggested(found)  # what followed the import may not have been done


def adopt(journal: Journal, backend: AnnotationBackend) -> None:
    """Pending tasks become pushed where they are there already: from a journal that was lost, or is older than they."""
    pending = {task.key for task in journal.ledger.tasks("pending")}
    if not pending or not _may_hold_others(journal, backend):
        return
    found = {seen.key: seen.remote_id for seen in backend.survey() if seen.key in pending}
    if found:
        with journal.database.transaction():
            journal.ledger.arrived(found)
            journal.remember("cursor", "")  # their answers may be older than the last pull
            journal.remember("scan", None)


def _may_hold_others(journal: Journal, backend: AnnotationBackend) -> bool:
    """Tasks may be there that the journal did not know of when it last looked through all."""
    last = journal.setting("swept", {"mark": "", "foreign": 0})
    return bool(last["foreign"]) or not last["mark"] or last["mark"] != backend.mark()
