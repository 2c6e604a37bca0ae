"""Figures that people say: 50,000 rather than 47,311.28."""

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

SAID: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5))
"""Times a power of ten."""
CENT: Final = Decimal("0.01")


def said_figure(
    exact: Decimal,
    miss: Callable[[Decimal], Decimal],
    allowed: Decimal,
    below: Decimal | None = None,
) -> Decimal:
    """Return the roundest figure that misses by no more than is allowed.

    First come 1, 2, 2.5 and 5 times a power of ten, then multiples of ever smaller steps of that
    kind. Of equally round ones the one that misses least is taken, then the nearest.

    Parameters
    ----------
    exact : Decimal
        The figure that is to be rounded, above 0; it is returned if no other does.
    miss : callable
        By how much a figure misses.
    allowed : Decimal
        What it may miss by.
    below : Decimal, optional
        The figure must be less.
    """
    for figures in _levels(exact):
        fitting = [it for it in figures if it >= CENT and (below is None or it < below)]
        found = min(fitting, key=lambda it: (miss(it), abs(it - exact), it), default=None)
        if found is not None and miss(found) <= allowed:
            return found
    return exact


def _levels(exact: Decimal) -> Iterator[list[Decimal]]:
    """Yield figures around an exact one, ever less round."""
    power = math.floor(exact.log10())
    yield [it * Decimal(10) ** at for at in (power - 1, power, power + 1) for it in SAID]
    for at in range(power, -3, -1):
        for step in (it * Decimal(10) ** at for it in reversed(SAID)):
            if CENT <= step < exact and step % CENT == 0:
                down = (exact // step) * step
                yield [down - step, down, down + step]


def plain_figure(figure: Decimal) -> str:
    """Write a figure without exponent and without needless decimals."""
    text = format(figure, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
