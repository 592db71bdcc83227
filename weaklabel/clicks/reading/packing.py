"""Several small whole numbers side by side in one: cells become keys, and sorting and comparing keys is quick."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
MOST_SPARE = 8  # bits more than a column needs now: it may grow 256-fold before keys are packed anew


@dataclass(frozen=True)
class Packing:
    """How many bits each number has, the first the highest: keys sort as rows of numbers do.

    Attributes
    ----------
    bits
        Of each number.
    """

    bits: tuple[int, ...]

    @classmethod
    def of(cls, most: Sequence[int], room: int) -> "Packing | None":
        """With bits for numbers up to these, and some to spare; None where they need more than there is room for."""
        needed = [max(1, int(number).bit_length()) for number in most]
        spare = (room - sum(needed)) // len(needed)
        return cls(tuple(bits + min(spare, MOST_SPARE) for bits in needed)) if spare >= 0 else None

    def holds(self, most: Sequence[int]) -> bool:
        """Whether there are bits for numbers up to these."""
        return all(number < 1 << bits for number, bits in zip(most, self.bits, strict=True))

    def pack(self, numbers: Sequence[Ints]) -> Ints:
        """One key for each row of numbers, shape (n,)."""
        keys = numbers[0].copy()
        for column, bits in zip(numbers[1:], self.bits[1:], strict=True):
            keys <<= bits
            keys |= column
        return keys

    def unpack(self, keys: Ints) -> list[Ints]:
        """The numbers again, each of shape (n,)."""
        numbers = []
        for bits in reversed(self.bits):
            numbers.append(keys & ((1 << bits) - 1))
            keys = keys >> bits
        return numbers[::-1]
