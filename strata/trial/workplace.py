"""What a command leaves behind when it is stopped: nothing."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "strata-trial-"
LOCK: Final = ".lock"


@contextmanager
def workplace() -> Iterator[Path]:
    """Make a folder for copies, remove it in the end, and before those of killed commands."""
    _remove_orphans()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        folder = Path(name)
        with (folder / f"{LOCK}.new").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / f"{LOCK}.new").rename(folder / LOCK)  # nobody finds it before it is held
            yield folder


def _remove_orphans() -> None:
    """Remove the folders whose command is gone: nobody holds their lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), (folder / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
