"""Times as people's tools write them."""

from datetime import UTC, datetime

from weaklabel.errors import AnswerError


def moment(text: str) -> datetime:
    """An ISO 8601 time; one without a zone is in UTC, and none at all comes before every other.

    Raises
    ------
    AnswerError
        It is no time.
    """
    try:
        read = datetime.fromisoformat(text or "0001-01-01")
    except ValueError as error:
        raise AnswerError(f"{text!r} is no ISO 8601 time") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)
