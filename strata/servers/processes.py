"""Processes that outlive the command that starts them; each leads a process group of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

GRACE_SECONDS: Final = 10.0
"""Time to end in order, before the group is killed."""


def launch(command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> int:
    """Start a process without terminal; it writes to a log file. Return its id."""
    with log.open("ab") as output:
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
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    command = Path(f"/proc/{pid}/cmdline")
    # the command of a process that has ended but is not waited for is empty
    return mark.encode() in command.read_bytes() if Path("/proc/self").exists() else True


def end(pids: Sequence[int], mark: str) -> None:
    """End the groups of the processes that carry a mark, and return when they are gone."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        running = [pid for pid in pids if is_running(pid, mark)]
        for pid in running:
            with suppress(ProcessLookupError):
                os.killpg(pid, sign)
        deadline = time.monotonic() + GRACE_SECONDS
        while any(is_running(pid, mark) for pid in running) and time.monotonic() < deadline:
            time.sleep(0.1)
