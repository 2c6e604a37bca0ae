"""What a user can mend."""

from strata.errors import UserError


class ImportFaultError(UserError):
    """A mapping or a file is wrong, and nothing has been written; a clear line a fault."""
