"""What a command has not finished when it ends: nothing stays half-written.

A folder for it lies inside the one that gets it. A process that is killed leaves its own; the next
one that writes to the folder removes it.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from threading import current_thread, main_thread
from types import FrameType
from typing import Final

from strata.errors import UserError

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def alone_in(folder: Path, doing: str) -> Iterator[None]:
    """Keep others who do the same out of a folder until the end, or the death, of this process.

    Raises
    ------
    UserError
        If another process does it now.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"another process {doing} {folder} now: wait until it ends, and run it again"
            ) from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let an error of the system that names no file name this one."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def unfinished_in(folder: Path, prefix: str) -> Iterator[Path]:
    """Make a folder for what is not finished, and remove it, and what a killed process left."""
    with alone_in(folder, "writes to"):
        for left in folder.glob(f"{prefix}*"):
            rmtree(left, ignore_errors=True)
        with named(folder), TemporaryDirectory(dir=folder, prefix=prefix) as name:
            yield Path(name)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give the place of a file that takes the name when the block ends well, or is gone."""
    unfinished = path.with_name(path.name + ".tmp")
    try:
        with named(path):
            yield unfinished
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def told_to_end() -> Iterator[None]:
    """Make an exception of what asks for the end, as of Ctrl-C; what `nohup` ignores stays so."""
    if current_thread() is not main_thread():
        yield
        return

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    heard = [it for it in SIGNALS if signal.getsignal(it) != signal.SIG_IGN]
    before = {it: signal.signal(it, end) for it in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
