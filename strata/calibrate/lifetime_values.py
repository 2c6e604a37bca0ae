"""``clv``: parameters of BG/NBD and Gamma-Gamma for the seed clv_parameters."""

from datetime import date
from typing import Final

import numpy as np

from strata.calibrate.bgnbd import BgnbdFit, fit_bgnbd
from strata.calibrate.errors import CalibrationError
from strata.calibrate.gamma_gamma import GammaGammaFit, fit_gamma_gamma
from strata.calibrate.proposal import Proposal
from strata.calibrate.seeds import Row, SeedFile, number_text
from strata.calibrate.warehouse import BGNBD, Customers

SEED: Final = "clv_parameters"
MEASURES: Final = tuple(BGNBD)
FEWEST_REPEAT_CUSTOMERS: Final = 100
"""Customers with a paid second purchase day below which nothing is fitted."""
FEWEST_OF_MARKET: Final = 500
"""Such customers of a market below which it has no row of its own and uses that of ``*``."""
SET_BY_PEOPLE: Final = ("monthly_discount_rate", "margin_rate")
FIRST: Final = {"monthly_discount_rate": "0.01", "margin_rate": ""}
"""Rates of a first row, until finance sets them: 1 % a month, margin unknown."""
BGNBD_PARAMETERS: Final = ("bgnbd_r", "bgnbd_alpha", "bgnbd_a", "bgnbd_b")
GAMMA_GAMMA_PARAMETERS: Final = ("gamma_gamma_p", "gamma_gamma_q", "gamma_gamma_v")
ERROR_DIGITS: Final = 3


def propose_lifetime_values(
    seed: SeedFile, customers: Customers, as_of: date, fitted_on: str, start: date | None = None
) -> Proposal:
    """Fit all customers, and each market that is large enough.

    Parameters
    ----------
    seed : SeedFile
        clv_parameters.
    customers : Customers
        With the measures of `MEASURES`.
    as_of : date
        Last day of the data.
    fitted_on : str
        Which data they are.
    start : date, optional
        First day of the new rows; None for `as_of`.

    Returns
    -------
    Proposal

    Raises
    ------
    CalibrationError
        If there are too few customers, a fit does not converge, or several rows of ``*`` are in
        force, from which to carry over what people set.
    """
    proposal = Proposal(seed)
    start = start or as_of
    all_markets = seed.in_force(start, {"market": "*"})
    if len(all_markets) > 1:
        raise CalibrationError(
            f"clv_parameters has {len(all_markets)} rows of market * in force on {start}, not one:"
            " the discount and margin rates are carried over from it"
        )
    rates = all_markets[0] if all_markets else FIRST
    if not all_markets:
        proposal.notes.append(
            "monthly_discount_rate 0.01 is an assumption and margin_rate is blank, for there was no"
            " row: finance sets both"
        )
    for market in ("*", *sorted(set(customers.market.tolist()) - {"*"})):
        chosen = customers.of(market)
        repeat = _repeat_customers(chosen)
        current = seed.in_force(start, {"market": market})
        if market == "*" and repeat < FEWEST_REPEAT_CUSTOMERS:
            raise CalibrationError(
                f"clv needs {FEWEST_REPEAT_CUSTOMERS} customers with a paid second purchase day,"
                f" there are {repeat}"
            )
        if repeat < FEWEST_OF_MARKET and market != "*":
            stays = "keeps its row" if current else "uses that of *"
            proposal.kept.append(
                f"market {market} {stays}: {repeat} customers with a paid second purchase day,"
                f" {FEWEST_OF_MARKET} are needed"
            )
            continue
        try:
            purchases = fit_bgnbd(
                *(chosen.finite(name) for name in ("frequency", "recency", "age"))
            )
            values = fit_gamma_gamma(chosen.finite("frequency"), chosen.finite("monetary"))
        except CalibrationError as error:
            raise CalibrationError(f"clv, market {market}: {error}") from error
        if not purchases.is_dropout_identified:
            proposal.notes.append(
                f"market {market}: a and b are not identified, other values fit as well;"
                " judge by log-likelihood and predictions"
            )
        before = current[0] if current else {}
        row = {
            "market": market,
            **{name: (before or rates)[name] for name in SET_BY_PEOPLE},
            **_fitted(purchases, values),
            "fitted_at": as_of.isoformat(),
            "fitted_on": fitted_on,
            "note": f"maximum likelihood, strata calibrate of {as_of}",
        }
        compared = (*BGNBD_PARAMETERS, *GAMMA_GAMMA_PARAMETERS, "customers", "log_likelihood")
        proposal.compare(f"market {market}", before, row, *compared)
        seed.propose(start, {"market": market}, [seed.in_currency(row, customers.currency)])
    return proposal


def _repeat_customers(customers: Customers) -> int:
    """Count the customers of a Gamma-Gamma fit: x > 0 and m > 0."""
    used = (customers.measures["frequency"] > 0) & (customers.measures["monetary"] > 0)
    return int(np.count_nonzero(used))


def _fitted(purchases: BgnbdFit, values: GammaGammaFit) -> Row:
    """Write two fits as columns of the seed."""
    parameters = (purchases.r, purchases.alpha, purchases.a, purchases.b)
    names = (*BGNBD_PARAMETERS, *GAMMA_GAMMA_PARAMETERS)
    numbers = (*parameters, values.p, values.q, values.v)
    errors = (*purchases.standard_errors, *values.standard_errors)
    row = {name: number_text(number) for name, number in zip(names, numbers, strict=True)}
    for name, error in zip(names, errors, strict=True):
        row[f"{name}_standard_error"] = number_text(error, ERROR_DIGITS)
    return row | {
        "customers": str(purchases.customers),
        "log_likelihood": f"{purchases.log_likelihood:.4f}",
        "gamma_gamma_customers": str(values.customers),
        "gamma_gamma_log_likelihood": f"{values.log_likelihood:.4f}",
    }
