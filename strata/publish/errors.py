"""What stops a publication."""

from strata.errors import UserError


class PublishError(UserError):
    """A reason, in one line for the user, why nothing is published."""
