"""Settle: find out of every task that was being sent whether it arrived."""

from weaklabel.protocols import AnnotationBackend
from weaklabel.review.journal import Journal
from weaklabel.review.journal.database import now


def settle(journal: Journal, backend: AnnotationBackend) -> None:
    """Tasks in flight become pushed where they are found, and pending where they are not.

    At a journal's first push those found there already, from a journal that was lost, are taken over too.
    """
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
    if journal.setting("adopt", False):
        _adopt(journal, backend)


def _adopt(journal: Journal, backend: AnnotationBackend) -> None:
    pending = {task.key for task in journal.ledger.tasks("pending")}
    found = {seen.key: seen.remote_id for seen in backend.survey() if seen.key in pending}
    with journal.database.transaction():
        if found:
            journal.ledger.arrived(found)
            journal.remember("cursor", "")  # their answers may be older than the last pull
        journal.remember("adopt", False)
