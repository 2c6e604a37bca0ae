"""Names of clusters by rule: how a centre compares with the median customer."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from strata.calibrate.arrays import Floats

LOW_WORDS: Final = (("recent", "近期"), ("rare", "低频"), ("small", "低额"))
HIGH_WORDS: Final = (("lapsed", "久未购买"), ("frequent", "高频"), ("large", "高额"))
"""Recency days, orders and revenue at or below, and above, those of the median customer."""
VERY: Final = ("very", "极")


@dataclass(frozen=True)
class ClusterName:
    """Name of a cluster, in English and Chinese."""

    code: str
    label_en: str
    label_zh: str


def name_clusters(centres: Floats, medians: Floats, spreads: Floats) -> list[ClusterName]:
    """Name clusters so that no two have the same name.

    Each measure of the centre is compared with the median customer: recent or lapsed, frequent or
    rare, large or small. Clusters that share these three words are cut into two halves along the
    measure in which they lie furthest apart: the half further from the median is ``very`` so.
    Halves with more than one cluster are cut again along another measure; three cuts tell 8
    clusters apart.

    Parameters
    ----------
    centres : ndarray of float, shape (k, 3), k <= 8
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
    is_very = np.zeros_like(is_high)
    distances = (
        np.abs(np.log1p(np.maximum(centres, 0)) - np.log1p(np.maximum(medians, 0))) / spreads
    )
    for words in dict.fromkeys(tuple(row) for row in is_high.tolist()):
        sharing = np.flatnonzero((is_high == words).all(axis=1))
        _tell_apart(sharing, distances, (0, 1, 2), is_very)
    return [_name(high, very) for high, very in zip(is_high, is_very, strict=True)]


def _tell_apart(
    sharing: NDArray[np.intp],
    distances: Floats,
    measures: tuple[int, ...],
    is_very: NDArray[np.bool_],
) -> None:
    """Mark the further half of clusters that share their words, and go on in both halves."""
    if len(sharing) < 2:  # noqa: PLR2004 - one needs no telling apart
        return
    ranges = {it: float(np.ptp(distances[sharing, it])) for it in measures}
    measure = max(measures, key=lambda it: ranges[it])
    ranked = sharing[np.argsort(distances[sharing, measure], kind="stable")]
    half = (len(ranked) + 1) // 2
    is_very[ranked[half:], measure] = True
    others = tuple(it for it in measures if it != measure)
    _tell_apart(ranked[:half], distances, others, is_very)
    _tell_apart(ranked[half:], distances, others, is_very)


def _name(is_high: NDArray[np.bool_], is_very: NDArray[np.bool_]) -> ClusterName:
    """Say in words what is above the median, and what very much so."""
    pairs = [
        (high if above else low, very)
        for low, high, above, very in zip(LOW_WORDS, HIGH_WORDS, is_high, is_very, strict=True)
    ]
    english = [f"{VERY[0]} {word}" if very else word for (word, _), very in pairs]
    chinese = [f"{VERY[1]}{word}" if very else word for (_, word), very in pairs]
    return ClusterName(
        code="_".join(english).replace(" ", "_"),
        label_en=", ".join(english).capitalize(),
        label_zh="".join(chinese),
    )
