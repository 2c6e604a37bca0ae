"""``score``: floors and caps for the seed score_components."""

from datetime import date
from typing import Final

import numpy as np

from strata.calibrate.errors import CalibrationError
from strata.calibrate.proposal import Proposal
from strata.calibrate.seeds import PLACEHOLDER, SeedFile, dated_key, number_text
from strata.calibrate.warehouse import Customers

SEED: Final = "score_components"
PERCENTILES: Final = (5, 95)
DECIMALS: Final = 4
DIGITS: Final = 17
FEWEST_CUSTOMERS: Final = 100
"""Customers with an order, and with a value of a measure, below which percentiles say little."""
KEY: Final = ("market", "component", "measure")


def measures_of(seed: SeedFile, as_of: date) -> list[str]:
    """Return the measures of the rows in force.

    Raises
    ------
    CalibrationError
        If one is no name of a column.
    """
    measures = list(dict.fromkeys(row["measure"] for row in seed.in_force(as_of)))
    for measure in measures:
        if not measure.isidentifier():
            raise CalibrationError(f"score_components: '{measure}' is no measure")
    return measures


def propose_scores(seed: SeedFile, customers: Customers, as_of: date, start: date) -> Proposal:
    """Propose the 5th and the 95th percentile of each measure as its floor and its cap.

    Weight, scale and direction are carried over. A log scale counts values below 0 as 0. A row
    keeps its floor and cap where too few customers have a value or both percentiles are equal.

    Parameters
    ----------
    seed : SeedFile
        score_components.
    customers : Customers
        With the measures of the rows in force; those of all markets stand for ``*``.
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
        If there are too few customers, or a value is infinite.
    """
    if len(customers) < FEWEST_CUSTOMERS:
        raise CalibrationError(
            f"score needs {FEWEST_CUSTOMERS} customers with an order, there are {len(customers)}"
        )
    proposal = Proposal(seed)
    for row in seed.in_force(start):
        told = f"{row['measure']} of {row['component']}, market {row['market']}"
        values = customers.of(row["market"]).measures[row["measure"]]
        known = values[~np.isnan(values)]
        if not np.isfinite(known).all():
            raise CalibrationError(f"score: {row['measure']} is infinite for some customers")
        if len(known) < FEWEST_CUSTOMERS:
            proposal.kept.append(
                f"{told}, keeps its row: {len(known)} customers have a value,"
                f" {FEWEST_CUSTOMERS} are needed"
            )
            continue
        # a log scale counts what is below 0 as 0, and its floor must not be below it
        counted = np.maximum(known, 0) if row["scale"] == "log" else known
        floor, cap = np.round(np.percentile(counted, PERCENTILES, method="linear"), DECIMALS)
        if cap <= floor:
            proposal.kept.append(
                f"{told}, keeps its row: both percentiles are {number_text(floor)}"
            )
            continue
        after = row | {
            "component_id": dated_key(row["component_id"], start),
            "floor": number_text(floor, DIGITS),
            "cap": number_text(cap, DIGITS),
        }
        if row.get("note", "").lower().startswith(PLACEHOLDER):
            after["note"] = f"the 5th and the 95th percentile, strata calibrate of {as_of}"
        after = seed.in_currency(after, customers.currency)
        proposal.compare(told, row, after, "floor", "cap")
        seed.propose(start, {column: row[column] for column in KEY}, [after])
    return proposal
