"""What may still be spent on answers."""

from dataclasses import dataclass
from fractions import Fraction

from weaklabel.errors import TableError


@dataclass(frozen=True)
class Budget:
    """A sum of money, hours or answers that is never overspent.

    Parameters
    ----------
    limit
        All that may be spent, 0 or more.
    price
        Of one answer, in the same unit, above 0; by default the limit counts answers.

    Raises
    ------
    TableError
        The limit is negative, or the price not above 0.

    Examples
    --------
    >>> Budget(10, price=0.1).left(asked=97)
    3
    """

    limit: float
    price: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.limit < float("inf"):
            raise TableError(f"a budget of {self.limit} cannot be spent: give 0 or more")
        if not 0 < self.price < float("inf"):
            raise TableError(f"an answer at a price of {self.price} needs no budget: give a price above 0")

    def spent(self, asked: int) -> float:
        """What so many questions cost."""
        return float(asked * _exact(self.price))

    def left(self, asked: int) -> int:
        """How many more questions may be asked.

        Every question that was sent counts, also one that is open, skipped, asked again, or of which a crash hides
        whether it was sent: its answer may come and will have to be paid. So count the tasks of the journal, not the
        answers, and what was decided stays within the limit after a crash too.

        Raises
        ------
        TableError
            `asked` is negative.
        """
        if asked < 0:
            raise TableError(f"{asked} questions cannot have been asked")
        return max(0, int(_exact(self.limit) / _exact(self.price)) - asked)


def _exact(number: float) -> Fraction:
    """The number as it is written: ten cents are a tenth, although no float is."""
    return Fraction(str(number))
