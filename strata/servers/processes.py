"""Processes that outlive the command that starts them; each leads a process group of its own."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

GRACE_SECONDS: Final = 10.0
"""Time to end in order, before the group is killed."""


def for_owner(path: str, flags: int) -> int:
    """Open a file that only its owner may read: a password, or a log that may name a row."""
    return os.open(path, flags, 0o600)


def launch(command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> int:
    """Start a process without terminal; it writes to a log file. Return its id."""
    with open(log, "ab", opener=for_owner) as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    # nobody waits for it: a server ends in `end`, which may be called by another process
    process.returncode = 0
    return process.pid


def is_running(pid: int, mark: str) -> bool:
    """Tell whether a process runs and has a mark in its command, so that it is not a later one."""
    try:
        # a child that has ended has no command line: it only waits to be asked
        return mark in " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return False


def end(pids: Sequence[int], mark: str) -> None:
    """End the groups of the processes that carry a mark, and return when all of them are gone."""
    leaders = [pid for pid in pids if is_running(pid, mark)]
    members = [process for pid in leaders for process in _family(pid)]
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid in leaders:
            with suppress(ProcessLookupError):
                os.killpg(pid, sign)
        if not psutil.wait_procs(members, GRACE_SECONDS)[1]:
            return


def _family(pid: int) -> list[psutil.Process]:
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
