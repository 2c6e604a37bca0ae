"""Builds of the project itself: the core where there is no current one, everything in the end."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
from rich.console import Console

from strata.check import check_folders
from strata.errors import UserError
from strata.project import DbtProject
from strata.trial.dbt import BACKTEST, CORE, ending_of, reason_of, run_dbt

ENDED: Final = ("complete", "partial", "placeholder")
"""Outcomes of a run that made what it was asked for."""
FILES: Final = (".csv", ".parquet")
NEEDED: Final = ("customer_tiers", "customer_tier_history")


def ensure_build(
    project: DbtProject,
    warehouse: Path,
    variables: Mapping[str, Any],
    options: Sequence[str] = (),
) -> None:
    """Build the core, unless the warehouse has a current build.

    Raises
    ------
    UserError
        With what dbt says.
    """
    reason = why_not_current(project, warehouse, variables)
    if not reason:
        return
    _check_raw(project, variables)
    check_folders(project.root)
    Console(stderr=True, highlight=False).print(
        f"{reason}: the core is built first", soft_wrap=True, markup=False
    )
    _build(
        project,
        variables,
        "dbt build of the core",
        *options,
        *("--select", CORE, *BACKTEST, "--exclude-resource-type", "unit_test"),
    )


def _check_raw(project: DbtProject, variables: Mapping[str, Any]) -> None:
    """Check that there are raw tables, which a run of dbt takes half a minute to say."""
    folder = str(project.var("raw_path", variables) or "")
    if "://" in folder or "{" in folder or (project.root / folder).is_dir():
        return
    raise UserError(
        f"there are no raw tables, {folder} is not a folder: strata import --map NAME FILES makes"
        " them"
    )


def build_all(
    project: DbtProject, variables: Mapping[str, Any], options: Sequence[str] = ()
) -> list[str]:
    """Build everything, with all tests, and return what the build says at its end.

    Raises
    ------
    UserError
        With what dbt says.
    """
    output = _build(project, variables, " ".join(["dbt build", *options]), *options)
    return ending_of(output)


def why_not_current(project: DbtProject, warehouse: Path, variables: Mapping[str, Any]) -> str:
    """Say why a build is not current; blank if it is.

    It is current if the last run ended well and no file of raw data or seed is newer.
    """
    if not warehouse.exists():
        return f"there is no build in {project.relative(warehouse)}"
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            present = {
                row[0]
                for row in connection.execute("select table_name from duckdb_tables()").fetchall()
            }
            if not {*NEEDED, "builds"} <= present:
                return f"the build in {project.relative(warehouse)} has no tiers"
            ((schema,),) = connection.execute(
                "select schema_name from duckdb_tables() where table_name = 'builds' limit 1"
            ).fetchall()
            outcome, started = connection.execute(
                f'select outcome, started_at from "{schema}".builds'
                " order by started_at desc limit 1"
            ).fetchone() or ("started", None)
    except duckdb.Error:
        return ""  # told by whoever reads it
    if outcome not in ENDED:
        return f"the last build in {project.relative(warehouse)} failed"
    newer = newer_raw_file(project, started, variables) or _newer(project.seed_folders, started)
    return f"{project.relative(newer)} is newer than the build" if newer else ""


def newer_raw_file(
    project: DbtProject, started: datetime, variables: Mapping[str, Any]
) -> Path | None:
    """Return a raw file that is newer than a build."""
    raw_path = project.var("raw_path", variables)
    if not raw_path or "://" in str(raw_path):
        return None
    return _newer([project.root / str(raw_path)], started)


def _newer(folders: Sequence[Path], started: datetime) -> Path | None:
    for path in (path for it in folders for path in sorted(it.rglob("*"))):
        if path.suffix in FILES and path.is_file():
            changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
            if changed > started:
                return path
    return None


def _build(project: DbtProject, variables: Mapping[str, Any], told: str, *options: str) -> str:
    check_folders(project.root)
    with working(told):
        given = ("--vars", json.dumps(dict(variables), default=str)) if variables else ()
        done = run_dbt(project.root, ["build", *options, *given])
    if done.returncode:
        raise UserError(f"{told} failed: {reason_of(done.stdout)}")
    return done.stdout


@contextmanager
def working(told: str) -> Iterator[None]:
    """Say on a terminal what takes time."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(told):
            yield
    else:
        yield
