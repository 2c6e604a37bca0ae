"""What a user can mend."""


class UserError(Exception):
    """A mistake, told in one line each; ``strata`` prints it and ends with exit code 2."""
