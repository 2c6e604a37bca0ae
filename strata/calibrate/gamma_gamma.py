"""Gamma-Gamma: what an order day of a customer is worth (Fader and Hardie 2013)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from strata.calibrate.arrays import Floats
from strata.calibrate.errors import CalibrationError
from strata.calibrate.likelihood import maximise

STARTS: Final = ((6.0, 2.5, 0.4), (1.0, 1.0, 1.0), (20.0, 1.0, 0.05), (2.0, 10.0, 5.0))
"""p, q - 1, v to start from, money by the mean value of an order day."""


@dataclass(frozen=True)
class GammaGammaFit:
    """Parameters of Gamma-Gamma.

    Attributes
    ----------
    p, q, v : float
        Values of an order day are gamma with shape p, their rates gamma with shape q (above 1) and
        rate v (in the currency of the data).
    standard_errors : tuple of float, length 3
        Of p, q, v; NaN where they cannot be estimated.
    log_likelihood : float
        In the currency of the data.
    customers : int
        Customers of the fit.
    """

    p: float
    q: float
    v: float
    standard_errors: tuple[float, float, float]
    log_likelihood: float
    customers: int


def fit_gamma_gamma(frequency: ArrayLike, monetary: ArrayLike) -> GammaGammaFit:
    """Fit Gamma-Gamma by maximum likelihood on the customers with x > 0 and m > 0.

    q is above 1, since the mean value of an order day is infinite otherwise: q - 1 is fitted.

    Parameters
    ----------
    frequency : array_like of int, shape (n,)
        x, purchase days after the first.
    monetary : array_like of float, shape (n,)
        m, mean value of those days.

    Returns
    -------
    GammaGammaFit

    Raises
    ------
    CalibrationError
        If a value is not finite, no customer is left, or the fit does not converge.

    References
    ----------
    Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value, equation 1a.
    """
    x, m = (np.asarray(it, dtype=np.float64) for it in (frequency, monetary))
    if not (np.isfinite(x).all() and np.isfinite(m).all()):
        raise CalibrationError(
            "Gamma-Gamma: a purchase count or an amount is missing or not finite"
        )
    used = (x > 0) & (m > 0)
    if not used.any():
        raise CalibrationError("Gamma-Gamma: nobody bought on a second day for more than 0")
    x, m = x[used], m[used]
    unit = float(m.mean())
    maximum = maximise(
        _Likelihood(x, m / unit), STARTS, len(x), (False, False, False), "Gamma-Gamma"
    )
    p, q_less_1, v = maximum.parameters
    # delta method: the standard error of exp(y) is exp(y) times that of y
    errors = maximum.parameters * np.array([1.0, 1.0, unit]) * maximum.log_standard_errors
    return GammaGammaFit(
        p=float(p),
        q=float(1 + q_less_1),
        v=float(v * unit),
        standard_errors=(float(errors[0]), float(errors[1]), float(errors[2])),
        log_likelihood=float(maximum.log_likelihood - len(x) * np.log(unit)),
        customers=len(x),
    )


class _Likelihood:
    """The log-likelihood and its gradient by the logarithms of p, q - 1 and v.

    Parameters
    ----------
    x, m : ndarray of float, shape (n,)
        Purchase days after the first, and their mean value.
    """

    def __init__(self, x: Floats, m: Floats) -> None:
        self.x = x
        self.total = x * m
        self.log_m = np.log(m)
        self.log_total = np.log(self.total)
        self.distinct_x, position = np.unique(x, return_inverse=True)
        self.customers_by_x = np.bincount(position).astype(np.float64)

    def __call__(self, logarithms: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood and its gradient, shape (3,)."""
        p, q_less_1, v = np.exp(logarithms)
        q = 1 + q_less_1
        n, by_x, shape = len(self.x), self.customers_by_x, p * self.distinct_x
        log_sum = np.log(self.total + v)
        value = (
            by_x @ (gammaln(shape + q) - gammaln(shape))
            - n * gammaln(q)
            + n * q * np.log(v)
            + (p * self.x * (self.log_total - log_sum)).sum()
            - self.log_m.sum()
            - q * log_sum.sum()
        )
        at_sum = digamma(shape + q)
        slope = np.array(
            [
                by_x @ (self.distinct_x * (at_sum - digamma(shape)))
                + self.x @ (self.log_total - log_sum),
                by_x @ at_sum - n * digamma(q) + n * np.log(v) - log_sum.sum(),
                n * q / v - ((p * self.x + q) / (self.total + v)).sum(),
            ]
        )
        return float(value), slope * np.array([p, q_less_1, v])
