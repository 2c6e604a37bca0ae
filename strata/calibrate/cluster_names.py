"""Names of clusters by rule: how a centre compares with the median customer."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from strata.calibrate.arrays import Floats

LOW_WORDS: Final = (("recent", "近期"), ("rare", "低频"), ("small", "低额"))
HIGH_WORDS: Final = (("lapsed", "久未购买"), ("frequent", "高频"), ("large", "高额"))
"""Recency days, orders and revenue at or below, and above, those of the median customer."""
DEGREES: Final = (("", ""), ("very ", "很"), ("extremely ", "极"))
"""Before a word, the further from the median customer."""


@dataclass(frozen=True)
class ClusterName:
    """Name of a cluster, in English and Chinese."""

    code: str
    label_en: str
    label_zh: str


def name_clusters(centres: Floats, medians: Floats, spreads: Floats) -> list[ClusterName]:
    """Name clusters so that no two have the same name.

    Each measure of the centre is compared with the median customer: recent or lapsed, frequent or
    rare, large or small. Two or three clusters that share these words are told apart by the measure
    in which they lie furthest apart: the nearest to the median keeps its word, the next is ``very``
    so, the furthest ``extremely``. Four to six are first cut into a nearer and a further half
    (``very``) by that measure, and each half is told apart by another one.

    Parameters
    ----------
    centres : ndarray of float, shape (k, 3), k <= 6
        Days since the last order, orders and revenue.
    medians : ndarray of float, shape (3,)
        The median customer.
    spreads : ndarray of float, shape (3,)
        Standard deviations of ln(1 + x), by which distances are measured.

    Returns
    -------
    list of ClusterName, length k
    """
    is_high = centres > medians
    degrees = np.zeros(centres.shape, dtype=np.int_)
    logarithms = [np.log1p(np.maximum(values, 0)) for values in (centres, medians)]
    distances = np.abs(logarithms[0] - logarithms[1]) / spreads
    for words in dict.fromkeys(tuple(row) for row in is_high.tolist()):
        sharing = np.flatnonzero((is_high == words).all(axis=1))
        _tell_apart(sharing, distances, (0, 1, 2), degrees)
    return [_name(high, degree) for high, degree in zip(is_high, degrees, strict=True)]


def _tell_apart(
    sharing: NDArray[np.intp],
    distances: Floats,
    measures: tuple[int, ...],
    degrees: NDArray[np.int_],
) -> None:
    """Give clusters that share their words different degrees, in place."""
    if len(sharing) == 1:
        return
    ranges = {it: float(np.ptp(distances[sharing, it])) for it in measures}
    measure = max(measures, key=lambda it: ranges[it])
    ranked = sharing[np.argsort(distances[sharing, measure], kind="stable")]
    if len(ranked) <= len(DEGREES):
        degrees[ranked, measure] = np.arange(len(ranked))
        return
    nearer, further = np.array_split(ranked, 2)
    degrees[further, measure] = 1
    others = tuple(it for it in measures if it != measure)
    _tell_apart(nearer, distances, others, degrees)
    _tell_apart(further, distances, others, degrees)


def _name(is_high: NDArray[np.bool_], degrees: NDArray[np.int_]) -> ClusterName:
    """Say in words what is above the median, and how much so."""
    english, chinese = [], []
    for low, high, above, degree in zip(LOW_WORDS, HIGH_WORDS, is_high, degrees, strict=True):
        word = high if above else low
        english.append(DEGREES[degree][0] + word[0])
        chinese.append(DEGREES[degree][1] + word[1])
    return ClusterName(
        code="_".join(english).replace(" ", "_"),
        label_en=", ".join(english).capitalize(),
        label_zh="".join(chinese),
    )
