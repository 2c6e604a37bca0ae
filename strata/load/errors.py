"""What a user can mend."""

from strata.errors import UserError


class LoadError(UserError):
    """The raw tables cannot be read or loaded, and nothing has changed; a clear line a fault."""
