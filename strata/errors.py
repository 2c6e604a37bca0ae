"""What a user can mend."""


class UserError(Exception):
    """A mistake, told in one line each; ``strata`` prints it and ends with exit code 2.

    Parameters
    ----------
    told : object
        The lines.
    lacks : str
        The setting of an import that nobody has declared and that would mend it; blank for none.
    """

    def __init__(self, *told: object, lacks: str = ""):
        super().__init__(*told)
        self.lacks = lacks
