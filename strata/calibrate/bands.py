"""``bands``: quintile cut points for the seed rfm_bands."""

from datetime import date
from typing import Final

import numpy as np

from strata.calibrate.arrays import Floats
from strata.calibrate.errors import CalibrationError
from strata.calibrate.proposal import Proposal
from strata.calibrate.seeds import Row, SeedFile, dated_key
from strata.calibrate.warehouse import Customers

SEED: Final = "rfm_bands"
METRICS: Final = {
    "recency": "rfm_recency_days",
    "frequency": "rfm_orders",
    "monetary": "rfm_revenue",
}
MEASURES: Final = tuple(METRICS.values())
DECIMALS: Final = {"recency": 0, "frequency": 0, "monetary": 2}
CUTS: Final = (20, 40, 60, 80)
FEWEST_CUSTOMERS: Final = 100
"""Customers with an order below which quintiles say little."""


def propose_bands(seed: SeedFile, customers: Customers, as_of: date) -> Proposal:
    """Propose cut points for each market and metric that has bands in force.

    A metric whose cut points coincide keeps its rows, since bounds must ascend; a market of its own
    with too few customers does too.

    Parameters
    ----------
    seed : SeedFile
        rfm_bands.
    customers : Customers
        With the measures of `MEASURES`; those of all markets stand for ``*``.
    as_of : date
        First day of the new rows.

    Returns
    -------
    Proposal

    Raises
    ------
    CalibrationError
        If there are too few customers at all, or bands in force that are not five.
    """
    if len(customers) < FEWEST_CUSTOMERS:
        raise CalibrationError(
            f"bands need {FEWEST_CUSTOMERS} customers with an order, there are {len(customers)}"
        )
    proposal = Proposal(seed)
    groups = dict.fromkeys((row["market"], row["metric"]) for row in seed.in_force(as_of))
    for market, metric in groups:
        where = {"market": market, "metric": metric}
        current = seed.in_force(as_of, where)
        if metric not in METRICS or sorted(row["score"] for row in current) != list("12345"):
            raise CalibrationError(
                f"rfm_bands: {metric} of market {market} does not have the scores 1 to 5 once each"
            )
        chosen = customers.of(market)
        if len(chosen) < FEWEST_CUSTOMERS:
            proposal.kept.append(
                f"{metric} of market {market} keeps its bands: {len(chosen)} customers with an"
                f" order, {FEWEST_CUSTOMERS} are needed"
            )
            continue
        cuts = cut_points(chosen.finite(METRICS[metric]), DECIMALS[metric])
        texts = [f"{cut:.{DECIMALS[metric]}f}" for cut in cuts]
        if (np.diff(cuts) <= 0).any():
            proposal.kept.append(
                f"{metric} of market {market} keeps its bands: the cut points {', '.join(texts)}"
                " coincide, and bands must ascend"
            )
            continue
        _propose(proposal, where, current, [*texts, ""], as_of=as_of, currency=customers.currency)
    return proposal


def cut_points(values: Floats, decimals: int) -> Floats:
    """Return the quintile cut points, rounded down to the decimals of the values.

    Rounding down moves no value: with so many decimals none lies between a cut point and its
    rounding. So the bands give the scores of ``rfm_method: quantile``.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Days, orders or money.
    decimals : int
        Decimals of the values.

    Returns
    -------
    ndarray of float, shape (4,)

    References
    ----------
    Hyndman and Fan (1996), Sample Quantiles in Statistical Packages, type 7; percentile_cont.
    """
    cuts = np.percentile(values, CUTS, method="linear")
    scale = 10.0**decimals
    # the inner rounding takes away the noise of binary fractions
    return np.asarray(np.floor(np.round(cuts * scale, 4)) / scale, dtype=np.float64)


def _propose(
    proposal: Proposal,
    where: Row,
    current: list[Row],
    bounds: list[str],
    *,
    as_of: date,
    currency: str,
) -> None:
    """Give the bands of a metric, worst to best (recency: best to worst), their upper bounds."""
    is_descending = where["metric"] == "recency"
    by_score = dict(zip("54321" if is_descending else "12345", bounds, strict=True))
    rows = []
    for row in current:
        bound = by_score[row["score"]]
        note = (
            f"{CUTS[bounds.index(bound)]} % of the customers with an order are at or below"
            if bound
            else "the other customers with an order"
        )
        rows.append(
            row
            | {
                "band_id": dated_key(row["band_id"], as_of),
                "upper_bound": bound,
                "note": note,
            }
        )
        if bound:
            told = f"{where['metric']} {row['score']}, market {where['market']}"
            proposal.compare(told, row, rows[-1], "upper_bound")
    named = [proposal.seed.in_currency(row, currency) for row in rows]
    proposal.seed.propose(as_of, where, named)
