"""``clusters``: k-means over recency, orders and revenue for the seed rfm_clusters."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from strata.calibrate.arrays import Floats
from strata.calibrate.cluster_names import name_clusters
from strata.calibrate.errors import CalibrationError
from strata.calibrate.proposal import Proposal
from strata.calibrate.seeds import Row, SeedFile, number_text
from strata.calibrate.warehouse import Customers

SEED: Final = "rfm_clusters"
MEASURES: Final = ("rfm_recency_days", "rfm_orders", "rfm_revenue")
CENTRES: Final = ("recency_days", "orders", "revenue")
NUMBERS_OF_CLUSTERS: Final = (4, 5, 6)
FEWEST_CUSTOMERS: Final = 200
"""Customers with an order below which clusters say little."""
FEWEST_DISTINCT: Final = 20
"""Distinct customers below which clusters would be the customers themselves."""
LARGEST_FIT: Final = 200_000
LARGEST_SILHOUETTE: Final = 5_000
"""Customers of a fit and of a silhouette; of more, a sample with the fixed seed is taken."""
RANDOM_STATE: Final = 7
STARTS: Final = 10
DIGITS: Final = 6
DECIMALS: Final = 6
"""Further ones are noise: the logarithm of nothing and back is 0.00000000000001."""


@dataclass(frozen=True)
class Clusters:
    """Clusters, those with the highest revenue first, then orders, then the most recent.

    Attributes
    ----------
    centres : ndarray of float, shape (k, 3)
        Days since the last order, orders and revenue.
    spreads : ndarray of float, shape (3,)
        Standard deviations of ln(1 + x) of the same.
    medians : ndarray of float, shape (3,)
        The median customer.
    customers : ndarray of int, shape (k,)
        Customers of each cluster.
    silhouette : float
        From -1 to 1, higher is better separated.
    """

    centres: Floats
    spreads: Floats
    medians: Floats
    customers: NDArray[np.int_]
    silhouette: float


def fit_clusters(values: Floats) -> Clusters:
    """Cluster customers by k-means, k from 4 to 6 by the best silhouette, the lowest if equal.

    Parameters
    ----------
    values : ndarray of float, shape (n, 3)
        Days since the last order, orders and net revenue of the RFM window.

    Returns
    -------
    Clusters

    Raises
    ------
    CalibrationError
        If the customers do not differ, or in too few ways.

    References
    ----------
    Lloyd (1982), Least squares quantization in PCM; Rousseeuw (1987), Silhouettes.
    """
    logarithms = np.log1p(np.maximum(values, 0))
    spreads = logarithms.std(axis=0)
    ranges = np.ptp(logarithms, axis=0)
    if (ranges == 0).any():
        same = MEASURES[int(np.argmin(ranges))]
        raise CalibrationError(f"{same} is the same for all customers, so that nothing separates")
    points = logarithms / spreads
    distinct = len(np.unique(points, axis=0))
    if distinct < FEWEST_DISTINCT:
        raise CalibrationError(
            f"{distinct} distinct customers, {FEWEST_DISTINCT} are needed for clusters"
        )
    generator = np.random.default_rng(RANDOM_STATE)
    fitted = _sample(points, LARGEST_FIT, generator)
    judged = _sample(fitted, LARGEST_SILHOUETTE, generator)
    best: KMeans | None = None
    best_silhouette = -np.inf
    for number in NUMBERS_OF_CLUSTERS:
        model = KMeans(number, n_init=STARTS, random_state=RANDOM_STATE).fit(fitted)
        labels = model.predict(judged)
        silhouette = float(silhouette_score(judged, labels)) if np.ptp(labels) > 0 else -1.0
        if silhouette > best_silhouette:
            best, best_silhouette = model, silhouette
    assert best is not None
    nearest = best.predict(points)
    centres = np.expm1(best.cluster_centers_ * spreads)
    # least significant first; most recent is fewest days
    order = np.lexsort((centres[:, 0], -centres[:, 1], -centres[:, 2]))
    return Clusters(
        centres=np.maximum(centres[order], 0),
        spreads=spreads,
        medians=np.median(values, axis=0),
        customers=np.bincount(nearest, minlength=len(centres))[order],
        silhouette=best_silhouette,
    )


def propose_clusters(
    seed: SeedFile, customers: Customers, as_of: date, start: date | None = None
) -> Proposal:
    """Cluster each market that has clusters in force, or all together where none has.

    Parameters
    ----------
    seed : SeedFile
        rfm_clusters.
    customers : Customers
        With the measures of `MEASURES`; those of all markets stand for ``*``.
    as_of : date
        Last day of the data.
    start : date, optional
        First day of the new rows; None for `as_of`.

    Returns
    -------
    Proposal

    Raises
    ------
    CalibrationError
        If there are too few customers, or they do not differ enough.
    """
    if len(customers) < FEWEST_CUSTOMERS:
        raise CalibrationError(
            f"clusters need {FEWEST_CUSTOMERS} customers with an order, there are {len(customers)}"
        )
    start = start or as_of
    proposal = Proposal(seed)
    for market in dict.fromkeys(row["market"] for row in seed.in_force(start)) or ("*",):
        chosen = customers.of(market)
        if len(chosen) < FEWEST_CUSTOMERS:
            proposal.kept.append(
                f"market {market} keeps its clusters: {len(chosen)} customers with an order,"
                f" {FEWEST_CUSTOMERS} are needed"
            )
            continue
        try:
            fitted = fit_clusters(np.column_stack([chosen.finite(name) for name in MEASURES]))
        except CalibrationError as error:
            raise CalibrationError(f"clusters, market {market}: {error}") from error
        before = {row["cluster_code"]: row for row in seed.in_force(start, {"market": market})}
        after = {row["cluster_code"]: row for row in _rows(fitted, market, as_of, start)}
        for code in dict.fromkeys([*before, *after]):
            proposal.compare(
                f"{code}, market {market}",
                before.get(code, {}),
                after.get(code, {}),
                *(*CENTRES, "customers"),
            )
        rows = [seed.in_currency(row, customers.currency) for row in after.values()]
        seed.propose(start, {"market": market}, rows)
        proposal.notes.append(
            f"market {market}: {len(after)} clusters, silhouette {fitted.silhouette:.2f}"
        )
    return proposal


def _rows(clusters: Clusters, market: str, as_of: date, start: date) -> list[Row]:
    """Write clusters as rows of the seed."""
    spreads = {
        f"{name}_spread": number_text(spread, DIGITS)
        for name, spread in zip(("recency", "orders", "revenue"), clusters.spreads, strict=True)
    }
    names = name_clusters(clusters.centres, clusters.medians, clusters.spreads)
    own = "" if market == "*" else f"_{market.lower()}"
    return [
        {
            "cluster_id": f"{name.code}{own}_{start.isoformat()}",
            "market": market,
            "cluster_code": name.code,
            "label_en": name.label_en,
            "label_zh": name.label_zh,
            **{
                column: number_text(round(float(value), DECIMALS), DIGITS)
                for column, value in zip(CENTRES, centre, strict=True)
            },
            **spreads,
            "fitted_at": as_of.isoformat(),
            "customers": str(count),
            "note": f"k-means, strata calibrate of {as_of}",
        }
        for name, centre, count in zip(names, clusters.centres, clusters.customers, strict=True)
    ]


def _sample(points: Floats, size: int, generator: np.random.Generator) -> Floats:
    """Return so many rows, or all if there are not more."""
    if len(points) <= size:
        return points
    return points[np.sort(generator.choice(len(points), size, replace=False))]
