"""``cycles``: the usual gap between purchase days for the seed purchase_cycles."""

from datetime import date
from typing import Final

import numpy as np

from strata.calibrate.errors import CalibrationError
from strata.calibrate.proposal import Proposal
from strata.calibrate.seeds import SeedFile, number_text
from strata.calibrate.warehouse import Customers

SEED: Final = "purchase_cycles"
MEASURES: Final = ("median_gap_days",)
FEWEST_CUSTOMERS: Final = 100
"""Customers with a second purchase day below which their gaps say little."""


def propose_cycles(seed: SeedFile, customers: Customers, as_of: date, start: date) -> Proposal:
    """Propose the median of the customers' own median gaps for each market that has a row.

    Every customer with a second purchase day counts once, however often it bought. A gap that has
    not ended yet is no gap. From how many purchase days on a customer's own gaps are used is
    carried over. A market of its own with too few customers keeps its row.

    Parameters
    ----------
    seed : SeedFile
        purchase_cycles.
    customers : Customers
        With the measures of `MEASURES`; those of all markets stand for ``*``.
    as_of : date
        Last day of the data.
    start : date
        First day of the new rows.

    Returns
    -------
    Proposal

    Raises
    ------
    CalibrationError
        If there are too few customers at all.
    """
    known = len(_gaps(customers))
    if known < FEWEST_CUSTOMERS:
        raise CalibrationError(
            f"cycles need {FEWEST_CUSTOMERS} customers with a second purchase day, there are"
            f" {known}"
        )
    proposal = Proposal(seed)
    for row in seed.in_force(start):
        market = row["market"]
        gaps = _gaps(customers.of(market))
        if len(gaps) < FEWEST_CUSTOMERS:
            proposal.kept.append(
                f"market {market} keeps its row: {len(gaps)} customers with a second purchase day,"
                f" {FEWEST_CUSTOMERS} are needed"
            )
            continue
        after = row | {
            "typical_gap_days": number_text(float(np.round(np.median(gaps)))),
            "note": (
                f"the median gap of {len(gaps)} customers with a second purchase day,"
                f" strata calibrate of {as_of}"
            ),
        }
        proposal.compare(f"market {market}", row, after, "typical_gap_days")
        seed.propose(start, {"market": market}, [after])
    return proposal


def _gaps(customers: Customers) -> np.ndarray:
    """Return the median gap of each customer that has one, in days."""
    gaps = customers.measures["median_gap_days"]
    return np.asarray(gaps[np.isfinite(gaps)])
