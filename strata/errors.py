"""What a user can mend."""

import errno
from typing import Final

REASONS: Final = {
    errno.EACCES: "you may not: name another place, or ask its owner",
    errno.EPERM: "you may not: name another place, or ask its owner",
    errno.EROFS: "it is on a disk that can only be read: name another place",
    errno.ENOSPC: "the disk is full: make room, and run it again",
    errno.EDQUOT: "your share of the disk is full: make room, and run it again",
    errno.EFBIG: "it is larger than a file may be here: name another place",
    errno.ENOENT: "it is not there",
    errno.ENOTDIR: "a part of its path is a file, no folder",
    errno.EISDIR: "it is a folder, no file",
    errno.ENAMETOOLONG: "its name is too long",
}
"""What the system says of a file, with what mends it."""


FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no room to write."""


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


def reason(error: OSError) -> str:
    """Return why the system refuses a file, in plain words."""
    return REASONS.get(error.errno or 0) or error.strerror or str(error)
