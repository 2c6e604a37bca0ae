"""Maximum likelihood over positive parameters: L-BFGS-B on their logarithms, several starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from strata.calibrate.arrays import Floats
from strata.calibrate.errors import CalibrationError

Objective = Callable[[Floats], tuple[float, Floats]]

LOWEST: Final = 1e-5
HIGHEST: Final = 1e5
"""Bounds of every parameter, in the scaled units of a fit, where typical values are about 1."""
LARGEST_SLOPE: Final = 1e-6
"""Largest slope by the logarithm of a parameter, per observation, at which a fit has converged."""
FLAT: Final = 0.5
"""Gain of log-likelihood that is no evidence: at 5 % a likelihood ratio test asks for 1.92."""
STEP: Final = 1e-4
"""Step of the differences of the Hessian, in logarithms."""


@dataclass(frozen=True)
class Maximum:
    """The best of several climbs.

    Attributes
    ----------
    parameters : ndarray of float, shape (k,)
        In the units of the objective.
    log_standard_errors : ndarray of float, shape (k,)
        Standard errors of the logarithms, NaN where the information matrix is not positive
        definite or a parameter lies at its bound.
    log_likelihood : float
        In the units of the objective.
    at_bound : tuple of bool, length k
        Parameters that ended at their bound, where the likelihood is flat.
    """

    parameters: Floats
    log_standard_errors: Floats
    log_likelihood: float
    at_bound: tuple[bool, ...]


def maximise(
    objective: Objective,
    starts: Sequence[Sequence[float]],
    observations: int,
    may_be_unidentified: Sequence[bool],
    name: str,
) -> Maximum:
    """Find the parameters with the highest log-likelihood.

    A climb has converged where the slope, along the axes that bounds leave free, is nearly 0. The
    best climb decides; one that ended at a bound is judged by its likelihood: where a parameter
    may be unidentified and going on would gain less than `FLAT`, its value says nothing but the
    model does; any other bound is a refusal.

    Parameters
    ----------
    objective : callable
        Logarithms of the parameters, shape (k,), to the log-likelihood and its gradient by them,
        shape (k,).
    starts : sequence of sequence of float
        Parameters to start from, each of length k.
    observations : int
        Number of observations in the log-likelihood.
    may_be_unidentified : sequence of bool, length k
        Parameters that may end at a bound.
    name : str
        What is fitted, for messages.

    Returns
    -------
    Maximum

    Raises
    ------
    CalibrationError
        If no start converged, or the best ended at a bound that is not flat.

    References
    ----------
    Byrd, Lu, Nocedal and Zhu (1995), A limited memory algorithm for bound constrained
    optimization.
    """
    low, high = np.log(LOWEST), np.log(HIGHEST)

    def loss(logarithms: Floats) -> tuple[float, Floats]:
        value, slope = objective(logarithms)
        return -value / observations, -slope / observations

    best: Floats | None = None
    best_value = -np.inf
    for start in starts:
        result = minimize(
            loss,
            np.log(np.asarray(start, dtype=np.float64)),
            jac=True,
            method="L-BFGS-B",
            bounds=[(low, high)] * len(start),
            options={"maxiter": 2000, "maxfun": 10_000, "ftol": 1e-15, "gtol": 1e-10, "maxcor": 20},
        )
        value, slope = objective(result.x)
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            continue
        outward = ((result.x <= low) & (slope < 0)) | ((result.x >= high) & (slope > 0))
        free = np.where(outward, 0.0, slope)
        if np.abs(free).max() <= LARGEST_SLOPE * observations and value > best_value:
            best, best_value = result.x, value
    if best is None:
        raise CalibrationError(f"{name} did not converge from any of {len(starts)} starts")

    at_bound = (best <= low + STEP) | (best >= high - STEP)
    slope = np.abs(objective(best)[1])
    if (at_bound & (~np.asarray(may_be_unidentified) | (slope > FLAT))).any():
        raise CalibrationError(
            f"{name} did not converge: the likelihood still rises at the bounds of its parameters"
        )
    return Maximum(
        parameters=np.exp(best),
        log_standard_errors=_standard_errors(objective, best, at_bound),
        log_likelihood=best_value,
        at_bound=tuple(bool(it) for it in at_bound),
    )


def _standard_errors(
    objective: Objective, logarithms: Floats, at_bound: NDArray[np.bool_]
) -> Floats:
    """Return the standard errors of the logarithms: the root of the inverse information's diagonal.

    The information is minus the Hessian, by central differences of the gradient.
    """
    size = len(logarithms)
    errors = np.full(size, np.nan)
    if at_bound.any():
        return errors
    hessian = np.empty((size, size))
    for axis in range(size):
        step = np.zeros(size)
        step[axis] = STEP
        hessian[axis] = (objective(logarithms + step)[1] - objective(logarithms - step)[1]) / (
            2 * STEP
        )
    information = -(hessian + hessian.T) / 2
    try:
        np.linalg.cholesky(information)
        variances = np.diag(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        return errors
    return np.sqrt(np.where(variances > 0, variances, np.nan))
