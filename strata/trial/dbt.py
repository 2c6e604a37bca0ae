"""dbt as a process of its own: what it is called with, and what it says of its first error."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Final

from strata.trial.child import PIPE

CORE: Final = "+strata.marts.core"
BACKTEST: Final = ("+tier_backtest", "+tier_rule_simulation")
"""Marts of wings that say how good tiers are; a wing that is off has none."""
PROOFS: Final = tuple(
    f"strata.{folder},resource_type:test"
    for folder in (
        "marts",
        "staging",
        *(
            f"intermediate.{room}"
            for room in (
                *("customers", "records", "activity", "snapshots", "history"),
                *("marketing", "performance", "quality"),
            )
        ),
    )
)
"""Tests that are left out, so that those of seeds and rules remain."""
TIME_OF_DAY: Final = re.compile(r"^\d\d:\d\d:\d\d\s*")
CLOCK: Final = re.compile(r"^\d\d:\d\d:\d\d  ?")
ENDING: Final = "as_of_date: "
"""So begins what `report_build` tells."""
KIND_OF_ERROR: Final = re.compile(r"^[A-Z][a-z]+ Error\b")
SEED_DEFECT: Final = "seeds: "
LAST_LINES: Final = 5


def run_dbt(
    folder: Path, arguments: Sequence[str], own: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run dbt in a project and return what it said; it ends with this process.

    Parameters
    ----------
    folder : Path
        Folder of dbt_project.yml.
    arguments : sequence of str
        Command and options.
    own : mapping of str to str, optional
        Environment of a copy, in place of every DBT_ variable; None to leave all as they are.
    """
    environment = {
        name: value for name, value in os.environ.items() if own is None or name[:4] != "DBT_"
    }
    reader, writer = os.pipe()
    told = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", PIPE: str(reader)}
    try:
        return subprocess.run(
            [
                *(sys.executable, "-c", "from strata.trial.child import main; main()"),
                *("--no-use-colors", *arguments),
            ],
            cwd=folder,
            env=environment | told | dict(own or {}),
            pass_fds=(reader,),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(reader)
        os.close(writer)


def ending_of(output: str) -> list[str]:
    """Return the block at the end of a build: what a reader of the marts must know."""
    lines = [CLOCK.sub("", line).rstrip() for line in output.splitlines()]
    starts = [number for number, line in enumerate(lines) if line.startswith(ENDING)]
    if not starts:
        return []
    first = starts[-1]
    return [lines[first], *takewhile(lambda line: line.startswith("  "), lines[first + 1 :])]


def reason_of(output: str) -> str:
    """Return what dbt says of its first error in one line, or of each defect of a seed in one."""
    lines = [TIME_OF_DAY.sub("", line).strip() for line in output.splitlines()]
    defects = list(dict.fromkeys(line for line in lines if line.startswith(SEED_DEFECT)))
    if defects:
        return "\n".join(defects)
    starts = [number for number, line in enumerate(lines) if KIND_OF_ERROR.match(line)]
    if not starts and any(line.startswith("Traceback ") for line in lines):
        # its last line says what, those before it where
        return next(line for line in reversed(lines) if line)
    if not starts:
        return " ".join([line for line in lines[-LAST_LINES:] if line]) or "it said nothing"
    told: list[str] = []
    for line in lines[starts[0] + 1 :]:
        if told and (not line or line.startswith(">")):
            break
        if line:
            told.append(line)
    return " ".join(told[:LAST_LINES]) or lines[starts[0]]
