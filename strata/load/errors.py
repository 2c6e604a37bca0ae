"""What a user can mend."""


class LoadError(Exception):
    """The raw tables cannot be loaded, and nothing has changed; the message is one clear line."""
