"""Building blocks of columns: numpy vectors in, typed Arrow arrays out."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strata.demo.schema import KEYS, MONEY

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Generator: TypeAlias = np.random.Generator

MICROSECONDS_PER_MINUTE = 60_000_000


def ids(table: str, numbers: Ints) -> pa.Array:
    """Write numbers as the ids of a table, for example 123 as ``c0000123``."""
    _, prefix, width = KEYS[table]
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def money(cents: Ints, blank: Bools | None = None) -> pa.Array:
    """Turn cents into decimal(18, 2), null where ``blank``."""
    words = np.empty((len(cents), 2), dtype=np.int64)
    words[:, 0] = cents
    words[:, 1] = cents >> 63  # the sign fills the upper half of the 128 bits
    valid = None if blank is None else pa.py_buffer(np.packbits(~blank, bitorder="little"))
    return pa.Array.from_buffers(MONEY, len(cents), [valid, pa.py_buffer(words)])


def moments(minutes: Ints, blank: Bools | None = None) -> pa.Array:
    """Turn UTC minutes since 1970 into timestamps, null where ``blank``."""
    return pa.array(minutes * MICROSECONDS_PER_MINUTE, mask=blank).cast(pa.timestamp("us"))


def pick(values: Sequence[str | None], codes: Ints, blank: Bools | None = None) -> pa.Array:
    """Look up text values by their position, null where ``blank``."""
    return pa.array(values, pa.string()).take(pa.array(codes, mask=blank))


def draw(rng: Generator, weights: Sequence[float], size: int) -> Ints:
    """Draw positions with probabilities proportional to ``weights``."""
    return look_up(np.asarray(weights, dtype=np.float64), rng.random(size))


def look_up(weights: Floats, uniforms: Floats) -> Ints:
    """Map uniform numbers to positions with probabilities proportional to ``weights``."""
    bounds = np.cumsum(weights)
    positions = np.searchsorted(bounds, uniforms * bounds[-1], side="right")
    found: Ints = np.minimum(positions, len(weights) - 1).astype(np.int64)
    return found


class DrawTable:
    """Draws from many discrete distributions at once, one distribution per row.

    Parameters
    ----------
    weights : Floats
        Shape (rows, outcomes); each row needs a positive sum.
    """

    def __init__(self, weights: Floats) -> None:
        shares = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
        self._outcomes = weights.shape[1]
        self._bounds = (shares + np.arange(len(weights))[:, None]).ravel()

    def draw(self, rng: Generator, rows: Ints) -> Ints:
        """Draw one outcome for each element of ``rows``, from the distribution it names."""
        positions = np.searchsorted(self._bounds, rows + rng.random(len(rows)), side="right")
        found: Ints = np.clip(positions - rows * self._outcomes, 0, self._outcomes - 1)
        return found
