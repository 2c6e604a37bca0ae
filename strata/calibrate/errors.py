"""What stops a calibration."""


class CalibrationError(Exception):
    """A reason, in one line for the user, why nothing is proposed and nothing is written."""
