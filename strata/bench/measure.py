"""Runs a command from a cold process and measures wall clock, peak memory and spill."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

LAST_LINES = 15
BLOCK = 512
"""Bytes of a block in ``st_blocks``."""


@dataclass(frozen=True)
class Measurement:
    """One run of one step.

    Attributes
    ----------
    seconds : float
        Wall clock, start of the process included.
    cpu_seconds : float
        User and system time over all threads; on a quiet machine with n cores busy throughout,
        n times the wall clock.
    peak_bytes : int
        Maximum resident set of the process and of the processes it waited for, the largest one
        and not their sum. Linux counts from the largest size that the process which starts it ever
        had, so nothing is smaller than the benchmark itself (about 0.1 GiB).
    spill_bytes : int
        Most that was seen on disk in the folder of the spill, looked at every half second.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    spill_bytes: int = 0


class FolderSize:
    """The largest size of a folder that comes and goes.

    Attributes
    ----------
    largest : int
        Bytes on disk of the files that were in it at one time.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.largest = 0

    @contextmanager
    def watched(self, every: float = 0.5) -> Iterator[None]:
        """Look at the folder, as often as that many seconds, until the block ends."""
        ended = Event()

        def look() -> None:
            while not ended.wait(every):
                self.largest = max(self.largest, self._now())

        watcher = Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _now(self) -> int:
        size = 0
        with suppress(OSError):
            for entry in os.scandir(self.folder) if self.folder else ():
                with suppress(OSError):
                    size += entry.stat().st_blocks * BLOCK
        return size


class ChildFailedError(Exception):
    """A measured command did not end well.

    Attributes
    ----------
    last_lines : str
        The end of its output.
    """

    def __init__(self, message: str, last_lines: str) -> None:
        super().__init__(message)
        self.last_lines = last_lines


def measure(
    command: Sequence[str | Path],
    *,
    directory: Path,
    environment: Mapping[str, str],
    log_file: Path,
    spill: Path | None = None,
) -> Measurement:
    """Run a command and measure it.

    Parameters
    ----------
    command : sequence of str or Path
        The program and its arguments.
    directory : Path
        Where it runs.
    environment : mapping
        Set on top of the environment of this process.
    log_file : Path
        Gets its standard output and error.
    spill : Path or None
        Folder to which it spills, which need not exist; None = it spills nowhere.

    Raises
    ------
    ChildFailedError
        If it cannot be started or its exit code is not 0.
    """
    with log_file.open("wb") as log:
        started = time.perf_counter()
        try:
            process = subprocess.Popen(
                command,
                cwd=directory,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            message = f"cannot start {command[0]}: {error.strerror or error}"
            raise ChildFailedError(message, "") from error
        size = FolderSize(spill)
        try:
            with size.watched():
                _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0:
        raise ChildFailedError(f"killed by signal {-process.returncode}", _last_lines(log_file))
    if process.returncode > 0:
        raise ChildFailedError(f"exit code {process.returncode}", _last_lines(log_file))
    return Measurement(
        seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, size.largest
    )


def _last_lines(log_file: Path) -> str:
    lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LAST_LINES:])
