"""BG/NBD: how often customers buy and when they stop (Fader, Hardie and Lee 2005)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln

from strata.calibrate.arrays import Floats
from strata.calibrate.errors import CalibrationError
from strata.calibrate.likelihood import maximise

STARTS: Final = (
    (0.3, 0.2, 0.5, 2.0),
    (1.0, 1.0, 1.0, 1.0),
    (2.0, 1.0, 0.1, 5.0),
    (0.1, 0.05, 2, 1),
)
"""r, alpha, a, b to start from, time by the mean age of the customers."""
UNIDENTIFIED: Final = 1.0
"""Standard error of the logarithm of a or b from which it counts as unidentified."""


@dataclass(frozen=True)
class BgnbdFit:
    """Parameters of BG/NBD.

    Attributes
    ----------
    r, alpha, a, b : float
        Purchase rates are gamma with shape r and rate alpha (in the unit of time of the data), the
        probability to stop after a purchase is beta with a and b.
    standard_errors : tuple of float, length 4
        Of r, alpha, a, b; NaN where they cannot be estimated.
    log_likelihood : float
        In the unit of time of the data.
    customers : int
        Customers of the fit.
    is_dropout_identified : bool
        False where many values of a and b fit as well: compare likelihood and predictions then.
    """

    r: float
    alpha: float
    a: float
    b: float
    standard_errors: tuple[float, float, float, float]
    log_likelihood: float
    customers: int
    is_dropout_identified: bool


def fit_bgnbd(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> BgnbdFit:
    """Fit BG/NBD by maximum likelihood.

    Parameters
    ----------
    frequency : array_like of int, shape (n,)
        x, purchase days after the first.
    recency : array_like of float, shape (n,)
        t_x, time from the first to the last purchase day; 0 if x = 0.
    age : array_like of float, shape (n,)
        T, time from the first purchase day to the end of the observation.

    Returns
    -------
    BgnbdFit

    Raises
    ------
    CalibrationError
        If a value is not finite or impossible, nobody bought again, or the fit does not converge.

    References
    ----------
    Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to the
    Pareto/NBD Model, Marketing Science 24, equation 6; without the constant terms of the data.
    """
    x, t_x, t = (np.asarray(it, dtype=np.float64) for it in (frequency, recency, age))
    _check(x, t_x, t)
    rows, counts = np.unique(np.column_stack([x, t_x, t]), axis=0, return_counts=True)
    unit = float(t.mean())
    likelihood = _Likelihood(rows[:, 0], rows[:, 1] / unit, rows[:, 2] / unit, counts)
    maximum = maximise(likelihood, STARTS, len(x), (False, False, True, True), "BG/NBD")
    to_data = np.array([1.0, unit, 1.0, 1.0])
    r, alpha, a, b = (float(it) for it in maximum.parameters * to_data)
    errors = maximum.parameters * to_data * maximum.log_standard_errors
    # each of the x purchases has a density by time
    log_likelihood = maximum.log_likelihood - float(x.sum()) * np.log(unit)
    return BgnbdFit(
        r=r,
        alpha=alpha,
        a=a,
        b=b,
        standard_errors=(float(errors[0]), float(errors[1]), float(errors[2]), float(errors[3])),
        log_likelihood=float(log_likelihood),
        customers=len(x),
        # a comparison with NaN is false
        is_dropout_identified=bool((maximum.log_standard_errors[2:] < UNIDENTIFIED).all()),
    )


def _check(x: Floats, t_x: Floats, t: Floats) -> None:
    """Refuse values that no history of purchases has."""
    if not all(np.isfinite(it).all() for it in (x, t_x, t)):
        raise CalibrationError("BG/NBD: a purchase count or a date is missing or not finite")
    if ((x < 0) | (t_x < 0) | (t_x > t) | ((x > 0) & (t_x == 0))).any():
        raise CalibrationError(
            "BG/NBD: purchase days and dates contradict each other (first, last, evaluation date)"
        )
    if not (x > 0).any():
        raise CalibrationError("BG/NBD: nobody bought on a second day")


class _Likelihood:
    """The log-likelihood and its gradient by the logarithms of r, alpha, a and b.

    Parameters
    ----------
    x, t_x, t : ndarray of float, shape (n,)
        Distinct histories.
    counts : ndarray of int, shape (n,)
        Customers of each history.
    """

    def __init__(self, x: Floats, t_x: Floats, t: Floats, counts: NDArray[np.int_]) -> None:
        self.x, self.t_x, self.t = x, t_x, t
        self.weights = counts.astype(np.float64)
        self.bought_again = x > 0
        # gamma functions only meet x, which has few values
        self.distinct_x, position = np.unique(x, return_inverse=True)
        self.customers_by_x = np.bincount(position, weights=self.weights)
        self.customers = float(self.weights.sum())

    def __call__(self, logarithms: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood and its gradient, shape (4,)."""
        r, alpha, a, b = np.exp(logarithms)
        n, by_x, few_x = self.customers, self.customers_by_x, self.distinct_x
        log_alive = np.log(alpha + self.t)
        log_gone = np.log(alpha + self.t_x)
        events = r + self.x
        # ln of "still a customer" and of "stopped after the last purchase", equation 6
        alive = -events * log_alive
        gone = np.full_like(alive, -np.inf)
        again = self.bought_again
        gone[again] = np.log(a) - np.log(b + self.x[again] - 1) - events[again] * log_gone[again]
        together = np.logaddexp(alive, gone)
        value = (
            by_x @ (gammaln(r + few_x) - gammaln(r))
            + n * r * np.log(alpha)
            + by_x @ (gammaln(a + b) - gammaln(a + b + few_x) + gammaln(b + few_x) - gammaln(b))
            + self.weights @ together
        )
        share_gone = np.exp(gone - together)
        gone_weight = self.weights * share_gone
        alive_weight = self.weights - gone_weight
        both = by_x @ (digamma(a + b) - digamma(a + b + few_x))
        divisor = np.where(again, b + self.x - 1, 1.0)
        slope = np.array(
            [
                by_x @ (digamma(r + few_x) - digamma(r))
                + n * np.log(alpha)
                - alive_weight @ log_alive
                - gone_weight @ log_gone,
                n * r / alpha
                - alive_weight @ (events / (alpha + self.t))
                - gone_weight @ (events / (alpha + self.t_x)),
                both + gone_weight.sum() / a,
                both + by_x @ (digamma(b + few_x) - digamma(b)) - gone_weight @ (1 / divisor),
            ]
        )
        return float(value), slope * np.array([r, alpha, a, b])
