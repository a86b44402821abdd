"""Pure functions over census figures."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

CENT = Decimal("0.01")


def change_percent(before: int | None, after: int | None) -> Decimal | None:
    """By how many percent a count changed, two decimals, half-even from the exact fraction.

    None where one of them is missing or the first is zero: then there is no rate.
    """
    return None if before is None or after is None else percent(after - before, before)


def percent(part: int | None, whole: int | None) -> Decimal | None:
    """A part in percent of the whole, two decimals, half-even from the exact fraction; None where there is no share."""
    if part is None or not whole:
        return None
    hundredths = round(Fraction(part * 10_000, whole))  # Python rounds halves to even
    return (Decimal(hundredths) / 100).quantize(CENT, ROUND_HALF_EVEN)
