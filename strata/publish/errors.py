"""What stops a publication."""


class PublishError(Exception):
    """A reason, in one line for the user, why nothing is published."""
