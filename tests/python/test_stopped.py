"""Commands that build with dbt and are stopped: nothing goes on, and nothing is left."""

import fcntl
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from strata.trial.workplace import PREFIX, workplace

COMMAND = """
from pathlib import Path
import signal
import sys
from strata.trial.dbt import run_dbt
from strata.trial.workplace import workplace
from strata.unfinished import told_to_end

# what starts the tests may ignore it, as nohup does
signal.signal(signal.SIGHUP, signal.SIG_DFL)
with told_to_end(), workplace() as folder:
    (folder / "copy").touch()
    run_dbt(Path(sys.argv[1]), ["build"])
"""
DBT = """
import fcntl, time
from pathlib import Path

def cli():
    with Path("running").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path("begun").touch()
        time.sleep(60)
"""


def soon(what: Callable[[], bool]) -> bool:
    """Wait half a minute for something to be so."""
    end = time.monotonic() + 30
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_over(path: Path) -> bool:
    """Say whether the process that holds a lock is gone."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_dbt_ends_with_its_command_and_no_copy_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sign: signal.Signals
) -> None:
    """In place of dbt a process that would run for a minute."""
    project, temporary = tmp_path / "project", tmp_path / "temporary"
    (project / "dbt" / "cli").mkdir(parents=True)
    (project / "dbt" / "cli" / "main.py").write_text(DBT, encoding="utf-8")
    (project / "dbt" / "__init__.py").touch()
    (project / "dbt" / "cli" / "__init__.py").touch()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    command = subprocess.Popen([sys.executable, "-c", COMMAND, str(project)], cwd=temporary)
    assert soon((project / "begun").exists)
    (folder,) = temporary.glob(f"{PREFIX}*")
    command.send_signal(sign)
    assert command.wait(30) != 0
    assert soon(lambda: is_over(project / "running"))
    assert folder.exists() == (sign == signal.SIGKILL)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with workplace() as first, workplace() as second:
        assert first.exists()
        assert sorted(temporary.iterdir()) == sorted([first, second])
    assert list(temporary.iterdir()) == []
