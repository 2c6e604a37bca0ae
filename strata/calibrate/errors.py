"""What stops a calibration."""

from strata.errors import UserError


class CalibrationError(UserError):
    """A reason, in one line for the user, why nothing is proposed and nothing is written."""
